"""What came in and could not be filed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, Sealed


class Quarantined(Base):
    """A document that came in and could not be filed: kept sealed, with its reason, until it is decided.

    The payload holds `where` it came from. `proposal` holds what one operator proposes and another must confirm.
    """

    __tablename__ = "quarantine"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Code(40))
    content_index: Mapped[bytes] = mapped_column(Digest(32), unique=True)
    file_id: Mapped[UUID] = mapped_column(Id)
    record_id: Mapped[UUID | None] = mapped_column(Id)  # of an upload that waits for the scanner
    proposed_by: Mapped[UUID | None] = mapped_column(Id)  # the operator's account
    proposed_at: Mapped[datetime | None] = mapped_column(Instant)
    proposal: Mapped[bytes | None] = mapped_column(Sealed)
    payload: Mapped[bytes] = mapped_column(Sealed)
