"""Whatever is damaged is named, and nothing else."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import BIN
from tests.verification.conftest import FIGURES, MODELS, PHOTOS, STAGES, UNREGISTERED
from whichgen.errors import WhichgenError
from whichgen.tracking.settings import load_settings
from whichgen.tracking.store import open_store
from whichgen.verification.verify import Verification, verify

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning"),  # in DVC itself
]

FLIPS = 100
PLACES = {
    "cache": ".dvc/cache/files/md5/??/*",
    "workspace": "data/0[58]*/**/*.*",
    "raw data": f"{PHOTOS}/**/*.png",
    "checkpoints": f"{MODELS}/*/*/checkpoints/*/step_*.pt",
    "models": "mlruns/models/*/artifacts/**/*",
}
PACKED = STAGES["data@digits"][0]
WEIGHTS, RECORD = STAGES["gan@digits-gan-0"]


@contextmanager
def altered(path: Path, content: bytes | None) -> Iterator[None]:
    """The file with other bytes, or none, and its old times, as a failing disk would have it."""
    former, status = path.read_bytes(), path.stat()
    path.chmod(0o644)
    path.unlink() if content is None else path.write_bytes(content)
    os.utime(path.parent if content is None else path, ns=(status.st_atime_ns, status.st_mtime_ns))
    try:
        yield
    finally:
        path.write_bytes(former)
        path.chmod(status.st_mode)


def flipped(content: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(content))
    return content[:at] + bytes([content[at] ^ draw.randrange(1, 256)]) + content[at + 1 :]


def wrong(found: Verification) -> dict[Path, str]:
    return {finding.check.path: finding.state for finding in found.wrong}


def object_of(project: Path, name: str) -> Path:
    """The object in DVC's cache with the bytes of that file."""
    content = (project / name).read_bytes()
    found = [p for p in project.glob(PLACES["cache"]) if p.read_bytes() == content]
    assert len(found) == 1
    return found[0]


def test_what_is_whole_is_told_so_and_what_has_no_hash_is_not_passed(kept: Path) -> None:
    stray = kept / MODELS / "hinge/3/generator.safetensors"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"x")
    try:
        found = verify(kept)
    finally:
        shutil.rmtree(kept / MODELS / "hinge")
    assert {finding.state for finding in found.findings} == {"ok"}
    assert f"{MODELS}/hinge/3: 1 files without a recorded hash" in found.uncovered
    groups = {finding.check.group.split(", m-")[0] for finding in found.findings}
    assert groups >= {
        "the model of digits/gan/0 (whichgen-digits version 1)",
        "the model of digits/gan/7",
    }
    checked = {finding.check.path for finding in found.findings}
    for place, pattern in PLACES.items():
        files = {path for path in kept.glob(pattern) if path.is_file()}
        assert len(files) >= 2, place
        assert files <= checked, place


def test_each_of_a_hundred_flipped_bytes_is_named_and_nothing_else(kept: Path) -> None:
    draw = random.Random(0)
    places = list(PLACES)
    for number in range(FLIPS):
        pattern = PLACES[places[number % len(places)]]
        path = draw.choice(sorted(path for path in kept.glob(pattern) if path.is_file()))
        with altered(path, flipped(path.read_bytes(), draw)):
            assert wrong(verify(kept)) == {path: "differs"}
    assert wrong(verify(kept)) == {}


@pytest.mark.parametrize("where", ["workspace", "cache", "figure", "model", "manifest"])
def test_a_lost_file_is_missing(kept: Path, where: str) -> None:
    path = {
        "workspace": kept / WEIGHTS,
        "cache": object_of(kept, WEIGHTS),
        "figure": kept / PHOTOS / "a/1.png",
        "model": next(kept.glob("mlruns/models/*/artifacts/MLmodel")),
        "manifest": next(kept.glob("mlruns/models/*/artifacts/SHA256SUMS")),
    }[where]
    with altered(path, None):
        assert wrong(verify(kept)) == {path: "missing"}


def test_a_truncated_file_is_told_as_such(kept: Path) -> None:
    path = kept / WEIGHTS
    with altered(path, path.read_bytes()[:-1]):
        assert wrong(verify(kept)) == {path: "truncated"}


def test_what_was_never_fetched_is_not_here_and_not_damaged(kept: Path) -> None:
    with altered(kept / WEIGHTS, None), altered(kept / RECORD, None):
        found = verify(kept)
    assert wrong(found) == {}
    assert list(found.absent) == ["gan-digits-gan-0 in the workspace"]
    assert {f.check.name for f in found.absent.popitem()[1]} == {WEIGHTS, RECORD}


def test_a_folder_whose_list_is_damaged_is_still_checked(kept: Path) -> None:
    lists = [path for path in kept.glob(PLACES["cache"]) if path.suffix == ".dir"]
    listing = next(path for path in lists if b"fd.png" in path.read_bytes())
    with altered(listing, listing.read_bytes()[:-3]), altered(kept / FIGURES / "fd.png", b"no"):
        assert wrong(verify(kept)) == {listing: "differs", kept / FIGURES: "differs"}


def test_only_one_dataset_is_looked_at(kept: Path) -> None:
    in_cache = object_of(kept, PACKED)
    with altered(kept / PACKED, b"no"), altered(in_cache, b"no"):
        assert wrong(verify(kept, "photos")) == {}
        assert wrong(verify(kept, "digits")) == dict.fromkeys(
            (kept / PACKED, in_cache), "truncated"
        )
    with pytest.raises(WhichgenError, match="--dataset: nothing here is of cats"):
        verify(kept, "cats")


def test_objects_of_former_revisions_are_checked(kept: Path) -> None:
    former = kept / ".dvc/cache/files/md5/01/23456789abcdef0123456789abcdef"
    former.parent.mkdir()
    former.write_bytes(b"other bytes")
    try:
        (finding,) = verify(kept).wrong
    finally:
        shutil.rmtree(former.parent)
    assert (finding.check.path, finding.state) == (former, "differs")
    assert "not of this revision" in finding.remedy


def test_the_model_of_a_deleted_run_is_no_more_looked_at(kept: Path) -> None:
    store = open_store(kept, load_settings(kept))
    (run,) = store.find_runs({"whichgen.cell": "/".join(map(str, UNREGISTERED))})
    model = store.client.get_logged_model(run.outputs.model_outputs[0].model_id)
    path = Path(model.artifact_location.removeprefix("file://")) / "MLmodel"
    with altered(path, b"no"):
        assert wrong(verify(kept)) == {path: "differs"}
        store.client.delete_run(run.info.run_id)
        try:
            assert wrong(verify(kept)) == {}
        finally:
            store.client.restore_run(run.info.run_id)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "where"),
    [(f"{PHOTOS}/b/1.png", "workspace"), (WEIGHTS, "cache"), (WEIGHTS, "model")],
)
def test_the_command_told_brings_the_file_back(kept: Path, name: str, where: str) -> None:
    weights = kept.glob("mlruns/models/*/artifacts/artifacts/generator.safetensors")
    model = next(path for path in weights if path.read_bytes() == (kept / WEIGHTS).read_bytes())
    path = {"workspace": kept / name, "cache": object_of(kept, name), "model": model}[where]
    former = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(flipped(former, random.Random(1)))
    said = run(kept, "whichgen", "verify")
    assert said.returncode == 1, said.stdout + said.stderr
    lines = [line for line in said.stdout.splitlines() if "should be" in line]
    assert [line.split(":")[0] for line in lines] == [path.relative_to(kept).as_posix()]
    restored = run(kept, "sh", "-c", lines[0].split("; ", 1)[1])
    assert restored.returncode == 0, restored.stderr
    assert path.read_bytes() == former
    assert wrong(verify(kept)) == {}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
