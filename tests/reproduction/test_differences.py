import json
from pathlib import Path

import pytest
import yaml

from whichgen.reproduction.differences import compare
from whichgen.reproduction.environment import execution_differences, version_differences
from whichgen.reproduction.lock import Stage, parse_lock

CELL = "data/06_models/digits/gan/0"
SCORES = "data/08_reporting/digits/cells/gan/0/scores.json"


def lock(rate: float = 1e-3, **md5s: str) -> str:
    """A dvc.lock of one cell, with the MD5s of its outputs by their stems."""
    made = {"generator": "g", "timing": "t", "scores": "s"} | md5s
    paths = (f"{CELL}/generator.safetensors", f"{CELL}/timing.csv", SCORES)
    outs = [{"path": path, "md5": made[Path(path).stem]} for path in paths]
    stage = {
        "cmd": "exec kedro run --pipelines=gan --params \n  dataset=digits,recipe=gan,seed=0",
        "deps": [
            {"path": "src/whichgen/networks", "md5": "n.dir"},
            {"path": "data/05_model_input/digits/train.safetensors", "md5": "x"},
        ],
        "params": {"gan.yml": {"recipes.gan": {"rate": rate}}},
        "outs": outs,
    }
    return yaml.safe_dump({"schema": "2.0", "stages": {"gan@digits-gan-0": stage}})


def nothing(path: str, md5: str) -> None:
    """No file has those bytes."""


def test_a_stage_is_told_by_its_command() -> None:
    stages = parse_lock(lock())
    assert stages == {
        "gan@digits-gan-0": Stage(
            name="gan@digits-gan-0",
            dataset="digits",
            recipe="gan",
            seed=0,
            outputs={
                f"{CELL}/generator.safetensors": "g",
                f"{CELL}/timing.csv": "t",
                SCORES: "s",
            },
            inputs={"src/whichgen/networks": "n.dir", "gan.yml: recipes.gan.rate": 1e-3},
        )
    }


def test_the_same_record_agrees_and_differs_in_nothing() -> None:
    found = compare(parse_lock(lock()), parse_lock(lock()), nothing, nothing)
    assert found.agrees
    assert [output.verdict for output in found.outputs] == ["same"] * 3
    assert (found.inputs, found.scores, found.unknown) == ([], [], [])


@pytest.mark.parametrize(
    ("changed", "verdicts", "agrees"),
    [
        ({"timing": "u"}, ["same", "times", "same"], True),
        ({"generator": "h"}, ["differs", "same", "same"], False),
    ],
)
def test_measured_times_may_differ_and_weights_may_not(
    changed: dict[str, str], verdicts: list[str], agrees: bool
) -> None:
    found = compare(parse_lock(lock()), parse_lock(lock(**changed)), nothing, nothing)
    assert [output.verdict for output in found.outputs] == verdicts
    assert found.agrees is agrees


def test_a_stage_that_did_not_run_does_not_agree() -> None:
    found = compare(parse_lock(lock()), {}, nothing, nothing)
    assert not found.agrees
    assert {output.now for output in found.outputs} == {""}


def test_another_parameter_is_named_with_both_values() -> None:
    found = compare(parse_lock(lock()), parse_lock(lock(rate=0.5)), nothing, nothing)
    assert found.inputs == ["gan.yml: recipes.gan.rate: 0.001 recorded, 0.5 in that revision"]


def test_scores_that_differ_are_named_with_the_difference(tmp_path: Path) -> None:
    contents = {
        "s": {"judge": "a", "scores": {"fd": 1.0, "coverage": 0.5, "kid": None}},
        "r": {"judge": "b", "scores": {"fd": 1.25, "coverage": 0.5, "kid": None}},
    }
    for md5, content in contents.items():
        (tmp_path / md5).write_text(json.dumps(content))
    stages = parse_lock(lock()), parse_lock(lock(scores="r"))
    found = compare(*stages, lambda _, md5: tmp_path / md5, lambda _, md5: tmp_path / md5)
    assert [(s.path, s.name, s.then, s.now, s.difference) for s in found.scores] == [
        (SCORES, "judge", "a", "b", None),
        (SCORES, "scores.fd", 1.0, 1.25, 0.25),
    ]
    assert found.plain()["scores"][1]["difference"] == 0.25
    assert compare(*stages, nothing, nothing).unknown == [SCORES]


def test_versions_and_threads_that_are_not_as_they_were() -> None:
    import numpy

    pins = f"# measured together\nnumpy=={numpy.__version__}\nclick==0.1\nno-such-package==3\n"
    click, missing = version_differences(pins)
    assert click.startswith("click: 0.1 then, 8.")
    assert missing == "no-such-package: 3 then, not installed now"
    then = {"seconds": 1.0, "threads": 1, "device": "cpu"}
    assert execution_differences(then, {"seconds": 9.0, "threads": 4, "device": "cpu"}) == [
        "threads: 1 then, 4 now"
    ]
