"""Browsers an account has signed in from: each keeps its own throttle and raises no alert (security.md R6, R8)."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from espace import clock, crypto, db
from espace.accounts.models import Device
from espace.identifiers import new_id


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


def remember(tx: Connection, account_id: UUID, token: str, facts: Mapping[str, str]) -> tuple[str, UUID]:
    """Note a full sign-in on the device of `token` ("" for none yet); gives the token its cookie holds, and its id.

    `facts` are the names of its browser and system.

    Several accounts may be known on one device: a couple's tablet keeps one token.
    """
    now = clock.now()
    token = token or crypto.new_token()
    digest = crypto.token_hash(token)
    row = tx.execute(
        select(Device.id).where(Device.account_id == account_id, Device.token_hash == digest).with_for_update()
    ).first()
    device_id = row.id if row else new_id()
    kept = {"browser": facts.get("browser", ""), "system": facts.get("system", "")}
    values = {"last_at": now, "payload": crypto.seal(tx, account_id, "known_devices", device_id, kept)}
    if row:
        tx.execute(update(Device).where(Device.account_id == account_id, Device.id == device_id).values(values))
    else:
        first = {"account_id": account_id, "id": device_id, "token_hash": digest, "first_at": now}
        tx.execute(insert(Device).values(first | values))
    return token, device_id
