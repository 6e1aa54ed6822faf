"""`whichgen sample` to shards, killed again and again, ends in the bytes of an unbroken run."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.shards.conftest import contents
from tests.untrained import write_untrained

pytestmark = pytest.mark.slow
COMMAND = (
    "whichgen", "sample", "--recipe", "dgn", "--dataset", "digits", "--n", "20000",
    "--shard-size", "2500", "--out",
)  # fmt: skip


def kill_when(project: Project, out: Path, form: str, ready: Callable[[], bool]) -> None:
    process = project.start(*COMMAND, str(out), "--format", form)
    while process.poll() is None and not ready():
        time.sleep(0.002)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGKILL)
    process.communicate()


def names(out: Path, ending: str) -> set[str]:
    return {path.name for path in out.glob(f"*{ending}")}


@pytest.mark.parametrize(("form", "ending"), [("parquet", ".parquet"), ("webdataset", ".tar")])
def test_killed_at_several_moments_it_ends_in_the_same_bytes(tmp_path, form, ending):
    project = Project(tmp_path)
    write_untrained(project.path("data/06_models/digits/dgn/0"))
    whole, out = tmp_path / "whole", tmp_path / "killed"
    project.run(*COMMAND, str(whole), "--format", form)

    kill_when(project, out, form, lambda: (out / "manifest.json").exists())
    kill_when(project, out, form, lambda: bool(names(out, f"{ending}.part")))
    kill_when(project, out, form, lambda: len(names(out, ending)) >= 2)
    finished = {path: path.stat().st_mtime_ns for path in out.glob(f"*{ending}")}
    kill_when(
        project, out, form,
        lambda: len(names(out, ending)) >= 5
        and any(part.stat().st_size > 10_000 for part in out.glob(f"*{ending}.part")),
    )  # fmt: skip
    kept = sorted(finished)[:-1]  # the last one's line in the manifest may not have been written
    assert [path.stat().st_mtime_ns for path in kept] == [finished[path] for path in kept]
    assert contents(out) != contents(whole)

    done = project.run(*COMMAND, str(out), "--format", form)
    assert contents(out) == contents(whole)
    assert "20,000 images in 8 shards" in done.stdout
