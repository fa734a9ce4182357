"""What is kept to notice abuse: which records a professional reached, what was noticed, whose access is stopped.

Rows of the house, not of a record: `reached_id` is whatever record an address named, there or not.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Id, Instant, Sealed, record_table


class Reach(Base):
    """When a professional last reached a record: what volume caps count (security.md R48)."""

    __tablename__ = "access_reaches"
    __table_args__ = (Index("ix_access_reaches_last_at", "professional_id", "last_at"),)

    professional_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    reached_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    last_at: Mapped[datetime] = mapped_column(Instant)


class Alert(Base):
    """Something about a professional's readings to be looked into: one per kind, day and record.

    The payload, under the office's key, says what was noticed, and how it was decided.
    """

    __tablename__ = "access_alerts"
    __table_args__ = (
        Index("uq_access_alerts_subject", "professional_id", "reached_id", "kind", "day", unique=True),
        Index("ix_access_alerts_state", "state", "id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(10))  # hour, day, snooping
    state: Mapped[str] = mapped_column(Code(10))  # open, explained, contacted, suspended
    professional_id: Mapped[UUID] = mapped_column(Id)
    reached_id: Mapped[UUID] = mapped_column(Id)  # zero for none in particular
    day: Mapped[date] = mapped_column(Date)
    raised_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Suspension(Base):
    """A professional who opens no session for the moment. The payload, under the office's key, says why."""

    __tablename__ = "professional_suspensions"

    professional_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)
    cause: Mapped[str] = mapped_column(Code(8))  # volume, officer
    payload: Mapped[bytes] = mapped_column(Sealed)


class Watched(Base):
    """A record whose readings are looked at more closely: of a person many are curious about (security.md R49)."""

    __tablename__ = "access_watched"
    __table_args__ = record_table()

    record_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)
