"""Who stands in for a record's holder, as they and the holder see each other: equal rights, one log (rules.md MI-2).

Neither sees where the other lives (security.md R15): no contact data is read here at all, and a parent whose child has
two homes may have the names of places kept from the others.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update

from espace import crypto, db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.errors import InvalidError, NotFoundError
from espace.family.models import Link
from espace.family.services.asking import proofs, requests
from espace.people import services as people
from espace.permissions import Permission, Relation, Standing
from espace.records import services as records
from espace.words import N_

from . import freezing
from .asking.request_rows import Kind, Traits
from .asking.requests import Ask, Asked, checked_words
from .bonds import PARENT, TABLE, Bond, bonds_on
from .lately import last_act

_WITH_WISHES = select(Link.id, Link.person_id, Link.payload).where(
    Link.record_id == bindparam("record", type_=Id),
    Link.kind == PARENT,
    Link.payload.is_not(None),
)


@dataclass(frozen=True, slots=True)
class Representative:
    """One person who stands in for the holder. `last_act` is when they last did or read anything in the
    record, as whoever looks may know.

    `is_limited`: a decision limits them, and says that the others may know. `measure` is a guardian's.
    """

    id: UUID
    person_id: UUID
    kind: str
    name: str
    initials: str
    since: datetime
    until: datetime | None
    last_act: datetime | None
    is_me: bool
    is_limited: bool
    measure: str
    two_homes: bool


def representatives_on(standing: Standing) -> list[Representative]:
    """Everybody who stands in for the holder today, the oldest link first. For the access page too.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError
    bonds = [one for one in bonds_on(standing.record_id) if one.represents]
    known = people.persons([one.person_id for one in bonds])
    openly = freezing.limited_openly(standing.record_id)
    return [_representative(standing, one, known[one.person_id], openly) for one in bonds if one.person_id in known]


def read(standing: Standing) -> list[Representative]:
    """The same, for the page itself: read by anyone but the holder, it leaves a row (design 3.5). Raises the same."""
    found = representatives_on(standing)
    if standing.is_watched:
        with db.write():
            audit.record(standing.actor, standing.record_id, Action.PARENTS_READ, relation=standing.relation)
    return found


def has_two_homes(standing: Standing) -> bool:
    """Whether the actor keeps places from the others who act for this child."""
    found = _own(standing)
    return found is not None and found.two_homes


def choose_two_homes(standing: Standing, *, on: bool) -> None:
    """Keep the names of places from the others who act for this child, or not any more.

    The others are not told: the row stands in the actor's own trail. Neither way asks for a fresh proof: what is shown
    again is what everybody else sees by default.

    Raises:
        NotFoundError: for who is no parent with every right.
    """
    found = _own(standing)
    if found is None:
        raise NotFoundError
    with db.write() as tx:
        row = tx.execute(
            select(Link.payload).where(Link.record_id == standing.record_id, Link.id == found.id).with_for_update()
        ).first()
        if row is None:
            raise NotFoundError
        said = crypto.unseal(tx, standing.record_id, TABLE, found.id, row.payload) if row.payload else {}
        tx.execute(
            update(Link)
            .where(Link.record_id == standing.record_id, Link.id == found.id)
            .values(payload=crypto.seal(tx, standing.record_id, TABLE, found.id, {**said, "two_homes": on}))
        )
        action = Action.TWO_HOMES_ON if on else Action.TWO_HOMES_OFF
        audit.record(standing.actor, standing.actor.id, action)


def places_are_kept(record_id: UUID, person_id: UUID) -> bool:
    """Whether another parent keeps the names of places from this person in this record (security.md R15)."""
    return bool(keepers_of_places(record_id) - {person_id})


def keepers_of_places(record_id: UUID) -> frozenset[UUID]:
    """The parents who keep the names of places from the others in this record."""
    with db.read() as tx:
        rows = tx.execute(_WITH_WISHES, {"record": record_id}).all()
        kept = (row for row in rows if crypto.unseal(tx, record_id, TABLE, row.id, row.payload).get("two_homes"))
        return frozenset(row.person_id for row in kept)


def ask_restriction(standing: Standing, link_id: UUID, words: str, content: bytes) -> UUID:
    """Send the desk a court's decision about another representative: they are not told, nor does the record's trail.

    Raises:
        InvalidError: without words, when the proof cannot be taken, or when such a request waits already.
        NotFoundError: for who does not manage the accesses, or no other representative of this link.
    """
    other = representative(standing, link_id)
    if other.is_me or standing.relation not in (Relation.REPRESENTATIVE, Relation.HOLDER):
        raise NotFoundError
    words = checked_words(words, N_("Say in one or two sentences what the decision says."))
    if any(one.state.is_open for one in asked(standing)):
        raise InvalidError({"": N_("Your request for this record waits already. We answer you here.")})
    proof = proofs.judge(content)
    holder = people.person(records.record(standing.record_id).person_id)
    traits = Traits(holder.ins, holder.birth_name, holder.first_names[0], holder.birth_date)
    return requests.make(
        standing.actor,
        Kind.RESTRICTION,
        replace(Ask(traits, "parent"), words=words),
        proof,
        about_id=standing.record_id,
        said={"target": str(other.person_id)},
    )


def representative(standing: Standing, link_id: UUID) -> Representative:
    """One of `representatives_on`. Raises NotFoundError when there is none of this id, or as it does."""
    found = next((one for one in representatives_on(standing) if one.id == link_id), None)
    if found is None:
        raise NotFoundError
    return found


def asked(standing: Standing) -> list[Asked]:
    """The actor's own requests for a restriction on this record."""
    return list(requests.open_restrictions(standing.actor, standing.record_id))


def _own(standing: Standing) -> Bond | None:
    if standing.relation is not Relation.REPRESENTATIVE or not standing.may(Permission.ACCESS_MANAGE):
        return None
    found = bonds_on(standing.record_id)
    return next((one for one in found if one.kind == PARENT and one.person_id == standing.actor.person_id), None)


def _representative(standing: Standing, one: Bond, person: people.Person, openly: frozenset[UUID]) -> Representative:
    return Representative(
        id=one.id,
        person_id=one.person_id,
        kind=one.kind,
        name=person.display_name,
        initials=person.initials,
        since=one.since,
        until=one.until,
        last_act=last_act(standing, one.person_id),
        is_me=one.person_id == standing.actor.person_id,
        is_limited=one.person_id in openly,
        measure=one.measure,
        two_homes=one.two_homes and one.person_id == standing.actor.person_id,
    )
