"""Consents: asked, answered once, narrowed at once, traced, and told without a word of content."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from datetime import timedelta
from types import ModuleType

import pytest

from espace.access import services as access
from espace.access.services import Answer, ConsentLine, ConsentState
from espace.access.services.decisions import asking, blocking
from espace.audit import services as audit
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Standing
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen()


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A cardiologist, say."""
    return build.caregiver("Belhadj", "Karim")


def before(holder: Citizen, doctor: Caregiver) -> Standing:
    """The doctor before the record, having identified its holder exactly."""
    access.note_encounter(doctor.actor, holder.record_id)
    found = doctor.standing(holder.record_id)
    assert found is not None
    return found


def line_of(holder: Citizen) -> ConsentLine:
    """The one line of the access page."""
    (line,) = access.consents(holder.standing())
    return line


def acts(holder: Citizen) -> list[str]:
    """What stands in the record's trail about consents, oldest first."""
    found = [
        entry
        for mine in (True, False)
        for entry in audit.entries(
            holder.record_id, mine=mine, holder_actor_ids=[holder.actor.id], before=None, limit=200
        )
    ]
    return [e.action.value for e in sorted(found, key=lambda e: e.sequence) if e.action.value.startswith("consent")]


def test_a_request_shows_who_asks_and_why_and_wakes_the_holder_without_content(
    holder: Citizen, doctor: Caregiver
) -> None:
    access.ask(before(holder, doctor), "  pour préparer\n le rendez-vous ")
    line = line_of(holder)
    assert (line.state, line.name, line.profession_code) == (ConsentState.ASKED, "Dr Karim Belhadj", "G15_10")
    assert line.reason == "pour préparer le rendez-vous"
    assert line.structure == doctor.structure
    (mail,) = [m for m in build.mails_to(holder.email) if m["message"] == "access-asked"]
    assert mail["values"] == {}
    assert acts(holder) == ["consent-asked"]


def test_asking_again_wakes_nobody_again(holder: Citizen, doctor: Caregiver) -> None:
    for _ in range(3):
        access.ask(before(holder, doctor), "Suivi")
    assert len([m for m in build.mails_to(holder.email) if m["message"] == "access-asked"]) == 1
    assert acts(holder) == ["consent-asked"]
    assert line_of(holder).version == 1


def test_both_parents_are_told_of_a_request_on_their_child(holder: Citizen, doctor: Caregiver) -> None:
    father = build.citizen("Hugo", "Lemaire", sex="M")
    child = build.citizen(
        "Jules", "Fontenay", birth=holder.birth_date.replace(year=2017), parents=[holder, father], activated=False
    )
    access.ask(before(child, doctor), "Suivi")
    for parent in (holder, father):
        assert [m["message"] for m in build.mails_to(parent.email)].count("access-asked") == 1
        (line,) = access.consents(parent.standing(child.record_id))
        assert line.state is ConsentState.ASKED


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_request_needs_a_reason_that_fits(holder: Citizen, doctor: Caregiver, reason: str) -> None:
    with pytest.raises(InvalidError) as refused:
        access.ask(before(holder, doctor), reason)
    assert refused.value.problems.keys() == {"reason"}
    assert access.consents(holder.standing()) == []


def test_after_a_refusal_a_day_passes_before_the_next_request(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    build.consent(holder, doctor, Answer.REFUSE)
    with pytest.raises(InvalidError):
        access.ask(before(holder, doctor), "Suivi")
    clock.advance(timedelta(days=1))
    access.ask(before(holder, doctor), "Suivi")
    assert line_of(holder).state is ConsentState.ASKED


def test_who_has_access_has_nothing_to_ask(holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor, Answer.GRANT)
    with pytest.raises(InvalidError):
        access.ask(before(holder, doctor), "Suivi")
    assert line_of(holder).state is ConsentState.VALID


def test_a_blocked_professional_s_request_changes_nothing_and_wakes_nobody(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    build.consent(holder, doctor, Answer.BLOCK)
    clock.advance(timedelta(hours=1))
    for _ in range(2):
        access.ask(before(holder, doctor), "Encore")
    line = line_of(holder)
    assert line.state is ConsentState.BLOCKED
    assert [m["message"] for m in build.mails_to(holder.email)].count("access-asked") == 1  # the first request's
    standing = before(holder, doctor)
    assert access.shown_state(access.own_consent(standing)) in (ConsentState.ASKED, ConsentState.REVOKED)
    assert not standing.readable_types


def test_only_the_holder_s_side_sees_and_decides(holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor)
    line = line_of(holder)
    asking = before(holder, doctor)
    for act in (
        lambda: access.consents(asking),
        lambda: access.consent(asking, line.id),
        lambda: access.answer(asking, line.id, Answer.GRANT, version=line.version, days=1),
        lambda: access.ask(holder.standing(), "Suivi"),
        lambda: access.answer(build.citizen("Zoé", "Carpentier").standing(), line.id, Answer.GRANT, version=1, days=1),
        lambda: access.answer(holder.standing(), new_id(), Answer.GRANT, version=1, days=1),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert line_of(holder) == line


FROM: dict[str, tuple[Answer, ...]] = {
    "asked": (),
    "valid": (Answer.GRANT,),
    "refused": (Answer.REFUSE,),
    "revoked": (Answer.GRANT, Answer.REVOKE),
    "blocked": (Answer.BLOCK,),
}
ALLOWED = {
    ("asked", Answer.GRANT): "valid",
    ("asked", Answer.REFUSE): "refused",
    ("asked", Answer.BLOCK): "blocked",
    ("valid", Answer.GRANT): "valid",
    ("valid", Answer.LIMIT): "valid",
    ("valid", Answer.REVOKE): "revoked",
    ("valid", Answer.BLOCK): "blocked",
    ("refused", Answer.GRANT): "valid",
    ("refused", Answer.BLOCK): "blocked",
    ("revoked", Answer.GRANT): "valid",
    ("revoked", Answer.BLOCK): "blocked",
    ("blocked", Answer.UNBLOCK): "revoked",
}


def decide(holder: Citizen, answer: Answer) -> None:
    """Answer on the one line there is."""
    line = line_of(holder)
    days = {Answer.GRANT: 90, Answer.LIMIT: 30}.get(answer)
    access.answer(holder.standing(), line.id, answer, version=line.version, days=days)


@on_sqlite
@pytest.mark.parametrize("answer", Answer)
@pytest.mark.parametrize("state", FROM)
def test_each_answer_in_each_state(holder: Citizen, doctor: Caregiver, state: str, answer: Answer) -> None:
    build.consent(holder, doctor)
    for earlier in FROM[state]:
        decide(holder, earlier)
    so_far = acts(holder)
    wanted = ALLOWED.get((state, answer))
    if wanted is None:
        with pytest.raises(ConflictError):
            decide(holder, answer)
        assert (line_of(holder).state.value, acts(holder)) == (state, so_far)
        return
    decide(holder, answer)
    assert line_of(holder).state.value == wanted
    assert len(acts(holder)) == len(so_far) + 1


@pytest.mark.parametrize("answer", [a for a in Answer if a is not Answer.GRANT])
def test_narrowing_never_asks_for_a_proof_and_granting_always_does(
    holder: Citizen, doctor: Caregiver, clock: FakeClock, answer: Answer
) -> None:
    granted = dict.fromkeys((Answer.LIMIT, Answer.REVOKE), (Answer.GRANT,))
    earlier = (granted | {Answer.UNBLOCK: (Answer.BLOCK,)}).get(answer, ())
    build.consent(holder, doctor)
    for one in earlier:
        decide(holder, one)
    standing = holder.standing()
    clock.advance(timedelta(minutes=5))
    line = line_of(holder)
    with pytest.raises(StepUpError):
        access.answer(standing, line.id, Answer.GRANT, version=line.version, days=90)
    never = replace(standing, actor=replace(standing.actor, proved_at=None))
    with pytest.raises(StepUpError):
        access.answer(never, line.id, Answer.GRANT, version=line.version, days=90)
    assert line_of(holder) == line
    access.answer(standing, line.id, answer, version=line.version, days=30 if answer is Answer.LIMIT else None)


def test_only_the_durations_offered_may_be_granted(holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor)
    line = line_of(holder)
    for days in (None, 0, -1, 2, 366, 10**6):
        with pytest.raises(InvalidError):
            access.answer(holder.standing(), line.id, Answer.GRANT, version=line.version, days=days)
    assert access.durations() == (1, 90, 365)


def test_of_two_browsers_the_second_is_told_and_changes_nothing(holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor)
    line = line_of(holder)
    phone, laptop = holder.standing(), holder.standing()
    access.answer(phone, line.id, Answer.BLOCK, version=line.version)
    with pytest.raises(ConflictError):
        access.answer(laptop, line.id, Answer.GRANT, version=line.version, days=365)
    assert line_of(holder).state is ConsentState.BLOCKED
    assert acts(holder) == ["consent-asked", "consent-blocked"]


def _at_once(acts: list[Callable[[], object]]) -> list[Exception | None]:
    """Do all at the same moment; gives what each ended with."""
    ends: list[Exception | None] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(index: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001 - handed to the test
            ends[index] = error

    threads = [threading.Thread(target=copy_context().run, args=(run, index, act)) for index, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_two_answers_at_the_same_moment_end_as_one(holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor)
    line, standing = line_of(holder), holder.standing()
    ends = _at_once(
        [
            lambda: access.answer(standing, line.id, Answer.GRANT, version=line.version, days=90),
            lambda: access.answer(standing, line.id, Answer.BLOCK, version=line.version),
        ]
    )
    assert sorted(type(end).__name__ for end in ends) == ["ConflictError", "NoneType"]
    assert len(acts(holder)) == 2
    assert line_of(holder).version == line.version + 1


def test_two_requests_at_the_same_moment_are_one(holder: Citizen, doctor: Caregiver) -> None:
    standing = before(holder, doctor)
    ends = _at_once([lambda: access.ask(standing, "Suivi")] * 2)
    assert ends == [None, None]
    assert len(access.consents(holder.standing())) == 1
    assert [m["message"] for m in build.mails_to(holder.email)].count("access-asked") == 1


def _read_before(monkeypatch: pytest.MonkeyPatch, name: str, module: ModuleType, found: object) -> None:
    """Have the next call of a look-up give what stood a moment ago, as one of two requests at once may read it."""
    real, waiting = getattr(module, name), [found]
    monkeypatch.setattr(module, name, lambda *given: waiting.pop() if waiting else real(*given))


def test_a_block_in_the_moment_of_a_request_holds(
    holder: Citizen, doctor: Caregiver, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.consent(holder, doctor, Answer.GRANT)
    clock.advance(timedelta(days=366))
    standing, line = before(holder, doctor), line_of(holder)
    _read_before(monkeypatch, "own_consent", asking, access.own_consent(standing))
    access.answer(holder.standing(), line.id, Answer.BLOCK, version=line.version)
    access.ask(standing, "Suivi")
    assert line_of(holder).state is ConsentState.BLOCKED


def test_who_asks_in_the_moment_in_which_they_are_blocked_is_a_conflict(
    holder: Citizen, doctor: Caregiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    access.ask(before(holder, doctor), "Suivi")
    _read_before(monkeypatch, "of_grantee", blocking, None)
    with pytest.raises(ConflictError):
        blocking.block(holder.standing(), doctor.id)
