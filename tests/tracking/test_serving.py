"""`mlflow models serve` as it is: started from the registry, asked by many at once, and wrongly."""

import base64
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mlflow import MlflowClient
from PIL import Image

from benchmarks.clients import Client, press, request
from benchmarks.server import Server, served
from benchmarks.serving import exchanges
from tests.untrained import write_untrained
from whichgen.drawing import draw
from whichgen.errors import WhichgenError
from whichgen.networks import load_generator
from whichgen.tracking.model import fetch_generator, save_generator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_untrained(tmp_path_factory.mktemp("cell"))


@pytest.fixture(scope="module")
def registered(cell: Path, database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a registered champion."""
    folder = tmp_path_factory.mktemp("registered") / "model"
    save_generator(cell, folder)
    client = MlflowClient(database, database)
    client.create_registered_model("whichgen-served")
    version = client.create_model_version("whichgen-served", folder.as_uri())
    client.set_registered_model_alias("whichgen-served", "champion", version.version)
    return "models:/whichgen-served@champion"


@pytest.fixture(scope="module")
def server(
    registered: str, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """It answers for the champion, with at most 20 images, and may not unpickle."""
    limits = {"MLFLOW_TRACKING_URI": database, "WHICHGEN_SERVE_MAX_IMAGES": "20"}
    with served(registered, tmp_path_factory.mktemp("served"), **limits) as server:
        yield server


def ask(server: Server, *rows: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
    with Client(server.port) as client:
        status, content = client.ask(*rows, **more)
    return status, json.loads(content)


def expected(cell: Path, *, n: int, seed: int, type: int = -1, truncation: float = 1.0) -> Any:
    rng = torch.Generator().manual_seed(seed)
    return draw(load_generator(cell), n, rng, None if type < 0 else type, truncation)[0]


def test_three_hundred_requests_from_sixteen_clients_get_the_images_of_their_seeds(
    server: Server, cell: Path
) -> None:
    wishes: list[dict[str, Any]] = [
        {"n": 1 + i % 5, "seed": i % 50, "type": i % 4 - 1, "truncation": (1.0, 0.5)[i % 2]}
        for i in range(100)
    ] * 3
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda wish: ask(server, wish), wishes))
    for i, (wish, (status, answer)) in enumerate(zip(wishes, answers, strict=True)):
        assert status == 200
        assert answer == answers[i % 100][1]
        if i < 100:
            np.testing.assert_array_equal(answer["predictions"], expected(cell, **wish))


def test_rows_of_one_request_and_pictures(server: Server, cell: Path) -> None:
    rows = {"n": 3, "seed": 1, "type": 2}, {"n": 2, "seed": 2}
    images = np.concatenate([expected(cell, **row) for row in rows])
    assert ask(server, *rows) == (200, {"predictions": images.tolist()})
    status, answer = ask(server, *rows, params={"encoding": "png"})
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
        ([{"n": 1, "seed": 0, "truncaton": 0.5}], {}, "column truncaton: unknown; known are n, s"),
        ([{"n": 1, "seed": 0}], {"params": {"encoding": "gif"}}, "'gif' is not one of array, png"),
        ([{"n": 1, "seed": 0}], {"params": 3}, "Parameters must be a dictionary"),
    ],
)
def test_a_bad_request_gets_400_and_the_reason(
    server: Server, rows: list[dict[str, Any]], more: dict[str, Any], said: str
) -> None:
    status, answer = ask(server, *rows, **more)
    assert (status, said in answer["message"]) == (400, True), answer


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("json", '{"dataframe_split": {"columns": ["n", "seed"], "data": [[2, 7]]}}'),
        ("json", '{"inputs": {"n": [2], "seed": [7]}}'),
        ("json", '{"instances": [{"n": 2, "seed": 7}]}'),
        ("csv", "n,seed\n2,7\n"),
    ],
)
def test_rows_come_in_all_of_mlflows_forms(
    server: Server, cell: Path, kind: str, body: str
) -> None:
    type_ = {"json": "application/json", "csv": "text/csv"}[kind]
    with Client(server.port) as client:
        status, content = client.call("POST", "/invocations", body, type_)
    assert status == 200, content
    images = expected(cell, n=2, seed=7)
    assert json.loads(content) == {"predictions": images.tolist()}


@pytest.mark.parametrize("body", ["{nonsense", "[]", "3", "{}", '{"rows": []}', ""])
def test_what_is_no_request_gets_400(server: Server, body: str) -> None:
    with Client(server.port) as client:
        status, content = client.call("POST", "/invocations", body)
    assert status == 400
    assert "nput" in json.loads(content)["message"]


def test_the_benchmark_counts_what_is_lost_and_what_is_wrong(server: Server, cell: Path) -> None:
    known = exchanges(cell, 2, "png")[:4]
    known[0] = known[0][0], b"other"
    known[1] = request({"n": 0, "seed": 0}), known[1][1]
    tally = press(server.port, known, 3, iter(range(40)), float("inf"))
    assert (len(tally.seconds), tally.lost, tally.wrong) == (40, 10, 10)


def test_the_champions_weights_are_fetched_from_the_registry(
    registered: str, cell: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
    folder = fetch_generator(tmp_path, registered)
    for name in ("generator.safetensors", "cell.json"):
        assert (folder / name).read_bytes() == (cell / name).read_bytes()
    with pytest.raises(WhichgenError, match=r"models:/whichgen-served@none: MLflow at .*none"):
        fetch_generator(tmp_path, "models:/whichgen-served@none")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(
        WhichgenError, match=r"at http://127\.0\.0\.1:9: no answer .* tracking_uri in"
    ):
        fetch_generator(tmp_path, registered)
