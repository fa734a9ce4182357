"""What other rooms may know of an account: that it exists, its address, its language."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from espace import clock, crypto, db
from espace.accounts.models import Account
from espace.errors import InvalidError
from espace.permissions import Actor
from espace.words import N_

LOCALES = ("fr", "en")
_FIRST_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account as other rooms see it; `locale` is `fr` or `en`."""

    id: UUID
    email: str
    locale: str


def account_of(person_id: UUID) -> AccountFacts | None:
    """The account of a person, or None while their space is not activated."""
    return _accounts([person_id]).get(person_id)


def mail_addresses(person_ids: Collection[UUID]) -> list[tuple[str, str]]:
    """(e-mail, locale) of those of these persons who have an account."""
    return [(facts.email, facts.locale) for facts in _accounts(person_ids).values()]


def joined_lately(actor: Actor) -> bool:
    """Whether the actor's account is less than a week old."""
    with db.read() as tx:
        since = tx.execute(select(Account.created_at).where(Account.id == actor.id)).scalar()
    return since is not None and clock.now() - since < _FIRST_WEEK


def choose_locale(actor: Actor, locale: str) -> None:
    """Write and speak to the actor in another language from now on.

    Raises:
        InvalidError: when the house does not speak it.
    """
    if locale not in LOCALES:
        raise InvalidError({"locale": N_("Choose one of these languages.")})
    with db.write() as tx:
        tx.execute(update(Account).where(Account.id == actor.id).values(locale=locale))


def _accounts(person_ids: Collection[UUID]) -> dict[UUID, AccountFacts]:
    if not person_ids:
        return {}
    with db.read() as tx:
        rows = tx.execute(
            select(Account.id, Account.person_id, Account.locale, Account.payload)
            .where(Account.person_id.in_(person_ids))
            .order_by(Account.id)
        ).all()
        return {
            row.person_id: AccountFacts(
                row.id, crypto.unseal(tx, row.id, "accounts", row.id, row.payload)["email"], row.locale
            )
            for row in rows
        }
