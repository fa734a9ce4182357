"""What makes a reading look like curiosity (security.md R49). Pure: facts of one day in, signals and a verdict out.

No signal proves anything: each has a weight, a tie of care takes some away, and the privacy officer decides. A house
keeps no postal address, so living under one roof shows itself by the name alone.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from espace import clock
from espace.audit.services import Action

SUSPECT = 3
"""From this weight on a reading is an alert."""
NIGHT_FROM, NIGHT_TO = 22, 6
"""Hours on the wall between which reading is unusual, where no emergency was opened."""
MANY_UNOPENED = 5
"""As many searches in a day that find people and open nothing are a pattern by themselves."""
READINGS = frozenset(
    {
        Action.DOCUMENTS_LISTED,
        Action.DOCUMENTS_SEARCHED,
        Action.DOCUMENT_OPENED,
        Action.DOWNLOADED,
        Action.CARE_READ,
        Action.CARE_SEARCHED,
    }
)
_LOOKS = READINGS | {Action.PATIENT_FOUND, Action.PATIENT_PAGE_OPENED}


class Tie(StrEnum):
    """What binds a professional to a person they read."""

    OWN = "own"
    """The person's agreement for them, something they deposited, a code shown to them, a call about the person."""
    TEAM = "team"
    """The agreement for a whole place of practice."""
    NONE = "none"


class Signal(StrEnum):
    """What was noticed. The word is stored: it may be added to, never changed."""

    SURNAME = "surname"
    COLLEAGUE = "colleague"
    WATCHED = "watched"
    NO_TIE = "no-tie"
    UNOPENED = "unopened"
    ODD_HOURS = "odd-hours"
    MANY_UNOPENED = "many-unopened"


WEIGHTS: dict[Signal, int] = {
    Signal.SURNAME: 3,
    Signal.COLLEAGUE: 3,
    Signal.WATCHED: 3,
    Signal.NO_TIE: 2,
    Signal.UNOPENED: 1,
    Signal.ODD_HOURS: 1,
}
_TIE_OF_CARE = -1


@dataclass(frozen=True, slots=True)
class Names:
    """A family name, or two, and a given name, folded to be compared."""

    family: frozenset[str]
    given: str


@dataclass(frozen=True, slots=True)
class Reached:
    """One professional and one record in one day. `acts` are what they did there, with its time."""

    professional_id: UUID
    record_id: UUID
    acts: tuple[tuple[Action, datetime], ...]

    @property
    def read(self) -> bool:
        """Whether something of the record was shown."""
        return any(action in READINGS for action, _ in self.acts)

    @property
    def is_unopened(self) -> bool:
        """Whether the person was found, and nothing else was done: no deposit, no request, nothing read."""
        return all(action in _LOOKS for action, _ in self.acts) and not self.read

    @property
    def at_night(self) -> bool:
        """Whether all of it happened at unusual hours, without an emergency being opened."""
        if any(action is Action.EMERGENCY_OPENED for action, _ in self.acts):
            return False
        hours = {at.astimezone(clock.HOME_ZONE).hour for action, at in self.acts if action in _LOOKS}
        return bool(hours) and all(hour >= NIGHT_FROM or hour < NIGHT_TO for hour in hours)


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of one reading beside the reading itself."""

    reader: Names
    person: Names
    colleagues: frozenset[Names]
    tie: Tie
    is_watched: bool


def folded(name: str) -> str:
    """A name without accents, hyphens or capitals."""
    plain = unicodedata.normalize("NFKD", name)
    return " ".join(
        "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).casefold().split()
    )


def names(given: str, *family: str) -> Names:
    """Names as they are compared."""
    return Names(frozenset(filter(None, map(folded, family))), folded(given))


def signals(reached: Reached, around: Around) -> tuple[Signal, ...]:
    """What is noticed about one reading, the heaviest first."""
    found = [
        (Signal.SURNAME, not around.reader.family.isdisjoint(around.person.family)),
        (Signal.COLLEAGUE, any(_same(one, around.person) for one in around.colleagues)),
        (Signal.WATCHED, around.is_watched),
        (Signal.NO_TIE, around.tie is Tie.NONE and reached.read),
        (Signal.UNOPENED, reached.is_unopened),
        (Signal.ODD_HOURS, reached.at_night),
    ]
    return tuple(signal for signal, is_so in found if is_so)


def _same(one: Names, other: Names) -> bool:
    return one.given == other.given and not one.family.isdisjoint(other.family)


def weight(found: Iterable[Signal], tie: Tie) -> int:
    """How heavy the signals of one reading are together."""
    return sum(WEIGHTS[one] for one in found) + (_TIE_OF_CARE if tie is Tie.OWN else 0)


def is_suspect(found: Iterable[Signal], tie: Tie) -> bool:
    """Whether a reading is to be looked into."""
    return weight(found, tie) >= SUSPECT


def reached_of_day(acts: Iterable[tuple[UUID, UUID, Action, datetime]]) -> list[Reached]:
    """The acts of a day (professional, record, what, when), reading by reading."""
    gathered: dict[tuple[UUID, UUID], list[tuple[Action, datetime]]] = {}
    for professional_id, record_id, action, at in acts:
        gathered.setdefault((professional_id, record_id), []).append((action, at))
    return [Reached(who, record, tuple(done)) for (who, record), done in gathered.items()]


def unopened_often(day: Iterable[Reached]) -> dict[UUID, int]:
    """Professionals who found many people in the day and opened nothing of theirs, and how many."""
    counted: dict[UUID, int] = {}
    for one in day:
        if one.is_unopened:
            counted[one.professional_id] = counted.get(one.professional_id, 0) + 1
    return {who: times for who, times in counted.items() if times >= MANY_UNOPENED}
