"""Emergencies as professionals and the people of a record walk them: reason, banner, end, switches, explanations."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.access.services.emergencies import emergency, oppositions, reviews
from espace.access.services.emergencies.reviews import Review
from espace.permissions import Role
from espace.settings import Settings
from tests.access.emergencies import FINESS, GLASS, WORDS, opened
from tests.house.test_routes import addresses
from tests.support import build, office
from tests.support.browser_client import Browser, Page
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

BANNER = "Accès d'urgence jusqu'à"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house in whose settings one place answers calls to the centre 15."""
    return replace(settings, regulation_structures=f"1{FINESS}")


@pytest.fixture
def holder(app: Flask) -> Citizen:
    """A person with documents and a line of care."""
    access.ensure_matrix()
    made = build.citizen()
    for number in range(3):
        build.document(made.standing(), f"Compte rendu {number}")
    build.care_line(made)
    return made


@pytest.fixture
def doctor(app: Flask) -> Caregiver:
    """A doctor nobody gave access to."""
    return build.caregiver("Aubry", "Lucie", structure="CHU de la Loire")


def typed(holder: Citizen) -> dict[str, str | list[str] | None]:
    """Their exact identity, as the form asks for it."""
    return {"ins": holder.ins, "birth_date": f"{holder.birth_date:%d/%m/%Y}"}


def asked(browser: Browser, holder: Citizen) -> Page:
    """The first step, reached by the quick way in."""
    entry = browser.get("/pro/urgence")
    return browser.submit(entry.form("ins"), typed(holder), expect=200)


def confirmed(browser: Browser, page: Page, words: str = WORDS) -> Page:
    """The second step."""
    return browser.submit(page.form("why"), {"why": "unconscious", "words": words}, expect=200)


def test_two_steps_open_the_record_and_one_tap_ends_it(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    browser = doctor.browser(app)
    first = asked(browser, holder)
    assert first.path == f"/pro/patients/{holder.record_id}/urgence"
    second = confirmed(browser, first)
    assert "La personne est inconsciente" in second.text
    assert emergency.recent(holder.standing()) == []
    page = browser.submit(second.form("step"), button="step=ouvrir", expect=200)
    assert page.path.endswith("/documents")
    assert f"{BANNER} 14 h" in page.text
    assert "Compte rendu 1" in page.text
    end = next(form for form in page.forms if form.action.endswith("/urgence/fin"))
    after = browser.submit(end, expect=200)
    assert after.path == "/pro/urgences"
    browser.get(f"/pro/patients/{holder.record_id}/documents", expect=404)
    assert BANNER not in browser.get(f"/pro/patients/{holder.record_id}/").text


def test_the_reason_can_be_corrected_and_what_is_missing_is_said(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    browser = doctor.browser(app)
    first = asked(browser, holder)
    wrong = browser.submit(first.form("why"), {"words": "court"}, expect=422)
    assert "au moins 15 caractères" in wrong.text
    assert [words.strip() for words in wrong.form("why").values["words"]] == ["court"]
    second = confirmed(browser, first)
    back = browser.submit(second.form("step"), button="step=corriger", expect=200)
    assert [words.strip() for words in back.form("why").values["words"]] == [WORDS]
    assert back.form("why").values["why"] == ["unconscious"]


@on_sqlite
def test_the_banner_stands_on_every_page_of_the_record_with_who_why_and_until(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    opened(doctor, holder)
    browser = doctor.browser(app)
    seen = 0
    for rule, place in addresses(app, method="GET", ids=build.ids_of(holder.standing())):
        if not place.startswith(f"/pro/patients/{holder.record_id}/"):
            continue
        page = browser.get(place, expect=None, follow=False, whole=False)
        if page.status != 200 or not page.is_html or "<body" not in page.response.get_data(as_text=True):
            continue
        seen += 1
        for words in (BANNER, doctor.facts.display_name, WORDS, "Terminer"):
            assert words in page.text, f"{rule.rule} does not say {words}"
        assert "alarmed" in page.tree.find("body").get("class")
    assert seen >= 8


def test_a_fragment_is_served_as_long_as_its_page_and_no_longer(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    place = f"/pro/patients/{holder.record_id}/documents"
    opened(doctor, holder)
    browser = doctor.browser(app)
    browser.get(place)
    assert BANNER not in browser.fragment(place, "documents").text  # its page says it
    clock.advance(timedelta(hours=4))
    fresh = doctor.browser(app)
    fresh.get(place, expect=404)
    fresh.fragment(place, "documents", expect=404)
    assert BANNER not in fresh.get(f"/pro/patients/{holder.record_id}/").text


def test_no_banner_for_who_reads_by_agreement(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor, Answer.GRANT)
    browser = doctor.browser(app)
    assert BANNER not in browser.get(f"/pro/patients/{holder.record_id}/documents").text
    page = browser.get(f"/pro/patients/{holder.record_id}/urgence")
    assert "déjà accès" in page.text
    assert not [form for form in page.forms if form.action.endswith("/urgence")]


def test_an_old_proof_leads_to_the_provider_before_anything_is_typed(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    browser = doctor.browser(app)
    access.note_encounter(doctor.actor, holder.record_id)
    clock.advance(timedelta(minutes=6))
    for place in ("/pro/urgence", f"/pro/patients/{holder.record_id}/urgence"):
        answer = browser.get(place, expect=303, follow=False)
        assert answer.headers["Location"].endswith("/pro/connexion")
    token = browser.get("/pro/").csrf_token
    given = {"csrf_token": token, "why": "unable", "words": WORDS, "step": "ouvrir"}
    answer = browser.post(f"/pro/patients/{holder.record_id}/urgence", given, expect=303, follow=False)
    assert answer.headers["Location"].endswith("/pro/connexion")
    assert emergency.recent(holder.standing()) == []


def test_opposed_or_blocked_is_refused_alike_and_neutrally(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    oppositions.oppose(holder.standing(), GLASS)
    blocking = build.citizen("Lina", "Aubin")
    build.consent(blocking, doctor)
    (line,) = access.consents(blocking.standing())
    access.answer(blocking.standing(), line.id, Answer.BLOCK, version=line.version)
    said = []
    for whose in (holder, blocking):
        browser = doctor.browser(app)
        second = confirmed(browser, asked(browser, whose))
        page = browser.submit(second.form("step"), button="step=ouvrir", expect=422)
        said.append(" ".join(page.tree.xpath("//*[@role='alert']//li//text()")).strip())
        browser.get(f"/pro/patients/{whose.record_id}/documents", expect=404)
        assert "bloqu" not in page.text
    assert said[0] == said[1] == "Les choix de cette personne ne permettent pas cette ouverture. Rien n'a été ouvert."


def test_the_call_is_offered_to_a_regulating_doctor_only(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    samu = build.caregiver("Nivert", "Sonia", structure="SAMU de la Loire", finess=FINESS)
    browser = samu.browser(app)
    page = asked(browser, holder)
    wrong = browser.submit(page.form("reference"), {"reference": ""}, expect=422)
    page = browser.submit(wrong.form("reference"), {"reference": "C15-2026-17"}, expect=200)
    assert "Appel au centre 15 jusqu'à" in page.text
    assert "C15-2026-17" in page.text
    other = doctor.browser(app)
    first = asked(other, holder)
    assert not [form for form in first.forms if form.action.endswith("/appel")]
    given = {"csrf_token": first.csrf_token, "reference": "C15-2026-18"}
    other.post(f"/pro/patients/{holder.record_id}/urgence/appel", given, expect=404)


def test_nobody_else_reaches_these_pages(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    place = f"/pro/patients/{holder.record_id}/urgence"
    doctor.browser(app).get(place, expect=404)  # the person was not identified
    holder.browser(app).get(place, expect=404)
    Browser(app).get(place, expect=303, follow=False)
    stranger = build.citizen("Samira", "Cherif").browser(app)
    stranger.get(f"/dossiers/{holder.record_id}/acces/urgence", expect=404)
    token = stranger.get("/compte").csrf_token
    stranger.post(f"/dossiers/{holder.record_id}/acces/urgence/soignant/refus", {"csrf_token": token}, expect=404)
    assert oppositions.opposed(holder.record_id) == frozenset()


def test_each_way_is_refused_in_one_press_and_allowed_again_with_a_proof(
    app: Flask, holder: Citizen, clock: FakeClock
) -> None:
    place = f"/dossiers/{holder.record_id}/acces/urgence"
    browser = holder.browser(app)
    clock.advance(timedelta(minutes=10))
    page = browser.get(place)
    refuse = next(form for form in page.forms if form.action.endswith("/centre-15/refus"))
    page = browser.submit(refuse, expect=200)
    assert "Le médecin du 15 ne lit plus rien" in page.text
    assert oppositions.opposed(holder.record_id) == {access.EmergencyMode.CENTRE_15}
    allow = next(form for form in page.forms if form.action.endswith("/centre-15/accord"))
    answer = browser.submit(allow, expect=303, follow=False)
    assert answer.headers["Location"].endswith("/connexion/preuve")
    assert oppositions.opposed(holder.record_id) == {access.EmergencyMode.CENTRE_15}
    again = holder.browser(app)
    page = again.get(place)
    allow = next(form for form in page.forms if form.action.endswith("/centre-15/accord"))
    again.submit(allow, expect=200)
    assert oppositions.opposed(holder.record_id) == frozenset()
    again.post(f"{place}/autre/refus", {"csrf_token": page.csrf_token}, expect=404)


def test_the_holder_reads_who_why_and_closes_it(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    opened(doctor, holder)
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/acces/urgence")
    assert doctor.facts.display_name in page.text
    assert WORDS in page.text
    close = next(form for form in page.forms if form.action.endswith("/fin"))
    browser.submit(close, expect=200)
    doctor.browser(app).get(f"/pro/patients/{holder.record_id}/documents", expect=404)
    assert WORDS in browser.get(f"/dossiers/{holder.record_id}/historique").text


def test_the_attending_doctor_finds_it_and_the_asked_one_explains(app: Flask, doctor: Caregiver) -> None:
    gp = build.caregiver("Morvan", "Hélène")
    patient = build.citizen("Yves", "Quéméner", sex="M", attending_rpps=gp.facts.rpps)
    access.ensure_matrix()
    opened(doctor, patient)
    page = gp.browser(app).get("/pro/urgences")
    assert "Yves Quéméner" in page.text
    assert doctor.facts.display_name in page.text
    assert WORDS not in page.text
    privacy = office.officer(Role.PRIVACY_OFFICER)
    (found,), _ = reviews.queue(privacy.actor, settled=False)
    reviews.decide(privacy.actor, found.record_id, found.id, Review.ASKED, "Pourquoi ?", version=found.version)
    browser = doctor.browser(app)
    page = browser.get("/pro/urgences")
    explain = next(form for form in page.forms if form.action.endswith("/explication"))
    page = browser.submit(explain, {"words": ""}, expect=422)
    (explain,) = [form for form in page.forms if form.action.endswith("/explication")]
    page = browser.submit(explain, {"words": "Inconscient, seul aux urgences."}, expect=200)
    assert "envoyée" in page.text
    gp.browser(app).post(explain.action, {"csrf_token": page.csrf_token, "words": "Moi"}, expect=None)
    assert not [form for form in browser.get("/pro/urgences").forms if form.action.endswith("/explication")]
