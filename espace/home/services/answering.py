"""What the people of a record make of a visit: they know why, ask why, or contest it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from espace import clock, db
from espace.access.services.decisions import blocking
from espace.access.services.watching import explaining
from espace.access.services.watching.explaining import SIDE, step
from espace.audit import services as audit
from espace.audit.services import Action, answers
from espace.audit.services.answers import AnswerState, VisitFacts
from espace.errors import ConflictError, InvalidError
from espace.identifiers import new_id
from espace.permissions import ActorKind, Permission, Standing
from espace.words import N_

from .history import own_side, visit_of
from .visits import Visit, counted


class Decision(StrEnum):
    """What one makes of a visit, in the word of its button."""

    EXPECTED = "attendue"
    ASK = "expliquer"
    CONTEST = "contester"


class Wish(StrEnum):
    """What who contests wants done about a professional."""

    NOTHING = ""
    BLOCK_NOW = "bloquer"
    BLOCK_IF_WRONG = "bloquer-si-anormal"


@dataclass(frozen=True, slots=True)
class Reply:
    """What was chosen about a visit; `version` is that of the answer the page showed, 0 for none."""

    decision: Decision
    words: str = ""
    wish: Wish = Wish.NOTHING
    version: int = 0


_S = AnswerState
_FROM: dict[Decision, frozenset[AnswerState | None]] = {
    Decision.EXPECTED: frozenset({None, _S.ASKED, _S.EXPLAINED}),
    Decision.ASK: frozenset({None, _S.EXPECTED}),
    Decision.CONTEST: frozenset({None, _S.EXPECTED, _S.ASKED, _S.EXPLAINED}),
}
_TO: dict[Decision, tuple[AnswerState, Action, str]] = {
    Decision.EXPECTED: (_S.EXPECTED, Action.VISIT_EXPECTED, "expected"),
    Decision.ASK: (_S.ASKED, Action.EXPLANATION_ASKED, "asked"),
    Decision.CONTEST: (_S.CONTESTED, Action.VISIT_CONTESTED, "contested"),
}


def may(decision: Decision, visit: Visit, own: VisitFacts | None) -> bool:
    """Whether this can be said of a visit now. An operator of the house is not asked: the privacy officer is."""
    if decision is Decision.ASK and visit.newest.actor_kind == ActorKind.OPERATOR:
        return False
    return (own.state if own else None) in _FROM[decision]


def own_answer(standing: Standing, visit: Visit) -> VisitFacts | None:
    """What the reader's own side made of a visit."""
    return visit.answer if visit.answer is not None and visit.answer.side == own_side(standing) else None


def answer_visit(standing: Standing, sequence: int, reply: Reply) -> VisitFacts:
    """Say what one makes of the visit whose last act bears this number (see `history.visit_at`).

    It never opens anything, and so asks for no proof. Who came is asked, or the privacy officer told; who is blocked
    learns nothing of it.

    Raises:
        NotFoundError: when this reader may know of no such visit.
        InvalidError: for `words` that are too many.
        ConflictError: when it was answered meanwhile, or cannot be answered so any more.
    """
    words = explaining.checked_words(reply.words, needed=False)
    with db.write():
        visit = visit_of(standing, sequence)
        own = own_answer(standing, visit)
        if (own.version if own else 0) != reply.version or not may(reply.decision, visit, own):
            raise ConflictError
        wish = _checked_wish(standing, visit, reply)
        state, action, what = _TO[reply.decision]
        changed: dict[str, Any] = {
            "state": state,
            "asker_id": standing.actor.id,
            "asker": standing.actor.name,
            "explain_by": None,
            "decide_by": None,
            "wish": wish.value,
        }
        changed |= explaining.explain_by() if reply.decision is Decision.ASK else {}
        changed |= explaining.decide_by() if reply.decision is Decision.CONTEST else {}
        said = step(standing.actor.name, "asker", what, words)
        made = _written(standing, visit, own, changed, said)
        _leave(standing, action, made, words)
        _follow(standing, made, reply.decision, wish)
    return made


def _checked_wish(standing: Standing, visit: Visit, reply: Reply) -> Wish:
    if reply.decision is not Decision.CONTEST or reply.wish is Wish.NOTHING:
        return Wish.NOTHING
    if visit.newest.actor_kind != ActorKind.PROFESSIONAL or not standing.may(Permission.ACCESS_MANAGE):
        raise InvalidError({"wish": N_("Only a professional can be blocked here.")})
    return reply.wish


def _written(
    standing: Standing, visit: Visit, own: VisitFacts | None, changed: dict[str, Any], said: answers.Step
) -> VisitFacts:
    if own is not None:
        return answers.change_answer(own, **changed, steps=(*own.steps, said))
    first, last = visit.sequences
    newest, why = visit.newest, visit.why
    made = VisitFacts(
        id=new_id(),
        record_id=standing.record_id,
        visitor_kind=newest.actor_kind,
        visitor_id=newest.actor_id,
        side=own_side(standing),
        first_sequence=first,
        last_sequence=last,
        visited_at=visit.since,
        visited_until=visit.until,
        changed_at=clock.now(),
        version=1,
        visitor={"name": newest.actor_name, "profession": visit.profession, "structure": newest.actor_structure},
        acts=tuple(counted(visit)),
        way=why.way or newest.relation,
        way_since=why.way_since.isoformat() if why.way_since else "",
        steps=(said,),
        **changed,
    )
    answers.make_answer(made)
    return made


def _leave(standing: Standing, action: Action, made: VisitFacts, words: str) -> None:
    audit.record(
        standing.actor,
        standing.record_id,
        action,
        relation=standing.relation,
        objects=[{"id": str(made.visitor_id), "name": made.visitor["name"]}],
        detail={SIDE: made.side} | ({"reason": words} if words else {}),
    )


def _follow(standing: Standing, made: VisitFacts, decision: Decision, wish: Wish) -> None:
    if decision is Decision.ASK:
        explaining.tell_visitor(made)
    elif decision is Decision.CONTEST:
        explaining.tell_officers()
        if wish is Wish.BLOCK_NOW:
            blocking.block(standing, made.visitor_id)
