"""Each fault of a generator moves the metrics that it should, and no others."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UP, DOWN = "↑", "↓"
FURTHER = dict.fromkeys(("fd", "fd_infinity", "kid", "c2st"), UP)
UNCOVERED = dict.fromkeys(("recall", "coverage", "clipped_coverage"), DOWN)
ALIKE = dict.fromkeys(("vendi", "vendi_ratio"), DOWN)
EXPECTED = {
    "collapse": {**FURTHER, **UNCOVERED, **ALIKE, "gan_train": DOWN},
    "mode drop": {**FURTHER, **UNCOVERED, **ALIKE, "gan_train": DOWN},
    "type drop": {
        **FURTHER, **UNCOVERED, **ALIKE, "gan_train": DOWN,
        "types_covered": DOWN, "types_kl": UP, "type_agreement": DOWN, "gan_test": DOWN,
    },
    "noise": {
        **FURTHER, "precision": DOWN, "density": DOWN, "clipped_density": DOWN,
        "coverage": DOWN, "clipped_coverage": DOWN,
        "recall": UP,  # the balls of scattered images are large
        "vendi": UP, "vendi_ratio": UP, "gan_test": DOWN, "auth_pct": UP, "c_t": UP,
    },
    "copying": {"memorisation": UP, "auth_pct": DOWN, "c_t": DOWN},
    "shrinking": {
        "fd": UP, "fd_infinity": UP, "c2st": UP, "recall": DOWN, **ALIKE,
        "precision": UP, "density": UP, "coverage": UP,  # all lie where the data are dense
        "auth_pct": DOWN, "c_t": DOWN,  # taken for copying; the share of memorisation is not
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def benchmark():
    """The command that makes the table of docs/metrics.md."""
    path = ROOT / "benchmarks/metric_truths.py"
    spec = importlib.util.spec_from_file_location("metric_truths", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_a_fault_moves_what_it_should_and_the_table_in_the_docs_says_so(benchmark):
    table = benchmark.moves()
    found = {
        fault: {name: row[fault] for name, row in table.items() if row[fault] != benchmark.STILL}
        for fault in benchmark.FAULTS
    }
    assert found == EXPECTED
    assert benchmark.markdown(table) in (ROOT / "docs/metrics.md").read_text()
