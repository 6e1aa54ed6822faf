"""Images in a folder, a zip or a tar, read without a byte of them written anywhere."""

import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from whichgen.datasets.incoming import (
    MAX_BYTES,
    MAX_FILES,
    MAX_RATIO,
    MAX_TOTAL_BYTES,
    RATIO_COUNTS_FROM,
    Found,
    Incoming,
    Refused,
    one_line,
    printable,
)
from whichgen.datasets.layout import is_hidden, types_by_path
from whichgen.errors import WhichgenError

DAMAGED = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, tarfile.TarError, zlib.error,
           lzma.LZMAError)  # fmt: skip
LINK = "is a link (links are not followed; put a copy in its place)"
TOO_LARGE = f"is too large: more than {MAX_BYTES} bytes"
Read = Callable[[], bytes]
"""At most MAX_BYTES + 1 bytes of one file."""


def read_folder(folder: Path) -> Incoming:
    """The files below the folder, by name; links are refused, hidden files passed over."""
    files: dict[PurePosixPath, Read | str] = {}
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted([*names, *(f for f in folders if (Path(parent) / f).is_symlink())]):
            path = Path(parent) / name
            _add(files, PurePosixPath(path.relative_to(folder).as_posix()), _file(path), folder)
    return _found(files)


def read_zip(path: Path) -> Incoming:
    """The files in the zip archive.

    Raises:
        WhichgenError: if it is none, or would unpack to too much.
    """
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise WhichgenError(f"{path}: can't be read as a zip archive ({one_line(error)})") from None
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _check_size(path, sum(info.file_size for info in infos))
        files: dict[PurePosixPath, Read | str] = {}
        for info in infos:
            _add(files, PurePosixPath(info.filename), _zipped(archive, info), path)
        yield from _found(files)


def read_tar(path: Path) -> Incoming:
    """The files in the tar archive, whatever it is compressed with.

    Raises:
        WhichgenError: if it is none or damaged, or would unpack to too much.
    """
    try:
        with tarfile.open(path) as archive:
            files: dict[PurePosixPath, Read | str] = {}
            total = 0
            for member in archive:
                total += member.size
                _check_size(path, total)
                if not member.isdir():
                    _add(files, PurePosixPath(member.name), _tarred(archive, member), path)
            yield from _found(files)
    except DAMAGED as error:
        raise WhichgenError(f"{path}: can't be read as a tar archive ({one_line(error)})") from None


def _found(files: Mapping[PurePosixPath, Read | str]) -> Incoming:
    good = [path for path, read in files.items() if not isinstance(read, str)]
    types = types_by_path(good)
    for path, read in files.items():
        origin = printable(str(path))
        if isinstance(read, str):
            yield Refused(origin, read)
        elif isinstance(type_ := types[path], Refused):
            yield type_
        else:
            yield _outcome(origin, type_, _attempt(read))


def _outcome(origin: str, type_: str | None, content: bytes | str) -> Found | Refused:
    if isinstance(content, str):
        return Refused(origin, content)
    return Found(origin, type_, content)


def read_one(path: Path) -> bytes | str:
    """The content of a plain file, or why it can't be had."""
    try:
        read = _file(path)
    except FileNotFoundError:
        return "is not there"
    return read if isinstance(read, str) else _attempt(read)


def _attempt(read: Read) -> bytes | str:
    try:
        content = read()
    except PermissionError:
        return "can't be read: no permission"
    except DAMAGED as error:
        return f"can't be read ({one_line(error)})"
    return TOO_LARGE if len(content) > MAX_BYTES else content


def _add(
    files: dict[PurePosixPath, Read | str], name: PurePosixPath, read: Read | str, where: Path
) -> None:
    """Put the file among the others, unless it is hidden; a string says why it is refused."""
    if is_hidden(name):
        return
    if name.is_absolute() or ".." in name.parts or "\\" in str(name) or not name.parts:
        read = "has a name that leads out of the archive"
    files[name] = read
    if len(files) > MAX_FILES:
        raise WhichgenError(f"{where}: more than {MAX_FILES} files; whichgen takes no more")


def _check_size(path: Path, unpacked: int) -> None:
    packed = path.stat().st_size
    if unpacked > MAX_TOTAL_BYTES:
        raise WhichgenError(f"{path}: unpacks to more than {MAX_TOTAL_BYTES} bytes; split it")
    if unpacked > max(RATIO_COUNTS_FROM, MAX_RATIO * packed):
        raise WhichgenError(
            f"{path}: unpacks to more than {MAX_RATIO} times its size, as no images do; "
            "if they are real, unpack it and give the folder"
        )


def _file(path: Path) -> Read | str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return LINK
    return (lambda: _read(path)) if stat.S_ISREG(mode) else "is not a plain file"


def _read(path: Path) -> bytes:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read(MAX_BYTES + 1)


def _zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Read | str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return LINK
    if info.flag_bits & 1:
        return "is encrypted"

    def read() -> bytes:
        with archive.open(info) as file:
            return file.read(MAX_BYTES + 1)

    return read


def _tarred(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Read | str:
    if member.issym() or member.islnk():
        return LINK
    if not member.isreg():
        return "is not a plain file"

    def read() -> bytes:
        file = archive.extractfile(member)
        assert file is not None  # it is a regular file
        with file:
            return file.read(MAX_BYTES + 1)

    return read
