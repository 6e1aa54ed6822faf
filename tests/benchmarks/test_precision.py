"""Ways of computing a step, compared; and when bfloat16 is said to pay."""

import json

import pytest
import torch

from benchmarks import precision
from whichgen.parameters import Execution
from whichgen.training.execution import has_bfloat16

CPU = torch.device("cpu")
BFLOAT16 = pytest.mark.skipif(not has_bfloat16(CPU), reason="this CPU has no bfloat16")


def test_each_way_is_set_to_the_first_in_the_same_round():
    records = precision.compare(
        images=6,
        first={"float32": 2.0, "compiled": 33.0, "slower": 9.0},
        seconds={"float32": [2.0, 4.0, 2.0], "compiled": [1.0, 1.0, 2.0], "slower": [4.0] * 3},
    )
    assert records["float32"]["gain"] == {"median": 1.0, "q1": 1.0, "q3": 1.0}
    assert records["compiled"]["gain"] == {"median": 2.0, "q1": 1.5, "q3": 3.0}
    assert records["compiled"]["images_per_second"]["median"] == 6.0
    assert records["compiled"]["start_seconds"] == 32.0
    assert records["compiled"]["pays_after_steps"] == 32  # each step gains a second
    assert records["slower"]["pays_after_steps"] is None


@pytest.mark.parametrize(
    ("short", "gain", "pays"),
    [([10.0, 12.0, 14.0], 1.4, True), ([9.0, 11.0, 13.0], 1.39, False), ([13.1] * 3, 2.0, False)],
)
def test_bfloat16_pays_if_it_is_fast_and_within_the_noise_of_seeds(short, gain, pays):
    usual = [9.0, 11.0, 13.0]  # deviation 2, and a mean of 11
    record = precision.judge({"float32": usual, "bfloat16": short}, gain)
    assert record["noise"] == 2.0
    assert record["difference"] == pytest.approx(sum(short) / 3 - 11.0)
    assert record["pays"] is pays


@BFLOAT16
def test_the_ways_of_a_cpu_have_no_graph():
    assert list(precision.ways_on(CPU)) == [
        "float32", "float32, compiled", "bfloat16", "bfloat16, compiled"
    ]  # fmt: skip


@BFLOAT16
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:dynamo_pgo:UserWarning")
def test_what_is_measured_is_json_and_has_a_row_for_each_way(workload, monkeypatch):
    monkeypatch.setattr(precision, "SECONDS", 0.02)
    ways = {name: Execution(precision=name) for name in precision.NUMBER_TYPES}
    records = precision.measure_speed(workload, ways, rounds=1)
    assert json.loads(json.dumps(records)) == records
    for family, record in records.items():
        assert list(record) == list(ways)
        images = record["float32"]["images_per_second"]["median"]
        step = record["float32"]["seconds_per_step"]["median"]
        assert images * step == pytest.approx(workload.update(family).images_per_step, rel=0.1)
    text = precision.report_speed(records)
    assert text.count("| bfloat16 |") == text.count("| float32 |") == 2
