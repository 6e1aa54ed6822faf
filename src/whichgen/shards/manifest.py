"""`manifest.json`: of which settings the shards of a folder are, and the hash of each."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from whichgen.errors import WhichgenError

NAME, PART = "manifest.json", ".part"


class Manifest:
    """The finished shards of a folder.

    Args:
        settings: of which they must be.

    Raises:
        WhichgenError: if the folder holds shards of other settings, or other files.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.path = folder / NAME
        self._settings = settings
        self._shards: dict[str, dict[str, Any]] = {}
        if self.path.exists():
            self._read()
        elif any(path.suffix != PART for path in folder.iterdir()):
            raise WhichgenError(f"--out: {folder} holds other files; name a new or empty folder")
        else:
            self._write()

    def _read(self) -> None:
        try:
            content = json.loads(self.path.read_text())
            was, shards = content["settings"], content["shards"]
            self._shards = {shard["file"]: shard for shard in shards}
        except (ValueError, KeyError, TypeError):
            raise WhichgenError(
                f"{self.path}: not a manifest of shards; name a new --out"
            ) from None
        differ = [name for name, value in self._settings.items() if was.get(name) != value]
        if differ:
            told = "; ".join(
                f"{k}: {was.get(k)} there, {self._settings[k]} asked for" for k in differ
            )
            raise WhichgenError(
                f"{self.path}: the shards here are of other settings, {told}; go on with those, or "
                "name a new --out"
            )

    def holds(self, name: str) -> bool:
        """Whether the shard of that name is finished, and its bytes are those that were written."""
        path = self.path.with_name(name)
        return (
            name in self._shards and path.exists() and _sha256(path) == self._shards[name]["sha256"]
        )

    def finish(self, part: Path, name: str, n: int) -> None:
        """Give the part that was written its name, and note it: whole or not at all."""
        digest = _sha256(part)
        part.replace(self.path.with_name(name))
        self._shards[name] = {"file": name, "images": n, "sha256": digest}
        self._write()

    def _write(self) -> None:
        shards = [self._shards[name] for name in sorted(self._shards)]
        part = self.path.with_name(NAME + PART)
        with part.open("w") as file:
            file.write(json.dumps({"settings": self._settings, "shards": shards}, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Make the folder, and be the only process that writes shards to it.

    Raises:
        WhichgenError: if another one does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WhichgenError(f"--out: another process is writing to {folder}") from None
        yield
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
