"""Write deliveries in the unit of work that asks for them; claim and carry them out in the worker.

A delivery is carried out at least once: its handler gets the delivery's id as idempotency key, and a failed one
comes back after 10 s, 40 s, 160 s … up to an hour, and is given up (state `failed`) after ten tries.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import insert, or_, select, update

from espace import clock, crypto, db
from espace.crypto.owners import OUTBOX
from espace.identifiers import new_id

from .models import Delivery

Handler = Callable[[UUID, dict[str, Any]], None]

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 10
_log = structlog.get_logger()
_handlers: dict[str, Handler] = {}


def on(topic: str, handler: Handler) -> None:
    """Register the one handler of a topic (at assembly)."""
    _handlers[topic] = handler


def post(topic: str, payload: Mapping[str, Any], *, due_at: datetime | None = None) -> UUID:
    """Write a delivery in the open unit of work (or one of its own); gives its id."""
    delivery_id = new_id()
    with db.write() as tx:
        tx.execute(
            insert(Delivery).values(
                id=delivery_id,
                topic=topic,
                state="waiting",
                due_at=due_at or clock.now(),
                leased_until=None,
                attempts=0,
                error="",
                payload=crypto.seal(tx, OUTBOX, "outbox", delivery_id, payload),
            )
        )
    return delivery_id


def work(limit: int = 100) -> int:
    """Carry out up to `limit` due deliveries; gives how many were claimed."""
    for count in range(limit):
        claimed = _claim()
        if claimed is None:
            return count
        _carry_out(*claimed)
    return limit


def waiting() -> int:
    """How many deliveries are not done yet, due or not."""
    with db.read() as tx:
        return len(tx.execute(select(Delivery.id).where(Delivery.state == "waiting")).all())


def _claim() -> tuple[UUID, str, int, dict[str, Any]] | None:
    now = clock.now()
    due = (
        select(Delivery.id)
        .where(
            Delivery.state == "waiting",
            Delivery.due_at <= now,
            or_(Delivery.leased_until.is_(None), Delivery.leased_until < now),
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(1)
    )
    with db.read() as tx:  # an idle worker must not take the write lock
        if tx.execute(due).first() is None:
            return None
    with db.write() as tx:
        row = tx.execute(
            update(Delivery)
            .where(Delivery.id == due.with_for_update(skip_locked=True).scalar_subquery())
            .values(leased_until=now + LEASE, attempts=Delivery.attempts + 1)
            .returning(Delivery.id, Delivery.topic, Delivery.attempts, Delivery.payload)
        ).first()
        if row is None:
            return None
        return row.id, row.topic, row.attempts, crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload)


def _carry_out(delivery_id: UUID, topic: str, attempts: int, payload: dict[str, Any]) -> None:
    try:
        _handlers[topic](delivery_id, payload)
    except Exception as error:  # noqa: BLE001 - whatever a handler meets, the row stays and comes back
        _log.warning("delivery_failed", topic=topic, attempts=attempts, error=type(error).__name__)
        gone = attempts >= MAX_ATTEMPTS
        wait = timedelta(seconds=min(3600, 10 * 4 ** (attempts - 1)))
        values = {"error": type(error).__name__[:80], "leased_until": None, "due_at": clock.now() + wait}
        _settle(delivery_id, {**values, "state": "failed" if gone else "waiting"})
    else:
        _settle(delivery_id, {"state": "done", "leased_until": None, "error": ""})


def _settle(delivery_id: UUID, values: dict[str, Any]) -> None:
    with db.write() as tx:
        tx.execute(update(Delivery).where(Delivery.id == delivery_id).values(**values))
