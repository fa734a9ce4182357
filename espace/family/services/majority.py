"""Coming of age: the parents' access ends by itself, and everybody concerned is told beforehand (rules.md MI-4)."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from uuid import UUID

from babel.dates import format_date
from sqlalchemy import bindparam, insert, or_, select
from sqlalchemy.exc import IntegrityError

from espace import clock, db
from espace.accounts.services import account_of, mail_addresses
from espace.db import Id
from espace.errors import InvalidError
from espace.family.models import Link, MajorityNotice
from espace.identifiers import WrongPhoneError, new_id, parse_mobile
from espace.notifications.services import can_send, send_mail, send_sms
from espace.people import services as people
from espace.people.services import Person
from espace.records import services as records
from espace.records.services import ACTIVE, ANNOUNCED, OPEN, SUSPENDED

from .links import representatives
from .relatives import of_age_on

BEFOREHAND = (30, 7)
"""Days before the day of majority on which people are told."""
_BATCH = 200
_LIVING = frozenset({ANNOUNCED, OPEN, ACTIVE, SUSPENDED})

_LINKED = (
    select(Link.record_id)
    .where(Link.record_id > bindparam("after", type_=Id), or_(Link.until.is_(None), Link.until > bindparam("now")))
    .group_by(Link.record_id)
    .order_by(Link.record_id)
    .limit(_BATCH)
)


def tell_ahead() -> int:
    """Tell the parents and the young person, 30 and 7 days before, that the parents' access ends; gives how many.

    Each notice is sent once. A worker that was away sends the nearer one only, and none on the day itself or later.
    Birth dates are sealed, so every linked record is looked at: two hundred at a time.
    """
    told, failure = 0, None
    for record_id, holder in _linked_holders():
        day = of_age_on(holder.birth_date)
        days = _due(day)
        try:
            told += bool(days) and _note(record_id, holder, days, day)
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


def _due(day: date) -> int:
    """Which notice is due today before `day`: 30, 7, or 0 for none."""
    left = (day - clock.today()).days
    return min((days for days in BEFOREHAND if 0 < left <= days), default=0)


def _note(record_id: UUID, holder: Person, days: int, day: date) -> bool:
    """Send one notice, unless it was sent."""
    try:
        with db.write() as tx:
            if tx.execute(
                select(MajorityNotice.id).where(MajorityNotice.record_id == record_id, MajorityNotice.days == days)
            ).first():
                return False
            tx.execute(insert(MajorityNotice).values(record_id=record_id, id=new_id(), days=days, sent_at=clock.now()))
            _send(record_id, holder, day)
    except IntegrityError:  # another worker told them at the same moment
        return False
    return True


def _send(record_id: UUID, holder: Person, day: date) -> None:
    for address, locale in mail_addresses(representatives(record_id)):
        send_mail(address, locale, "majority-parents", day=in_words(day, locale))
    account = account_of(holder.id)
    email, phone, locale = (
        (account.email, account.phone, account.locale) if account else (holder.email, holder.phone, "fr")
    )
    if email:
        send_mail(email, locale, "majority-holder", day=in_words(day, locale))
    if can_send() and _is_mobile(phone):
        with suppress(InvalidError):  # a number that gets no SMS now must not keep the others from being told
            send_sms(phone, locale, "majority-holder", until=None, day=in_words(day, locale))


def _is_mobile(phone: str) -> bool:
    try:
        return bool(parse_mobile(phone))
    except WrongPhoneError:
        return False


def in_words(day: date, locale: str) -> str:
    """A day as messages say it, in their language: « 1er mars 2027 »."""
    words = format_date(day, "d MMMM y", locale=locale)
    return "1er" + words[1:] if locale == "fr" and words.startswith("1 ") else words
