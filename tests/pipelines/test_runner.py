"""Which nodes run: those of the named pipeline, and before them only what is missing."""

import itertools
import os

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro_datasets.json import JSONDataset

from whichgen.pipeline_registry import register_pipelines
from whichgen.runner import ReusingRunner


def identity(x):
    return x


@pytest.fixture
def chain():
    """a → b (kept) → c (in memory) → d (kept), each node tagged with its output."""
    names = ["a", "b", "c", "d"]
    return Pipeline([node(identity, i, o, name=o, tags=[o]) for i, o in itertools.pairwise(names)])


def nodes_run(chain, tmp_path, named, there):
    for name in there:
        (tmp_path / f"{name}.json").write_text("1")
    catalog = DataCatalog(
        {"a": MemoryDataset(1)}
        | {name: JSONDataset(filepath=str(tmp_path / f"{name}.json")) for name in "bd"}
    )
    needed = ReusingRunner(frozenset(named)).needed(chain, catalog)
    return {n.name for n in needed.nodes}


def test_what_is_missing_is_made(chain, tmp_path):
    assert nodes_run(chain, tmp_path, {"d"}, []) == {"b", "c", "d"}


def test_what_is_there_is_reused_and_what_lives_in_memory_is_made_again(chain, tmp_path):
    assert nodes_run(chain, tmp_path, {"d"}, ["b"]) == {"c", "d"}


def test_the_named_nodes_run_even_if_their_files_are_there(chain, tmp_path):
    assert nodes_run(chain, tmp_path, {"b"}, ["b", "d"]) == {"b"}


def test_every_pipeline_starts_from_parameters_raw_files_and_what_is_there():
    pipelines = register_pipelines()
    assert {"data", "gan", "dgn", "evaluation", "comparison", "__default__"} <= set(pipelines)
    for pipeline in pipelines.values():
        free = {name for name in pipeline.inputs() if not name.startswith("params:")}
        folders = {f"{f}_{kind}_folder" for f in ("gan", "dgn") for kind in ("live", "checkpoints")}
        folders |= {"raw_folder", "packed_folder"}
        assert free <= {"every_cell", "every_verdict"} | folders


def test_a_session_leaves_gits_index_alone(fresh_project):
    """Git's status refreshes the index under a lock, which stays if the run is killed meanwhile."""
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (("init", "-q"), ("add", "README.md"), (*identity, "commit", "-qm", "start")):
        fresh_project.run("git", *command)
    index, readme = fresh_project.path(".git/index"), fresh_project.path("README.md")
    os.utime(readme, (1, 1))  # as it is, but by its time it may have changed
    before = index.read_bytes()
    fresh_project.run("kedro", "run", "--pipelines=data", "--params", "dataset=digits")
    assert index.read_bytes() == before
    fresh_project.run("git", "status", "--short")
    assert index.read_bytes() != before  # what a run would have done
