"""The rows behind « who was asked about a visit, by when, and what they answered » (see `audit.models.VisitAnswer`).

Who may ask and answer, and who is told, is for the rooms above to say: here a row is written once, changed by whoever
read its present version, and found by its owner's deadline.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db
from espace.audit.models import VisitAnswer
from espace.errors import ConflictError, NotFoundError

TABLE = "visit_answers"
HOLDER, REPRESENTATIVE = "holder", "representative"
PAGE = 50


class AnswerState(StrEnum):
    """What was made of a visit."""

    EXPECTED = "expected"
    ASKED = "asked"
    """The visitor is asked why."""
    EXPLAINED = "explained"
    """The visitor said why."""
    CONTESTED = "contested"
    """The privacy officer has it."""
    DECIDED = "decided"


class Step(NamedTuple):
    """One move: when, by whom as shown, in which part (asker, visitor, officer, house), what, in which words."""

    at: str
    by: str
    part: str
    what: str
    words: str = ""


class Place(NamedTuple):
    """After which line the next page of a list by deadline begins."""

    by: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What was made of one visit; see `audit.models.VisitAnswer`.

    `visitor` is who came, as shown then (name, profession, structure); `acts` what they did, counted, without clinical
    content; `wish` what the asker wants done about the visitor.
    """

    id: UUID
    record_id: UUID
    visitor_kind: str
    visitor_id: UUID
    asker_id: UUID
    side: str
    first_sequence: int
    last_sequence: int
    visited_at: datetime
    visited_until: datetime
    state: AnswerState
    changed_at: datetime
    explain_by: datetime | None
    decide_by: datetime | None
    version: int
    asker: str = ""
    visitor: Mapping[str, str] = field(default_factory=dict)
    acts: tuple[tuple[str, int], ...] = ()
    way: str = ""
    way_since: str = ""
    wish: str = ""
    outcome: str = ""
    steps: tuple[Step, ...] = ()

    def words_of(self, what: str) -> str:
        """The words of the last step of this name, or ""."""
        return next((step.words for step in reversed(self.steps) if step.what == what), "")

    def is_late(self, now: datetime) -> bool:
        """Whether whoever owns it let its deadline pass."""
        return any(by is not None and by <= now for by in (self.explain_by, self.decide_by))


_SEALED = ("asker", "visitor", "acts", "way", "way_since", "wish", "outcome", "steps")
_PLAIN = (
    VisitAnswer.id,
    VisitAnswer.record_id,
    VisitAnswer.visitor_kind,
    VisitAnswer.visitor_id,
    VisitAnswer.asker_id,
    VisitAnswer.side,
    VisitAnswer.first_sequence,
    VisitAnswer.last_sequence,
    VisitAnswer.visited_at,
    VisitAnswer.visited_until,
    VisitAnswer.state,
    VisitAnswer.changed_at,
    VisitAnswer.explain_by,
    VisitAnswer.decide_by,
    VisitAnswer.version,
)
_ROWS = select(*_PLAIN, VisitAnswer.payload)


def answers_between(record_id: UUID, sides: Collection[str], low: int, high: int) -> list[VisitFacts]:
    """What was made, on these sides, of visits that touch the numbers from `low` to `high` of a record's chain."""
    return _found(
        _ROWS.where(
            VisitAnswer.record_id == record_id,
            VisitAnswer.side.in_(sides),
            VisitAnswer.first_sequence <= high,
            VisitAnswer.last_sequence >= low,
        ).order_by(VisitAnswer.id)
    )


def asked_of(visitor_id: UUID, after: Place | None = None, limit: int = PAGE) -> list[VisitFacts]:
    """What somebody is asked to explain, by deadline."""
    query = _ROWS.where(VisitAnswer.visitor_id == visitor_id, VisitAnswer.explain_by.is_not(None))
    return _found(_following(query, VisitAnswer.explain_by, after, limit))


def asked_one(visitor_id: UUID, answer_id: UUID) -> VisitFacts:
    """One of `asked_of`.

    Raises:
        NotFoundError: when this visitor is not asked that, or not any more.
    """
    query = _ROWS.where(
        VisitAnswer.visitor_id == visitor_id, VisitAnswer.explain_by.is_not(None), VisitAnswer.id == answer_id
    )
    return _one(_found(query))


def record_of_asked(visitor_id: UUID, answer_id: UUID) -> UUID | None:
    """Whose record a question to this visitor is or was about, answered or not; None where none was put to them."""
    found = _found(_ROWS.where(VisitAnswer.visitor_id == visitor_id, VisitAnswer.id == answer_id))
    # A visit contested without asking first is not known to its visitor.
    put = [one for one in found if {"asked", "forwarded"} & {step.what for step in one.steps}]
    return put[0].record_id if put else None


def contested(after: Place | None = None, limit: int = PAGE) -> list[VisitFacts]:
    """What waits for the privacy officer, by deadline."""
    return _found(_following(_ROWS.where(VisitAnswer.decide_by.is_not(None)), VisitAnswer.decide_by, after, limit))


def contest(record_id: UUID, answer_id: UUID) -> VisitFacts:
    """One visit that is or was contested.

    Raises:
        NotFoundError: when there is none.
    """
    found = _one(_found(_ROWS.where(VisitAnswer.record_id == record_id, VisitAnswer.id == answer_id)))
    if found.state not in (AnswerState.CONTESTED, AnswerState.DECIDED):
        raise NotFoundError
    return found


def overdue_explanations(now: datetime, limit: int = 100) -> list[VisitFacts]:
    """Those whom an answer was due before `now`, the longest waiting first."""
    query = _ROWS.where(VisitAnswer.explain_by <= now)
    return _found(query.order_by(VisitAnswer.explain_by, VisitAnswer.id).limit(limit))


def overdue_contests(now: datetime, reminded_before: datetime, limit: int = 100) -> list[VisitFacts]:
    """Contests due before `now` of which nobody was reminded since `reminded_before`."""
    not_reminded = or_(VisitAnswer.reminded_at.is_(None), VisitAnswer.reminded_at <= reminded_before)
    query = _ROWS.where(VisitAnswer.decide_by <= now, not_reminded)
    return _found(query.order_by(VisitAnswer.decide_by, VisitAnswer.id).limit(limit))


def make_answer(facts: VisitFacts) -> None:
    """Write what was made of a visit for the first time.

    Raises:
        ConflictError: when the same side answered about the same visit meanwhile.
    """
    with db.write() as tx:
        if answers_of_visit(facts):
            raise ConflictError
        try:
            tx.execute(insert(VisitAnswer).values(**_values(facts), payload=_sealed(tx, facts)))
        except IntegrityError:
            raise ConflictError from None


def answers_of_visit(facts: VisitFacts) -> list[VisitFacts]:
    """What the same side made of this visitor's acts before."""
    found = answers_between(facts.record_id, [facts.side], facts.first_sequence, facts.last_sequence)
    return [one for one in found if one.visitor_id == facts.visitor_id]


def change_answer(facts: VisitFacts, **changed: Any) -> VisitFacts:
    """Write a change of what was read as `facts`; gives it as it stands now.

    Raises:
        ConflictError: when it changed since it was read.
    """
    after = replace(facts, **changed, version=facts.version + 1, changed_at=clock.now())
    with db.write() as tx:
        done = tx.execute(
            update(VisitAnswer)
            .where(
                VisitAnswer.record_id == facts.record_id,
                VisitAnswer.id == facts.id,
                VisitAnswer.version == facts.version,
            )
            .values(**_values(after), payload=_sealed(tx, after))
        )
        if done.rowcount != 1:
            raise ConflictError
    return after


def note_reminded(facts: VisitFacts) -> None:
    """Note that the owner was reminded now."""
    with db.write() as tx:
        tx.execute(
            update(VisitAnswer)
            .where(VisitAnswer.record_id == facts.record_id, VisitAnswer.id == facts.id)
            .values(reminded_at=clock.now())
        )


def forget_record(record_id: UUID) -> None:
    """Take away what was made of the visits of an erased record."""
    with db.write() as tx:
        tx.execute(delete(VisitAnswer).where(VisitAnswer.record_id == record_id))


def _following(query: Select[*tuple[Any, ...]], by: Any, after: Place | None, limit: int) -> Select[*tuple[Any, ...]]:
    if after is not None:
        query = query.where(or_(by > after.by, and_(by == after.by, VisitAnswer.id > after.id)))
    return query.order_by(by, VisitAnswer.id).limit(limit)


def _found(query: Select[*tuple[Any, ...]]) -> list[VisitFacts]:
    with db.read() as tx:
        return [_opened(tx, row) for row in tx.execute(query)]


def _one(found: list[VisitFacts]) -> VisitFacts:
    if not found:
        raise NotFoundError
    return found[0]


def _opened(tx: Connection, row: Any) -> VisitFacts:
    plain = {column.key: getattr(row, column.key) for column in _PLAIN}
    held = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
    held["acts"] = tuple((action, count) for action, count in held["acts"])
    held["steps"] = tuple(Step(*step) for step in held["steps"])
    return VisitFacts(**plain | {"state": AnswerState(row.state)}, **held)


def _values(facts: VisitFacts) -> dict[str, Any]:
    return {column.key: getattr(facts, column.key) for column in _PLAIN} | {"state": facts.state.value}


def _sealed(tx: Connection, facts: VisitFacts) -> bytes:
    return crypto.seal(tx, facts.record_id, TABLE, facts.id, {name: _plain(getattr(facts, name)) for name in _SEALED})


def _plain(value: Any) -> Any:
    """Tuples as the lists that JSON knows."""
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
