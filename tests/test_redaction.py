"""No user or password of an address is said."""

import pytest

from whichgen.redaction import redact


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("MLflow at https://ann:s3cret@host:5000/x took", "MLflow at https://***@host:5000/x took"),
        ("postgresql+psycopg://a:p@ss@db/mlflow", "postgresql+psycopg://***@db/mlflow"),
        ("https://token@git.example", "https://***@git.example"),
        ("http://a:1@x, http://b:2@y", "http://***@x, http://***@y"),
        ("http://host/a@b, me@example.org", "http://host/a@b, me@example.org"),
        ("sqlite:////tmp/a@b/mlflow.db", "sqlite:////tmp/a@b/mlflow.db"),
    ],
)
def test_only_what_stands_before_the_host_is_hidden(said, left):
    assert redact(said) == left
