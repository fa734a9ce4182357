"""How far back the care history goes: `settings.care_history_months`, to the day. What is older leaves (CO-4)."""

from calendar import monthrange
from datetime import date

from sqlalchemy import bindparam, delete, select, tuple_

from espace import clock, db, settings
from espace.documents.models import CareLine

_BATCH = 500
_OLD = select(CareLine.record_id, CareLine.id).where(CareLine.date < bindparam("start")).limit(_BATCH)


def window_start(months: int | None = None) -> date:
    """The first day that is shown: the same day of the month, so many months ago, or the last one of that month.

    `months` looks back less far than the setting, never farther.
    """
    today, kept = clock.today(), settings.current().care_history_months
    back = kept if months is None else min(months, kept)
    year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def sweep() -> int:
    """Take the lines away that became older than the window; gives how many. No page showed them any more."""
    start, gone = window_start(), 0
    while True:
        with db.read() as tx:
            old = [(row.record_id, row.id) for row in tx.execute(_OLD, {"start": start})]
        if not old:
            return gone
        with db.write() as tx:
            gone += tx.execute(delete(CareLine).where(tuple_(CareLine.record_id, CareLine.id).in_(old))).rowcount
