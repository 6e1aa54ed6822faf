"""The check of a GPU, with a second CPU update in the GPU's place."""

import json
import sys

import pytest
import torch

from benchmarks import gpu_check

CPU = torch.device("cpu")


def test_the_cpu_agrees_with_itself_to_the_last_bit(workload):
    records = gpu_check.parity(workload, CPU, steps=3)
    assert list(records) == ["gan", "dgn"]
    for record in records.values():
        assert set(record["differences"].values()) == {0.0}
        assert record["passed"]


def test_a_device_that_computes_otherwise_fails(workload, monkeypatch):
    right = torch.nn.functional.softplus
    monkeypatch.setattr(gpu_check, "TOLERANCE", 1e-4)
    calls = iter(range(10**6))

    def wrong_in_the_second_update(x):
        return right(x) * (1.0 if next(calls) < 2 * 2 else 1.001)

    monkeypatch.setattr(
        "whichgen.objectives.adversarial.relativistic_r1_r2.softplus", wrong_in_the_second_update
    )
    records = gpu_check.parity(workload, CPU, steps=2)
    assert not records["gan"]["passed"]
    assert records["gan"]["differences"]["d_pairing"] == pytest.approx(1e-3, rel=0.1)
    assert records["dgn"]["passed"]


def test_a_difference_is_a_share_of_the_terms_largest_value_and_nan_is_none():
    one = {"a": torch.tensor([0.0, -4.0]), "b": torch.tensor([1.0, 1.0])}
    other = {"a": torch.tensor([1.0, -4.0]), "b": torch.tensor([1.0, torch.nan])}
    assert gpu_check.compare(one, other) == {"a": 0.25, "b": torch.inf}


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_one_line_says_so(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["gpu_check"])
    with pytest.raises(SystemExit) as end:
        gpu_check.main()
    assert end.value.code == ("gpu-check: this machine has no cuda device; run it on one that has")


@pytest.mark.slow
def test_the_whole_check_writes_its_page(trained_project):
    done = trained_project.run(
        "python", "-m", "benchmarks.gpu_check", "--device", "cpu", "--dataset", "digits",
        "--ways", "float32", "--rounds", "1", "--budget", "2e10",
    )  # fmt: skip
    results = json.loads(trained_project.path("benchmarks/results/gpu_check.json").read_text())
    page = trained_project.path("benchmarks/results/gpu_check.md").read_text()
    assert page in done.stdout
    for family in ("gan", "dgn"):
        assert results["parity"][family]["differences"]["d_r1" if family == "gan" else "loss"] == 0
        assert results["training"][family]["validation_fd"] > 0
        assert f"| {family} | 20 |" in page
