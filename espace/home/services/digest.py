"""The visits of the week: who had somebody in a record of theirs is told, once a week, that there is something to read.

Nothing of it stands in the message (security.md R52), and nobody is told of what they may not know of (R13): what
counts is what the history itself would show them.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from espace import clock
from espace.access import services as access
from espace.accounts import services as accounts
from espace.audit.services import Look, chains_moved
from espace.family import services as family
from espace.notifications import services as notifications
from espace.notifications.services import Channel, Event, last_gathering, preferences_of
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Permission
from espace.records import services as records

from .history import ROUTINE, SOMEBODY
from .telling import told
from .visits import ABOUT_ANSWERS, grouped

_WEEK = timedelta(days=7)
_OVERLAP = timedelta(minutes=10)


class Digest:
    """Looks, each time, through the records in which something happened since the last time."""

    def __init__(self) -> None:
        self._seen_until: datetime | None = None

    def run(self) -> int:
        """Have the week's message wait for its hour, for everybody who is to get one; gives for how many."""
        now = clock.now()
        since = max(self._seen_until - _OVERLAP, now - _WEEK) if self._seen_until else now - _WEEK
        waits = sum(_wait_for_message(record_id, now) for record_id in chains_moved(since))
        self._seen_until = now
        return waits


def _wait_for_message(record_id: UUID, now: datetime) -> int:
    return sum(_is_told(actor, record_id, now) for actor in _readers(record_id))


def _readers(record_id: UUID) -> Iterator[Actor]:
    """The holder of a record and who represents them, as far as they have an account; nobody for another chain."""
    record = records.records([record_id]).get(record_id)
    if record is None:
        return
    for person in people.persons([record.person_id, *family.representatives(record_id)]).values():
        account = accounts.account_of(person.id)
        if account is not None:
            yield Actor(ActorKind.PATIENT, account.id, person.display_name, person_id=person.id, locale=account.locale)


def _is_told(actor: Actor, record_id: UUID, now: datetime) -> bool:
    reach = accounts.reach_of(actor.id)
    wishes = preferences_of(actor.id, reach.phone if reach else "")
    if reach is None or not wishes.channels(Event.WEEK_OF_VISITS):
        return False
    if any(notifications.told_at(actor.id, Event.WEEK_OF_VISITS, one, now) for one in Channel):
        return False  # one waits already
    standing = access.standing(actor, record_id)
    if standing is None or not standing.may(Permission.HISTORY_READ):
        return False
    since = max(last_gathering(wishes, now), now - _WEEK)
    look = replace(Look(actor.id, kinds=SOMEBODY, without=ROUTINE | ABOUT_ANSWERS), since=since)
    if not any(visit.is_access for visit in grouped(told(standing, look, before=None, count=1))):
        return False
    notifications.notify(reach, Event.WEEK_OF_VISITS)
    return True
