"""Policy decisions a second: who stands how, and whether one document is let through. Pure CPU, no database.

The floor is the same answers read from tables made beforehand, one look-up each: nothing that decides could cost less.
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from espace.access import policy
from espace.access.policy import ConsentState, DocumentFacts, EmergencyMode, PersonFacts, ProfessionalFacts, Window
from espace.access.services.matrix import active_matrix
from espace.permissions import Actor, ActorKind, Relation, Standing, Task

_Facts = PersonFacts | ProfessionalFacts
_READER, _OTHER, _RECORD = UUID(int=1), UUID(int=2), UUID(int=3)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many decisions of one kind a second of CPU holds, and how many look-ups of the floor."""

    name: str
    a_second: float
    floor_a_second: float

    @property
    def ratio(self) -> float:
        """How many times the floor one decision costs."""
        return self.floor_a_second / self.a_second

    def as_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return {"name": self.name, "a_second": round(self.a_second), "ratio": round(self.ratio, 2)}


def measured(rounds: int) -> list[Rate]:
    """The judging of people before a record, and of every type and mark of a document by their rules."""
    facts: list[_Facts] = [*_professionals(), *_people()]
    rules = {policy.visible(_standing(one)) for one in facts}
    cells = list(itertools.product(rules, _documents()))
    stand = {number: _judged(one) for number, one in enumerate(facts)}
    told = {number: rule.decide(document) for number, (rule, document) in enumerate(cells)}

    def judge() -> None:
        for one in facts:
            _judged(one)

    def decide() -> None:
        for rule, document in cells:
            rule.decide(document)

    def together() -> None:
        for one in facts:
            policy.visible(_standing(one))

    return [
        Rate("who may do what", *_rates(judge, _looking_up(stand), len(facts), rounds)),
        Rate("who may do what, and by which rule they read", *_rates(together, _looking_up(stand), len(facts), rounds)),
        Rate("one document, one reader", *_rates(decide, _looking_up(told), len(cells), max(3, rounds // 20))),
    ]


def _looking_up(table: dict[int, Any]) -> Callable[[], None]:
    def look() -> None:
        for number in range(len(table)):
            table[number]

    return look


def _rates(act: Callable[[], None], floor: Callable[[], None], count: int, rounds: int) -> tuple[float, float]:
    return count / _best(act, rounds), count / _best(floor, rounds)


def _best(act: Callable[[], None], rounds: int) -> float:
    """The median of the rounds, in seconds of CPU."""
    costs = []
    for _ in range(rounds):
        begun = time.process_time()
        act()
        costs.append(time.process_time() - begun)
    return max(sorted(costs)[len(costs) // 2], 1e-9)


def _judged(facts: _Facts) -> policy.Judgement:
    if isinstance(facts, ProfessionalFacts):
        return policy.judge_professional(facts)
    return policy.judge_person(facts)


def _professionals() -> list[ProfessionalFacts]:
    """Every profession of the table x consent x team x code x emergency."""
    windows, modes = (None, *Window), (None, *EmergencyMode)
    return [
        ProfessionalFacts(
            reachable=True,
            consent=consent,
            encounter=True,
            readable=types,
            team=team,
            window=window,
            emergency=mode,
        )
        for types in active_matrix().readable.values()
        for consent, team, window, mode in itertools.product(ConsentState, ConsentState, windows, modes)
    ]


def _people() -> list[PersonFacts]:
    """Holders, parents stopped or not, carers of some tasks, heirs, strangers."""
    return [
        PersonFacts(reachable, is_holder, represents, frozen=frozen, inherits=inherits, tasks=tasks)
        for reachable, is_holder, represents, frozen, inherits in itertools.product((True, False), repeat=5)
        for tasks in (frozenset[Task](), frozenset(Task))
    ]


def _documents() -> list[DocumentFacts]:
    """Every type of the table, plain, marked in each way, kept from one, shown to one."""
    types = sorted(set().union(*active_matrix().readable.values()))
    marks: tuple[dict[str, Any], ...] = (
        {},
        {"hidden": True},
        {"patient_invisible": True},
        {"representatives_invisible": True},
        {"held": True},
        {"kept_from": frozenset({_READER})},
        {"hidden": True, "shown_to": frozenset({_READER, _OTHER})},
        {"hidden": True, "professional_id": _READER},
    )
    return [DocumentFacts(code, **marked) for code in types for marked in marks]


def _standing(facts: _Facts) -> Standing:
    judgement = _judged(facts)
    if isinstance(facts, ProfessionalFacts):
        kind, relation = ActorKind.PROFESSIONAL, Relation.PROFESSIONAL
    else:
        kind, relation = ActorKind.PATIENT, Relation.HOLDER if facts.is_holder else Relation.CARER
    return Standing(
        Actor(kind, _READER, ""),
        _RECORD,
        relation,
        "",
        judgement.rights,
        reason=judgement.reason.value,
        readable_types=judgement.readable_types,
        withheld_types=judgement.withheld_types,
        arrived_before=judgement.arrived_before,
        bound_by=frozenset({_READER}),
        sees_hidden=judgement.sees_hidden,
    )
