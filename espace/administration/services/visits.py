"""Finding a person by exact identity only, and the minutes during which their pages are open to one operator.

Misses are counted and written down as for professionals (security.md R50); a find is a row of the record's trail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from espace import clock, crypto, db, settings
from espace.administration.models import Visit as VisitRow
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError, ThrottledError
from espace.identifiers import new_id
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Actor, Permission
from espace.records import services as records
from espace.words import N_, Message

WINDOW = timedelta(hours=1)
LIFE = timedelta(minutes=20)
KEPT = timedelta(days=2)
"""How long a visit's row stays: the codes a day allows are counted on them."""
_TABLE = "office_visits"
_NOBODY = N_("Nobody is known under this number and this birth date. Check both.")


class Purpose(StrEnum):
    """Why an operator looks for somebody; each belongs to one role."""

    COUNTER = "counter"
    PRIVACY = "privacy"
    MANDATE = "mandate"

    @property
    def permission(self) -> Permission:
        """What the operator must carry."""
        return Permission.OFFICE_PRIVACY if self is Purpose.PRIVACY else Permission.OFFICE_COUNTER


@dataclass(frozen=True, slots=True)
class Identity:
    """What was typed: the INS (15 characters, key included) and the birth date."""

    number: str
    birth_day: date


@dataclass(frozen=True, slots=True)
class Visit:
    """A person found, and what this operator noted since. `printed` counts the letters made for them."""

    id: UUID
    record_id: UUID
    person: Person
    state: str
    printed: int
    printed_at: datetime | None
    notes: Mapping[str, Any] = field(default_factory=dict, repr=False)


def find(actor: Actor, purpose: Purpose, identity: Identity) -> UUID:
    """Find exactly this person and open a visit; gives its id.

    Raises:
        InvalidError: when nobody is found, whatever the reason: a miss reveals nothing.
        NotFoundError: when the actor's role is not for this.
        ThrottledError: after the misses allowed in an hour: nothing is looked up any more.
    """
    if not actor.carries(purpose.permission):
        raise NotFoundError
    person, record_id = look_up(actor, identity)
    return _open(actor, purpose, record_id, person)


def open_known(actor: Actor, record_id: UUID) -> UUID:
    """Open a visit to a record that waits for a decision of the privacy officer; gives its id.

    Raises:
        NotFoundError: when the actor is no privacy officer, or nothing of this record waits.
    """
    if not actor.carries(Permission.OFFICE_PRIVACY):
        raise NotFoundError
    return _open(actor, Purpose.PRIVACY, record_id, people.person(records.record(record_id).person_id))


def look_up(actor: Actor, identity: Identity, nobody: Message = _NOBODY) -> tuple[Person, UUID]:
    """The person of exactly this identity and their record; `nobody` is what is said of a miss.

    Raises:
        InvalidError: when there is none, or the record is erased; the miss is written down.
        ThrottledError: after the misses allowed in an hour.
    """
    admit(actor)
    person = people.find_person(identity.number)
    record = records.record_of(person.id) if person is not None else None
    if person is None or record is None or person.birth_date != identity.birth_day or record.state == records.ERASED:
        raise missed(actor, nobody)
    return person, record.id


def admit(actor: Actor) -> None:
    """See that the actor has searches left.

    Raises:
        ThrottledError: with the seconds until the next one is looked at.
    """
    misses = audit.own_acts_since(actor, Action.OPERATOR_SEARCHED, clock.now() - WINDOW)
    if len(misses) >= settings.current().search_misses_per_hour:
        raise ThrottledError((min(misses) + WINDOW - clock.now()).total_seconds())


def missed(actor: Actor, nobody: Message = _NOBODY) -> InvalidError:
    """Write a miss down; gives the error that says it."""
    with db.write_apart():
        audit.record_office(actor, Action.OPERATOR_SEARCHED, detail={"result": "miss"})
    return InvalidError({"": nobody})


def visit(actor: Actor, purpose: Purpose, visit_id: UUID) -> Visit:
    """A visit of this operator that is still open.

    Raises:
        NotFoundError: when it is somebody else's, for another purpose, or over.
    """
    with db.read() as tx:
        return opened(tx, actor, purpose, visit_id)


def opened(tx: Connection, actor: Actor, purpose: Purpose, visit_id: UUID, *, lock: bool = False) -> Visit:
    """The same, read in the open unit of work and, with `lock`, held until its end."""
    statement = select(
        VisitRow.visited_id, VisitRow.ends_at, VisitRow.printed, VisitRow.printed_at, VisitRow.payload
    ).where(VisitRow.id == visit_id, VisitRow.operator_id == actor.id, VisitRow.purpose == purpose.value)
    row = tx.execute(statement.with_for_update() if lock else statement).first()
    # A clock set back must not lengthen it (L7).
    if row is None or not row.ends_at - LIFE - timedelta(minutes=5) <= clock.now() < row.ends_at:
        raise NotFoundError
    record = records.record(row.visited_id)
    if record.state == records.ERASED:
        raise NotFoundError
    return Visit(
        id=visit_id,
        record_id=row.visited_id,
        person=people.person(record.person_id),
        state=record.state,
        printed=row.printed,
        printed_at=row.printed_at,
        notes=crypto.unseal(tx, row.visited_id, _TABLE, visit_id, row.payload),
    )


def note_seen(actor: Actor, seen: Visit) -> None:
    """Write down that the person's page was shown, before it is (security.md R25)."""
    audit.record_office(actor, Action.OPERATOR_PAGE_OPENED, record_id=seen.record_id)


def keep(tx: Connection, seen: Visit, **notes: Any) -> None:
    """Write what the operator noted, over what the visit held under the same names."""
    sealed = crypto.seal(tx, seen.record_id, _TABLE, seen.id, {**seen.notes, **notes})
    tx.execute(update(VisitRow).where(VisitRow.id == seen.id).values(payload=sealed))


def end(actor: Actor, purpose: Purpose, visit_id: UUID) -> None:
    """Close a visit: the person's pages open no more without a new search.

    Raises:
        NotFoundError: see `visit`.
    """
    with db.write() as tx:
        opened(tx, actor, purpose, visit_id, lock=True)
        tx.execute(update(VisitRow).where(VisitRow.id == visit_id).values(ends_at=clock.now()))


def sweep() -> int:
    """Forget the visits of the days before; gives how many."""
    with db.write() as tx:
        return tx.execute(delete(VisitRow).where(VisitRow.ends_at <= clock.now() - KEPT)).rowcount


def _open(actor: Actor, purpose: Purpose, record_id: UUID, person: Person) -> UUID:
    visit_id, now = new_id(), clock.now()
    with db.write() as tx:
        tx.execute(
            insert(VisitRow).values(
                id=visit_id,
                operator_id=actor.id,
                visited_id=record_id,
                purpose=purpose.value,
                made_on=clock.today(),
                ends_at=now + LIFE,
                printed=0,
                printed_at=None,
                payload=crypto.seal(tx, record_id, _TABLE, visit_id, {}),
            )
        )
        shown = [{"kind": "person", "id": str(person.id)}]
        audit.record_office(
            actor, Action.OPERATOR_FOUND, record_id=record_id, detail={"purpose": purpose.value}, objects=shown
        )
    return visit_id
