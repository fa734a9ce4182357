"""The last visit tells a reader of the access page only of visits they may know of (R13)."""

from datetime import timedelta

import pytest
from flask import Flask

from espace.access import services as access
from espace.machines import Machines
from tests.documents.house import change
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock


class Home:
    """A mother, her daughter of sixteen with an account of her own, and their doctor."""

    def __init__(self, clock: FakeClock) -> None:
        access.ensure_matrix()
        self.mother = build.citizen()
        birth = clock.now.date() - timedelta(days=365 * 16 + 30)
        self.teen = build.citizen("Zoé", birth=birth, parents=(self.mother,))
        self.doctor = build.caregiver()
        build.consent(self.teen, self.doctor, access.Answer.GRANT)
        self.open = build.document(self.teen.standing(), "Ordinaire")
        self.secret = build.document(self.teen.standing(), "Secret")
        change(self.secret, representatives_invisible=True)
        self.withheld = build.document(self.teen.standing(), "À annoncer")
        change(self.withheld, patient_invisible=True)


@pytest.fixture
def home(machines: Machines, clock: FakeClock) -> Home:
    """Them."""
    return Home(clock)


def last_visit(home: Home, reader: Citizen) -> object:
    """What the one line of the access page says to a reader."""
    (line,) = access.consents(reader.standing(home.teen.record_id))
    return line.last_visit_at


def first_reading_told(person: Citizen) -> int:
    """How often somebody was told of a first reading."""
    return [mail["message"] for mail in build.mails_to(person.email)].count("first-access")


def test_a_visit_to_secret_care_alone_is_known_to_the_young_person_and_not_to_the_mother(
    app: Flask, home: Home, clock: FakeClock
) -> None:
    browser = home.doctor.browser(app)
    base = f"/pro/patients/{home.teen.record_id}/documents"
    before = home.mother.browser(app).get(f"/dossiers/{home.teen.record_id}/acces").text
    browser.get(f"{base}/{home.secret}")
    assert last_visit(home, home.teen) == clock.now
    assert last_visit(home, home.mother) is None
    assert (first_reading_told(home.teen), first_reading_told(home.mother)) == (1, 0)
    assert home.mother.browser(app).get(f"/dossiers/{home.teen.record_id}/acces").text == before
    clock.advance(timedelta(minutes=5))
    browser.get(f"{base}/{home.open}")
    assert last_visit(home, home.mother) == clock.now == last_visit(home, home.teen)
    assert (first_reading_told(home.teen), first_reading_told(home.mother)) == (1, 1)
    known = last_visit(home, home.mother)
    clock.advance(timedelta(hours=2))
    home.doctor.browser(app).get(f"{base}/{home.secret}")
    assert last_visit(home, home.mother) == known


def test_a_visit_to_what_is_not_announced_yet_is_known_to_nobody_of_the_record(
    app: Flask, home: Home, clock: FakeClock
) -> None:
    browser = home.doctor.browser(app)
    browser.get(f"/pro/patients/{home.teen.record_id}/documents/{home.withheld}")
    assert (last_visit(home, home.teen), last_visit(home, home.mother)) == (None, None)
    assert (first_reading_told(home.teen), first_reading_told(home.mother)) == (0, 0)
    browser.get(f"/pro/patients/{home.teen.record_id}/documents")
    assert last_visit(home, home.teen) == clock.now == last_visit(home, home.mother)


def test_every_visit_counts_and_looks_within_half_an_hour_are_one(app: Flask, home: Home, clock: FakeClock) -> None:
    browser = home.doctor.browser(app)
    base = f"/pro/patients/{home.teen.record_id}/documents"
    first = clock.now
    browser.get(base)
    clock.advance(timedelta(minutes=20))
    browser.get(base)
    assert last_visit(home, home.mother) == first
    clock.advance(timedelta(hours=1))
    home.doctor.browser(app).get(base)
    assert last_visit(home, home.mother) == clock.now
    assert first_reading_told(home.mother) == 1


def test_the_visit_of_a_team_is_that_of_any_who_practises_there(app: Flask, home: Home, clock: FakeClock) -> None:
    nurse: Caregiver = build.caregiver("Petit", "Anne", profession=build.NURSE, finess="350000779")
    place = nurse.facts.structures[0].id
    access.give(home.teen.standing(), nurse.id, days=90, place_id=place)
    browser = nurse.browser(app)
    browser.get(f"/pro/patients/{home.teen.record_id}/documents")
    (line,) = [one for one in access.consents(home.teen.standing()) if one.is_team]
    assert line.last_visit_at == clock.now
    assert first_reading_told(home.teen) == 1
