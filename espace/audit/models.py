"""The append-only trail: one chain per record, or per account for what belongs to no record (design 3.5)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
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
    """One act. `commitment` binds the row's content under the audit key, `link` binds it to the row before."""

    __tablename__ = "audit_events"
    __table_args__ = record_table()

    record_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant)
    action: Mapped[str] = mapped_column(Code(40))
    actor_kind: Mapped[str] = mapped_column(Code(16))
    actor_id: Mapped[UUID] = mapped_column(Id)
    commitment: Mapped[bytes] = mapped_column(Digest(32))
    link: Mapped[bytes] = mapped_column(Digest(32))
    payload: Mapped[bytes] = mapped_column(Sealed)
