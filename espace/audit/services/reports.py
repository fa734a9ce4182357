"""Who was reached, by an actor or in a period (security.md R55): read from plain columns, nothing is opened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from espace import db
from espace.audit.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Reached:
    """What one actor did in one chain with one kind of act: how often, first and last."""

    chain_id: UUID
    actor_id: UUID
    actor_kind: str
    action: str
    count: int
    first_at: datetime
    last_at: datetime


def reached(
    *, actor_id: UUID | None = None, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Reached]:
    """Records and accounts reached by `actor_id` (None: by anyone), from `since` up to, not including, `until`."""
    statement = (
        select(
            AuditEvent.record_id,
            AuditEvent.actor_id,
            AuditEvent.actor_kind,
            AuditEvent.action,
            func.count().label("times"),
            func.min(AuditEvent.at).label("first_at"),
            func.max(AuditEvent.at).label("last_at"),
        )
        .group_by(AuditEvent.record_id, AuditEvent.actor_id, AuditEvent.actor_kind, AuditEvent.action)
        .order_by(AuditEvent.record_id, AuditEvent.actor_id, AuditEvent.action)
    )
    if actor_id is not None:
        statement = statement.where(AuditEvent.actor_id == actor_id)
    if since is not None:
        statement = statement.where(AuditEvent.at >= since)
    if until is not None:
        statement = statement.where(AuditEvent.at < until)
    with db.read() as tx:
        for row in tx.execute(statement):
            yield Reached(*row)
