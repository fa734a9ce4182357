"""The one judge of rights on a record: facts in, decisions out. Pure: no database, no clock, no request (design 3.2).

Two questions are answered here and nowhere else: what an actor may do before a record (`judge_person`,
`judge_professional`), and which documents a standing lets through (`visible`, `VisibilityRule.decide`). Lists derive
their query from the same `VisibilityRule`; a document is judged alone by its `decide`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from espace.permissions import Permission, Relation, Standing

NOTHING: frozenset[str] = frozenset()


class ConsentState(StrEnum):
    """What a record's people have decided about one professional. `none` and `expired` are never stored."""

    NONE = "none"
    ASKED = "asked"
    VALID = "valid"
    REFUSED = "refused"
    REVOKED = "revoked"
    EXPIRED = "expired"
    BLOCKED = "blocked"


class Reason(StrEnum):
    """Why a decision fell as it did; shown to people and tested cell by cell."""

    HOLDER = "holder"
    REPRESENTATIVE = "representative"
    HEIR = "heir"
    CONSENT = "consent"
    ENCOUNTER = "encounter"
    SYSTEM = "system"
    STRANGER = "stranger"
    NOT_OPEN = "record-not-open"
    NO_READING = "no-reading"
    TYPE_NOT_OPEN = "type-not-open-to-profession"
    HIDDEN = "hidden-by-holder"
    AWAITS_ANNOUNCEMENT = "awaits-announcement"
    SECRET_CARE = "secret-care"
    HELD = "held-until-wanted"


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why."""

    allowed: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A patient's account before a record.

    `reachable`: the record is open or active, neither merely announced nor opposed, closed, suspended, of a dead
    person or erased. `active`: its holder, or a parent for them, came in. `inherits`: its holder is dead, and an
    heir's request of this person was granted and is not over.
    """

    reachable: bool
    is_holder: bool
    represents: bool
    active: bool = True
    inherits: bool = False


@dataclass(frozen=True, slots=True)
class ProfessionalFacts:
    """A professional before a record.

    `consent` is the state in effect now (see `in_effect`); `encounter` says whether they identified the person
    exactly a few hours ago; `readable` is the matrix's row of their profession.
    """

    reachable: bool
    consent: ConsentState
    encounter: bool
    readable: frozenset[str]
    attending: bool = False
    attending_sees_hidden: bool = False
    blocked_may_deposit: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an actor may do before a record. No rights at all: the record does not exist for them (404)."""

    rights: frozenset[Permission]
    reason: Reason
    readable_types: frozenset[str] | None = NOTHING
    sees_hidden: bool = False


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What decides whether one document is let through."""

    type_code: str
    hidden: bool = False
    patient_invisible: bool = False
    representatives_invisible: bool = False
    professional_id: UUID | None = None
    held: bool = False


OWN_RIGHTS = frozenset(
    {
        Permission.RECORD_HOME,
        Permission.DOCUMENTS_READ,
        Permission.DOCUMENTS_ADD,
        Permission.DOCUMENTS_KEEP,
        Permission.ACCESS_MANAGE,
        Permission.HISTORY_READ,
    }
)
"""What the holder may do, and whoever stands in for them (rules.md MI-1, MI-2)."""

ENCOUNTER_RIGHTS = frozenset({Permission.PATIENT_PAGE, Permission.DOCUMENTS_DEPOSIT, Permission.ACCESS_ASK})
"""What exact identification opens: feeding needs no authorisation, only no opposition (rules.md AR-4)."""


HEIR_RIGHTS = frozenset({Permission.RECORD_HOME, Permission.DOCUMENTS_READ})
"""What an heir may do for some weeks: read, and nothing else (rules.md AC-11). The trail stays the dead person's."""


def in_effect(state: ConsentState, valid_until: datetime | None, now: datetime) -> ConsentState:
    """The state at `now`: a validity that has run out is `expired`, and one without end does not exist (AR-6)."""
    if state is ConsentState.VALID and (valid_until is None or valid_until <= now):
        return ConsentState.EXPIRED
    return state


def judge_person(facts: PersonFacts) -> Judgement:
    """A person before a record: the holder, a representative, an heir, or nobody.

    A representative acts in an active record only: one that no parent opened yet is nobody's (rules.md MI-1).
    """
    if facts.inherits and not facts.reachable:
        return Judgement(HEIR_RIGHTS, Reason.HEIR, readable_types=None)
    if not facts.is_holder and not facts.represents:
        return Judgement(frozenset(), Reason.STRANGER)
    if not facts.reachable or not (facts.is_holder or facts.active):
        return Judgement(frozenset(), Reason.NOT_OPEN)
    reason = Reason.HOLDER if facts.is_holder else Reason.REPRESENTATIVE
    return Judgement(OWN_RIGHTS, reason, readable_types=None, sees_hidden=True)


def judge_professional(facts: ProfessionalFacts) -> Judgement:
    """A professional before a record (rules.md AR-1, AR-4, AR-5, AR-14).

    A valid consent opens reading within the matrix. Without it, exact identification opens deposit and the
    request for consent, and reveals nothing. A blocked professional never reads.
    """
    if not facts.reachable:
        return Judgement(frozenset(), Reason.NOT_OPEN)
    if facts.consent is ConsentState.VALID:
        return Judgement(
            ENCOUNTER_RIGHTS | {Permission.DOCUMENTS_READ, Permission.DOCUMENTS_ANNOUNCE},
            Reason.CONSENT,
            readable_types=facts.readable,
            sees_hidden=facts.attending and facts.attending_sees_hidden,
        )
    if not facts.encounter:
        return Judgement(frozenset(), Reason.STRANGER)
    rights = ENCOUNTER_RIGHTS
    if facts.consent is ConsentState.BLOCKED and not facts.blocked_may_deposit:
        rights = rights - {Permission.DOCUMENTS_DEPOSIT}
    return Judgement(rights, Reason.ENCOUNTER)


@dataclass(frozen=True, slots=True)
class VisibilityRule:
    """Which documents of a record a standing lets through. Lists write these lines as SQL conditions.

    `readable_types`: None means every type. `own_professional_id`: whose own deposits stay visible to them though
    hidden (AR-13). The other lines say whether documents so marked are let through.
    """

    reads: bool
    readable_types: frozenset[str] | None = NOTHING
    sees_hidden: bool = False
    own_professional_id: UUID | None = None
    sees_patient_invisible: bool = False
    sees_representatives_invisible: bool = False
    sees_held: bool = False
    reason: Reason = Reason.NO_READING

    def decide(self, document: DocumentFacts) -> Decision:
        """Whether one document is let through, and why (not)."""
        if not self.reads:
            return Decision(allowed=False, reason=Reason.NO_READING)
        if self.readable_types is not None and document.type_code not in self.readable_types:
            return Decision(allowed=False, reason=Reason.TYPE_NOT_OPEN)
        own = self.own_professional_id is not None and document.professional_id == self.own_professional_id
        for is_closed, reason in (
            (document.hidden and not self.sees_hidden and not own, Reason.HIDDEN),
            (document.patient_invisible and not self.sees_patient_invisible, Reason.AWAITS_ANNOUNCEMENT),
            (document.representatives_invisible and not self.sees_representatives_invisible, Reason.SECRET_CARE),
            (document.held and not self.sees_held, Reason.HELD),
        ):
            if is_closed:
                return Decision(allowed=False, reason=reason)
        return Decision(allowed=True, reason=self.reason)


def visible(standing: Standing) -> VisibilityRule:
    """The rule of one standing: AR-13 (hidden), AR-15 (awaits announcement), MI-6 (secret care), the matrix.

    A fresh result that its person wants to read later is held from them and those who act for them, from nobody else.
    """
    if not standing.may(Permission.DOCUMENTS_READ):
        return VisibilityRule(reads=False)
    match standing.relation:
        case Relation.HOLDER:
            return VisibilityRule(
                reads=True,
                readable_types=None,
                sees_hidden=True,
                sees_representatives_invisible=True,
                reason=Reason.HOLDER,
            )
        case Relation.REPRESENTATIVE:
            return VisibilityRule(reads=True, readable_types=None, sees_hidden=True, reason=Reason.REPRESENTATIVE)
        case Relation.HEIR:
            # What the dead person hid, what was not announced to them, and secret care stay unseen.
            return VisibilityRule(reads=True, readable_types=None, sees_held=True, reason=Reason.HEIR)
        case Relation.PROFESSIONAL:
            return VisibilityRule(
                reads=True,
                # "No limit" is not for professionals: without the matrix they read nothing.
                readable_types=NOTHING if standing.readable_types is None else standing.readable_types,
                sees_hidden=standing.sees_hidden,
                own_professional_id=standing.actor.id,
                sees_patient_invisible=True,
                sees_representatives_invisible=True,
                sees_held=True,
                reason=Reason.CONSENT,
            )
        case Relation.SYSTEM:
            return VisibilityRule(
                reads=True,
                readable_types=None,
                sees_hidden=True,
                sees_patient_invisible=True,
                sees_representatives_invisible=True,
                sees_held=True,
                reason=Reason.SYSTEM,
            )
