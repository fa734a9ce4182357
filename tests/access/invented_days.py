"""An invented log of a town's readings: most of them care, with its coincidences, a few of them curiosity (R49).

Every reading is a record of one day: who, whom, what was done, at which hours, and what is known around. What is
curiosity is decided here by how the day was invented, never by what `patterns` thinks of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from uuid import UUID

from espace import clock
from espace.access.services.watching.patterns import Around, Names, Reached, Tie
from espace.audit.services import Action

START = datetime(2024, 1, 1, tzinfo=clock.HOME_ZONE)
_FAMILIES = [f"famille{number}" for number in range(400)]
_GIVENS = [f"prenom{number}" for number in range(150)]
_READ = (Action.PATIENT_PAGE_OPENED, Action.DOCUMENTS_LISTED, Action.DOCUMENT_OPENED)


@dataclass(frozen=True)
class Invented:
    """One reading, and whether it was invented as curiosity."""

    reached: Reached
    around: Around
    is_curious: bool


class Town:
    """Professionals with their places, and the people they read."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._ids = iter(range(1, 10**9))
        self.readers = [self._names() for _ in range(60)]
        self.reader_ids = [UUID(int=next(self._ids)) for _ in self.readers]

    def day(self, number: int, reads: int = 60, curious: float = 0.08) -> Iterator[Invented]:
        """The readings of one day: `reads` of care, and now and then one of curiosity."""
        for _ in range(reads):
            yield self._care(number)
        if self._random.random() < curious * 10:
            yield self._curiosity(number)

    def _names(self) -> Names:
        return Names(frozenset({self._random.choice(_FAMILIES)}), self._random.choice(_GIVENS))

    def _care(self, day: int) -> Invented:
        """Care: most by agreement, at work hours; emergencies without any tie, nights on duty, namesakes by chance."""
        dice = self._random
        tie = dice.choices([Tie.OWN, Tie.TEAM, Tie.NONE], [70, 27, 3])[0]
        acts: tuple[Action, ...] = (Action.PATIENT_FOUND, *_READ)
        hour = dice.choice([23, 2, 4]) if dice.random() < 0.03 else dice.randint(8, 19)
        if tie is Tie.NONE:
            acts = (Action.PATIENT_FOUND, Action.EMERGENCY_OPENED, *_READ)
            hour = dice.randint(0, 23)
        elif dice.random() < 0.05:  # found, and called away before anything was done
            acts = (Action.PATIENT_FOUND, Action.PATIENT_PAGE_OPENED)
        who = dice.randrange(len(self.readers))
        return self._made(day, hour, acts, who, self._names(), tie, is_watched=dice.random() < 0.001, is_curious=False)

    def _curiosity(self, day: int) -> Invented:
        """Curiosity: a relative, a colleague or somebody known, by whatever right was at hand; some hide well."""
        dice = self._random
        who = dice.randrange(len(self.readers))
        reader = self.readers[who]
        kind = dice.choices(["relative", "colleague", "known", "stranger"], [45, 25, 20, 10])[0]
        tie = dice.choices([Tie.NONE, Tie.TEAM, Tie.OWN], [55, 40, 5])[0]
        person = self._names()
        colleagues: frozenset[Names] = frozenset()
        if kind == "relative":
            person = Names(reader.family, person.given)
        elif kind == "colleague":
            colleagues = frozenset({person})
        acts: tuple[Action, ...] = (Action.PATIENT_FOUND, *_READ)
        hour = dice.randint(8, 19) if dice.random() < 0.6 else dice.choice([22, 23, 0, 1, 5])
        if kind == "stranger":
            tie, hour = Tie.NONE, dice.choice([22, 23, 0, 1, 5])
        elif dice.random() < 0.15:
            acts = (Action.PATIENT_FOUND, Action.PATIENT_PAGE_OPENED)
        return self._made(day, hour, acts, who, person, tie, colleagues, is_watched=kind == "known", is_curious=True)

    def _made(
        self,
        day: int,
        hour: int,
        acts: tuple[Action, ...],
        who: int,
        person: Names,
        tie: Tie,
        colleagues: frozenset[Names] = frozenset(),
        *,
        is_watched: bool,
        is_curious: bool,
    ) -> Invented:
        at = datetime.combine(START.date() + timedelta(days=day), time(hour), clock.HOME_ZONE)
        done = tuple((action, at + timedelta(seconds=20 * step)) for step, action in enumerate(acts))
        reached = Reached(self.reader_ids[who], UUID(int=next(self._ids)), done)
        return Invented(reached, Around(self.readers[who], person, colleagues, tie, is_watched), is_curious)
