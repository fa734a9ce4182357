"""The carers of a record as lines of the page that tells who sees it: present, waiting for an answer, past."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from espace.family.services.carers.subjects import SUBJECTS, in_order
from espace.family.services.lately import last_acts
from espace.permissions import Standing, Task
from espace.words import Message

from . import invitations
from .invitations import Invitation
from .links import Carer, carers
from .scope import TASKS, last_day_of

PLACE = "/acces/aidants"
"""Where the carers of a record stand, below its base address."""


@dataclass(frozen=True, slots=True)
class CarerLine:
    """A carer of a record, or somebody asked to become one (`waits`), or who said no (`refused`).

    `id` is that of the link, or of the invitation. `tasks` are what they do, `withheld` what they do not see, as words
    for a list. `until` is the end of the help, or the moment until which an invitation may be answered. `last_act` is
    when they last did something. `place` is the page of the line below the record's base address, "" for none; a POST
    to `end_place` ends the help or takes the invitation back, at once; "" when there is nothing to end.
    """

    id: UUID
    person_id: UUID | None
    name: str
    tasks: tuple[Task, ...]
    withheld: tuple[Message, ...]
    since: datetime
    until: datetime
    last_act: datetime | None
    on_paper: bool
    waits: bool
    refused: bool
    is_over: bool
    place: str
    end_place: str

    @property
    def last_day(self) -> date:
        """The last whole day of the help, or of those on which the invitation may be answered."""
        return last_day_of(self.until)


def carer_lines(standing: Standing) -> list[CarerLine]:
    """Carers first, then who was asked and has not answered, then what is past.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    found = carers(standing)
    visits = last_acts(standing, [one.person_id for one in found], as_carer=True)
    lines = [_of_carer(one, visits.get(one.person_id)) for one in found]
    lines += [_of_invitation(one) for one in invitations.invitations(standing) if one.waits or one.answer == "refused"]
    return sorted(lines, key=lambda line: (line.is_over or line.refused, line.waits))


def _of_carer(found: Carer, last_act: datetime | None) -> CarerLine:
    place = f"{PLACE}/{found.id}"
    return CarerLine(
        id=found.id,
        person_id=found.person_id,
        name=found.name,
        tasks=tuple(task for task in TASKS if task in found.scope.tasks),
        withheld=tuple(SUBJECTS[one] for one in in_order(found.scope.subjects)),
        since=found.since,
        until=found.until,
        last_act=last_act,
        on_paper=found.paper,
        waits=False,
        refused=False,
        is_over=found.is_over,
        place=place,
        end_place="" if found.is_over else f"{place}/fin",
    )


def _of_invitation(found: Invitation) -> CarerLine:
    return CarerLine(
        id=found.id,
        person_id=None,
        name=found.name,
        tasks=tuple(task for task in TASKS if task in found.scope.tasks),
        withheld=tuple(SUBJECTS[one] for one in in_order(found.scope.subjects)),
        since=found.made_at,
        until=found.expires_at,
        last_act=None,
        on_paper=False,
        waits=found.waits,
        refused=bool(found.answer),
        is_over=False,
        place="",
        end_place=f"{PLACE}/invitations/{found.id}/annuler" if found.waits else "",
    )
