"""Tell a subject that something happened: at once, after the quiet hours, or gathered with other news."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from espace import clock, db
from espace.identifiers import new_id
from espace.notifications.models import Preference

from . import ledger, mail, preferences, sms, timing
from .carriage import Burden
from .events import RULES, Channel, Event, Reach
from .preferences import Preferences, Rhythm


def notify(reach: Reach, event: Event) -> None:
    """Tell `reach` about `event` by the channels and at the hours they chose, once the open unit of work is committed.

    Nothing of the event but its word goes out (security.md R52).

    Raises:
        ValueError: when the address is none, or a free event is told to somebody without an account.
    """
    if reach.subject_id is None and not event.is_mandatory:
        raise ValueError("who has no account is told only what must be told")
    with db.write():
        wishes, gathered_at = preferences.read(reach.subject_id, reach.phone)
        now = clock.now()
        for channel in sorted(wishes.channels(event)):
            if not _serves(channel, reach):
                continue
            due = timing.due(event, channel, wishes, now, gathered_at)
            if RULES[event].apart and reach.subject_id is not None:
                told = ledger.told_at(reach.subject_id, event, channel, now - RULES[event].apart)
                if told is not None and told > now:
                    continue  # it waits to be told already, and would say the same
                due = max(due, told + RULES[event].apart) if told is not None else due
            if due <= now:
                _send(reach, channel, [event], [], wishes)
            elif reach.subject_id is not None:
                ledger.hold(reach.subject_id, event, channel, due)


def send_held(reach: Reach, until: datetime) -> None:
    """Tell what was held for `reach` until an instant, in one message by each channel.

    Each notice is told once, whoever calls this how often: it is taken and posted in one unit of work. What meanwhile
    fell into quiet hours (the worker was stopped, a clock was moved) waits for their end.
    """
    subject_id = reach.subject_id
    if subject_id is None:
        return
    with db.write() as tx:
        wishes, _ = preferences.read(subject_id, reach.phone)
        taken = ledger.take_due(subject_id, until)
        for channel in Channel:
            found = [(one, event) for one, event, way in taken if way is channel]
            unwanted = [one for one, event in found if channel not in wishes.channels(event)]
            ledger.drop(subject_id, unwanted)
            wanted = [(one, event) for one, event in found if one not in unwanted]
            if wanted:
                _tell_held(reach, subject_id, channel, wanted, wishes)
        if taken and wishes.rhythm is not Rhythm.NOW:
            tx.execute(update(Preference).where(Preference.subject_id == subject_id).values(gathered_at=until))


def _tell_held(
    reach: Reach, subject_id: UUID, channel: Channel, wanted: list[tuple[UUID, Event]], wishes: Preferences
) -> None:
    ids = [one for one, _ in wanted]
    now = clock.now()
    open_at = timing.after_quiet(channel, wishes, now)
    if not _serves(channel, reach):
        ledger.settle(subject_id, ids, state="failed")
    elif open_at > now:
        ledger.settle(subject_id, ids, state="held", due_at=open_at)
        ledger.call_back(subject_id, open_at)
    else:
        _send(reach, channel, list(dict.fromkeys(event for _, event in wanted)), ids, wishes)


def _serves(channel: Channel, reach: Reach) -> bool:
    return bool(reach.address(channel)) and (channel is Channel.EMAIL or sms.can_send())


def _send(reach: Reach, channel: Channel, events: list[Event], ids: list[UUID], wishes: Preferences) -> None:
    """Post one message about one event or several; `ids` are the notices it carries, none yet for a fresh one."""
    subject_id, is_fresh = reach.subject_id, not ids
    ids = ids or [new_id()]
    burden = _burden(subject_id, ids, channel, events, wishes)
    message, values = _message(events, channel)
    to = reach.address(channel)
    post = mail.post if channel is Channel.EMAIL else sms.post
    delivery_id = post(to, reach.locale, message, values, burden)
    state = "waiting" if delivery_id else "failed"
    if subject_id is not None and is_fresh:
        ledger.note(subject_id, events[0], channel, state=state, notice_id=ids[0], delivery_id=delivery_id)
    elif subject_id is not None:
        ledger.settle(subject_id, ids, state=state, delivery_id=delivery_id)


def _burden(
    subject_id: UUID | None, ids: list[UUID], channel: Channel, events: list[Event], wishes: Preferences
) -> Burden:
    if subject_id is None:
        return Burden()
    ahead = None if events[0].is_mandatory else timing.next_quiet(channel, wishes, clock.now())
    until, again_at = ahead or (None, None)
    return Burden(subject_id, tuple(ids), until, again_at)


def _message(events: list[Event], channel: Channel) -> tuple[str, dict[str, str]]:
    if len(events) == 1:
        return events[0].value, {}
    listed = {"events": ",".join(event.value for event in events)} if channel is Channel.EMAIL else {}
    return "gathered", listed


def replan(reach: Reach) -> None:
    """Give what is held the hours of new wishes, and forget what is not wanted any more."""
    subject_id = reach.subject_id
    if subject_id is None:
        return
    with db.write():
        wishes, gathered_at = preferences.read(subject_id, reach.phone)
        now = clock.now()
        for notice_id, event, channel in ledger.held(subject_id):
            if channel not in wishes.channels(event):
                ledger.drop(subject_id, [notice_id])
                continue
            due = timing.due(event, channel, wishes, now, gathered_at)
            ledger.settle(subject_id, [notice_id], due_at=due)
            ledger.call_back(subject_id, due)


def due_of(payload: dict[str, Any]) -> tuple[UUID, datetime]:
    """Whose notices an event of the topic `notifications.due` calls back, and until when."""
    return UUID(payload["subject_id"]), datetime.fromisoformat(payload["due_at"])
