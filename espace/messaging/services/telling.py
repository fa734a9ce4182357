"""Telling people that a message came: that it did, never from whom nor of what (security.md R52).

A person is told in their own account; a child's parents as of any news of theirs. What a minor keeps secret is told to
the minor's own account alone. What nobody has read after a day is told once more, by another channel. That a message
of theirs did not arrive is told too.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from espace import clock, db, outbox, settings
from espace.accounts import services as accounts
from espace.db import Id
from espace.family import services as family
from espace.messaging.models import Message
from espace.notifications import services as notifications
from espace.notifications.services import Channel, Event
from espace.people import services as people
from espace.records import services as records

from .incoming.storing import Stored

UNREAD_TOPIC = "messaging.unread"
_STILL = select(Message.read_at, Message.secret).where(
    Message.box_id == bindparam("box", type_=Id), Message.id == bindparam("id", type_=Id)
)


@dataclass(frozen=True, slots=True)
class _Audience:
    """Who is told: persons, and by which event."""

    persons: Collection[UUID]
    event: Event


def keeps_secrets(record_id: UUID) -> bool:
    """Whether there are parents from whom a message could be kept: its person is a minor (rules.md MI-6)."""
    person = people.person(records.record(record_id).person_id)
    return person.age_on(clock.today()) < settings.current().majority_age


def tell(_tx: Connection, record_id: UUID, written: Stored) -> None:
    """Tell of a new message, in the unit of work in which it comes in. A space that is not open yet tells nobody."""
    told = False
    for audience in _audiences(record_id, secret=written.secret):
        accounts.notify(audience.persons, audience.event)
        told = True
    hours = settings.current().unread_hours
    if told and hours:
        outbox.post(
            UNREAD_TOPIC,
            {"box_id": str(record_id), "message_id": str(written.message_id)},
            due_at=clock.now() + timedelta(hours=hours),
        )


def tell_unread(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Tell by another channel of a message that nobody read; the handler of `UNREAD_TOPIC`.

    Who was told by every channel already, or reads what came later, hears nothing more.
    """
    record_id = UUID(payload["box_id"])
    with db.read() as tx:
        row = tx.execute(_STILL, {"box": record_id, "id": UUID(payload["message_id"])}).first()
    if row is None or row.read_at is not None:
        return
    for audience in _audiences(record_id, secret=row.secret):
        found = accounts.accounts_of(audience.persons)
        for person_id, account in found.items():
            wishes = notifications.preferences_of(account.id, account.phone)
            if Channel.SMS not in wishes.channels(audience.event):
                accounts.notify([person_id], Event.UNREAD_MESSAGE)


def tell_failed(box_id: UUID, *, secret: bool) -> None:
    """Tell, in the open unit of work, that a message of a person's box did not arrive: it may be some that matters.

    The conversation says which, and why. Of a mailbox nobody is told: it stands unread in its list.
    """
    if not records.records([box_id]):
        return
    persons = {one for audience in _audiences(box_id, secret=secret) for one in audience.persons}
    accounts.notify(sorted(persons), Event.FAILED_MESSAGE)


def _audiences(record_id: UUID, *, secret: bool) -> Iterator[_Audience]:
    record = records.record(record_id)
    if not record.is_open:
        return
    if not (secret and family.only_reads(record_id)):  # a parent may have opened that account (rules.md MI-3)
        yield _Audience([record.person_id], Event.NEW_MESSAGE)
    parents = () if secret else family.representatives(record_id)
    if parents:
        yield _Audience(parents, Event.LINKED_NEWS)
