"""Write deliveries in the unit of work that asks for them; claim and carry them out in the worker.

A delivery is carried out at least once: its handler gets the delivery's id as idempotency key. A failed one comes
back after 10 s, 40 s, 160 s … up to an hour; one whose worker was killed comes back when its lease is over. Both are
given up (state `failed`) after ten tries. The number of the try tells claims apart: a worker that outlived its lease
settles nothing any more.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from espace import clock, crypto, db
from espace.crypto.owners import OUTBOX
from espace.db import Instant
from espace.identifiers import new_id

from .models import Delivery

Handler = Callable[[UUID, dict[str, Any]], None]

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 10
_KEPT_WHEN_DONE = timedelta(days=7)
_log = structlog.get_logger()
_handlers: dict[str, Handler] = {}
_NOW = bindparam("now", type_=Instant)
_ADD = insert(Delivery)
_DUE = (
    select(Delivery.id)
    .where(
        Delivery.state == "waiting",
        Delivery.due_at <= _NOW,
        or_(Delivery.leased_until.is_(None), Delivery.leased_until < _NOW),
    )
    .order_by(Delivery.due_at, Delivery.id)
    .limit(1)
)
_LEASE_ONE = (
    update(Delivery)
    .where(Delivery.id == _DUE.with_for_update(skip_locked=True).scalar_subquery())
    .values(leased_until=bindparam("until", type_=Instant), attempts=Delivery.attempts + 1)
    .returning(Delivery.id, Delivery.topic, Delivery.attempts, Delivery.payload)
)


def on(topic: str, handler: Handler) -> None:
    """Register the one handler of a topic (at assembly)."""
    _handlers[topic] = handler


def post(topic: str, payload: Mapping[str, Any], *, due_at: datetime | None = None) -> UUID:
    """Write a delivery in the open unit of work (or one of its own); gives its id."""
    delivery_id = new_id()
    with db.write() as tx:
        values = {
            "id": delivery_id,
            "topic": topic,
            "state": "waiting",
            "due_at": due_at or clock.now(),
            "leased_until": None,
            "attempts": 0,
            "error": "",
            "payload": crypto.seal(tx, OUTBOX, "outbox", delivery_id, payload),
        }
        tx.execute(_ADD, values)
    return delivery_id


def work(limit: int = 100) -> int:
    """Carry out up to `limit` due deliveries; gives how many were claimed."""
    for count in range(limit):
        claim = _claim()
        if claim is None:
            return count
        _carry_out(claim)
    return limit


def waiting() -> int:
    """How many deliveries are not done yet, due or not."""
    with db.read() as tx:
        return len(tx.execute(select(Delivery.id).where(Delivery.state == "waiting")).all())


def given_up(delivery_ids: Collection[UUID]) -> set[UUID]:
    """Those of these deliveries that failed for good."""
    if not delivery_ids:
        return set()
    with db.read() as tx:
        query = select(Delivery.id).where(Delivery.id.in_(delivery_ids), Delivery.state == "failed")
        return set(tx.execute(query).scalars())


def in_trouble() -> tuple[int, int]:
    """How many deliveries were given up, and how many come back after a failure."""
    with db.read() as tx:
        failed = tx.execute(select(func.count()).select_from(Delivery).where(Delivery.state == "failed")).scalar_one()
        again = (Delivery.state == "waiting", Delivery.attempts > 0, Delivery.leased_until.is_(None))
        return failed, tx.execute(select(func.count()).select_from(Delivery).where(*again)).scalar_one()


def sweep() -> int:
    """Forget what was carried out a week ago; gives how many. What was given up stays until somebody looks."""
    with db.write() as tx:
        over = clock.now() - _KEPT_WHEN_DONE
        return tx.execute(delete(Delivery).where(Delivery.state == "done", Delivery.due_at < over)).rowcount


class _Claim(NamedTuple):
    """A delivery this worker holds until its lease is over; `attempts` counts this try too."""

    id: UUID
    topic: str
    attempts: int
    payload: bytes


class _LostError(Exception):
    """Every try ended with the worker killed, or beyond its lease."""


def _claim() -> _Claim | None:
    now = clock.now()
    with db.read() as tx:  # an idle worker must not take the write lock
        if tx.execute(_DUE, {"now": now}).first() is None:
            return None
    with db.write() as tx:
        row = tx.execute(_LEASE_ONE, {"now": now, "until": now + LEASE}).first()
    return None if row is None else _Claim(*row)


def _carry_out(claim: _Claim) -> None:
    try:
        _handle(claim)
    except Exception as error:  # noqa: BLE001 - whatever a handler meets, the row stays and comes back
        kind = type(error).__name__[:80]
        _log.warning("delivery_failed", topic=claim.topic, attempts=claim.attempts, error=kind)
        wait = timedelta(seconds=min(3600, 10 * 4 ** min(claim.attempts - 1, 6)))
        state = "failed" if claim.attempts >= MAX_ATTEMPTS else "waiting"
        _settle(claim, state=state, error=kind, due_at=clock.now() + wait)
    else:
        _settle(claim, state="done", error="")


def _handle(claim: _Claim) -> None:
    if claim.attempts > MAX_ATTEMPTS:
        raise _LostError
    with db.read() as tx:
        payload = crypto.unseal(tx, OUTBOX, "outbox", claim.id, claim.payload)
    _handlers[claim.topic](claim.id, payload)


def _settle(claim: _Claim, **values: Any) -> None:
    with db.write() as tx:
        tx.execute(
            update(Delivery)
            .where(Delivery.id == claim.id, Delivery.state == "waiting", Delivery.attempts == claim.attempts)
            .values(leased_until=None, **values)
        )
