"""The parts together: what is measured agrees with itself, and is what is printed and drawn."""

import json
from functools import partial

import pytest

from benchmarks import engine, many_generators, peaks, recipes
from benchmarks.engine_picture import draw
from benchmarks.interleave import spread
from whichgen.training.flops import count_flops

FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # torch's loader does


@pytest.fixture(scope="module")
def results(workload):
    """Small measurements of every part but the whole training, whose shares are made up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "SECONDS", 0.05)
        patch.setattr(recipes, "MEMORY_ROUNDS", 1)
        updates = {family: workload.update(family) for family in workload.recipes}
        rates = peaks.measure(peaks.operations_in(updates.values()), rounds=2)
        recipe = workload.recipes["dgn"]
        return {
            "dataset": "random",
            "machine": engine.machine(),
            "peaks": [rate.record() for rate in rates],
            "recipes": recipes.measure(workload, updates, rates, rounds=1),
            "many_generators": many_generators.measure(
                recipe, workload.trunk, workload.info, rounds=1, counts=(1, 3), batch=12
            ),
            "overhead": {"shares": {"the rest": spread([0.02]), "in all": spread([0.03])}},
        }


def test_a_recipe_is_compared_with_what_ran_in_the_same_round():
    record = recipes.compare(
        flops=60,
        images=6,
        seconds={"whichgen": [1.0, 2.0, 3.0], "textbook": [2.0, 12.0, 9.0]},
        peak={"float32": [120.0, 60.0, 80.0]},
        memory={"prepared": [5], "whichgen": [10], "textbook": [30]},
    )
    ours = record["whichgen"]
    assert ours["flops_per_second"] == spread([60.0, 30.0, 20.0])
    assert ours["images_per_second"] == spread([6.0, 3.0, 2.0])
    assert ours["share_of_peak"]["float32"] == spread([0.5, 0.5, 0.25])
    assert record["textbook_to_whichgen"]["seconds"] == spread([2.0, 6.0, 3.0])
    assert record["textbook_to_whichgen"]["memory"] == spread([3.0])


@pytest.mark.slow
@FORKS
def test_what_is_measured_of_a_recipe_is_that_of_its_real_step(results, workload):
    for family, record in results["recipes"].items():
        update = workload.update(family)
        assert record["images_per_step"] == update.images_per_step
        assert record["flops_per_step"] == count_flops(partial(update.step, 0))
        memory = {way: taken["median"] for way, taken in record["peak_memory_bytes"].items()}
        assert 50e6 < memory["prepared"] <= 1.02 * min(memory["textbook"], memory["whichgen"])


@pytest.mark.slow
@FORKS
def test_the_cost_of_many_generators_is_to_the_first_count(results):
    one, three = results["many_generators"]
    assert (one["generators"], three["generators"]) == (1, 3)
    for key in many_generators.MEASURED:
        assert one[f"{key}_ratio"]["median"] == 1.0
        assert three[f"{key}_ratio"]["median"] == pytest.approx(
            three[key]["median"] / one[key]["median"]
        )
    assert three["parameters"] > one["parameters"]
    assert many_generators.report([one, three]).count("\n") == 3


@pytest.mark.slow
@FORKS
def test_results_are_json_and_tables_have_a_row_for_each_recipe(results):
    assert json.loads(json.dumps(results)) == results
    text = recipes.report(results["recipes"])
    assert text.count("| gan |") == text.count("| dgn |") == 3
    assert f"torch {results['machine']['torch']}" in engine.describe(results)


@pytest.mark.slow
@FORKS
def test_the_picture_shows_the_results(results):
    flops, textbook, many, overhead = draw(results).axes
    assert [bar.get_width() for bar in overhead.patches] == pytest.approx([2.0, 3.0])
    assert [bar.get_width() for bar in textbook.patches] == [
        record["textbook_to_whichgen"]["seconds"]["median"]
        for record in results["recipes"].values()
    ]
    assert len(flops.patches) == len(peaks.KINDS) * len(peaks.DTYPES) + len(results["recipes"])
    assert list(many.lines[0].get_xdata()) == [1, 3]
