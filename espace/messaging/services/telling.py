"""Telling people that a message came: that it did, never from whom nor of what (security.md R52)."""

from uuid import UUID

from sqlalchemy import Connection

from espace import clock, settings
from espace.people import services as people
from espace.records import services as records

from .storing import Stored


def keeps_secrets(record_id: UUID) -> bool:
    """Whether there are parents from whom a message could be kept: its person is a minor (rules.md MI-6)."""
    person = people.person(records.record(record_id).person_id)
    return person.age_on(clock.today()) < settings.current().majority_age


def tell(tx: Connection, record_id: UUID, written: Stored) -> None:
    """Tell a person of a new message."""
