"""Documents of a record: what each is, where it came from, who wrote it, and how fresh results are waited for."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, RecordRow, Sealed, record_table


def where(condition: str) -> dict[str, Any]:
    """An index of the rows of which `condition` is true, on both engines."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


_AUTHORED = where("author_id IS NOT NULL")


class Document(RecordRow, Base):
    """One document. The payload holds what people read: title, author, structure, unique id, file names."""

    __tablename__ = "documents"
    __table_args__ = record_table(
        # Every list names a state and is in the order of one of these: none is ever sorted, however long.
        Index("ix_documents_date", "record_id", "state", "date", "id"),
        Index("ix_documents_class", "record_id", "state", "class_code", "date", "id"),
        Index("ix_documents_type", "record_id", "state", "type_code", "date", "id"),
        Index("ix_documents_author", "record_id", "state", "author_id", "date", "id", **_AUTHORED),
        Index("ix_documents_arrived", "record_id", "state", "arrived_at", "id"),
        Index("ix_documents_series", "record_id", "series_index", "version"),
        Index("ix_documents_content", "record_id", "content_index"),
        # Few wait at a time: the worker and « a result waits » read these only.
        Index("ix_documents_held", "record_id", "held_until", **where("held_until IS NOT NULL")),
        Index("ix_documents_awaiting", "created_at", "record_id", "id", **where("patient_invisible")),
        Index("uq_documents_unique_index", "record_id", "unique_index", unique=True),
    )

    date: Mapped[date] = mapped_column(Date)  # of the care, not of the filing
    type_code: Mapped[str] = mapped_column(Code(40))
    class_code: Mapped[str] = mapped_column(Code(4))
    state: Mapped[str] = mapped_column(Code(12))  # current, superseded, archived, folded, deleted
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
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    series_index: Mapped[bytes | None] = mapped_column(Digest(16))  # blind index of the set its versions share
    folded_into: Mapped[UUID | None] = mapped_column(Id)  # the document that is shown in place of this copy
    author_id: Mapped[UUID | None] = mapped_column(Id)  # of `document_authors`
    held_until: Mapped[datetime | None] = mapped_column(Instant)  # a fresh result its person wants to read later
    arrived_at: Mapped[datetime] = mapped_column(Instant, server_default="0")  # when people could first read it
    choices: Mapped[int] = mapped_column(Integer, server_default="0")  # made about it: an old page undoes no newer one
    unique_index: Mapped[bytes] = mapped_column(Digest(32))  # blind index of the author's unique id
    content_index: Mapped[bytes] = mapped_column(Digest(32))  # blind index of the content's SHA-256
    payload: Mapped[bytes] = mapped_column(Sealed)


class DocumentAuthor(RecordRow, Base):
    """Somebody (or a place) that wrote documents of this record. The payload holds the name as it is shown."""

    __tablename__ = "document_authors"
    __table_args__ = record_table(
        Index("uq_document_authors_record_id_name_index", "record_id", "name_index", unique=True)
    )

    name_index: Mapped[bytes] = mapped_column(Digest(32))
    payload: Mapped[bytes] = mapped_column(Sealed)


class DocumentSource(RecordRow, Base):
    """A further way by which a document came in: the document itself keeps the first one.

    The payload holds who or what brought it (`name`), and the unique id it came under.
    """

    __tablename__ = "document_sources"
    __table_args__ = record_table(Index("ix_document_sources_document_id", "record_id", "document_id"))

    document_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Code(12))  # patient, professional, import, mail
    received_at: Mapped[datetime] = mapped_column(Instant)
    source_index: Mapped[bytes] = mapped_column(Digest(32))  # the same thing brought again is no new source
    payload: Mapped[bytes] = mapped_column(Sealed)


class ResultDelay(RecordRow, Base):
    """When fresh results of one kind may be shown to the person, as they chose. No row: at once."""

    __tablename__ = "result_delays"
    __table_args__ = record_table(Index("uq_result_delays_record_id_kind", "record_id", "kind", unique=True))

    kind: Mapped[str] = mapped_column(Code(12))
    days: Mapped[int | None] = mapped_column(Integer)  # after so many days; None: with my doctor


class FormerRecord(RecordRow, Base):
    """What was taken over from a record opened before 2022, so that doing it again changes nothing.

    The payload holds `opened_on`, the digests of the `acts` of its trail, and the unique ids that were `hidden`.
    """

    __tablename__ = "former_records"
    __table_args__ = record_table(Index("uq_former_records_record_id", "record_id", unique=True))

    taken_at: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)
