"""The privacy officer before one record: its state in words, what may be done to it, and what operators did.

Nothing clinical is read here, nor could it be: operators have no standing before a record (security.md R17). Each act
is written to the house's trail first, then carried out by the room of records, which writes the record's own row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from espace import db
from espace.accounts.services import operator_rows
from espace.audit import services as audit
from espace.audit.services import Action, Entry
from espace.errors import InvalidError, NotFoundError
from espace.permissions import Actor
from espace.records import services as records
from espace.records.services import Act, HeirLine, HeirRequest, Part, StateFacts
from espace.words import N_, Message

from . import visits
from .visits import Identity, Purpose, Visit

REASONS: Mapping[str, Message] = MappingProxyType(
    {
        "fraud": N_("Fraud or a stolen identity"),
        "mixed-up": N_("The documents of two people are mixed up"),
        "malfunction": N_("A serious malfunction"),
    }
)
"""Why the house may suspend a record (rules.md AC-10); the holder reads it, with the words beside it."""
_FRENCH = {
    "fraud": "Fraude ou usurpation d'identité",
    "mixed-up": "Documents de deux personnes mélangés",
    "malfunction": "Dysfonctionnement grave",
}


class Task(StrEnum):
    """What the privacy officer may do to a record; the word stands in the address."""

    SUSPEND = "suspendre"
    LIFT = "lever"
    CONFIRM = "fermer"
    DECLARE_DEATH = "deces"
    WITHDRAW_DEATH = "deces-errone"


_ACTS = {
    Task.SUSPEND: (Act.SUSPEND, Action.RECORD_SUSPENDED),
    Task.LIFT: (Act.LIFT, Action.SUSPENSION_LIFTED),
    Task.CONFIRM: (Act.CONFIRM, Action.RECORD_CLOSED),
    Task.DECLARE_DEATH: (Act.DECLARE_DEATH, Action.DEATH_DECLARED),
    Task.WITHDRAW_DEATH: (Act.WITHDRAW_DEATH, Action.DEATH_WITHDRAWN),
}
WIDENING = frozenset({Task.LIFT, Task.WITHDRAW_DEATH})
"""These open a record again: they ask for a fresh proof (R9)."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """What the privacy officer sees of a record: who, in which state, what may be done, what operators did."""

    visit: Visit
    state: StateFacts
    tasks: tuple[Task, ...]
    heirs: tuple[HeirLine, ...]
    acts: tuple[Entry, ...]

    @property
    def takes_heirs(self) -> bool:
        """Whether an heir's request may be written down."""
        return self.state.state == records.DECEASED


def dossier(actor: Actor, visit_id: UUID) -> Dossier:
    """The record of an open visit.

    Raises:
        NotFoundError: when the visit is over, or not this operator's.
    """
    seen = visits.visit(actor, Purpose.PRIVACY, visit_id)
    state = records.state_of(seen.record_id)
    everybody = [each.id for each in operator_rows.operators()]
    return Dossier(
        visit=seen,
        state=state,
        tasks=tuple(task for task in Task if _is_open(task, state)),
        heirs=tuple(records.heirs_of(seen.record_id)) if state.state == records.DECEASED else (),
        acts=tuple(audit.entries(seen.record_id, mine=True, holder_actor_ids=everybody, before=None)),
    )


def suspend(actor: Actor, visit_id: UUID, reason: str, words: str) -> None:
    """Suspend the record for a reason of the list, with words the holder reads.

    Raises:
        ConflictError, NotFoundError: see `records.services.suspend`.
        InvalidError: for a reason that is not of the list, or without words.
    """
    if reason not in REASONS:
        raise InvalidError({"kind": N_("Choose the reason.")})
    if not words.strip():
        raise InvalidError({"reason": N_("Say in one or two sentences what was found: the person reads it.")})
    whole = f"{_FRENCH[reason]}. {words.strip()}"
    _do(actor, visit_id, Task.SUSPEND, lambda record_id: records.suspend(actor, record_id, whole), {"why": reason})


def lift(actor: Actor, visit_id: UUID) -> None:
    """Give the record back. Raises what `records.services.lift_suspension` does."""
    _do(actor, visit_id, Task.LIFT, lambda record_id: records.lift_suspension(actor, record_id))


def confirm(actor: Actor, visit_id: UUID, reason: str) -> None:
    """Close a suspended record although its holder objected. Raises what `confirm_suspension` does."""
    _do(actor, visit_id, Task.CONFIRM, lambda record_id: records.confirm_suspension(actor, record_id, reason))


def declare_death(actor: Actor, visit_id: UUID, died_on: date, evidence: str) -> None:
    """Declare the holder dead. Raises what `records.services.declare_death` does."""

    def act(record_id: UUID) -> StateFacts:
        return records.declare_death(actor, record_id, died_on, evidence)

    _do(actor, visit_id, Task.DECLARE_DEATH, act)


def withdraw_death(actor: Actor, visit_id: UUID, reason: str) -> None:
    """Correct a death declared by mistake. Raises what `records.services.withdraw_death` does."""
    _do(actor, visit_id, Task.WITHDRAW_DEATH, lambda record_id: records.withdraw_death(actor, record_id, reason))


def ask_for_heir(actor: Actor, visit_id: UUID, identity: Identity, relationship: str, motive: str) -> None:
    """Write down that an heir asks to read; they are found by exact identity like anybody.

    Raises:
        ConflictError: when a request of theirs waits, or still lets them read.
        InvalidError: when nobody is found, or relationship or motive are none of the lists.
        NotFoundError: when the visit is over, or the holder was not declared dead.
        ThrottledError: after the misses allowed in an hour.
    """
    seen = visits.visit(actor, Purpose.PRIVACY, visit_id)
    if seen.state != records.DECEASED:
        raise NotFoundError
    person, _record_id = visits.look_up(actor, identity)
    with db.write():
        audit.note_office(actor, Action.HEIR_ASKED, seen.record_id)
        records.ask_for_heir(actor, seen.record_id, HeirRequest(person.id, relationship, motive))


def heir(actor: Actor, visit_id: UUID, heir_id: UUID) -> HeirLine:
    """One heir's request on the record of an open visit.

    Raises:
        NotFoundError: when the visit is over, or the record has no such request.
    """
    seen = visits.visit(actor, Purpose.PRIVACY, visit_id)
    found = next((line for line in records.heirs_of(seen.record_id) if line.id == heir_id), None)
    if found is None:
        raise NotFoundError
    return found


def decide_heir(actor: Actor, visit_id: UUID, heir_id: UUID, *, grant: bool, reason: str) -> None:
    """Grant or refuse an heir's request. Raises what `records.services.decide_heir` does."""
    seen = visits.visit(actor, Purpose.PRIVACY, visit_id)
    with db.write():
        audit.note_office(actor, Action.HEIR_GRANTED if grant else Action.HEIR_REFUSED, seen.record_id)
        records.decide_heir(actor, seen.record_id, heir_id, grant=grant, reason=reason)


def _do(
    actor: Actor,
    visit_id: UUID,
    task: Task,
    act: Callable[[UUID], StateFacts],
    detail: Mapping[str, str] | None = None,
) -> None:
    seen = visits.visit(actor, Purpose.PRIVACY, visit_id)
    with db.write():
        audit.note_office(actor, _ACTS[task][1], seen.record_id, detail)
        act(seen.record_id)


def _is_open(task: Task, state: StateFacts) -> bool:
    if not records.allowed(state.state, _ACTS[task][0], Part.PRIVACY_OFFICER):
        return False
    match task:
        case Task.LIFT:
            return state.state == records.SUSPENDED or state.by_house
        case Task.CONFIRM:
            return state.ends_at is None  # an objection stands: without one, time decides
        case _:
            return True
