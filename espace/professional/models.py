"""Deposits being prepared."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Id, Instant, RecordRow, Sealed, record_table


class Draft(RecordRow, Base):
    """A file received from a professional and not deposited yet: seen by its author only."""

    __tablename__ = "deposit_drafts"
    __table_args__ = record_table(Index("ix_deposit_drafts_professional_id", "professional_id", "created_at"))

    professional_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Instant)
    file_id: Mapped[UUID] = mapped_column(Id)
    payload: Mapped[bytes] = mapped_column(Sealed)
