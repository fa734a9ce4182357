"""Heirs of a dead holder: asked for and decided upon by operators, read-only for some weeks (rules.md AC-11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from espace import clock, crypto, db, outbox, settings
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.people import services as people
from espace.permissions import Actor, Permission, demand_fresh_proof
from espace.records.models import Heir, Record
from espace.words import N_

from .facts import DECEASED, record
from .suspension import checked_reason
from .transitions import as_office

TABLE = "record_heirs"
HEIR_TOPIC = "records.heir-decided"
ASKED, GRANTED, REFUSED, ENDED = "asked", "granted", "refused", "ended"
RELATIONSHIPS = {
    "spouse": N_("Spouse, partner or companion"),
    "child": N_("Child"),
    "parent": N_("Father or mother"),
    "sibling": N_("Brother or sister"),
    "other-heir": N_("Another heir"),
}
MOTIVES = {
    "cause": N_("Know the causes of the death"),
    "memory": N_("Defend the memory of the person"),
    "rights": N_("Make use of their own rights"),
}
"""The three motives the law knows (CSP L. 1110-4, R. 1111-7)."""


@dataclass(frozen=True, slots=True)
class HeirRequest:
    """Who asks to read (found by exact INS), as what (a key of `RELATIONSHIPS`), and why (a key of `MOTIVES`)."""

    person_id: UUID
    relationship: str
    motive: str


@dataclass(frozen=True, slots=True)
class HeirLine:
    """One request and what became of it; `state` is asked, granted, refused or ended, `until` when reading stops."""

    id: UUID
    person_id: UUID
    name: str
    state: str
    relationship: str
    motive: str
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str
    reason: str
    until: datetime | None


_COLUMNS = (Heir.id, Heir.person_id, Heir.state, Heir.asked_at, Heir.decided_at, Heir.until, Heir.payload)
_READS = (
    select(Heir.until)
    .where(
        Heir.record_id == bindparam("record"),
        Heir.person_id == bindparam("person"),
        Heir.state == GRANTED,
        Heir.until > bindparam("now"),
    )
    .limit(1)
)
_INHERITED = (
    select(Heir.record_id)
    .join(Record, Record.id == Heir.record_id)
    .where(
        Heir.person_id == bindparam("person"),
        Heir.state == GRANTED,
        Heir.until > bindparam("now"),
        Record.state == DECEASED,
    )
    .order_by(Heir.record_id)
    .distinct()
)


def ask_for_heir(actor: Actor, record_id: UUID, request: HeirRequest) -> UUID:
    """Write an heir's request down; gives its id. Any operator who meets people may; the privacy officer decides.

    Raises:
        ConflictError: when a request of this person waits, or still lets them read.
        InvalidError: when the record's holder asks, or relationship or motive are none of ours.
        NotFoundError: for an operator of another role, an unknown person, or a record whose holder lives.
    """
    if not actor.carries(Permission.OFFICE_COUNTER):
        as_office(actor)
    facts = record(record_id)
    if facts.state != DECEASED:
        raise NotFoundError
    _check(facts.person_id, request)
    now, heir_id = clock.now(), new_id()
    with db.write() as tx:
        if any(line.person_id == request.person_id and _stands(line, now) for line in heirs_of(record_id)):
            raise ConflictError
        payload = {"relationship": request.relationship, "motive": request.motive, "asked_by": actor.name}
        tx.execute(
            insert(Heir).values(
                record_id=record_id,
                id=heir_id,
                person_id=request.person_id,
                state=ASKED,
                asked_at=now,
                payload=crypto.seal(tx, record_id, TABLE, heir_id, payload),
            )
        )
        _trace(actor, record_id, Action.HEIR_ASKED, request.person_id, request.motive)
    return heir_id


def decide_heir(actor: Actor, record_id: UUID, heir_id: UUID, *, grant: bool, reason: str) -> None:
    """Let an heir read for `settings.heir_days`, or refuse; they are told by e-mail that something was decided.

    Raises:
        ConflictError: when it was decided already, or the holder is not declared dead any more.
        InvalidError: without a reason, or with one too long.
        NotFoundError: for an operator who is no privacy officer, or when the record has no such request.
        StepUpError: granting asks for a fresh proof (R9).
    """
    as_office(actor)
    if grant:
        demand_fresh_proof(actor)
    reason = checked_reason(reason)
    now = clock.now()
    with db.write() as tx:
        line = next((line for line in heirs_of(record_id) if line.id == heir_id), None)
        if line is None:
            raise NotFoundError
        if line.state != ASKED or record(record_id).state != DECEASED:
            raise ConflictError
        payload = {
            "relationship": line.relationship,
            "motive": line.motive,
            "asked_by": line.asked_by,
            "decided_by": actor.name,
            "reason": reason,
        }
        changed = tx.execute(
            update(Heir)
            .where(Heir.record_id == record_id, Heir.id == heir_id, Heir.state == ASKED)
            .values(
                state=GRANTED if grant else REFUSED,
                decided_at=now,
                until=now + timedelta(days=settings.current().heir_days) if grant else None,
                payload=crypto.seal(tx, record_id, TABLE, heir_id, payload),
            )
        )
        if changed.rowcount != 1:
            raise ConflictError
        action = Action.HEIR_GRANTED if grant else Action.HEIR_REFUSED
        _trace(actor, record_id, action, line.person_id, line.motive, reason)
        outbox.post(HEIR_TOPIC, {"person_id": str(line.person_id)})


def heirs_of(record_id: UUID) -> list[HeirLine]:
    """Every request on a record, oldest first. For operators: the caller saw that they may."""
    query = select(*_COLUMNS).where(Heir.record_id == record_id).order_by(Heir.id)
    with db.read() as tx:
        rows = tx.execute(query).all()
        persons = people.persons([row.person_id for row in rows])
        return [_line(tx, record_id, row, persons) for row in rows]


def heir_until(record_id: UUID, person_id: UUID) -> datetime | None:
    """Until when this person may read this dead person's record; None when they may not."""
    with db.read() as tx:
        return tx.execute(_READS, {"record": record_id, "person": person_id, "now": clock.now()}).scalar()


def inherited(person_id: UUID) -> Sequence[UUID]:
    """The dead persons' records this person may read now."""
    with db.read() as tx:
        return tx.execute(_INHERITED, {"person": person_id, "now": clock.now()}).scalars().all()


def end_all(record_id: UUID) -> None:
    """End every request and grant on a record: its holder lives, or it is erased."""
    with db.write() as tx:
        tx.execute(
            update(Heir)
            .where(Heir.record_id == record_id, Heir.state.in_([ASKED, GRANTED]))
            .values(state=ENDED, until=None)
        )


def _check(holder_id: UUID, request: HeirRequest) -> None:
    people.person(request.person_id)
    problems: dict[str, str] = {}
    if request.person_id == holder_id:
        problems["ins"] = N_("This number is that of the dead person. Write the number of the person who asks.")
    if request.relationship not in RELATIONSHIPS:
        problems["relationship"] = N_("Choose who the person is to the dead person.")
    if request.motive not in MOTIVES:
        problems["motive"] = N_("Choose why the person asks.")
    if problems:
        raise InvalidError(problems)


def _stands(line: HeirLine, now: datetime) -> bool:
    return line.state == ASKED or (line.state == GRANTED and line.until is not None and line.until > now)


def _line(tx: Connection, record_id: UUID, row: Any, persons: dict[UUID, people.Person]) -> HeirLine:
    held = crypto.unseal(tx, record_id, TABLE, row.id, row.payload)
    return HeirLine(
        id=row.id,
        person_id=row.person_id,
        name=persons[row.person_id].display_name if row.person_id in persons else "",
        state=row.state,
        relationship=held["relationship"],
        motive=held["motive"],
        asked_at=row.asked_at,
        asked_by=held["asked_by"],
        decided_at=row.decided_at,
        decided_by=held.get("decided_by", ""),
        reason=held.get("reason", ""),
        until=row.until,
    )


def _trace(actor: Actor, record_id: UUID, action: Action, person_id: UUID, motive: str, reason: str = "") -> None:
    name = people.person(person_id).display_name
    detail = {"motive": motive} | ({"reason": reason} if reason else {})
    audit.record(actor, record_id, action, objects=[{"id": str(person_id), "name": name}], detail=detail)
