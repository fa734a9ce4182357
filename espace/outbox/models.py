"""Rows of what must still happen, written with the data that asks for it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Id, Instant, Sealed


class Delivery(Base):
    """One act to carry out at least once: an event for a higher room, or something to send."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "state", "due_at"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    topic: Mapped[str] = mapped_column(Code(60))
    state: Mapped[str] = mapped_column(Code(10))  # waiting, done, failed
    due_at: Mapped[datetime] = mapped_column(Instant)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(Code(80))  # the kind of the last error, never its text
    payload: Mapped[bytes] = mapped_column(Sealed)
