"""Who may act for whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, RecordRow, Sealed, record_table


class Link(RecordRow, Base):
    """That `person_id` acts for the holder of `record_id`: as a parent, as the guardian of an adult, or as a carer.

    Payload of a carer: the tasks, the types of documents withheld, the words under which the holder made them one.
    """

    __tablename__ = "family_links"
    __table_args__ = record_table(
        Index("uq_family_links_record_id_person_id_kind", "record_id", "person_id", "kind", unique=True),
        Index("ix_family_links_person_id", "person_id"),
    )

    person_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Code(12))  # parent, guardian, carer
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    frozen_at: Mapped[datetime | None] = mapped_column(Instant)  # stopped by a decision (security.md R15)
    sees_before: Mapped[datetime | None] = mapped_column(Instant)  # what a frozen one still reads: what came until then
    version: Mapped[int] = mapped_column(Integer, server_default="1")  # two browsers deciding at once
    payload: Mapped[bytes | None] = mapped_column(Sealed)


class AwaitedParent(RecordRow, Base):
    """A parent the insurer named who was not known yet: linked as soon as their own line comes in."""

    __tablename__ = "family_awaited_parents"
    __table_args__ = record_table(
        Index("uq_family_awaited_parents_record_id_ins_index", "record_id", "ins_index", unique=True),
        Index("ix_family_awaited_parents_ins_index", "ins_index"),
    )

    ins_index: Mapped[bytes] = mapped_column(Digest(32))
    since: Mapped[datetime] = mapped_column(Instant)


class MajorityNotice(RecordRow, Base):
    """That parents and holder were told, so many days before, that the parents' access ends (rules.md MI-4)."""

    __tablename__ = "family_majority_notices"
    __table_args__ = record_table(
        Index("uq_family_majority_notices_record_id_days", "record_id", "days", unique=True),
    )

    days: Mapped[int] = mapped_column(Integer)
    sent_at: Mapped[datetime] = mapped_column(Instant)
