"""Relatives judged together stand as each judged alone does (security.md R13, R15)."""

from dataclasses import replace

from flask import Flask

from espace.access.services.seeing.eyes import Eyes, bonds, relative, relatives
from espace.permissions import Task
from tests.security.relations import cast
from tests.support import build, readers
from tests.support.clock import FakeClock


def _as_told(one: Eyes) -> Eyes:
    """Without what no list shows: a colour, and what spares a single page a statement."""
    stand = one.standing
    return replace(
        one, standing=stand and replace(stand, colour="", may_hold_rules=True, may_have_given=True, through=None)
    )


def test_each_relative_stands_as_they_do_alone(app: Flask, clock: FakeClock) -> None:
    people = cast(app, clock)
    stopped = people.people["suspended holder"]
    assert isinstance(stopped, build.Citizen)
    readers.carer(people.child, build.citizen("Ana"), Task.READ_DOCUMENTS, withheld=["57833-6"])
    readers.carer(people.mother, stopped, Task.READ_DOCUMENTS)
    for own in (people.mother.standing(people.child.record_id), people.mother.standing()):
        alone = {one.id: _as_told(one) for one in (relative(own, bond) for bond in bonds(own))}
        together = {one.id: _as_told(one) for one in relatives(own)}
        assert together == alone
        assert alone
    assert [one.standing for one in relatives(people.mother.standing())] == [None]
