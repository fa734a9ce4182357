"""Telling people that a document can be read: once they may, not before, and never which (R13, R52)."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Row, bindparam, select

from espace import clock, db
from espace.access.services import DocumentFacts as Judged
from espace.access.services import VisibilityRule, visible
from espace.accounts import services as accounts
from espace.db import Id
from espace.documents.models import Document
from espace.family import services as family
from espace.notifications.services import Event
from espace.permissions import Standing
from espace.records import services as records

_MARKS = select(
    Document.id,
    Document.type_code,
    Document.hidden,
    Document.patient_invisible,
    Document.representatives_invisible,
    Document.professional_id,
    Document.held_until,
).where(
    Document.record_id == bindparam("record", type_=Id),
    Document.id.in_(bindparam("ids", expanding=True, type_=Id)),
)


class Marked(Protocol):
    """What decides who may be told of a document."""

    @property
    def patient_invisible(self) -> bool:
        """Not announced yet."""

    @property
    def representatives_invisible(self) -> bool:
        """A minor's secret care."""

    @property
    def held_until(self) -> datetime | None:
        """Its person wants to read it later."""


def tell_readable(record_id: UUID, document: Marked) -> None:
    """Write to those who may read a document as of now: its person, and a child's parents.

    Nobody is told of a record that nobody reads any more, of a document that is not announced, or of one that waits.
    """
    if not is_readable(document):
        return
    record = records.record(record_id)
    if not record.is_open:
        return
    if not document.representatives_invisible or not family.only_reads(record_id):
        accounts.notify([record.person_id], Event.NEW_DOCUMENT)
    if not document.representatives_invisible:
        tell_representatives(record_id)


def tell_representatives(record_id: UUID) -> None:
    """Write to a child's parents that there is something to read."""
    accounts.notify(family.representatives(record_id), Event.LINKED_NEWS)


def is_readable(document: Marked) -> bool:
    """Whether its person may read a document now: it was announced, and waits no more."""
    waits = document.held_until is not None and document.held_until > clock.now()
    return not document.patient_invisible and not waits


class Telling(StrEnum):
    """What a reader may be told of a document that an act was about."""

    WHOLE = "whole"
    UNNAMED = "unnamed"
    """It waits to be read: that something was done is told, of what is not."""
    NOTHING = "nothing"


def tellings(standing: Standing, ids: Collection[UUID]) -> dict[UUID, Telling]:
    """Of each of these ids that is a document of the record, whatever its state: what may be told of it now (R13)."""
    if not ids:
        return {}
    rule, now = visible(standing), clock.now()
    with db.read() as tx:
        rows = tx.execute(_MARKS, {"record": standing.record_id, "ids": list(ids)}).all()
    return {row.id: _telling(rule, row, now) for row in rows}


def _telling(rule: VisibilityRule, row: Row[*tuple[Any, ...]], now: datetime) -> Telling:
    held = row.held_until is not None and row.held_until > now
    marks = (row.type_code, row.hidden, row.patient_invisible, row.representatives_invisible, row.professional_id)
    if rule.decide(Judged(*marks, held=held)).allowed:
        return Telling.WHOLE
    return Telling.UNNAMED if held and rule.decide(Judged(*marks)).allowed else Telling.NOTHING
