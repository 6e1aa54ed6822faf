"""Every configuration file is valid; every mistake is named."""

import pytest
from kedro.config import OmegaConfigLoader

from whichgen.comparison.axes import AXES
from whichgen.comparison.recommendation import WEIGHTS
from whichgen.errors import WhichgenError
from whichgen.parameters import parse_parameters, parse_recipes
from whichgen.settings import CONFIG_LOADER_ARGS


@pytest.fixture
def raw():
    return dict(OmegaConfigLoader(conf_source="conf", **CONFIG_LOADER_ARGS)["parameters"])


def test_the_shipped_configuration_is_valid(raw):
    parameters = parse_parameters(raw)
    assert parameters.dataset == "digits"
    assert {r.family for r in parameters.recipes.values()} == {"gan", "dgn"}
    assert set(parse_recipes(raw["recipes"])) == set(parameters.recipes)
    assert dict(parameters.weights) == WEIGHTS


def test_the_sweep_names_what_there_is(raw):
    parameters = parse_parameters(raw)
    sweep = parameters.sweep
    assert set(sweep.datasets) <= set(parameters.datasets)
    assert {parameters.recipes[name].family for name in sweep.gan_recipes} == {"gan"}
    assert {parameters.recipes[name].family for name in sweep.dgn_recipes} == {"dgn"}
    assert len(set(sweep.seeds)) >= 6  # fewer cannot reach p < .05 in a sign-flip test


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sed": 3}, "sed: no parameter of this name"),
        ({"seed": -1}, "seed: "),
        ({"seed": "x"}, "seed: .* got 'x'"),
        ({"budget": 0}, "budget: "),
        ({"dataset": "mnist"}, "dataset: 'mnist' is not one of .*digits"),
        ({"recipe": "gam"}, "recipe: 'gam' is not one of .*gan"),
        ({"device": "tpu"}, "device: "),
        ({"weights": {"quality": -1}}, "weights.quality: .* greater than or equal to 0, got -1"),
        ({"weights": {"qualty": 1}}, "weights.qualty: no parameter of this name"),
        ({"weights": dict.fromkeys(AXES, 0)}, "weights: all are 0"),
        ({"precision": "float16"}, "precision: .* got 'float16'"),
        ({"compile": "yes please"}, "compile: .*'auto', 'on' or 'off'"),
        ({"recipes": {"gan": {"family": "gun"}}}, "recipes.gan: "),
    ],
)
def test_a_wrong_key_or_value_is_refused_by_name(raw, change, said):
    with pytest.raises(WhichgenError, match=said):
        parse_parameters(raw | change)


def test_a_wrong_nested_key_is_named_with_its_path(raw):
    raw["recipes"]["gan"]["training"]["rat"] = 1
    with pytest.raises(WhichgenError, match=r"recipes\.gan\.training\.rat: no parameter"):
        parse_parameters(raw)


def test_only_a_known_dataset_is_fetched(raw):
    raw["retraining"]["fetch"] = {"mnist": "dvc update"}
    with pytest.raises(WhichgenError, match=r"retraining\.fetch: 'mnist' is not one of .*digits"):
        parse_parameters(raw)
