"""Passkeys of an account: several, named, each both factors at once (security.md R3); found by a blind index."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, crypto, db, settings
from espace.accounts.models import Passkey
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.words import N_

from . import ceremonies
from .ceremonies import (
    NewPasskey,
    OverError,
    PasskeyError,
    Shown,
    checked_name,
    credential_index,
    read_answer,
    registration,
    to_bytes,
    to_text,
    verify_registration,
)

__all__ = [
    "MOST",
    "CopiedError",
    "NewPasskey",
    "OverError",
    "PasskeyError",
    "PasskeyLine",
    "Shown",
    "authentication",
    "count",
    "credential_ids",
    "drop",
    "keep",
    "of",
    "owner",
    "possible",
    "read_answer",
    "recognise",
    "registration",
    "rename",
    "verify_registration",
]

MOST = 20
"""How many passkeys one account may have."""
_TABLE = "passkeys"

# A key nobody holds: an unknown passkey costs the same check (R5).
_DECOY = "pQECAyYgASFYIELkUKQF1L52blANVC6Kw0HMWUroIV1qqcJX1mUdJYJaIlggXHEvZg8AlRcnqpu0ZcP7YjmAjbN-5j5KOchNuhtBxCI"

_BY_INDEX = select(Passkey.account_id, Passkey.id, Passkey.sign_count, Passkey.payload).where(
    Passkey.credential_index == bindparam("credential_index")
)


class CopiedError(PasskeyError):
    """The passkey's counter went back: two devices hold the same secret. `account_id` is its owner's."""

    def __init__(self, account_id: UUID, passkey_id: UUID) -> None:
        super().__init__("the counter of a passkey went back")
        self.account_id = account_id
        self.passkey_id = passkey_id


@dataclass(frozen=True, slots=True)
class PasskeyLine:
    """A passkey as its owner sees it; `name` may be empty, `used_at` is None before the first use."""

    id: UUID
    name: str
    made_at: datetime
    used_at: datetime | None


def possible() -> bool:
    """Whether browsers allow passkeys at this house's address (`Settings.passkeys_possible`)."""
    return settings.current().passkeys_possible


def keep(tx: Connection, account_id: UUID, made: NewPasskey) -> UUID:
    """Keep a passkey for the account.

    Raises:
        InvalidError: when it is kept already, here or for another account, or the account has too many.
    """
    if count(account_id) >= MOST:
        raise InvalidError({"": N_("You have %(most)d passkeys: remove one before you add another.", most=MOST)})
    passkey_id = new_id()
    payload = {
        "credential_id": to_text(made.credential_id),
        "public_key": to_text(made.public_key),
        "transports": list(made.transports),
        "user": to_text(made.user),
        "name": made.name,
    }
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    kept = tx.execute(
        dialect.insert(Passkey)
        .values(
            account_id=account_id,
            id=passkey_id,
            credential_index=credential_index(made.credential_id),
            sign_count=made.sign_count,
            made_at=clock.now(),
            used_at=None,
            payload=crypto.seal(tx, account_id, _TABLE, passkey_id, payload),
        )
        .on_conflict_do_nothing()
        .returning(Passkey.id)
    ).first()
    if kept is None:
        raise InvalidError({"": N_("This passkey is kept already. You have nothing more to do.")})
    return passkey_id


def count(account_id: UUID) -> int:
    """How many passkeys the account has."""
    with db.read() as tx:
        return tx.execute(
            select(func.count()).select_from(Passkey).where(Passkey.account_id == account_id)
        ).scalar_one()


def of(account_id: UUID) -> list[PasskeyLine]:
    """The account's passkeys, the oldest first."""
    return [PasskeyLine(row.id, payload["name"], row.made_at, row.used_at) for row, payload in _opened_rows(account_id)]


def credential_ids(account_id: UUID) -> list[bytes]:
    """By what devices know the account's passkeys: what `registration` takes as `taken`."""
    return [to_bytes(payload["credential_id"]) for _row, payload in _opened_rows(account_id)]


def authentication(ceremony: UUID, account_id: UUID | None = None) -> str:
    """What the browser needs to have a passkey shown, as JSON: one of the account's, or any it holds for this house."""
    rows = _opened_rows(account_id) if account_id else []
    allowed = [(to_bytes(payload["credential_id"]), payload["transports"]) for _row, payload in rows]
    return ceremonies.authentication(ceremony, allowed)


def owner(shown: Shown) -> UUID | None:
    """Whose passkey it claims to be; None when nobody's is known under this id."""
    with db.read() as tx:
        row = tx.execute(_BY_INDEX, {"credential_index": shown.index}).first()
    return row.account_id if row else None


def recognise(ceremony: UUID, shown: Shown) -> tuple[UUID, UUID]:
    """Check a shown passkey; gives (account, passkey). It proves both factors: the device asked for the second.

    The challenge is spent, whatever the answer is worth; the same work is done for an unknown passkey.

    Raises:
        OverError: when the challenge is not ours, too old or used.
        CopiedError: when the counter went back.
        PasskeyError: when it is not right in any other way.
    """
    with db.read() as tx:
        row = tx.execute(_BY_INDEX, {"credential_index": shown.index}).first()
        payload = crypto.unseal(tx, row.account_id, _TABLE, row.id, row.payload) if row else {"public_key": _DECOY}
    count = ceremonies.prove(ceremony, shown, to_bytes(payload["public_key"]))
    if row is None:
        raise PasskeyError
    if shown.user and shown.user != payload["user"]:
        raise PasskeyError
    if (count or row.sign_count) and count <= row.sign_count:
        raise CopiedError(row.account_id, row.id)
    _count_use(row, count)
    return row.account_id, row.id


def rename(account_id: UUID, passkey_id: UUID, name: str) -> None:
    """Give one of the account's passkeys another name.

    Raises:
        InvalidError: for `name`, when it is empty or too long.
        NotFoundError: when the account has no such passkey.
    """
    name = checked_name(name)
    if not name:
        raise InvalidError({"name": N_("Write a name by which you will know this passkey.")})
    with db.write() as tx:
        payload = _locked(tx, account_id, passkey_id) | {"name": name}
        sealed = crypto.seal(tx, account_id, _TABLE, passkey_id, payload)
        tx.execute(update(Passkey).where(_is(account_id, passkey_id)).values(payload=sealed))


def drop(tx: Connection, account_id: UUID, passkey_id: UUID) -> None:
    """Forget a passkey: it opens nothing from now on. Whether another way remains is the caller's to see.

    Raises:
        NotFoundError: when the account has no such passkey.
    """
    if tx.execute(delete(Passkey).where(_is(account_id, passkey_id))).rowcount != 1:
        raise NotFoundError


def _locked(tx: Connection, account_id: UUID, passkey_id: UUID) -> dict[str, Any]:
    row = tx.execute(select(Passkey.payload).where(_is(account_id, passkey_id)).with_for_update()).first()
    if row is None:
        raise NotFoundError
    return crypto.unseal(tx, account_id, _TABLE, passkey_id, row.payload)


def _is(account_id: UUID, passkey_id: UUID) -> ColumnElement[bool]:
    return and_(Passkey.account_id == account_id, Passkey.id == passkey_id)


def _opened_rows(account_id: UUID) -> list[tuple[Any, dict[str, Any]]]:
    columns = (Passkey.id, Passkey.made_at, Passkey.used_at, Passkey.payload)
    with db.read() as tx:
        rows = tx.execute(select(*columns).where(Passkey.account_id == account_id).order_by(Passkey.id)).all()
        return [(row, crypto.unseal(tx, account_id, _TABLE, row.id, row.payload)) for row in rows]


def _count_use(row: Any, sign_count: int) -> None:
    """Note the use; of two answers at once, the one that comes second must count further."""
    with db.write() as tx:
        counted = tx.execute(
            update(Passkey)
            .where(_is(row.account_id, row.id), Passkey.sign_count == row.sign_count)
            .values(sign_count=sign_count, used_at=clock.now())
        )
        if counted.rowcount != 1:
            raise PasskeyError
