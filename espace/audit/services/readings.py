"""Who reached which record, day by day and opening by opening: read from plain columns, but for the kinds counted."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, or_, select, tuple_

from espace import crypto, db
from espace.audit.models import AuditEvent, AuditHead, VisitAnswer
from espace.permissions import ActorKind

from . import chain
from .actions import Action

_PAGE = 1000
_MOST = 2000  # acts of one professional during one opening: far beyond what reading by hand leaves
_LOWEST = (UUID(int=0), -1)
_CONTESTED = ("contested", "decided")

# Chains that did not change since are not looked into: their heads are indexed by the time of their last row.
_OF_PROFESSIONALS = (
    select(AuditEvent.record_id, AuditEvent.sequence, AuditEvent.at, AuditEvent.action, AuditEvent.actor_id)
    .join(AuditHead, AuditHead.record_id == AuditEvent.record_id)
    .where(
        AuditHead.changed_at >= bindparam("since"),
        AuditEvent.at >= bindparam("since"),
        AuditEvent.at < bindparam("until"),
        AuditEvent.actor_kind == ActorKind.PROFESSIONAL.value,
        AuditEvent.record_id != AuditEvent.actor_id,
    )
    .order_by(AuditEvent.record_id, AuditEvent.sequence)
    .limit(_PAGE)
)
_BETWEEN = (
    AuditEvent.record_id == bindparam("chain"),
    AuditEvent.actor_id == bindparam("actor"),
    AuditEvent.at >= bindparam("since"),
    AuditEvent.at <= bindparam("until"),
)
_DURING = (
    select(AuditEvent.id, AuditEvent.action, AuditEvent.payload)
    .where(*_BETWEEN)
    .order_by(AuditEvent.sequence)
    .limit(_MOST)
)
_TOOK_PART = select(AuditEvent.id).where(*_BETWEEN, AuditEvent.action.not_in(bindparam("but", expanding=True))).limit(1)


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a professional on a record, as the plain columns tell it."""

    record_id: UUID
    actor_id: UUID
    at: datetime
    action: Action


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read during an opening: how many pages and searches, and how many documents of each kind (its code)."""

    acts: int
    documents: int
    kinds: tuple[tuple[str, int], ...]


def acts_of_professionals(since: datetime, until: datetime) -> Iterator[Act]:
    """What professionals did on records from `since` up to, not including, `until`: record after record, by pages."""
    after = _LOWEST
    place = tuple_(AuditEvent.record_id, AuditEvent.sequence)
    with db.read() as tx:
        while page := tx.execute(_OF_PROFESSIONALS.where(place > after), {"since": since, "until": until}).all():
            for row in page:
                yield Act(row.record_id, row.actor_id, row.at, Action(row.action))
            after = (page[-1].record_id, page[-1].sequence)


def ever_did(pairs: Collection[tuple[UUID, UUID]], action: Action) -> frozenset[tuple[UUID, UUID]]:
    """Those of these (record, actor) of whom the record's chain holds such an act, whenever it was."""
    if not pairs:
        return frozenset()
    query = (
        select(AuditEvent.record_id, AuditEvent.actor_id)
        .where(
            AuditEvent.record_id.in_({record for record, _ in pairs}),
            AuditEvent.actor_id.in_({actor for _, actor in pairs}),
            AuditEvent.action == action.value,
        )
        .distinct()
    )
    with db.read() as tx:
        return frozenset((row.record_id, row.actor_id) for row in tx.execute(query)) & frozenset(pairs)


def read_between(chain_id: UUID, actor_id: UUID, since: datetime, until: datetime) -> Reading:
    """What one actor read on a record between two instants, without a title: counts and kinds alone."""
    seen: dict[str, str] = {}
    acts = 0
    with db.read() as tx:
        rows = tx.execute(_DURING, {"chain": chain_id, "actor": actor_id, "since": since, "until": until}).all()
        for row in rows:
            acts += 1
            if row.action not in (Action.DOCUMENT_OPENED.value, Action.DOWNLOADED.value):
                continue
            payload = crypto.unseal(tx, chain_id, chain.TABLE, row.id, row.payload)
            seen |= {one["id"]: one.get("type", "") for one in payload["objects"] if "id" in one}
    return Reading(acts, len(seen), tuple(Counter(seen.values()).most_common()))


def took_part(chain_id: UUID, actor_id: UUID, since: datetime, until: datetime, but: Collection[Action]) -> bool:
    """Whether an actor did anything on a record between two instants, these acts apart."""
    values = {"chain": chain_id, "actor": actor_id, "since": since, "until": until}
    with db.read() as tx:
        return tx.execute(_TOOK_PART, values | {"but": [one.value for one in but]}).first() is not None


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay of one actor on one record."""

    chain_id: UUID
    actor_id: UUID
    since: datetime
    until: datetime


def contested(visits: Collection[Visit]) -> frozenset[Visit]:
    """Those of these stays of which the record's people contested something."""
    if not visits:
        return frozenset()
    query = select(
        VisitAnswer.record_id, VisitAnswer.visitor_id, VisitAnswer.visited_at, VisitAnswer.visited_until
    ).where(
        VisitAnswer.record_id.in_({one.chain_id for one in visits}),
        VisitAnswer.visitor_id.in_({one.actor_id for one in visits}),
        or_(VisitAnswer.decide_by.is_not(None), VisitAnswer.state.in_(_CONTESTED)),
    )
    with db.read() as tx:
        rows = tx.execute(query).all()
    return frozenset(one for one in visits if any(_is_of(row, one) for row in rows))


def _is_of(row: Any, stay: Visit) -> bool:
    if (row.record_id, row.visitor_id) != (stay.chain_id, stay.actor_id):
        return False
    return bool(row.visited_at <= stay.until and row.visited_until >= stay.since)
