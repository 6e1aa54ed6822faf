"""A generator of former data, scored on the present test images by real judges."""

import json

import pytest
from safetensors.torch import load_file, save_file

from tests.comparison.conftest import scores_file
from tests.pipelines.test_judging import INFO, judged, splits  # noqa: F401
from tests.registry.comparisons import TYPES, Comparison, cell_record, weights
from whichgen.comparison.cells import Cell
from whichgen.pipelines.evaluation.nodes import draw_samples, extract_features, score_cell
from whichgen.pipelines.promotion.nodes import bind_scoring
from whichgen.registry.champion import OutgrownError, check_shape


@pytest.fixture
def former(comparison: Comparison):
    """The folder of an untrained DGN's cell that was trained on other data."""
    folder = comparison.project
    save_file(weights("dgn", 0), folder / "generator.safetensors")
    scores = scores_file("dgn", 3, data_hash="former", configuration_hash="c")
    (folder / "cell.json").write_text(json.dumps(cell_record(scores, comparison.info, 0)))
    return folder


def test_it_gets_the_scores_that_an_evaluation_gives_it(judged, former):  # noqa: F811
    names = ("real", "floors", "second_floors", "gates", "card")
    given = {name: judged[name] for name in names}
    judges = judged["extractor"], judged["second_judge"]
    found = bind_scoring(*judges, info=INFO, **given)["score"](former)

    record = json.loads((former / "cell.json").read_text())
    present = {"data_hash": INFO["data_hash"], "extractor_hash": judged["card"]["extractor_hash"]}
    cell = record | present
    generator = load_file(former / "generator.safetensors")
    samples = draw_samples(generator, cell, INFO, judged["card"], judged["real"])
    features = extract_features(samples, *judges)
    assert found == score_cell(cell, samples, features, info=INFO, **given)
    scored = Cell.from_scores(found)
    assert (scored.seed, scored.data_hash) == (3, INFO["data_hash"])
    assert scored.score("fd") > 20 * scored.floor("fd")  # it was never trained


@pytest.mark.parametrize(
    "changes", [{"resolution": 16}, {"channels": 3}, {"types": {"names": [*TYPES, "10"]}}]
)
def test_what_cannot_be_compared_is_told(comparison, former, changes):
    record = json.loads((former / "cell.json").read_text())
    check_shape(record, comparison.info)
    [key] = changes
    with pytest.raises(OutgrownError, match=f"the champion's {key}: .*, the data's: "):
        check_shape(record, comparison.info | changes)
