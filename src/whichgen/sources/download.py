"""One file from the network, whole and checked, or not at all."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from whichgen.errors import WhichgenError

_CHUNK_BYTES = 1 << 20
_TIMEOUT_SECONDS = 30.0


def fetch(url: str, target: Path, *, max_bytes: int, check: Callable[[Path], object]) -> None:
    """Downloads `url` to `target`, making the folder if need be.

    The bytes go to a hidden file beside the target, which takes the target's name only once
    `check` has passed; whatever fails, nothing is left behind.

    Args:
        url: where the file is.
        target: where it goes; replaced if there.
        max_bytes: more than this is refused.
        check: gets the path of the complete file, and raises if it isn't the right one.

    Raises:
        WhichgenError: not reachable, refused, too large, or not writable here.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _copy(url, partial, max_bytes)
            check(partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # it holds the connection
        raise WhichgenError(f"can't fetch {url} to {target} ({error})") from error


def _copy(url: str, partial: Path, max_bytes: int) -> None:
    with (
        urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response,
        partial.open("wb") as file,
    ):
        while chunk := response.read(_CHUNK_BYTES):
            if file.tell() + len(chunk) > max_bytes:
                raise WhichgenError(f"{url} sends more than the {max_bytes} bytes allowed")
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
