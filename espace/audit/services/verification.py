"""Walk every chain in constant memory, compare it with the checkpoints, and report what was tampered with.

Rows are read once, in the order of their keys, by pages; each page is one statement that brings each row's head with
it, so that a house at work raises no false alarm.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, exists, func, select, tuple_

from espace import crypto, db
from espace.audit.models import AuditEvent, AuditHead
from espace.errors import TamperedError

from . import chain, checkpoints
from .checkpoints import Checkpoint, Mark
from .walk import HOUSE, Fault, Kind, Stored, Walk

_PAGE = 500
_MARKS = 200
_LOWEST = (UUID(int=0), -1)

_Found = Row[*tuple[Any, ...]]

_ROWS = (
    select(
        AuditEvent.record_id,
        AuditEvent.sequence,
        AuditEvent.id,
        AuditEvent.at,
        AuditEvent.action,
        AuditEvent.actor_kind,
        AuditEvent.actor_id,
        AuditEvent.content_digest,
        AuditEvent.commitment,
        AuditEvent.link,
        AuditEvent.payload,
        AuditHead.sequence.label("head_sequence"),
        AuditHead.link.label("head_link"),
    )
    .join_from(AuditEvent, AuditHead, AuditHead.record_id == AuditEvent.record_id, isouter=True)
    .order_by(AuditEvent.record_id, AuditEvent.sequence)
    .limit(_PAGE)
)
_EMPTY = select(AuditHead.record_id).where(~exists().where(AuditEvent.record_id == AuditHead.record_id))


@dataclass(slots=True)
class Examination:
    """What was checked and what was found. `erased` counts rows whose data key was destroyed: not a fault."""

    faults: list[Fault] = field(default_factory=list)
    chains: int = 0
    rows: int = 0
    erased: int = 0
    checkpoints: int = 0
    last_checkpoint_at: datetime | None = None


def verify() -> list[Fault]:
    """Every sign of tampering with the trail; empty when it is whole."""
    return examine().faults


def examine() -> Examination:
    """Check every chain, its head, and every signed checkpoint against it."""
    found = Examination()
    with db.read() as tx:
        _walk_chains(tx, found)
        for chain_id in tx.execute(_EMPTY).scalars():
            found.chains += 1
            found.faults.append(Fault(chain_id, 1, Kind.TRUNCATED))
        _compare_checkpoints(tx, found)
    return found


def _walk_chains(tx: Connection, found: Examination) -> None:
    def is_copy(chain_id: UUID, event_id: UUID) -> bool:
        same = select(func.count()).where(AuditEvent.record_id == chain_id, AuditEvent.id == event_id)
        return tx.execute(same).scalar_one() > 1

    for chain_id, rows in groupby(_rows(tx), key=attrgetter("record_id")):
        walk = Walk(chain_id, is_copy)
        last: _Found | None = None
        for last in rows:
            stored = _stored(tx, last)
            walk.step(stored)
            found.rows += 1
            found.erased += stored.content_ok is None
        head = None if last is None or last.head_sequence is None else (last.head_sequence, last.head_link)
        found.chains += 1
        found.faults += walk.end(head)


def _rows(tx: Connection) -> Iterator[_Found]:
    after = _LOWEST
    place = tuple_(AuditEvent.record_id, AuditEvent.sequence)
    while page := tx.execute(_ROWS.where(place > after)).all():
        yield from page
        after = (page[-1].record_id, page[-1].sequence)


def _stored(tx: Connection, row: _Found) -> Stored:
    plain = chain.Row(row.record_id, row.id, row.at, row.action, row.actor_kind, row.actor_id)
    return Stored(plain, row.sequence, row.content_digest, row.commitment, row.link, _content_ok(tx, row))


def _content_ok(tx: Connection, row: _Found) -> bool | None:
    """Whether the payload is what was written; None when its key was destroyed."""
    if not crypto.current().has_key(tx, row.record_id):
        return None
    try:
        payload = crypto.unseal(tx, row.record_id, chain.TABLE, row.id, row.payload)
    except TamperedError:
        return False
    return any(chain.same(chain.content_digest(key, row.id, payload), row.content_digest) for key in chain.audit_keys())


def _compare_checkpoints(tx: Connection, found: Examination) -> None:
    expected = 1
    before: Checkpoint | None = None
    told = {(fault.chain_id, fault.kind) for fault in found.faults}
    moved = {fault.chain_id for fault in found.faults if fault.kind in _MOVING}
    for number in checkpoints.numbers():
        found.checkpoints += 1
        found.faults += [Fault(HOUSE, missing, Kind.CHECKPOINT_MISSING) for missing in range(expected, number)]
        known_before = before if number == expected else None
        expected, before = number + 1, None
        try:
            before = checkpoints.load(number)
        except TamperedError:
            found.faults.append(Fault(HOUSE, number, Kind.CHECKPOINT_FORGED))
            continue
        found.last_checkpoint_at = before.at
        if known_before and before.previous != known_before.digest:
            found.faults.append(Fault(HOUSE, known_before.number, Kind.CHECKPOINT_FORGED))
        for fault in _disagreeing(tx, before.marks):
            if (fault.chain_id, fault.kind) not in told and fault.chain_id not in moved:
                told.add((fault.chain_id, fault.kind))
                found.faults.append(fault)


# A chain with such a fault differs from its checkpoints by its numbers: that is said already.
_MOVING = frozenset({Kind.DELETED, Kind.INSERTED, Kind.REORDERED})


def _disagreeing(tx: Connection, marks: tuple[Mark, ...]) -> Iterator[Fault]:
    """Marks whose row is gone, or is another."""
    for start in range(0, len(marks), _MARKS):
        part = marks[start : start + _MARKS]
        wanted = [(mark.chain_id, mark.sequence) for mark in part]
        rows = tx.execute(
            select(AuditEvent.record_id, AuditEvent.sequence, AuditEvent.link).where(
                tuple_(AuditEvent.record_id, AuditEvent.sequence).in_(wanted)
            )
        )
        links = {(row.record_id, row.sequence): row.link for row in rows}
        for mark in part:
            link = links.get((mark.chain_id, mark.sequence))
            if link is None:
                yield Fault(mark.chain_id, mark.sequence, Kind.TRUNCATED)
            elif not chain.same(link, mark.link):
                yield Fault(mark.chain_id, mark.sequence, Kind.REWRITTEN)
