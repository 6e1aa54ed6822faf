"""Incoming images into a folder of one form: a folder per type, files named by their content."""

import hashlib
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from whichgen.datasets.incoming import MAX_BYTES, Found, Incoming, Refused
from whichgen.sources.decoding import FORMATS, UnusableImageError, decode_image
from whichgen.sources.image_folder import RESOLUTIONS

MAX_PIXELS = 50_000_000  # as `sources.image_folder` allows
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
NAME_DIGITS = 32
LEAST_OF_A_TYPE = 4  # two train, one validates, one tests
USUAL_SIDE = 32  # px, where images have many sizes
NOTE_EVERY = 1000


@dataclass
class Staged:
    """What was put into the folder, and what was not.

    Attributes:
        counts: images by type; the type is None without labels. refused: everything unusable.
        repeated: images left out because the same file was there already, in the same type.
        sides: (width, height) in px, and how many have them. colour: whether any image has colour.
    """

    counts: Counter[str | None] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    repeated: int = 0
    sides: Counter[tuple[int, int]] = field(default_factory=Counter)
    colour: bool = False

    def resolution(self) -> int:
        """The side to resize to: the images' own if it is one and possible, else 32 px at most."""
        (width, height), _ = self.sides.most_common(1)[0]
        if len(self.sides) == 1 and width == height and width in RESOLUTIONS:
            return width
        middle = statistics.median(min(size) for size in self.sides.elements())
        return max([r for r in RESOLUTIONS if r <= min(middle, USUAL_SIDE)], default=RESOLUTIONS[0])


def stage(incoming: Incoming, folder: Path, told: Callable[[str], object]) -> Staged:
    """Write every usable image to `folder/type/content.png`, or .jpg or .webp, or without a type.

    `content` is the beginning of the SHA-256 of the file, so the same images give the same folder
    whatever they came in, in whatever order. Each is decoded as it will be for training.

    Args:
        folder: an empty one. told: of how many were seen, from time to time.
    """
    staged = Staged()
    for seen, item in enumerate(incoming, start=1):
        if isinstance(item, Refused):
            staged.refused.append(item)
        else:
            try:
                _stage_one(item, folder, staged)
            except UnusableImageError as reason:
                staged.refused.append(Refused(item.origin, str(reason)))
        if seen % NOTE_EVERY == 0:
            told(f"{seen} images")
    staged.refused += [
        Refused(f"type {name}" if name else "all of it", f"has {n} different images; a split "
                f"needs {LEAST_OF_A_TYPE}")
        for name, n in sorted(staged.counts.items(), key=str) if n < LEAST_OF_A_TYPE
    ]  # fmt: skip
    return staged


def _stage_one(item: Found, folder: Path, staged: Staged) -> None:
    parent = folder / item.type if item.type is not None else folder
    parent.mkdir(exist_ok=True)
    name = hashlib.sha256(item.content).hexdigest()[:NAME_DIGITS]
    part = parent / f".{name}"
    part.write_bytes(item.content)
    least = RESOLUTIONS[0]
    pixels = decode_image(
        part, resolution=least, channels=3, max_pixels=MAX_PIXELS, max_bytes=MAX_BYTES
    )
    with Image.open(part, formats=FORMATS) as image:
        size, suffix = image.size, SUFFIXES[image.format or ""]
    target = part.with_name(name + suffix)
    if target.exists():
        part.unlink()
        staged.repeated += 1
        return
    part.rename(target)
    staged.counts[item.type] += 1
    staged.sides[size] += 1
    staged.colour |= bool((pixels != pixels[:1]).any())
