"""The plans of tuning trials, and what is made of a cell's history."""

from collections import Counter

import pandas as pd
import pytest
import yaml
from kedro.config import OmegaConfigLoader

from benchmarks import article
from benchmarks.cells import ROOT, nested
from benchmarks.trials import tabulate
from whichgen.parameters import parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS

PLANS = yaml.safe_load((ROOT / "benchmarks/trials.yml").read_text())


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gives_its_recipes_equally_many_different_and_valid_trials(name):
    plan = PLANS[name]
    assert len({len(trials) for trials in plan["trials"].values()}) == 1
    for recipe, trials in plan["trials"].items():
        assert max(Counter(map(str, trials)).values()) == 1
        for settings in trials:
            changes = {"dataset": plan["dataset"], "recipes": {recipe: nested(settings)}}
            loader = OmegaConfigLoader(
                conf_source=str(ROOT / "conf"), runtime_params=changes, **CONFIG_LOADER_ARGS
            )
            assert recipe in parse_parameters(dict(loader["parameters"])).recipes


def test_small_distances_are_told_apart_and_the_best_of_a_recipe_comes_first():
    distances = {"gan": [0.0615], "dgn": [0.00412, 0.00187]}
    rows = [
        {"recipe": recipe, "changed": "", "steps": 5, "validation FD": distance}
        for recipe, several in distances.items()
        for distance in several
    ]
    lines = tabulate(rows).splitlines()[2:]
    assert lines == [
        "| dgn |  | 5 | 0.00187 |",
        "| dgn |  | 5 | 0.00412 |",
        "| gan |  | 5 | 0.0615 |",
    ]


@pytest.fixture
def looked():
    return pd.DataFrame(
        {
            "step": [10, 20, 30, 40],
            "flops": [1e9, 2e9, 3e9, 4e9],
            "validation_fd": [0.9, 1.2, 0.9, 0.8],
            "validation_coverage": [0.5, 0.95, 0.95, 0.96],
        }
    )


def test_the_articles_rule_asks_for_quality_and_diversity_at_once(looked):
    assert article.met(looked) == "step 30, 75%"
    assert article.met(looked.head(2)) == "never"


def test_the_articles_picture_has_a_line_for_each_sign_in_every_panel(looked):
    history = looked.assign(entropy=1.0, log_p_data=2.0, validation_spread=0.5)
    picture = article.draw(dict.fromkeys(article.SIGNS, history))
    assert [len(axes.lines) for axes in picture.axes] == [2, 2, 2, 2]
    assert [text.get_text() for text in picture.axes[0].get_legend().get_texts()] == [
        *article.SIGNS
    ]
