"""Browsers an account has signed in from: each keeps its own throttle and raises no alert (security.md R6, R8)."""

from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from espace import clock, crypto, db
from espace.accounts.models import Device


def known(account_id: UUID, token: str) -> bool:
    """Whether this account has signed in with this device before."""
    with db.read() as tx:
        return (
            tx.execute(
                select(Device.account_id).where(
                    Device.account_id == account_id, Device.token_hash == crypto.token_hash(token)
                )
            ).first()
            is not None
        )


def remember(tx: Connection, account_id: UUID, token: str) -> str:
    """Note a full sign-in on the device of `token` ("" for none yet); gives the token its cookie shall hold.

    Several accounts may be known on one device: a couple's tablet keeps one token.
    """
    now = clock.now()
    token = token or crypto.new_token()
    digest = crypto.token_hash(token)
    seen = tx.execute(
        update(Device).where(Device.account_id == account_id, Device.token_hash == digest).values(last_at=now)
    )
    if not seen.rowcount:
        tx.execute(insert(Device).values(account_id=account_id, token_hash=digest, first_at=now, last_at=now))
    return token
