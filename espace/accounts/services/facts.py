"""What other rooms may know of an account: that it exists, its address, its language."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

from espace import clock, crypto, db
from espace.accounts.models import Account
from espace.audit import services as audit
from espace.errors import InvalidError
from espace.notifications import services as notifications
from espace.notifications.services import Event, Reach
from espace.people import services as people
from espace.permissions import Actor, ActorKind
from espace.words import N_

LOCALES = ("fr", "en")
_FIRST_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account as other rooms see it: `phone` in E.164 form or "", `locale` is `fr` or `en`."""

    id: UUID
    email: str
    phone: str
    locale: str

    @property
    def reach(self) -> Reach:
        """Where the account's person is reached."""
        return Reach(self.id, self.email, self.phone, self.locale)


def account_of(person_id: UUID) -> AccountFacts | None:
    """The account of a person, or None while their space is not activated."""
    return _accounts([person_id]).get(person_id)


def accounts_of(person_ids: Collection[UUID]) -> dict[UUID, AccountFacts]:
    """The accounts of several persons at once, by person; who has none is left out."""
    return _accounts(person_ids)


def mail_addresses(person_ids: Collection[UUID]) -> list[tuple[str, str]]:
    """(e-mail, locale) of those of these persons who have an account."""
    return [(facts.email, facts.locale) for facts in _accounts(person_ids).values()]


def joined_lately(actor: Actor) -> bool:
    """Whether the actor's account is less than a week old."""
    return actor.joined_at is not None and clock.now() - actor.joined_at < _FIRST_WEEK


def choose_locale(actor: Actor, locale: str) -> None:
    """Write and speak to the actor in another language from now on.

    Raises:
        InvalidError: when the house does not speak it.
    """
    if locale not in LOCALES:
        raise InvalidError({"locale": N_("Choose one of these languages.")})
    with db.write() as tx:
        changed = tx.execute(
            update(Account).where(Account.id == actor.id, Account.locale != locale).values(locale=locale)
        )
        if changed.rowcount:
            audit.record(actor, actor.id, audit.Action.LANGUAGE_CHOSEN)


def reach_of(account_id: UUID) -> Reach | None:
    """Where the person of an account is reached, or None when there is no such account of a person."""
    with db.read() as tx:
        row = tx.execute(_COLUMNS.where(Account.id == account_id, Account.person_id.is_not(None))).first()
        return None if row is None else _facts(tx, row).reach


def actor_behind(account_id: UUID) -> Actor | None:
    """Whoever an account is of, to judge what they may be told while away; None for no account of a person."""
    with db.read() as tx:
        query = select(Account.person_id, Account.locale).where(
            Account.id == account_id, Account.person_id.is_not(None)
        )
        row = tx.execute(query).first()
    return row and Actor(ActorKind.PATIENT, account_id, "", person_id=row.person_id, locale=row.locale)


def notify(person_ids: Collection[UUID], event: Event) -> None:
    """Tell these persons, once each, that something happened: by the channels and at the hours they chose.

    Who has no account yet is told what must be told (`Event.is_mandatory`) at the addresses of the beneficiary file.
    """
    accounts = _accounts(person_ids)
    for facts in accounts.values():
        notifications.notify(facts.reach, event)
    if event.is_mandatory:
        for person in people.persons([one for one in person_ids if one not in accounts]).values():
            notifications.notify(Reach(None, person.email, person.phone, LOCALES[0]), event)


def tell_what_is_due(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Tell what waited for its hour; the handler of the outbox topic `notifications.due`."""
    account_id, until = notifications.due_of(payload)
    reach = reach_of(account_id)
    if reach is not None:
        notifications.send_held(reach, until)


_COLUMNS = select(Account.id, Account.person_id, Account.locale, Account.payload)


def _accounts(person_ids: Collection[UUID]) -> dict[UUID, AccountFacts]:
    if not person_ids:
        return {}
    with db.read() as tx:
        rows = tx.execute(_COLUMNS.where(Account.person_id.in_(person_ids)).order_by(Account.id)).all()
        return {row.person_id: _facts(tx, row) for row in rows}


def _facts(tx: Connection, row: Any) -> AccountFacts:
    held = crypto.unseal(tx, row.id, "accounts", row.id, row.payload)
    return AccountFacts(row.id, held["email"], held.get("phone", ""), row.locale)
