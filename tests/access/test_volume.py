"""Volume caps (R48): many records in an hour ask for a new sign-in, too many in a day stop, and both are alerts."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.access.services.passing import counter
from espace.access.services.watching import alerts, suspensions, volume
from espace.access.services.watching.alerts import AlertFacts, Kind, State
from espace.access.services.watching.suspensions import Cause
from espace.accounts import services as accounts
from espace.errors import ConflictError, NotFoundError, StepUpError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Actor, Role
from espace.professional.services import sign_in
from espace.professional.services.search import PatientSearch, find_patient
from espace.professional.services.sign_in import SignInRefusedError
from tests.support import build, office
from tests.support.build import Caregiver
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite
from tests.support.office import Officer


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor with a secure address."""
    access.ensure_matrix()
    return build.caregiver(mssante="h.morvan@loire.mssante.fr")


@pytest.fixture
def privacy(machines: Machines) -> Officer:
    """The privacy officer."""
    return office.officer(Role.PRIVACY_OFFICER)


def reach(actor: Actor, many: int, clock: FakeClock, every: timedelta = timedelta(seconds=20)) -> int:
    """Reach other records one after the other; gives how many went well before one was refused."""
    for done in range(many):
        clock.advance(every)
        try:
            volume.admit(actor, new_id())
        except StepUpError:
            return done
    return many


def of_kind(privacy: Officer, kind: Kind) -> list[AlertFacts]:
    """The alerts of a kind that wait."""
    return [one for one in alerts.alerts(privacy.actor, settled=False)[0] if one.kind is kind]


def signed_in_again(doctor: Caregiver) -> Actor:
    """The same professional after a fresh sign-in."""
    return doctor.actor


def test_the_thirty_first_record_of_an_hour_asks_for_a_new_sign_in(
    doctor: Caregiver, privacy: Officer, clock: FakeClock
) -> None:
    actor = doctor.actor
    assert reach(actor, 60, clock) == 30
    assert reach(actor, 5, clock) == 0
    (alert,) = of_kind(privacy, Kind.HOUR)
    assert alert.professional_id == doctor.id
    assert clock.now - alert.raised_at <= timedelta(seconds=60)
    assert [mail["message"] for mail in build.mails_to(privacy.email)].count("abuse-alert") == 1


def test_a_new_sign_in_or_an_hour_opens_again(doctor: Caregiver, clock: FakeClock) -> None:
    actor = doctor.actor
    assert reach(actor, 31, clock) == 30
    assert reach(signed_in_again(doctor), 31, clock) == 30
    clock.advance(timedelta(hours=1))
    assert reach(actor, 31, clock) == 30


def test_the_same_record_counts_once(doctor: Caregiver, clock: FakeClock) -> None:
    actor, record = doctor.actor, new_id()
    for _ in range(50):
        clock.advance(timedelta(seconds=30))
        volume.admit(actor, record)
    assert reach(actor, 40, clock) == 29


def test_the_hundred_and_first_record_of_a_day_stops_whatever_the_proof(
    doctor: Caregiver, privacy: Officer, clock: FakeClock
) -> None:
    reached = 0
    for _ in range(6):
        reached += reach(signed_in_again(doctor), 30, clock)
        clock.advance(timedelta(minutes=61))
    assert reached == 100
    stopped = suspensions.stopped(doctor.id)
    assert stopped is not None
    assert (stopped.cause, stopped.by) == (Cause.VOLUME, "")
    (alert,) = of_kind(privacy, Kind.DAY)
    assert alert.facts["records"] == 100
    assert "practice-stopped" in {mail["message"] for mail in build.mails_to(doctor.facts.mssante)}
    with pytest.raises(SignInRefusedError) as refused:
        sign_in._refuse_stopped(doctor.facts)  # noqa: SLF001 - what both doors of the sign-in ask
    assert refused.value.reason == "stopped"


def test_a_stopped_professional_s_sessions_end_at_the_next_request(doctor: Caregiver, privacy: Officer) -> None:
    token = doctor.sign_in()
    assert accounts.identify(token) is not None
    assert suspensions.stop(privacy.actor, doctor.id, Cause.OFFICER)
    assert accounts.identify(token) is None
    assert not suspensions.stop(privacy.actor, doctor.id, Cause.OFFICER)
    with pytest.raises(NotFoundError):
        suspensions.restore(doctor.actor, doctor.id)
    with pytest.raises(StepUpError):
        suspensions.restore(replace(privacy.actor, proved_at=None), doctor.id)
    suspensions.restore(privacy.actor, doctor.id)
    assert suspensions.stopped(doctor.id) is None
    with pytest.raises(NotFoundError):
        suspensions.restore(privacy.actor, doctor.id)


def test_who_is_restored_is_not_stopped_again_for_the_same_readings(
    doctor: Caregiver, privacy: Officer, clock: FakeClock
) -> None:
    for _ in range(5):
        reach(signed_in_again(doctor), 30, clock)
    assert suspensions.stopped(doctor.id) is not None
    suspensions.restore(privacy.actor, doctor.id)
    assert reach(signed_in_again(doctor), 5, clock) == 5


def test_who_is_stopped_again_on_the_day_of_being_restored_is_an_alert_again(
    doctor: Caregiver, privacy: Officer, clock: FakeClock
) -> None:
    def reach_the_most() -> None:
        for _ in range(5):
            reach(signed_in_again(doctor), 30, clock, timedelta(seconds=1))
        assert suspensions.stopped(doctor.id) is not None

    reach_the_most()
    (alert,) = of_kind(privacy, Kind.DAY)
    alerts.decide(privacy.actor, alert.id, State.EXPLAINED, "Une campagne de vaccination.", version=alert.version)
    suspensions.restore(privacy.actor, doctor.id)
    assert of_kind(privacy, Kind.DAY) == []
    told = [mail["message"] for mail in build.mails_to(privacy.email)].count("abuse-alert")
    reach_the_most()
    (again,) = of_kind(privacy, Kind.DAY)
    assert (again.id, again.words) == (alert.id, "Une campagne de vaccination.")
    assert [mail["message"] for mail in build.mails_to(privacy.email)].count("abuse-alert") == told + 1
    with pytest.raises(ConflictError):
        alerts.decide(privacy.actor, alert.id, State.EXPLAINED, "Déjà vu.", version=alert.version)


def test_the_cap_is_one_s_own_wherever_one_practises(doctor: Caregiver, clock: FakeClock) -> None:
    actor = doctor.actor
    elsewhere = replace(actor, structure_id=new_id(), structure="Clinique")
    assert reach(actor, 20, clock) == 20
    assert reach(elsewhere, 20, clock) == 10


@pytest.mark.parametrize(("after", "left"), [(-1, 29), (0, 29), (3599, 29), (3600, 29), (3601, 29)])
def test_a_record_reached_again_takes_one_place_whenever_it_is(
    doctor: Caregiver, clock: FakeClock, after: int, left: int
) -> None:
    """Within the hour, at its very end, and with a clock set back: never two places, never none."""
    actor, record, start = replace(doctor.actor, proved_at=None), new_id(), clock.now
    volume.admit(actor, record)
    clock.now = start + timedelta(seconds=after)
    volume.admit(actor, record)
    assert reach(actor, 40, clock, timedelta(0)) == left


def test_who_reached_too_many_learns_of_nobody_by_searching(doctor: Caregiver, clock: FakeClock) -> None:
    """Known and unknown people answer alike, and nothing is looked up (R50)."""
    person = build.citizen()
    actor = doctor.actor
    assert reach(actor, 30, clock) == 30
    unknown = build.ins(sex="F", birth=person.birth_date)
    for number in (person.ins, unknown):
        with pytest.raises(StepUpError):
            find_patient(actor, PatientSearch(number, person.birth_date))
    assert counter.misses(actor) == []


def test_a_visit_of_a_clock_that_was_set_back_is_counted(doctor: Caregiver, clock: FakeClock) -> None:
    person = build.citizen()
    build.consent(person, doctor, Answer.GRANT)
    standing = doctor.standing(person.record_id)
    assert standing is not None
    access.note_visit(standing)
    for ahead, is_due in ((0, False), (29, False), (31, True), (-1, True), (-600, True)):
        clock.advance(timedelta(minutes=ahead))
        now = access.standing(standing.actor, person.record_id)
        assert now is not None
        assert now.visit_due is is_due
        clock.advance(timedelta(minutes=-ahead))


def test_patients_are_not_counted(machines: Machines, clock: FakeClock) -> None:
    assert reach(build.citizen().actor, 40, clock) == 40


def test_a_search_that_finds_counts(doctor: Caregiver, clock: FakeClock) -> None:
    person = build.citizen()
    actor = doctor.actor
    assert reach(actor, 30, clock) == 30
    with pytest.raises(StepUpError):
        find_patient(actor, PatientSearch(person.ins, person.birth_date))


def test_what_is_older_than_a_day_is_forgotten(doctor: Caregiver, clock: FakeClock) -> None:
    reach(doctor.actor, 7, clock)
    assert volume.sweep() == 0
    clock.advance(timedelta(days=1))
    assert volume.sweep() == 7


@on_sqlite
def test_a_scraper_with_a_stolen_session_is_halted_and_alerted(
    app: Flask, doctor: Caregiver, privacy: Officer, clock: FakeClock
) -> None:
    """The replay: two hundred records by their address, ten of them open to the session, one a second."""
    own = [build.citizen(f"Claire{number}", "Fontenay", activated=False).record_id for number in range(10)]
    for record in own:
        access.note_encounter(doctor.actor, record)
    browser = doctor.browser(app)
    targets: list[UUID] = [*own, *(new_id() for _ in range(190))]
    pages = 0
    for record in targets:
        clock.advance(timedelta(seconds=1))
        answer = browser.get(f"/pro/patients/{record}/", expect=None, follow=False, whole=False)
        if answer.status == 303:
            break
        assert answer.status in (200, 404)
        pages += 1
    print(f"scraper: {pages} records of {len(targets)} before it was halted")
    assert pages == 30
    (alert,) = of_kind(privacy, Kind.HOUR)
    assert clock.now - alert.raised_at <= timedelta(seconds=60)
    again = browser.get(f"/pro/patients/{targets[-1]}/", expect=None, follow=False, whole=False)
    assert again.headers["Location"].endswith("/pro/connexion")
