"""The table of a record's life, cell by cell: state x act x part, against a reading of the rules by hand."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest

from espace import clock as clocks
from espace import outbox
from espace.audit.services import entries
from espace.errors import ConflictError, EspaceError, NotFoundError, RefusedError, StepUpError
from espace.permissions import Permission, Role
from espace.records import services as records
from espace.records.services import Act, Part, StateFacts, allowed
from espace.records.services.transitions import TRANSITIONS
from tests.support.clock import FakeClock

from .lives import Life, holder, life, operator

pytestmark = pytest.mark.usefixtures("machines")

# By hand from rules.md AC-1 to AC-11: (act, part) -> states in which it may be done.
BY_HAND: dict[tuple[str, str], set[str]] = {
    ("open", "house"): {"announced"},
    ("activate", "holder"): {"announced", "open"},
    ("activate", "representative"): {"announced", "open"},
    ("activate", "house"): {"announced", "open"},
    ("oppose", "letter"): {"announced", "open", "active"},
    ("oppose", "representative"): {"announced", "open", "active"},
    ("withdraw-opposition", "letter"): {"opposed"},
    ("withdraw-opposition", "holder"): {"opposed"},
    ("withdraw-opposition", "representative"): {"opposed"},
    ("close", "holder"): {"open", "active"},
    ("reopen", "holder"): {"closed"},
    ("ask-erasure", "holder"): {"closed"},
    ("cancel-erasure", "holder"): {"closed"},
    ("erase", "house"): {"closed", "deceased"},
    ("suspend", "privacy-officer"): {"open", "active"},
    ("object", "holder"): {"suspended"},
    ("confirm-suspension", "privacy-officer"): {"suspended"},
    ("lapse", "house"): {"suspended"},
    ("lift-suspension", "privacy-officer"): {"suspended", "closed"},
    ("declare-death", "privacy-officer"): {"announced", "open", "active", "opposed", "closed", "suspended"},
    ("withdraw-death", "privacy-officer"): {"deceased"},
}


@pytest.mark.parametrize("act", Act)
def test_every_cell_is_as_the_rules_say(act: Act) -> None:
    for state, part in product(records.STATES, Part):
        assert allowed(state, act, part) is (state in BY_HAND.get((act.value, part.value), set())), (state, part)


def test_nothing_leaves_an_erased_record_and_every_act_is_in_the_table() -> None:
    assert TRANSITIONS.keys() == set(Act)
    assert not any(records.ERASED in rule.sources for rule in TRANSITIONS.values())


def _acts(made: Life) -> dict[Act, Callable[[], object]]:
    """Every act somebody does, as the one who may."""
    own, office = holder(made.person_id), operator()
    return {
        Act.ACTIVATE: lambda: records.mark_active(made.record_id, own),
        Act.OPPOSE: lambda: records.oppose(own, made.record_id, Part.LETTER),
        Act.WITHDRAW_OPPOSITION: lambda: records.withdraw_opposition(own, made.record_id, Part.HOLDER),
        Act.CLOSE: lambda: records.close(own, made.record_id),
        Act.REOPEN: lambda: records.reopen(own, made.record_id),
        Act.ASK_ERASURE: lambda: records.ask_erasure(own, made.record_id),
        Act.SUSPEND: lambda: records.suspend(office, made.record_id, "Fraude"),
        Act.OBJECT: lambda: records.object_to_suspension(own, made.record_id),
        Act.DECLARE_DEATH: lambda: records.declare_death(office, made.record_id, clocks.today(), "certificate"),
        Act.WITHDRAW_DEATH: lambda: records.withdraw_death(office, made.record_id, "Erreur de personne"),
    }


def _rows(made: Life) -> list[str]:
    return [one.action.value for one in entries(made.record_id, mine=False, holder_actor_ids=[], before=None)]


LIVE_STATES = [state for state in records.STATES if state != records.ERASED]


@pytest.mark.parametrize("state", LIVE_STATES)
def test_services_do_what_the_table_says_leave_one_row_and_tell(state: str) -> None:
    """Each act in each state: done as the table says with its row and its notice, or refused with nothing written."""
    for act in _acts(life(state)):
        made = life(state)
        before, rows, waiting = made.state, _rows(made), outbox.waiting()
        perform = _acts(made)[act]
        if state == records.ACTIVE and act is Act.ACTIVATE:
            assert perform() is False
            continue
        if state in TRANSITIONS[act].sources:
            perform()
            target = TRANSITIONS[act].target
            if target not in ("<", "="):
                assert made.state.state == target
            if target == "<":
                assert made.state.state == before.state_before
            assert len(_rows(made)) - len(rows) == (2 if (state, act) == (records.ANNOUNCED, Act.ACTIVATE) else 1)
            assert TRANSITIONS[act].action.value in _rows(made)[:2]
            assert outbox.waiting() - waiting == (0 if act is Act.ACTIVATE else 1)
        else:
            with pytest.raises((ConflictError, RefusedError)):
                perform()
            assert (made.state, _rows(made), outbox.waiting()) == (before, rows, waiting)


UNDONE: list[tuple[Callable[[Life], object], Callable[[Life], object]]] = [
    (
        lambda one: records.oppose(one.own, one.record_id, Part.LETTER),
        lambda one: records.withdraw_opposition(one.own, one.record_id, Part.LETTER),
    ),
    (lambda one: records.close(one.own, one.record_id), lambda one: records.reopen(one.own, one.record_id)),
    (
        lambda one: records.suspend(operator(), one.record_id, "Fraude"),
        lambda one: records.lift_suspension(operator(), one.record_id),
    ),
    (
        lambda one: records.declare_death(operator(), one.record_id, clocks.today(), "insurer"),
        lambda one: records.withdraw_death(operator(), one.record_id, "Homonyme"),
    ),
]


@pytest.mark.parametrize("state", [one for one in LIVE_STATES if one != records.DECEASED])
@pytest.mark.parametrize("there_and_back", UNDONE)
def test_undoing_brings_back_exactly_what_was(
    clock: FakeClock,
    state: str,
    there_and_back: tuple[Callable[[Life], object], Callable[[Life], object]],
) -> None:
    made = life(state)
    before = made.state
    clock.advance(timedelta(days=3))
    there, back = there_and_back
    try:
        there(made)
    except ConflictError:
        return  # not from this state: the table's test says so
    assert made.state.state_before == before.state
    clock.advance(timedelta(days=3))
    back(made)
    assert made.state == before


def test_an_error_about_a_death_gives_back_a_closed_record_with_its_erasure(clock: FakeClock) -> None:
    made = life(records.CLOSED)
    before = records.ask_erasure(made.own, made.record_id)
    records.declare_death(operator(), made.record_id, clocks.today(), "register")
    assert made.state.erase_at == before.erase_at, "what the person asked for in life is still carried out"
    clock.advance(timedelta(days=1))
    records.withdraw_death(operator(), made.record_id, "Erreur")
    assert made.state == before


OFFICE: list[Callable[[Life, Role], object]] = [
    lambda one, role: records.suspend(operator(role), one.record_id, "Fraude"),
    lambda one, role: records.confirm_suspension(operator(role), one.record_id, "Fraude"),
    lambda one, role: records.lift_suspension(operator(role), one.record_id),
    lambda one, role: records.declare_death(operator(role), one.record_id, clocks.today(), "certificate"),
    lambda one, role: records.withdraw_death(operator(role), one.record_id, "Erreur"),
]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PRIVACY_OFFICER])
@pytest.mark.parametrize("act", OFFICE)
def test_only_the_privacy_officer_acts_for_the_house(role: Role, act: Callable[[Life, Role], object]) -> None:
    assert not operator(role).carries(Permission.OFFICE_PRIVACY)
    for state in (records.ACTIVE, records.SUSPENDED, records.DECEASED):
        made = life(state)
        before = made.state
        with pytest.raises(NotFoundError):
            act(made, role)
        assert made.state == before


def test_what_is_ones_own_is_nobody_elses() -> None:
    """Another person, an operator and the record's letter bearer without session cannot do a holder's acts."""
    stranger = holder(life().person_id)
    cases: list[tuple[str, Callable[[Life], object]]] = [
        (records.ACTIVE, lambda one: records.close(stranger, one.record_id)),
        (records.CLOSED, lambda one: records.reopen(stranger, one.record_id)),
        (records.CLOSED, lambda one: records.ask_erasure(stranger, one.record_id)),
        (records.CLOSED, lambda one: records.cancel_erasure(stranger, one.record_id)),
        (records.SUSPENDED, lambda one: records.object_to_suspension(stranger, one.record_id)),
        (records.OPPOSED, lambda one: records.withdraw_opposition(stranger, one.record_id, Part.HOLDER)),
        (records.ACTIVE, lambda one: records.close(operator(), one.record_id)),
    ]
    for state, act in cases:
        made = life(state)
        before = made.state
        with pytest.raises(NotFoundError):
            act(made)
        assert made.state == before


STALE: list[tuple[str, Callable[[Life], object]]] = [
    (records.ACTIVE, lambda one: records.close(holder(one.person_id, fresh=False), one.record_id)),
    (records.CLOSED, lambda one: records.reopen(holder(one.person_id, fresh=False), one.record_id)),
    (records.CLOSED, lambda one: records.ask_erasure(holder(one.person_id, fresh=False), one.record_id)),
    (
        records.OPPOSED,
        lambda one: records.withdraw_opposition(holder(one.person_id, fresh=False), one.record_id, Part.HOLDER),
    ),
    (records.SUSPENDED, lambda one: records.lift_suspension(operator(fresh=False), one.record_id)),
    (records.DECEASED, lambda one: records.withdraw_death(operator(fresh=False), one.record_id, "Erreur")),
]


@pytest.mark.parametrize(("state", "act"), STALE)
def test_widening_and_destroying_ask_for_a_fresh_proof(state: str, act: Callable[[Life], object]) -> None:
    made = life(state)
    before = made.state
    with pytest.raises(StepUpError):
        act(made)
    assert made.state == before


def test_narrowing_and_cancelling_never_ask_for_one(clock: FakeClock) -> None:
    made = life(records.CLOSED)
    records.ask_erasure(made.own, made.record_id)
    clock.advance(timedelta(hours=2))
    records.cancel_erasure(holder(made.person_id, fresh=False), made.record_id)
    suspended = life(records.SUSPENDED)
    records.object_to_suspension(holder(suspended.person_id, fresh=False), suspended.record_id)
    records.suspend(operator(fresh=False), life().record_id, "Fraude")
    assert isinstance(made.state, StateFacts)
    assert issubclass(StepUpError, EspaceError)
