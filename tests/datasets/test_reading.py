"""The same images from every form, and what strangers put into their files."""

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.datasets.forms import CLASSES, RNG_SEED, png, write_folder
from whichgen.datasets import archives, tables
from whichgen.datasets.adding import READERS, _names
from whichgen.datasets.archives import read_folder, read_tar, read_zip
from whichgen.datasets.incoming import Found, Refused
from whichgen.datasets.staging import stage
from whichgen.datasets.tables import read_csv, read_npz, read_parquet
from whichgen.errors import WhichgenError


def found(incoming):
    return [(item.type, item.content) for item in incoming if isinstance(item, Found)]


def refused(incoming):
    return {item.origin: item.reason for item in incoming if isinstance(item, Refused)}


def zip_of(path, entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def tar_of(path, entries, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def every_form(folder: Path, images, labels):
    """The same images in each form, each in an order of its own."""
    files = write_folder(folder / "plain", images, labels)
    entries = [(f"top/{name}", path.read_bytes()) for name, path in files.items()]
    yield "folder", read_folder(folder / "plain")
    yield "zip", read_zip(zip_of(folder / "a.zip", entries[::-1]))
    yield "tar", read_tar(tar_of(folder / "a.tar", entries, "w"))
    yield "tar.gz", read_tar(tar_of(folder / "a.tar.gz", entries[::2] + entries[1::2]))
    order = np.random.default_rng(RNG_SEED).permutation(len(images))
    np.savez(folder / "a.npz", images=images[order], labels=labels[order])
    yield "npz", read_npz(folder / "a.npz")
    rows = {"image": [{"bytes": png(image), "path": None} for image in images], "label": labels}
    pd.DataFrame(rows).iloc[::-1].to_parquet(folder / "a.parquet")
    yield "parquet", read_parquet(folder / "a.parquet")
    table = pd.DataFrame(images.reshape(len(images), -1)).assign(label=labels)
    table.iloc[order].to_csv(folder / "pixels.csv", index=False)
    yield "csv of pixels", read_csv(folder / "pixels.csv")
    paths = pd.DataFrame({"path": [f"plain/{name}" for name in files],
                          "label": [name.split("/")[0] for name in files]})  # fmt: skip
    paths.iloc[::-1].to_csv(folder / "paths.csv", index=False)
    yield "csv of paths", read_csv(folder / "paths.csv")


def test_the_same_images_give_the_same_folder_whatever_they_come_in(tmp_path, images, labels):
    results = {}
    for i, (form, incoming) in enumerate(every_form(tmp_path, images, labels)):
        folder = tmp_path / str(i)
        folder.mkdir()
        staged = stage(incoming, folder, lambda _: None)
        assert staged.refused == [], form
        assert dict(staged.counts) == dict.fromkeys(CLASSES, 5), form
        results[form] = {name: (folder / name).read_bytes() for name in _names(folder)}
    assert len(results) == 8
    assert all(result == results["folder"] for result in results.values())
    back = {(str(name.parent), np.asarray(Image.open(io.BytesIO(content))).tobytes())
            for name, content in results["npz"].items()}  # fmt: skip
    assert back == {(label, image.tobytes()) for label, image in zip(labels, images, strict=True)}


def test_every_ending_has_a_reader():
    assert set(READERS.values()) == {read_zip, read_tar, read_npz, read_parquet, read_csv}


def test_a_flat_archive_has_no_types_and_hidden_files_are_passed_over(tmp_path, images):
    entries = [(f"photos/{i}.png", png(image)) for i, image in enumerate(images)]
    junk = [("photos/.DS_Store", b"x"), ("__MACOSX/photos/._0.png", b"x")]
    items = list(read_zip(zip_of(tmp_path / "a.zip", entries + junk)))
    assert found(items) == [(None, content) for _, content in entries]
    assert refused(items) == {}


@pytest.mark.parametrize("write", [zip_of, tar_of])
def test_names_that_lead_out_are_refused_each(tmp_path, images, write):
    content = png(images[0])
    names = ["../a.png", "/etc/b.png", "x/../../c.png", "x/c\\d.png", "ok/e.png", "ok2/e.png"]
    path = write(tmp_path / "a", [(name, content) for name in names])
    items = list((read_zip if write is zip_of else read_tar)(path))
    assert len(found(items)) == 2
    reasons = refused(items)
    assert len(reasons) == 4
    assert set(reasons.values()) == {"has a name that leads out of the archive"}
    assert sorted(os.listdir(tmp_path)) == ["a"]  # noqa: PTH208


def test_links_and_devices_are_refused_each(tmp_path, images):
    folder = tmp_path / "plain"
    write_folder(folder, images, ["a", "b"] * 10)
    (folder / "a/link.png").symlink_to(tmp_path / "secret")
    (folder / "linked").symlink_to(tmp_path)
    os.mkfifo(folder / "b/pipe.png")
    assert refused(read_folder(folder)) == {
        "a/link.png": archives.LINK,
        "linked": archives.LINK,
        "b/pipe.png": "is not a plain file",
    }
    link = zipfile.ZipInfo("a/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = zip_of(tmp_path / "a.zip", [(link, "/etc/passwd"), ("a/1.png", png(images[0]))])
    assert refused(read_zip(path)) == {"a/link.png": archives.LINK}
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in (("s", tarfile.SYMTYPE), ("h", tarfile.LNKTYPE), ("d", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert refused(read_tar(tmp_path / "a.tar")) == {
        "s": archives.LINK, "h": archives.LINK, "d": "is not a plain file",
    }  # fmt: skip


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    zeros = bytes(1 << 20)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(80):
            archive.writestr(f"{i}.png", zeros)
    tar_of(tmp_path / "a.tar.gz", [(f"{i}.png", zeros) for i in range(80)])
    for path, read in ((tmp_path / "a.zip", read_zip), (tmp_path / "a.tar.gz", read_tar)):
        with pytest.raises(WhichgenError, match="unpacks to more than 200 times its size"):
            next(read(path))


def test_too_many_and_too_large_files_are_refused(tmp_path, images, monkeypatch):
    content = png(images[0])
    path = zip_of(tmp_path / "a.zip", [("1.png", content), ("2.png", content + b"x")])
    monkeypatch.setattr(archives, "MAX_BYTES", len(content))
    assert refused(read_zip(path)) == {"2.png": archives.TOO_LARGE}
    monkeypatch.setattr(archives, "MAX_FILES", 1)
    with pytest.raises(WhichgenError, match="more than 1 files"):
        next(read_zip(path))


def test_folders_in_folders_and_files_beside_folders_are_refused_each(tmp_path, images):
    names = ["a/1.png", "b/x/2.png", "3.png"]
    path = zip_of(tmp_path / "a.zip", [(name, png(images[0])) for name in names])
    assert refused(read_zip(path)) == {
        "b/x/2.png": "lies deeper than in a folder per class",
        "3.png": "lies beside the folders of the classes, in none of them",
    }


@pytest.mark.parametrize("read", [read_zip, read_tar, read_npz, read_parquet, read_csv])
def test_a_file_that_is_something_else_is_refused_in_one_line(tmp_path, read):
    path = tmp_path / "a"
    path.write_bytes(b"\xff\xfeno\n" + bytes(range(256)))
    with pytest.raises(WhichgenError) as caught:
        list(read(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damage_inside_a_zip_is_named_by_file(tmp_path, images):
    content = png(images[0])
    path = zip_of(tmp_path / "a.zip", [("good.png", content), ("bad.png", content)])
    raw = path.read_bytes()
    at = raw.rindex(content)
    path.write_bytes(raw[:at] + b"X" + raw[at + 1 :])
    assert list(refused(read_zip(path))) == ["bad.png"]


class Malice:
    def __reduce__(self):
        return os.mkdir, ("executed",)


@pytest.mark.parametrize("key", ["images", "labels"])
def test_a_pickle_in_an_npz_is_never_executed(tmp_path, images, labels, key, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arrays = {"images": images, "labels": labels}
    arrays[key] = np.array([Malice()] * len(images), dtype=object)
    np.savez("a.npz", **arrays)
    with pytest.raises(WhichgenError, match=r"a\.npz: can't be read as npz"):
        list(read_npz(tmp_path / "a.npz"))
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.zeros(3)}, "holds x, but no array `images`"),
        ({"images": np.zeros((4, 8, 8))}, "images are float64 of shape"),
        ({"images": np.zeros((4, 8, 8, 2), np.uint8)}, "neither 1 nor 3 channels"),
        ({"images": np.zeros((4, 8, 8), np.uint8), "labels": np.zeros(3)}, "a label per image"),
    ],
)
def test_wrong_arrays_are_named(tmp_path, arrays, said):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(WhichgenError, match=said):
        list(read_npz(tmp_path / "a.npz"))


def test_colour_arrays_are_taken_with_channels_first_and_last(tmp_path, images):
    colour = np.stack([images, images // 2, images // 3], axis=-1)
    np.savez(tmp_path / "last.npz", images=colour)
    np.savez(tmp_path / "first.npz", images=colour.transpose(0, 3, 1, 2))
    first, last = (found(read_npz(tmp_path / f"{name}.npz")) for name in ("first", "last"))
    assert first == last
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(first[3][1]))), colour[3])


def test_rows_without_a_usable_image_or_label_are_refused_each(tmp_path, images):
    (tmp_path / "ok.png").write_bytes(png(images[0]))
    (tmp_path / "link.png").symlink_to(tmp_path / "ok.png")
    names = ["ok.png", "../x.png", "/etc/passwd", "gone.png", "link.png", "ok.png", "ok.png"]
    labels = ["a", "a", "a", "a", "a", "", "a/b"]
    pd.DataFrame({"path": names, "label": labels}).to_csv(tmp_path / "t.csv", index=False)
    items = list(read_csv(tmp_path / "t.csv"))
    assert len(found(items)) == 1
    reasons = refused(items)
    assert [int(origin[6:-1]) for origin in reasons] == [1, 2, 3, 4, 5, 6]
    for origin, said in (("t.csv[1]", "not beside the table"), ("t.csv[3]", "is not there"),
                         ("t.csv[4]", "by a link"), ("t.csv[5]", "is empty"),
                         ("t.csv[6]", "holds a slash")):  # fmt: skip
        assert said in reasons[origin]


def test_bad_pixels_are_refused_by_row(tmp_path, images):
    table = pd.DataFrame(images.reshape(len(images), -1)).astype(object)
    table.iloc[1, 0], table.iloc[2, 0], table.iloc[3, 0] = 256, "x", 1.5
    table.to_csv(tmp_path / "t.csv", index=False)
    items = list(read_csv(tmp_path / "t.csv"))
    assert set(refused(items)) == {"t.csv[1]", "t.csv[2]", "t.csv[3]"}
    assert len(found(items)) == len(images) - 3


def test_a_table_without_images_says_what_one_needs(tmp_path):
    pd.DataFrame({"name": ["a"], "size": [1]}).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(WhichgenError, match=r"2 columns beside `label`.*a column `image`"):
        list(read_csv(tmp_path / "t.csv"))


def test_a_table_of_too_many_rows_is_refused(tmp_path, monkeypatch, images, labels):
    monkeypatch.setattr(tables, "MAX_FILES", 3)
    rows = {"image": [png(image) for image in images], "label": labels}
    pd.DataFrame(rows).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(WhichgenError, match="20 rows; whichgen takes 3 at most"):
        list(read_parquet(tmp_path / "t.parquet"))
