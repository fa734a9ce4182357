"""What binds a person to somebody's record today: parent, guardian or carer, how far and until when.

A parent's link gives its right only while the child is a minor, a guardian's only from then on: that is computed, never
stored (rules.md MI-4, MI-11).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, or_, select

from espace import clock, crypto, db, settings
from espace.db import Id
from espace.family.models import Link
from espace.people import services as people
from espace.permissions import Task
from espace.records import services as records

from .carers.subjects import types_of

PARENT, GUARDIAN, CARER = "parent", "guardian", "carer"
TABLE = "family_links"

_STANDS = or_(Link.until.is_(None), Link.until > bindparam("now"))
_COLUMNS = (
    Link.id,
    Link.record_id,
    Link.person_id,
    Link.kind,
    Link.since,
    Link.until,
    Link.frozen_at,
    Link.sees_before,
    Link.version,
    Link.first_read_at,
    Link.payload,
)
_ONE = select(*_COLUMNS).where(
    Link.record_id == bindparam("record_id"), Link.person_id == bindparam("person_id"), _STANDS
)
_OF_PERSON = select(*_COLUMNS).where(Link.person_id == bindparam("person_id"), _STANDS).order_by(Link.record_id)
_OF_RECORD = select(*_COLUMNS).where(Link.record_id == bindparam("record_id"), _STANDS).order_by(Link.id)
_FROZEN = select(Link.record_id, Link.person_id).where(
    Link.record_id.in_(bindparam("records", expanding=True, type_=Id)), Link.kind != CARER, Link.frozen_at.is_not(None)
)


@dataclass(frozen=True, slots=True)
class Bond:
    """One person bound to one record today.

    `is_frozen`: a decision stops this representative; `sees_before` is until when what came is left to them (R15).
    `tasks`, `subjects` and the `withheld_types` that follow from these are a carer's. `given_by` is who of the record's
    people made them one, `on_paper` that it was by a signed paper, at the counter; `never_read`: they have not read the
    record yet. `two_homes`: a parent asked that nothing here tells the others where they are. `measure` is a
    guardian's.
    """

    id: UUID
    record_id: UUID
    person_id: UUID
    kind: str
    since: datetime
    until: datetime | None
    is_frozen: bool
    sees_before: datetime | None
    version: int
    tasks: frozenset[Task] = frozenset()
    withheld_types: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    given_by: UUID | None = None
    on_paper: bool = False
    never_read: bool = False
    two_homes: bool = False
    measure: str = ""

    @property
    def represents(self) -> bool:
        """Whether it makes them stand in for the holder, as a parent or a guardian does, frozen or not."""
        return self.kind in (PARENT, GUARDIAN)

    @property
    def acts(self) -> bool:
        """Whether they may decide in the holder's name now."""
        return self.represents and not self.is_frozen

    @property
    def opens(self) -> bool:
        """Whether it opens anything of the record."""
        return not self.is_frozen or self.sees_before is not None


def bond(person_id: UUID, record_id: UUID) -> Bond | None:
    """What binds this person to this record today, standing in for its holder before caring; None for nothing."""
    with db.read() as tx:
        rows = tx.execute(_ONE, {"record_id": record_id, "person_id": person_id, "now": clock.now()}).all()
        found = _standing(tx, rows)
    return min(found, key=lambda one: not one.represents, default=None)


def bonds_of(person_id: UUID) -> list[Bond]:
    """Every record this person is bound to today, the record announced first coming first."""
    with db.read() as tx:
        return _standing(tx, tx.execute(_OF_PERSON, {"person_id": person_id, "now": clock.now()}).all())


def bonds_on(record_id: UUID) -> list[Bond]:
    """Everybody bound to this record today, the oldest bond first."""
    with db.read() as tx:
        return _standing(tx, tx.execute(_OF_RECORD, {"record_id": record_id, "now": clock.now()}).all())


def bonds_as_told(record_id: UUID, openly: Collection[UUID]) -> list[Bond]:
    """The same as its people may know: a carer stands as before unless who named them is limited `openly` (R15).

    To be listed, never to be let in: a limit of which a decision says nothing must not show by whom it stops as well.
    """
    with db.read() as tx:
        found = _fitting(tx, tx.execute(_OF_RECORD, {"record_id": record_id, "now": clock.now()}).all())
        stopped = {(record, person) for record, person in _stopped(tx, {record_id}) if person in openly}
        return [one for one in found if (one.record_id, one.given_by) not in stopped]


def _standing(tx: Connection, rows: Sequence[Any]) -> list[Bond]:
    """Those of the rows that give a right today: at the age of their holder, and given by who still decides."""
    found = _fitting(tx, rows)
    stopped = _stopped(tx, {one.record_id for one in found if one.kind == CARER})
    return [one for one in found if (one.record_id, one.given_by) not in stopped]


def _fitting(tx: Connection, rows: Sequence[Any]) -> list[Bond]:
    """Those of the rows that fit the age their holder has today."""
    minors = _minors({row.record_id for row in rows if row.kind != CARER})
    return [_opened(tx, row) for row in rows if row.kind == CARER or (row.kind == PARENT) == (row.record_id in minors)]


def _stopped(tx: Connection, record_ids: set[UUID]) -> frozenset[tuple[UUID, UUID]]:
    """Who is stopped from deciding on these records: no carer they named reads in their place either (R15)."""
    if not record_ids:
        return frozenset()
    rows = tx.execute(_FROZEN, {"records": list(record_ids)})
    return frozenset((row.record_id, row.person_id) for row in rows)


def _minors(record_ids: set[UUID]) -> frozenset[UUID]:
    """Those of the records whose holder is under `majority_age` today (rules.md MI-4)."""
    facts = records.records(list(record_ids))
    holders = people.persons([each.person_id for each in facts.values()])
    majority, today = settings.current().majority_age, clock.today()
    return frozenset(
        each.id
        for each in facts.values()
        if each.person_id in holders and holders[each.person_id].age_on(today) < majority
    )


def _opened(tx: Connection, row: Row[Any]) -> Bond:
    said = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload) if row.payload else {}
    return Bond(
        id=row.id,
        record_id=row.record_id,
        person_id=row.person_id,
        kind=row.kind,
        since=row.since,
        until=row.until,
        is_frozen=row.frozen_at is not None,
        sees_before=row.sees_before,
        version=row.version,
        tasks=frozenset(Task(task) for task in said.get("tasks", ())),
        withheld_types=frozenset(said.get("withheld", ())) | types_of(said.get("subjects", ())),
        subjects=frozenset(said.get("subjects", ())),
        given_by=UUID(said["by"]) if said.get("by") else None,
        on_paper=bool(said.get("paper")),
        never_read=row.kind == CARER and row.first_read_at is None,
        two_homes=bool(said.get("two_homes")),
        measure=said.get("measure", ""),
    )
