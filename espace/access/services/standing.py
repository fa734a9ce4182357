"""How an actor stands to a record: facts are gathered here, `access.policy` judges them."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, bindparam, select

from espace import clock, crypto, db, settings
from espace.access import policy
from espace.access.models import Consent, Encounter, MatrixVersion
from espace.access.policy import ConsentState, Judgement, PersonFacts, ProfessionalFacts
from espace.family import services as family
from espace.people import services as people
from espace.permissions import SYSTEM, Actor, ActorKind, Permission, Relation, Standing
from espace.records import services as records

from .matrix import ACTIVE, matrix, types_in

OWN_COLOUR = "prune"
COLOURS = ("miel", "ocean", "mousse", "brique")
"""Those of the others, in the order in which their records were opened (look: prune is always oneself)."""


@dataclass(frozen=True, slots=True)
class RecordCard:
    """A record one may open: the holder's own first, then those of the people one acts for."""

    record_id: UUID
    name: str
    initials: str
    relation: Relation
    colour: str
    birth_date: date


# One row, always: the version of the matrix, and what the record holds about this professional, if anything.
_VERSION = ACTIVE.subquery()
_BEFORE_RECORD = (
    select(
        MatrixVersion.id.label("version_id"),
        Consent.state,
        Consent.valid_until,
        Encounter.until,
    )
    .select_from(_VERSION)
    .join(MatrixVersion, MatrixVersion.id == _VERSION.c.id)
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
    record = records.records([record_id]).get(record_id)
    if record is None:
        return None
    match actor.kind:
        case ActorKind.PATIENT:
            return _of_person(actor, record)
        case ActorKind.PROFESSIONAL:
            return _of_professional(actor, record)
        case ActorKind.SYSTEM:
            return None


def system_standing(record_id: UUID) -> Standing:
    """The house itself before a record (imports, jobs): it may file, and passes no view."""
    return Standing(SYSTEM, record_id, Relation.SYSTEM, "", frozenset({Permission.DOCUMENTS_ADD}))


def _of_person(actor: Actor, record: records.RecordFacts) -> Standing | None:
    if actor.person_id is None:
        return None
    is_holder = record.person_id == actor.person_id
    represented = [] if is_holder else family.records_represented(actor.person_id)
    judgement = policy.judge_person(
        PersonFacts(reachable=record.is_open, is_holder=is_holder, represents=record.id in represented)
    )
    relation = Relation.HOLDER if is_holder else Relation.REPRESENTATIVE
    return _standing(actor, record, relation, judgement, OWN_COLOUR if is_holder else colour_of(record.id, represented))


def _of_professional(actor: Actor, record: records.RecordFacts) -> Standing | None:
    now = clock.now()
    with db.read() as tx:
        row = tx.execute(_BEFORE_RECORD, {"record": record.id, "professional": actor.id}).first()
    if row is None:  # no matrix was ever loaded: nothing can be judged
        return None
    state = ConsentState(row.state) if row.state else ConsentState.NONE
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
    return _standing(actor, record, Relation.PROFESSIONAL, judgement, OWN_COLOUR)


def _standing(
    actor: Actor, record: records.RecordFacts, relation: Relation, judgement: Judgement, colour: str
) -> Standing | None:
    if not judgement.rights:
        return None
    holder = people.person(record.person_id)
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
    if record.attending_index is None:
        return False
    return crypto.same(record.attending_index, people.rpps_index(people.professional(professional_id).rpps))


def colour_of(record_id: UUID, represented: list[UUID]) -> str:
    """The colour of another person's record: the same on every page, by the order of opening."""
    order = sorted(represented)
    return COLOURS[order.index(record_id) % len(COLOURS)] if record_id in represented else OWN_COLOUR


def my_records(actor: Actor) -> list[RecordCard]:
    """The records a person may open: their own first, then those of the people they act for."""
    if actor.kind is not ActorKind.PATIENT or actor.person_id is None:
        return []
    represented = sorted(family.records_represented(actor.person_id))
    own = records.record_of(actor.person_id)
    others = records.records(represented)
    found = [(own, Relation.HOLDER, OWN_COLOUR)] if own is not None else []
    found += [(others[one], Relation.REPRESENTATIVE, colour_of(one, represented)) for one in represented]
    holders = people.persons([record.person_id for record, _, _ in found])
    return [
        RecordCard(record.id, holder.display_name, holder.initials, relation, colour, holder.birth_date)
        for record, relation, colour in found
        if record.is_open and (holder := holders.get(record.person_id)) is not None
    ]
