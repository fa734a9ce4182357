"""What each reader made of a record's documents: read, favourite, in a folder. Nobody sees another reader's."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Id, Instant, RecordRow, Sealed, record_table

from .documents import where

_FILED = where("folder_id IS NOT NULL")


class DocumentMark(RecordRow, Base):
    """One reader (an account or a professional) and one document."""

    __tablename__ = "document_marks"
    __table_args__ = record_table(
        Index("uq_document_marks_reader_document", "record_id", "reader_id", "document_id", unique=True),
        # Most marks only say that something was read.
        Index("ix_document_marks_favourite", "record_id", "reader_id", "date", "document_id", **where("favourite")),
        Index("ix_document_marks_folder", "record_id", "reader_id", "folder_id", "date", "document_id", **_FILED),
    )

    reader_id: Mapped[UUID] = mapped_column(Id)
    document_id: Mapped[UUID] = mapped_column(Id)
    date: Mapped[date] = mapped_column(Date)  # the document's, so that favourites and folders are lists in its order
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    favourite: Mapped[bool] = mapped_column(Boolean)
    folder_id: Mapped[UUID | None] = mapped_column(Id)


class DocumentFolder(RecordRow, Base):
    """A folder of one reader. The payload holds its name."""

    __tablename__ = "document_folders"
    __table_args__ = record_table(Index("ix_document_folders_reader_id", "record_id", "reader_id"))

    reader_id: Mapped[UUID] = mapped_column(Id)
    payload: Mapped[bytes] = mapped_column(Sealed)


class DocumentReader(RecordRow, Base):
    """Where a reader stands: their visits, and up to when everything counts as read."""

    __tablename__ = "document_readers"
    __table_args__ = record_table(
        Index("uq_document_readers_record_id_reader_id", "record_id", "reader_id", unique=True)
    )

    reader_id: Mapped[UUID] = mapped_column(Id)
    visited_at: Mapped[datetime] = mapped_column(Instant)
    previous_visit_at: Mapped[datetime | None] = mapped_column(Instant)
    read_up_to: Mapped[datetime] = mapped_column(Instant)
