"""The images of a dataset, read to be looked at or to be compared with another version."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from PIL import Image

from whichgen.datasets.drift import compare_versions
from whichgen.datasets.inventory import raw_files
from whichgen.datasets.packed_data import PackedData
from whichgen.datasets.versions import RAW, fetch_version
from whichgen.errors import WhichgenError
from whichgen.forms import Form, form_of, measure_form
from whichgen.grids import png_bytes
from whichgen.parameters import Dataset, Parameters
from whichgen.sources import LabelledImages, load_source
from whichgen.sources.decoding import FORMATS

COLUMNS = 10
COMMONEST = 5  # sizes


def read_raw(project: Path, name: str, dataset: Dataset) -> LabelledImages:
    """The images of the dataset as its source gives them."""
    source = dataset.source
    return load_source(source.name, project / RAW / name, source.arguments(), dataset.modality)


def sizes(project: Path, name: str) -> list[tuple[tuple[int, int], int]]:
    """The commonest (width, height) of the image files in the raw folder, and how many have it."""
    found: Counter[tuple[int, int]] = Counter()
    for path in raw_files(project, name):
        try:
            with Image.open(project / RAW / name / path, formats=FORMATS) as image:
                found[image.size] += 1
        except OSError:  # no image: the packed files of a source of its own
            continue
    return found.most_common(COMMONEST)


def form(images: LabelledImages, dataset: Dataset) -> Form:
    """The form of samples as their source gives them."""
    return form_of(measure_form(dataset.modality, images.images))


def contact_sheet(images: LabelledImages, dataset: Dataset) -> bytes:
    """A PNG of the first samples of each type, ten where each has a place, or of the first ones."""
    drawn = form(images, dataset)
    if images.labels is None:
        chosen = images.images[: drawn.capacity(COLUMNS, COLUMNS)]
        return png_bytes(drawn.picture(chosen, COLUMNS))
    return png_bytes(drawn.picture_by_type(images.images, images.labels, COLUMNS))


def judged(project: Path, name: str) -> bool:
    """Whether the dataset was packed and has a judge."""
    try:
        PackedData(project, name)
    except WhichgenError:
        return False
    return True


def drift_between(
    project: Path, name: str, ends: tuple[str, str | None], parameters: Parameters
) -> tuple[float, float]:
    """`compare_versions` of two revisions of git, the second being None for the files."""
    dataset = parameters.datasets[name]
    source = dataset.source
    versions = []
    with tempfile.TemporaryDirectory() as temporary:
        for i, revision in enumerate(ends):
            folder = project / RAW / name
            if revision is not None:
                folder = Path(temporary) / str(i)
                fetch_version(project, name, revision, folder)
            versions.append(load_source(source.name, folder, source.arguments(), dataset.modality))
    before, after = versions
    return compare_versions(before, after, PackedData(project, name), parameters.drift)
