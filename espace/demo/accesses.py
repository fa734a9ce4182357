"""Accesses given without being asked, to one and to a team, and one that a doctor wrote down beside the person."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from espace import clock
from espace.access import services as access
from espace.access.services import Answer, Collected, How
from espace.people import services as people
from espace.people.services import Professional

from .acting import BuildError, Stage
from .cast import DIRECTORY, Someone
from .story import ALL, Event


def events(stage: Stage) -> Iterator[Event]:
    """Every such act, each at its time."""
    mother, retired = ALL["mother"], ALL["retired"]
    yield Event(stage.moment(45, 18, 30), partial(_give_team, stage, mother, "endocrinologist", 365))
    yield Event(stage.moment(43, 9, 40), partial(stage.visit, "endocrinologist", mother, 2))
    yield Event(stage.moment(12, 16, 10), partial(_collect, stage, "gp", mother, "ophthalmologist"), alone=True)
    yield Event(stage.moment(33, 20, 5), partial(_give, stage, retired, "ophthalmologist", 90))
    yield Event(stage.moment(20, 20, 15), partial(_shorten, stage, retired, "ophthalmologist", 30))


def _professional(key: str) -> Professional:
    found = people.find_professional(DIRECTORY[key].rpps)
    if found is None:
        raise BuildError(f"{key} is not in the directory")
    return found


def _give(stage: Stage, holder: Someone, key: str, days: int) -> None:
    access.give(stage.as_patient(holder), _professional(key).id, days=days)


def _give_team(stage: Stage, holder: Someone, key: str, days: int) -> None:
    found = _professional(key)
    access.give(stage.as_patient(holder), found.id, days=days, place_id=found.structures[0].id)


def _collect(stage: Stage, key: str, patient: Someone, colleague: str) -> None:
    beside = stage.as_professional(key, patient)
    signed_in = replace(beside, actor=replace(beside.actor, proved_at=clock.now()))
    access.collect(signed_in, Collected(_professional(colleague).id, How.SAID, 90, told=True))


def _shorten(stage: Stage, holder: Someone, key: str, days: int) -> None:
    standing, found = stage.as_patient(holder), _professional(key)
    line = next(line for line in access.consents(standing) if line.grantee_id == found.id)
    access.answer(standing, line.id, Answer.LIMIT, version=line.version, days=days)
