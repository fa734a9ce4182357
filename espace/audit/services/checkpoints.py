"""Signed checkpoints: where each chain ended, kept in a folder outside the data (security.md R26).

A checkpoint is one JSON file, named by its number. Its `body` holds the heads that moved since the checkpoint before
and the SHA-256 of that checkpoint's file; `signature` is Ed25519 over the exact bytes of the body. Whoever holds the
database and the audit key, but not this folder, cannot rewrite a chain unseen.
"""

import fcntl
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from sqlalchemy import select

from espace import clock, crypto, db, settings
from espace.audit.models import AuditHead
from espace.errors import TamperedError

_NAME = "checkpoint-{:08d}.json"
# A row's time is taken before its commit: a head that moved may become visible a little after its time.
_OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where one chain ended when a checkpoint was made."""

    chain_id: UUID
    sequence: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint whose signature holds. `digest` is that of its file, `previous` that of the file before."""

    number: int
    at: datetime
    previous: str
    digest: str
    marks: tuple[Mark, ...]


def numbers() -> list[int]:
    """The numbers of the checkpoints found in the folder, in order."""
    found = (path.stem.removeprefix("checkpoint-") for path in _folder().glob("checkpoint-*.json"))
    return sorted(int(number) for number in found if number.isdigit())


def load(number: int) -> Checkpoint:
    """Read one checkpoint.

    Raises:
        TamperedError: when it is no checkpoint, bears another number, or its signature is wrong.
    """
    try:
        raw = _path(number).read_bytes()
        outer = orjson.loads(raw)
        body_bytes = b64decode(outer["body"], validate=True)
        _check_signature(b64decode(outer["signature"], validate=True), body_bytes)
        body = orjson.loads(body_bytes)
        marks = tuple(Mark(UUID(c), s, bytes.fromhex(k)) for c, s, k in body["heads"])
        at = datetime.fromisoformat(body["at"])
        if body["number"] != number:
            raise TamperedError("a checkpoint stands under another's number")
    except (OSError, ValueError, KeyError, TypeError):
        raise TamperedError("a checkpoint does not hold") from None
    return Checkpoint(number, at, body["previous"], sha256(raw).hexdigest(), marks)


def checkpoint() -> Path | None:
    """Write and sign the heads that moved since the last checkpoint; None when none did.

    Raises:
        TamperedError: when the last checkpoint was changed: nothing is built on it.
    """
    with _one_at_a_time():
        known = numbers()
        last = load(known[-1]) if known else None
        marks = _moved(last)
        if not marks:
            return None
        number = last.number + 1 if last else 1
        body = orjson.dumps(
            {
                "number": number,
                "at": clock.now().isoformat(),
                "previous": last.digest if last else "",
                "heads": [[str(mark.chain_id), mark.sequence, mark.link.hex()] for mark in marks],
            }
        )
        signature = crypto.current().ring.signer.sign(body)
        path = _path(number)
        _write(path, orjson.dumps({"body": b64encode(body).decode(), "signature": b64encode(signature).decode()}))
        return path


def due(every: timedelta) -> bool:
    """Whether the last checkpoint is older than `every`, or missing."""
    known = numbers()
    return not known or load(known[-1]).at + every <= clock.now()


def _check_signature(signature: bytes, body: bytes) -> None:
    for verifier in crypto.current().ring.verifiers:
        try:
            verifier.verify(signature, body)
        except InvalidSignature:
            continue
        return
    raise TamperedError("a checkpoint's signature is wrong")


def _moved(last: Checkpoint | None) -> list[Mark]:
    """Heads that moved since the last checkpoint, and that it does not hold already."""
    statement = select(AuditHead.record_id, AuditHead.sequence, AuditHead.link).order_by(AuditHead.record_id)
    if last is not None:
        statement = statement.where(AuditHead.changed_at >= last.at - _OVERLAP)
    held = set(last.marks) if last else set()
    with db.read() as tx:
        found = [Mark(row.record_id, row.sequence, row.link) for row in tx.execute(statement)]
    return [mark for mark in found if mark not in held]


def _write(path: Path, content: bytes) -> None:
    """Durably and at once: a checkpoint is whole or absent."""
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two workers, or a worker and a command, must not make the same number."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _folder() -> Path:
    return settings.current().checkpoint_dir


def _path(number: int) -> Path:
    return _folder() / _NAME.format(number)
