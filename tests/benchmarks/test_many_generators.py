"""K generators share a batch; what K costs is measured on the real update."""

import pytest
import torch

from benchmarks.many_generators import many, measure_one

BATCH = 12


@pytest.mark.parametrize("k", [1, 3])
def test_the_generators_share_the_batch_and_each_has_its_own_stem(workload, k):
    args = (workload.recipes["dgn"], workload.trunk, workload.info, k, BATCH)
    update = many(*args)
    assert update.generator.each(torch.randn(k, BATCH // k, 64)).shape == (k, 4 * 3 // k, 1, 16, 16)
    assert update.images_per_step == BATCH
    measured = measure_one(*args)
    stem = 32 * 4**2  # width × side²
    trunk = sum(p.numel() for p in update.generator.trunk.parameters())
    assert measured["parameters"] == trunk + k * (64 + 1) * stem
    assert 0 < measured["seconds_without_objective"] < 5
    assert measured["flops_per_step"] > 2 * BATCH * 64 * stem
