"""Who may act for whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Id, Instant, RecordRow, record_table


class Link(RecordRow, Base):
    """A parent's link to a child's record: `person_id` may act for the holder of `record_id`."""

    __tablename__ = "family_links"
    __table_args__ = record_table(
        Index("uq_family_links_record_id_person_id", "record_id", "person_id", unique=True),
        Index("ix_family_links_person_id", "person_id"),
    )

    person_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Code(12))  # parent
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
