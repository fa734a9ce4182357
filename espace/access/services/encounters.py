"""Exact identification by a professional: for some hours it opens deposit and the request for consent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, db, settings
from espace.access.models import Encounter
from espace.identifiers import new_id
from espace.permissions import Actor


@dataclass(frozen=True, slots=True)
class RecentPatient:
    """A record a professional identified lately, and until when that lasts."""

    record_id: UUID
    found_at: datetime
    until: datetime


def note_encounter(professional: Actor, record_id: UUID) -> None:
    """Write down that `professional` found the holder by exact identity just now (rules.md AR-4)."""
    now = clock.now()
    values = {"found_at": now, "until": now + timedelta(hours=settings.current().encounter_hours)}
    with db.write() as tx:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        tx.execute(
            dialect.insert(Encounter)
            .values(record_id=record_id, id=new_id(), professional_id=professional.id, **values)
            .on_conflict_do_update(index_elements=["record_id", "professional_id"], set_=values)
        )


def recent_encounters(professional: Actor, limit: int = 20) -> list[RecentPatient]:
    """The records `professional` identified lately and may still reach that way, newest first."""
    query = (
        select(Encounter.record_id, Encounter.found_at, Encounter.until)
        .where(Encounter.professional_id == professional.id, Encounter.until > clock.now())
        .order_by(Encounter.found_at.desc())
        .limit(limit)
    )
    with db.read() as tx:
        return [RecentPatient(row.record_id, row.found_at, row.until) for row in tx.execute(query)]
