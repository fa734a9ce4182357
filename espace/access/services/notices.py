"""Telling the people of a record that its state changed, without saying which record, nor how (security.md R52)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from espace import db
from espace.access.models import (
    Alert,
    Consent,
    CounterCode,
    DocumentRule,
    Emergency,
    Encounter,
    Link,
    LinkVisit,
    Opposition,
    Reach,
    Visit,
    Watched,
)
from espace.accounts import services as accounts
from espace.family import services as family
from espace.notifications.services import Event
from espace.records import services as records

_TABLES = (Consent, Encounter, CounterCode, Emergency, Opposition, DocumentRule, Link, LinkVisit, Visit, Watched)


def on_record_changed(_delivery_id: UUID, payload: Mapping[str, Any]) -> None:
    """Event `records.changed`: the holder is told, and who acts for them; it cannot be switched off."""
    record_id = UUID(payload["record_id"])
    with db.write():
        holder = records.record(record_id).person_id
        accounts.notify([holder, *family.representatives(record_id)], Event.RECORD_STATE)


def on_heir_decided(_delivery_id: UUID, payload: Mapping[str, Any]) -> None:
    """Event `records.heir-decided`: whoever asked to read a dead person's record is told that it was decided."""
    with db.write():
        accounts.notify([UUID(payload["person_id"])], Event.RECORD_STATE)


def forget_record(record_id: UUID) -> None:
    """Take away what was given and asked on an erased record."""
    with db.write() as tx:
        for table in _TABLES:
            tx.execute(delete(table).where(table.record_id == record_id))
        tx.execute(delete(Alert).where(Alert.reached_id == record_id))
        tx.execute(delete(Reach).where(Reach.reached_id == record_id))
