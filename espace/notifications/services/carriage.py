"""What a delivery carries beside its message: whose notices they are, and until when it may go out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Burden:
    """The notices of a subject within one delivery.

    After `until` the delivery is dropped; where `again_at` is given, its notices are held until then instead.
    """

    subject_id: UUID | None = None
    notice_ids: tuple[UUID, ...] = ()
    until: datetime | None = None
    again_at: datetime | None = None

    def as_payload(self) -> dict[str, Any]:
        """As it stands in the outbox."""
        return {
            "subject_id": str(self.subject_id) if self.subject_id else "",
            "notices": [str(one) for one in self.notice_ids] if self.subject_id else [],
            "until": self.until.isoformat() if self.until else "",
            "again_at": self.again_at.isoformat() if self.again_at else "",
        }


NOTHING = Burden()
