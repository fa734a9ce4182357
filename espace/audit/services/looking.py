"""What to look for in a chain: who, which acts, when; page after page, whatever lies between.

A chain is long and its holder's own acts, or a parent's, may lie by thousands before anybody else's last one: the acts
of others are picked actor by actor from the index, so that a page costs what it shows and not what it passes over.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, select, true
from sqlalchemy.orm import aliased

from espace import db
from espace.audit.models import AuditEvent, AuditHead, VisitAnswer
from espace.db import Id, Instant

from .actions import Action
from .trail import BEYOND, Entry, opened


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked for. `mine`: the acts of `reader_id`, else everybody else's; `actor_id`: of one of these only;
    `everybody`: those of all.

    `actions` and `kinds` (of actors) are those wanted, None for all; `since` and `until` (not included) bound the time.
    `unanswered`: without what was answered by one of these sides (see `VisitAnswer`), None for everything.
    """

    reader_id: UUID
    mine: bool = False
    everybody: bool = False
    actor_id: UUID | None = None
    actions: frozenset[Action] | None = None
    without: frozenset[Action] | None = None
    kinds: frozenset[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    unanswered: tuple[str, ...] | None = None


class _Shape(NamedTuple):
    """Of which conditions a statement is made: a statement is put together once per shape."""

    everybody: bool
    one: bool
    actions: bool
    without: bool
    kinds: bool
    since: bool
    until: bool
    unanswered: bool
    lateral: bool
    each: bool = False
    among: bool = False


def looked(chain_id: UUID, look: Look, *, before: int | None, limit: int) -> list[Entry]:
    """The acts of a chain that `look` wants, newest first, before sequence `before` (None: from the newest)."""
    with db.read() as tx:
        statement = _statement(_shape(look, lateral=tx.dialect.name == "postgresql"))
        values = _values(look) | {
            "chain": chain_id,
            "before": BEYOND if before is None else before,
            "most": limit,
        }
        return [opened(tx, chain_id, row) for row in tx.execute(statement, values)]


def newest_of_each(chain_id: UUID, look: Look, *, most: int, among: Collection[UUID] | None = None) -> list[Entry]:
    """The newest `most` acts that `look` wants of each actor but its reader, of each of `among` if given, newest first.

    How much one did pushes nobody else out.
    """
    with db.read() as tx:
        shape = _shape(look, lateral=tx.dialect.name == "postgresql")._replace(each=True, among=among is not None)
        given = _values(look) | {"chain": chain_id, "before": BEYOND, "most": most}
        given |= {} if among is None else {"among": sorted(among)}
        return [opened(tx, chain_id, row) for row in tx.execute(_statement(shape), given)]


def newest(chain_id: UUID) -> int:
    """The number of the newest act of a chain, 0 for none."""
    with db.read() as tx:
        found = tx.execute(_NEWEST, {"chain": chain_id}).scalar()
        return int(found or 0)


def chains_moved(since: datetime) -> Iterator[UUID]:
    """The chains to which something was added since an instant, page by page."""
    after: UUID | None = None
    while True:
        query = select(AuditHead.record_id).where(AuditHead.changed_at >= since)
        if after is not None:
            query = query.where(AuditHead.record_id > after)
        with db.read() as tx:
            found = tx.execute(query.order_by(AuditHead.record_id).limit(_CHAINS)).scalars().all()
        yield from found
        if len(found) < _CHAINS:
            return
        after = found[-1]


_CHAINS = 500
_NEWEST = (
    select(AuditEvent.sequence)
    .where(AuditEvent.record_id == bindparam("chain"))
    .order_by(AuditEvent.sequence.desc())
    .limit(1)
)
_COLUMNS = (
    AuditEvent.id,
    AuditEvent.sequence,
    AuditEvent.at,
    AuditEvent.action,
    AuditEvent.actor_kind,
    AuditEvent.actor_id,
    AuditEvent.payload,
)


def _shape(look: Look, *, lateral: bool) -> _Shape:
    return _Shape(
        everybody=look.everybody,
        one=look.mine or look.actor_id is not None,
        actions=look.actions is not None,
        without=look.without is not None,
        kinds=look.kinds is not None,
        since=look.since is not None,
        until=look.until is not None,
        unanswered=look.unanswered is not None,
        lateral=lateral,
    )


def _values(look: Look) -> dict[str, Any]:
    """What is bound; a shape leaves out what it does not ask for."""
    given: Mapping[str, Any] = {
        "actions": _words(look.actions),
        "without": _words(look.without),
        "kinds": _words(look.kinds),
        "since": look.since,
        "until": look.until,
        "sides": look.unanswered,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    who = {"actor": look.reader_id if look.mine else look.actor_id} if look.mine or look.actor_id else {}
    return asked | who | ({} if who or look.everybody else {"me": look.reader_id})


def _words(wanted: Collection[str] | None) -> list[str] | None:
    return None if wanted is None else sorted(wanted)


@lru_cache(maxsize=256)
def _statement(shape: _Shape) -> Select[*tuple[Any, ...]]:
    if shape.one or shape.everybody:
        query = select(*_COLUMNS).where(*_wanted(AuditEvent, shape))
        if shape.one:
            query = query.where(AuditEvent.actor_id == bindparam("actor", type_=Id))
        return query.order_by(AuditEvent.sequence.desc()).limit(bindparam("most"))
    picked = _picked(shape).cte("picked")
    return (
        select(*_COLUMNS)
        .join(
            picked, and_(AuditEvent.record_id == bindparam("chain", type_=Id), AuditEvent.sequence == picked.c.sequence)
        )
        .order_by(AuditEvent.sequence.desc())
    )


def _picked(shape: _Shape) -> Select[*tuple[Any, ...]]:
    """The numbers of the newest wanted acts of everybody else: the newest of each, then the newest of all.

    `each` asks for the newest of each alone.
    """
    first, after = aliased(AuditEvent), aliased(AuditEvent)
    of_chain = bindparam("chain", type_=Id)
    start = select(first.actor_id).where(first.record_id == of_chain).order_by(first.actor_id).limit(1)
    actors = select(start.scalar_subquery().label("id")).cte("actors", recursive=True)
    following = (
        select(after.actor_id)
        .where(after.record_id == of_chain, after.actor_id > actors.c.id)
        .order_by(after.actor_id)
        .limit(1)
        .correlate(actors)
    )
    actors = actors.union_all(select(following.scalar_subquery()).where(actors.c.id.is_not(None)))
    one = aliased(AuditEvent)
    theirs = (
        select(one.sequence)
        .where(one.actor_id == actors.c.id, *_wanted(one, shape))
        .order_by(one.sequence.desc())
        .limit(bindparam("most"))
        .correlate(actors)
    )
    others = and_(actors.c.id.is_not(None), actors.c.id != bindparam("me", type_=Id))
    if shape.among:
        others = and_(others, actors.c.id.in_(bindparam("among", expanding=True, type_=Id)))
    if shape.lateral:
        found = theirs.lateral("theirs")
        query = select(found.c.sequence).select_from(actors).join(found, true()).where(others)
        return query if shape.each else _newest_of_all(query, found.c.sequence)
    # SQLite knows no LATERAL: from the number on where each one's newest begin. An outer join keeps actors in front,
    # and the row without number that it may add is nobody's.
    begin = select(func.min(theirs.subquery().c.sequence)).correlate(actors).scalar_subquery()
    row = aliased(AuditEvent)
    newest_of_each = and_(row.actor_id == actors.c.id, *_wanted(row, shape), row.sequence >= begin)
    query = select(row.sequence).select_from(actors).outerjoin(row, newest_of_each).where(others)
    return query if shape.each else _newest_of_all(query, row.sequence)


def _newest_of_all(query: Select[*tuple[Any, ...]], sequence: Any) -> Select[*tuple[Any, ...]]:
    return query.order_by(sequence.desc()).limit(bindparam("most"))


def _wanted(event: Any, shape: _Shape) -> list[ColumnElement[bool]]:
    found: list[tuple[bool, ColumnElement[bool]]] = [
        (True, event.record_id == bindparam("chain", type_=Id)),
        (True, event.sequence < bindparam("before")),
        (shape.actions, event.action.in_(bindparam("actions", expanding=True))),
        (shape.without, event.action.not_in(bindparam("without", expanding=True))),
        (shape.kinds, event.actor_kind.in_(bindparam("kinds", expanding=True))),
        (shape.since, event.at >= bindparam("since", type_=Instant)),
        (shape.until, event.at < bindparam("until", type_=Instant)),
        (shape.unanswered, ~_answered(event)),
    ]
    return [condition for is_asked, condition in found if is_asked]


def _answered(event: Any) -> ColumnElement[bool]:
    return exists().where(
        VisitAnswer.record_id == event.record_id,
        VisitAnswer.visitor_id == event.actor_id,
        VisitAnswer.side.in_(bindparam("sides", expanding=True)),
        VisitAnswer.first_sequence <= event.sequence,
        VisitAnswer.last_sequence >= event.sequence,
    )
