"""Professional mailboxes of this house, their teams, and the software that sends from them (rules.md MS-8)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, Sealed, record_table

from .box import BoxRow


class Mailbox(Base):
    """A mailbox. Its address and kind never change (MS-8); `id` owns the key that seals all it holds.

    `kind`: PER (one professional), ORG (a team), APP (software), CAB (a practice). `professional_id` is whose a PER is,
    `responsible_id` who answers for any other. `listed`: shown in the directory. The payload holds address, name, the
    expected time of an answer in days, and the notice of an absence.
    """

    __tablename__ = "mailboxes"
    __table_args__ = (
        Index("uq_mailboxes_address", "address_index", unique=True),
        Index("ix_mailboxes_professional", "professional_id"),
        Index("ix_mailboxes_structure", "structure_id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    address_index: Mapped[bytes] = mapped_column(Digest(32))
    kind: Mapped[str] = mapped_column(Code(3))
    professional_id: Mapped[UUID | None] = mapped_column(Id)
    structure_id: Mapped[UUID | None] = mapped_column(Id)
    responsible_id: Mapped[UUID | None] = mapped_column(Id)
    listed: Mapped[bool] = mapped_column(Boolean)
    made_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)
    payload: Mapped[bytes] = mapped_column(Sealed)


class MailboxMember(Base):
    """Who of a team reads and answers in a mailbox."""

    __tablename__ = "mailbox_members"
    __table_args__ = (Index("ix_mailbox_members_professional", "professional_id"),)

    mailbox_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    professional_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)


class MailboxPreference(Base):
    """The mailbox a professional prefers among those they work in (MS-8). It holds while they work there."""

    __tablename__ = "mailbox_preferences"

    professional_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    mailbox_id: Mapped[UUID] = mapped_column(Id, index=True)


class MailboxToken(Base):
    """What a program shows to send from a mailbox; only its hash is kept. The payload holds the program's name."""

    __tablename__ = "mailbox_tokens"
    __table_args__ = (
        Index("ix_mailbox_tokens_mailbox", "mailbox_id"),
        Index("uq_mailbox_tokens_token", "token_hash", unique=True),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    mailbox_id: Mapped[UUID] = mapped_column(Id)
    token_hash: Mapped[bytes] = mapped_column(Digest(32))
    made_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)


class MailboxTemplate(BoxRow, Base):
    """A text that a mailbox uses again and again: name, subject, words."""

    __tablename__ = "mailbox_templates"
    __table_args__ = record_table()

    payload: Mapped[bytes] = mapped_column(Sealed)


class MailboxWord(Base):
    """A word of a listed mailbox's name, or of the place it belongs to. Its primary key is the index."""

    __tablename__ = "mailbox_words"

    word: Mapped[bytes] = mapped_column(Digest(8), primary_key=True)  # the beginning of a keyed digest
    mailbox_id: Mapped[UUID] = mapped_column(Id, primary_key=True, index=True)
