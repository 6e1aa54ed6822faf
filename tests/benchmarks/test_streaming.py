"""The streaming benchmark: its file is a packed split, and both ways of training are measured."""

import pytest
import torch
from safetensors.torch import load_file

from benchmarks.streaming import RESTING, STREAMED, K, Trainer, measure, pack_random, report
from whichgen.training.packed import PackedImages


def test_the_file_is_a_packed_split_that_is_the_same_each_time(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        pack_random(path, 30, 16)
    split = load_file(paths[0])
    assert split["images"].shape == (30, 3, 16, 16)
    assert torch.bincount(split["types"]).tolist() == [3] * K
    assert torch.equal(PackedImages(paths[1], "stream")[:], split["images"])
    assert 100 < split["images"].float().mean() < 155


@pytest.mark.slow
@pytest.mark.parametrize("family", ["gan", "dgn"])
def test_both_ways_are_measured(family, workload, tmp_path):
    for name, n in (("large", 2000), ("small", 500)):
        pack_random(tmp_path / name, n, 16)
    recipe = workload.recipes[family]
    record = measure(recipe, tmp_path / "large", tmp_path / "small", steps=1, rounds=3)
    speeds = record["images_per_second"]
    assert set(speeds) == set(record["peak_memory_bytes"]) == {STREAMED, RESTING}
    assert all(5e7 < peak < 5e9 for peak in record["peak_memory_bytes"].values())
    ratio = record["streamed_to_memory"]
    assert ratio["q1"] <= ratio["median"] <= ratio["q3"]
    assert speeds[STREAMED]["median"] > 1
    rows = report({family: record}, int(2e9), int(2e8)).splitlines()
    assert "images/s, streamed, 2.00 GB" in rows[0]
    assert rows[2].startswith(f"| {family} | ")


@pytest.mark.slow
def test_streamed_images_are_no_part_of_the_process(workload, tmp_path):
    pack_random(tmp_path / "images", 20_000, 64)
    peaks = {}
    for rest in ("memory", "stream"):
        trainer = Trainer(workload.recipes["gan"], tmp_path / "images", rest)
        trainer.train(2)
        peaks[rest] = trainer.end()
    assert peaks["memory"] - peaks["stream"] > 0.8 * 20_000 * 3 * 64 * 64
