"""Coming of age: the parents' access ends by itself, everybody is told beforehand and on the day (rules.md MI-4).

The space is handed over: who has no account yet is told how to get one, and the house prints their letter
(`espace letters coming-of-age`). No code is sent to the addresses on file: they are mostly a parent's.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from babel.dates import format_date
from sqlalchemy import bindparam, insert, or_, select
from sqlalchemy.exc import IntegrityError

from espace import clock, db
from espace.accounts.services import account_of, mail_addresses, new_activation_code
from espace.db import Id
from espace.errors import InvalidError
from espace.family.models import Link, MajorityNotice
from espace.family.services.arriving.letters import Letter, letter_of
from espace.family.services.bonds import PARENT
from espace.family.services.links import representatives
from espace.identifiers import WrongPhoneError, new_id, parse_mobile
from espace.notifications.services import can_send, send_mail, send_sms
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Actor
from espace.records import services as records
from espace.records.services import ACTIVE, ANNOUNCED, OPEN, SUSPENDED

from .stages import of_age_on

BEFOREHAND = (365, 30, 7)
"""Days before the day of majority on which people are told: a year, a month, a week."""
ON_THE_DAY = 0
FAREWELL = timedelta(days=90)
"""How long after that day a page says that and how it ended, to both."""
LATE = timedelta(days=30)
"""How late a worker that was away still tells that it ended."""
_BATCH = 200
_LIVING = frozenset({ANNOUNCED, OPEN, ACTIVE, SUSPENDED})

_LINKED = (
    select(Link.record_id)
    .where(Link.record_id > bindparam("after", type_=Id), or_(Link.until.is_(None), Link.until > bindparam("now")))
    .group_by(Link.record_id)
    .order_by(Link.record_id)
    .limit(_BATCH)
)
_STANDS = (
    Link.kind == PARENT,
    Link.frozen_at.is_(None),
    or_(Link.until.is_(None), Link.until > bindparam("now")),
)
_PARENTS = select(Link.person_id).where(Link.record_id == bindparam("record", type_=Id), *_STANDS)
_OF_PARENT = select(Link.record_id).where(Link.person_id == bindparam("person", type_=Id), *_STANDS)


def tell_ahead() -> int:
    """Tell the parents and the young person that the parents' access ends, and on the day that it did; gives how many.

    Each notice is sent once. A worker that was away sends the nearer one only.
    Birth dates are sealed, so every linked record is looked at: two hundred at a time.
    """
    told, failure = 0, None
    for record_id, holder in _linked_holders():
        day = of_age_on(holder.birth_date)
        days = _due(day)
        try:
            told += days is not None and _note(record_id, holder, days, day)
        except ValueError as error:  # an address that cannot be written to must not keep the others from being told
            failure = error
    if failure is not None:
        raise failure
    return told


def _linked_holders() -> Iterator[tuple[UUID, Person]]:
    """Every record someone is linked to, with its holder; those nobody can open are left out."""
    after = UUID(int=0)
    while True:
        with db.read() as tx:
            batch = tx.execute(_LINKED, {"after": after, "now": clock.now()}).scalars().all()
        if not batch:
            return
        found = {one.id: one for one in records.records(batch).values() if one.state in _LIVING}
        holders = people.persons([one.person_id for one in found.values()])
        for record_id in batch:
            if record_id in found and found[record_id].person_id in holders:
                yield record_id, holders[found[record_id].person_id]
        after = batch[-1]


def _due(day: date) -> int | None:
    """Which notice is due today before `day`: so many days, 0 on the day and shortly after, None for none."""
    left = (day - clock.today()).days
    if left <= 0:
        return ON_THE_DAY if -left <= LATE.days else None
    return min((days for days in BEFOREHAND if left <= days), default=None)


def _note(record_id: UUID, holder: Person, days: int, day: date) -> bool:
    """Send one notice, unless it was sent."""
    try:
        with db.write() as tx:
            if tx.execute(
                select(MajorityNotice.id).where(MajorityNotice.record_id == record_id, MajorityNotice.days == days)
            ).first():
                return False
            tx.execute(insert(MajorityNotice).values(record_id=record_id, id=new_id(), days=days, sent_at=clock.now()))
            _send(record_id, holder, day, is_over=days == ON_THE_DAY)
    except IntegrityError:  # another worker told them at the same moment
        return False
    return True


def _send(record_id: UUID, holder: Person, day: date, *, is_over: bool) -> None:
    parents, own = ("majority-ended", "majority-reached") if is_over else ("majority-parents", "majority-holder")
    for address, locale in mail_addresses(_parted(record_id) if is_over else representatives(record_id)):
        send_mail(address, locale, parents, day=in_words(day, locale))
    account = account_of(holder.id)
    email, phone, locale = (
        (account.email, account.phone, account.locale) if account else (holder.email, holder.phone, "fr")
    )
    if email:
        send_mail(email, locale, own, day=in_words(day, locale))
    if can_send() and _is_mobile(phone):
        with suppress(InvalidError):  # a number that gets no SMS now must not keep the others from being told
            send_sms(phone, locale, own, until=None, day=in_words(day, locale))


def _parted(record_id: UUID) -> list[UUID]:
    """The parents whose access ended by majority alone: who was stopped before is told nothing (security.md R15)."""
    with db.read() as tx:
        return list(tx.execute(_PARENTS, {"record": record_id, "now": clock.now()}).scalars())


@dataclass(frozen=True, slots=True)
class Farewell:
    """A child who came of age: until when their parent saw the record."""

    name: str
    initials: str
    day: date

    @property
    def given_name(self) -> str:
        """What a page calls them."""
        return self.name.split()[0]


def farewells(actor: Actor) -> list[Farewell]:
    """The children of the actor whose record closed for them by majority in the last months, the latest first."""
    if actor.person_id is None:
        return []
    with db.read() as tx:
        linked = tx.execute(_OF_PARENT, {"person": actor.person_id, "now": clock.now()}).scalars().all()
    found = [one for one in records.records(list(linked)).values() if one.state in _LIVING]
    holders = people.persons([one.person_id for one in found])
    grown = [(holder, of_age_on(holder.birth_date)) for holder in holders.values()]
    today = clock.today()
    told = [Farewell(one.display_name, one.initials, day) for one, day in grown if day <= today <= day + FAREWELL]
    return sorted(told, key=lambda one: one.day, reverse=True)


def letters_due() -> Iterator[Letter]:
    """The letters of those who came of age lately and have no account, each with a new code; for paper only.

    A code made before stops working. Written again on another day, only the last letter counts.
    """
    today = clock.today()
    for record_id, holder in _linked_holders():
        day = of_age_on(holder.birth_date)
        if day <= today <= day + FAREWELL and account_of(holder.id) is None:
            opens_at = records.record(record_id).opens_at
            yield letter_of(holder.id, holder, new_activation_code(holder.id), opens_at)


def _is_mobile(phone: str) -> bool:
    try:
        return bool(parse_mobile(phone))
    except WrongPhoneError:
        return False


def in_words(day: date, locale: str) -> str:
    """A day as messages say it, in their language: « 1er mars 2027 »."""
    words = format_date(day, "d MMMM y", locale=locale)
    return "1er" + words[1:] if locale == "fr" and words.startswith("1 ") else words
