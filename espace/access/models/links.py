"""Links given away: one that shows chosen documents, one by which somebody leaves files; and who came by one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, RecordRow, Sealed, record_table


class Link(RecordRow, Base):
    """A link given away. Neither its token nor the key of what it shows is kept.

    Payload: who made it, its name for oneself, the hash of its passcode.
    """

    __tablename__ = "access_links"
    __table_args__ = record_table(
        Index("ix_access_links_token_hash", "token_hash"),
        Index("ix_access_links_record_id_kind", "record_id", "kind", "id"),
    )

    kind: Mapped[str] = mapped_column(Code(8))  # share, drop
    token_hash: Mapped[bytes] = mapped_column(Digest(32))
    maker_id: Mapped[UUID] = mapped_column(Id)  # the account of who made it
    by_holder: Mapped[bool] = mapped_column(Boolean)
    made_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    most: Mapped[int] = mapped_column(Integer)  # how many times it may be used
    used: Mapped[int] = mapped_column(Integer)
    tries_left: Mapped[int] = mapped_column(Integer)  # wrong passcodes before it is over for good
    payload: Mapped[bytes] = mapped_column(Sealed)


class LinkVisit(RecordRow, Base):
    """Somebody came by a link. Payload: the name they gave, by what they came, what they opened."""

    __tablename__ = "access_link_visits"
    __table_args__ = record_table(Index("ix_access_link_visits_link_id", "record_id", "link_id", "id"))

    link_id: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)
