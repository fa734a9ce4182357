"""What a record's people made of somebody's visit: expected, to be explained, contested."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Id, Instant, RecordRow, Sealed, record_table


class VisitAnswer(RecordRow, Base):
    """What was made of one visit: the acts of one actor between two numbers of the record's chain.

    `side` says for whom: the holder's own answers are nobody else's, as a visit may have been for care kept secret
    from the parents (security.md R13); parents see each other's. Payload: who asked and who came, as shown; the acts
    counted, without clinical content; the words of each.
    """

    __tablename__ = "visit_answers"
    __table_args__ = record_table(
        Index("uq_visit_answers_record_id_visit", "record_id", "visitor_id", "side", "first_sequence", unique=True),
        Index("ix_visit_answers_visitor_id", "visitor_id", "explain_by"),
        Index("ix_visit_answers_explain_by", "explain_by"),
        Index("ix_visit_answers_decide_by", "decide_by"),
    )

    visitor_kind: Mapped[str] = mapped_column(Code(16))  # professional, patient, operator
    visitor_id: Mapped[UUID] = mapped_column(Id)
    asker_id: Mapped[UUID] = mapped_column(Id)  # the account of who asked last
    side: Mapped[str] = mapped_column(Code(16))  # holder, representative
    first_sequence: Mapped[int] = mapped_column(BigInteger)
    last_sequence: Mapped[int] = mapped_column(BigInteger)
    visited_at: Mapped[datetime] = mapped_column(Instant)
    visited_until: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(Code(12))  # expected, asked, explained, contested, decided
    changed_at: Mapped[datetime] = mapped_column(Instant)
    explain_by: Mapped[datetime | None] = mapped_column(Instant)  # while the visitor is asked
    decide_by: Mapped[datetime | None] = mapped_column(Instant)  # while the privacy officer has it
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)  # two browsers at once: the second is told
    payload: Mapped[bytes] = mapped_column(Sealed)
