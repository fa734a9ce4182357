"""What counter codes open now, as long as who made them still decides about the record (security.md R15, R16)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from espace import clock, crypto, db
from espace.access.models import CounterCode
from espace.access.policy import Window
from espace.db import Id

from . import makers

_TABLE = "access_counter_codes"
SKEW = timedelta(minutes=1)
"""Between the clocks of two machines; a clock set back further must not lengthen a window (security.md L7)."""
COLUMNS = (
    CounterCode.id,
    CounterCode.record_id,
    CounterCode.opens,
    CounterCode.professional_id,
    CounterCode.until,
    CounterCode.payload,
)
_TO_ONE = select(*COLUMNS).where(
    CounterCode.record_id == bindparam("record", type_=Id),
    CounterCode.professional_id == bindparam("professional", type_=Id),
    CounterCode.until > bindparam("now"),
    CounterCode.used_at <= bindparam("begun"),
)
_TO_ANY = (
    select(*COLUMNS)
    .where(
        CounterCode.professional_id == bindparam("professional", type_=Id),
        CounterCode.until > bindparam("now"),
        CounterCode.used_at <= bindparam("begun"),
    )
    .order_by(CounterCode.id)
)


def open_windows(record_id: UUID, professional_id: UUID) -> dict[Window, datetime]:
    """Until when codes open this record to a professional, to read and to deposit."""
    values = {"record": record_id, "professional": professional_id, "now": clock.now(), "begun": clock.now() + SKEW}
    with db.read() as tx:
        rows = still_given(tx, tx.execute(_TO_ONE, values).all())
    return {Window(row.opens): row.until for row in sorted(rows, key=lambda one: one.until)}


def windows_of(professional_id: UUID) -> dict[UUID, datetime]:
    """The records that counter codes opened to a professional: until when each is."""
    now = clock.now()
    with db.read() as tx:
        rows = tx.execute(_TO_ANY, {"professional": professional_id, "now": now, "begun": now + SKEW}).all()
        return {row.record_id: row.until for row in still_given(tx, rows)}


def still_given(tx: Connection, rows: Iterable[Any]) -> list[Any]:
    """Those of these open windows whose makers still decide; the rows carry at least `COLUMNS`' id, record, payload."""
    decide: dict[tuple[UUID, str], bool] = {}
    found = []
    for row in rows:
        if not crypto.current().has_key(tx, row.record_id):
            continue  # erased: its rows may still be there for a moment
        maker = crypto.unseal(tx, row.record_id, _TABLE, row.id, row.payload)["maker"]
        key = (row.record_id, maker["account"])
        if key not in decide:
            decide[key] = makers.still_decides(row.record_id, maker) is not None
        if decide[key]:
            found.append(row)
    return found
