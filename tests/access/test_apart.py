"""Doctors of the workplace and of fire services: nothing without the person's express agreement (rules.md AR-12)."""

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from espace import settings as given
from espace.access import services as access
from espace.access.policy import Window
from espace.access.services import Answer, Collected, How, Scope
from espace.access.services.emergencies import emergency
from espace.access.services.passing import codes, counter
from espace.errors import InvalidError
from espace.machines import Machines
from espace.permissions import Permission, Standing
from espace.settings import Settings
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.build import Caregiver, Citizen

from .emergencies import GLASS, WORDS, found

FIRE, WORK, HOSPITAL = "350000911", "350000912", "350000913"
READ, DEPOSIT = Permission.DOCUMENTS_READ, Permission.DOCUMENTS_DEPOSIT
APART = {"specialty": {"specialty": "SM25", "finess": HOSPITAL}, "work": {"finess": WORK}, "fire": {"finess": FIRE}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house in whose settings one place watches over people at work and one puts out fires."""
    return replace(settings, fire_structures=f"1{FIRE}", occupational_structures=f"1{WORK}")


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))


@pytest.fixture(params=list(APART))
def doctor(request: pytest.FixtureRequest, machines: Machines) -> Caregiver:
    """A doctor set apart: by their specialty, or by the place where they practise."""
    return build.caregiver("Belhadj", "Karim", structure="Centre des Lices", **APART[request.param])


def rights(doctor: Caregiver, holder: Citizen) -> frozenset[Permission]:
    """What they may do now."""
    standing = doctor.standing(holder.record_id)
    return standing.rights if standing is not None else frozenset()


def give_to_team(holder: Citizen, doctor: Caregiver) -> None:
    """Have the place of the doctor named through a nurse who practises there, in a house that knew nothing of it."""
    place = doctor.facts.structures[0]
    nurse = build.caregiver("Petit", "Anne", profession=build.NURSE, structure=place.name, finess=place.number[1:])
    house = given.current()
    given.bind(replace(house, fire_structures="", occupational_structures=""))
    access.give(holder.standing(), nurse.id, days=90, place_id=nurse.facts.structures[0].id)
    given.bind(house)
    assert READ in rights(nurse, holder)


def test_a_team_s_agreement_does_not_reach_them(holder: Citizen, doctor: Caregiver) -> None:
    give_to_team(holder, doctor)
    assert rights(doctor, holder) == frozenset()
    assert found(doctor, holder).rights == {Permission.PATIENT_PAGE, Permission.ACCESS_ASK}


def test_identifying_somebody_opens_no_deposit_unless_the_house_says_so(holder: Citizen, doctor: Caregiver) -> None:
    assert DEPOSIT not in found(doctor, holder).rights
    given.bind(replace(given.current(), express_doctors_may_deposit=True))
    assert DEPOSIT in found(doctor, holder).rights
    assert READ not in found(doctor, holder).rights


def test_being_named_opens_reading_and_deposit_until_it_ends(holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor, Answer.GRANT)
    assert {READ, DEPOSIT} <= rights(doctor, holder)
    (line,) = access.consents(holder.standing())
    access.answer(holder.standing(), line.id, Answer.REVOKE, version=line.version)
    assert not {READ, DEPOSIT} & rights(doctor, holder)


@pytest.mark.parametrize("opens", ["read", "deposit"])
def test_a_code_shown_to_them_opens_what_it_says_and_no_more(holder: Citizen, doctor: Caregiver, opens: str) -> None:
    found(doctor, holder)  # an identification before adds nothing
    code_id = codes.make(holder.standing(), Window(opens), 60)
    digits = codes.code(holder.standing(), code_id).digits
    counter.use(doctor.actor, digits, holder.birth_date)
    assert READ in rights(doctor, holder)
    assert (DEPOSIT in rights(doctor, holder)) is (opens == "deposit")


def test_where_nobody_can_agree_they_open_in_an_emergency_as_others_do(holder: Citizen, doctor: Caregiver) -> None:
    standing = found(doctor, holder)
    emergency.open_record(standing, GLASS, "unconscious", WORDS)
    assert {READ, DEPOSIT} <= rights(doctor, holder)


def test_elsewhere_a_fire_doctor_is_a_doctor_like_others(holder: Citizen) -> None:
    volunteer = build.caregiver("Rivet", "Paul", finess=HOSPITAL)
    assert DEPOSIT in found(volunteer, holder).rights


def test_a_nurse_of_such_a_place_is_not_set_apart(holder: Citizen) -> None:
    assert DEPOSIT in found(build.caregiver("Petit", "Anne", profession=build.NURSE, finess=FIRE), holder).rights


def test_they_ask_for_themselves_alone_and_are_answered_by_name(holder: Citizen, doctor: Caregiver) -> None:
    standing = found(doctor, holder)
    with pytest.raises(InvalidError) as refused:
        access.ask(standing, "Visite de reprise", scope=Scope.TEAM)
    assert refused.value.problems.keys() == {"scope"}
    access.ask(standing, "Visite de reprise")
    (line,) = access.consents(holder.standing())
    with pytest.raises(InvalidError):
        access.answer(holder.standing(), line.id, Answer.GRANT, version=line.version, days=90, scope=Scope.TEAM)
    assert READ not in rights(doctor, holder)


def test_nobody_gives_to_a_team_through_them(holder: Citizen, doctor: Caregiver) -> None:
    with pytest.raises(InvalidError) as refused:
        access.give(holder.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)
    assert refused.value.problems.keys() == {"scope"}


def said(doctor: Caregiver, *, limits: bool = True) -> Collected:
    """What is written down for them."""
    return Collected(doctor.id, How.SAID, 90, told=True, limits_told=limits)


def test_an_agreement_is_written_down_by_themselves_with_what_can_be_kept_from_them(
    holder: Citizen, doctor: Caregiver
) -> None:
    colleague = build.caregiver("Petit", "Anne", profession=build.NURSE, finess=HOSPITAL)
    with pytest.raises(InvalidError):
        access.collect(found(colleague, holder), said(doctor))
    standing: Standing = found(doctor, holder)
    with pytest.raises(InvalidError) as refused:
        access.collect(standing, said(doctor, limits=False))
    assert refused.value.problems.keys() == {"limits"}
    with pytest.raises(InvalidError):
        access.collect(standing, replace(said(doctor), place_id=doctor.facts.structures[0].id))
    assert READ not in rights(doctor, holder)
    access.collect(standing, said(doctor))
    assert READ in rights(doctor, holder)


def test_the_pages_say_so_on_both_sides(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    base = f"/pro/patients/{holder.record_id}"
    browser: Browser = doctor.browser(app)
    found(doctor, holder)
    page = browser.get(f"{base}/")
    assert "ni lire ni déposer" in page.text
    assert "accord exprès" in page.text
    assert "Déposer un document" not in page.text
    browser.get(f"{base}/deposer", expect=404)
    page = browser.get(f"{base}/consentement")
    assert "accord exprès" in page.text
    form = page.form("reason")
    assert "scope" not in form.names
    browser.submit(form, {"reason": "Visite de reprise"}, expect=200)
    own = f"/dossiers/{holder.record_id}/acces"
    person = holder.browser(app)
    page = person.get(own)
    assert "seulement si vous le nommez" in page.text
    assert "scope" not in page.form("decision", "days").names
    (line,) = access.consents(holder.standing())
    person.submit(page.form("decision", "days"), {"days": "90"}, button="decision=grant", expect=200)
    assert READ in rights(doctor, holder)
    table = person.get(f"{own}/professions?p=G15_10").text
    assert "médecins des pompiers" in table
    assert "seulement si vous le nommez" in person.get(f"{own}/professions?p=G15_10%2FSM25").text
    access.answer(holder.standing(), line.id, Answer.REVOKE, version=line.version + 1)
    page = person.get(f"{own}/donner/{doctor.id}")
    assert "seulement si vous le nommez" in page.text
    assert "scope" not in page.form("days").names
    person.submit(page.form("days"), {"days": "90"}, expect=200)
    assert READ in rights(doctor, holder)
