"""Growing up: what changes at which age, in one table. Ages are settings; the rest is law or its reading (rules.md MI).

Pure: the day a person was born and the day it is, in; what holds then, out.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from espace import clock, settings
from espace.people.services import age_on
from espace.permissions import Standing


class Change(StrEnum):
    """One thing that holds from an age on."""

    PARENTS_ARE_TOLD = "parents-are-told"
    """Their parents read that some care may be kept secret, and how."""
    SECRET_CONNECTION = "secret-connection"
    """Professionals are offered the secret connection."""
    MAY_READ = "may-read"
    """An own access, reading only, as long as a parent agrees."""
    OWN_ACCOUNT = "own-account"
    """An own account, without anybody's agreement, and the decision who sees what."""
    KEEPS_SECRET = "keeps-secret"
    """They keep a document or a line of care from their parents by themselves."""
    PARENTS_END = "parents-end"
    """The parents' access closes by itself."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What begins at one age. `setting` names the age, `source` the rule; `verified` is False for a rule marked (U)."""

    setting: str
    brings: frozenset[Change]
    source: str
    verified: bool

    @property
    def age(self) -> int:
        """From which age, in this house."""
        found: int = getattr(settings.current(), self.setting)
        return found


STAGES = (
    Stage(
        "secret_care_age",
        frozenset({Change.PARENTS_ARE_TOLD, Change.SECRET_CONNECTION}),
        "rules.md MI-5, MI-6, MI-7 (a minimum age may be set; which one is the house's choice)",
        verified=True,
    ),
    Stage("own_reading_age", frozenset({Change.MAY_READ}), "rules.md MI-3 (U)", verified=False),
    Stage(
        "autonomy_age", frozenset({Change.OWN_ACCOUNT, Change.KEEPS_SECRET}), "rules.md MI-3 (U), MI-5", verified=False
    ),
    Stage("majority_age", frozenset({Change.PARENTS_END}), "rules.md MI-4 (U)", verified=False),
)
"""In the order of their ages, which `settings` sees to at start."""

_ENDS = {
    Change.MAY_READ: Change.OWN_ACCOUNT,
    Change.PARENTS_ARE_TOLD: Change.PARENTS_END,
    Change.SECRET_CONNECTION: Change.PARENTS_END,
    Change.KEEPS_SECRET: Change.PARENTS_END,
}
"""What is over once something else begins."""


@dataclass(frozen=True, slots=True)
class Step:
    """A stage as one person comes to it: at which age, on which day, and whether that day is behind."""

    stage: Stage
    age: int
    day: date
    is_past: bool


def day_of(birth: date, age: int) -> date:
    """The day somebody comes to an age; born on 29 February, on 1 March of a year without one."""
    try:
        return birth.replace(year=birth.year + age)
    except ValueError:
        return date(birth.year + age, 3, 1)


def of_age_on(birth: date) -> date:
    """The day somebody comes of age."""
    return day_of(birth, settings.current().majority_age)


def holding(age: int) -> frozenset[Change]:
    """What holds at an age."""
    begun = frozenset(change for stage in STAGES if age >= stage.age for change in stage.brings)
    return frozenset(change for change in begun if _ENDS.get(change) not in begun)


def holds(standing: Standing, change: Change) -> bool:
    """Whether a change holds today for the holder of a record; for somebody without birth date nothing does."""
    if not standing.holder_birth:
        return False
    return change in holding(age_on(date.fromisoformat(standing.holder_birth), clock.today()))


def steps(birth: date) -> tuple[Step, ...]:
    """Every stage as somebody born on `birth` comes to it, the past ones first."""
    today = clock.today()
    found = [(stage, stage.age, day_of(birth, stage.age)) for stage in STAGES]
    return tuple(Step(stage, age, day, day <= today) for stage, age, day in found)


def is_growing_up(birth: date) -> bool:
    """Whether somebody is still represented by their parents."""
    return Change.PARENTS_END not in holding(age_on(birth, clock.today()))
