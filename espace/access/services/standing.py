"""How an actor stands to a record: facts are gathered here, `access.policy` judges them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from espace.family import services as family
from espace.family.services import OWN_COLOUR, Bond, colour_of
from espace.people import services as people
from espace.permissions import SYSTEM, Actor, ActorKind, Permission, Relation, Standing
from espace.records import services as records

from .personal import HEIR_COLOUR, RELATIONS, bonds_that_open, is_entered, of_person
from .practising import of_professional


@dataclass(frozen=True, slots=True)
class RecordCard:
    """A record one may open: the holder's own first, those of the people one acts for, then those one inherits.

    `until` is when an heir's reading ends, or a carer's task.
    """

    record_id: UUID
    name: str
    initials: str
    relation: Relation
    colour: str
    birth_date: date
    until: datetime | None = None


def standing(actor: Actor, record_id: UUID) -> Standing | None:
    """The actor's standing before a record, judged anew at every request; None for a stranger (404)."""
    match actor.kind:
        case ActorKind.PATIENT:
            return of_person(actor, record_id)
        case ActorKind.PROFESSIONAL:
            return of_professional(actor, record_id)
        case ActorKind.SYSTEM | ActorKind.OPERATOR:
            return None


def system_standing(record_id: UUID) -> Standing:
    """The house itself before a record (imports, jobs): it may file, and passes no view."""
    return Standing(SYSTEM, record_id, Relation.SYSTEM, "", frozenset({Permission.DOCUMENTS_ADD}))


def my_records(actor: Actor) -> list[RecordCard]:
    """The records a person may open: their own, those of the people they act for, then those they inherit."""
    if actor.kind is not ActorKind.PATIENT or actor.person_id is None:
        return []
    bonds = {one.record_id: one for one in bonds_that_open(actor.person_id)}
    own = records.record_of(actor.person_id)
    inherited = [] if family.is_held_back(actor.person_id) else records.inherited(actor.person_id)
    others = records.records([*bonds, *inherited])
    found = [(own, Relation.HOLDER, OWN_COLOUR)] if own is not None and own.is_open else []
    found += [
        (others[one.record_id], RELATIONS[one.represents], colour_of(one.record_id, bonds))
        for one in bonds.values()
        if is_entered(others[one.record_id], one)
    ]
    found += [(others[one], Relation.HEIR, HEIR_COLOUR) for one in inherited]
    holders = people.persons([record.person_id for record, _, _ in found])
    return [
        RecordCard(
            record.id,
            holder.display_name,
            holder.initials,
            relation,
            colour,
            holder.birth_date,
            records.heir_until(record.id, actor.person_id) if relation is Relation.HEIR else _until(bonds, record.id),
        )
        for record, relation, colour in found
        if (holder := holders.get(record.person_id)) is not None
    ]


def _until(bonds: Mapping[UUID, Bond], record_id: UUID) -> datetime | None:
    return bonds[record_id].until if record_id in bonds else None
