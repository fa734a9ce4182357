"""How far a carer goes: the tasks, what is withheld, and the last day. Narrower or wider is decided here."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from uuid import UUID

from espace import clock, settings
from espace.errors import InvalidError
from espace.family.services.carers.subjects import SUBJECTS, leaves_something, types_of
from espace.family.services.growing.stages import of_age_on
from espace.people import services as people
from espace.permissions import Task
from espace.records import services as records
from espace.words import N_, Message

USUAL_DAYS = 182
"""How long a carer is offered to help: six months."""
TASKS: dict[Task, Message] = {
    Task.READ_DOCUMENTS: N_("Read the documents"),
    Task.ADD_DOCUMENTS: N_("Add documents"),
    Task.READ_MESSAGES: N_("Read the messages"),
    Task.WRITE_MESSAGES: N_("Answer the messages"),
}
"""What a carer may be asked to do here: those tasks that exist, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one carer does, which `subjects` are withheld, and the last whole day on which it holds."""

    tasks: frozenset[Task]
    subjects: frozenset[str]
    last_day: date

    @property
    def until(self) -> datetime:
        """The instant at which it is over: the end of the last day where the people of the house live."""
        midnight = datetime.combine(self.last_day + timedelta(days=1), time(), clock.HOME_ZONE)
        return midnight.astimezone(UTC)

    def is_within(self, other: Self) -> bool:
        """Whether it opens nothing that `other` does not."""
        return (
            self.tasks <= other.tasks
            and types_of(self.subjects) >= types_of(other.subjects)
            and self.last_day <= other.last_day
        )

    def as_payload(self) -> dict[str, Any]:
        """How it is kept, sealed."""
        return {
            "tasks": [task.value for task in TASKS if task in self.tasks],
            "subjects": sorted(self.subjects),
        }


def last_day_of(until: datetime) -> date:
    """The last whole day before an end."""
    return (until - timedelta(seconds=1)).astimezone(clock.HOME_ZONE).date()


def latest(record_id: UUID) -> date:
    """The last day that may be chosen: the house's longest, and for a minor the day before they come of age."""
    furthest = clock.today() + timedelta(days=settings.current().carer_days)
    born = people.person(records.record(record_id).person_id).birth_date
    of_age = of_age_on(born)
    return min(furthest, of_age - timedelta(days=1)) if of_age > clock.today() else furthest


def usual(record_id: UUID) -> date:
    """The last day that is offered: six months from now, or the latest."""
    return min(clock.today() + timedelta(days=USUAL_DAYS), latest(record_id))


def check(record_id: UUID, scope: Scope) -> None:
    """See that a scope makes sense for a record.

    Raises:
        InvalidError: for `tasks`, `subjects` or `last_day`.
    """
    furthest = latest(record_id)
    if not scope.tasks:
        raise InvalidError({"tasks": N_("Choose at least one thing this person may do.")})
    if Task.WRITE_MESSAGES in scope.tasks and Task.READ_MESSAGES not in scope.tasks:
        raise InvalidError({"tasks": N_("To answer the messages, this person must read them too: tick both.")})
    if not scope.subjects <= SUBJECTS.keys():
        raise InvalidError({"subjects": N_("Choose among these subjects.")})
    if scope.tasks == {Task.READ_DOCUMENTS} and not leaves_something(scope.subjects):
        raise InvalidError({"subjects": N_("You keep everything: nothing would be left to read.")})
    if scope.last_day < clock.today():
        raise InvalidError({"last_day": N_("Choose a day that has not passed.")})
    if scope.last_day > furthest:
        raise InvalidError({"last_day": N_("Choose a day until %(day)s at the latest.", day=f"{furthest:%d/%m/%Y}")})
