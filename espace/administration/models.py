"""What operators have under their hands for some minutes."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Id, Instant, Sealed


class Visit(Base):
    """A person an operator found by their exact identity: pages about them open for some minutes, for this operator.

    The payload, under the record's key, holds what the counter noted of the identity documents shown, and the
    parent who stands there for a child.
    """

    __tablename__ = "office_visits"
    __table_args__ = (Index("ix_office_visits_operator", "operator_id", "made_on"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    operator_id: Mapped[UUID] = mapped_column(Id)
    visited_id: Mapped[UUID] = mapped_column(Id)  # the record; a visit is the operator's, not part of it
    purpose: Mapped[str] = mapped_column(Code(10))  # counter, privacy
    made_on: Mapped[date] = mapped_column(Date)  # the civil day, for the codes a day allows
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    printed: Mapped[int] = mapped_column(Integer)
    printed_at: Mapped[datetime | None] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)
