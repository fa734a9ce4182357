"""Every way to tamper with the trail is seen and named (security.md R26)."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, update

from espace import crypto, db
from espace.audit.models import AuditEvent, AuditHead
from espace.audit.services import Action, Fault, checkpoint, entries, examine, record, verify
from espace.audit.services import chain as arithmetic
from espace.audit.services.walk import HOUSE
from espace.crypto.models import DataKey
from espace.errors import TamperedError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Actor, ActorKind
from tests.support.clock import FakeClock

DOCTOR = Actor(ActorKind.PROFESSIONAL, new_id(), "Dr Hélène Morvan")
ROWS = 10
_ALL = [column.name for column in AuditEvent.__table__.columns]


@dataclass
class Trail:
    """Three chains of ten rows, a checkpoint after the sixth; the middle one is the one tampered with."""

    chains: list[UUID]
    clock: FakeClock

    @property
    def target(self) -> UUID:
        return self.chains[1]

    def add(self, count: int) -> None:
        for _ in range(count):
            for one in self.chains:
                record(DOCTOR, one, Action.DOCUMENT_OPENED, objects=[{"id": str(new_id()), "title": "Ordonnance"}])
            self.clock.advance(timedelta(minutes=1))

    def row(self, sequence: int, chain_id: UUID | None = None) -> dict[str, Any]:
        with db.read() as tx:
            statement = select(AuditEvent.__table__).where(*at(chain_id or self.target, sequence))
            return dict(tx.execute(statement).mappings().one())

    def put(self, row: dict[str, Any]) -> None:
        with db.write() as tx:
            tx.execute(insert(AuditEvent).values(**row))

    def change(self, sequence: int, /, **values: Any) -> None:
        with db.write() as tx:
            tx.execute(update(AuditEvent).where(*at(self.target, sequence)).values(**values))

    def remove(self, *sequences: int) -> None:
        with db.write() as tx:
            for sequence in sequences:
                tx.execute(delete(AuditEvent).where(*at(self.target, sequence)))

    def shift(self, first: int, last: int, by: int) -> None:
        """Renumber rows, in the order that never meets another."""
        for sequence in sorted(range(first, last + 1), reverse=by > 0):
            self.change(sequence, sequence=sequence + by)

    def set_head(self, **values: Any) -> None:
        with db.write() as tx:
            tx.execute(update(AuditHead).where(AuditHead.record_id == self.target).values(**values))

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Put the target back afterwards: many tamperings share one database, which is what takes time to make."""
        tables = (AuditEvent, AuditHead)
        with db.read() as tx:
            kept = {table: [dict(row) for row in tx.execute(select(table.__table__)).mappings()] for table in tables}
        yield
        with db.write() as tx:
            for table in tables:
                tx.execute(delete(table))
                tx.execute(insert(table), kept[table])

    def faults(self) -> list[tuple[UUID, int, str]]:
        return [(fault.chain_id, fault.sequence, str(fault.kind)) for fault in verify()]

    def named(self) -> set[tuple[int, str]]:
        """The faults, which must all lie in the target."""
        found = self.faults()
        assert {chain_id for chain_id, _, _ in found} <= {self.target}
        return {(sequence, kind) for _, sequence, kind in found}


def at(chain_id: UUID, sequence: int) -> tuple[Any, ...]:
    return AuditEvent.record_id == chain_id, AuditEvent.sequence == sequence


@pytest.fixture
def trail(machines: Machines, clock: FakeClock) -> Trail:
    made = Trail(sorted(new_id() for _ in range(3)), clock)
    made.add(6)
    assert checkpoint() is not None
    made.add(ROWS - 6)
    return made


def test_a_whole_trail_has_no_fault_and_everything_is_counted(trail: Trail) -> None:
    found = examine()
    assert (found.faults, found.chains, found.rows, found.erased, found.checkpoints) == ([], 3, 30, 0, 1)


_FLIPS: dict[str, Callable[[Any], Any]] = {
    "id": lambda _: new_id(),
    "at": lambda v: v + timedelta(microseconds=1),
    "action": lambda _: Action.DOWNLOADED.value,
    "actor_kind": lambda _: "patient",
    "actor_id": lambda _: new_id(),
    "content_digest": lambda v: bytes([v[0] ^ 1]) + v[1:],
    "commitment": lambda v: bytes([v[0] ^ 1]) + v[1:],
    "link": lambda v: bytes([v[0] ^ 1]) + v[1:],
    "payload": lambda v: v[:-1] + bytes([v[-1] ^ 1]),
}


def test_every_column_has_its_way_of_being_edited() -> None:
    assert set(_FLIPS) == set(_ALL) - {"record_id", "sequence"}


def test_an_edit_of_any_column_of_any_row_is_named(trail: Trail) -> None:
    for column, flip in _FLIPS.items():
        for sequence in (1, 5, ROWS):
            kept = trail.row(sequence)[column]
            trail.change(sequence, **{column: flip(kept)})
            assert trail.named() == {(sequence, "edited")}, (column, sequence)
            trail.change(sequence, **{column: kept})
    assert trail.named() == set()


def test_a_payload_taken_from_another_row_is_an_edit(trail: Trail) -> None:
    other = trail.row(4)
    trail.change(5, payload=other["payload"])
    assert trail.named() == {(5, "edited")}
    trail.change(5, content_digest=other["content_digest"], commitment=other["commitment"])
    assert trail.named() == {(5, "edited")}


def test_a_deleted_row_is_named(trail: Trail) -> None:
    for sequence in (1, 5, 6, 9):
        with trail.restored():
            trail.remove(sequence)
            assert trail.named() == {(sequence, "deleted")}


def test_rows_deleted_and_the_others_renumbered_are_named(trail: Trail) -> None:
    for removed in [(5,), (1,), (3, 4, 5), (8,)]:
        with trail.restored():
            trail.remove(*removed)
            trail.shift(removed[-1] + 1, ROWS, -len(removed))
            assert trail.named() == {(removed[0], "deleted")}, removed
            trail.set_head(sequence=ROWS - len(removed))
            assert (removed[0], "deleted") in trail.named(), removed


def test_a_copied_row_put_in_is_named(trail: Trail) -> None:
    for chain_id, source in [(trail.target, 2), (trail.target, 5), (trail.target, 9), (trail.chains[0], 5)]:
        with trail.restored():
            copy = trail.row(source, chain_id)
            trail.shift(6, ROWS, 1)
            trail.put({**copy, "record_id": trail.target, "sequence": 6})
            found = trail.named()
            assert (6, "inserted") in found, source
            assert {kind for _, kind in found} == {"inserted"}, source


def test_a_row_added_at_the_end_without_the_keys_is_named(trail: Trail) -> None:
    copy = {**trail.row(4), "sequence": ROWS + 1}
    invented = {**copy, "id": new_id(), "link": os.urandom(32)}
    for added in (copy, invented):
        with trail.restored():
            trail.put(added)
            assert trail.named() == {(ROWS + 1, "inserted")}
    with trail.restored():
        trail.put(copy)
        trail.set_head(sequence=ROWS + 1, link=copy["link"])
        assert (ROWS + 1, "inserted") in trail.named()


def test_rows_that_changed_places_are_named(trail: Trail) -> None:
    for one, other in [(3, 5), (4, 5), (1, 10), (9, 10), (1, 2)]:
        with trail.restored():
            trail.change(one, sequence=99)
            trail.change(other, sequence=one)
            trail.change(99, sequence=other)
            found = trail.named()
            assert {kind for _, kind in found} == {"reordered"}, (one, other)
            assert {sequence for sequence, _ in found} & {one, other}


def test_a_cut_end_is_named_from_the_head(trail: Trail) -> None:
    for left in (9, 7, 1):
        with trail.restored():
            trail.remove(*range(left + 1, ROWS + 1))
            found = trail.named()
            assert (left + 1, "truncated") in found, left
            assert {kind for _, kind in found} == {"truncated"}


def test_a_cut_end_with_the_head_set_back_is_named_from_the_checkpoint(trail: Trail) -> None:
    trail.remove(*range(5, ROWS + 1))
    trail.set_head(sequence=4, link=trail.row(4)["link"])
    assert trail.named() == {(6, "truncated")}


def test_a_whole_chain_removed_is_named(trail: Trail) -> None:
    trail.remove(*range(1, ROWS + 1))
    assert (1, "truncated") in trail.named()
    with db.write() as tx:
        tx.execute(delete(AuditHead).where(AuditHead.record_id == trail.target))
    assert trail.named() == {(6, "truncated")}


def test_a_changed_or_missing_head_is_named(trail: Trail) -> None:
    trail.set_head(link=os.urandom(32))
    assert trail.named() == {(ROWS, "head")}
    trail.set_head(link=trail.row(ROWS)["link"], sequence=ROWS - 1)
    assert trail.named() == {(ROWS, "head")}
    with db.write() as tx:
        tx.execute(delete(AuditHead).where(AuditHead.record_id == trail.target))
    assert trail.named() == {(ROWS, "head")}


def rewrite(trail: Trail, first: int) -> None:
    """Write the chain anew from row `first`, with every key of the house."""
    key = arithmetic.audit_key()
    link = trail.row(first - 1)["link"] if first > 1 else arithmetic.START
    with db.write() as tx:
        for sequence in range(first, ROWS + 1):
            row = trail.row(sequence)
            payload = crypto.unseal(tx, trail.target, arithmetic.TABLE, row["id"], row["payload"])
            payload["name"] = str(new_id())
            content = arithmetic.content_digest(key, row["id"], payload)
            plain = arithmetic.Row(*(row[name] for name in arithmetic.Row._fields))
            commitment = arithmetic.commitment(key, plain, content)
            link = arithmetic.link(key, link, trail.target, sequence, commitment)
            sealed = crypto.seal(tx, trail.target, arithmetic.TABLE, row["id"], payload)
            trail.change(sequence, payload=sealed, content_digest=content, commitment=commitment, link=link)
        trail.set_head(link=link)


def test_a_full_rewrite_with_every_key_is_seen_by_the_checkpoint(trail: Trail) -> None:
    rewrite(trail, 1)
    assert trail.named() == {(6, "rewritten")}


def test_a_rewrite_stays_seen_after_further_acts_and_checkpoints(trail: Trail) -> None:
    rewrite(trail, 4)
    trail.add(2)
    assert checkpoint() is not None
    assert trail.named() == {(6, "rewritten")}


def test_what_no_checkpoint_has_seen_yet_can_be_rewritten_and_the_next_checkpoint_ends_that(trail: Trail) -> None:
    """The limit of the design, stated: what is younger than the last checkpoint rests on the keys alone."""
    rewrite(trail, 7)
    assert trail.named() == set()
    checkpoint()
    rewrite(trail, 8)
    assert trail.named() == {(ROWS, "rewritten")}


def test_an_erased_chain_is_told_apart_from_an_edited_one(trail: Trail, machines: Machines) -> None:
    with db.write() as tx:
        tx.execute(delete(DataKey).where(DataKey.owner_id == trail.target))
    machines.vault.forget()
    found = examine()
    assert (found.faults, found.erased) == ([], ROWS)
    trail.change(5, actor_id=new_id())
    assert trail.named() == {(5, "edited")}
    with pytest.raises(TamperedError):
        entries(trail.target, mine=False, holder_actor_ids=[], before=None)


def test_chains_made_under_an_older_audit_key_still_verify(trail: Trail, machines: Machines) -> None:
    older = machines.vault.ring.keys
    newer = {kind: {**older[kind], 2: os.urandom(32)} for kind in ("audit", "signing")}
    keys = {**older, **newer}
    crypto.bind(crypto.Vault(crypto.KeyRing(keys)))
    trail.add(2)
    checkpoint()
    assert examine().faults == []
    trail.change(11, action="downloaded")
    assert trail.named() == {(11, "edited")}


# The checkpoints themselves


@pytest.fixture
def folder(trail: Trail, machines: Machines) -> Path:
    """The folder of three checkpoints."""
    for _ in range(2):
        trail.add(1)
        assert checkpoint() is not None
    return machines.settings.checkpoint_dir


def of_checkpoints() -> list[Fault]:
    found = verify()
    assert {fault.chain_id for fault in found} <= {HOUSE}
    return found


def test_nothing_moved_makes_no_checkpoint(folder: Path) -> None:
    assert checkpoint() is None
    assert [path.name for path in sorted(folder.glob("*.json"))] == [f"checkpoint-0000000{n}.json" for n in (1, 2, 3)]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    assert list(folder.glob("*.part")) == []


def test_a_changed_checkpoint_is_named(folder: Path) -> None:
    for number in (1, 2, 3):
        path = folder / f"checkpoint-{number:08d}.json"
        whole = path.read_bytes()
        for place in range(0, len(whole), len(whole) // 25):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert [(fault.sequence, fault.kind) for fault in of_checkpoints()] == [(number, "checkpoint-forged")]
        path.write_bytes(whole)
        assert of_checkpoints() == []


def test_a_checkpoint_signed_by_another_key_is_named(folder: Path, machines: Machines) -> None:
    vault = machines.vault
    keys = {**vault.ring.keys, "signing": {1: os.urandom(32)}}
    for path in folder.glob("*.json"):
        path.unlink()
    crypto.bind(crypto.Vault(crypto.KeyRing(keys)))
    assert checkpoint() is not None
    crypto.bind(vault)
    assert [(fault.sequence, fault.kind) for fault in of_checkpoints()] == [(1, "checkpoint-forged")]


def test_a_removed_checkpoint_is_named(folder: Path) -> None:
    for number in (1, 2):
        path = folder / f"checkpoint-{number:08d}.json"
        whole = path.read_bytes()
        path.unlink()
        assert [(fault.sequence, fault.kind) for fault in of_checkpoints()] == [(number, "checkpoint-missing")]
        path.write_bytes(whole)


def test_a_checkpoint_put_in_the_place_of_another_is_named(folder: Path) -> None:
    shutil.copyfile(folder / "checkpoint-00000001.json", folder / "checkpoint-00000002.json")
    assert [(fault.sequence, fault.kind) for fault in of_checkpoints()] == [(2, "checkpoint-forged")]


def test_nothing_is_built_on_a_changed_checkpoint(folder: Path, trail: Trail) -> None:
    (folder / "checkpoint-00000003.json").write_bytes(b"{}")
    trail.add(1)
    with pytest.raises(TamperedError):
        checkpoint()
