"""The ledger of destroyed owners: one signed file each, outside the data, so that no older copy brings them back (R23).

An entry is written before the key is destroyed. Whoever restores a database or files from before gets a house that
destroys the same keys again when it starts.
"""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature

from espace import crypto, settings
from espace.errors import TamperedError

_MARK = b"espace/erasure|"
_FOLDER = "erasures"


@dataclass(frozen=True, slots=True)
class Entry:
    """One owner whose key is destroyed, and since when."""

    owner: UUID
    at: datetime


def owners() -> list[UUID]:
    """Every owner the ledger names, in order; entries are checked when they are loaded."""
    return sorted(UUID(path.stem) for path in _folder().glob("*.json") if _is_owner(path.stem))


def holds(owner: UUID) -> bool:
    """Whether the ledger names this owner."""
    return _path(owner).exists()


def load(owner: UUID) -> Entry:
    """One entry.

    Raises:
        TamperedError: when it is missing, names another owner, or was not signed by this house.
    """
    try:
        outer = orjson.loads(_path(owner).read_bytes())
        body = b64decode(outer["body"], validate=True)
        check(b64decode(outer["signature"], validate=True), _MARK + body)
        found = orjson.loads(body)
        entry = Entry(UUID(found["owner"]), datetime.fromisoformat(found["at"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise TamperedError("an entry of the ledger of erasures does not hold") from None
    if entry.owner != owner:
        raise TamperedError("an entry of the ledger of erasures stands under another's name")
    return entry


def add(entry: Entry) -> None:
    """Write and sign an entry, durably and at once: it is whole or absent. Writing it again is fine."""
    body = orjson.dumps({"owner": str(entry.owner), "at": entry.at.isoformat()})
    signature = sign(_MARK + body)
    content = orjson.dumps({"body": b64encode(body).decode(), "signature": b64encode(signature).decode()})
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = _path(entry.owner).with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(_path(entry.owner))
    for each in (folder, folder.parent):
        opened = os.open(each, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def sign(content: bytes) -> bytes:
    """The house's signature (Ed25519, the newest signing key)."""
    return crypto.current().ring.signer.sign(content)


def check(signature: bytes, content: bytes) -> None:
    """See that this house signed `content`, with any version of its signing key.

    Raises:
        TamperedError: when it did not.
    """
    for verifier in crypto.current().ring.verifiers:
        try:
            verifier.verify(signature, content)
        except InvalidSignature:
            continue
        return
    raise TamperedError("this house did not sign this")


def _is_owner(name: str) -> bool:
    try:
        return UUID(name).hex == name
    except ValueError:
        return False


def _folder() -> Path:
    return settings.current().checkpoint_dir / _FOLDER


def _path(owner: UUID) -> Path:
    return _folder() / f"{owner.hex}.json"
