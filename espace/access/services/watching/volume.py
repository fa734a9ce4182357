"""How many records one professional reaches: many in an hour ask for a new sign-in, too many in a day stop them (R48).

Whatever record an address names counts, there or not, open to them or not: probing is no cheaper than reading.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, db, settings
from espace.access.models import Reach
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import StepUpError
from espace.permissions import SYSTEM, Actor, ActorKind

from . import alerts, suspensions
from .alerts import Kind
from .suspensions import Cause

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_LAST = select(Reach.last_at).where(
    Reach.professional_id == bindparam("professional"), Reach.reached_id == bindparam("reached")
)
_LATELY = (
    select(Reach.last_at)
    .where(Reach.professional_id == bindparam("professional"), Reach.last_at > bindparam("since"))
    .order_by(Reach.last_at.desc())
    .limit(bindparam("limit"))
)


def admit(actor: Actor, reached_id: UUID) -> None:
    """Count that a professional reaches a record; nothing is written for one they reached within the hour.

    Raises:
        StepUpError: after `settings.records_per_hour` records since their last sign-in, and once they are stopped,
            which `settings.records_per_day` records do: then no sign-in helps. Either is an alert, at once.
    """
    if actor.kind is not ActorKind.PROFESSIONAL:
        return
    now = clock.now()
    with db.read() as tx:
        last = tx.execute(_LAST, {"professional": actor.id, "reached": reached_id}).scalar()
        if last is not None and timedelta(0) <= now - last < HOUR:
            return
        house = settings.current()
        values = {"professional": actor.id, "since": now - DAY, "limit": house.records_per_day}
        reached = list(tx.execute(_LATELY, values).scalars())
    is_new_today = last is None or last <= now - DAY
    if is_new_today and len(reached) >= house.records_per_day:
        _stop(actor, len(reached))
        raise StepUpError
    _demand_room(actor, reached, now)
    _count(actor, reached_id, now)


def demand_room(actor: Actor) -> None:
    """See that one more record may be reached this hour, before somebody is looked for (security.md R50).

    Else who reached too many would learn of whomever they look for whether there is such a record, and nothing of it
    would be counted.

    Raises:
        StepUpError: see `admit`.
    """
    if actor.kind is not ActorKind.PROFESSIONAL:
        return
    now = clock.now()
    values = {"professional": actor.id, "since": now - HOUR, "limit": settings.current().records_per_hour}
    with db.read() as tx:
        reached = list(tx.execute(_LATELY, values).scalars())
    _demand_room(actor, reached, now)


def _demand_room(actor: Actor, reached: Sequence[datetime], now: datetime) -> None:
    most = settings.current().records_per_hour
    since = max(now - HOUR, actor.proved_at or now - HOUR)
    if sum(at >= since for at in reached) >= most:
        _hold(actor, most)
        raise StepUpError


def _count(actor: Actor, reached_id: UUID, now: datetime) -> None:
    with db.write() as tx:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        tx.execute(
            dialect.insert(Reach)
            .values(professional_id=actor.id, reached_id=reached_id, last_at=now)
            .on_conflict_do_update(index_elements=["professional_id", "reached_id"], set_={"last_at": now})
        )


def _hold(actor: Actor, reached: int) -> None:
    """Told once a day, however often it is tried."""
    with db.write():
        if alerts.raise_alert(Kind.HOUR, actor.id, clock.today(), {"records": reached}):
            audit.record(actor, actor.id, Action.VOLUME_REACHED, detail={"records": str(reached)})


def _stop(actor: Actor, reached: int) -> None:
    with db.write():
        suspensions.stop(SYSTEM, actor.id, Cause.VOLUME)
        alerts.raise_alert(Kind.DAY, actor.id, clock.today(), {"records": reached}, again=True)


def sweep() -> int:
    """Forget what is older than a day; gives how many rows."""
    with db.write() as tx:
        return tx.execute(delete(Reach).where(Reach.last_at <= clock.now() - DAY)).rowcount
