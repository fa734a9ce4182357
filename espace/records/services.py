"""Records: announced to the person, opened after the delay for objection, active once the person came in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, settings
from espace.audit import services as audit
from espace.errors import ConflictError, NotFoundError, RefusedError
from espace.identifiers import new_id, parse_rpps
from espace.people import services as people
from espace.permissions import SYSTEM

from .models import Record

ANNOUNCED, OPEN, ACTIVE = "announced", "open", "active"
OPPOSED, CLOSED, SUSPENDED, DECEASED, ERASED = "opposed", "closed", "suspended", "deceased", "erased"
_BATCH = 200


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """Whose record it is and where it stands. `attending_index` is the blind index of the attending doctor's RPPS."""

    id: UUID
    person_id: UUID
    state: str
    opens_at: datetime
    activated_at: datetime | None
    attending_index: bytes | None

    @property
    def is_open(self) -> bool:
        """Whether documents may enter and people may act in it (rules.md AC-1, AC-2)."""
        return self.state in (OPEN, ACTIVE)


_COLUMNS = (
    Record.id,
    Record.person_id,
    Record.state,
    Record.opens_at,
    Record.activated_at,
    Record.attending_index,
)
WITH_HOLDER = people.beside(select(*_COLUMNS), Record.__table__.c.person_id).where(Record.id == bindparam("record"))
"""One record (`record`) beside its sealed holder; a higher room may join its own tables. Read by `facts_of`."""
_BY_ID = select(*_COLUMNS).where(Record.id == bindparam("id"))
_BY_IDS = select(*_COLUMNS).where(Record.id.in_(bindparam("ids", expanding=True)))
_BY_PERSON = select(*_COLUMNS).where(Record.person_id == bindparam("person_id"))
_BY_PERSONS = select(*_COLUMNS).where(Record.person_id.in_(bindparam("ids", expanding=True)))
_DUE = (
    select(Record.id)
    .where(Record.state == ANNOUNCED, Record.opens_at <= bindparam("now"))
    .order_by(Record.opens_at, Record.id)
    .limit(_BATCH)
)


def facts_of(row: Row[Any]) -> RecordFacts:
    """The record of a row read through `WITH_HOLDER`."""
    return RecordFacts(*row[: len(_COLUMNS)])


def record(record_id: UUID) -> RecordFacts:
    """One record.

    Raises:
        NotFoundError: when there is none of this id.
    """
    with db.read() as tx:
        row = tx.execute(_BY_ID, {"id": record_id}).first()
    if row is None:
        raise NotFoundError
    return RecordFacts(*row)


def records(record_ids: Collection[UUID]) -> dict[UUID, RecordFacts]:
    """Several records at once, by their id."""
    if not record_ids:
        return {}
    with db.read() as tx:
        return {row.id: RecordFacts(*row) for row in tx.execute(_BY_IDS, {"ids": list(record_ids)})}


def record_of(person_id: UUID) -> RecordFacts | None:
    """The record of a person, if one was announced."""
    with db.read() as tx:
        row = tx.execute(_BY_PERSON, {"person_id": person_id}).first()
    return RecordFacts(*row) if row else None


def records_of(person_ids: Collection[UUID]) -> dict[UUID, RecordFacts]:
    """The records of several persons, by the person's id."""
    if not person_ids:
        return {}
    with db.read() as tx:
        return {row.person_id: RecordFacts(*row) for row in tx.execute(_BY_PERSONS, {"ids": list(person_ids)})}


def open_record(person_id: UUID, *, attending_rpps: str = "", delay: timedelta | None = None) -> UUID:
    """Announce a person's record with a data key of its own; it opens after `delay` (rules.md AC-2).

    `delay` is the setting `opening_delay` unless given; without delay the record is open at once. A record that
    exists is left as it is.

    Raises:
        ConflictError: when somebody else announced the same record meanwhile.
        ValueError: when `attending_rpps` is no RPPS number.
    """
    wait = timedelta(days=settings.current().opening_delay) if delay is None else delay
    index = _attending_index(attending_rpps)
    with db.write() as tx:
        known = record_of(person_id)
        if known:
            return known.id
        record_id, now = new_id(), clock.now()
        crypto.new_owner_key(tx, record_id)
        values: dict[str, Any] = {
            "id": record_id,
            "person_id": person_id,
            "state": OPEN if wait <= timedelta(0) else ANNOUNCED,
            "attending_index": index,
            "announced_at": now,
            "opens_at": now + wait,
            "activated_at": None,
        }
        try:
            tx.execute(insert(Record).values(values))
        except IntegrityError:
            raise ConflictError from None
        audit.record(SYSTEM, record_id, audit.Action.RECORD_ANNOUNCED)
        if wait <= timedelta(0):
            audit.record(SYSTEM, record_id, audit.Action.RECORD_OPENED)
        return record_id


def set_attending(record_id: UUID, rpps: str) -> bool:
    """Note the attending doctor declared to the insurer ("" for none); gives whether that changed.

    Raises:
        ValueError: when `rpps` is no RPPS number.
    """
    index = _attending_index(rpps)
    with db.write() as tx:
        if record(record_id).attending_index == index:
            return False
        tx.execute(update(Record).where(Record.id == record_id).values(attending_index=index))
    return True


def mark_active(record_id: UUID) -> bool:
    """The holder came in: their own step opens a record that was only announced. Gives whether that changed.

    Raises:
        RefusedError: when the record is neither announced nor open.
    """
    with db.write() as tx:
        facts = record(record_id)
        if facts.state == ACTIVE:
            return False
        if facts.state not in (ANNOUNCED, OPEN):
            raise RefusedError("record-state")
        tx.execute(
            update(Record)
            .where(Record.id == record_id, Record.state == facts.state)
            .values(state=ACTIVE, activated_at=clock.now())
        )
        if facts.state == ANNOUNCED:
            audit.record(SYSTEM, record_id, audit.Action.RECORD_OPENED)
    return True


def on_account_activated(_delivery_id: UUID, payload: Mapping[str, Any]) -> None:
    """Event `accounts.activated`: the person came in, so their record is active from now on."""
    facts = record_of(UUID(payload["person_id"]))
    if facts:
        mark_active(facts.id)


def open_due() -> int:
    """Open the announced records whose delay has passed, each in its own transaction; gives how many."""
    with db.read() as tx:
        due = tx.execute(_DUE, {"now": clock.now()}).scalars().all()
    return sum(_open(record_id) for record_id in due)


def _open(record_id: UUID) -> bool:
    with db.write() as tx:
        changed = tx.execute(
            update(Record)
            .where(Record.id == record_id, Record.state == ANNOUNCED, Record.opens_at <= clock.now())
            .values(state=OPEN)
        )
        if not changed.rowcount:
            return False
        audit.record(SYSTEM, record_id, audit.Action.RECORD_OPENED)
    return True


def _attending_index(rpps: str) -> bytes | None:
    """The index the directory keeps this professional under."""
    return crypto.blind("rpps", parse_rpps(rpps)) if rpps else None
