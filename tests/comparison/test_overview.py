"""Several datasets: what holds over all of them, and what only seems to."""

import json
import math

import numpy as np
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.overview import overview_page, summarise
from whichgen.comparison.pooling import pooled_pairwise
from whichgen.comparison.verdict import decide
from whichgen.errors import WhichgenError

from .test_phrases import CHINESE, FIGURE, texts_of


def verdict_of(cells, dataset):
    """The verdict as the overview finds it: written and read again."""
    return json.loads(json.dumps(decide([Cell(**{**vars(c), "dataset": dataset}) for c in cells])))


@pytest.fixture
def verdicts(make_cells):
    """The DGN wins quality on one dataset and ties on the other; diversity is split."""
    return {
        "clear": verdict_of(make_cells(gan={"fd": 30.0}, dgn={"coverage": 0.95}), "clear"),
        "close": verdict_of(make_cells(gan={"coverage": 0.95}), "close"),
    }


def entry(axis, differences, *, shift=None, margin=0.0, second_judge=None):
    return {
        "axis": axis,
        "first": "gan",
        "second": "dgn",
        "metric": "coverage",
        "log": False,
        "differences": list(differences),
        "seeds": len(differences),
        "shift": float(np.mean(differences)) if shift is None else shift,
        "floor_margin": margin,
        "second_judge": second_judge,
    }


def pooled(*entries):
    (found,) = pooled_pairwise({str(i): {"pairwise": [one]} for i, one in enumerate(entries)})
    return found


def test_the_table_has_a_row_a_dataset_and_the_wins_are_counted(verdicts):
    overview = summarise(verdicts)
    assert [row["dataset"] for row in overview["table"]] == ["clear", "close"]
    assert [row["choice"] for row in overview["table"]] == ["dgn", "gan"]
    assert overview["wins"]["quality"] == {"gan": 0, "dgn": 1, "tie": 1, "inconclusive": 0}
    assert overview["wins"]["diversity"] == {"gan": 1, "dgn": 1, "tie": 0, "inconclusive": 0}
    assert overview["recipes"] == ["gan", "dgn"]


def test_what_wins_here_and_loses_there_wins_nothing_together(verdicts):
    found = {e["axis"]: e["winner"] for e in summarise(verdicts)["pairwise"]}
    assert (found["diversity"], found["cost"]) == ("tie", "tie")
    assert summarise(verdicts)["ranks"]["diversity"] == {
        "gan": {"mean_rank": 1.5, "bounds": [1, 2]},
        "dgn": {"mean_rank": 1.5, "bounds": [1, 2]},
    }


def test_normalised_means_and_improvements_are_means_over_the_datasets(verdicts):
    overview = summarise(verdicts)
    for name in ("gan", "dgn"):
        parts = [v["iqm"][name]["fd"]["normalised"] for v in verdicts.values()]
        found = overview["iqm"][name]["fd"]
        assert found["normalised"] == pytest.approx(np.mean(parts), rel=1e-4)
        assert found["interval"][0] < found["normalised"] < found["interval"][1]
    (distance,) = (i for i in overview["improvement"] if i["metric"] == "fd")
    parts = [v["improvement"][0]["probability"] for v in verdicts.values()]
    assert distance["probability"] == pytest.approx(np.mean(parts), rel=1e-4)


def test_an_effect_that_each_dataset_is_too_small_for_is_found_by_all_together():
    rng = np.random.default_rng(0)
    three = [entry("quality", rng.normal(0.7, 1, 6)) for _ in range(5)]
    assert pooled(*three)["winner"] == "dgn"
    assert [pooled(one)["winner"] for one in three].count("tie") >= 3


def test_pooled_ties_stay_ties():
    rng, draws = np.random.default_rng(1), 300
    wins = 0
    for _ in range(draws):
        parts = [entry("quality", rng.normal(0, spread, 4)) for spread in (1, 3)]
        wins += pooled(*parts)["winner"] in ("gan", "dgn")
    assert wins / draws < 0.05 + 3.3 * math.sqrt(0.05 * 0.95 / draws)


def test_the_margins_of_the_datasets_count():
    sure = np.linspace(0.9, 1.1, 6)
    assert pooled(entry("quality", sure, margin=0.5), entry("quality", sure))["winner"] == "dgn"
    within = [entry("quality", sure, margin=2.0), entry("quality", sure, margin=1.5)]
    assert pooled(*within)["winner"] == "tie"
    unknown = [entry("quality", sure, margin=None), entry("quality", sure, margin=0.5)]
    assert pooled(*unknown)["winner"] == "inconclusive"


def test_a_second_judge_that_sees_the_other_ahead_takes_the_win_back():
    sure = np.linspace(0.9, 1.1, 6)
    fine, against = entry("quality", sure), entry("quality", sure, second_judge="gan")
    assert pooled(fine, fine)["winner"] == "dgn"
    assert pooled(fine, against)["winner"] == "tie"


def test_few_seeds_on_several_datasets_may_be_enough_together():
    assert pooled(entry("quality", [1.0, 1.1, 0.9]))["winner"] == "inconclusive"
    halves = [entry("quality", [1.0, 1.1, 0.9]), entry("quality", [2.0, 2.1, 1.9])]
    assert pooled(*halves)["winner"] == "dgn"


def test_recipes_that_one_dataset_lacks_are_left_out(verdicts, make_cells):
    cells = [Cell(**{**vars(c), "recipe": f"{c.family}_b"}) for c in make_cells()]
    overview = summarise({**verdicts, "other": verdict_of(cells, "other")})
    assert (overview["recipes"], overview["pairwise"], overview["iqm"]) == ([], [], {})
    assert "No two recipes were run on every dataset" in overview["summary"][-1]["en"]
    assert len(overview["table"]) == 3


def test_the_summary_says_the_same_in_both_languages(verdicts):
    overview = summarise(verdicts)
    assert overview["summary"][0]["en"] == ("Recommendations on 2 datasets: DGN on 1 and GAN on 1.")
    assert "胜" in overview["summary"][1]["zh"]
    for text in texts_of(overview):
        assert CHINESE.search(text["zh"])
        assert sorted(FIGURE.findall(text["en"])) == sorted(FIGURE.findall(text["zh"]))


def test_the_page_shows_every_dataset_and_both_languages(verdicts):
    page = overview_page(summarise(verdicts))
    assert "| clear | gan vs dgn | dgn | dgn | dgn |" in page
    assert "| close | gan vs dgn | gan | tie | gan |" in page
    assert "On quality the GAN wins 0, the DGN wins 1, 1 tie and 0 are open." in page
    assert "质量：GAN 胜 0 个，DGN 胜 1 个，平局 1 个，0 个尚无定论。" in page
    assert "| recipe | fd | coverage | type_agreement |" in page


def test_one_dataset_and_one_family_are_an_overview_too(make_cells):
    alone = {"digits": verdict_of([c for c in make_cells() if c.family == "gan"], "digits")}
    overview = summarise(alone)
    assert overview["recipes"] == ["gan"]
    assert overview["wins"]["quality"] == {"gan": 0, "dgn": 0, "tie": 0, "inconclusive": 1}
    assert "| digits |  | inconclusive |" in overview_page(overview)


def test_no_verdict_and_an_old_verdict_are_refused_in_one_line(verdicts):
    with pytest.raises(WhichgenError, match="no verdict of any dataset yet"):
        summarise({})
    old = {k: v for k, v in verdicts["clear"].items() if k != "pairwise"}
    with pytest.raises(WhichgenError, match=r"verdict.json of old is of an older whichgen"):
        summarise({**verdicts, "old": old})
