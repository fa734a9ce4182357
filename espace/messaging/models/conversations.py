"""Conversations and their messages, as they lie in one box. Who writes to whom has a copy on each side, as in mail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, Sealed, record_table

from .box import BoxRow


class Conversation(BoxRow, Base):
    """Messages that answer each other. The payload holds the subject, with whom, and what its line in a list shows.

    `started_at` is when its first message came, `in_at` when the last one came in, or was found not to have come, and
    `out_at` when the last one left (None for none). `secret`: a minor keeps it, all of it, from their representatives
    (rules.md MI-6): a secret message that answers an open conversation begins one of its own. `assigned_to` is who of a
    team answers.
    """

    __tablename__ = "mail_conversations"
    __table_args__ = record_table(
        Index("ix_mail_conversations_last", "record_id", "archived", "last_at", "id"),
        Index("ix_mail_conversations_in", "record_id", "archived", "in_at", "id"),
        Index("ix_mail_conversations_out", "record_id", "out_at", "id"),
        Index("ix_mail_conversations_unread", "record_id", "unread", "archived", "in_at"),
        Index("ix_mail_conversations_with", "record_id", "correspondent_id", "last_at"),
        Index("ix_mail_conversations_assigned", "record_id", "assigned_to", "last_at"),
    )

    correspondent_id: Mapped[UUID] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    in_at: Mapped[datetime | None] = mapped_column(Instant)
    out_at: Mapped[datetime | None] = mapped_column(Instant)
    unread: Mapped[bool] = mapped_column(Boolean)
    archived: Mapped[bool] = mapped_column(Boolean)
    secret: Mapped[bool] = mapped_column(Boolean)
    assigned_to: Mapped[UUID | None] = mapped_column(Id)
    version: Mapped[int] = mapped_column(Integer)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Message(BoxRow, Base):
    """One message of a conversation, as it lies in this box.

    `state`: received; or waiting, sent, failed for one that leaves. `message_index` is the blind index of its
    Message-ID; `content_index` of its Message-ID and what it says, by which the same message is kept once (security.md
    L6). `flagged`: the same Message-ID came before with another content. `author_id` is who wrote it here. The payload
    holds the headers that matter, the text, and what was wrong with it.
    """

    __tablename__ = "mail_messages"
    __table_args__ = record_table(
        Index("ix_mail_messages_conversation", "record_id", "conversation_id", "at", "id"),
        Index("ix_mail_messages_message_index", "record_id", "message_index"),
        Index("uq_mail_messages_content_index", "record_id", "content_index", unique=True),
    )

    conversation_id: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant)
    outgoing: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(Code(10))
    message_index: Mapped[bytes] = mapped_column(Digest(32))
    content_index: Mapped[bytes] = mapped_column(Digest(32))
    flagged: Mapped[bool] = mapped_column(Boolean)
    secret: Mapped[bool] = mapped_column(Boolean)
    author_id: Mapped[UUID | None] = mapped_column(Id)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    size: Mapped[int] = mapped_column(Integer)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Attachment(BoxRow, Base):
    """A file of a message; `id` is also that of the stored file. `document_id`: it stands in the record as that one.

    `kind`: file, or xdm for an archive of documents. The payload holds its name, type, size, pages, what was
    wrong with it, and the kind and day proposed for filing it.
    """

    __tablename__ = "mail_attachments"
    __table_args__ = record_table(Index("ix_mail_attachments_message", "record_id", "message_id", "place"))

    message_id: Mapped[UUID] = mapped_column(Id)
    place: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Code(8))
    document_id: Mapped[UUID | None] = mapped_column(Id)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Correspondent(BoxRow, Base):
    """Somebody with whom a box exchanges messages, under one address.

    `wrote_at`: they wrote first then, which lets a patient write to them (rules.md MS-2). `closed_at`: they ended the
    exchange (MS-5); a new message of theirs opens it again. In a mailbox, `closed_at` is when the mailbox ended it,
    and `absence_told_at` when they were last told of an absence. `secret`: a row of a minor's secret conversations
    alone; what they exchange openly has another (R13). The payload holds the address and the name.
    """

    __tablename__ = "mail_correspondents"
    __table_args__ = record_table(
        Index("uq_mail_correspondents_address", "record_id", "address_index", unique=True),
        Index("ix_mail_correspondents_last", "record_id", "last_at", "id"),
    )

    address_index: Mapped[bytes] = mapped_column(Digest(32))
    professional_id: Mapped[UUID | None] = mapped_column(Id)
    patient_record_id: Mapped[UUID | None] = mapped_column(Id)
    wrote_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    absence_told_at: Mapped[datetime | None] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    secret: Mapped[bool] = mapped_column(Boolean)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Sending(BoxRow, Base):
    """One recipient of a message that leaves: waiting, sent, received (a receipt came), failed. Its words: sealed."""

    __tablename__ = "mail_sendings"
    __table_args__ = record_table(Index("ix_mail_sendings_message", "record_id", "message_id", "state"))

    message_id: Mapped[UUID] = mapped_column(Id)
    state: Mapped[str] = mapped_column(Code(10))
    tries: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)
