"""From which age somebody may hold an account; before it, a higher room may know of an agreement (rules.md MI-3)."""

from collections.abc import Callable
from uuid import UUID

from espace import clock, settings
from espace.people.services import Person

_agreements: list[Callable[[UUID], bool]] = []


def on_younger(agreed: Callable[[UUID], bool]) -> None:
    """Register who says of a person (their id) younger than that whether they may hold an account all the same."""
    if agreed not in _agreements:
        _agreements.append(agreed)


def may_hold_account(person: Person) -> bool:
    """Whether this person may activate an account today."""
    if person.age_on(clock.today()) >= settings.current().autonomy_age:
        return True
    return any(agreed(person.id) for agreed in _agreements)
