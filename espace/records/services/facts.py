"""Whose record it is and where it stands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, bindparam, func, select

from espace import clock, crypto, db
from espace.errors import NotFoundError
from espace.people import services as people
from espace.records.models import Record

ANNOUNCED, OPEN, ACTIVE = "announced", "open", "active"
OPPOSED, CLOSED, SUSPENDED, DECEASED, ERASED = "opposed", "closed", "suspended", "deceased", "erased"
STATES = (ANNOUNCED, OPEN, ACTIVE, OPPOSED, CLOSED, SUSPENDED, DECEASED, ERASED)
TABLE = "records"


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """Whose record it is and where it stands. `attending_index` is the blind index of the attending doctor's RPPS.

    `state_before` is the state that returns when the present one is undone, "" for none. `ends_at` is the end of the
    archive of a closed record or a dead person's, or the day a suspended one is closed. `erase_at` is when a closed
    record is erased because its holder asked for it.
    """

    id: UUID
    person_id: UUID
    state: str
    opens_at: datetime
    activated_at: datetime | None
    attending_index: bytes | None
    state_since: datetime | None
    state_before: str
    ends_at: datetime | None
    erase_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether documents may enter and people may act in it (rules.md AC-1, AC-2)."""
        return self.state in (OPEN, ACTIVE)


@dataclass(frozen=True, slots=True)
class StateFacts:
    """Where a record stands, with the details of its state: `reason`, `evidence`, `died_on`, `objection`, `by`."""

    record_id: UUID
    person_id: UUID
    state: str
    state_since: datetime
    state_before: str
    opens_at: datetime
    ends_at: datetime | None
    erase_at: datetime | None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def end(self) -> datetime | None:
        """When everything is deleted: the day asked for, else the end of the archive; None while no end is set."""
        if self.state not in (CLOSED, DECEASED):
            return None
        known = [moment for moment in (self.erase_at, self.ends_at) if moment is not None]
        return min(known, default=None)

    @property
    def by_house(self) -> bool:
        """Whether a suspension closed it: its holder cannot reopen it alone (rules.md AC-10)."""
        return self.state == CLOSED and self.details.get("by") == "house"


COLUMNS = (
    Record.id,
    Record.person_id,
    Record.state,
    Record.opens_at,
    Record.activated_at,
    Record.attending_index,
    Record.state_since,
    Record.state_before,
    Record.ends_at,
    Record.erase_at,
)
WITH_HOLDER = people.beside(select(*COLUMNS), Record.__table__.c.person_id).where(Record.id == bindparam("record"))
"""One record (`record`) beside its sealed holder; a higher room may join its own tables. Read by `facts_of`."""
_BY_ID = select(*COLUMNS).where(Record.id == bindparam("id"))
_BY_IDS = select(*COLUMNS).where(Record.id.in_(bindparam("ids", expanding=True)))
_BY_PERSON = select(*COLUMNS).where(Record.person_id == bindparam("person_id"))
_BY_PERSONS = select(*COLUMNS).where(Record.person_id.in_(bindparam("ids", expanding=True)))
_HELD = select(Record.state, Record.opens_at).where(Record.id == bindparam("id")).with_for_update(read=True)
_ALONE = select(func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger)))
WHOLE = select(*COLUMNS, Record.announced_at, Record.payload).where(Record.id == bindparam("id"))
"""One record with its sealed state; read by `state_from`."""


def facts_of(row: Row[*tuple[Any, ...]]) -> RecordFacts:
    """The record of a row read through `WITH_HOLDER`."""
    return RecordFacts(*row[: len(COLUMNS)])


def record(record_id: UUID) -> RecordFacts:
    """One record.

    Raises:
        NotFoundError: when there is none of this id.
    """
    with db.read() as tx:
        row = tx.execute(_BY_ID, {"id": record_id}).first()
    if row is None:
        raise NotFoundError
    return facts_of(row)


def hold_open(tx: Connection, record_id: UUID) -> None:
    """Hold a record where it stands until the open unit of work ends, for a document that enters it (AC-1, AC-2).

    One at a time writes its documents: copies and versions that come in together must see each other.

    Raises:
        NotFoundError: when nothing enters it any more: it was objected to, closed or suspended a moment ago.
    """
    if not db.current().is_sqlite:  # there, whoever writes is alone anyway
        tx.execute(_ALONE, {"key": int.from_bytes(record_id.bytes[-8:], signed=True)})
    row = tx.execute(_HELD, {"id": record_id}).first()
    is_due = row is not None and row.state == ANNOUNCED and row.opens_at <= clock.now()
    if row is None or not (is_due or row.state in (OPEN, ACTIVE)):
        raise NotFoundError


def records(record_ids: Collection[UUID]) -> dict[UUID, RecordFacts]:
    """Several records at once, by their id."""
    if not record_ids:
        return {}
    with db.read() as tx:
        return {row.id: facts_of(row) for row in tx.execute(_BY_IDS, {"ids": list(record_ids)})}


def record_of(person_id: UUID) -> RecordFacts | None:
    """The record of a person, if one was announced."""
    with db.read() as tx:
        row = tx.execute(_BY_PERSON, {"person_id": person_id}).first()
    return facts_of(row) if row else None


def records_of(person_ids: Collection[UUID]) -> dict[UUID, RecordFacts]:
    """The records of several persons, by the person's id."""
    if not person_ids:
        return {}
    with db.read() as tx:
        return {row.person_id: facts_of(row) for row in tx.execute(_BY_PERSONS, {"ids": list(person_ids)})}


def state_of(record_id: UUID) -> StateFacts:
    """Where a record stands, with the details of its state. For its holder and for operators: these are personal.

    Raises:
        NotFoundError: when there is no such record.
    """
    with db.read() as tx:
        row = tx.execute(WHOLE, {"id": record_id}).first()
        if row is None:
            raise NotFoundError
        return state_from(tx, row)


def state_from(tx: Connection, row: Row[*tuple[Any, ...]]) -> StateFacts:
    """The state of a row read through `WHOLE`."""
    return StateFacts(
        record_id=row.id,
        person_id=row.person_id,
        state=row.state,
        state_since=row.state_since or row.activated_at or row.announced_at,
        state_before=row.state_before,
        opens_at=row.opens_at,
        ends_at=row.ends_at,
        erase_at=row.erase_at,
        details=opened(tx, row).get("details", {}),
    )


def opened(tx: Connection, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """The payload of a row read through `WHOLE`: `details` of the state, and `before`, the one that may return."""
    if row.payload is None:
        return {}
    return crypto.unseal(tx, row.person_id if row.state == ERASED else row.id, TABLE, row.id, row.payload)
