"""The insurer's lines of care (rules.md CO-4)."""

from datetime import date
from uuid import UUID

from sqlalchemy import Boolean, Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, RecordRow, Sealed, record_table


class CareLine(RecordRow, Base):
    """One reimbursed act, dispensation or stay. The payload holds what people read: label, who, where, amounts."""

    __tablename__ = "care_lines"
    __table_args__ = record_table(
        Index("ix_care_lines_date", "record_id", "date", "id"),
        Index("ix_care_lines_age", "date"),  # what became too old, whosever it is
        Index("uq_care_lines_line_index", "record_id", "line_index", unique=True),
    )

    date: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(Code(12))
    hidden: Mapped[bool] = mapped_column(Boolean)  # from professionals, by the holder
    secrecy: Mapped[str | None] = mapped_column(Code(8))  # a minor's, from their parents: secret, opened (for good)
    visit_id: Mapped[UUID] = mapped_column(Id)  # lines of one visit share it
    line_index: Mapped[bytes] = mapped_column(Digest(32))  # blind index of the insurer's reference
    payload: Mapped[bytes] = mapped_column(Sealed)
