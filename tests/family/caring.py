"""People of a test who help, and are helped."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from espace import clock
from espace.assembly import handle_events
from espace.documents import services as documents
from espace.family.services.carers import answers, invitations, links
from espace.family.services.carers.invitations import Invitee
from espace.family.services.carers.links import Carer
from espace.family.services.carers.scope import Scope
from espace.outbox import work
from espace.permissions import Standing, Task
from tests.support import build

READ, ADD = Task.READ_DOCUMENTS, Task.ADD_DOCUMENTS
PSYCHIATRY = "68599-0"


def scope(*tasks: Task, without: Collection[str] = (), days: int = 90) -> Scope:
    """A scope until some days from now."""
    return Scope(frozenset(tasks), frozenset(without), clock.today() + timedelta(days=days))


def helped_and_carer() -> tuple[build.Citizen, build.Citizen]:
    """Somebody of seventy-five, and their daughter."""
    helped = build.citizen("Yves", "Quéméner", sex="M", birth=date(1951, 8, 19))
    return helped, build.citizen("Soazig", "Diallo", birth=date(1979, 5, 7))


def invited(whose: Standing, carer: build.Citizen, given: Scope, *, by_identity: bool = False) -> UUID:
    """Ask somebody, by their address or their identity."""
    found = Invitee(carer.name, number=carer.ins, birth_day=carer.birth_date) if by_identity else None
    return invitations.invite(whose, found or Invitee(carer.name, carer.email), given)


def made(whose: Standing, carer: build.Citizen, given: Scope) -> Carer:
    """Ask somebody who says yes; gives the carer they are."""
    answers.accept(carer.actor, invited(whose, carer, given))
    return next(one for one in links.carers_on(whose.record_id) if one.person_id == carer.person_id)


def token_to(address: str) -> str:
    """What follows in the link of the newest invitation to an address."""
    mails = [one for one in build.mails_to(address) if one["message"] == "carer-invitation"]
    return str(mails[-1]["values"]["link"]).rpartition("/")[2]


def deliver() -> None:
    """Carry out the events that wait; no mail server listens, so messages wait on."""
    handle_events()
    while work():
        pass


def told(address: str, event: str) -> int:
    """How many messages about an event wait to be sent to an address."""
    return sum(one["message"] == event for one in build.mails_to(address))


def titles(standing: Standing) -> set[str]:
    """What a list of documents shows."""
    return {row.title for row in documents.page(standing).rows}
