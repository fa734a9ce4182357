"""What somebody is writing and has not sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Id, Instant, Sealed, record_table

from .box import BoxRow


class Draft(BoxRow, Base):
    """A message being written, one per author and conversation: what was typed of it, sealed in its box."""

    __tablename__ = "mail_drafts"
    __table_args__ = record_table(
        Index("ix_mail_drafts_author", "record_id", "author_id", "touched_at"),
        Index("ix_mail_drafts_touched", "touched_at"),
    )

    author_id: Mapped[UUID] = mapped_column(Id)
    conversation_id: Mapped[UUID | None] = mapped_column(Id)
    touched_at: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)


class DraftFile(BoxRow, Base):
    """A file that goes with a draft; `id` is also that of the stored file. Documents are copied when it is sent."""

    __tablename__ = "mail_draft_files"
    __table_args__ = record_table(Index("ix_mail_draft_files_draft", "record_id", "draft_id", "place"))

    draft_id: Mapped[UUID] = mapped_column(Id)
    place: Mapped[int] = mapped_column(Integer)
    payload: Mapped[bytes] = mapped_column(Sealed)
