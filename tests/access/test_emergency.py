"""Emergencies: who may open, how long, what stays closed, who is told, and what the people of a record oppose."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from espace.access import services as access
from espace.access.services import Answer
from espace.access.services.emergencies import emergency, ending, oppositions, rescuers
from espace.access.services.emergencies.emergency import Why
from espace.access.services.seeing.seers import SeerState
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as papers
from espace.documents.services.deciding import states
from espace.errors import InvalidError, NotFoundError, StepUpError
from espace.family import services as family
from espace.machines import Machines
from espace.permissions import Permission, Standing
from espace.records import services as records
from espace.settings import Settings
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock

from .emergencies import CALL, CENTRE, FINESS, GLASS, WORDS, again, found, opened, unproved


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house in whose settings one place answers calls to the centre 15."""
    return replace(settings, regulation_structures=f"1{FINESS}")


@pytest.fixture
def gp(machines: Machines) -> Caregiver:
    """The attending doctor, with an address of the secure mail."""
    access.ensure_matrix()
    return build.caregiver("Morvan", "Hélène", mssante="helene.morvan@loire.mssante.fr")


@pytest.fixture
def holder(gp: Caregiver) -> Citizen:
    """A person who declared their attending doctor."""
    return build.citizen(attending_rpps=gp.facts.rpps)


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor nobody gave access to."""
    return build.caregiver("Aubry", "Lucie", structure="CHU de la Loire")


@pytest.fixture
def samu(machines: Machines) -> Caregiver:
    """A doctor at work in the place that regulates."""
    return build.caregiver("Nivert", "Sonia", structure="SAMU de la Loire", finess=FINESS)


def acts(holder: Citizen, *actions: Action) -> list[audit.Entry]:
    """What stands in the record's trail of these acts, newest first."""
    every = audit.entries(holder.record_id, mine=False, holder_actor_ids=[], before=None, limit=200)
    return [one for one in every if one.action in actions]


def subjects(address: str) -> list[str]:
    """Which messages wait for an address."""
    return [mail["message"] for mail in build.mails_to(address)]


def test_a_reason_and_a_text_open_for_four_hours_and_no_longer(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    standing = opened(doctor, holder)
    assert standing.in_emergency
    assert standing.may(Permission.DOCUMENTS_READ)
    assert standing.why == WORDS
    assert standing.ends_at == clock.now + timedelta(hours=4)
    clock.advance(timedelta(hours=4) - timedelta(seconds=1))
    still = again(standing)
    assert still is not None
    assert still.may(Permission.DOCUMENTS_READ)
    clock.advance(timedelta(seconds=1))
    over = again(standing)
    assert over is not None  # identified for some hours yet: deposit only
    assert not over.may(Permission.DOCUMENTS_READ)
    assert not over.in_emergency
    assert over.why == ""


def test_a_clock_set_back_does_not_lengthen_it(holder: Citizen, doctor: Caregiver, clock: FakeClock) -> None:
    standing = opened(doctor, holder)
    clock.advance(timedelta(hours=-2))
    earlier = again(standing)
    assert earlier is None or not earlier.may(Permission.DOCUMENTS_READ)


def test_what_was_written_is_in_the_trail_for_the_holder(holder: Citizen, doctor: Caregiver) -> None:
    opened(doctor, holder)
    (entry,) = acts(holder, Action.EMERGENCY_OPENED)
    assert entry.actor_id == doctor.id
    assert entry.detail["reason"] == WORDS
    assert (entry.detail["mode"], entry.detail["why"]) == ("break-glass", "unconscious")


def test_ending_closes_at_once_and_is_told(holder: Citizen, doctor: Caregiver) -> None:
    standing = opened(doctor, holder)
    assert ending.end(standing)
    now = again(standing)
    assert now is not None
    assert not now.may(Permission.DOCUMENTS_READ)
    assert not ending.end(standing)
    assert len(acts(holder, Action.EMERGENCY_ENDED)) == 1


def test_opening_twice_opens_once(holder: Citizen, doctor: Caregiver) -> None:
    standing = found(doctor, holder)
    first = emergency.open_record(standing, GLASS, Why.DANGER.value, WORDS)
    assert emergency.open_record(standing, GLASS, Why.DANGER.value, WORDS) == first
    assert len(acts(holder, Action.EMERGENCY_OPENED)) == 1


@pytest.mark.parametrize(
    ("why", "words", "fields"),
    [
        ("", WORDS, {"why"}),
        ("call", WORDS, {"why"}),
        ("curiosity", WORDS, {"why"}),
        ("unable", "", {"words"}),
        ("unable", "trop court", {"words"}),
        ("unable", "   a    b   ", {"words"}),
        ("unable", "x" * 501, {"words"}),
        ("", "", {"why", "words"}),
    ],
)
def test_reason_and_text_are_both_needed(
    holder: Citizen, doctor: Caregiver, why: str, words: str, fields: set[str]
) -> None:
    with pytest.raises(InvalidError) as wrong:
        emergency.open_record(found(doctor, holder), GLASS, why, words)
    assert wrong.value.problems.keys() == fields
    assert acts(holder, Action.EMERGENCY_OPENED, Action.EMERGENCY_REFUSED) == []


def test_the_proof_is_fresh(holder: Citizen, doctor: Caregiver, clock: FakeClock) -> None:
    standing = found(doctor, holder)
    with pytest.raises(StepUpError):
        emergency.open_record(unproved(standing), GLASS, Why.UNABLE.value, WORDS)
    clock.advance(timedelta(minutes=5))
    with pytest.raises(StepUpError):
        emergency.open_record(standing, GLASS, Why.UNABLE.value, WORDS)
    assert acts(holder, Action.EMERGENCY_OPENED) == []


def test_who_did_not_identify_the_person_opens_nothing(holder: Citizen, doctor: Caregiver) -> None:
    assert doctor.standing(holder.record_id) is None
    stranger = replace(found(doctor, holder), rights=frozenset())
    with pytest.raises(NotFoundError):
        emergency.open_record(stranger, GLASS, Why.UNABLE.value, WORDS)


def test_who_has_access_needs_no_emergency(holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor, Answer.GRANT)
    with pytest.raises(InvalidError):
        emergency.open_record(found(doctor, holder), GLASS, Why.UNABLE.value, WORDS)
    assert acts(holder, Action.EMERGENCY_OPENED, Action.EMERGENCY_REFUSED) == []


def test_a_blocked_professional_never_opens_and_is_told_what_an_opposition_tells(
    holder: Citizen, doctor: Caregiver
) -> None:
    build.consent(holder, doctor)
    (line,) = access.consents(holder.standing())
    access.answer(holder.standing(), line.id, Answer.BLOCK, version=line.version)
    told = refusal(found(doctor, holder))
    other = build.citizen("Lina", "Aubin")
    oppositions.oppose(other.standing(), GLASS)
    assert refusal(found(doctor, other)) == told
    assert len(acts(holder, Action.EMERGENCY_REFUSED)) == 1
    assert len(acts(other, Action.EMERGENCY_REFUSED)) == 1


def refusal(standing: Standing) -> dict[str, str]:
    """What a refused opening says."""
    with pytest.raises(InvalidError) as refused:
        emergency.open_record(standing, GLASS, Why.UNABLE.value, WORDS)
    return refused.value.problems


def test_a_block_closes_what_stands_open(holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor)
    standing = opened(doctor, holder)
    (line,) = access.consents(holder.standing())
    access.answer(holder.standing(), line.id, Answer.BLOCK, version=line.version)
    now = again(standing)
    assert now is not None
    assert not now.may(Permission.DOCUMENTS_READ)


def test_the_two_ways_are_opposed_apart(holder: Citizen, doctor: Caregiver, samu: Caregiver) -> None:
    own = holder.standing()
    assert oppositions.switches(own) == {GLASS: True, CENTRE: True}
    oppositions.oppose(own, GLASS)
    assert oppositions.switches(own) == {GLASS: False, CENTRE: True}
    refusal(found(doctor, holder))
    assert opened(samu, holder, CENTRE).in_emergency
    oppositions.oppose(own, CENTRE)
    with pytest.raises(InvalidError):
        emergency.open_record(found(samu, holder), CENTRE, "call", CALL)
    assert [one.detail["mode"] for one in acts(holder, Action.EMERGENCY_OPPOSED)] == ["centre-15", "break-glass"]


def test_opposing_closes_what_stands_open_by_that_way_only(holder: Citizen, doctor: Caregiver, samu: Caregiver) -> None:
    glass, call = opened(doctor, holder), opened(samu, holder, CENTRE)
    oppositions.oppose(holder.standing(), GLASS)
    closed, left = again(glass), again(call)
    assert closed is not None
    assert left is not None
    assert not closed.may(Permission.DOCUMENTS_READ)
    assert left.may(Permission.DOCUMENTS_READ)


def test_opposing_asks_for_nothing_and_taking_it_back_for_a_proof(holder: Citizen, doctor: Caregiver) -> None:
    own = unproved(holder.standing())
    oppositions.oppose(own, GLASS)
    oppositions.oppose(own, GLASS)
    with pytest.raises(StepUpError):
        oppositions.allow(own, GLASS)
    assert oppositions.opposed(holder.record_id) == {GLASS}
    oppositions.allow(holder.standing(), GLASS)
    assert oppositions.opposed(holder.record_id) == frozenset()
    assert opened(doctor, holder).in_emergency
    assert [len(acts(holder, one)) for one in (Action.EMERGENCY_OPPOSED, Action.EMERGENCY_ALLOWED)] == [1, 1]
    with pytest.raises(NotFoundError):
        oppositions.oppose(found(doctor, holder), GLASS)


def test_only_a_doctor_of_a_regulating_place_answers_calls(holder: Citizen, doctor: Caregiver, samu: Caregiver) -> None:
    nurse = build.caregiver("Diarra", "Awa", profession=build.NURSE, structure="SAMU de la Loire", finess=FINESS)
    assert rescuers.regulates(samu.actor)
    for other in (doctor, nurse):
        assert not rescuers.regulates(other.actor)
        with pytest.raises(NotFoundError):
            emergency.open_record(found(other, holder), CENTRE, "call", CALL)
    for short in ("", "17", "x" * 41):
        with pytest.raises(InvalidError) as wrong:
            emergency.open_record(found(samu, holder), CENTRE, "call", short)
        assert wrong.value.problems.keys() == {"reference"}
    assert not rescuers.regulates(holder.actor)


def test_what_is_hidden_stays_hidden(holder: Citizen, doctor: Caregiver) -> None:
    build.document(holder.standing(), "Radiographie")
    hidden = build.document(holder.standing(), "Bilan")
    states.hide(holder.standing(), hidden, choices=papers.document(holder.standing(), hidden).choices)
    standing = opened(doctor, holder)
    titles = {row.title for row in papers.page(standing).rows}
    assert "Bilan" not in titles
    with pytest.raises(NotFoundError):
        papers.document(standing, hidden)


def test_the_holder_is_told_at_once_and_the_attending_doctor_at_their_secure_address(
    holder: Citizen, doctor: Caregiver, gp: Caregiver
) -> None:
    opened(doctor, holder)
    assert "emergency-access" in subjects(holder.email)
    (mail,) = build.mails_to(gp.facts.mssante)
    assert mail["message"] == "practice-emergency"
    assert holder.name not in str(mail)
    (line,) = emergency.on_my_patients(gp.actor)
    assert (line.name, line.record_id) == (doctor.facts.display_name, holder.record_id)
    assert emergency.on_my_patients(doctor.actor) == []


def test_the_attending_doctor_who_opens_is_not_told_of_it(holder: Citizen, gp: Caregiver) -> None:
    opened(gp, holder)
    assert build.mails_to(gp.facts.mssante) == []
    assert emergency.on_my_patients(gp.actor) == []


def test_of_a_minor_the_representatives_are_told_but_not_a_frozen_one(
    gp: Caregiver, doctor: Caregiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    mother, father = build.citizen("Claire", "Fontenay"), build.citizen("Mathieu", "Lecomte", sex="M")
    child = build.citizen(
        "Jules", "Fontenay", sex="M", birth=date(2017, 7, 26), parents=(mother, father), activated=False
    )
    monkeypatch.setattr(family, "representatives", lambda _record: [mother.person_id])
    opened(doctor, child)
    assert "emergency-access" in subjects(mother.email)
    assert "emergency-access" not in subjects(father.email)
    standing = mother.standing(child.record_id)
    assert [one.words for one in emergency.recent(standing)] == [WORDS]


def test_the_access_page_gets_its_lines_and_closes_one_in_one_press(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    standing = opened(doctor, holder)
    (line,) = emergency.recent_lines(holder.standing())
    assert (line.name, line.state) == (doctor.facts.display_name, SeerState.OPEN)
    assert [act.place for act in line.acts] == [f"/acces/urgence/{line.id}/fin"]
    assert ending.stop(unproved(holder.standing()), line.id)
    now = again(standing)
    assert now is not None
    assert not now.may(Permission.DOCUMENTS_READ)
    (line,) = emergency.recent_lines(holder.standing())
    assert (line.state, line.acts) == (SeerState.ENDED, ())
    with pytest.raises(NotFoundError):
        ending.stop(holder.standing(), holder.record_id)
    clock.advance(timedelta(days=31))
    assert emergency.recent_lines(holder.standing()) == []


def test_of_another_record_nothing_is_seen_or_closed(holder: Citizen, doctor: Caregiver) -> None:
    opened(doctor, holder)
    (line,) = emergency.recent_lines(holder.standing())
    other = build.citizen("Samira", "Cherif")
    assert emergency.recent_lines(other.standing()) == []
    with pytest.raises(NotFoundError):
        ending.stop(other.standing(), line.id)


def test_a_closed_record_opens_in_no_emergency(holder: Citizen, doctor: Caregiver, clock: FakeClock) -> None:
    standing = opened(doctor, holder)
    records.close(holder.actor, holder.record_id)
    assert again(standing) is None


@pytest.mark.parametrize(
    ("profession", "may"), [("10", True), ("60", True), ("35", True), ("71", False), ("93", False)]
)
def test_any_health_professional_breaks_the_glass_and_nobody_else(holder: Citizen, profession: str, may: bool) -> None:
    other = build.caregiver("Renard", "Thomas", profession=profession)
    assert rescuers.may_break_glass(other.actor) is may
    if may:
        assert opened(other, holder).in_emergency
        return
    with pytest.raises(NotFoundError):
        emergency.open_record(found(other, holder), GLASS, Why.UNABLE.value, WORDS)
