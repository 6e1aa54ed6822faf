"""EMA, FLOPs, seeds, devices, memory and the learning-rate schedule."""

import platform
import subprocess
import sys

import pytest
import torch
from torch import nn

from whichgen.errors import WhichgenError
from whichgen.training.devices import choose_device, peak_memory_bytes
from whichgen.training.ema import EMA
from whichgen.training.flops import count_flops
from whichgen.training.schedule import rate_factor
from whichgen.training.seeding import derive, seeded_initialisation, stream


def test_ema_is_its_recursion():
    source = nn.Linear(1, 1, bias=False)
    nn.init.constant_(source.weight, 1.0)
    ema, expected = EMA(source, 0.5), 1.0
    for step, value in enumerate([4.0, -2.0, 6.0]):
        nn.init.constant_(source.weight, value)
        ema.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    assert ema.network.weight.item() == pytest.approx(expected, rel=1e-6)


def test_flops_of_a_linear_layer_forward_and_backward():
    layer, x = nn.Linear(30, 20), torch.randn(7, 30)
    assert count_flops(lambda: layer(x)) == 2 * 7 * 30 * 20
    # backward to the weight only: the input needs no gradient
    assert count_flops(lambda: layer(x).sum().backward()) == 2 * 2 * 7 * 30 * 20


def test_flops_of_a_gradient_penalty_count_the_second_backward():
    net, x = nn.Conv2d(1, 4, 3), torch.randn(2, 1, 8, 8, requires_grad=True)

    def plain():
        net(x.view_as(x)).square().sum().backward()

    def penalty():
        (slope,) = torch.autograd.grad(net(x.view_as(x)).square().sum(), x, create_graph=True)
        slope.square().sum().backward()

    assert count_flops(penalty) > 1.5 * count_flops(plain)


def test_streams_are_told_apart_by_seed_and_by_name():
    seeds = {derive(s, *names) for s in range(3) for names in (("a",), ("b",), ("a", 1), ("a", 2))}
    assert len(seeds) == 12
    assert torch.rand(3, generator=stream(1, "a")).equal(torch.rand(3, generator=stream(1, "a")))


def test_seeded_initialisation_is_repeatable_and_leaves_the_global_state_alone():
    before = torch.random.get_rng_state()
    weights = []
    for _ in range(2):
        with seeded_initialisation(3, "net"):
            weights.append(nn.Linear(4, 4).weight)
    assert torch.equal(*weights)
    assert torch.equal(before, torch.random.get_rng_state())


def test_rate_rises_then_falls_to_its_final_share():
    factors = [rate_factor(step, 1000, 0.1, 0.2) for step in range(1000)]
    assert factors[0] < 0.02
    assert max(factors) == pytest.approx(1.0)
    assert factors.index(max(factors)) == 100
    assert factors[-1] == pytest.approx(0.2, abs=1e-4)


def test_a_device_that_is_not_there_is_refused_and_auto_finds_one():
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(WhichgenError, match=f"no {missing}"):
        choose_device(missing)


def test_peak_memory_is_that_of_this_process():
    assert 50e6 < peak_memory_bytes(torch.device("cpu")) < 100e9


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have no such knob")
def test_large_tensors_take_memory_that_others_left_without_a_fault_for_each_page():
    """In a process of its own: elsewhere it depends on where others' memory lies."""
    program = """
import resource, torch
from whichgen.training.devices import choose_device

choose_device("cpu")
for round in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(4 * 2**20)  # 16 MiB, 4,096 pages of 4 KiB
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert int(done.stdout) < 20 * 4096 / 4
