"""What happens in the demo, and when: people come in, accesses are asked, given and taken back, records are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from espace.access.services import Answer
from espace.documents import services as documents

from .acting import Stage
from .cast import PEOPLE, Someone

ALL = {someone.key: someone for someone in PEOPLE}
_YEAR = 365
_REASON = "pour vous suivre et lire vos derniers documents"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at an instant. `alone`: it commits by itself, and what it sends leaves at once.

    `paper`: the document it files, as the printer's order names it.
    """

    at: datetime
    act: Callable[[], object]
    alone: bool = False
    paper: tuple[str, int] | None = None


# Who gave whom access, how many days ago, for how many days.
_GRANTS: tuple[tuple[str, str, int, int], ...] = (
    ("mother", "gp", 1580, _YEAR),
    ("mother", "gp", 1210, _YEAR),
    ("mother", "gp", 840, _YEAR),
    ("mother", "gp", 470, _YEAR),
    ("mother", "gp", 104, _YEAR),
    ("mother", "physio", 565, 90),
    ("mother", "pharmacist", 146, _YEAR),
    ("mother", "nurse", 80, 90),
    ("retired", "gp", 1300, _YEAR),
    ("retired", "gp", 930, _YEAR),
    ("retired", "gp", 560, _YEAR),
    ("retired", "gp", 190, _YEAR),
    ("retired", "pharmacist", 250, _YEAR),
    ("retired", "nurse", 400, _YEAR),
    ("retired", "physio", 272, 90),
    ("second_parent", "dentist", 152, _YEAR),
    ("teen", "pharmacist", 40, 90),
)
_GRANTS_FOR_CHILDREN: tuple[tuple[str, str, str, int, int], ...] = (
    ("mother", "child", "gp", 300, _YEAR),
    ("second_parent", "baby", "gp", 280, _YEAR),
    ("carer", "reader", "gp", 60, _YEAR),
)

# Who read whose record, how many days ago, and how many documents they opened.
_VISITS: tuple[tuple[str, str, int, int], ...] = (
    ("gp", "mother", 1575, 1),
    ("gp", "mother", 1205, 2),
    ("gp", "mother", 835, 1),
    ("gp", "mother", 465, 3),
    ("gp", "mother", 100, 2),
    ("gp", "mother", 30, 1),
    ("gp", "mother", 6, 3),
    ("physio", "mother", 560, 1),
    ("physio", "mother", 530, 0),
    ("pharmacist", "mother", 145, 1),
    ("pharmacist", "mother", 62, 1),
    ("pharmacist", "mother", 6, 1),
    ("nurse", "mother", 79, 2),
    ("nurse", "mother", 48, 1),
    ("nurse", "mother", 20, 1),
    ("nurse", "mother", 1, 1),
    ("gp", "retired", 1295, 2),
    ("gp", "retired", 925, 1),
    ("gp", "retired", 555, 2),
    ("gp", "retired", 460, 1),
    ("gp", "retired", 185, 2),
    ("gp", "retired", 110, 2),
    ("gp", "retired", 25, 3),
    ("nurse", "retired", 395, 1),
    ("nurse", "retired", 270, 1),
    ("nurse", "retired", 150, 0),
    ("physio", "retired", 268, 1),
    ("pharmacist", "retired", 249, 1),
    ("pharmacist", "retired", 158, 1),
    ("pharmacist", "retired", 66, 1),
    ("dentist", "second_parent", 150, 1),
    ("gp", "child", 210, 2),
    ("gp", "child", 7, 1),
    ("gp", "baby", 90, 1),
    ("pharmacist", "teen", 38, 1),
    ("gp", "reader", 58, 1),
)
_VISITS_BY_PARENTS: tuple[tuple[str, str, int], ...] = (
    ("mother", "child", 209),
    ("second_parent", "child", 5),
    ("mother", "baby", 60),
    ("carer", "teen", 18),
    ("carer", "reader", 16),
    ("reader", "reader", 8),
)


def story(stage: Stage) -> Iterator[Event]:
    """Everything but the coming in and the documents, in no order."""
    for number, (holder, key, ago, days) in enumerate(_GRANTS):
        yield from _grant(stage, ALL[holder], ALL[holder], key, ago, days, hour=8 + number % 3)
    for parent, child, key, ago, days in _GRANTS_FOR_CHILDREN:
        yield from _grant(stage, ALL[parent], ALL[child], key, ago, days, hour=11)
    for number, (key, patient, ago, opened) in enumerate(_VISITS):
        yield Event(
            stage.moment(ago, 14 + number % 4, 7 * number % 60), partial(stage.visit, key, ALL[patient], opened)
        )
    for parent, child, ago in _VISITS_BY_PARENTS:
        yield Event(stage.moment(ago, 20, 15), partial(look, stage, ALL[parent], ALL[child]))
    yield from _decisions(stage)


def _grant(
    stage: Stage, holder: Someone, whose: Someone, key: str, ago: int, days: int, *, hour: int
) -> Iterator[Event]:
    yield Event(stage.moment(ago, hour, 5), partial(stage.ask, key, whose, _REASON), alone=True)
    yield Event(
        stage.moment(ago, hour + 3, 20), partial(stage.answer, holder, key, Answer.GRANT, days=days, whose=whose)
    )


def _decisions(stage: Stage) -> Iterator[Event]:
    mother, retired = ALL["mother"], ALL["retired"]
    yield Event(stage.moment(168, 19), partial(stage.answer, mother, "physio", Answer.BLOCK))
    yield Event(stage.moment(230, 18), partial(stage.answer, retired, "physio", Answer.REVOKE))
    check_up = "pour préparer votre contrôle annuel"
    yield Event(stage.moment(60, 10), partial(stage.ask, "dentist", mother, check_up), alone=True)
    yield Event(stage.moment(59, 21), partial(stage.answer, mother, "dentist", Answer.REFUSE))
    treatments = "pour connaître vos traitements avant un soin"
    yield Event(stage.moment(2, 9), partial(stage.ask, "dentist", retired, treatments), alone=True)


def look(stage: Stage, parent: Someone, child: Someone) -> None:
    """Somebody looks at the list of a record's documents."""
    documents.page(stage.as_patient(parent, child), limit=20)
