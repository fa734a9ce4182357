"""Every right anyone holds on a record, and the matrix of professions and document types."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Id, Instant, RecordRow, Sealed, record_table


class Consent(RecordRow, Base):
    """What one professional may do on one record. No row: nothing was ever asked or given."""

    __tablename__ = "access_consents"
    __table_args__ = record_table(
        Index("uq_access_consents_record_id_professional_id", "record_id", "professional_id", unique=True),
        Index("ix_access_consents_professional_id", "professional_id", "state"),
    )

    professional_id: Mapped[UUID] = mapped_column(Id)
    state: Mapped[str] = mapped_column(Code(10))  # asked, valid, refused, revoked, blocked
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    valid_until: Mapped[datetime | None] = mapped_column(Instant)
    last_visit_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)  # two browsers deciding at once: the second is told
    payload: Mapped[bytes] = mapped_column(Sealed)  # name, profession and structure as they were shown


class Encounter(RecordRow, Base):
    """A professional found this person by exact identity: for some hours, deposit and consent request are open."""

    __tablename__ = "access_encounters"
    __table_args__ = record_table(
        Index("uq_access_encounters_record_id_professional_id", "record_id", "professional_id", unique=True),
        Index("ix_access_encounters_professional_id", "professional_id", "found_at"),
    )

    professional_id: Mapped[UUID] = mapped_column(Id)
    found_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)


class MatrixVersion(Base):
    """One loaded table of entitlements; exactly one is active."""

    __tablename__ = "matrix_versions"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    loaded_at: Mapped[datetime] = mapped_column(Instant)
    active: Mapped[bool] = mapped_column(Boolean)


class MatrixCell(Base):
    """May this profession read, or naturally deposit, this type of document?"""

    __tablename__ = "matrix_cells"

    version_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    profession: Mapped[str] = mapped_column(Code(20), primary_key=True)
    type_code: Mapped[str] = mapped_column(Code(40), primary_key=True)
    may_read: Mapped[bool] = mapped_column(Boolean)
    deposit: Mapped[str] = mapped_column(Code(8))  # yes, no, unknown
    confidence: Mapped[str] = mapped_column(Code(10))  # official, reported, inferred
