"""What the shards hold, and that a folder is the same however often its drawing was broken off."""

import errno
import hashlib
import io
import json
import tarfile
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.shards.conftest import PLAN, contents, drawn
from whichgen.errors import WhichgenError
from whichgen.networks import Generator
from whichgen.shards import write_shards
from whichgen.shards.manifest import sole_writer

FORMS = ["parquet", "webdataset"]


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture)


def rows_of_parquet(path: Path) -> list[tuple[str, np.ndarray, int]]:
    rows = pq.read_table(path).to_pylist()
    return [(r["image"]["path"], pixels(r["image"]["bytes"]), r["label"]) for r in rows]


def rows_of_tar(path: Path) -> list[tuple[str, np.ndarray, int]]:
    with tarfile.open(path) as tar:
        members = tar.getmembers()
        content = {m.name: tar.extractfile(m).read() for m in members}  # type: ignore[union-attr]
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, 0, "", "")}
    names = [name for name in content if name.endswith(".png")]
    return [(n, pixels(content[n]), int(content[n.replace(".png", ".cls")])) for n in names]


def test_both_formats_hold_the_same_images_in_order(generator: Generator, tmp_path: Path) -> None:
    for form in FORMS:
        assert drawn(generator, replace(PLAN, form=form), tmp_path / form) == 1300
    parquet = [rows_of_parquet(p) for p in sorted((tmp_path / "parquet").glob("*.parquet"))]
    tar = [rows_of_tar(p) for p in sorted((tmp_path / "webdataset").glob("*.tar"))]
    assert [len(shard) for shard in parquet] == [600, 600, 100]
    flat, other = list(chain(*parquet)), list(chain(*tar))
    assert [name for name, _, _ in flat] == [f"{i:09d}.png" for i in range(1300)]
    for (name, image, kind), (name2, image2, kind2) in zip(flat, other, strict=True):
        assert (name, kind) == (name2, kind2)
        np.testing.assert_array_equal(image, image2)
    shares = np.bincount([kind for _, _, kind in flat]) / 1300
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=0.05)
    assert len({image.tobytes() for _, image, _ in flat}) == 1300
    metadata = pq.read_schema(tmp_path / "parquet/shard-000000.parquet").metadata
    features = json.loads(metadata[b"huggingface"])["info"]["features"]
    assert features["label"] == {"names": ["a", "b", "c"], "_type": "ClassLabel"}


def test_one_type_and_no_types(generator: Generator, tmp_path: Path) -> None:
    drawn(generator, replace(PLAN, type_=2), tmp_path / "one")
    kinds = {
        k for path in (tmp_path / "one").glob("*.parquet") for _, _, k in rows_of_parquet(path)
    }
    assert kinds == {2}
    drawn(generator, replace(PLAN, type_names=()), tmp_path / "none")
    assert pq.read_schema(tmp_path / "none/shard-000000.parquet").names == ["image"]


@pytest.mark.parametrize("form", FORMS)
def test_the_manifest_holds_the_hash_of_every_shard(
    generator: Generator, tmp_path: Path, form: str
) -> None:
    drawn(generator, replace(PLAN, form=form), tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    files = {p.name for p in tmp_path.iterdir()} - {"manifest.json"}
    assert {shard["file"] for shard in manifest["shards"]} == files
    assert [shard["images"] for shard in manifest["shards"]] == [600, 600, 100]
    for shard in manifest["shards"]:
        content = (tmp_path / shard["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == shard["sha256"]


@pytest.mark.parametrize("form", FORMS)
def test_only_what_is_missing_or_changed_is_drawn_again(
    generator: Generator, tmp_path: Path, form: str
) -> None:
    plan = replace(PLAN, form=form)
    drawn(generator, plan, tmp_path)
    whole = contents(tmp_path)
    assert drawn(generator, plan, tmp_path) == 0
    _, second, third = (tmp_path / name for name in sorted(whole) if name.startswith("shard"))
    second.unlink()
    (tmp_path / f"{second.name}.part").write_bytes(b"half")
    assert drawn(generator, plan, tmp_path) == 600
    assert contents(tmp_path) == whole
    flipped = bytearray(third.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    third.write_bytes(flipped)
    assert drawn(generator, plan, tmp_path) == 100
    assert contents(tmp_path) == whole


@pytest.mark.parametrize(
    "change",
    [
        {"n": 1301}, {"shard_size": 601}, {"latent_seed": 1}, {"type_": 0}, {"truncation": 0.5},
        {"weights": "1"}, {"form": "webdataset"},
    ],
)  # fmt: skip
def test_other_settings_do_not_go_on_in_the_same_folder(
    generator: Generator, tmp_path: Path, change: dict[str, object]
) -> None:
    small = replace(PLAN, n=20, shard_size=10)
    drawn(generator, small, tmp_path)
    before = contents(tmp_path)
    key = {"type_": "type", "form": "format"}.get(*change, next(iter(change)))
    with pytest.raises(WhichgenError, match=rf"of other settings, (n: .*)?{key}: "):
        drawn(generator, replace(small, **change), tmp_path)  # type: ignore[arg-type]
    assert contents(tmp_path) == before


def test_a_folder_of_other_files_and_a_broken_manifest_are_left_alone(
    generator: Generator, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(WhichgenError, match="holds other files; name a new or empty folder"):
        drawn(generator, PLAN, tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(WhichgenError, match=r"manifest.json: not a manifest of shards"):
        drawn(generator, PLAN, tmp_path)
    assert sorted(contents(tmp_path)) == ["manifest.json", "thesis.txt"]


def test_a_second_process_is_refused(generator: Generator, tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    with sole_writer(folder), pytest.raises(WhichgenError, match="another process is writing"):
        drawn(generator, PLAN, folder)
    assert drawn(generator, PLAN, folder) == 1300


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_keeps_what_is_finished_and_is_gone_on_from(
    generator: Generator, tmp_path: Path, form: str
) -> None:
    plan = replace(PLAN, form=form)
    drawn(generator, plan, tmp_path / "whole")
    names = sorted(contents(tmp_path / "whole"))
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / f"{names[2]}.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as raised:
        write_shards(generator, plan, folder, lambda n, before: None)
    assert raised.value.errno == errno.ENOSPC
    assert sorted(contents(folder)) == names[:2]
    assert drawn(generator, plan, folder) == 700
    assert contents(folder) == contents(tmp_path / "whole")
