"""Fresh results that a person wants to read later: at once, after some days, or with their doctor.

A delay hides nothing from professionals (`VisibilityRule.sees_held`), and can be lifted at any time. What waits is
unread, not unknown: its person is told that a result waits, never which.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import clock, db
from espace.db import Id
from espace.documents.models import ResultDelay
from espace.words import N_, Message

from .types import types

FRESH = timedelta(days=30)
"""A result older than this is no news when it comes in: it is shown at once."""
WITH_DOCTOR = datetime(9000, 1, 1, tzinfo=UTC)
"""The end of a wait that only its person or a professional ends."""
DAYS = (1, 3, 7, 14, 30)
"""The waits offered, in days."""


class ResultKind(StrEnum):
    """What a person may choose a wait for."""

    LABORATORY = "laboratory"
    IMAGING = "imaging"
    REPORT = "report"


KIND_WORDS: dict[ResultKind, Message] = {
    ResultKind.LABORATORY: N_("Laboratory results"),
    ResultKind.IMAGING: N_("Imaging reports"),
    ResultKind.REPORT: N_("Other reports"),
}

_LABORATORY = frozenset({"11502-2", "51969-4", "60568-3", "96173-0"})  # biology, genetics, pathology, rapid tests
_CLASS_KINDS = {"31": ResultKind.IMAGING, "10": ResultKind.REPORT}
_CHOSEN = select(ResultDelay.kind, ResultDelay.days).where(ResultDelay.record_id == bindparam("record", type_=Id))


class Arriving(Protocol):
    """What decides on the wait of a document that is being filed."""

    @property
    def type_code(self) -> str:
        """Its type."""

    @property
    def origin(self) -> str:
        """Who brought it."""

    @property
    def date(self) -> date:
        """The day of the care."""


def kind_of(type_code: str) -> ResultKind | None:
    """The kind of result a document of this type is; None for one that is no result."""
    if type_code in _LABORATORY:
        return ResultKind.LABORATORY
    known = types().get(type_code)
    return _CLASS_KINDS.get(known.class_code) if known else None


def held_until(record_id: UUID, new: Arriving) -> datetime | None:
    """Until when a document being filed waits, as its person chose for its kind; None: it is shown at once.

    What a person adds themself never waits, nor does an older document.
    """
    kind = kind_of(new.type_code)
    if kind is None or new.origin == "patient" or clock.today() - new.date > FRESH:
        return None
    chosen = _chosen(record_id)
    return _end(chosen[kind], clock.now()) if kind in chosen else None


def _chosen(record_id: UUID) -> Mapping[ResultKind, int | None]:
    """What was chosen, by kind; a kind that is shown at once is not among them."""
    with db.read() as tx:
        rows = tx.execute(_CHOSEN, {"record": record_id}).all()
    return {ResultKind(row.kind): row.days for row in rows}


def _end(days: int | None, since: datetime) -> datetime:
    return WITH_DOCTOR if days is None else since + timedelta(days=days)
