"""The model counts what the real step does, and adds it up as it says."""

import copy
import sys
from functools import partial

import pytest
import torch

from benchmarks import scale_check
from benchmarks.meta_step import META, Message, Step, Work, Works, look_at_step
from benchmarks.scale import H100, RANKS, Machine, default_recipes, description, report, sized
from tests.benchmarks.conftest import K
from whichgen.objectives.direct import Drifting
from whichgen.parameters import Trunk
from whichgen.training.flops import count_flops

FAMILIES = pytest.mark.parametrize("family", ["gan", "dgn"])
MIB = 2**20


def look(workload, family, ranks):
    return look_at_step(workload.recipes[family], workload.trunk, workload.info, ranks)


@FAMILIES
def test_one_rank_does_the_arithmetic_of_the_real_step_on_the_real_networks(workload, family):
    update, step = workload.update(family), look(workload, family, 1)
    assert step.flops == count_flops(partial(copy.deepcopy(update).step, 0))
    assert step.generator == sum(p.numel() for p in update.generator.parameters())
    trained = [p for p in update.networks.parameters() if p.requires_grad]
    assert step.trained == sum(p.numel() for p in trained)


def test_two_ranks_halve_a_gans_arithmetic_and_repeat_a_dgns_objective(workload):
    one, two = (look(workload, "gan", ranks).flops for ranks in (1, 2))
    assert 2 * two == one
    training = workload.recipes["dgn"].training
    objective = Drifting(**workload.recipes["dgn"].objective.arguments())
    spaces = (16 * 16, workload.recipes["dgn"].encoder.features)
    repeated = sum(
        count_flops(
            partial(
                objective,
                torch.randn(K, training.generated_per_type, d),
                torch.randn(K, training.real_per_type, d),
            )
        )
        for d in spaces
    )
    one, two = (look(workload, "dgn", ranks).flops for ranks in (1, 2))
    assert 2 * two - one == repeated


@FAMILIES
def test_the_messages_are_the_gradients_and_what_is_gathered(workload, family):
    step = look(workload, family, 2)
    sums = sum(message.size for message in step.messages if message.kind == "sum")
    gathered = [message.size for message in step.messages if message.kind == "gather"]
    losses = len(step.messages) if family == "gan" else 1
    assert 4 * step.trained < sums < 4 * (step.trained + losses + 20)
    generated = K * workload.recipes["dgn"].training.generated_per_type // 2
    features = workload.recipes["dgn"].encoder.features
    expected = [4 * generated * 256, 4 * generated * features] if family == "dgn" else []
    assert gathered == expected


def test_a_ring_sends_a_sum_twice_round_and_a_gather_once():
    assert Message("sum", 400).sent(4) == 600
    assert Message("gather", 400).sent(4) == 1200
    assert Message("sum", 400).sent(1) == 0


def test_bytes_are_those_of_all_tensors_of_an_operation_and_a_view_moves_none():
    x, y = torch.empty(1000, 10, device=META), torch.empty(1000, 10, device=META)
    with Works() as works:
        (x + y).view(-1).view(10, 1000) @ y
        torch.ones(5)  # on the host
    assert [work.moved for work in works.seen] == [3 * 40_000, 2 * 40_000 + 400]
    assert [work.flops for work in works.seen] == [0, 2 * 10 * 1000 * 10]


def test_the_height_of_a_step_is_what_lives_at_one_time():
    x = torch.empty(MIB // 4, device=META)
    with Works() as works:
        first = x + 1
        second = first + 1
        del first
        third = second.view(-1) * 2
        del second
        third += 1
    assert works.peak == 2 * MIB


def test_an_operation_takes_the_longer_of_arithmetic_and_traffic():
    machine = Machine(convolutions=100.0, products=10.0, memory=1000.0, launch=0.5)
    work = [Work(200, 1, convolves=True), Work(200, 1, convolves=False), Work(1, 4000, False)]
    step = Step(work=work, messages=[], generator=0, trained=0, peak=0)
    assert machine.seconds(step) == 2 + 20 + 4 + 3 * 0.5
    assert machine.waiting_for_memory(step) == 4


def test_messages_go_by_the_slower_link_once_they_leave_the_node():
    machine = Machine(
        convolutions=1.0, products=1.0, memory=1.0, near=100.0, far=10.0, node=2, latency=0.1
    )
    messages = [Message("sum", 400), Message("gather", 100)]
    step = Step(work=[], messages=messages, generator=0, trained=0, peak=0)
    assert machine.talk(step, 1) == 0
    assert machine.talk(step, 2) == pytest.approx((400 + 100) / 100 + 3 * 0.1)
    assert machine.talk(step, 4) == pytest.approx((600 + 300) / 10 + 9 * 0.1)


@FAMILIES
def test_the_assumed_batches_can_be_shared_by_all_ranks_and_the_largest_images_be_made(family):
    recipe, trunk = sized(default_recipes()[family]), Trunk(width=16, blocks=1)
    steps = [
        look_at_step(recipe, trunk, description(256), ranks) for ranks in (RANKS[0], RANKS[-1])
    ]
    assert steps[1].flops * RANKS[-1] >= steps[0].flops
    assert H100.seconds(steps[1]) < H100.seconds(steps[0])


@pytest.mark.slow
def test_the_report_has_a_row_for_each_recipe_and_number_of_gpus():
    text = report(resolutions=[32])
    predicted = text.split("## Predicted, never measured\n")[1].splitlines()[2:]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in predicted]
    assert rows == [[f"{f}, 32²", str(n)] for f in ("gan", "dgn") for n in RANKS]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts the bytes")
@FAMILIES
def test_two_processes_send_what_the_model_says(family):
    sent = scale_check.messages(family)
    assert sent["measured"] == pytest.approx(sent["predicted"], rel=0.02)


def test_the_time_of_a_step_is_set_against_the_same_step_here(workload):
    updates = {family: workload.update(family) for family in workload.recipes}
    for record in scale_check.step_times(updates, workload, 1).values():
        assert record["predicted"] > 0
        ratio = record["predicted"] / record["measured"]["median"]
        assert record["ratio"]["median"] == pytest.approx(ratio)
