"""Archives and folders from outside: read one file at a time, within limits, nothing written, no link followed (R35).

At most 1,000 entries, 200 MB unpacked, a ratio of 100, archives within archives to a depth of 2.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

MAX_ENTRIES = 1000
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 100
MAX_DEPTH = 2
_SMALL = 1024 * 1024  # below, a high ratio is no harm: a page of blanks has one
_PIECE = 1024 * 1024
_LINE = b"PK\x01\x02"  # how each line of the table of contents begins


class ArchiveError(Exception):
    """Why an archive is not read; `kind` is a code."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Bounds:
    """What is left of the limits while one archive, and those inside it, are read."""

    def __init__(self) -> None:
        self._entries = 0
        self._size = 0

    def entry(self) -> None:
        """Count one entry."""
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            raise ArchiveError("too-many-entries")

    def add(self, size: int) -> None:
        """Count unpacked bytes."""
        self._size += size
        if self._size > MAX_UNPACKED:
            raise ArchiveError("too-large")


def files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder or a ZIP: its name inside, with `/`, and its bytes. Archives inside are opened too.

    Raises:
        ArchiveError: beyond the limits, for a name that leads out, or when the archive is broken or locked.
    """
    bounds = Bounds()
    found = _of_folder(path, bounds) if path.is_dir() else _of_zip(path.open("rb"), bounds, 1)
    for name, content in found:
        if content.startswith(b"PK\x03\x04"):
            yield from ((f"{name}/{inner}", each) for inner, each in _of_zip(BytesIO(content), bounds, 2))
        else:
            yield name, content


def packed_files(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every file of a ZIP that lies in memory. An archive inside is a file like others.

    Raises:
        ArchiveError: as `files`.
    """
    return _of_zip(BytesIO(content), Bounds(), 1)


def has_too_many(file: IO[bytes]) -> bool:
    """Whether the table of contents of a ZIP may be too long to be read at all; archives inside may have their own."""
    lines = 0
    while piece := file.read(_PIECE):
        lines += piece.count(_LINE)
    file.seek(0)
    return lines > 4 * MAX_ENTRIES


def _of_folder(folder: Path, bounds: Bounds) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            continue
        bounds.entry()
        try:
            bounds.add(path.stat().st_size)
            yield path.relative_to(folder).as_posix(), path.read_bytes()
        except OSError:
            raise ArchiveError("unreadable") from None


def _of_zip(file: IO[bytes], bounds: Bounds, depth: int) -> Iterator[tuple[str, bytes]]:
    if depth > MAX_DEPTH:
        raise ArchiveError("too-deep")
    try:
        if has_too_many(file):
            raise ArchiveError("too-many-entries")
        with file, zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                bounds.entry()
                if not info.is_dir():
                    yield _safe(info), _unpacked(archive, info, bounds)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise ArchiveError("broken") from None


def _safe(info: zipfile.ZipInfo) -> str:
    """The entry's name, if it is a plain file inside the archive."""
    name = info.filename
    if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & 0x1:
        raise ArchiveError("locked" if info.flag_bits & 0x1 else "link")
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/") or ":" in name.split("/")[0]:
        raise ArchiveError("bad-name")
    return name


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, bounds: Bounds) -> bytes:
    """The bytes of an entry; what it claims to be is not believed."""
    made = bytearray()
    with archive.open(info) as entry:
        while piece := entry.read(_PIECE):
            bounds.add(len(piece))
            made += piece
            if len(made) > _SMALL and len(made) > MAX_RATIO * max(info.compress_size, 1):
                raise ArchiveError("ratio")
    return bytes(made)
