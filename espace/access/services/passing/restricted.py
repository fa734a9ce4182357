"""What a representative had given away stops when a decision limits them (security.md R15, R16).

Links, codes and the windows codes opened ask at each use whether who made them still decides; here they end for good,
so that nothing of it comes back when the decision is lifted. No row is written: the other side reads the trail.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update

from espace import clock, crypto, db
from espace.access.models import CounterCode
from espace.access.models.links import Link
from espace.accounts import services as accounts

_CODES = "access_counter_codes"


def on_restricted(_delivery_id: UUID, payload: Mapping[str, Any]) -> None:
    """Event `family.restricted`: close what this person made on this record. Doing it twice is fine."""
    record_id = UUID(payload["record_id"])
    account = accounts.account_of(UUID(payload["person_id"]))
    if account is None:
        return
    now = clock.now()
    with db.write() as tx:
        made = (Link.record_id == record_id, Link.maker_id == account.id, Link.closed_at.is_(None))
        tx.execute(update(Link).where(*made).values(closed_at=now))
        alive = or_(and_(CounterCode.used_at.is_(None), CounterCode.offered_until > now), CounterCode.until > now)
        given = select(CounterCode.id, CounterCode.used_at, CounterCode.payload).where(
            CounterCode.record_id == record_id, alive
        )
        for row in tx.execute(given).all():
            if crypto.unseal(tx, record_id, _CODES, row.id, row.payload)["maker"]["account"] != str(account.id):
                continue
            one = (CounterCode.record_id == record_id, CounterCode.id == row.id)
            ends = {"offered_until": now} if row.used_at is None else {"until": now}
            tx.execute(update(CounterCode).where(*one).values(**ends))
