"""What was told to whom, and what waits: the rows behind the page where a person recognises our messages."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, or_, select, update

from espace import clock, crypto, db, outbox
from espace.identifiers import new_id
from espace.notifications.models import Notice, Preference

from .carriage import Burden
from .events import Channel, Event

TABLE = "notices"
DUE_TOPIC = "notifications.due"
KEPT = timedelta(days=90)
_LATE = timedelta(minutes=10)
_FURTHEST = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Told:
    """One notice as its subject sees it. `state` is held, waiting, sent or failed; `due_at` matters while held."""

    event: Event
    channel: Channel
    state: str
    made_at: datetime
    due_at: datetime


def note(
    subject_id: UUID,
    event: Event,
    channel: Channel,
    *,
    state: str,
    due_at: datetime | None = None,
    notice_id: UUID | None = None,
    delivery_id: UUID | None = None,
) -> None:
    """Write down one notice, in the open unit of work."""
    notice_id, now = notice_id or new_id(), clock.now()
    with db.write() as tx:
        tx.execute(
            insert(Notice).values(
                subject_id=subject_id,
                id=notice_id,
                state=state,
                made_at=now,
                due_at=due_at or now,
                delivery_id=delivery_id,
                payload=crypto.seal(tx, subject_id, TABLE, notice_id, {"event": event.value, "channel": channel.value}),
            )
        )


def note_code(burden: Burden, channel: Channel, delivery_id: UUID) -> None:
    """Write down a code on its way to a subject, in the open unit of work; nothing for who has no account."""
    if burden.subject_id is not None:
        note(
            burden.subject_id,
            Event.CODE,
            channel,
            state="waiting",
            notice_id=burden.notice_ids[0],
            delivery_id=delivery_id,
        )


def hold(subject_id: UUID, event: Event, channel: Channel, due_at: datetime) -> None:
    """Keep a notice for its hour; `notices.send_held` tells it then."""
    with db.write():
        note(subject_id, event, channel, state="held", due_at=due_at)
        call_back(subject_id, due_at)


def call_back(subject_id: UUID, due_at: datetime) -> None:
    """Have the worker tell at `due_at` what is held for a subject until then. Asking twice tells nothing twice."""
    outbox.post(DUE_TOPIC, {"subject_id": str(subject_id), "due_at": due_at.isoformat()}, due_at=due_at)


def take_due(subject_id: UUID, until: datetime) -> list[tuple[UUID, Event, Channel]]:
    """Take what is held until an instant out of the queue, oldest first: of two workers, one gets each notice."""
    with db.write() as tx:
        rows = tx.execute(
            update(Notice)
            .where(Notice.subject_id == subject_id, Notice.state == "held", Notice.due_at <= until)
            .values(state="waiting")
            .returning(Notice.id, Notice.payload)
        ).all()
        return [(row.id, *_opened(tx, subject_id, row)) for row in sorted(rows, key=lambda row: row.id)]


def settle(subject_id: UUID, notice_ids: Collection[UUID], **values: Any) -> None:
    """Change notices: their state, when they are due, or what carries them."""
    with db.write() as tx:
        tx.execute(update(Notice).where(Notice.subject_id == subject_id, Notice.id.in_(notice_ids)).values(**values))


def drop(subject_id: UUID, notice_ids: Collection[UUID]) -> None:
    """Forget notices nobody wants any more."""
    with db.write() as tx:
        tx.execute(delete(Notice).where(Notice.subject_id == subject_id, Notice.id.in_(notice_ids)))


def drop_held(subject_id: UUID, event: Event) -> None:
    """Forget what waits to be told of one event: its cause concerns the subject no more (security.md R16)."""
    drop(subject_id, [notice_id for notice_id, what, _ in held(subject_id) if what is event])


def reported(payload: Mapping[str, Any], state: str) -> None:
    """Note how the delivery of `payload` ended, on the notices it carried."""
    if payload.get("notices"):
        settle(UUID(payload["subject_id"]), [UUID(one) for one in payload["notices"]], state=state)


def is_over(payload: Mapping[str, Any]) -> bool:
    """Whether a delivery came too late: then a code is dropped, and news waits for the end of the quiet hours."""
    until = payload.get("until", "")
    if not until or clock.now() < datetime.fromisoformat(until):
        return False
    if not payload.get("again_at"):
        reported(payload, "failed")
        return True
    subject_id, again = UUID(payload["subject_id"]), datetime.fromisoformat(payload["again_at"])
    with db.write():
        settle(subject_id, [UUID(one) for one in payload["notices"]], state="held", due_at=again)
        call_back(subject_id, again)
    return True


def latest(subject_id: UUID, limit: int = 20) -> list[Told]:
    """What a subject was told last, newest first."""
    with db.read() as tx:
        rows = tx.execute(
            select(Notice.id, Notice.state, Notice.made_at, Notice.due_at, Notice.delivery_id, Notice.payload)
            .where(Notice.subject_id == subject_id)
            .order_by(Notice.id.desc())
            .limit(limit)
        ).all()
        given_up = outbox.given_up([row.delivery_id for row in rows if row.delivery_id and row.state == "waiting"])
        return [
            Told(
                *_opened(tx, subject_id, row),
                state="failed" if row.delivery_id in given_up else row.state,
                made_at=row.made_at,
                due_at=row.due_at,
            )
            for row in rows
        ]


def told_at(subject_id: UUID, event: Event, channel: Channel, since: datetime) -> datetime | None:
    """When a subject was told of an event by a channel last, or is to be; None when neither, after `since`."""
    lately = or_(Notice.made_at > since, Notice.state == "held")
    with db.read() as tx:
        rows = tx.execute(
            select(Notice.id, Notice.due_at, Notice.payload).where(Notice.subject_id == subject_id, lately)
        ).all()
        found = (row.due_at for row in rows if _opened(tx, subject_id, row) == (event, channel))
        return max(found, default=None)


def held(subject_id: UUID) -> list[tuple[UUID, Event, Channel]]:
    """What still waits for its hour."""
    with db.read() as tx:
        rows = tx.execute(
            select(Notice.id, Notice.payload).where(Notice.subject_id == subject_id, Notice.state == "held")
        ).all()
        return [(row.id, *_opened(tx, subject_id, row)) for row in rows]


def forget(subject_id: UUID) -> None:
    """Delete everything noted about a subject, when their account goes."""
    with db.write() as tx:
        tx.execute(delete(Notice).where(Notice.subject_id == subject_id))
        tx.execute(delete(Preference).where(Preference.subject_id == subject_id))


def sweep() -> int:
    """Delete notices older than 90 days; gives how many."""
    over = clock.now() - KEPT
    with db.write() as tx:
        return tx.execute(delete(Notice).where(Notice.made_at < over, Notice.due_at < over)).rowcount


def wake_late() -> int:
    """Call back for what should have been told and was not (a restored copy, a lost event); gives how many subjects.

    What a clock gone wrong put off further than a week's message ever is comes now (L7).
    """
    now = clock.now()
    late = select(Notice.subject_id).where(Notice.state == "held", Notice.due_at < now - _LATE).distinct()
    with db.read() as tx:
        far = tx.execute(select(Notice.id).where(Notice.state == "held", Notice.due_at > now + _FURTHEST)).first()
    if far is not None:
        with db.write() as tx:
            put_off = (Notice.state == "held", Notice.due_at > now + _FURTHEST)
            tx.execute(update(Notice).where(*put_off).values(due_at=now - 2 * _LATE))
    with db.read() as tx:
        subjects = tx.execute(late.limit(1000)).scalars().all()
    for subject_id in subjects:
        call_back(subject_id, now)
    return len(subjects)


def _opened(tx: Any, subject_id: UUID, row: Any) -> tuple[Event, Channel]:
    held = crypto.unseal(tx, subject_id, TABLE, row.id, row.payload)
    return Event(held["event"]), Channel(held["channel"])
