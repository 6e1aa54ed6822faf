"""The SHA-256 of every file of a folder, in a file that `sha256sum --check` reads too."""

import hashlib
from pathlib import Path

MANIFEST = "SHA256SUMS"
MANIFEST_TAG = "whichgen.sha256sums"


def write_manifest(folder: Path) -> str:
    """Write `SHA256SUMS` into the folder, over all that is in it.

    Returns:
        The SHA-256 of `SHA256SUMS` itself, to be kept elsewhere.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    content = "".join(lines).encode()
    (folder / MANIFEST).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def parse_manifest(content: str) -> dict[str, str]:
    """The SHA-256 by the file's path in the folder.

    Raises:
        ValueError: if a line is not a hash, two spaces and a path.
    """
    lines = [line.split("  ", 1) for line in content.splitlines()]
    return {path: digest for digest, path in lines}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
