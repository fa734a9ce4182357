"""What waits for operators: counts and dates, never a name before somebody opens it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from espace import outbox
from espace.access.services.emergencies import reviews
from espace.access.services.watching import alerts
from espace.audit.services import answers
from espace.documents import services as documents
from espace.errors import NotFoundError
from espace.family.services import freezing
from espace.family.services.asking import request_desk
from espace.notifications import services as notifications
from espace.permissions import Actor, Permission
from espace.records import services as records

from . import visits


class Why(StrEnum):
    """Why a record waits for the privacy officer."""

    HEIR = "heir"
    OBJECTION = "objection"
    SUSPENSION = "suspension"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits: why, and since when (for a suspension: when it closes)."""

    record_id: UUID
    why: Why
    at: datetime


@dataclass(frozen=True, slots=True)
class Health:
    """What an administrator watches: deliveries given up, the SMS gateway, documents in quarantine."""

    failed: int
    late: int
    sms_is_used: bool
    sms_in_trouble: bool
    quarantined: int

    @property
    def is_well(self) -> bool:
        """Whether nothing asks for anybody."""
        return not (self.failed or self.late or self.sms_in_trouble or self.quarantined)


def for_privacy() -> list[Waiting]:
    """Heirs' requests, objections to a suspension, suspensions: the oldest first."""
    found = [Waiting(record_id, Why.HEIR, at) for record_id, at in records.heirs_waiting()]
    for record_id, since, ends_at in records.suspended():
        found.append(
            Waiting(record_id, Why.SUSPENSION, ends_at) if ends_at else Waiting(record_id, Why.OBJECTION, since)
        )
    order = list(Why)
    return sorted(found, key=lambda one: (order.index(one.why), one.at))


def open_waiting(actor: Actor, record_id: UUID) -> UUID:
    """Open a visit to a record that waits; gives its id.

    Raises:
        NotFoundError: when it does not wait any more, or the actor is no privacy officer.
    """
    if not actor.carries(Permission.OFFICE_PRIVACY):
        raise NotFoundError
    if all(one.record_id != record_id for one in for_privacy()):
        raise NotFoundError
    return visits.open_known(actor, record_id)


def counts() -> dict[str, int]:
    """How much waits on each desk: documents in quarantine (two decide), emergencies, alerts...; a hundred at most."""
    return {
        "aside": documents.quarantined(),
        "contests": len(answers.contested(limit=100)),
        "openings": reviews.waiting(),
        "alerts": alerts.waiting(),
        "links": request_desk.waiting(),
        "limits": freezing.waiting(),
    }


def health() -> Health:
    """What an administrator watches now."""
    failed, late = outbox.in_trouble()
    return Health(
        failed=failed,
        late=late,
        sms_is_used=notifications.can_send(),
        sms_in_trouble=notifications.sms_in_trouble(),
        quarantined=documents.quarantined(),
    )
