"""The operations that are timed are those of the real networks, at their real sizes."""

import copy
from functools import partial

import torch
from torch import nn

from benchmarks.operations import Convolution, Product, operations_of
from benchmarks.peaks import Rate, measure, operations_in, peak, report
from tests.benchmarks.conftest import K
from whichgen.training.flops import count_flops


def hooked_convolutions(update):
    """(images, weights) of every convolution that is a module, by forward hooks on a real step."""
    update, seen = copy.deepcopy(update), set()
    for module in update.networks.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
            module.register_forward_hook(
                lambda m, args, _: seen.add((tuple(args[0].shape), tuple(m.weight.shape)))
            )
    update.step(0)
    return seen


def test_a_recorder_sees_products_and_convolutions_and_nothing_of_the_backward_pass():
    layer, conv = nn.Linear(3, 5), nn.Conv2d(2, 4, 3, stride=2, padding=1)
    x, y = torch.randn(2, 7, 6), torch.randn(2, 6, 1)

    def work():
        conv(torch.randn(9, 2, 8, 8)).sum().backward()
        layer(torch.randn(4, 3)).sum().backward()
        torch.baddbmm(torch.zeros(1), x, y)
        x @ y

    assert operations_of(work) == [
        Convolution((9, 2, 8, 8), (4, 2, 3, 3), (2, 2), (1, 1), 1),
        Product(1, 4, 3, 5),
        Product(2, 7, 6, 1),
    ]


def test_the_operations_of_the_recipes_hold_every_convolution_of_their_networks(workload):
    for family in workload.recipes:
        update = workload.update(family)
        found = operations_in([update])
        hooked = hooked_convolutions(update)
        sizes = {(o.images, o.weights) for o in found if isinstance(o, Convolution)}
        assert len(hooked) >= 3
        assert hooked <= sizes


def test_the_products_of_a_set_are_its_stems_and_its_distances(workload):
    training, latent = workload.recipes["dgn"].training, workload.recipes["dgn"].generator.latent
    generated, real = training.generated_per_type, training.real_per_type
    found = operations_in([workload.update("dgn")])
    width, side = workload.trunk.width, 4
    assert Product(K, generated, latent, width * side**2) in found
    assert Product(K, generated, 16 * 16, generated) in found
    assert Product(K, generated, 16 * 16, real) in found


def test_passes_go_forward_and_backward():
    conv = Convolution((2, 3, 8, 8), (5, 3, 3, 3), (1, 1), (1, 1), 1)
    product = Product(4, 2, 3, 5)
    of_conv, of_product = 2 * (2 * 8 * 8) * 5 * (3 * 9), 2 * 4 * 2 * 3 * 5
    for layout in conv.layouts:
        passes = conv.passes(torch.float32, layout)
        assert count_flops(partial(passes, 1)) == 3 * of_conv
    passes = product.passes(torch.bfloat16, "NCHW")
    assert count_flops(partial(passes, 2)) == 2 * 3 * of_product


def test_the_peak_is_the_fastest_of_its_kind_and_type():
    conv = Convolution((2, 3, 8, 8), (5, 3, 3, 3), (1, 1), (1, 1), 1)
    small, large = Product(1, 8, 8, 8), Product(1, 256, 256, 256)
    rates = measure([conv, small, large], rounds=3)
    assert {(r.dtype, r.layout) for r in rates if r.operation is conv} == {
        (dtype, layout) for dtype in ("float32", "bfloat16") for layout in ("NCHW", "channels last")
    }
    assert peak(rates, "float32", ["matrix product"]).operation is large
    made_up = Rate(conv, "float32", "NCHW", 1e15)
    assert peak([*rates, made_up], "float32") is made_up
    assert "| 3×3 convolution | float32 | 1,000,000 | 2 × 8×8, 3 to 5 channels, NCHW |" in report(
        [*rates, made_up]
    )
