"""Telling people that a document can be read: once they may, not before, and never which (R13, R52)."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from espace import clock
from espace.accounts import services as accounts
from espace.family import services as family
from espace.notifications.services import Event
from espace.records import services as records


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
