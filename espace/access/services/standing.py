"""How an actor stands to a record: facts are gathered here, `access.policy` judges them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, exists, or_

from espace import clock, db
from espace.access import policy
from espace.access.models import CounterCode, DocumentRule
from espace.access.models.links import Link
from espace.access.policy import PersonFacts
from espace.db import Id
from espace.family import services as family
from espace.family.services import OWN_COLOUR, Bond, colour_of
from espace.people import services as people
from espace.permissions import SYSTEM, Actor, ActorKind, Permission, Relation, Standing
from espace.records import services as records

from .practising import judged, of_professional

HEIR_COLOUR = "nobody"
"""A dead person's record has no colour of its own."""
_RELATIONS = {True: Relation.REPRESENTATIVE, False: Relation.CARER}


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
            return _of_person(actor, record_id)
        case ActorKind.PROFESSIONAL:
            return of_professional(actor, record_id)
        case ActorKind.SYSTEM | ActorKind.OPERATOR:
            return None


def system_standing(record_id: UUID) -> Standing:
    """The house itself before a record (imports, jobs): it may file, and passes no view."""
    return Standing(SYSTEM, record_id, Relation.SYSTEM, "", frozenset({Permission.DOCUMENTS_ADD}))


# The record, its holder, and whether there is anything of what most records never hold.
_BEFORE_PERSON = family.WITH_AGREEMENT.add_columns(
    exists().where(DocumentRule.record_id == bindparam("record", type_=Id)).label("rules"),
    or_(
        exists().where(CounterCode.record_id == bindparam("record", type_=Id), CounterCode.until > bindparam("now")),
        exists().where(Link.record_id == bindparam("record", type_=Id), Link.kind == "drop"),
    ).label("given"),
)


def _of_person(actor: Actor, record_id: UUID) -> Standing | None:
    with db.read() as tx:
        row = tx.execute(_BEFORE_PERSON, {"record": record_id, "now": clock.now()}).first()
    if row is None or actor.person_id is None:
        return None
    found = _by_bond(actor, actor.person_id, record_id, row)
    return found and replace(found, may_hold_rules=bool(row.rules), may_have_given=bool(row.given))


def _by_bond(actor: Actor, person_id: UUID, record_id: UUID, row: Row[Any]) -> Standing | None:
    record = records.facts_of(row)
    if record.person_id == person_id:
        judgement = policy.judge_person(_holder_facts(row, record))
        return judged(actor, row, Relation.HOLDER, judgement, OWN_COLOUR)
    if record.state == records.DECEASED:
        return _of_heir(actor, person_id, row)
    bonds = _bonds(person_id)
    bond = next((one for one in bonds if one.record_id == record_id), None)
    if bond is None:
        return None
    return bound_standing(actor, row, bond, colour_of(record_id, [one.record_id for one in bonds]))


def bound_standing(actor: Actor, row: Row[Any], bond: Bond, colour: str = OWN_COLOUR) -> Standing | None:
    """How a person stands before the record of `row` by what binds them to it; None for a stranger."""
    record = records.facts_of(row)
    judgement = policy.judge_person(
        PersonFacts(
            reachable=record.is_open,
            is_holder=False,
            represents=bond.represents,
            active=_is_entered(record, bond),
            frozen=bond.is_frozen,
            sees_before=bond.sees_before,
            tasks=bond.tasks,
            withheld_types=bond.withheld_types,
        )
    )
    relation = _RELATIONS[bond.represents]
    found = judged(actor, row, relation, judgement, colour)
    bound = frozenset({bond.person_id}) if relation is Relation.CARER else frozenset()
    return found and replace(
        found,
        bound_by=bound,
        ends_at=bond.until,
        never_read=bond.never_read,
        visit_due=bond.never_read,
        places_kept=family.places_are_kept(record.id, bond.person_id),
    )


def told_standing(actor: Actor, bond: Bond) -> Standing | None:
    """How a representative stands as far as the others may know: a limit of which a decision says nothing is none."""
    with db.read() as tx:
        row = tx.execute(family.WITH_AGREEMENT, {"record": bond.record_id}).first()
    if row is None:
        return None
    is_told = not bond.is_frozen or bond.person_id in family.limited_openly(bond.record_id)
    return bound_standing(actor, row, bond if is_told else replace(bond, is_frozen=False, sees_before=None))


def _is_entered(record: records.RecordFacts, bond: Bond) -> bool:
    """Whether its holder or a parent came in: on the site, or at the counter, where they named a carer on paper."""
    return record.state == records.ACTIVE or (record.is_open and bond.on_paper)


def _holder_facts(row: Row[Any], record: records.RecordFacts) -> PersonFacts:
    """The holder; of a young one, whether a parent only agreed to their reading; of an adult, whether a guardian
    decides alone in this house.
    """
    only_reads, agreed = family.reading_of(row)
    return PersonFacts(
        reachable=record.is_open,
        is_holder=True,
        represents=False,
        only_reads=only_reads or family.guardian_decides(record.id),
        agreed=agreed,
    )


def _of_heir(actor: Actor, person_id: UUID, row: Row[Any]) -> Standing | None:
    record = records.facts_of(row)
    facts = PersonFacts(
        reachable=record.is_open, is_holder=False, represents=False, inherits=_inherits(person_id, record.id)
    )
    return judged(actor, row, Relation.HEIR, policy.judge_person(facts), HEIR_COLOUR)


def _bonds(person_id: UUID) -> list[Bond]:
    """What opens others' records to this person; nothing while the person's own account is not to be trusted."""
    if family.is_held_back(person_id):
        return []
    found = {one.record_id: one for one in sorted(family.bonds_of(person_id), key=lambda one: one.represents)}
    return sorted((one for one in found.values() if one.opens), key=lambda one: one.record_id)


def _inherits(person_id: UUID, record_id: UUID) -> bool:
    return records.heir_until(record_id, person_id) is not None and not family.is_held_back(person_id)


def my_records(actor: Actor) -> list[RecordCard]:
    """The records a person may open: their own, those of the people they act for, then those they inherit."""
    if actor.kind is not ActorKind.PATIENT or actor.person_id is None:
        return []
    bonds = {one.record_id: one for one in _bonds(actor.person_id)}
    own = records.record_of(actor.person_id)
    inherited = [] if family.is_held_back(actor.person_id) else records.inherited(actor.person_id)
    others = records.records([*bonds, *inherited])
    found = [(own, Relation.HOLDER, OWN_COLOUR)] if own is not None and own.is_open else []
    found += [
        (others[one.record_id], _RELATIONS[one.represents], colour_of(one.record_id, bonds))
        for one in bonds.values()
        if _is_entered(others[one.record_id], one)
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
