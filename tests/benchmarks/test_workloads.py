"""What a benchmark says of a dataset that it cannot use."""

import pytest

from benchmarks.workloads import load_workload


def test_a_dataset_that_is_not_there_ends_with_one_line():
    with pytest.raises(SystemExit, match=r"--dataset: .*'mnist' is not one of .*digits"):
        load_workload("mnist")
