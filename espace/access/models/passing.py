"""Rights that pass: what a counter code opens, what an emergency opens, and what the holder opposed beforehand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, RecordRow, Sealed, record_table


class CounterCode(RecordRow, Base):
    """Six digits the holder shows at a counter: they open the record to the professional who types them, once.

    Payload: who made it, and the professional as shown once it was used.
    """

    __tablename__ = "access_counter_codes"
    __table_args__ = record_table(
        Index("ix_access_counter_codes_professional_id", "record_id", "professional_id", "until"),
        Index("ix_access_counter_codes_open_to", "professional_id", "until"),
        Index("ix_access_counter_codes_code_index", "code_index"),
    )

    code_index: Mapped[bytes] = mapped_column(Digest(32))  # blind index of the code
    opens: Mapped[str] = mapped_column(Code(8))  # read, deposit
    minutes: Mapped[int] = mapped_column(Integer)  # how long it opens the record, from its use
    secret: Mapped[bool] = mapped_column(Boolean)  # a minor's own: parents know nothing of it
    made_at: Mapped[datetime] = mapped_column(Instant)
    offered_until: Mapped[datetime] = mapped_column(Instant)  # to be used by then
    professional_id: Mapped[UUID | None] = mapped_column(Id)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)  # once used; brought forward when it is closed
    payload: Mapped[bytes] = mapped_column(Sealed)


class Emergency(RecordRow, Base):
    """One opening of a record in an emergency. Payload: the reason and its text, the professional as shown.

    Once looked at, also what the house asked the professional about it, and the answer.
    """

    __tablename__ = "access_emergencies"
    __table_args__ = record_table(
        Index("ix_access_emergencies_professional_id", "record_id", "professional_id", "until"),
        Index("ix_access_emergencies_of_professional", "professional_id", "opened_at"),
        Index("ix_access_emergencies_attending_id", "attending_id", "opened_at"),
        Index("ix_access_emergencies_reviewed_at", "reviewed_at", "opened_at"),
    )

    professional_id: Mapped[UUID] = mapped_column(Id)
    mode: Mapped[str] = mapped_column(Code(12))  # break-glass, centre-15
    opened_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)  # brought forward when it is ended
    attending_id: Mapped[UUID | None] = mapped_column(Id)  # the attending doctor who was told (rules.md AR-10)
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)  # when it was settled
    review: Mapped[str | None] = mapped_column(Code(10))  # asked, answered, expected, reported
    answer_by: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Opposition(Base):
    """What a record's people opposed beforehand (rules.md AR-9). No row: neither."""

    __tablename__ = "access_oppositions"
    __table_args__ = record_table()

    record_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    break_glass: Mapped[bool] = mapped_column(Boolean)
    centre_15: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime] = mapped_column(Instant)
