"""The record itself: whose it is and in which state; and who may read the record of a dead person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, RecordRow, Sealed, record_table


class Record(Base):
    """One person's record. Everything in it is sealed under the data key of `id`.

    The payload holds the details of the present state (reason, evidence) and the states before it that may return.
    It lies under the record's key; that of an erased record lies under the person's, and holds the proof's facts.
    """

    __tablename__ = "records"
    __table_args__ = (Index("ix_records_opens_at", "state", "opens_at"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(Id, unique=True)
    state: Mapped[str] = mapped_column(Code(12))  # see services.facts
    attending_index: Mapped[bytes | None] = mapped_column(Digest(32))  # blind index of the attending doctor's RPPS
    announced_at: Mapped[datetime] = mapped_column(Instant)
    opens_at: Mapped[datetime] = mapped_column(Instant)
    activated_at: Mapped[datetime | None] = mapped_column(Instant)
    state_since: Mapped[datetime | None] = mapped_column(Instant)
    state_before: Mapped[str] = mapped_column(Code(12), server_default="")  # the one that returns, "" for none
    ends_at: Mapped[datetime | None] = mapped_column(Instant)  # end of the archive, or closing of a suspended record
    erase_at: Mapped[datetime | None] = mapped_column(Instant)  # express erasure asked for (rules.md AC-9)
    payload: Mapped[bytes | None] = mapped_column(Sealed)


class Heir(RecordRow, Base):
    """A request to read the record of a dead person. Payload: relationship, motive, who asked and decided, reason."""

    __tablename__ = "record_heirs"
    __table_args__ = record_table(Index("ix_record_heirs_person_id", "person_id", "state"))

    person_id: Mapped[UUID] = mapped_column(Id)
    state: Mapped[str] = mapped_column(Code(10))  # asked, granted, refused, ended
    asked_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)
