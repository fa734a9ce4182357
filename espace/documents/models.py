"""Documents of a record, and those that could not be filed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, Date, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, RecordRow, Sealed, record_table


class Document(RecordRow, Base):
    """One document. The payload holds what people read: title, author, structure, unique id, file names."""

    __tablename__ = "documents"
    __table_args__ = record_table(
        Index("ix_documents_date", "record_id", "date", "id"),
        Index("ix_documents_class", "record_id", "class_code", "date", "id"),
        Index("uq_documents_unique_index", "record_id", "unique_index", unique=True),
    )

    date: Mapped[date] = mapped_column(Date)  # of the care, not of the filing
    type_code: Mapped[str] = mapped_column(Code(40))
    class_code: Mapped[str] = mapped_column(Code(4))
    state: Mapped[str] = mapped_column(Code(12))  # current (superseded, archived, deleted: step 3)
    hidden: Mapped[bool] = mapped_column(Boolean)  # from professionals, by the holder (AR-13)
    patient_invisible: Mapped[bool] = mapped_column(Boolean)  # until announced (AR-15)
    representatives_invisible: Mapped[bool] = mapped_column(Boolean)  # a minor's secret care (MI-6)
    origin: Mapped[str] = mapped_column(Code(12))  # patient, professional, import
    professional_id: Mapped[UUID | None] = mapped_column(Id)  # who deposited it, when known here
    created_at: Mapped[datetime] = mapped_column(Instant)
    media: Mapped[str] = mapped_column(Code(40))  # of the file as it came (application/pdf, text/xml …)
    size: Mapped[int] = mapped_column(Integer)
    file_id: Mapped[UUID] = mapped_column(Id)
    body_media: Mapped[str] = mapped_column(Code(40))  # of what is shown: the file itself, or the body of its CDA
    body_size: Mapped[int] = mapped_column(Integer)
    body_file_id: Mapped[UUID] = mapped_column(Id)
    unique_index: Mapped[bytes] = mapped_column(Digest(32))  # blind index of the author's unique id
    content_index: Mapped[bytes] = mapped_column(Digest(32))  # blind index of the content's SHA-256
    payload: Mapped[bytes] = mapped_column(Sealed)


class Quarantined(Base):
    """A document that came in and could not be filed: kept sealed, with its reason, for an operator (step 3)."""

    __tablename__ = "quarantine"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Code(40))
    content_index: Mapped[bytes] = mapped_column(Digest(32), unique=True)
    file_id: Mapped[UUID] = mapped_column(Id)
    payload: Mapped[bytes] = mapped_column(Sealed)


class FormerRecord(RecordRow, Base):
    """What was taken over from a record opened before 2022, so that doing it again changes nothing.

    The payload holds `opened_on`, the digests of the `acts` of its trail, and the unique ids that were `hidden`.
    """

    __tablename__ = "former_records"
    __table_args__ = record_table(Index("uq_former_records_record_id", "record_id", unique=True))

    taken_at: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)
