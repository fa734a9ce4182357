"""The guardian of an adult: by a measure with an end, of which both are reminded before it comes (rules.md MI-11)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from espace import clock, crypto, db, settings
from espace.accounts.services import notify
from espace.db import Id, Instant
from espace.family.models import Link
from espace.notifications.services import Event
from espace.records import services as records

from .bonds import GUARDIAN, TABLE, bonds_on

BEFOREHAND = (30, 7)
"""Days before the end of a measure on which guardian and holder are told."""
_BATCH = 200
_ENDING = (
    select(Link.record_id, Link.id)
    .where(
        Link.kind == GUARDIAN,
        Link.until > bindparam("now", type_=Instant),
        Link.until <= bindparam("soon", type_=Instant),
        Link.id > bindparam("after", type_=Id),
    )
    .order_by(Link.id)
    .limit(_BATCH)
)
_ONE = select(Link.person_id, Link.until, Link.payload).where(
    Link.record_id == bindparam("record", type_=Id), Link.id == bindparam("id", type_=Id)
)


def guardian_decides(record_id: UUID) -> bool:
    """Whether a guardian decides alone for this adult, in a house where that is so (U, MI-11)."""
    if not settings.current().guardian_decides_alone:
        return False
    return any(one.kind == GUARDIAN and one.acts for one in bonds_on(record_id))


def remind() -> int:
    """Tell guardians and holders that a measure ends soon, once for each of `BEFOREHAND`; gives how many. The worker's.

    A worker that was away sends the nearer reminder only.
    """
    now, after, told = clock.now(), UUID(int=0), 0
    while True:
        with db.read() as tx:
            batch = tx.execute(_ENDING, {"now": now, "soon": now + timedelta(days=BEFOREHAND[0]), "after": after}).all()
        if not batch:
            return told
        for row in batch:
            with db.write() as tx:
                told += _remind(tx, row.record_id, row.id, now)
        after = batch[-1].id


def _remind(tx: Connection, record_id: UUID, link_id: UUID, now: datetime) -> bool:
    row: Any = tx.execute(_ONE.with_for_update(), {"record": record_id, "id": link_id}).first()
    if row is None or row.until is None or row.until <= now:
        return False
    due = min(days for days in BEFOREHAND if row.until <= now + timedelta(days=days))
    said = crypto.unseal(tx, record_id, TABLE, link_id, row.payload) if row.payload else {}
    if any(sent <= due for sent in said.get("reminded", ())):
        return False
    said = {**said, "reminded": [*said.get("reminded", ()), due]}
    tx.execute(
        update(Link)
        .where(Link.record_id == record_id, Link.id == link_id)
        .values(payload=crypto.seal(tx, record_id, TABLE, link_id, said))
    )
    notify([row.person_id, records.record(record_id).person_id], Event.LINK_CHANGED)
    return True
