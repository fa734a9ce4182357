"""Relatives judged together stand as each judged alone does (security.md R13, R15)."""

from dataclasses import replace
from datetime import timedelta

from flask import Flask

from espace.access.services.seeing.eyes import Eyes, bonds, relative, relatives
from espace.audit import services as audit
from espace.audit.services import Action
from espace.family import services as family
from espace.permissions import Relation, Task
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
    both = people.people["carer who reads"]
    assert isinstance(both, build.Citizen)
    for relation in (Relation.CARER, Relation.REPRESENTATIVE):
        for one in (both, people.people["second parent"]):
            audit.record(one.actor, people.child.record_id, Action.RECORD_HOME_OPENED, relation=relation)
            clock.advance(timedelta(hours=1))
    stopped = people.people["suspended holder"]
    assert isinstance(stopped, build.Citizen)
    readers.carer(people.child, build.citizen("Ana"), Task.READ_DOCUMENTS, withheld=["57833-6"])
    readers.carer(people.mother, stopped, Task.READ_DOCUMENTS)
    for own in (people.mother.standing(people.child.record_id), people.mother.standing()):
        alone = {one.id: _as_told(one) for one in (relative(own, bond) for bond in bonds(own))}
        together = {one.id: _as_told(one) for one in relatives(own)}
        assert together == alone
        assert alone
        for as_carer in (False, True):
            last = {bond.person_id: family.last_act(own, bond.person_id, as_carer=as_carer) for bond in bonds(own)}
            told = family.last_acts(own, last.keys(), as_carer=as_carer)
            assert told == {person: at for person, at in last.items() if at}
    assert [one.standing for one in relatives(people.mother.standing())] == [None]
