"""Sealed rows: AES-256-GCM under the owner's data key, bound to owner, table, column, row, key version (R18, R19)."""

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextvars import ContextVar
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, delete, insert, select

from espace import db
from espace.errors import TamperedError

from .keys import KeyRing
from .models import DataKey

_NONCE = 12
_CACHED_KEYS = 4096
_KEPT_SECONDS = 300
"""How long a process goes on opening with a key it read: another one may have destroyed it meanwhile (R23)."""


class Vault:
    """The key ring and the data keys opened lately in this process."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._opened: OrderedDict[UUID, tuple[dict[int, AESGCM], float]] = OrderedDict()
        self._unsure: dict[UUID, object] = {}  # owners whose key was made in a transaction not committed yet
        self._lock = threading.Lock()

    def keys_of(self, tx: Connection, owner: UUID) -> dict[int, AESGCM]:
        """Version -> cipher of `owner`.

        Raises:
            TamperedError: when the owner has no key, or none that the master key opens.
        """
        found = self._cached(tx, owner)
        if found is not None:
            return found
        rows = tx.execute(_KEYS, {"owner": owner}).all()
        if not rows:
            raise TamperedError("no data key: never made, or destroyed")
        found = {row.version: AESGCM(self._unwrap(owner, row.version, row.master_version, row.wrapped)) for row in rows}
        self._keep(owner, found)
        return found

    def has_key(self, tx: Connection, owner: UUID) -> bool:
        """Whether `owner` has a data key: false before it is made and after it was destroyed."""
        if self._cached(tx, owner) is not None:
            return True
        return tx.execute(_KEYS, {"owner": owner}).first() is not None

    def is_open(self, owner: UUID) -> bool:
        """Whether this process opened the keys of `owner` before, so that the database will not be asked for them."""
        with self._lock:
            return owner in self._opened

    def new_key(self, tx: Connection, owner: UUID) -> None:
        """Make the first data key of `owner`."""
        with self._lock:
            self._unsure[owner] = tx.get_transaction()
            self._opened.pop(owner, None)
        db.after_commit(lambda: self._sure(owner))
        key = AESGCM.generate_key(256)
        version, master = 1, self.ring.master_version
        nonce = os.urandom(_NONCE)
        wrapped = nonce + self.ring.masters[master].encrypt(nonce, key, _key_binding(owner, version, master))
        tx.execute(insert(DataKey).values(owner_id=owner, version=version, master_version=master, wrapped=wrapped))

    def destroy(self, tx: Connection, owner: UUID) -> None:
        """Destroy every key of `owner`: what they sealed is gone for good (security.md R23)."""
        tx.execute(delete(DataKey).where(DataKey.owner_id == owner))
        self._drop(owner)
        # Once more when it is committed: another thread may have read the key until then.
        db.after_commit(lambda: self._drop(owner))

    def forget(self) -> None:
        """Drop every opened key (after a destruction or a rotation)."""
        with self._lock:
            self._opened.clear()

    def _drop(self, owner: UUID) -> None:
        with self._lock:
            self._opened.pop(owner, None)

    def _sure(self, owner: UUID) -> None:
        self._unsure.pop(owner, None)

    def _cached(self, tx: Connection, owner: UUID) -> dict[int, AESGCM] | None:
        """Keys opened before. One whose transaction was rolled back never was: nothing may be sealed under it."""
        with self._lock:
            kept = self._opened.get(owner)
            if kept is None:
                return None
            found, since = kept
            if monotonic() - since > _KEPT_SECONDS:
                del self._opened[owner]
                return None
            if owner in self._unsure and self._unsure[owner] is not tx.get_transaction():
                del self._opened[owner]
                return None
            self._opened.move_to_end(owner)
            return found

    def _unwrap(self, owner: UUID, version: int, master: int, wrapped: bytes) -> bytes:
        try:
            return self.ring.masters[master].decrypt(
                wrapped[:_NONCE], wrapped[_NONCE:], _key_binding(owner, version, master)
            )
        except (InvalidTag, KeyError):
            raise TamperedError("a data key does not open: wrong key file, or changed") from None

    def _keep(self, owner: UUID, found: dict[int, AESGCM]) -> None:
        with self._lock:
            self._opened[owner] = (found, monotonic())
            while len(self._opened) > _CACHED_KEYS:
                self._opened.popitem(last=False)


_KEYS = select(DataKey.version, DataKey.master_version, DataKey.wrapped).where(DataKey.owner_id == bindparam("owner"))
_vault: ContextVar[Vault] = ContextVar("vault")


def bind(vault: Vault) -> None:
    """Use `vault` for everything that follows in this context."""
    _vault.set(vault)


def current() -> Vault:
    """The vault bound to this context."""
    return _vault.get()


def _key_binding(owner: UUID, version: int, master: int) -> bytes:
    return b"espace/data-key|%b|%d|%d" % (owner.bytes, version, master)


def _binding(owner: UUID, table: str, column: str, row: UUID, version: int) -> bytes:
    return b"espace/row|%b|%b|%b|%b|%d" % (owner.bytes, table.encode(), column.encode(), row.bytes, version)


def new_owner_key(tx: Connection, owner: UUID) -> None:
    """Make the data key under which everything of `owner` will be sealed."""
    current().new_key(tx, owner)


def ensure_owner_key(tx: Connection, owner: UUID) -> None:
    """Make the data key of an owner that may have one already (a professional's, at the first need)."""
    if not current().has_key(tx, owner):
        current().new_key(tx, owner)


def destroy(tx: Connection, owner: UUID) -> None:
    """Destroy the data key of an owner, in every version: see `Vault.destroy`."""
    current().destroy(tx, owner)


def seal_bytes(tx: Connection, owner: UUID, table: str, column: str, row: UUID, plain: bytes) -> bytes:
    """Seal `plain` for one cell. Layout: 2 bytes of key version, 12 of nonce, ciphertext and tag."""
    keys = current().keys_of(tx, owner)
    version = max(keys)
    nonce = os.urandom(_NONCE)
    return (
        version.to_bytes(2) + nonce + keys[version].encrypt(nonce, plain, _binding(owner, table, column, row, version))
    )


def unseal_bytes(tx: Connection, owner: UUID, table: str, column: str, row: UUID, sealed: bytes) -> bytes:
    """Open a sealed cell.

    Raises:
        TamperedError: when it was changed, or stood in another cell, row, table or record.
    """
    version = int.from_bytes(sealed[:2])
    try:
        key = current().keys_of(tx, owner)[version]
        return key.decrypt(sealed[2 : 2 + _NONCE], sealed[2 + _NONCE :], _binding(owner, table, column, row, version))
    except (InvalidTag, KeyError, ValueError):
        raise TamperedError(f"a sealed cell of {table} does not open") from None


def seal(tx: Connection, owner: UUID, table: str, row: UUID, payload: Mapping[str, Any]) -> bytes:
    """Seal a row's payload (JSON: text, numbers, lists, dates) for its `payload` column."""
    return seal_bytes(tx, owner, table, "payload", row, orjson.dumps(payload))


def unseal(tx: Connection, owner: UUID, table: str, row: UUID, sealed: bytes) -> dict[str, Any]:
    """Open a row's payload.

    Raises:
        TamperedError: see `unseal_bytes`.
    """
    opened: dict[str, Any] = orjson.loads(unseal_bytes(tx, owner, table, "payload", row, sealed))
    return opened
