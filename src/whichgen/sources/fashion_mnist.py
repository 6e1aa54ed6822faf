"""Fashion-MNIST (Xiao et al., 2017, arXiv:1708.07747): 70,000 grey images of 28×28, ten types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from whichgen.errors import WhichgenError
from whichgen.sources.download import fetch
from whichgen.sources.idx import IdxFile, read_idx
from whichgen.sources.images import LabelledImages

TYPE_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
URL = "https://fashion-mnist.s3.eu-central-1.amazonaws.com"
PACKAGE_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # Debian's dataset-fashion-mnist
FILES = (
    IdxFile(
        name="train-images-idx3-ubyte.gz",
        shape=(60_000, 28, 28),
        sha256="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    IdxFile(
        name="train-labels-idx1-ubyte.gz",
        shape=(60_000,),
        sha256="bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    IdxFile(
        name="t10k-images-idx3-ubyte.gz",
        shape=(10_000, 28, 28),
        sha256="5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    IdxFile(
        name="t10k-labels-idx1-ubyte.gz",
        shape=(10_000,),
        sha256="0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
)
_MAX_DOWNLOAD_BYTES = 1 << 26  # the largest of the four has 26 MB


def load(raw: Path) -> LabelledImages:
    """Fashion-MNIST as (70000, 1, 28, 28) uint8, the given training images first.

    Each of the four files is taken from `raw`, else from Debian's package
    dataset-fashion-mnist, else downloaded to `raw`; wherever it is found, its SHA-256 is checked.

    Raises:
        WhichgenError: a file is not the original one, or is nowhere to be had.
    """
    return load_files(raw, files=FILES, package=PACKAGE_FOLDER, url=URL)


def load_files(raw: Path, *, files: tuple[IdxFile, ...], package: Path, url: str) -> LabelledImages:
    """`load` with the places and the files it looks for.

    Args:
        raw: the folder looked in first, and downloaded to.
        files: training images, training labels, test images, test labels.
        package: the folder looked in next.
        url: the web address, without a slash at its end, that the files' names are added to.
    """
    arrays = [_obtain(raw, file, package=package, url=url) for file in files]
    train_images, train_labels, test_images, test_labels = arrays
    counts = (len(train_images), len(test_images))
    return LabelledImages(
        images=np.concatenate([train_images, test_images])[:, None],
        labels=np.concatenate([train_labels, test_labels]).astype(np.int64),
        type_names=TYPE_NAMES,
        origins=tuple(
            f"{part}-images[{i}]"
            for part, count in zip(("train", "t10k"), counts, strict=True)
            for i in range(count)
        ),
        given_split=np.repeat(["train", "test"], counts),
    )


def _obtain(raw: Path, file: IdxFile, *, package: Path, url: str) -> npt.NDArray[np.uint8]:
    target = raw / file.name
    try:
        for path in (target, package / file.name):
            if path.exists():
                return read_idx(path, file)
    except PermissionError as error:
        raise WhichgenError(f"{path.parent}: no permission to read this folder") from error
    try:
        fetch(
            f"{url}/{file.name}",
            target,
            max_bytes=_MAX_DOWNLOAD_BYTES,
            check=lambda path: read_idx(path, file),
        )
    except WhichgenError as error:
        raise WhichgenError(
            f"fashion_mnist: {error}. Three ways out: put the four *-ubyte.gz files into {raw},"
            " or install Debian's package dataset-fashion-mnist, or run again with a connection"
        ) from error
    return read_idx(target, file)
