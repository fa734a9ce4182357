"""What links carry: documents sealed for whoever holds the link, files that a guest left."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Id, Instant, RecordRow, Sealed, record_table


class SharedFile(RecordRow, Base):
    """A document that a link shows. Its id is that of the file that holds it, sealed with the link's own key."""

    __tablename__ = "shared_files"
    __table_args__ = record_table(Index("ix_shared_files_link_id", "record_id", "link_id", "id"))

    link_id: Mapped[UUID] = mapped_column(Id)
    document_id: Mapped[UUID] = mapped_column(Id)


class GuestFile(RecordRow, Base):
    """A file that somebody left by a link: it waits to be accepted or thrown away. Its id is that of the stored file.

    Payload: who left it and their words, and what is known of the file.
    """

    __tablename__ = "guest_files"
    __table_args__ = record_table(Index("ix_guest_files_link_id", "record_id", "link_id", "id"))

    link_id: Mapped[UUID] = mapped_column(Id)
    received_at: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)
