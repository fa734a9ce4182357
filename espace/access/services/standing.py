"""How an actor stands to a record: facts are gathered here, `access.policy` judges them."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, true

from espace import clock, crypto, db, settings
from espace.access import policy
from espace.access.models import Consent, Encounter
from espace.access.policy import ConsentState, Judgement, PersonFacts, ProfessionalFacts
from espace.family import services as family
from espace.family.services import OWN_COLOUR, colour_of
from espace.people import services as people
from espace.permissions import SYSTEM, Actor, ActorKind, Permission, Relation, Standing
from espace.records import services as records

from .matrix import ACTIVE, matrix, types_in

HEIR_COLOUR = "nobody"
"""A dead person's record has no colour of its own."""


@dataclass(frozen=True, slots=True)
class RecordCard:
    """A record one may open: the holder's own first, those of the people one acts for, then those one inherits.

    `until` is when an heir's reading ends.
    """

    record_id: UUID
    name: str
    initials: str
    relation: Relation
    colour: str
    birth_date: date
    until: datetime | None = None


_VERSION = ACTIVE.subquery()
# One row for a record that exists: it, its holder, the version of the matrix, and what it holds about this
# professional, if anything.
_BEFORE_RECORD = (
    records.WITH_HOLDER.add_columns(
        _VERSION.c.id.label("version_id"),
        Consent.state.label("consent_state"),
        Consent.valid_until,
        Consent.last_visit_at,
        Encounter.until,
    )
    .outerjoin(_VERSION, true())
    .outerjoin(
        Consent,
        and_(Consent.record_id == bindparam("record"), Consent.professional_id == bindparam("professional")),
    )
    .outerjoin(
        Encounter,
        and_(Encounter.record_id == bindparam("record"), Encounter.professional_id == bindparam("professional")),
    )
)


def standing(actor: Actor, record_id: UUID) -> Standing | None:
    """The actor's standing before a record, judged anew at every request; None for a stranger (404)."""
    match actor.kind:
        case ActorKind.PATIENT:
            return _of_person(actor, record_id)
        case ActorKind.PROFESSIONAL:
            return _of_professional(actor, record_id)
        case ActorKind.SYSTEM | ActorKind.OPERATOR:
            return None


def system_standing(record_id: UUID) -> Standing:
    """The house itself before a record (imports, jobs): it may file, and passes no view."""
    return Standing(SYSTEM, record_id, Relation.SYSTEM, "", frozenset({Permission.DOCUMENTS_ADD}))


def _of_person(actor: Actor, record_id: UUID) -> Standing | None:
    with db.read() as tx:
        row = tx.execute(records.WITH_HOLDER, {"record": record_id}).first()
    if row is None or actor.person_id is None:
        return None
    record = records.facts_of(row)
    is_holder = record.person_id == actor.person_id
    represented = [] if is_holder else _represented(actor.person_id)
    inherits = not is_holder and record.state == records.DECEASED and _inherits(actor.person_id, record.id)
    judgement = policy.judge_person(
        PersonFacts(
            reachable=record.is_open,
            is_holder=is_holder,
            represents=record.id in represented,
            active=record.state == records.ACTIVE,
            inherits=inherits,
        )
    )
    if inherits:
        return _standing(actor, row, Relation.HEIR, judgement, HEIR_COLOUR)
    relation = Relation.HOLDER if is_holder else Relation.REPRESENTATIVE
    return _standing(actor, row, relation, judgement, OWN_COLOUR if is_holder else colour_of(record.id, represented))


def _represented(person_id: UUID) -> list[UUID]:
    """The records this person may act in for others; none while the person's own account is not to be trusted."""
    return [] if family.is_held_back(person_id) else family.records_represented(person_id)


def _inherits(person_id: UUID, record_id: UUID) -> bool:
    return records.heir_until(record_id, person_id) is not None and not family.is_held_back(person_id)


def _of_professional(actor: Actor, record_id: UUID) -> Standing | None:
    with db.read() as tx:
        row = tx.execute(_BEFORE_RECORD, {"record": record_id, "professional": actor.id}).first()
    if row is None or row.version_id is None:  # without a matrix nothing can be judged
        return None
    now = clock.now()
    record = records.facts_of(row)
    state = ConsentState(row.consent_state) if row.consent_state else ConsentState.NONE
    house = settings.current()
    judgement = policy.judge_professional(
        ProfessionalFacts(
            reachable=record.is_open,
            consent=policy.in_effect(state, row.valid_until, now),
            encounter=row.until is not None and row.until > now,
            readable=types_in(matrix(row.version_id).readable, actor.profession),
            attending=house.attending_doctor_sees_hidden and is_attending(record, actor.id),
            attending_sees_hidden=house.attending_doctor_sees_hidden,
            blocked_may_deposit=house.blocked_may_deposit,
        )
    )
    found = _standing(actor, row, Relation.PROFESSIONAL, judgement, OWN_COLOUR)
    usual = types_in(matrix(row.version_id).natural, actor.profession)
    return found and replace(found, never_read=row.last_visit_at is None, usual_types=usual)


def _standing(actor: Actor, row: Row[Any], relation: Relation, judgement: Judgement, colour: str) -> Standing | None:
    if not judgement.rights:
        return None
    record = records.facts_of(row)
    with db.read() as tx:
        holder = people.opened(tx, record.person_id, row.person)
    return Standing(
        actor=actor,
        record_id=record.id,
        relation=relation,
        holder_name=holder.display_name,
        rights=judgement.rights,
        reason=judgement.reason.value,
        readable_types=judgement.readable_types,
        sees_hidden=judgement.sees_hidden,
        colour=colour,
        holder_birth=holder.birth_date.isoformat(),
    )


def is_attending(record: records.RecordFacts, professional_id: UUID) -> bool:
    """Whether a professional is the attending doctor the holder declared."""
    return record.attending_index is not None and is_attending_index(record, people.professional(professional_id).rpps)


def is_attending_index(record: records.RecordFacts, rpps: str) -> bool:
    """Whether this RPPS number is that of the attending doctor the holder declared."""
    return record.attending_index is not None and crypto.same(record.attending_index, people.rpps_index(rpps))


def my_records(actor: Actor) -> list[RecordCard]:
    """The records a person may open: their own, those of the people they act for, then those they inherit."""
    if actor.kind is not ActorKind.PATIENT or actor.person_id is None:
        return []
    represented = sorted(_represented(actor.person_id))
    own = records.record_of(actor.person_id)
    inherited = [] if family.is_held_back(actor.person_id) else records.inherited(actor.person_id)
    others = records.records([*represented, *inherited])
    found = [(own, Relation.HOLDER, OWN_COLOUR)] if own is not None and own.is_open else []
    found += [
        (others[one], Relation.REPRESENTATIVE, colour_of(one, represented))
        for one in represented
        if others[one].state == records.ACTIVE
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
            records.heir_until(record.id, actor.person_id) if relation is Relation.HEIR else None,
        )
        for record, relation, colour in found
        if (holder := holders.get(record.person_id)) is not None
    ]
