"""Which cell a comparison puts forward, and what rules it out."""

import json

import pytest

from tests.registry.comparisons import BAD, GOOD, MIDDLING, Comparison, write_json
from whichgen.errors import WhichgenError
from whichgen.registry.evidence import RefusedError, check_vetoes, choose_candidate

COPIES = {"memorisation": 0.7}


def chosen(comparison: Comparison) -> tuple[str, int]:
    cell = choose_candidate(comparison.evidence()).cell
    return cell.recipe, cell.seed


def refusal(comparison: Comparison, **info) -> str:
    evidence = comparison.evidence(**info)
    with pytest.raises(RefusedError) as refused:
        check_vetoes(choose_candidate(evidence), evidence)
    return str(refused.value)


def test_the_recommended_recipes_best_seed_on_validation_is_chosen(comparison):
    assert chosen(comparison.write({"gan": GOOD, "dgn": BAD})) == ("gan", 2)
    assert chosen(comparison.write({"gan": BAD, "dgn": GOOD})) == ("dgn", 2)
    evidence = comparison.evidence()
    fds = {cell.seed: cell.score("fd") for cell in evidence.cells if cell.recipe == "dgn"}
    assert fds[2] != min(fds.values())  # on the test images another seed is the best
    check_vetoes(choose_candidate(evidence), evidence)


def test_without_a_recommendation_validation_decides(comparison):
    comparison.write({"gan": GOOD}, seeds=3)
    comparison.write({"dgn": BAD}, seeds=3, validation=5.0)
    verdict = json.loads((comparison.folder / "verdict.json").read_text())
    assert verdict["recommendation"]["choice"] == "inconclusive"
    assert chosen(comparison) == ("dgn", 2)


def test_where_neither_can_be_recommended_nothing_is(comparison):
    comparison.write({"gan": GOOD | COPIES, "dgn": BAD})
    assert refusal(comparison).startswith("Neither can be recommended for digits")


def test_copies_rule_a_candidate_out_that_validation_chose(comparison):
    comparison.write({"gan": MIDDLING, "dgn": MIDDLING})
    comparison.write({"gan": MIDDLING | COPIES})
    assert chosen(comparison) == ("dgn", 2)  # the other one is ruled out
    comparison.write({"dgn": MIDDLING | COPIES})
    assert refusal(comparison).startswith("Neither can be recommended")


def test_a_missing_type_rules_out(comparison):
    per_type = {"share": [0.2] * 4 + [0.0] + [0.009] + [0.05] * 4, "real_share": [0.1] * 10}
    comparison.write({"gan": GOOD, "dgn": BAD}, per_type=per_type)
    assert refusal(comparison) == "it makes no, or hardly any, images of type 4, 5"


def test_data_that_has_changed_since_rules_out(comparison):
    comparison.write({"gan": GOOD, "dgn": BAD})
    told = refusal(comparison, data_hash="other")
    assert told == f"it was trained on other data ({'d' * 16}, now other); run dvc repro"


def test_weights_that_were_not_scored_rule_out(comparison):
    comparison.write({"gan": GOOD, "dgn": BAD})
    path = comparison.cell_folder("gan", 2) / "cell.json"
    write_json(path, json.loads(path.read_text()) | {"configuration_hash": "later"})
    assert refusal(comparison).startswith("its weights are not those that were scored")


def test_a_verdict_on_other_cells_is_an_error(comparison):
    comparison.write({"gan": GOOD, "dgn": BAD})
    path = comparison.project / "data/08_reporting/digits/cells/gan/0/scores.json"
    scores = json.loads(path.read_text())
    scores["scores"]["fd"] += 1
    write_json(path, scores)
    with pytest.raises(WhichgenError, match=r"verdict.json: not of the cells that are here; run"):
        comparison.evidence()
