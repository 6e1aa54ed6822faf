"""What readers of foreign files give: an image's bytes with its type, or why it is refused."""

from collections.abc import Iterator
from dataclasses import dataclass

MAX_FILES = 200_000  # as `sources.image_folder` allows
MAX_BYTES = 1 << 26  # of one image's file, likewise
MAX_TOTAL_BYTES = 1 << 36  # of all, unpacked
MAX_RATIO = 200  # unpacked to packed; images are packed already
RATIO_COUNTS_FROM = 1 << 26  # bytes unpacked: a small archive may be as dense as it likes
MAX_NAME = 100


@dataclass(frozen=True)
class Found:
    """An image file's content. origin: where it was, for a message. type: None without labels."""

    origin: str
    type: str | None
    content: bytes


@dataclass(frozen=True)
class Refused:
    """Something that is not imported. reason: the end of a sentence that begins with `origin`."""

    origin: str
    reason: str


Incoming = Iterator[Found | Refused]


def name_problem(name: str) -> str | None:
    """Why a type can't have this name, which will be a folder's; None if it can."""
    if not name or name != name.strip() or not name.isprintable():
        return "is empty, begins or ends with a space, or holds characters that don't print"
    if name.startswith(".") or "/" in name or "\\" in name:
        return "begins with a dot or holds a slash"
    if len(name.encode("utf-8", "surrogateescape")) > MAX_NAME:
        return f"is longer than {MAX_NAME} bytes"
    return None


def one_line(error: BaseException) -> str:
    """What an error of a library says, without line breaks."""
    return " ".join(printable(word) for word in str(error).split())


def printable(name: str) -> str:
    """The name with whatever does not print written out."""
    shown = name.encode("utf-8", "backslashreplace").decode()
    return shown if shown.isprintable() else ascii(shown)[1:-1]
