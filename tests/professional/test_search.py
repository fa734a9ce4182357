"""The search: exact identity only, misses counted, each search traced (R50)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask

from espace import settings
from espace.access import services as access
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, ThrottledError
from espace.machines import Machines
from espace.professional.services.search import PatientSearch, find_patient, my_patients
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an open record."""
    access.ensure_matrix()
    return build.citizen(birth=date(1988, 3, 14))


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor."""
    return build.caregiver()


def miss(doctor: Caregiver) -> None:
    """A search that finds nobody."""
    with pytest.raises(InvalidError):
        find_patient(doctor.actor, PatientSearch(build.ins(), date(1984, 5, 12)))


def own_acts(doctor: Caregiver) -> list[Action]:
    """What stands in the professional's own chain, but for sign-ins."""
    found = audit.entries(doctor.id, mine=True, holder_actor_ids=[doctor.id], before=None, limit=500)
    return [entry.action for entry in found if entry.action is not Action.SIGNED_IN]


def test_the_exact_number_and_birth_date_find_and_the_holder_reads_it(holder: Citizen, doctor: Caregiver) -> None:
    spaced = " ".join(holder.ins)
    assert find_patient(doctor.actor, PatientSearch(spaced, holder.birth_date)) == holder.record_id
    entries = audit.entries(holder.record_id, mine=False, holder_actor_ids=[], before=None)
    assert entries[0].action is Action.PATIENT_FOUND
    assert (entries[0].actor_id, entries[0].actor_name) == (doctor.id, doctor.facts.display_name)
    assert own_acts(doctor) == []
    assert doctor.standing(holder.record_id) is not None
    assert [line.record_id for line in my_patients(doctor.actor)] == [holder.record_id]


def test_a_miss_is_written_on_the_professional_s_own_chain_without_what_was_typed(
    holder: Citizen, doctor: Caregiver
) -> None:
    for search in (
        PatientSearch(holder.ins, date(1988, 3, 15)),
        PatientSearch(build.ins(birth=date(1988, 3, 14)), date(1988, 3, 14)),
    ):
        with pytest.raises(InvalidError) as missed:
            find_patient(doctor.actor, search)
        assert missed.value.problems.keys() == {""}
    assert own_acts(doctor) == [Action.PATIENT_SEARCHED] * 2
    for entry in audit.entries(doctor.id, mine=True, holder_actor_ids=[doctor.id], before=None):
        assert holder.ins not in str(entry)
        assert "1988" not in str(entry)
    assert doctor.standing(holder.record_id) is None


def test_after_the_misses_of_an_hour_even_the_right_search_is_not_looked_at(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    for _ in range(20):
        clock.advance(timedelta(minutes=1))
        miss(doctor)
    for _ in range(2):
        with pytest.raises(ThrottledError) as refused:
            find_patient(doctor.actor, PatientSearch(holder.ins, holder.birth_date))
        assert refused.value.wait == 41 * 60
    assert len(own_acts(doctor)) == 20
    find_patient(build.caregiver("Diarra", "Awa", profession="60").actor, PatientSearch(holder.ins, holder.birth_date))
    clock.advance(timedelta(minutes=41))
    assert find_patient(doctor.actor, PatientSearch(holder.ins, holder.birth_date)) == holder.record_id


@on_sqlite
def test_the_limit_is_a_setting_that_may_only_be_tightened(
    machines: Machines, holder: Citizen, doctor: Caregiver
) -> None:
    settings.bind(replace(machines.settings, search_misses_per_hour=2))
    miss(doctor)
    miss(doctor)
    with pytest.raises(ThrottledError):
        find_patient(doctor.actor, PatientSearch(holder.ins, holder.birth_date))


WILD = [
    "%",
    "*",
    "_" * 15,
    "2" * 14 + "%",
    "2?803 75056 001 12",
    "",
    "Fontenay",
    "2" * 16,
    "' OR 1=1 --     ",
    "２" * 15,
]


@on_sqlite
@pytest.mark.parametrize("number", WILD)
def test_what_is_no_number_is_not_looked_up_and_counts_for_nothing(doctor: Caregiver, number: str) -> None:
    with pytest.raises(InvalidError) as refused:
        find_patient(doctor.actor, PatientSearch(number, date(1988, 3, 14)))
    assert refused.value.problems.keys() == {"ins"}
    assert own_acts(doctor) == []


@on_sqlite
@pytest.mark.parametrize("day", [None, date(2027, 1, 1)])
def test_without_a_birth_date_nothing_is_looked_up(holder: Citizen, doctor: Caregiver, day: date | None) -> None:
    with pytest.raises(InvalidError) as refused:
        find_patient(doctor.actor, PatientSearch(holder.ins, day))
    assert refused.value.problems.keys() == {"birth_date"}
    assert own_acts(doctor) == []


@on_sqlite
def test_the_search_page_keeps_what_was_typed_and_never_puts_it_in_an_address(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    browser = doctor.browser(app)
    form = browser.get("/pro/patients").form("ins", "birth_date")
    page = browser.submit(form, {"ins": holder.ins[:14], "birth_date": "14/03/1988"}, expect=422)
    assert "14 chiffres, il en faut 15" in page.text
    form = page.form("ins", "birth_date")
    assert form.values["birth_date"] == ["14/03/1988"]
    page = browser.submit(form, {"ins": holder.ins, "birth_date": "13/03/1988"}, expect=422)
    assert "Aucun dossier" in page.text
    answer = browser.submit(
        page.form("ins", "birth_date"), {"ins": holder.ins, "birth_date": "14031988"}, expect=303, follow=False
    )
    assert answer.headers["Location"] == f"/pro/patients/{holder.record_id}/"
    page = browser.get(f"/pro/patients/{holder.record_id}/")
    assert holder.name in page.text
    assert holder.name in browser.get("/pro/").text


@on_sqlite
def test_the_page_says_when_the_search_opens_again(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    for _ in range(20):
        miss(doctor)
    browser = doctor.browser(app)
    form = browser.get("/pro/patients").form("ins")
    page = browser.submit(form, {"ins": holder.ins, "birth_date": "14/03/1988"}, expect=429)
    assert "60 minutes" in page.text
    assert page.headers["Retry-After"] == "3600"
