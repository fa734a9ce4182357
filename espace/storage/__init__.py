"""Encrypted files: sealed in chunks under the owner's data key, kept in a local folder.

A file is written once, under a random id, and made durable before its row exists: no row without its bytes.
Layout: 2 bytes of key version, then chunks of nonce (12) + ciphertext (up to 256 KiB) + tag (16). Each chunk is
bound to owner, file, index and whether it is the last, so cutting, swapping or joining chunks fails (R18, R19).
"""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import unquote, urlsplit
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from espace import clock, crypto
from espace.errors import SettingsError, TamperedError

CHUNK = 256 * 1024
_NONCE, _TAG, _HEAD = 12, 16, 2
_SEALED_CHUNK = _NONCE + CHUNK + _TAG
DRAWN = "drawn"
"""The folder of what can be made again: no copy of the house needs it."""
_NOTED = 24 * 3600
"""Seconds between two notes that something was used."""
_UNFINISHED = 3600
"""Seconds after which nobody is writing a file any more."""


@dataclass(frozen=True, slots=True)
class Reader:
    """An opened file: `size` plain bytes, read by ranges without holding the whole."""

    path: Path
    owner: UUID
    file_id: UUID
    size: int
    _key: AESGCM
    _version: int

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Plain bytes from `start` up to, not including, `end`.

        Raises:
            TamperedError: when a chunk does not open.
        """
        end = self.size if end is None else min(end, self.size)
        last = _chunks(self.size) - 1
        with self.path.open("rb") as file:
            index = start // CHUNK
            file.seek(_HEAD + index * _SEALED_CHUNK)
            while index * CHUNK < end or (index == 0 and end == 0):
                sealed = memoryview(file.read(_SEALED_CHUNK))
                try:
                    plain = self._key.decrypt(
                        sealed[:_NONCE],
                        sealed[_NONCE:],
                        _binding(self.owner, self.file_id, index, self._version, last=index == last),
                    )
                except (InvalidTag, ValueError):
                    raise TamperedError("a stored file does not open") from None
                first = index * CHUNK
                if first < start or first + len(plain) > end:
                    yield bytes(memoryview(plain)[max(start - first, 0) : end - first])
                elif plain:
                    yield plain
                if index == last:
                    return
                index += 1

    def read_all(self) -> bytes:
        """The whole content, for files known to be small enough."""
        return b"".join(self.read())


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it lies in the storage; `is_part` says that it was never finished."""

    file_id: UUID
    path: Path
    is_part: bool


class Storage:
    """A local folder of sealed files."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "file":
            raise SettingsError("ESPACE_STORAGE_URL must be a file:// address")
        self.root = Path(unquote(parts.path))
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)

    @classmethod
    def at(cls, root: Path) -> Self:
        """The storage of a folder, which is made when something comes into it."""
        made = cls.__new__(cls)
        made.root = root
        return made

    @property
    def throwaway(self) -> "Throwaway":
        """Where what can be made again is kept."""
        return Throwaway(self.root / DRAWN)

    def put(
        self,
        tx: Connection,
        owner: UUID,
        file_id: UUID,
        content: bytes | Iterable[bytes],
        *,
        durable: bool = True,
    ) -> int:
        """Seal and store `content` durably, before the row that names it; gives its size in bytes."""
        keys = crypto.current().keys_of(tx, owner)
        version = max(keys)
        path = self.path(owner, file_id)
        self._make_folder(path.parent)
        part = path.with_name(f"{path.name}-{secrets.token_hex(4)}.part")
        try:
            with part.open("wb") as file:
                size = self._write(file, keys[version], version, owner, file_id, content)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            part.rename(path)
            if durable:
                _sync_folder(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return size

    def open(self, tx: Connection, owner: UUID, file_id: UUID) -> Reader:
        """Open a stored file.

        Raises:
            TamperedError: when it is missing or under an unknown key.
        """
        path = self.path(owner, file_id)
        try:
            sealed_size = path.stat().st_size - _HEAD
            with path.open("rb") as file:
                version = int.from_bytes(file.read(_HEAD))
            key = crypto.current().keys_of(tx, owner)[version]
        except (OSError, KeyError):
            raise TamperedError("a stored file is missing or under an unknown key") from None
        size = sealed_size - -(-sealed_size // _SEALED_CHUNK) * (_NONCE + _TAG)
        if sealed_size < _NONCE + _TAG or size < 0:
            raise TamperedError("a stored file was cut")
        return Reader(path, owner, file_id, size, key, version)

    def delete(self, owner: UUID, file_id: UUID) -> None:
        """Remove a file; missing is fine."""
        self.path(owner, file_id).unlink(missing_ok=True)

    def count(self, owner: UUID) -> int:
        """How many files an owner has."""
        folder = self.path(owner, owner).parent
        return sum(1 for path in folder.iterdir() if not path.suffix) if folder.is_dir() else 0

    def delete_all(self, owner: UUID) -> None:
        """Remove every file of an owner, half-written ones and what was made from them included."""
        self.forget(owner)
        self.throwaway.delete_all(owner)

    def forget(self, owner: UUID) -> None:
        """Remove every file of an owner, of this area only."""
        folder = self.path(owner, owner).parent
        if not folder.is_dir():
            return
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        with suppress(OSError):  # a file that came meanwhile: its key is gone, the next sweep takes it
            folder.rmdir()

    def old_files(self, before: datetime) -> Iterator[tuple[UUID, list["Kept"]]]:
        """Owner by owner, the files and half-written parts that nobody wrote to since that instant."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]/" + "[0-9a-f]" * 32)):
            found = [kept for path in folder.iterdir() if (kept := _kept(path, before)) is not None]
            if found:
                yield UUID(folder.name), found

    def _make_folder(self, folder: Path) -> None:
        """Make a folder that lasts: the names of new folders are made durable in those above them."""
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sync_folder(folder.parent)
        _sync_folder(self.root)

    def path(self, owner: UUID, file_id: UUID) -> Path:
        """Where a file lies, or would."""
        # The last hex digits are random, the first are time: spread by the random ones.
        return self.root / owner.hex[-2:] / owner.hex / file_id.hex

    def _write(
        self,
        file: BinaryIO,
        key: AESGCM,
        version: int,
        owner: UUID,
        file_id: UUID,
        content: bytes | Iterable[bytes],
    ) -> int:
        size = 0
        file.write(version.to_bytes(_HEAD))
        for index, (chunk, last) in enumerate(_cut(content)):
            nonce = os.urandom(_NONCE)
            file.write(nonce)
            file.write(key.encrypt(nonce, chunk, _binding(owner, file_id, index, version, last=last)))
            size += len(chunk)
        return size


def _kept(path: Path, before: datetime) -> Kept | None:
    """The file at `path`, unless it was written since `before`, or is none of ours."""
    try:
        file_id = UUID(path.name.partition("-")[0].partition(".")[0])
        touched = path.stat().st_mtime
    except (ValueError, OSError):  # a name we do not give, or one that went meanwhile
        return None
    return None if touched >= before.timestamp() else Kept(file_id, path, is_part=bool(path.suffix))


def _chunks(size: int) -> int:
    return max(1, -(-size // CHUNK))


def _binding(owner: UUID, file_id: UUID, index: int, version: int, *, last: bool) -> bytes:
    return b"espace/file|%b|%b|%d|%d|%d" % (owner.bytes, file_id.bytes, index, last, version)


def _cut(content: bytes | Iterable[bytes]) -> Iterator[tuple[bytes | memoryview, bool]]:
    """Content -> (chunk, is it the last). An empty file is one empty last chunk."""
    if isinstance(content, bytes):
        view = memoryview(content)
        count = _chunks(len(content))
        for index in range(count):
            yield view[index * CHUNK : (index + 1) * CHUNK], index == count - 1
        return
    held = bytearray()
    for piece in content:
        held += piece
        while len(held) > CHUNK:
            yield bytes(held[:CHUNK]), False
            del held[:CHUNK]
    yield bytes(held), True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Throwaway:
    """What can be made again from a stored file, sealed as it is: forgotten when old, or when there is too much.

    It lies under the owner's own key, so that it is destroyed with that key, and is removed with the owner's files
    (R23). Nothing here is waited for: what cannot be kept or opened is made again.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, tx: Connection, owner: UUID, key: UUID) -> bytes | None:
        """What was kept under `key`, or None."""
        try:
            reader = self._store().open(tx, owner, key)
            content = reader.read_all()
            now = clock.now().timestamp()
            if abs(reader.path.stat().st_mtime - now) > _NOTED:
                os.utime(reader.path, (now, now))
        except (OSError, TamperedError):
            return None
        return content

    def put(self, tx: Connection, owner: UUID, key: UUID, content: bytes) -> None:
        """Keep `content` under `key` for a while, or not: a full disk is no reason to show nothing."""
        store = self._store()
        now = clock.now().timestamp()
        with suppress(OSError):
            store.put(tx, owner, key, content, durable=False)
            os.utime(store.path(owner, key), (now, now))

    def delete_all(self, owner: UUID) -> None:
        """Forget everything of an owner."""
        if self._root.is_dir():
            self._store().forget(owner)

    def sweep(self, max_seconds: float, max_bytes: int) -> int:
        """Forget what nobody looked at for so long, then the oldest until so much is left; gives how many went."""
        found = sorted(self._files(), reverse=True)
        now, total, gone = clock.now().timestamp(), 0, 0
        for used, size, path in found:
            total += size
            most = _UNFINISHED if path.suffix else max_seconds
            if total > max_bytes or now - used > most:
                path.unlink(missing_ok=True)
                total -= size
                gone += 1
        for folder in (*self._root.glob("*/*"), *self._root.glob("*")):
            with suppress(OSError):  # only empty ones go
                folder.rmdir()
        return gone

    def _store(self) -> Storage:
        return Storage.at(self._root)

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        for path in self._root.glob("*/*/*"):
            with suppress(OSError):
                facts = path.stat()
                yield facts.st_mtime, facts.st_size, path


_storage: ContextVar[Storage] = ContextVar("storage")


def bind(storage: Storage) -> None:
    """Use `storage` for everything that follows in this context."""
    _storage.set(storage)


def current() -> Storage:
    """The storage bound to this context."""
    return _storage.get()
