"""Codes of six digits sent by SMS or e-mail: each works once, for ten minutes, for one purpose."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, crypto, db
from espace.accounts.models import OneTimeCode
from espace.errors import InvalidError
from espace.identifiers import new_id
from espace.notifications.services import send_mail, send_sms
from espace.permissions import Visitor
from espace.words import N_

from . import throttle

Channel = Literal["sms", "email"]

LIFE = timedelta(minutes=10)
_DIGITS = 6


def send(  # a code is for one purpose of one subject, and goes to one place
    purpose: str,
    subject_id: UUID,
    owner_id: UUID,
    *,
    channel: Channel,
    address: str,
    locale: str,
    held: Mapping[str, Any] | None = None,
) -> None:
    """Send a code; an earlier one of the same purpose and subject stops working.

    `held` is kept sealed under `owner_id`'s key and given back by `check`. The message goes out when the open unit
    of work is committed.

    Raises:
        ThrottledError: when codes are asked for too fast.
    """
    throttle.admit((_sending(purpose, subject_id),))
    code = crypto.new_digits(_DIGITS)
    with db.write():
        _store(purpose, subject_id, owner_id, code, held or {}, LIFE)
        if channel == "sms":
            send_sms(address, locale, "code", until=clock.now() + LIFE, subject_id=owner_id, code=code)
        else:
            send_mail(address, locale, "email-verification", subject_id=owner_id, code=code)


def check(purpose: str, subject_id: UUID, typed: str, visitor: Visitor) -> dict[str, Any]:
    """Spend the code of a purpose; gives what `send` held. Of two requests with the same code, one gets through.

    Raises:
        InvalidError: for `code`, when it is wrong, used or too old.
        ThrottledError: when the next try is not due yet.
    """
    names = throttle.names_for(purpose, str(subject_id), visitor.address)
    throttle.admit(names)
    with db.write() as tx:
        row = _live(tx, purpose, subject_id)
        if row is None:
            raise InvalidError({"code": N_("This code is more than 10 minutes old. Have a new one sent.")})
        if not _spent(tx, row, purpose, subject_id, typed):
            raise InvalidError({"code": N_("This code is not the one we sent. Check the last message you received.")})
        throttle.clear((*names, _sending(purpose, subject_id)))
        return crypto.unseal(tx, row.owner_id, "one_time_codes", row.id, row.payload)


def spend(purpose: str, subject_id: UUID, typed: str) -> bool:
    """Whether this is the code that was sent, which from now on works no more; tries are counted by the caller."""
    with db.write() as tx:
        row = _live(tx, purpose, subject_id)
        return row is not None and _spent(tx, row, purpose, subject_id, typed)


def hold(purpose: str, subject_id: UUID, owner_id: UUID, held: Mapping[str, Any], life: timedelta = LIFE) -> None:
    """Keep what a change under way needs until it is confirmed, sealed; what was kept for it before is forgotten."""
    _store(purpose, subject_id, owner_id, crypto.new_token(), held, life)  # no typed code fits


def waiting(purpose: str, subject_id: UUID) -> dict[str, Any] | None:
    """What `send` or `hold` keeps for a purpose, looked at, not spent; None for nothing, or once it is over."""
    with db.read() as tx:
        row = _live(tx, purpose, subject_id, lock=False)
        return None if row is None else crypto.unseal(tx, row.owner_id, "one_time_codes", row.id, row.payload)


def drop(purpose: str, subject_id: UUID) -> bool:
    """Forget what is kept for a purpose; of two requests at once, one is told that there was something."""
    with db.write() as tx:
        gone = tx.execute(delete(OneTimeCode).where(OneTimeCode.key == _key(purpose, subject_id)))
        return gone.rowcount == 1


def sweep() -> int:
    """Forget codes that are over; gives how many."""
    with db.write() as tx:
        return tx.execute(delete(OneTimeCode).where(OneTimeCode.expires_at <= clock.now())).rowcount


def _live(tx: Connection, purpose: str, subject_id: UUID, *, lock: bool = True) -> Any:
    """The row of a purpose while it lives; a clock set back must not lengthen it either (L7)."""
    columns = (
        OneTimeCode.key,
        OneTimeCode.id,
        OneTimeCode.owner_id,
        OneTimeCode.code_hash,
        OneTimeCode.made_at,
        OneTimeCode.expires_at,
        OneTimeCode.payload,
    )
    asked = select(*columns).where(OneTimeCode.key == _key(purpose, subject_id))
    row = tx.execute(asked.with_for_update() if lock else asked).first()
    return row if row is not None and row.made_at <= clock.now() < row.expires_at else None


def _spent(tx: Connection, row: Any, purpose: str, subject_id: UUID, typed: str) -> bool:
    """Whether the code fits and this request is the one that takes it."""
    if not crypto.same(row.code_hash, _digest(purpose, subject_id, typed.strip())):
        return False
    return tx.execute(delete(OneTimeCode).where(OneTimeCode.key == row.key, OneTimeCode.id == row.id)).rowcount == 1


def _store(purpose: str, subject_id: UUID, owner_id: UUID, code: str, held: Mapping[str, Any], life: timedelta) -> None:
    row_id, now = new_id(), clock.now()
    with db.write() as tx:
        values = {
            "id": row_id,
            "owner_id": owner_id,
            "code_hash": _digest(purpose, subject_id, code),
            "made_at": now,
            "expires_at": now + life,
            "payload": crypto.seal(tx, owner_id, "one_time_codes", row_id, dict(held)),
        }
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        adding = dialect.insert(OneTimeCode).values(key=_key(purpose, subject_id), **values)
        # Asked for twice at once, the later one counts.
        tx.execute(adding.on_conflict_do_update(index_elements=[OneTimeCode.key], set_=values))


def _sending(purpose: str, subject_id: UUID) -> str:
    """Under what the sending of codes is counted."""
    return f"account:{purpose}-sending:{subject_id}"


def _key(purpose: str, subject_id: UUID) -> bytes:
    return crypto.blind("one-time", f"{purpose}:{subject_id}")


def _digest(purpose: str, subject_id: UUID, code: str) -> bytes:
    return crypto.blind("one-time-code", f"{purpose}:{subject_id}:{code}")
