"""Browsers an account has signed in from: each keeps its own throttle and raises no alert (security.md R6, R8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from espace import clock, crypto, db
from espace.accounts.models import Device, Session
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.permissions import Actor


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A browser as its account's owner sees it; names may be empty. `last_at` is when it was last used."""

    id: UUID
    browser: str
    system: str
    first_at: datetime
    last_at: datetime
    is_current: bool
    is_signed_in: bool


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


def of(account_id: UUID, session_id: UUID | None = None) -> list[DeviceLine]:
    """The devices the account has signed in from, the last used first; `session_id` is the session that asks."""
    seen = (
        select(
            Session.device_id, func.max(Session.seen_at).label("seen_at"), func.max(Session.ends_at).label("ends_at")
        )
        .where(Session.subject_id == account_id, Session.stage == "full", Session.ends_at > clock.now())
        .group_by(Session.device_id)
        .subquery()
    )
    columns = (Device.id, Device.first_at, Device.last_at, Device.payload, seen.c.seen_at)
    with db.read() as tx:
        rows = tx.execute(
            select(*columns).outerjoin(seen, seen.c.device_id == Device.id).where(Device.account_id == account_id)
        ).all()
        here = tx.execute(select(Session.device_id).where(Session.id == session_id)).scalar() if session_id else None
        lines = []
        for row in rows:
            facts = crypto.unseal(tx, account_id, "known_devices", row.id, row.payload)
            lines.append(
                DeviceLine(
                    id=row.id,
                    browser=facts["browser"],
                    system=facts["system"],
                    first_at=row.first_at,
                    last_at=max(row.last_at, row.seen_at or row.last_at),
                    is_current=row.id == here,
                    is_signed_in=row.seen_at is not None,
                )
            )
    return sorted(lines, key=lambda line: (line.is_current, line.last_at), reverse=True)


def forget(actor: Actor, device_id: UUID) -> bool:
    """Forget one of the actor's devices and end its sessions at once; gives whether the one in use was among them.

    Raises:
        NotFoundError: when the account has no such device.
    """
    with db.write() as tx:
        gone = tx.execute(delete(Device).where(Device.account_id == actor.id, Device.id == device_id))
        if gone.rowcount != 1:
            raise NotFoundError
        ended = tx.execute(
            delete(Session).where(Session.subject_id == actor.id, Session.device_id == device_id).returning(Session.id)
        ).scalars()
        return actor.session_id in list(ended)
