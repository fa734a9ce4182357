"""What the people of a record decided about professionals and their teams, and who found the person exactly."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Id, Instant, RecordRow, Sealed, record_table


class Consent(RecordRow, Base):
    """What one professional, or the team of one place, may do on one record. No row: nothing was asked or given."""

    __tablename__ = "access_consents"
    __table_args__ = record_table(
        Index("uq_access_consents_record_id_grantee_id", "record_id", "grantee_id", unique=True),
        Index("ix_access_consents_grantee_id", "grantee_id", "state"),
    )

    grantee_kind: Mapped[str] = mapped_column(Code(12), server_default="professional")  # professional, team
    grantee_id: Mapped[UUID] = mapped_column(Id)  # the professional, or the place of practice
    state: Mapped[str] = mapped_column(Code(10))  # asked, valid, refused, revoked, blocked
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    valid_until: Mapped[datetime | None] = mapped_column(Instant)
    last_visit_at: Mapped[datetime | None] = mapped_column(Instant)  # up to step 3; from then on: Visit
    version: Mapped[int] = mapped_column(Integer)  # two browsers deciding at once: the second is told
    payload: Mapped[bytes] = mapped_column(Sealed)  # name, profession, place as shown; every step, by whom and how


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


class Visit(RecordRow, Base):
    """When a professional last read the record from one place of practice, whatever right let them in.

    Two instants, as a parent must not learn of a visit that read nothing but a minor's secret care (security.md R13).
    What the holder may not know of either leaves none.
    """

    __tablename__ = "access_visits"
    __table_args__ = record_table(
        Index(
            "uq_access_visits_record_id_professional_id_structure_id",
            "record_id",
            "professional_id",
            "structure_id",
            unique=True,
        ),
    )

    professional_id: Mapped[UUID] = mapped_column(Id)
    structure_id: Mapped[UUID] = mapped_column(Id)  # all zeros for who practises nowhere
    visited_at: Mapped[datetime] = mapped_column(Instant)  # as the holder may know
    known_at: Mapped[datetime | None] = mapped_column(Instant)  # as whoever represents the holder may know too
