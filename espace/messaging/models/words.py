"""The words of conversations: keyed postings by which a search finds them (design 3.6)."""

from uuid import UUID

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Digest, Id, record_table


class ConversationWord(Base):
    """A word stands in a message. Its primary key is the index: no row is found by an id."""

    __tablename__ = "mail_words"
    __table_args__ = record_table(PrimaryKeyConstraint("record_id", "word", "message_id"))

    box_id: Mapped[UUID] = mapped_column("record_id", Id)
    word: Mapped[bytes] = mapped_column(Digest(8))  # the beginning of a keyed digest, one key per box
    message_id: Mapped[UUID] = mapped_column(Id)
