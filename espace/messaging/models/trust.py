"""Whom the gateway trusts, and which addresses it writes otherwise: two persons bring these lists in (R17)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, Sealed


class TrustList(Base):
    """One version of a list, whole in its payload (the directory's key). One of each kind is active at a time.

    `kind`: operators (the white list) or rewrites (the correspondence of addresses). `state`: proposed, active, former,
    refused. `digest` is that of its lines: the same list again changes nothing.
    """

    __tablename__ = "mail_trust_lists"
    __table_args__ = (Index("ix_mail_trust_lists_state", "kind", "state"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(10))
    state: Mapped[str] = mapped_column(Code(10))
    digest: Mapped[bytes] = mapped_column(Digest(32))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    proposed_by: Mapped[UUID | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[UUID | None] = mapped_column(Id)
    payload: Mapped[bytes] = mapped_column(Sealed)
