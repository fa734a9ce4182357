"""The record itself: whose it is and in which state."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant


class Record(Base):
    """One person's record. Everything in it is sealed under the data key of `id`."""

    __tablename__ = "records"
    __table_args__ = (Index("ix_records_opens_at", "state", "opens_at"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(Id, unique=True)
    state: Mapped[str] = mapped_column(Code(12))  # announced, open, active (opposed, closed: step 2)
    attending_index: Mapped[bytes | None] = mapped_column(Digest(32))  # blind index of the attending doctor's RPPS
    announced_at: Mapped[datetime] = mapped_column(Instant)
    opens_at: Mapped[datetime] = mapped_column(Instant)
    activated_at: Mapped[datetime | None] = mapped_column(Instant)
