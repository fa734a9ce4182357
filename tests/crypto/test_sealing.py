"""Sealed cells: they open only where they were put, under the key they were made with (security.md R18, R19)."""

import os
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select, update

from espace import crypto, db
from espace.crypto import sealing
from espace.crypto.models import DataKey
from espace.crypto.owners import DIRECTORY, HOUSE_OWNERS, ensure_house_keys
from espace.errors import TamperedError
from espace.identifiers import new_id
from espace.machines import Machines

CELL = {"table": "documents", "column": "payload"}


@pytest.fixture
def owners(machines: Machines) -> list[UUID]:
    """Two owners with their data keys."""
    made = [new_id(), new_id()]
    with db.write() as tx:
        for owner in made:
            crypto.new_owner_key(tx, owner)
    return made


def seal(owner: UUID, row: UUID, plain: bytes, **where: str) -> bytes:
    place = {**CELL, **where}
    with db.read() as tx:
        return crypto.seal_bytes(tx, owner, place["table"], place["column"], row, plain)


def unseal(owner: UUID, row: UUID, sealed: bytes, **where: str) -> bytes:
    place = {**CELL, **where}
    with db.read() as tx:
        return crypto.unseal_bytes(tx, owner, place["table"], place["column"], row, sealed)


def test_a_cell_opens_where_it_was_put_and_nowhere_else(owners: list[UUID]) -> None:
    mine, theirs = owners
    row, other = new_id(), new_id()
    sealed = seal(mine, row, b"Claire Fontenay")
    assert unseal(mine, row, sealed) == b"Claire Fontenay"
    elsewhere: list[tuple[UUID, UUID, dict[str, str]]] = [
        (theirs, row, {}),
        (mine, other, {}),
        (mine, row, {"table": "people"}),
        (mine, row, {"column": "name"}),
        (mine, row, {"table": "documents|payload", "column": ""}),
    ]
    for owner, at_row, where in elsewhere:
        with pytest.raises(TamperedError):
            unseal(owner, at_row, sealed, **where)


def test_a_cell_does_not_open_once_any_of_its_bytes_is_changed_or_cut(owners: list[UUID]) -> None:
    row = new_id()
    sealed = seal(owners[0], row, b"Claire")
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        for damaged in (changed, sealed[:place]):
            with pytest.raises(TamperedError):
                unseal(owners[0], row, damaged)


def test_a_data_key_moved_to_another_owner_or_version_does_not_open(owners: list[UUID], machines: Machines) -> None:
    mine, theirs = owners
    with db.write() as tx:
        tx.execute(update(DataKey).where(DataKey.owner_id == mine).values(version=2))
    machines.vault.forget()
    with pytest.raises(TamperedError):
        seal(mine, new_id(), b"")
    with db.write() as tx:
        tx.execute(delete(DataKey).where(DataKey.owner_id == mine))
        tx.execute(update(DataKey).where(DataKey.owner_id == theirs).values(owner_id=mine))
    machines.vault.forget()
    with pytest.raises(TamperedError):
        seal(mine, new_id(), b"")


def test_the_key_version_written_on_a_cell_is_bound_too(machines: Machines) -> None:
    """The same key under two versions: the cell of one does not open as the other's."""
    key = AESGCM(os.urandom(32))
    owner, row = new_id(), new_id()

    class TwoNames(crypto.Vault):
        def keys_of(self, _tx: Any, _owner: UUID) -> Any:
            return {1: key, 2: key}

    crypto.bind(TwoNames(machines.vault.ring))
    sealed = seal(owner, row, b"Claire")
    assert sealed[:2] == b"\x00\x02"
    assert unseal(owner, row, sealed) == b"Claire"
    with pytest.raises(TamperedError):
        unseal(owner, row, b"\x00\x01" + sealed[2:])


def test_a_destroyed_key_takes_everything_with_it(owners: list[UUID], machines: Machines) -> None:
    row = new_id()
    sealed = seal(owners[0], row, b"Claire")
    with db.write() as tx:
        tx.execute(delete(DataKey).where(DataKey.owner_id == owners[0]))
    machines.vault.forget()
    with pytest.raises(TamperedError):
        unseal(owners[0], row, sealed)


def test_twenty_thousand_nonces_are_all_different(owners: list[UUID]) -> None:
    """A fiftieth of R18's million: enough to see a counter that starts again or a generator that is not one."""
    row = new_id()
    with db.read() as tx:
        cells = (crypto.seal_bytes(tx, owners[0], "t", "payload", row, b"") for _ in range(20_000))
        nonces = {cell[2:14] for cell in cells}
    assert len(nonces) == 20_000
    for place in range(12):
        assert len({nonce[place] for nonce in nonces}) == 256, "every byte of the nonce moves"


def test_payloads_come_back_as_they_went(owners: list[UUID]) -> None:
    row = new_id()
    payload = {"name": "Zoé", "list": ["a", 1, None, True], "number": 3.5}
    with db.write() as tx:
        sealed = crypto.seal(tx, owners[0], "people", row, payload)
        assert crypto.unseal(tx, owners[0], "people", row, sealed) == payload
    assert b"Zo" not in sealed


def test_a_key_made_in_a_unit_that_failed_is_never_used_again(machines: Machines) -> None:
    """Sealed under a key that was never committed, what follows could never be read."""
    owner, row = new_id(), new_id()

    def fail() -> None:
        with db.write() as tx:
            crypto.ensure_owner_key(tx, owner)
            crypto.seal(tx, owner, "t", row, {})
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with pytest.raises(TamperedError):
        seal(owner, row, b"lost")
    with db.write() as tx:
        crypto.ensure_owner_key(tx, owner)
        sealed = crypto.seal_bytes(tx, owner, "documents", "payload", row, b"kept")
    machines.vault.forget()
    assert unseal(owner, row, sealed) == b"kept"


def test_the_house_has_its_keys_and_asking_again_changes_nothing(machines: Machines) -> None:
    def keys() -> dict[UUID, bytes]:
        with db.read() as tx:
            return {row.owner_id: row.wrapped for row in tx.execute(select(DataKey.owner_id, DataKey.wrapped))}

    before = keys()
    assert set(before) == set(HOUSE_OWNERS)
    with db.write() as tx:
        ensure_house_keys(tx)
    assert keys() == before
    row = new_id()
    assert unseal(DIRECTORY, row, seal(DIRECTORY, row, b"x")) == b"x"


def test_opened_keys_are_kept_in_bounds(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_CACHED_KEYS", 3)
    owners, row = [new_id() for _ in range(6)], new_id()
    with db.write() as tx:
        for owner in owners:
            crypto.new_owner_key(tx, owner)
    cells = {owner: seal(owner, row, owner.bytes) for owner in owners}
    assert all(unseal(owner, row, cell) == owner.bytes for owner, cell in cells.items())


def test_the_ring_never_shows_its_keys(machines: Machines) -> None:
    ring = machines.vault.ring
    assert repr(ring) == "KeyRing()"
