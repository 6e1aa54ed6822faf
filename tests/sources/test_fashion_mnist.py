"""Fashion-MNIST: the real files where they are installed, small ones of the same form elsewhere."""

import gzip
import hashlib
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from whichgen.errors import WhichgenError
from whichgen.sources import fashion_mnist
from whichgen.sources.download import fetch
from whichgen.sources.fashion_mnist import FILES, PACKAGE_FOLDER, TYPE_NAMES, load_files
from whichgen.sources.idx import IdxFile

ARRAYS = {
    FILES[0].name: np.arange(5 * 28 * 28).reshape(5, 28, 28) % 251,
    FILES[1].name: np.array([9, 0, 0, 3, 1]),
    FILES[2].name: np.arange(2 * 28 * 28).reshape(2, 28, 28) % 241,
    FILES[3].name: np.array([9, 2]),
}


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


SMALL = tuple(
    IdxFile(name, array.shape, hashlib.sha256(idx_bytes(array)).hexdigest())
    for name, array in ARRAYS.items()
)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A folder with the four small files."""
    folder = tmp_path / "full"
    folder.mkdir()
    for name, array in ARRAYS.items():
        (folder / name).write_bytes(gzip.compress(idx_bytes(array)))
    return folder


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url(full: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The folder `full` over HTTP on this machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = partial(QuietHandler, directory=str(full))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.skipif(not PACKAGE_FOLDER.is_dir(), reason="needs Debian's dataset-fashion-mnist")
def test_the_real_files(tmp_path: Path) -> None:
    data = fashion_mnist.load(tmp_path)
    assert data.images.shape == (70_000, 1, 28, 28)
    assert data.images.dtype == np.uint8
    assert data.labels is not None
    assert data.labels.dtype == np.int64
    assert data.given_split is not None
    assert data.type_names == TYPE_NAMES
    for split, each in (("train", 6000), ("test", 1000)):
        counts = np.bincount(data.labels[data.given_split == split])
        np.testing.assert_array_equal(counts, np.full(10, each))
    # both lists famously begin with an ankle boot
    assert data.labels[0] == data.labels[60_000] == TYPE_NAMES.index("Ankle boot")
    assert data.origins[59_999:60_001] == ("train-images[59999]", "t10k-images[0]")
    assert list(tmp_path.iterdir()) == []


def test_small_files_come_back_in_order(full: Path, tmp_path: Path) -> None:
    data = load_files(full, files=SMALL, package=tmp_path / "none", url="http://127.0.0.1:1")
    expected = np.concatenate([ARRAYS[FILES[0].name], ARRAYS[FILES[2].name]])[:, None]
    np.testing.assert_array_equal(data.images, expected)
    np.testing.assert_array_equal(data.labels, [9, 0, 0, 3, 1, 9, 2])
    np.testing.assert_array_equal(data.given_split, ["train"] * 5 + ["test"] * 2)
    assert data.origins[4:6] == ("train-images[4]", "t10k-images[0]")


def test_the_packages_folder_comes_after_raw(full: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    nowhere = "http://127.0.0.1:1"
    data = load_files(raw, files=SMALL, package=full, url=nowhere)
    assert len(data.images) == 7
    assert list(raw.iterdir()) == []
    (raw / FILES[1].name).write_bytes(gzip.compress(b"something else"))
    with pytest.raises(WhichgenError) as caught:
        load_files(raw, files=SMALL, package=full, url=nowhere)
    assert str(caught.value).startswith(f"{raw / FILES[1].name}: not the original file")


def test_a_download_lands_in_raw_and_is_not_repeated(full: Path, url: str, tmp_path: Path) -> None:
    raw = tmp_path / "deep" / "raw"
    first = load_files(raw, files=SMALL, package=tmp_path / "none", url=url)
    assert sorted(path.name for path in raw.iterdir()) == sorted(ARRAYS)
    for name in ARRAYS:
        assert (raw / name).read_bytes() == (full / name).read_bytes()
        (full / name).unlink()
    again = load_files(raw, files=SMALL, package=tmp_path / "none", url=url)
    np.testing.assert_array_equal(first.images, again.images)


def test_a_wrong_checksum_leaves_nothing_behind(full: Path, url: str, tmp_path: Path) -> None:
    (full / FILES[0].name).write_bytes(gzip.compress(idx_bytes(ARRAYS[FILES[0].name] + 1)))
    raw = tmp_path / "raw"
    with pytest.raises(WhichgenError, match="not the original file") as caught:
        load_files(raw, files=SMALL, package=tmp_path / "none", url=url)
    assert FILES[0].name in str(caught.value)
    assert list(raw.iterdir()) == []


def test_without_any_place_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    raw = tmp_path / "raw"
    with ThreadingHTTPServer(("127.0.0.1", 0), QuietHandler) as server:
        closed_port = server.server_port
    with pytest.raises(WhichgenError) as caught:
        load_files(
            raw, files=SMALL, package=tmp_path / "none", url=f"http://127.0.0.1:{closed_port}"
        )
    message = str(caught.value)
    assert "\n" not in message
    assert f"put the four *-ubyte.gz files into {raw}" in message
    assert "install Debian's package dataset-fashion-mnist" in message
    assert "run again with a connection" in message
    assert list(raw.iterdir()) == []


def test_a_file_missing_on_the_server_is_named(full: Path, url: str, tmp_path: Path) -> None:
    (full / FILES[2].name).unlink()
    raw = tmp_path / "raw"
    with pytest.raises(WhichgenError, match="404") as caught:
        load_files(raw, files=SMALL, package=tmp_path / "none", url=url)
    assert f"{url}/{FILES[2].name}" in str(caught.value)
    assert sorted(path.name for path in raw.iterdir()) == sorted(list(ARRAYS)[:2])


def test_more_bytes_than_allowed_are_refused(full: Path, url: str, tmp_path: Path) -> None:
    size = (full / FILES[0].name).stat().st_size
    target = tmp_path / "raw" / "x.gz"
    with pytest.raises(WhichgenError, match=f"more than the {size - 1} bytes allowed"):
        fetch(f"{url}/{FILES[0].name}", target, max_bytes=size - 1, check=lambda path: None)
    assert list(target.parent.iterdir()) == []
    fetch(f"{url}/{FILES[0].name}", target, max_bytes=size, check=lambda path: None)
    assert target.stat().st_size == size


def test_a_place_that_cannot_be_written_is_named(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    raw = tmp_path / "file" / "raw"
    with pytest.raises(WhichgenError, match=str(raw)):
        load_files(raw, files=SMALL, package=tmp_path / "none", url=url)
