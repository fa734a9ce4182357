"""The row of an account, read and written whole: its payload is one sealed fact (see `models.Account`)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

from espace import crypto, db
from espace.accounts.models import Account
from espace.errors import NotFoundError
from espace.permissions import Role

_TABLE = "accounts"
_COLUMNS = (Account.id, Account.person_id, Account.role, Account.locale, Account.payload, Account.disabled_at)


@dataclass(frozen=True, slots=True)
class Held:
    """An account as its row holds it. `facts` is the opened payload; `role` is "" for a person."""

    id: UUID
    person_id: UUID | None
    role: str
    locale: str
    facts: Mapping[str, Any]
    is_disabled: bool = False

    @property
    def email(self) -> str:
        """Where everything is sent, and what one signs in with."""
        return str(self.facts["email"])

    @property
    def phone(self) -> str:
        """The proven number in E.164 form; "" for none."""
        return str(self.facts.get("phone", ""))

    @property
    def is_administrator(self) -> bool:
        """Whether an administrator of the house signs in with it."""
        return self.role == Role.ADMINISTRATOR


def held(account_id: UUID) -> Held:
    """An account.

    Raises:
        NotFoundError: when there is none of this id.
    """
    with db.read() as tx:
        return _opened(tx, tx.execute(select(*_COLUMNS).where(Account.id == account_id)).first())


def locked(tx: Connection, account_id: UUID) -> Held:
    """An account, locked until the unit of work ends: of two changes at once, the second sees what the first left.

    Raises:
        NotFoundError: when there is none of this id.
    """
    return _opened(tx, tx.execute(select(*_COLUMNS).where(Account.id == account_id).with_for_update()).first())


def change(tx: Connection, account: Held, **facts: Any) -> Held:
    """Write `facts` over those of a locked account; gives it as it is now."""
    changed = replace(account, facts={**account.facts, **facts})
    sealed = crypto.seal(tx, account.id, _TABLE, account.id, changed.facts)
    tx.execute(update(Account).where(Account.id == account.id).values(payload=sealed))
    return changed


def _opened(tx: Connection, row: Any) -> Held:
    if row is None:
        raise NotFoundError
    facts = crypto.unseal(tx, row.id, _TABLE, row.id, row.payload)
    return Held(row.id, row.person_id, row.role, row.locale, facts, row.disabled_at is not None)
