"""What a carer did in somebody's name, week by week: the receipt of which people are told each week."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from espace import clock
from espace.accounts import services as accounts
from espace.audit.services import Action, Entry, Look
from espace.errors import NotFoundError
from espace.family.services.carers import links
from espace.family.services.carers.links import Carer
from espace.permissions import Permission, Relation, Standing

from .telling import told, with_names
from .trace import traced

PAGE = 60


@dataclass(frozen=True, slots=True)
class Week:
    """One week from its `monday` on, and what was done in it, newest first."""

    monday: date
    acts: tuple[Entry, ...]

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Some weeks of one carer, and the sequence after which older acts follow (None: these are the oldest)."""

    carer: Carer
    weeks: tuple[Week, ...]
    before: int | None


def receipt(standing: Standing, carer_id: UUID, *, before: int | None = None) -> Receipt:
    """What one carer, present or past, did on the record as a carer, before sequence `before`.

    Reading it for somebody else is itself an act.

    Raises:
        NotFoundError: when the record has no such carer, or the actor decides nothing about it.
    """
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError
    carer = links.carer(standing, carer_id)
    return traced(standing, Action.CARER_RECEIPT_READ, lambda: _receipt(standing, carer, before), _shown)


def _receipt(standing: Standing, carer: Carer, before: int | None) -> Receipt:
    account = accounts.account_of(carer.person_id)
    if account is None:
        return Receipt(carer, (), None)
    look = Look(standing.actor.id, actor_id=account.id)
    found = told(standing, look, before=before, count=PAGE + 1)
    more = found[PAGE:]
    acts = [act for act in with_names(found[:PAGE]) if act.relation == Relation.CARER]
    weeks = tuple(Week(monday, tuple(group)) for monday, group in groupby(acts, key=_monday))
    return Receipt(carer, weeks, found[PAGE - 1].sequence if more else None)


def _monday(act: Entry) -> date:
    day = act.at.astimezone(clock.HOME_ZONE).date()
    return day - timedelta(days=day.weekday())


def _shown(found: Receipt) -> list[dict[str, str]]:
    return [{"kind": "person", "id": str(found.carer.person_id), "name": found.carer.name}]
