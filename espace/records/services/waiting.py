"""Records on which somebody of the house must decide, or soon may not any more. Ids and dates: nothing is opened."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from espace import clock, db
from espace.records.models import Heir, Record

from .facts import DECEASED, SUSPENDED

SOON = timedelta(days=14)
_MOST = 100


def suspended() -> list[tuple[UUID, datetime, datetime | None]]:
    """Suspended records whose holder objected (no end), or that close within `SOON`: (record, since, end)."""
    statement = (
        select(Record.id, Record.state_since, Record.ends_at)
        .where(Record.state == SUSPENDED, or_(Record.ends_at.is_(None), Record.ends_at < clock.now() + SOON))
        .order_by(Record.state_since, Record.id)
        .limit(_MOST)
    )
    with db.read() as tx:
        return [(row.id, row.state_since, row.ends_at) for row in tx.execute(statement).all()]


def heirs_waiting() -> list[tuple[UUID, datetime]]:
    """Records on which an heir's request waits: (record, asked at), the oldest first, each record once."""
    statement = (
        select(Heir.record_id, Heir.asked_at)
        .join(Record, Record.id == Heir.record_id)
        .where(Heir.state == "asked", Record.state == DECEASED)
        .order_by(Heir.asked_at)
        .limit(_MOST)
    )
    with db.read() as tx:
        rows = tx.execute(statement).all()
    return list({row.record_id: (row.record_id, row.asked_at) for row in reversed(rows)}.values())[::-1]
