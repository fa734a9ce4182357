"""Emergencies and what was noticed about readings: one to look at, one answered call, one alert to decide."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from espace import clock
from espace.access.services import EmergencyMode, standing
from espace.access.services.emergencies import emergency, ending
from espace.access.services.emergencies.emergency import Why
from espace.access.services.watching import alerts, snooping
from espace.documents import services as documents
from espace.permissions import Role, Standing

from . import office
from .acting import BuildError, Stage, later
from .cast import AGENTS
from .story import ALL, Event

_FELL = "Chute dans la rue, confus, ne peut dire ni ses maladies ni ses traitements."
_CURIOUS_DAYS_AGO = 2


def events(stage: Stage) -> Iterator[Event]:
    """Every such act, each at its time."""
    retired, newcomer = ALL["retired"], ALL["newcomer"]
    glass = partial(_open, stage, "emergency", EmergencyMode.BREAK_GLASS, Why.UNABLE, _FELL, 3)
    yield Event(stage.moment(12, 17, 20), partial(glass, retired.key), alone=True)
    call = partial(_open, stage, "samu", EmergencyMode.CENTRE_15, Why.CALL, "C15-2026-48213", 1)
    yield Event(stage.moment(4, 3, 10), partial(call, retired.key), alone=True)
    yield Event(stage.moment(3, 9, 30), partial(_watch, stage, newcomer.key), alone=True)
    yield Event(stage.moment(_CURIOUS_DAYS_AGO, 23, 5), partial(stage.as_professional, "surgeon", newcomer), alone=True)
    yield Event(stage.moment(1, 2), partial(_look_through, stage), alone=True)


def _open(stage: Stage, key: str, mode: EmergencyMode, why: Why, words: str, read: int, whose: str) -> None:
    """A professional identifies the person, opens the record, reads the newest documents, and ends it."""
    before = _proved(stage.as_professional(key, ALL[whose]))
    emergency.open_record(before, mode, why.value, words)
    opened = standing(before.actor, before.record_id)
    if opened is None:
        raise BuildError(f"{key} does not reach the record")
    shown = documents.page(opened, limit=20).rows
    for number, each in enumerate(shown[:read]):
        with later(2 + 3 * number):
            documents.document(opened, each.id)
    with later(25):
        ending.end(opened)


def _proved(found: Standing) -> Standing:
    """They came in through the provider just now."""
    return replace(found, actor=replace(found.actor, proved_at=clock.now()))


def _watch(stage: Stage, key: str) -> None:
    """The privacy officer was asked to have an eye on a record people are curious about."""
    officer = next(agent for agent in AGENTS if agent.role == Role.PRIVACY_OFFICER)
    alerts.watch(office.actor_of(officer), stage.record_id(ALL[key]), closely=True)


def _look_through(stage: Stage) -> None:
    snooping.look_through(stage.today - timedelta(days=_CURIOUS_DAYS_AGO))
