"""Carers: who may be asked, who may accept, what narrows and widens, when it ends (rules.md MI-12, R5, R9)."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest

from espace.access import services as access
from espace.accounts import services as accounts
from espace.accounts.services import contacts
from espace.documents.services.types import CLASSES, types
from espace.errors import ConflictError, InvalidError, NotFoundError, RefusedError, StepUpError
from espace.family import services as family
from espace.family.services.carers import answers, invitations, links, subjects
from espace.family.services.carers import scope as scopes
from espace.family.services.carers.invitations import Invitee
from espace.family.services.carers.scope import Scope
from espace.machines import Machines
from espace.permissions import Permission, Relation, Standing
from tests.support import build, readers
from tests.support.clock import FakeClock

from .caring import ADD, READ, deliver, helped_and_carer, invited, made, scope, token_to, told

STALE = timedelta(minutes=6)


def _stale(standing: Standing) -> Standing:
    assert standing.actor.proved_at is not None
    return replace(standing, actor=replace(standing.actor, proved_at=standing.actor.proved_at - STALE))


@pytest.mark.usefixtures("machines")
def test_the_subjects_are_those_of_the_documents_own_table() -> None:
    known = types()
    for category in subjects.CATEGORIES:
        assert subjects.types_of([category]) == {code for code, one in known.items() if one.class_code == category}
    assert subjects.CATEGORIES.keys() == CLASSES.keys()
    assert all(subjects.types_of([topic]) <= known.keys() and subjects.types_of([topic]) for topic in subjects.TOPICS)
    assert subjects.MEANT.keys() == subjects.TOPICS.keys()


def test_a_carer_reads_and_adds_only_after_their_yes_and_until_the_last_day(
    machines: Machines, clock: FakeClock
) -> None:
    helped, carer = helped_and_carer()
    asked = invited(helped.standing(), carer, scope(READ, without=["psychiatry"], days=10))
    assert access.standing(carer.actor, helped.record_id) is None
    answers.accept(carer.actor, asked)
    found = carer.standing(helped.record_id)
    assert found.relation is Relation.CARER
    assert found.rights == {Permission.RECORD_HOME, Permission.DOCUMENTS_READ}
    assert found.withheld_types == subjects.types_of(["psychiatry"])
    clock.now = Scope(frozenset({READ}), frozenset(), date(2026, 12, 3)).until - timedelta(seconds=1)
    assert access.standing(carer.actor, helped.record_id) is not None, "the last day counts whole"
    clock.advance(timedelta(seconds=1))
    assert access.standing(carer.actor, helped.record_id) is None
    clock.advance(timedelta(days=-1))
    assert access.standing(carer.actor, helped.record_id) is not None, "computed, never swept: nothing had to run"


@pytest.mark.parametrize("by_identity", [False, True])
def test_the_person_asked_says_no_or_yes_once(machines: Machines, *, by_identity: bool) -> None:
    helped, carer = helped_and_carer()
    asked = invited(helped.standing(), carer, scope(READ), by_identity=by_identity)
    deliver()
    assert answers.by_token(carer.actor, token_to(carer.email)) == asked
    answers.refuse(carer.actor, asked)
    for act in (answers.accept, answers.refuse, answers.offer):
        with pytest.raises(NotFoundError):
            act(carer.actor, asked)
    with pytest.raises(NotFoundError):
        answers.by_token(carer.actor, token_to(carer.email))
    assert access.standing(carer.actor, helped.record_id) is None
    assert [one.answer for one in invitations.invitations(helped.standing())] == ["refused"]


@pytest.mark.parametrize("by_identity", [False, True])
def test_a_forwarded_invitation_opens_nothing(machines: Machines, *, by_identity: bool) -> None:
    helped, carer = helped_and_carer()
    thief = build.citizen("Ondine", "Perrot")
    asked = invited(helped.standing(), carer, scope(READ), by_identity=by_identity)
    deliver()
    token = token_to(carer.email)
    for act in (
        lambda: answers.by_token(thief.actor, token),
        lambda: answers.offer(thief.actor, asked),
        lambda: answers.accept(thief.actor, asked),
        lambda: answers.refuse(thief.actor, asked),
        lambda: answers.accept(helped.actor, asked),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert answers.offers(thief.actor) == []
    assert [one.id for one in answers.offers(carer.actor)] == [asked]


def test_an_identity_needs_the_right_birth_date_too(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    wrong = Invitee("Soazig", number=carer.ins, birth_day=date(1979, 5, 8))
    asked = invitations.invite(helped.standing(), wrong, scope(READ))
    deliver()
    assert told(carer.email, "carer-invitation") == 0
    with pytest.raises(NotFoundError):
        answers.accept(carer.actor, asked)


def test_an_invitation_is_over_after_its_days_and_never_outlives_the_help(machines: Machines, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    first = invited(helped.standing(), carer, scope(READ))
    clock.advance(timedelta(days=14))
    with pytest.raises(NotFoundError):
        answers.accept(carer.actor, first)
    second = invited(helped.standing(), carer, scope(READ, days=1))
    clock.advance(timedelta(days=2))
    with pytest.raises(NotFoundError):
        answers.accept(carer.actor, second)
    third = invited(helped.standing(), carer, scope(READ))
    clock.advance(timedelta(days=-3))
    with pytest.raises(NotFoundError):
        answers.accept(carer.actor, third)  # a clock set back does not revive what was not made yet


def test_who_asks_learns_nothing_of_whether_the_person_has_a_space(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    known = invited(helped.standing(), carer, scope(READ), by_identity=True)
    nobody = Invitee("Soazig", number=build.ins(), birth_day=date(1979, 5, 7))
    unknown = invitations.invite(helped.standing(), nobody, scope(READ))
    by_mail = invitations.invite(helped.standing(), Invitee("Soazig", "personne-ici@exemple.test"), scope(READ))
    deliver()
    lines = {line.id: line for line in family.carer_lines(helped.standing())}
    assert lines.keys() == {known, unknown, by_mail}
    since = lines[known].since
    alike = {replace(one, id=known, since=since, name="", end_place="") for one in lines.values()}
    assert len(alike) == 1, "the same line for each"
    assert told(carer.email, "carer-invitation") == 1
    assert told("personne-ici@exemple.test", "carer-invitation") == 1, "an address is written to whoever reads there"


@pytest.mark.parametrize(
    ("invitee", "field"),
    [
        (Invitee("", "a@exemple.test"), "name"),
        (Invitee("x" * 81, "a@exemple.test"), "name"),
        (Invitee("Soazig", "pas une adresse"), "email"),
        (Invitee("Soazig", "a@exemple.test,b@exemple.test"), "email"),
        (Invitee("Soazig", ""), "email"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(machines: Machines, invitee: Invitee, field: str) -> None:
    helped, _ = helped_and_carer()
    with pytest.raises(InvalidError) as said:
        invitations.invite(helped.standing(), invitee, scope(READ))
    assert field in said.value.problems


def test_scopes_without_sense_are_refused(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    furthest = scopes.latest(helped.record_id)
    assert furthest == date(2026, 11, 23) + timedelta(days=365)
    for wrong, field in (
        (scope(days=5), "tasks"),
        (scope(READ, without=["football"]), "subjects"),
        (scope(READ, without=subjects.CATEGORIES), "subjects"),
        (scope(READ, days=-1), "last_day"),
        (scope(READ, days=366), "last_day"),
    ):
        with pytest.raises(InvalidError) as said:
            invited(helped.standing(), carer, wrong)
        assert field in said.value.problems
    invited(helped.standing(), carer, scope(ADD, without=subjects.CATEGORIES, days=365))


def test_nobody_is_their_own_carer_nor_the_carer_of_who_they_represent(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    for own in (Invitee("Moi", helped.email), Invitee("Moi", number=helped.ins, birth_day=helped.birth_date)):
        with pytest.raises(InvalidError):
            invitations.invite(helped.standing(), own, scope(READ))
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=(helped, carer), activated=False)
    asked = invited(helped.standing(child.record_id), carer, scope(READ))
    with pytest.raises(RefusedError):
        answers.accept(carer.actor, asked)


def test_inviting_widening_and_accepting_ask_for_a_fresh_proof_and_narrowing_never(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    stale = _stale(helped.standing())
    with pytest.raises(StepUpError):
        invited(stale, carer, scope(READ))
    asked = invited(helped.standing(), carer, scope(READ, ADD))
    old = carer.actor
    assert old.proved_at is not None
    with pytest.raises(StepUpError):
        answers.accept(replace(old, proved_at=old.proved_at - STALE), asked)
    answers.accept(carer.actor, asked)
    (one,) = links.carers(stale)
    assert not links.change(stale, one.id, scope(READ, without=["psychiatry"], days=30), version=one.version)
    links.end(stale, one.id)
    assert access.standing(carer.actor, helped.record_id) is None


_SCOPES = [
    Scope(frozenset(tasks), frozenset(without), date(2027, 1, day))
    for tasks in ((READ,), (ADD,), (READ, ADD))
    for without in ((), ("psychiatry",), ("11",), ("psychiatry", "genetics"))
    for day in (1, 2)
]


def test_wider_is_whatever_opens_something(machines: Machines) -> None:
    """Read apart: a pair is narrower when no task, no kind and no day is won."""
    for before, after in itertools.product(_SCOPES, repeat=2):
        wins_task = any(task not in before.tasks for task in after.tasks)
        wins_kind = any(
            kind in subjects.types_of(before.subjects) and kind not in subjects.types_of(after.subjects)
            for kind in types()
        )
        assert after.is_within(before) is not (wins_task or wins_kind or after.last_day > before.last_day)


def test_every_change_is_judged_as_narrower_or_wider(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ, without=["psychiatry"], days=90))
    stale = _stale(helped.standing())
    for wider in (
        scope(READ, ADD, without=["psychiatry"]),
        scope(READ),
        scope(READ, without=["psychiatry"], days=91),
        scope(READ, without=["genetics"]),
    ):
        with pytest.raises(StepUpError):
            links.change(stale, one.id, wider, version=one.version)
    assert links.change(helped.standing(), one.id, scope(READ, ADD, days=200), version=one.version)
    assert carer.standing(helped.record_id).may(Permission.DOCUMENTS_ADD)
    assert carer.standing(helped.record_id).withheld_types == frozenset()


def test_two_browsers_deciding_at_once_change_one_thing(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ, ADD))
    links.change(helped.standing(), one.id, scope(READ), version=one.version)
    with pytest.raises(ConflictError):
        links.change(helped.standing(), one.id, scope(ADD), version=one.version)
    links.end(helped.standing(), one.id)
    links.end(helped.standing(), one.id)  # twice is once
    with pytest.raises(NotFoundError):
        links.change(helped.standing(), one.id, scope(READ), version=one.version + 2)


def test_either_ends_it_and_a_past_carer_starts_anew(machines: Machines, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ))
    links.stop_helping(carer.actor, one.id)
    assert access.standing(carer.actor, helped.record_id) is None
    assert access.my_records(carer.actor)[0].record_id == carer.record_id
    with pytest.raises(NotFoundError):
        links.stop_helping(carer.actor, one.id)
    with pytest.raises(NotFoundError):
        links.stop_helping(helped.actor, one.id)
    clock.advance(timedelta(days=3))
    again = made(helped.standing(), carer, scope(ADD))
    assert again.id == one.id
    assert again.since > one.since
    assert carer.standing(helped.record_id).rights == {Permission.RECORD_HOME, Permission.DOCUMENTS_ADD}


def test_only_who_decides_about_a_record_decides_about_its_carers(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ, ADD))
    theirs = carer.standing(helped.record_id)
    other = build.citizen("Ondine", "Perrot")
    for act in (
        lambda: links.carers(theirs),
        lambda: links.end(theirs, one.id),
        lambda: links.change(theirs, one.id, scope(READ), version=1),
        lambda: invitations.invitations(theirs),
        lambda: invited(theirs, other, scope(READ)),
        lambda: family.carer_lines(theirs),
        lambda: links.end(other.standing(), one.id),
        lambda: links.carer(other.standing(), one.id),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_an_invitation_taken_back_or_asked_by_who_may_not_any_more_is_over(machines: Machines) -> None:
    mother, carer = helped_and_carer()
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=(mother,), activated=False)
    whose = mother.standing(child.record_id)
    first = invited(whose, carer, scope(READ))
    invitations.cancel(whose, first)
    invitations.cancel(whose, first)
    with pytest.raises(NotFoundError):
        answers.accept(carer.actor, first)
    with pytest.raises(NotFoundError):
        invitations.cancel(carer.standing(), first)
    invited(whose, carer, scope(READ))
    assert len(answers.offers(carer.actor)) == 1


def test_too_many_at_once_or_in_a_day_are_refused(machines: Machines, clock: FakeClock) -> None:
    helped, _ = helped_and_carer()

    def ask(number: int) -> None:
        invitations.invite(helped.standing(), Invitee("Quelqu'un", f"p{number}@exemple.test"), scope(READ))

    for number in range(invitations.MAX_WAITING):
        ask(number)
    with pytest.raises(InvalidError):
        ask(99)
    for made_number in range(invitations.MAX_WAITING, invitations.MAX_A_DAY):
        invitations.cancel(helped.standing(), invitations.invitations(helped.standing())[0].id)
        ask(made_number)
    for one in invitations.invitations(helped.standing()):
        invitations.cancel(helped.standing(), one.id)
    with pytest.raises(InvalidError):
        ask(100)
    clock.advance(timedelta(days=1, minutes=1))
    ask(101)


def test_a_childs_carer_ends_before_the_child_comes_of_age(machines: Machines) -> None:
    mother, carer = helped_and_carer()
    child = build.citizen("Malik", birth=date(2009, 1, 10), parents=(mother,), activated=False)
    whose = mother.standing(child.record_id)
    assert scopes.latest(child.record_id) == scopes.usual(child.record_id) == date(2027, 1, 9)
    with pytest.raises(InvalidError):
        invited(whose, carer, Scope(frozenset({READ}), frozenset(), date(2027, 1, 10)))


def test_an_address_that_changed_meanwhile_is_another_address(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    asked = invited(helped.standing(), carer, scope(READ))
    contacts.ask_new_email(carer.actor, "nouvelle@exemple.test")
    contacts.check_new_email(carer.actor, build.mails_to("nouvelle@exemple.test")[-1]["values"]["code"], build.VISITOR)
    assert accounts.account_of(carer.person_id) is not None
    with pytest.raises(NotFoundError):
        answers.accept(carer.actor, asked)


def test_nobody_reads_in_the_place_of_a_parent_who_is_stopped(machines: Machines) -> None:
    """The carer whom a stopped parent named would be a way around the decision (security.md R15)."""
    mother, carer = helped_and_carer()
    father = build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=(mother, father), activated=False)
    named = build.citizen("Lise", "Colas")
    made(father.standing(child.record_id), carer, scope(READ))
    made(mother.standing(child.record_id), named, scope(READ))
    friend = build.citizen("Marc", "Roy", sex="M")
    waiting = invited(father.standing(child.record_id), friend, scope(READ))
    readers.restrict(child, father, sees_before=None)
    assert access.standing(carer.actor, child.record_id) is None
    assert links.helped(carer.actor) == []
    assert named.standing(child.record_id).relation is Relation.CARER
    with pytest.raises(NotFoundError):
        answers.accept(friend.actor, waiting)
    assert {one.name for one in links.carers(mother.standing(child.record_id))} == {carer.name, named.name}
