"""The one judge of rights on a record: facts in, decisions out. Pure: no database, no clock, no request (design 3.2).

Two questions are answered here and nowhere else: what an actor may do before a record (`judge_person`,
`judge_professional`), and which documents a standing lets through (`visible`, `VisibilityRule.decide`). Lists derive
their query from the same `VisibilityRule`; a document is judged alone by its `decide`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from espace.access.facts import (
    NOTHING,
    ConsentState,
    Decision,
    DocumentFacts,
    EmergencyMode,
    Judgement,
    PersonFacts,
    ProfessionalFacts,
    Reason,
    Window,
)
from espace.permissions import Permission, Relation, Standing, Task

__all__ = [
    "NOTHING",
    "ConsentState",
    "Decision",
    "DocumentFacts",
    "EmergencyMode",
    "Judgement",
    "PersonFacts",
    "ProfessionalFacts",
    "Reason",
    "VisibilityRule",
    "Window",
    "in_effect",
    "judge_person",
    "judge_professional",
    "visible",
]

OWN_RIGHTS = frozenset(
    {
        Permission.RECORD_HOME,
        Permission.DOCUMENTS_READ,
        Permission.DOCUMENTS_ADD,
        Permission.DOCUMENTS_KEEP,
        Permission.ACCESS_MANAGE,
        Permission.HISTORY_READ,
        Permission.MESSAGES_READ,
        Permission.MESSAGES_WRITE,
    }
)
"""What the holder may do, and whoever stands in for them (rules.md MI-1, MI-2)."""

ENCOUNTER_RIGHTS = frozenset({Permission.PATIENT_PAGE, Permission.DOCUMENTS_DEPOSIT, Permission.ACCESS_ASK})
"""What exact identification opens: feeding needs no authorisation, only no opposition (rules.md AR-4)."""


SECRET_RIGHTS = frozenset({Permission.PATIENT_PAGE, Permission.DOCUMENTS_READ, Permission.DOCUMENTS_DEPOSIT})
"""What a secret connection leaves of any right: nothing by which a minor's representatives would learn of it (MI-7)."""

READING_RIGHTS: dict[Reason, frozenset[Permission]] = {
    Reason.CONSENT: ENCOUNTER_RIGHTS | {Permission.DOCUMENTS_READ, Permission.DOCUMENTS_ANNOUNCE},
    Reason.TEAM: ENCOUNTER_RIGHTS | {Permission.DOCUMENTS_READ, Permission.DOCUMENTS_ANNOUNCE},
    Reason.WINDOW: frozenset({Permission.PATIENT_PAGE, Permission.ACCESS_ASK, Permission.DOCUMENTS_READ}),
    Reason.BREAK_GLASS: ENCOUNTER_RIGHTS | {Permission.DOCUMENTS_READ},
    Reason.CENTRE_15: ENCOUNTER_RIGHTS | {Permission.DOCUMENTS_READ},
}
"""What a professional may do by the way they came to read. Announcing is for who takes care beyond the moment."""

TASK_RIGHTS: dict[Task, Permission] = {
    Task.READ_DOCUMENTS: Permission.DOCUMENTS_READ,
    Task.ADD_DOCUMENTS: Permission.DOCUMENTS_ADD,
    Task.READ_MESSAGES: Permission.MESSAGES_READ,
    Task.WRITE_MESSAGES: Permission.MESSAGES_WRITE,
}
"""What each task of a carer opens; its home page comes with any of them."""

NARROWED_RIGHTS = frozenset({Permission.RECORD_HOME, Permission.DOCUMENTS_READ, Permission.MESSAGES_READ})
"""What a frozen representative keeps where the decision leaves them what came before it: reading (R15)."""

HEIR_RIGHTS = frozenset({Permission.RECORD_HOME, Permission.DOCUMENTS_READ})
"""What an heir may do for some weeks: read, and nothing else (rules.md AC-11). The trail stays the dead person's."""


def in_effect(state: ConsentState, valid_until: datetime | None, now: datetime) -> ConsentState:
    """The state at `now`: a validity that has run out is `expired`, and one without end does not exist (AR-6)."""
    if state is ConsentState.VALID and (valid_until is None or valid_until <= now):
        return ConsentState.EXPIRED
    return state


def judge_person(facts: PersonFacts) -> Judgement:
    """A person before a record: the holder, a representative, a carer, an heir, or nobody.

    Others act in an active record only: one that no parent opened yet is nobody's (rules.md MI-1). Who represents the
    holder needs no tasks; who may not any more is no carer either.
    """
    if facts.inherits and not facts.reachable:
        return Judgement(HEIR_RIGHTS, Reason.HEIR)
    if not facts.is_holder and not facts.represents and not facts.tasks:
        return Judgement(frozenset(), Reason.STRANGER)
    if not facts.reachable or not (facts.is_holder or facts.active):
        return Judgement(frozenset(), Reason.NOT_OPEN)
    if facts.is_holder:
        return _judge_holder(facts)
    return _judge_representative(facts) if facts.represents else _judge_carer(facts)


def _judge_holder(facts: PersonFacts) -> Judgement:
    if not facts.only_reads:
        return Judgement(OWN_RIGHTS, Reason.HOLDER)
    if facts.agreed:
        return Judgement(NARROWED_RIGHTS, Reason.HOLDER)
    return Judgement(frozenset({Permission.RECORD_HOME}) if facts.may_prove else frozenset(), Reason.HOLDER)


def _judge_representative(facts: PersonFacts) -> Judgement:
    if not facts.frozen:
        return Judgement(OWN_RIGHTS, Reason.REPRESENTATIVE)
    rights = NARROWED_RIGHTS if facts.sees_before else frozenset()
    return Judgement(rights, Reason.FROZEN, arrived_before=facts.sees_before)


def _judge_carer(facts: PersonFacts) -> Judgement:
    rights = frozenset(TASK_RIGHTS[task] for task in facts.tasks) | {Permission.RECORD_HOME}
    return Judgement(rights, Reason.CARER, withheld_types=facts.withheld_types)


def judge_professional(facts: ProfessionalFacts) -> Judgement:
    """A professional before a record (rules.md AR-1, AR-4, AR-5, AR-7, AR-8, AR-14).

    A consent, theirs or their team's, a counter code or an emergency opens reading within the matrix. Without any,
    exact identification opens deposit and the request for consent, and reveals nothing. A secret connection opens
    nothing more, and leaves less (MI-7).
    """
    judgement = _judge_openly(facts)
    return replace(judgement, rights=judgement.rights & SECRET_RIGHTS) if facts.secret else judgement


def _judge_openly(facts: ProfessionalFacts) -> Judgement:
    if not facts.reachable:
        return Judgement(frozenset(), Reason.NOT_OPEN)
    way = _way_in(facts)
    if way is not None:
        rights = READING_RIGHTS[way]
        if facts.window is Window.DEPOSIT:
            rights = rights | ENCOUNTER_RIGHTS
        elif facts.encounter:
            rights = rights | _met_rights(facts)
        by_consent = way in (Reason.CONSENT, Reason.TEAM)
        return Judgement(
            rights,
            way,
            readable_types=facts.readable,
            sees_hidden=by_consent and facts.sees_hidden,
        )
    if not facts.encounter:
        return Judgement(frozenset(), Reason.STRANGER)
    return Judgement(_met_rights(facts), Reason.ENCOUNTER)


def _met_rights(facts: ProfessionalFacts) -> frozenset[Permission]:
    """What exact identification opens to this one: a block or the want of an express agreement may stop feeding."""
    is_stopped = _is_blocked(facts) and not facts.blocked_may_deposit
    is_apart = facts.express and not facts.express_may_deposit
    return ENCOUNTER_RIGHTS - {Permission.DOCUMENTS_DEPOSIT} if is_stopped or is_apart else ENCOUNTER_RIGHTS


def _is_blocked(facts: ProfessionalFacts) -> bool:
    """Whether they are blocked by name, or with everybody where they practise today while no access names them."""
    by_place = facts.team is ConsentState.BLOCKED and facts.consent is not ConsentState.VALID
    return by_place or facts.consent is ConsentState.BLOCKED


def _way_in(facts: ProfessionalFacts) -> Reason | None:
    """By which right a professional reads, the widest first; a blocked one by none, an emergency included (AR-5).

    What was decided about one professional counts more than what was decided about their team, a block of a whole place
    included, and a team's agreement is none for a doctor who needs an express one (AR-12).
    """
    if _is_blocked(facts):
        return None
    if facts.consent is ConsentState.VALID:
        return Reason.CONSENT
    by_team = facts.team is ConsentState.VALID and not facts.express
    if by_team and not facts.denied and facts.consent not in (ConsentState.REFUSED, ConsentState.REVOKED):
        return Reason.TEAM
    if facts.window is not None:
        return Reason.WINDOW
    return None if facts.emergency is None else Reason(facts.emergency.value)


@dataclass(frozen=True, slots=True)
class VisibilityRule:
    """Which documents of a record a standing lets through. Lists write these lines as SQL conditions.

    `readable_types`: None means every type but `withheld_types`. `arrived_before`: what came later is not let through.
    `own_professional_id`: whose own deposits stay visible to them though hidden (AR-13). `bound_by`: under which ids
    the holder's rules about single documents hold here. The other lines say whether documents so marked are let
    through.
    """

    reads: bool
    readable_types: frozenset[str] | None = NOTHING
    withheld_types: frozenset[str] = NOTHING
    arrived_before: datetime | None = None
    bound_by: frozenset[UUID] = frozenset()
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
        shown = not self.bound_by.isdisjoint(document.shown_to)
        came_late = self.arrived_before is not None and not (
            document.arrived_at is not None and document.arrived_at < self.arrived_before
        )
        for is_closed, reason in (
            (document.type_code in self.withheld_types, Reason.WITHHELD),
            (came_late, Reason.AFTER_LIMIT),
            (not own and not self.bound_by.isdisjoint(document.kept_from), Reason.KEPT_FROM),
            (document.hidden and not self.sees_hidden and not own and not shown, Reason.HIDDEN),
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
    reason = Reason(standing.reason)
    match standing.relation:
        case Relation.HOLDER:
            rule = VisibilityRule(
                reads=True,
                readable_types=None,
                sees_hidden=True,
                # A parent may have opened the account of who only reads: care kept secret stays unseen there (MI-10).
                sees_representatives_invisible=standing.may(Permission.DOCUMENTS_KEEP),
                reason=reason,
            )
        case Relation.REPRESENTATIVE:
            rule = VisibilityRule(
                reads=True,
                readable_types=None,
                arrived_before=standing.arrived_before,
                sees_hidden=True,
                reason=reason,
            )
        case Relation.CARER:
            rule = VisibilityRule(
                reads=True,
                readable_types=None,
                withheld_types=standing.withheld_types,
                bound_by=standing.bound_by,
                reason=reason,
            )
        case Relation.HEIR:
            # What the dead person hid, what was not announced to them, and secret care stay unseen.
            rule = VisibilityRule(reads=True, readable_types=None, sees_held=True, reason=reason)
        case Relation.PROFESSIONAL:
            rule = VisibilityRule(
                reads=True,
                readable_types=standing.readable_types,
                bound_by=standing.bound_by,
                sees_hidden=standing.sees_hidden,
                own_professional_id=standing.actor.id,
                sees_patient_invisible=True,
                sees_representatives_invisible=True,
                sees_held=True,
                reason=reason,
            )
        case Relation.SYSTEM:
            rule = VisibilityRule(reads=False)  # the house files, and passes no view
    return rule
