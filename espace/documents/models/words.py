"""The words of documents: their text, sealed, and the keyed postings by which a search finds them (design 3.6)."""

from uuid import UUID

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Digest, Id, RecordRow, Sealed, record_table


class DocumentText(RecordRow, Base):
    """The text of one document, page by page; `id` is the document's. The payload is packed before it is sealed."""

    __tablename__ = "document_texts"
    __table_args__ = record_table()

    payload: Mapped[bytes] = mapped_column(Sealed)


class DocumentWord(Base):
    """A word (or the start of one) stands in a document. Its primary key is the index: no row is found by an id."""

    __tablename__ = "document_words"
    __table_args__ = record_table(PrimaryKeyConstraint("record_id", "word", "document_id"))

    record_id: Mapped[UUID] = mapped_column(Id)
    word: Mapped[bytes] = mapped_column(Digest(8))  # the beginning of a keyed digest, one key per record
    document_id: Mapped[UUID] = mapped_column(Id)


class DocumentWordKey(RecordRow, Base):
    """The key under which a record's words are posted, sealed under its data key; `id` is the record's own."""

    __tablename__ = "document_word_keys"
    __table_args__ = record_table()

    payload: Mapped[bytes] = mapped_column(Sealed)
