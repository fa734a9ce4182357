"""How a person stands to a record: its holder, who represents or helps them, an heir."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, ScalarSelect, bindparam, exists, or_

from espace import clock, db
from espace.access import policy
from espace.access.models import CounterCode, DocumentRule
from espace.access.models.links import Link
from espace.access.policy import PersonFacts
from espace.db import Id
from espace.family import services as family
from espace.family.services import OWN_COLOUR, Bond, colour_of
from espace.permissions import Actor, Relation, Standing
from espace.records import services as records

from .judging import judged

HEIR_COLOUR = "nobody"
"""A dead person's record has no colour of its own."""
RELATIONS = {True: Relation.REPRESENTATIVE, False: Relation.CARER}

# The record, its holder, and whether there is anything of what most records never hold.
_BEFORE_PERSON = family.WITH_AGREEMENT.add_columns(
    exists().where(DocumentRule.record_id == bindparam("record", type_=Id)).label("rules"),
    or_(
        exists().where(CounterCode.record_id == bindparam("record", type_=Id), CounterCode.until > bindparam("now")),
        exists().where(Link.record_id == bindparam("record", type_=Id), Link.kind == "drop"),
    ).label("given"),
)


_counts: list[ScalarSelect[int]] = []


def count_beside(*counts: ScalarSelect[int]) -> None:
    """Register what higher rooms count of the record named by the parameter "record" (at assembly).

    It is counted in the statement that judges a person, which every page of theirs asks anyway: `Standing.counted`.
    """
    _counts[:] = counts
    _before_person.cache_clear()


@lru_cache(maxsize=1)
def _before_person() -> Any:
    return _BEFORE_PERSON.add_columns(*_counts)


def of_person(actor: Actor, record_id: UUID) -> Standing | None:
    """How a patient's account stands before a record, judged anew; None for a stranger."""
    with db.read() as tx:
        row = tx.execute(_before_person(), {"record": record_id, "now": clock.now()}).first()
    if row is None or actor.person_id is None:
        return None
    found = _by_bond(actor, actor.person_id, record_id, row)
    return found and replace(
        found,
        may_hold_rules=bool(row.rules),
        may_have_given=bool(row.given),
        counted=tuple(row[len(row) - len(_counts) :]),
    )


def _by_bond(actor: Actor, person_id: UUID, record_id: UUID, row: Row[Any]) -> Standing | None:
    record = records.facts_of(row)
    if record.person_id == person_id:
        judgement = policy.judge_person(_holder_facts(row, record))
        return judged(actor, row, Relation.HOLDER, judgement, OWN_COLOUR)
    if record.state == records.DECEASED:
        return _of_heir(actor, person_id, row)
    bonds = bonds_that_open(person_id)
    bond = next((one for one in bonds if one.record_id == record_id), None)
    if bond is None:
        return None
    return bound_standing(actor, row, bond, colour_of(record_id, [one.record_id for one in bonds]))


def bound_standing(
    actor: Actor, row: Row[Any], bond: Bond, colour: str = OWN_COLOUR, keepers: frozenset[UUID] | None = None
) -> Standing | None:
    """How a person stands before the record of `row` by what binds them to it; None for a stranger.

    `keepers`: the parents who keep places from the others, asked for unless they are known already.
    """
    record = records.facts_of(row)
    judgement = policy.judge_person(
        PersonFacts(
            reachable=record.is_open,
            is_holder=False,
            represents=bond.represents,
            active=is_entered(record, bond),
            frozen=bond.is_frozen,
            sees_before=bond.sees_before,
            tasks=bond.tasks,
            withheld_types=bond.withheld_types,
        )
    )
    relation = RELATIONS[bond.represents]
    found = judged(actor, row, relation, judgement, colour)
    bound = frozenset({bond.person_id}) if relation is Relation.CARER else frozenset()
    return found and replace(
        found,
        bound_by=bound,
        ends_at=bond.until,
        never_read=bond.never_read,
        visit_due=bond.never_read,
        places_kept=bool((family.keepers_of_places(record.id) if keepers is None else keepers) - {bond.person_id}),
        keeps_places=bond.two_homes,
    )


def told_standing(actor: Actor, bond: Bond) -> Standing | None:
    """How a relative stands as far as the others may know: a limit of which a decision says nothing is none."""
    [found] = bound_standings(bond.record_id, [(actor, bond)])
    return found


def _as_told(bond: Bond, openly: frozenset[UUID]) -> Bond:
    """What binds a representative, as far as the others may know."""
    is_told = not bond.is_frozen or bond.person_id in openly
    return bond if is_told else replace(bond, is_frozen=False, sees_before=None)


def bound_standings(record_id: UUID, bound: Sequence[tuple[Actor, Bond]]) -> list[Standing | None]:
    """How several people stand by what binds them to one record, in as many statements as for one.

    Each as `of_person` judges them, a representative without a limit that the others may not know of; without colour.
    """
    with db.read() as tx:
        row = tx.execute(family.WITH_AGREEMENT, {"record": record_id}).first()
    if row is None:
        return [None] * len(bound)
    openly, keepers = family.limited_openly(record_id), family.keepers_of_places(record_id)
    stopped = family.held_back([bond.person_id for _, bond in bound if not bond.represents])
    return [
        bound_standing(actor, row, _as_told(bond, openly) if bond.represents else bond, keepers=keepers)
        if bond.represents or (bond.opens and bond.person_id not in stopped)
        else None
        for actor, bond in bound
    ]


def is_entered(record: records.RecordFacts, bond: Bond) -> bool:
    """Whether its holder or a parent came in: on the site, or at the counter, where they named a carer on paper."""
    return record.state == records.ACTIVE or (record.is_open and bond.on_paper)


def _holder_facts(row: Row[Any], record: records.RecordFacts) -> PersonFacts:
    """The holder; of a young one, whether a parent only agreed to their reading; of an adult, whether a guardian
    decides alone in this house.
    """
    only_reads, agreed, may_prove = family.reading_of(row)
    return PersonFacts(
        reachable=record.is_open,
        is_holder=True,
        represents=False,
        only_reads=only_reads or family.guardian_decides(record.id),
        agreed=agreed,
        may_prove=may_prove,
    )


def _of_heir(actor: Actor, person_id: UUID, row: Row[Any]) -> Standing | None:
    record = records.facts_of(row)
    facts = PersonFacts(
        reachable=record.is_open, is_holder=False, represents=False, inherits=_inherits(person_id, record.id)
    )
    return judged(actor, row, Relation.HEIR, policy.judge_person(facts), HEIR_COLOUR)


def bonds_that_open(person_id: UUID) -> list[Bond]:
    """What opens others' records to this person; nothing while the person's own account is not to be trusted."""
    if family.is_held_back(person_id):
        return []
    found = {one.record_id: one for one in sorted(family.bonds_of(person_id), key=lambda one: one.represents)}
    return sorted((one for one in found.values() if one.opens), key=lambda one: one.record_id)


def _inherits(person_id: UUID, record_id: UUID) -> bool:
    return records.heir_until(record_id, person_id) is not None and not family.is_held_back(person_id)
