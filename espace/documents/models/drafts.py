"""What a person is adding and has not finished."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Id, Instant, RecordRow, Sealed, record_table


class AddingDraft(RecordRow, Base):
    """A document being added, kept while a connection is lost: what was typed of it, sealed in the record."""

    __tablename__ = "adding_drafts"
    __table_args__ = record_table(
        Index("ix_adding_drafts_account_id", "record_id", "account_id"), Index("ix_adding_drafts_touched", "touched_at")
    )

    account_id: Mapped[UUID] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(Instant)
    touched_at: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)


class AddingPiece(RecordRow, Base):
    """One file of a draft, in its place among the others; `id` is also that of the stored file.

    The payload holds its name, its type, its size, its pages, and the digest of what was received.
    """

    __tablename__ = "adding_pieces"
    __table_args__ = record_table(Index("ix_adding_pieces_draft_id", "record_id", "draft_id", "place"))

    draft_id: Mapped[UUID] = mapped_column(Id)
    place: Mapped[int] = mapped_column(Integer)
    payload: Mapped[bytes] = mapped_column(Sealed)
