"""Openings in an emergency tried for more than they give: other places, other clocks, after a no, after the end."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert

from espace import clock as clocks
from espace import crypto, db
from espace.access import services as access
from espace.access.models import Opposition
from espace.access.policy import Window
from espace.access.services import Answer
from espace.access.services.decisions import blocking
from espace.access.services.emergencies import emergency, ending, oppositions, reviews
from espace.access.services.emergencies.emergency import Why
from espace.access.services.passing import codes, counter
from espace.audit import services as audit
from espace.audit.services import Action, Look
from espace.errors import InvalidError, NotFoundError
from espace.home.services import telling
from espace.machines import Machines
from espace.people import services as people
from espace.permissions import Permission, Role, Standing
from espace.records import services as records
from espace.settings import Settings
from tests.support import build, office
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock

from .emergencies import CALL, CENTRE, FINESS, GLASS, WORDS, again, found, opened


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house in whose settings one place answers calls to the centre 15."""
    return replace(settings, regulation_structures=f"1{FINESS}")


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person."""
    access.ensure_matrix()
    return build.citizen()


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor nobody gave access to."""
    return build.caregiver("Aubry", "Lucie", structure="CHU de la Loire")


def reads(standing: Standing | None) -> bool:
    """Whether one may read."""
    return standing is not None and standing.may(Permission.DOCUMENTS_READ)


def refused(standing: Standing, mode: access.EmergencyMode = GLASS) -> bool:
    """Whether the choices of the person keep the professional out."""
    why = Why.UNABLE.value if mode is GLASS else Why.CALL.value
    with pytest.raises(InvalidError) as wrong:
        emergency.open_record(standing, mode, why, WORDS if mode is GLASS else CALL)
    return wrong.value.problems.keys() == {""} and not reads(again(standing))


def test_who_was_closed_out_by_the_person_does_not_come_back_by_that_way_for_as_long(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    opened(doctor, holder)
    (line,) = emergency.recent(holder.standing())
    assert ending.stop(holder.standing(), line.id)
    assert refused(found(doctor, holder))
    other = build.caregiver("Renard", "Thomas")
    assert reads(opened(other, holder)), "the person said no to one professional"
    clock.advance(timedelta(hours=4) - timedelta(seconds=1))
    assert refused(found(doctor, holder))
    clock.advance(timedelta(seconds=1))
    assert reads(opened(doctor, holder))


def test_who_ended_it_themself_may_open_it_again_with_a_reason(holder: Citizen, doctor: Caregiver) -> None:
    ending.end(opened(doctor, holder))
    assert reads(opened(doctor, holder))
    assert len(emergency.recent(holder.standing())) == 2


def test_the_one_asked_to_explain_is_still_told_who_closed_it(holder: Citizen, doctor: Caregiver) -> None:
    """What the house writes down about an opening and what its people did to it stand side by side."""
    privacy = office.officer(Role.PRIVACY_OFFICER)
    opened(doctor, holder)
    (waiting,), _ = reviews.queue(privacy.actor, settled=False)
    ending.stop(holder.standing(), waiting.id)
    (now,), _ = reviews.queue(privacy.actor, settled=False)
    reviews.decide(privacy.actor, now.record_id, now.id, reviews.Review.ASKED, "Pourquoi ?", version=now.version)
    (line,) = emergency.recent(holder.standing())
    assert line.was_closed


def test_hours_are_not_strung_together_without_a_reason_each(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    standing = opened(doctor, holder)
    clock.advance(timedelta(hours=3, minutes=59))
    until = emergency.open_record(found(doctor, holder), GLASS, Why.UNABLE.value, WORDS)
    assert until == standing.ends_at, "asked again before the end, it does not go on for longer"
    clock.advance(timedelta(minutes=1))
    assert not reads(again(standing))


def test_an_opening_of_a_clock_that_went_wrong_neither_opens_nor_bars_the_way(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    clock.advance(timedelta(days=400))
    standing = opened(doctor, holder)
    clock.advance(timedelta(days=-400))
    assert not reads(again(standing))
    now = opened(doctor, holder)
    assert reads(now)
    assert now.ends_at == clock.now + timedelta(hours=4)


def test_the_centre_15_is_read_where_its_calls_are_answered_and_nowhere_else(holder: Citizen) -> None:
    samu = build.caregiver("Nivert", "Sonia", structure="SAMU de la Loire", finess=FINESS)
    standing = opened(samu, holder, CENTRE)
    assert reads(standing)
    practice = build.caregiver("Petit", "Anne", structure="Cabinet des Lices", finess="350000777").facts.structures[0]
    elsewhere = replace(standing.actor, structure_id=practice.id, structure=practice.display_name)
    assert not reads(access.standing(elsewhere, holder.record_id))
    assert reads(again(standing)), "where the call was answered it goes on"


def test_an_opposition_written_in_the_same_instant_counts(holder: Citizen, doctor: Caregiver) -> None:
    """Two units of work that did not see each other: the opening stands in its table, the opposition in its own."""
    standing = opened(doctor, holder)
    with db.write() as tx:
        row = {"record_id": holder.record_id, "break_glass": True, "centre_15": False}
        tx.execute(insert(Opposition).values(**row, changed_at=clocks.now()))
    assert not reads(again(standing))


def test_an_opposition_taken_back_does_not_open_again_what_it_closed(holder: Citizen, doctor: Caregiver) -> None:
    standing = opened(doctor, holder)
    oppositions.oppose(holder.standing(), GLASS)
    oppositions.allow(holder.standing(), GLASS)
    assert not reads(again(standing))


@pytest.mark.parametrize("has_line", [False, True], ids=["came-by-it-alone", "had-asked"])
@pytest.mark.parametrize("way", ["emergency", "code"])
def test_a_block_taken_back_does_not_open_again_what_it_closed(
    holder: Citizen, doctor: Caregiver, way: str, *, has_line: bool
) -> None:
    if has_line:
        build.consent(holder, doctor)
    if way == "emergency":
        standing = opened(doctor, holder)
    else:
        code_id = codes.make(holder.standing(), Window.READ, 60)
        standing = found(doctor, holder)
        counter.use(standing.actor, codes.code(holder.standing(), code_id).digits, holder.birth_date)
    assert reads(again(standing))
    assert blocking.block(holder.standing(), doctor.id)
    assert not reads(again(standing))
    (line,) = access.consents(holder.standing())
    access.answer(holder.standing(), line.id, Answer.UNBLOCK, version=line.version)
    assert not reads(again(standing))


def _teen(mother: Citizen, age: int) -> Citizen:
    return build.citizen("Léa", birth=date(2026 - age, 6, 1), parents=(mother,), activated=False)


def test_who_is_blocked_with_their_place_is_refused_and_told_nothing_else(holder: Citizen, doctor: Caregiver) -> None:
    place = doctor.facts.structures[0]
    blocking.block_place(holder.standing(), place.id)
    assert refused(found(doctor, holder))
    assert emergency.recent(holder.standing()) == []
    elsewhere = build.caregiver("Renard", "Thomas")
    assert reads(opened(elsewhere, holder))


@pytest.mark.parametrize(("age", "words"), [(9, WORDS), (11, WORDS), (12, ""), (14, ""), (17, "")])
def test_parents_of_an_adolescent_are_told_of_an_opening_and_not_what_was_written(
    app: Flask, holder: Citizen, doctor: Caregiver, age: int, words: str
) -> None:
    child = _teen(holder, age)
    standing = opened(doctor, child)
    assert reads(standing)
    look_at_documents(doctor, standing, app, child)
    assert "emergency-access" in [mail["message"] for mail in build.mails_to(holder.email)]
    own = holder.standing(child.record_id)
    (line,) = emergency.recent(own)
    assert (line.name, line.why, line.words) == (doctor.facts.display_name, Why.UNCONSCIOUS, words)
    entries = telling.told(own, Look(own.actor.id), before=None, count=50)
    assert {entry.detail["why"] for entry in entries if entry.action is Action.EMERGENCY_OPENED} == {"unconscious"}
    assert (WORDS in str(entries)) is bool(words)
    browser = holder.browser(app)
    for place in ("acces/urgence", "historique"):
        page = browser.get(f"/dossiers/{child.record_id}/{place}")
        assert doctor.facts.display_name in page.text
        assert (WORDS in page.text) is bool(words)


def look_at_documents(doctor: Caregiver, standing: Standing, app: Flask, child: Citizen) -> None:
    """Have the doctor look at the documents: rows of the trail carry why they could."""
    browser = doctor.browser(app)
    browser.get(f"/pro/patients/{child.record_id}/documents")
    assert standing.why == WORDS


def test_the_professional_reads_who_will_read_it(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    for whose, said in (
        (holder, "La personne le lira"),
        (_teen(holder, 14), "Le mineur le lira, ses parents non"),
        (_teen(holder, 8), "Les parents le liront"),
    ):
        access.note_encounter(doctor.actor, whose.record_id)
        assert said in doctor.browser(app).get(f"/pro/patients/{whose.record_id}/urgence").text


def test_of_an_erased_record_nothing_is_left_to_break_a_page(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    """Its key is gone at once, its rows when the worker comes by."""
    privacy = office.officer(Role.PRIVACY_OFFICER)
    gp = build.caregiver("Morvan", "Hélène")
    patient, other = build.citizen(attending_rpps=gp.facts.rpps), build.citizen("Yves", "Quéméner", sex="M")
    opened(doctor, patient)
    opened(doctor, other)
    (_, first), _ = reviews.queue(privacy.actor, settled=False)
    assert first.record_id == patient.record_id
    with db.write() as tx:
        crypto.destroy(tx, patient.record_id)
    (left,), _ = reviews.queue(privacy.actor, settled=False)
    assert left.record_id == other.record_id
    with pytest.raises(NotFoundError):
        reviews.look(privacy.actor, first.record_id, first.id)
    gp.browser(app).get("/pro/urgences", expect=200)
    doctor.browser(app).get("/pro/", expect=200)


def test_of_a_person_without_any_address_the_attending_doctor_and_the_house_are_told(machines: Machines) -> None:
    """Nobody can write to them: their trail has it, and those who look after it were told (AR-10)."""
    access.ensure_matrix()
    privacy = office.officer(Role.PRIVACY_OFFICER)
    gp = build.caregiver("Morvan", "Hélène", mssante="helene.morvan@loire.mssante.fr")
    born = date(1931, 2, 3)
    traits = people.Traits(
        ins=build.ins(sex="F", birth=born), birth_name="Le Goff", first_names=("Odette",), sex="F", birth_date=born
    )
    person_id, _ = people.save_person(traits)
    record_id = records.open_record(person_id, attending_rpps=gp.facts.rpps, delay=timedelta(0))
    doctor = build.caregiver("Aubry", "Lucie")
    opened(doctor, Citizen(person_id, record_id, traits.ins, traits.display_name, born))
    for address, message in ((privacy.email, "emergency-waits"), (gp.facts.mssante, "practice-emergency")):
        assert message in [mail["message"] for mail in build.mails_to(address)]
    assert build.mails_to("") == []
    trail = audit.entries(record_id, mine=False, holder_actor_ids=[], before=None)
    assert [one.actor_id for one in trail if one.action is Action.EMERGENCY_OPENED] == [doctor.id]
