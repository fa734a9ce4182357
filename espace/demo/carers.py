"""The carers of the demo: a daughter who helps her father, a neighbour who did, somebody asked who has not answered."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from espace import clock
from espace.documents import services as documents
from espace.family.services.carers import answers, invitations
from espace.family.services.carers.invitations import Invitee
from espace.family.services.carers.scope import Scope
from espace.permissions import Task

from .acting import Stage, later
from .cast import Someone
from .story import ALL, Event

_LOOKS = (118, 96, 75, 54, 33, 19, 12, 5, 2)
"""How many days ago the daughter looked through her father's documents."""


def events(stage: Stage) -> Iterator[Event]:
    """Each on its day, through the same services as the pages."""
    retired, carer, mother, newcomer = (ALL[key] for key in ("retired", "carer", "mother", "newcomer"))
    neighbour = Scope(frozenset({Task.READ_DOCUMENTS}), frozenset(), stage.today - timedelta(days=310))
    yield Event(stage.moment(400, 10), partial(_become, stage, retired, mother, neighbour), alone=True)
    yield Event(stage.moment(380, 17), partial(_look, stage, mother, retired))
    daughter = Scope(frozenset(Task), frozenset({"psychiatry"}), stage.today + timedelta(days=45))
    yield Event(stage.moment(120, 18), partial(_become, stage, retired, carer, daughter), alone=True)
    for number, ago in enumerate(_LOOKS):
        yield Event(stage.moment(ago, 19, 7 * number), partial(_look, stage, carer, retired))
    yield Event(stage.moment(1, 18, 20), partial(_ask, stage, retired, newcomer), alone=True)


def _become(stage: Stage, whose: Someone, carer: Someone, scope: Scope) -> None:
    """Ask, and say yes some minutes later."""
    invitation = invitations.invite(stage.as_patient(whose), Invitee(carer.name, carer.email), scope)
    answers.accept(stage.as_patient(carer).actor, invitation)


def _ask(stage: Stage, whose: Someone, asked: Someone) -> None:
    scope = Scope(frozenset({Task.READ_DOCUMENTS}), frozenset({"psychiatry"}), clock.today() + timedelta(days=90))
    invitations.invite(stage.as_patient(whose), Invitee(asked.name, asked.email), scope)


def _look(stage: Stage, carer: Someone, whose: Someone) -> None:
    """Look at the list, then open the newest document."""
    standing = stage.as_patient(carer, whose)
    shown = documents.page(standing, limit=20).rows
    with later(2):
        documents.document(standing, shown[0].id)
