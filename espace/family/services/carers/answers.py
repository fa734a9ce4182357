"""Whoever is asked to become a carer: sees for whom and what, says yes or no. Nobody else can (security.md R5)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from espace import clock, crypto, db
from espace.accounts import services as accounts
from espace.accounts.services import held
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Digest
from espace.errors import ConflictError, NotFoundError, RefusedError
from espace.family.models import CarerInvitation, Link
from espace.family.services.bonds import CARER, TABLE, bond
from espace.family.services.links import is_held_back, representatives
from espace.identifiers import new_id
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Actor, Relation, Task, demand_fresh_proof
from espace.records import services as records

from . import invitations
from .invitations import ACCEPTED, COLUMNS, PURPOSE, REFUSED, Invitation, index_of
from .scope import Scope
from .telling import begin_anew, tell_rights

_FOR_ME = (
    select(*COLUMNS)
    .where(
        CarerInvitation.for_index.in_(bindparam("indexes", expanding=True, type_=Digest(32))),
        CarerInvitation.answered_at.is_(None),
    )
    .order_by(CarerInvitation.id)
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody is asked, as far as it is theirs to know: never what is withheld (security.md R13)."""

    id: UUID
    record_id: UUID
    name: str
    initials: str
    by_name: str
    tasks: frozenset[Task]
    last_day: date
    answer_by: date

    @property
    def given_name(self) -> str:
        """What a page calls them in a sentence."""
        return self.name.split()[0]


def offers(actor: Actor) -> list[Offer]:
    """What the actor is asked and has not answered, the oldest first."""
    return [_offer(one) for one in _waiting(actor)]


def offer(actor: Actor, invitation_id: UUID) -> Offer:
    """One of them.

    Raises:
        NotFoundError: when it waits for somebody else, or for nobody any more.
    """
    return _offer(_mine(actor, invitation_id))


def by_token(actor: Actor, token: str) -> UUID:
    """The invitation to which the link of a message leads.

    Raises:
        NotFoundError: for a link that is over, unknown, or of a message that was for somebody else: all alike.
    """
    facts = held.look(PURPOSE, token)
    if facts is None:
        raise NotFoundError
    return _mine(actor, UUID(facts["invitation_id"])).id


def accept(actor: Actor, invitation_id: UUID) -> Offer:
    """Become a carer, from now on. Gives whose.

    Raises:
        NotFoundError: as `offer`.
        StepUpError: without a fresh proof: this widens (security.md R9).
        RefusedError: `already` when the actor is the holder, or stands in for them.
        ConflictError: when it was answered or taken back meanwhile.
    """
    demand_fresh_proof(actor)
    found = _mine(actor, invitation_id)
    person_id = actor.person_id
    if person_id is None:
        raise NotFoundError
    present = bond(person_id, found.record_id)
    if records.record(found.record_id).person_id == person_id or (present is not None and present.represents):
        raise RefusedError("already")
    with db.write() as tx:
        if not invitations.settle(tx, found, ACCEPTED):
            raise ConflictError
        make(tx, found.record_id, person_id, found.scope, by=found.by_person)
        shown = [{"kind": "person", "id": str(person_id), "name": actor.name}]
        audit.record(actor, found.record_id, Action.CARER_ACCEPTED, relation=Relation.CARER, objects=shown)
        tell_rights(found.record_id, person_id)
    return _offer(found)


def refuse(actor: Actor, invitation_id: UUID) -> Offer:
    """Say no: nothing opens, and no reason is given. Gives whom one does not help.

    Raises:
        NotFoundError: as `offer`.
        ConflictError: when it was answered or taken back meanwhile.
    """
    found = _mine(actor, invitation_id)
    with db.write() as tx:
        if not invitations.settle(tx, found, REFUSED):
            raise ConflictError
        shown = [{"kind": "carer", "name": found.name}]
        audit.record(actor, found.record_id, Action.CARER_REFUSED, objects=shown)
    return _offer(found)


def make(  # a carer is a person, on a record, with a scope, by somebody's decision
    tx: Connection, record_id: UUID, person_id: UUID, scope: Scope, *, by: UUID, paper: bool = False
) -> UUID:
    """Make a person a carer, in the open unit of work; who was one before is one under the same id. Gives the id."""
    now = clock.now()
    wanted = select(Link.id, Link.since, Link.until).where(
        Link.record_id == record_id, Link.person_id == person_id, Link.kind == CARER
    )
    known = tx.execute(wanted.with_for_update()).first()
    link_id = known.id if known else new_id()
    said = {**scope.as_payload(), "by": str(by), "paper": paper}
    payload = crypto.seal(tx, record_id, TABLE, link_id, said)
    if known is None:
        values = {"record_id": record_id, "id": link_id, "person_id": person_id, "kind": CARER, "since": now}
        tx.execute(insert(Link).values(**values, until=scope.until, payload=payload))
        return link_id
    was_over = known.until <= now
    anew = {"since": now, "first_read_at": None} if was_over else {}
    tx.execute(
        update(Link)
        .where(Link.record_id == record_id, Link.id == link_id)
        .values(until=scope.until, version=Link.version + 1, payload=payload, **anew)
    )
    if was_over:
        begin_anew(record_id, link_id)
    return link_id


def _waiting(actor: Actor) -> list[Invitation]:
    """Those that are for the actor, still open, and asked by who may still ask."""
    if actor.person_id is None or is_held_back(actor.person_id):
        return []
    person, account = people.person(actor.person_id), accounts.account_of(actor.person_id)
    if account is None:
        return []
    indexes = [index_of("email", account.email), index_of("ins", person.ins)]
    with db.read() as tx:
        rows = tx.execute(_FOR_ME, {"indexes": indexes}).all()
        found = [invitations.opened(tx, row) for row in rows]
    return [one for one in found if one.waits and _is_for(one, person) and _still_stands(one)]


def _is_for(invitation: Invitation, person: Person) -> bool:
    """Whether an identity that was typed is this person's in full; an address is theirs already."""
    return bool(invitation.email) or invitation.birth_date == person.birth_date


def _still_stands(invitation: Invitation) -> bool:
    """Whether who asked still decides about the record, and it is open."""
    record = records.record(invitation.record_id)
    by = invitation.by_person
    return record.is_open and (by == record.person_id or by in representatives(record.id))


def _mine(actor: Actor, invitation_id: UUID) -> Invitation:
    found = next((one for one in _waiting(actor) if one.id == invitation_id), None)
    if found is None:
        raise NotFoundError
    return found


def _offer(found: Invitation) -> Offer:
    holder = people.person(records.record(found.record_id).person_id)
    return Offer(
        id=found.id,
        record_id=found.record_id,
        name=holder.display_name,
        initials=holder.initials,
        by_name="" if found.by_person == holder.id else found.by_name,
        tasks=found.scope.tasks,
        last_day=found.scope.last_day,
        answer_by=found.last_day,
    )
