"""Whose documents say what: one module for each part of the cast."""

from collections.abc import Callable
from datetime import date

from espace.demo.papers import Paper

from .adults import carer, newcomer, second_parent
from .children import baby, child
from .mother import mother
from .protected import protected, reader
from .retired import retired
from .teen import teen

LIVES: dict[str, Callable[[date], list[Paper]]] = {
    "mother": mother,
    "retired": retired,
    "teen": teen,
    "second_parent": second_parent,
    "carer": carer,
    "newcomer": newcomer,
    "child": child,
    "baby": baby,
    "protected": protected,
    "reader": reader,
}
"""Key of the cast -> their documents up to a day, in the order of time."""


def papers(key: str, today: date) -> list[Paper]:
    """The documents of one of the cast, oldest first, none after `today`."""
    return sorted((paper for paper in LIVES[key](today) if paper.day <= today), key=lambda paper: paper.day)
