"""Rights that pass and stand open now, as far as whoever asks may know of them (rules.md MI-7)."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from espace import clock, db
from espace.access.models import CounterCode
from espace.access.services.emergencies.emergency import recent
from espace.permissions import Standing

from .codes import secrecies
from .windows import COLUMNS, SKEW, still_given

_CODES: Select[*tuple[Any, ...]] = select(*COLUMNS).where(
    CounterCode.record_id == bindparam("record"),
    CounterCode.until > bindparam("now"),
    CounterCode.used_at <= bindparam("begun"),
    CounterCode.secret.in_(bindparam("secret", expanding=True)),
)


class Passing(NamedTuple):
    """A right that passes and stands open: by what, for whom, until when."""

    way: str
    professional_id: UUID
    until: datetime


def open_now(own: Standing) -> list[Passing]:
    """What counter codes and emergencies open now, but for a minor's secret ones before their parents.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    now = clock.now()
    values = {"record": own.record_id, "now": now, "begun": now + SKEW, "secret": secrecies(own)}
    with db.read() as tx:
        codes = tx.execute(_CODES, values).all()
        given = still_given(tx, codes)
    found = [Passing(row.opens, row.professional_id, row.until) for row in given]
    return found + [Passing(one.mode.value, one.professional_id, one.until) for one in recent(own) if one.is_open]
