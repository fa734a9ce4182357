"""The desks of emergencies and alerts as the privacy officer walks them; nobody else does."""

from datetime import timedelta

import pytest
from flask import Flask

from espace import clock as clocks
from espace.access import services as access
from espace.access.services.watching import alerts, suspensions
from espace.access.services.watching.alerts import Kind
from espace.access.services.watching.suspensions import Cause
from espace.identifiers import new_id
from tests.access.emergencies import WORDS, opened
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.office import Officer


@pytest.fixture
def holder(app: Flask) -> Citizen:
    """A person with a document."""
    access.ensure_matrix()
    made = build.citizen()
    build.document(made.standing(), "Suivi d'une dépression")
    return made


@pytest.fixture
def doctor(app: Flask) -> Caregiver:
    """A doctor nobody gave access to."""
    access.ensure_matrix()
    return build.caregiver("Aubry", "Lucie", structure="CHU de la Loire")


def test_an_opening_is_found_looked_at_and_settled(
    app: Flask, privacy: Officer, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    browser = privacy.browser(app)
    assert "Rien n'attend" in browser.get("/admin/").text
    opened(doctor, holder)
    home = browser.get("/admin/").text
    assert "1 ouverture à examiner" in home
    assert "Rien n'attend" not in home
    page = browser.get("/admin/urgences")
    one = browser.get(page.link(doctor.facts.display_name))
    for hidden in (WORDS, holder.name, "dépression", holder.ins):
        assert hidden not in one.text
        assert hidden not in page.text
    assert "jusqu'à 14 h" in one.text  # it stands open
    wrong = browser.submit(one.form("decision"), {"decision": None}, expect=422)
    assert "Choisissez la suite" in wrong.text
    wrong = browser.submit(one.form("decision"), {"decision": "reported"}, expect=422)
    assert "Dites pourquoi" in wrong.text
    done = browser.submit(one.form("decision"), {"decision": "asked", "words": "Pourquoi sans accord ?"}, expect=200)
    assert "Explication demandée" in done.text
    late = browser.submit(one.form("decision"), {"decision": "expected", "version": "1"}, expect=200)
    assert "entre-temps" in late.text
    now = browser.get(done.link(doctor.facts.display_name))
    browser.submit(now.form("decision"), {"decision": "expected"}, expect=200)
    assert "Rien à examiner" in browser.get("/admin/urgences").text
    settled = browser.get("/admin/urgences?etat=regle")
    one = browser.get(settled.link(doctor.facts.display_name))
    assert not [form for form in one.forms if "decision" in form.names]
    clock.advance(timedelta(hours=4))
    assert "240 minutes" in privacy.browser(app).get(one.path).text


def test_who_served_the_person_that_day_does_not_decide(
    app: Flask, privacy: Officer, holder: Citizen, doctor: Caregiver
) -> None:
    browser = privacy.browser(app)
    search = browser.get("/admin/personnes")
    day = f"{holder.birth_date:%d/%m/%Y}"
    dossier = browser.submit(search.form("ins"), {"ins": holder.ins, "birth_date": day}, expect=200)
    watch = browser.submit(dossier.form("suivi"), expect=200)
    assert "suivies de près" in watch.text
    assert alerts.watched([holder.record_id])
    opened(doctor, holder)
    one = browser.get(browser.get("/admin/urgences").link(doctor.facts.display_name))
    assert "un autre opérateur décide" in one.text
    assert not [form for form in one.forms if "decision" in form.names]
    given = {"csrf_token": one.csrf_token, "decision": "expected", "version": "1"}
    refused = browser.post(one.path, given, expect=200, follow=True)
    assert "un autre opérateur décide" in refused.text


def test_an_alert_is_read_and_stops_the_professional_s_sessions(
    app: Flask, privacy: Officer, doctor: Caregiver
) -> None:
    theirs = doctor.browser(app)
    theirs.get("/pro/")
    alerts.raise_alert(
        Kind.SNOOPING, doctor.id, clocks.today(), {"signals": ["surname", "no-tie"], "acts": 4}, new_id()
    )
    browser = privacy.browser(app)
    page = browser.get("/admin/alertes")
    assert doctor.facts.display_name in page.text
    one = browser.get(page.link("curieuse"))
    assert "porte le nom de famille du professionnel" in one.text
    assert "4 actes" in one.text
    wrong = browser.submit(one.form("decision"), {"decision": "suspended"}, expect=422)
    assert "Dites pourquoi" in wrong.text
    browser.submit(one.form("decision"), {"decision": "suspended", "words": "Aucune raison de soin."}, expect=200)
    theirs.get("/pro/", expect=303, follow=False)
    assert "Accès arrêté" in browser.get("/admin/alertes?etat=regle").text
    assert suspensions.stopped(doctor.id) is not None


def test_a_professional_is_restored_with_a_fresh_proof(
    app: Flask, privacy: Officer, doctor: Caregiver, clock: FakeClock
) -> None:
    alerts.raise_alert(Kind.DAY, doctor.id, clocks.today(), {"records": 100})
    suspensions.stop(privacy.actor, doctor.id, Cause.VOLUME)
    browser = privacy.browser(app)
    one = browser.get(browser.get("/admin/alertes").link("100 dossiers"))
    assert "trop de dossiers" in one.text
    clock.advance(timedelta(minutes=6))
    answer = browser.get(f"{one.path}/retablir", expect=303, follow=False)
    assert answer.headers["Location"].endswith("/connexion/preuve")
    fresh = privacy.browser(app)
    page = fresh.get(f"{one.path}/retablir")
    restore = next(form for form in page.forms if form.action.endswith("/retablir"))
    fresh.submit(restore, expect=200)
    assert suspensions.stopped(doctor.id) is None


def test_other_operators_and_professionals_reach_neither_desk(
    app: Flask, counter: Officer, administrator: Officer, privacy: Officer, holder: Citizen, doctor: Caregiver
) -> None:
    opened(doctor, holder)
    alerts.raise_alert(Kind.HOUR, doctor.id, clocks.today(), {"records": 30})
    own = privacy.browser(app)
    places = ["/admin/urgences", "/admin/alertes"]
    places += [own.get("/admin/urgences").link("Aubry"), own.get("/admin/alertes").link("30 dossiers")]
    for browser in (counter.browser(app), administrator.browser(app), doctor.browser(app), holder.browser(app)):
        for place in places:
            browser.get(place, expect=404)
    for place in (f"/admin/alertes/{new_id()}", f"/admin/urgences/{new_id()}/{new_id()}"):
        own.get(place, expect=404)
