"""Real commands that train on two devices, or two nodes, one of them killed."""

import os
import re
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Project, gone
from tests.pipelines.test_kills import Cell, command, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found by Linux's /proc"),
]
TWO = ",devices=2"


@pytest.fixture(scope="module")
def copy(trained_project, tmp_path_factory):
    """Make a project with data, judge and cells of seed 0, to be changed at will."""

    def make():
        folder = tmp_path_factory.mktemp("copy") / "project"
        shutil.copytree(trained_project.folder, folder)
        return Project(folder)

    return make


def ranks(project):
    """The process of each rank that trains in the project, and torchrun's at -1."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            line = (folder / "cmdline").read_text()
            if "whichgen.training." not in line or (folder / "cwd").readlink() != project.folder:
                continue
            rank = re.search(r"\0RANK=(\d+)\0", (folder / "environ").read_text())
        except OSError:  # not ours, or at its end by now
            continue
        found[int(rank[1]) if rank else -1] = int(folder.name)
    return found


def killed(project, cell, which):
    """Start the command, kill the process once it has saved anew; all that is known of its end."""
    before = cell.last_step()
    running = project.start(*command("dgn", more=TWO))
    wait_for("a new checkpoint", lambda: cell.last_step() > before or running.poll() is not None)
    processes = ranks(project)
    assert processes.keys() == {-1, 0, 1}
    struck = processes.get(which, running.pid)
    os.kill(struck, signal.SIGKILL)
    began = time.monotonic()
    wait_for("the end of all", lambda: all(map(gone, processes.values())))
    seconds, errors = time.monotonic() - began, running.communicate()[1]
    return struck, running.returncode, errors, seconds


@pytest.fixture(scope="module")
def by_two_nodes(copy):
    """Both ends of a training by a process on each of two nodes, and the projects."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    projects = [copy(), copy()]
    running = [
        project.start(*command("dgn", more=",nodes=2"), **address, NODE_RANK=str(node))
        for node, project in enumerate(projects)
    ]
    errors = [node.communicate()[1] for node in running]
    assert [node.returncode for node in running] == [0, 0], errors
    return projects, errors


def test_the_first_of_two_nodes_has_the_results(by_two_nodes):
    (first, second), errors = by_two_nodes
    assert not Cell(second, "dgn").folder.exists()
    assert errors[1].strip().endswith("dgn on digits, seed 5: done; the first node has the results")
    measured = (Cell(first, "dgn").folder / "measured.json").read_text()
    assert '"devices": 2' in measured


def test_two_devices_one_killed_then_the_command_killed_end_in_the_bytes_of_two_nodes(
    copy, by_two_nodes
):
    project = copy()
    cell = Cell(project, "dgn")
    pid, code, errors, seconds = killed(project, cell, which=1)
    assert code == 1
    assert seconds < 30
    assert "Traceback" not in errors
    assert errors.strip().splitlines()[-1] == (
        f"Error: dgn on digits, seed 5: rank 1 (process {pid}) was ended by SIGKILL; all of them "
        "are stopped, and the same command goes on from the last checkpoint"
    )
    _, code, errors, _ = killed(project, cell, which="the command")
    assert code == -9
    assert "training goes on at step" in errors
    assert cell.status()["state"] == "stopped"
    done = project.run(*command("dgn", more=TWO))
    assert "training goes on at step" in done.stderr
    assert "encoder: " not in done.stderr
    assert not cell.checkpoints.exists()
    assert cell.results() == Cell(by_two_nodes[0][0], "dgn").results()
