"""The policy, cell by cell, against an independent reading of the published table and of the rules (R11)."""

import ast
import inspect
import itertools
import random
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from espace.access import policy
from espace.access.policy import ConsentState
from espace.permissions import Actor, ActorKind, Permission, Relation, Standing, Task

from . import oracle
from .mutations import exchanges, mutations
from .oracle import (
    DOCTOR,
    MARKS,
    PROFESSIONS,
    READABLE,
    RECORD,
    TABLE,
    TYPES,
    differences,
    judged,
    people,
    professionals,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TYPE = "57833-6"
FEW_TYPES = (TYPE, next(code for code in TYPES if code not in READABLE["G15_10"]))


def test_every_cell_is_as_the_rules_say() -> None:
    """Every way people and professionals stand, times types, times documents of up to two marks."""
    assert next(differences(policy, itertools.chain(people(), professionals())), None) is None


def test_the_table_is_the_one_that_was_given_with_its_size() -> None:
    assert (len(PROFESSIONS), len(TYPES), len(TABLE)) == (25, 113, 2825)


def test_flips_of_the_table_are_all_noticed() -> None:
    """Two hundred cells of a copy of the table, chosen at random, each the other way round."""
    for profession, type_code in random.Random(20261123).sample(sorted(TABLE), 200):
        flipped = {profession: READABLE[profession] ^ {type_code}}
        ways = professionals((profession,))
        assert next(differences(policy, ways, (type_code,), every=20, readable=flipped), None) is not None


# --- validity


def faults(module: ModuleType | Any) -> Iterator[str]:
    """Everything in which a copy of the policy differs from the rules; few types and documents, that it be quick."""
    for state, until in itertools.product(ConsentState, (None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1))):
        ended = state is ConsentState.VALID and (until is None or until <= NOW)
        given = module.in_effect(module.ConsentState(state.value), until, NOW)
        if given.value != ("expired" if ended else state.value):
            yield f"{state} until {until}: {given}"
    house = Standing(
        Actor(ActorKind.SYSTEM, RECORD, "espace"), RECORD, Relation.SYSTEM, "", frozenset({Permission.DOCUMENTS_READ}),
        reason="stranger",
    )  # fmt: skip
    if module.visible(house).reads:
        yield "the house reads"
    yield from differences(module, itertools.chain(people(), professionals(("G15_10",))), FEW_TYPES)


def test_nothing_differs() -> None:
    assert list(faults(policy)) == []


# --- changes of the source of the policy, each of which must be noticed


@cache
def _changes() -> tuple[tuple[str, str], ...]:
    return tuple(mutations(inspect.getsource(policy)))


def test_there_are_two_hundred_changes_and_more() -> None:
    assert len(_changes()) > 200


@pytest.mark.parametrize("part", range(8))
def test_each_change_of_the_policy_is_noticed(part: int) -> None:
    unnoticed = [said for said, source in _changes()[part::8] if not _is_noticed(source)]
    assert unnoticed == []


def test_two_hundred_words_exchanged_at_random_are_all_noticed() -> None:
    """Another right, state, reason or relation where one is named: two hundred of all such changes, by a fixed seed.

    One is left out: of the rights a holder has all together or not at all, any tells who reads alone.
    """
    groups = (Permission, Relation, Task, policy.Reason, ConsentState, policy.Window, policy.EmergencyMode)
    words = {group.__name__: [one.name for one in group] for group in groups}
    together = {one.name for one in policy.OWN_RIGHTS - policy.NARROWED_RIGHTS}
    every = exchanges(inspect.getsource(policy), words, random.Random(20261124))
    told = (one for one in every if "DOCUMENTS_KEEP -> " not in one[0] or one[0].split()[-1] not in together)
    chosen = list(itertools.islice(told, 200))
    assert [said for said, source in chosen if not _is_noticed(source)] == []


def test_the_oracle_reads_nothing_of_the_policy() -> None:
    """It knows the words of permissions, the table as published, and the rules: no code of the room it judges."""
    tree = ast.parse(inspect.getsource(oracle))
    known = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    known |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {one for one in known if one and one.startswith("espace")} == {"espace.permissions"}
    assert {one.value for one in oracle.Consent} == {one.value for one in ConsentState}


def _is_noticed(source: str) -> bool:
    """Whether a changed policy differs from the rules, or breaks."""
    module = ModuleType("espace.access.changed_policy")
    module.__dict__["__name__"] = policy.__name__  # dataclasses look their module up
    try:
        exec(compile(source, "changed", "exec"), module.__dict__)
        return next(faults(module), None) is not None
    except (TypeError, ValueError, AttributeError, KeyError, NameError):
        return True


def test_a_standing_without_a_reason_reads_nothing() -> None:
    actor = Actor(ActorKind.PROFESSIONAL, DOCTOR, "Dr")
    standing = Standing(actor, RECORD, Relation.PROFESSIONAL, "Claire", frozenset({Permission.DOCUMENTS_READ}))
    with pytest.raises(ValueError, match="not a valid Reason"):
        policy.visible(standing)


def test_every_mark_of_a_document_is_among_the_cells() -> None:
    marks = {field.name for field in fields(policy.DocumentFacts)} - {"type_code"}
    assert marks == set().union(*(given.keys() for given in MARKS.values()))


def test_every_right_of_a_record_is_somebody_s() -> None:
    """A permission that no way of standing gives would guard a page that nobody reaches."""
    ways = itertools.chain(people(), professionals(("G15_10",)))
    given = set().union(*(judged(policy, one).rights for one in ways))
    assert given == {one for one in Permission if one.on_record}
