"""The carers of a record as its people see them: changed, prolonged, ended; and ended by the carers themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from espace import clock, crypto, db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, NotFoundError
from espace.family.models import Link
from espace.family.services.bonds import CARER, TABLE, Bond, bonds_of
from espace.family.services.links import is_held_back
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Actor, Permission, Relation, Standing, Task, demand_fresh_proof
from espace.records import services as records

from .scope import Scope, check, last_day_of
from .telling import tell_rights

_COLUMNS = (Link.record_id, Link.id, Link.person_id, Link.since, Link.until, Link.version, Link.payload)
_OF_RECORD = (
    select(*_COLUMNS)
    .where(Link.record_id == bindparam("record"), Link.kind == CARER)
    .order_by(Link.until.desc(), Link.id)
)


@dataclass(frozen=True, slots=True)
class Carer:
    """One carer of a record, present or past. `paper`: made one at the counter, from a signed paper."""

    id: UUID
    record_id: UUID
    person_id: UUID
    name: str
    initials: str
    scope: Scope
    since: datetime
    until: datetime
    version: int
    paper: bool

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.until <= clock.now()

    @property
    def given_name(self) -> str:
        """What a page calls them in a sentence."""
        return self.name.split()[0]

    @property
    def days_left(self) -> int:
        """Whole days left after today; below zero once it is over."""
        return (self.scope.last_day - clock.today()).days


@dataclass(frozen=True, slots=True)
class Helped:
    """Somebody the actor helps, as the actor may know of it: never what is withheld (security.md R13)."""

    id: UUID
    record_id: UUID
    name: str
    initials: str
    tasks: frozenset[Task]
    last_day: date
    may_be_entered: bool

    @property
    def given_name(self) -> str:
        """What a page calls them in a sentence."""
        return self.name.split()[0]


def carers(standing: Standing) -> list[Carer]:
    """Every carer the record has or had, who helps longest first.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    manages(standing)
    return carers_on(standing.record_id)


def carers_on(record_id: UUID) -> list[Carer]:
    """The same for the house itself: jobs, and the desk where a holder comes."""
    with db.read() as tx:
        rows = tx.execute(_OF_RECORD, {"record": record_id}).all()
        return _opened(tx, rows)


def carer(standing: Standing, carer_id: UUID) -> Carer:
    """One of them.

    Raises:
        NotFoundError: when the record has no such carer, or the actor does not manage its accesses.
    """
    return _one(carers(standing), carer_id)


def change(standing: Standing, carer_id: UUID, scope: Scope, *, version: int) -> bool:
    """Change what a carer does, from the very next request; gives whether it opened something further.

    Raises:
        NotFoundError: as `carer`, or when it has ended meanwhile.
        StepUpError: when it opens further without a fresh proof; narrowing never asks (security.md R9).
        InvalidError: when the scope makes no sense.
        ConflictError: when somebody changed it meanwhile.
    """
    found = carer(standing, carer_id)
    if found.is_over:
        raise NotFoundError
    if found.version != version:
        raise ConflictError
    if scope == found.scope:
        return False  # nothing was changed
    wider = not scope.is_within(found.scope)
    if wider:
        demand_fresh_proof(standing.actor)
    check(standing.record_id, scope)
    with db.write() as tx:
        payload = crypto.unseal(tx, standing.record_id, TABLE, carer_id, _payload(tx, standing.record_id, carer_id))
        payload |= scope.as_payload()
        if wider:  # who opens further answers for it from now on
            payload["by"] = str(standing.actor.person_id)
        changed = tx.execute(
            update(Link)
            .where(
                Link.record_id == standing.record_id,
                Link.id == carer_id,
                Link.version == version,
                Link.until > clock.now(),
            )
            .values(
                until=scope.until,
                version=version + 1,
                payload=crypto.seal(tx, standing.record_id, TABLE, carer_id, payload),
            )
        )
        if changed.rowcount != 1:
            raise ConflictError
        action = Action.CARER_WIDENED if wider else Action.CARER_NARROWED
        audit.record(
            standing.actor, standing.record_id, action, relation=standing.relation, objects=[person_object(found)]
        )
        tell_rights(standing.record_id, found.person_id)
    return wider


def end(standing: Standing, carer_id: UUID) -> Carer:
    """End a carer's tasks now; done twice, it ended the first time. Gives the carer.

    Raises:
        NotFoundError: when the record has no such carer, or the actor does not manage its accesses.
    """
    found = carer(standing, carer_id)
    _end(found, standing.actor, Action.CARER_ENDED, standing.relation)
    return found


def end_at_desk(operator: Actor, record_id: UUID, carer_id: UUID) -> Carer:
    """The same, asked for at the counter by who was recognised there, on the spot or by telephone.

    Raises:
        NotFoundError: when the record has no such carer.
    """
    found = _one(carers_on(record_id), carer_id)
    _end(found, operator, Action.CARER_ENDED, None)
    return found


def helped(actor: Actor) -> list[Helped]:
    """Everybody the actor helps today, in the order of their records."""
    if actor.person_id is None or is_held_back(actor.person_id):
        return []
    found = {one.record_id: one for one in bonds_of(actor.person_id) if one.kind == CARER}
    facts = records.records(list(found))
    holders = people.persons([each.person_id for each in facts.values()])
    return [_helped(found[one], facts[one], holders[facts[one].person_id]) for one in sorted(facts)]


def _helped(bond: Bond, record: records.RecordFacts, holder: Person) -> Helped:
    return Helped(
        id=bond.id,
        record_id=record.id,
        name=holder.display_name,
        initials=holder.initials,
        tasks=bond.tasks,
        last_day=last_day_of(bond.until) if bond.until else clock.today(),
        may_be_entered=record.state == records.ACTIVE or (record.is_open and bond.on_paper),
    )


def stop_helping(actor: Actor, carer_id: UUID) -> Helped:
    """End one's own tasks for somebody, now and without a reason. Gives whom one helped.

    Raises:
        NotFoundError: when the actor helps nobody under this id.
    """
    found = next((one for one in helped(actor) if one.id == carer_id), None)
    if found is None:
        raise NotFoundError
    _end(_one(carers_on(found.record_id), carer_id), actor, Action.CARER_LEFT, Relation.CARER)
    return found


def manages(standing: Standing) -> None:
    """See that the actor decides about the record's accesses.

    Raises:
        NotFoundError: when they do not.
    """
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError


def person_object(found: Carer) -> dict[str, str]:
    """How a carer stands in the trail."""
    return {"kind": "person", "id": str(found.person_id), "name": found.name}


def _end(found: Carer, actor: Actor, action: Action, relation: Relation | None) -> None:
    now = clock.now()
    with db.write() as tx:
        ended = tx.execute(
            update(Link)
            .where(Link.record_id == found.record_id, Link.id == found.id, Link.until > now)
            .values(until=now, version=Link.version + 1)
        )
        if not ended.rowcount:
            return  # it was over already
        audit.record(actor, found.record_id, action, relation=relation, objects=[person_object(found)])
        tell_rights(found.record_id, found.person_id)


def _one(found: Sequence[Carer], carer_id: UUID) -> Carer:
    one = next((each for each in found if each.id == carer_id), None)
    if one is None:
        raise NotFoundError
    return one


def _payload(tx: Connection, record_id: UUID, carer_id: UUID) -> bytes:
    wanted = select(Link.payload).where(Link.record_id == record_id, Link.id == carer_id).with_for_update()
    found = tx.execute(wanted).scalar_one()
    if found is None:
        raise NotFoundError
    return found


def _said(tx: Connection, row: Any) -> dict[str, Any]:
    return crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)


def _tasks(said: dict[str, Any]) -> frozenset[Task]:
    return frozenset(Task(task) for task in said.get("tasks", ()))


def _opened(tx: Connection, rows: Sequence[Any]) -> list[Carer]:
    persons = people.persons([row.person_id for row in rows])
    found = []
    for row in rows:
        said, person = _said(tx, row), persons[row.person_id]
        found.append(
            Carer(
                id=row.id,
                record_id=row.record_id,
                person_id=row.person_id,
                name=person.display_name,
                initials=person.initials,
                scope=Scope(_tasks(said), frozenset(said.get("subjects", ())), last_day_of(row.until)),
                since=row.since,
                until=row.until,
                version=row.version,
                paper=bool(said.get("paper")),
            )
        )
    return found
