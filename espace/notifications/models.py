"""Rows of what each subject wants to be told, and of what was told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, Sealed


class Preference(Base):
    """What a subject chose; without a row the defaults hold. Payload, under the subject's key: the choices."""

    __tablename__ = "notification_preferences"

    subject_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    gathered_at: Mapped[datetime | None] = mapped_column(Instant)  # the hour of the last gathered message
    payload: Mapped[bytes] = mapped_column(Sealed)


class Notice(Base):
    """One event told, or to be told, to a subject by one channel. Payload, under the subject's key: event, channel."""

    __tablename__ = "notices"

    subject_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(Code(10))  # held (for its hour), waiting (to be sent), sent, failed
    made_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime] = mapped_column(Instant)
    delivery_id: Mapped[UUID | None] = mapped_column(Id)
    payload: Mapped[bytes] = mapped_column(Sealed)


class SmsCount(Base):
    """How many SMS went to one number (blind index) within a day from `since`."""

    __tablename__ = "sms_counts"

    key: Mapped[bytes] = mapped_column(Digest(32), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant, index=True)
    count: Mapped[int] = mapped_column(Integer)


class ChannelState(Base):
    """When a channel last failed for everybody; no instant once it works again."""

    __tablename__ = "channel_states"

    channel: Mapped[str] = mapped_column(Code(8), primary_key=True)
    failed_at: Mapped[datetime | None] = mapped_column(Instant)
