"""`mlflow models serve` as it is: started from the registry, asked by many at once, and wrongly."""

import base64
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient
from PIL import Image

from tests.untrained import write_untrained
from whichgen.drawing import draw
from whichgen.networks import load_generator
from whichgen.tracking.model import save_generator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]
START_SECONDS = 120


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_untrained(tmp_path_factory.mktemp("cell"))


@pytest.fixture(scope="module")
def port(cell: Path, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server of the champion, which may ask for 20 images and may not unpickle."""
    folder = tmp_path_factory.mktemp("served")
    save_generator(cell, folder / "model")
    client = MlflowClient(database, database)
    client.create_registered_model("whichgen-served")
    version = client.create_model_version("whichgen-served", (folder / "model").as_uri())
    client.set_registered_model_alias("whichgen-served", "champion", version.version)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": database,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "WHICHGEN_SERVE_MAX_IMAGES": "20",
        "PYTHONPATH": "",
    }
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/whichgen-served@champion",
        "--env-manager", "local", "--port", str(port),
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, process_group=0
        )
    try:
        ends = time.monotonic() + START_SECONDS
        while not _answers(port):
            alive = server.poll() is None
            assert alive and time.monotonic() < ends, (folder / "log").read_text()  # noqa: PT018
            time.sleep(0.2)
        yield port
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _answers(port: int) -> bool:
    with suppress(OSError):
        return _call(port, "GET", "/ping")[0] == 200
    return False


def _call(port: int, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


def ask(port: int, *rows: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
    body = json.dumps({"dataframe_records": list(rows), **more})
    status, content = _call(port, "POST", "/invocations", body)
    return status, json.loads(content)


def expected(cell: Path, *, n: int, seed: int, type: int = -1, truncation: float = 1.0) -> Any:
    import torch

    rng = torch.Generator().manual_seed(seed)
    return draw(load_generator(cell), n, rng, None if type < 0 else type, truncation)[0]


def test_three_hundred_requests_from_sixteen_clients_get_the_images_of_their_seeds(
    port: int, cell: Path
) -> None:
    wishes: list[dict[str, Any]] = [
        {"n": 1 + i % 5, "seed": i % 50, "type": i % 4 - 1, "truncation": (1.0, 0.5)[i % 2]}
        for i in range(100)
    ] * 3
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda wish: ask(port, wish), wishes))
    for i, (wish, (status, answer)) in enumerate(zip(wishes, answers, strict=True)):
        assert status == 200
        assert answer == answers[i % 100][1]
        if i < 100:
            np.testing.assert_array_equal(answer["predictions"], expected(cell, **wish))


def test_rows_of_one_request_and_pictures(port: int, cell: Path) -> None:
    rows = {"n": 3, "seed": 1, "type": 2}, {"n": 2, "seed": 2}
    images = np.concatenate([expected(cell, **row) for row in rows])
    assert ask(port, *rows) == (200, {"predictions": images.tolist()})
    status, answer = ask(port, *rows, params={"encoding": "png"})
    assert status == 200
    for text, image in zip(answer["predictions"], images, strict=True):
        with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
            np.testing.assert_array_equal(np.asarray(picture), image[0])


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        ([{"n": 0, "seed": 0}], {}, "row 0: n: 0 is not a whole number from 1 on"),
        ([{"n": -1, "seed": 0}], {}, "n: -1"),
        ([{"n": 2.5, "seed": 0}], {}, "n: 2.5"),
        ([{"n": "2", "seed": 0}], {}, "n: '2'"),
        ([{"n": float("nan"), "seed": 0}], {}, "n: missing"),
        ([{"n": 21, "seed": 0}], {}, "21 images are asked for and a request may ask for 20"),
        ([{"n": 11, "seed": 0}, {"n": 10, "seed": 0}], {}, "21 images are asked for"),
        ([{"n": 1, "seed": 0}] * 21, {}, "21 rows"),
        ([{"n": 1}], {}, "seed: missing"),
        ([{"seed": 1}], {}, "n: missing"),
        ([], {}, "no rows"),
        ([{"n": 1, "seed": -1}], {}, "seed: -1"),
        ([{"n": 1, "seed": 2**63}], {}, "seed: 9223372036854775808"),
        ([{"n": 1, "seed": 0, "type": 3}], {}, "type: 3 is not a whole number from -1 to 2"),
        ([{"n": 1, "seed": 0, "type": "a"}], {}, "type: 'a'"),
        ([{"n": 1, "seed": 0, "truncation": 0}], {}, "truncation: 0 "),
        ([{"n": 1, "seed": 0}], {"params": {"encoding": "gif"}}, "'gif' is not one of array, png"),
        ([{"n": 1, "seed": 0}], {"params": 3}, "Parameters must be a dictionary"),
    ],
)
def test_a_bad_request_gets_400_and_the_reason(
    port: int, rows: list[dict[str, Any]], more: dict[str, Any], said: str
) -> None:
    status, answer = ask(port, *rows, **more)
    assert (status, said in answer["message"]) == (400, True), answer


@pytest.mark.parametrize("body", ["{nonsense", "[]", "3", "{}", '{"rows": []}', ""])
def test_what_is_no_request_gets_400(port: int, body: str) -> None:
    status, content = _call(port, "POST", "/invocations", body)
    assert status == 400
    assert "nput" in json.loads(content)["message"]


def test_a_column_that_the_model_does_not_know_is_left_out_by_mlflow(port: int) -> None:
    """Not ours to refuse: it never reaches the model. docs/serving.md warns of it."""
    row = {"n": 1, "seed": 0}
    assert ask(port, row | {"truncaton": 0.5}) == ask(port, row)
