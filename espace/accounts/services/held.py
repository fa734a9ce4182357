"""What is held for a moment under a token given away: a sign-in sent elsewhere, a choice half made. Sealed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from espace import clock, crypto, db
from espace.accounts.models import OneTimeCode
from espace.crypto.owners import SIGN_IN
from espace.identifiers import new_id

_TABLE = "one_time_codes"
_SKEW = timedelta(minutes=1)  # between the clocks of two machines


def hold(purpose: str, token: str, facts: Mapping[str, Any], life: timedelta) -> None:
    """Keep `facts` for `life` under a token that only whoever gets it knows."""
    row_id, now = new_id(), clock.now()
    with db.write() as tx:
        tx.execute(
            insert(OneTimeCode).values(
                key=_key(purpose, token),
                id=row_id,
                owner_id=SIGN_IN,
                code_hash=crypto.token_hash(token),
                made_at=now,
                expires_at=now + life,
                payload=crypto.seal(tx, SIGN_IN, _TABLE, row_id, dict(facts)),
            )
        )


def take(purpose: str, token: str) -> dict[str, Any] | None:
    """What is held under a token, for good: of two that take it, one gets it. None when there is nothing, or late.

    A clock set back before the holding does not revive it either (L7).
    """
    columns = (OneTimeCode.id, OneTimeCode.made_at, OneTimeCode.expires_at, OneTimeCode.payload)
    with db.write() as tx:
        row = tx.execute(delete(OneTimeCode).where(OneTimeCode.key == _key(purpose, token)).returning(*columns)).first()
        return _opened(tx, row)


def look(purpose: str, token: str) -> dict[str, Any] | None:
    """What is held under a token, which goes on being held."""
    columns = (OneTimeCode.id, OneTimeCode.made_at, OneTimeCode.expires_at, OneTimeCode.payload)
    with db.read() as tx:
        row = tx.execute(select(*columns).where(OneTimeCode.key == _key(purpose, token))).first()
        return _opened(tx, row)


def _opened(tx: Any, row: Any) -> dict[str, Any] | None:
    if row is None or not row.made_at - _SKEW <= clock.now() < row.expires_at:
        return None
    return crypto.unseal(tx, SIGN_IN, _TABLE, row.id, row.payload)


def _key(purpose: str, token: str) -> bytes:
    return crypto.blind("held", f"{purpose}:{token}")
