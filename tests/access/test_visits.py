"""The last visit tells a reader of the access page only of visits they may know of (R13)."""

from datetime import date, timedelta

import pytest
from flask import Flask

from espace.access import services as access
from espace.documents.services.deciding import secrecy as acts
from espace.family import services as family
from espace.machines import Machines
from tests.documents.house import change
from tests.family.caring import READ, made, scope
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
        self.other = build.document(self.teen.standing(), "Ordinaire aussi")
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


def test_what_becomes_secret_after_a_visit_takes_its_instant_along(app: Flask, home: Home, clock: FakeClock) -> None:
    """No last visit is left of a reading the history does not tell any more (R13)."""
    base = f"/pro/patients/{home.teen.record_id}/documents"
    doctor = home.doctor.browser(app)
    doctor.get(f"{base}/{home.open}")
    first = clock.now
    clock.advance(timedelta(minutes=40))
    home.doctor.browser(app).get(f"{base}/{home.other}")
    assert last_visit(home, home.mother) == clock.now
    second = clock.now
    acts.keep_secret(home.teen.standing(), home.other, choices=0)
    assert last_visit(home, home.teen) == second
    assert last_visit(home, home.mother) == first
    acts.keep_secret(home.teen.standing(), home.open, choices=0)
    assert last_visit(home, home.mother) is None
    page = home.mother.browser(app).get(f"/dossiers/{home.teen.record_id}/acces").text
    assert "Aucune visite pour l'instant" in page


def test_a_sitting_keeps_the_instant_at_which_it_became_known(app: Flask, home: Home, clock: FakeClock) -> None:
    """Made anew from the trail, the instants are those of a house in which the secret never was."""
    base = f"/pro/patients/{home.teen.record_id}/documents"
    doctor = home.doctor.browser(app)
    doctor.get(f"{base}/{home.other}")
    clock.advance(timedelta(minutes=10))
    known = clock.now
    doctor.get(f"{base}/{home.open}")
    clock.advance(timedelta(minutes=10))
    doctor.get(base)
    assert last_visit(home, home.mother) == known - timedelta(minutes=10)
    acts.keep_secret(home.teen.standing(), home.other, choices=0)
    assert last_visit(home, home.mother) == known


def test_a_parent_and_a_carer_are_told_as_the_history_tells_them(app: Flask, home: Home, clock: FakeClock) -> None:
    record = home.teen.record_id
    carer = build.citizen("Soazig", "Diallo", birth=date(1979, 5, 7))
    made(home.mother.standing(record), carer, scope(READ))
    clock.advance(timedelta(hours=1))
    carer.browser(app).get(f"/dossiers/{record}/documents/{home.other}")
    seen = clock.now
    clock.advance(timedelta(hours=1))
    home.mother.browser(app).get(f"/dossiers/{record}/documents")
    for reader, mine in ((home.mother, False), (home.teen, True)):
        standing = reader.standing(record)
        assert family.last_act(standing, carer.person_id, as_carer=True) == seen
        assert not mine or family.last_act(standing, home.mother.person_id) == clock.now
    acts.keep_secret(home.teen.standing(), home.other, choices=0)
    assert family.last_act(home.teen.standing(), carer.person_id, as_carer=True) == seen
    told = family.last_act(home.mother.standing(record), carer.person_id, as_carer=True)
    assert told is not None
    assert told < seen  # that they said yes
    page = home.teen.browser(app).get(f"/dossiers/{record}/acces")
    assert page.text.count("Dernière visite") == 2


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
