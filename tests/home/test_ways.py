"""By whatever right somebody comes in: the visit says which, and the first of each person is told once (AR-25, R27)."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.policy import EmergencyMode, Window
from espace.access.services import Answer
from espace.access.services.decisions import grants
from espace.access.services.emergencies import emergency
from espace.access.services.emergencies.emergency import Why
from espace.access.services.passing import codes, counter
from espace.home import services
from tests.support import build
from tests.support.clock import FakeClock

BIRTH = date(1984, 5, 12)


def _consent(claire: build.Citizen, doctor: build.Caregiver) -> None:
    build.consent(claire, doctor, Answer.GRANT)


def _team(claire: build.Citizen, doctor: build.Caregiver) -> None:
    access.ensure_matrix()
    grants.give(claire.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)


def _code(claire: build.Citizen, doctor: build.Caregiver) -> None:
    access.ensure_matrix()
    code_id = codes.make(claire.standing(), Window.READ, 60)
    digits = codes.code(claire.standing(), code_id).digits
    counter.use(doctor.actor, digits, BIRTH)


def _emergency(claire: build.Citizen, doctor: build.Caregiver) -> None:
    access.ensure_matrix()
    access.note_encounter(doctor.actor, claire.record_id)
    standing = doctor.standing(claire.record_id)
    assert standing is not None
    emergency.open_record(standing, EmergencyMode.BREAK_GLASS, Why.UNCONSCIOUS.value, "Malaise dans la rue")


WAYS: dict[str, tuple[Callable[[build.Citizen, build.Caregiver], None], str]] = {
    "consent": (_consent, "avec votre accord du"),
    "team": (_team, "avec l'accord donné à l'équipe le"),
    "window": (_code, "avec un code montré au comptoir"),
    "break-glass": (_emergency, "en urgence"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_is_said_and_told_the_first_time(app: Flask, clock: FakeClock, way: str) -> None:
    claire, doctor = build.citizen(birth=BIRTH), build.caregiver()
    document_id = build.document(claire.standing())
    let_in, said = WAYS[way]
    let_in(claire, doctor)
    clock.advance(timedelta(minutes=45))  # another sitting than that of coming in
    browser = doctor.browser(app)
    for _ in range(3):
        browser.get(f"/pro/patients/{claire.record_id}/documents/{document_id}")
        clock.advance(timedelta(minutes=1))
    assert [mail["message"] for mail in build.mails_to(claire.email)].count("first-access") == 1
    assert "Morvan" not in str(build.mails_to(claire.email))
    visit = services.history(claire.standing(), mine=False).visits[0]
    assert visit.why.way == way
    page = claire.browser(app).get(f"/dossiers/{claire.record_id}/historique").text
    assert said in page
    assert ("Malaise dans la rue" in page) is (way == "break-glass")
