"""Contested visits, for the privacy officer: the facts of an access without clinical content, and an answer."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from espace import db
from espace.access.services.decisions import blocking
from espace.access.services.watching import explaining
from espace.access.services.watching.explaining import SIDE, step
from espace.audit import services as audit
from espace.audit.services import Action, answers
from espace.audit.services.answers import AnswerState, Place, VisitFacts
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Permission, Relation, Standing
from espace.records import services as records
from espace.words import N_

BLOCK_IF_WRONG = "bloquer-si-anormal"


class Outcome(StrEnum):
    """What the privacy officer found."""

    IN_ORDER = "regulier"
    WRONG = "anormal"


@dataclass(frozen=True, slots=True)
class Contest:
    """A contested visit, opened: the facts, and whose record it is."""

    facts: VisitFacts
    holder: people.Person


def waiting(actor: Actor, after: Place | None = None, limit: int = answers.PAGE) -> list[VisitFacts]:
    """What waits, by deadline. It names nobody: a line is opened first.

    Raises:
        NotFoundError: for who is no privacy officer.
    """
    _demand_officer(actor)
    return answers.contested(after, limit)


def open_contest(actor: Actor, record_id: UUID, answer_id: UUID) -> Contest:
    """One contested visit; that it was opened stands in the record's trail and in the house's.

    Raises:
        NotFoundError: for who is no privacy officer, or when there is no such contest.
    """
    _demand_officer(actor)
    with db.write():
        facts = answers.contest(record_id, answer_id)
        _leave(actor, Action.CONTEST_OPENED, facts)
        return Contest(facts, people.person(records.record(record_id).person_id))


def forward(actor: Actor, record_id: UUID, answer_id: UUID, words: str, *, version: int) -> None:
    """Ask who came to say why; the contest keeps its own deadline.

    Raises:
        NotFoundError: for who is no privacy officer, or when there is no such contest.
        InvalidError: for words that are too many, or a visitor who cannot be asked.
        ConflictError: when it changed meanwhile.
    """
    _demand_officer(actor)
    said = explaining.checked_words(words, needed=False)
    with db.write():
        found = _current(record_id, answer_id, version)
        if found.visitor_kind == ActorKind.OPERATOR:
            raise InvalidError({"": N_("An operator is asked directly, not here.")})
        moved = (*found.steps, step(actor.name, "officer", "forwarded", said))
        made = answers.change_answer(found, steps=moved, **explaining.explain_by())
        _leave(actor, Action.CONTEST_FORWARDED, made)
        explaining.tell_visitor(made)


def decide(actor: Actor, record_id: UUID, answer_id: UUID, outcome: Outcome, words: str, *, version: int) -> None:
    """Answer who contested; a professional whom they wished blocked should the visit be wrong is blocked.

    Raises:
        NotFoundError: for who is no privacy officer, or when there is no such contest.
        InvalidError: without words, or with too many.
        ConflictError: when it changed meanwhile.
    """
    _demand_officer(actor)
    said = explaining.checked_words(words, needed=True)
    with db.write():
        found = _current(record_id, answer_id, version)
        moved = (*found.steps, step(actor.name, "officer", "decided", said))
        made = answers.change_answer(
            found,
            state=AnswerState.DECIDED,
            explain_by=None,
            decide_by=None,
            outcome=outcome.value,
            steps=moved,
        )
        _leave(actor, Action.CONTEST_DECIDED, made)
        if outcome is Outcome.WRONG and found.wish == BLOCK_IF_WRONG:
            rights = frozenset({Permission.ACCESS_MANAGE})
            blocking.block(Standing(actor, record_id, Relation.SYSTEM, "", rights), found.visitor_id)
        explaining.tell_asker(made)


def _current(record_id: UUID, answer_id: UUID, version: int) -> VisitFacts:
    found = answers.contest(record_id, answer_id)
    if found.version != version or found.state is not AnswerState.CONTESTED:
        raise ConflictError
    return found


def _leave(actor: Actor, action: Action, facts: VisitFacts) -> None:
    audit.record_office(actor, action, record_id=facts.record_id, told={SIDE: facts.side})


def _demand_officer(actor: Actor) -> None:
    if not actor.carries(Permission.OFFICE_PRIVACY):
        raise NotFoundError
