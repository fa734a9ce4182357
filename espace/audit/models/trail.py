"""The append-only trail: one chain per record, or per account for what belongs to no record (design 3.5)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, Sealed, record_table


class AuditHead(Base):
    """The end of one chain: locked, in id order, by whoever adds to it."""

    __tablename__ = "audit_heads"
    __table_args__ = record_table()

    record_id: Mapped[UUID] = mapped_column(Id, primary_key=True)  # the record, or the account
    sequence: Mapped[int] = mapped_column(BigInteger)
    link: Mapped[bytes] = mapped_column(Digest(32))
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)


class AuditEvent(Base):
    """One act.

    Three digests under the audit key: `content_digest` binds the salted content of the payload, `commitment` binds
    the other columns and `content_digest`, `link` binds the commitment to its place and to the row before. When the
    payload can no longer be opened (its data key destroyed), the plain columns and the order still verify.
    """

    __tablename__ = "audit_events"
    # What one actor did, newest first, without a look at what everybody else did: a parent's visits among thousands.
    __table_args__ = record_table(
        Index("ix_audit_events_actor_id", "record_id", "actor_id", "sequence", "action", "at", "actor_kind"),
    )

    record_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant)
    action: Mapped[str] = mapped_column(Code(40))
    actor_kind: Mapped[str] = mapped_column(Code(16))
    actor_id: Mapped[UUID] = mapped_column(Id)
    content_digest: Mapped[bytes] = mapped_column(Digest(32))
    commitment: Mapped[bytes] = mapped_column(Digest(32))
    link: Mapped[bytes] = mapped_column(Digest(32))
    payload: Mapped[bytes] = mapped_column(Sealed)
