"""The access page as people walk it: requests answered on the phone, two browsers, strangers, words."""

from datetime import date, timedelta

import pyotp
import pytest
from flask import Flask

from espace import clock as clocks
from espace.access import services as access
from espace.access.services import Answer, ConsentState
from espace.access.services.matrix import PACKAGED, column_of, read_table, type_categories
from espace.access.views import words
from espace.audit import services as audit
from espace.audit.services import Action
from espace.identifiers import new_id
from espace.machines import Machines
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor who asks."""
    return build.caregiver("Belhadj", "Karim")


def page_of(browser: Browser, holder: Citizen) -> Page:
    """The access page of a record."""
    return browser.get(f"/dossiers/{holder.record_id}/acces")


def state(holder: Citizen) -> ConsentState:
    """What the one line says."""
    (line,) = access.consents(holder.standing())
    return line.state


def test_a_request_is_answered_with_what_follows_from_it_in_words(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    build.consent(holder, doctor)
    browser = holder.browser(app)
    assert "Dr Karim Belhadj" in browser.get(f"/dossiers/{holder.record_id}/").text
    page = page_of(browser, holder)
    assert "Dr Karim Belhadj demande à lire ce dossier" in page.text
    assert "Suivi après la consultation" in page.text
    assert "presque tous les documents" in page.text
    page = browser.submit(page.form("decision", "days"), {"days": "90"}, button="decision=grant", expect=200)
    assert page.path.endswith("/acces")
    assert "1 professionnel y a accès" in page.text
    assert "21 février 2027" in page.text
    assert state(holder) is ConsentState.VALID
    one = browser.get(page.link("Modifier ou retirer"))
    revoke = next(form for form in one.forms if "Retirer l'accès maintenant" in form.element.text_content())
    page = browser.submit(revoke, button="decision=revoke", expect=200)
    assert "ne voit plus rien" in page.text
    assert state(holder) is ConsentState.REVOKED


def test_revoking_closes_the_professional_s_next_request(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor, Answer.GRANT)
    theirs, own = doctor.browser(app), holder.browser(app)
    patient = f"/pro/patients/{holder.record_id}"
    assert "Vous avez accès" in theirs.get(f"{patient}/").text
    theirs.get(f"{patient}/documents")
    one = own.get(page_of(own, holder).link("Modifier ou retirer"))
    revoke = next(form for form in one.forms if "Retirer l'accès maintenant" in form.element.text_content())
    own.submit(revoke, button="decision=revoke", expect=200)
    lost = theirs.get(f"{patient}/documents", expect=404)
    assert "ne vous a pas donné accès" in lost.text
    assert "votre dossier" not in lost.text
    assert _plain(theirs.get(f"/pro/patients/{new_id()}/documents", expect=404)) == _plain(lost)
    page = theirs.get(f"{patient}/")
    assert "Vous pouvez déposer, pas lire" in page.text
    assert "Lire les documents" not in page.text


def test_granting_asks_for_a_fresh_proof_and_then_comes_back(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    build.consent(holder, doctor)
    browser = holder.browser(app)
    page = page_of(browser, holder)
    clock.advance(timedelta(minutes=6))
    page = browser.submit(page.form("decision"), {"days": "365"}, button="decision=grant", expect=200)
    assert page.path == "/connexion/preuve"
    assert state(holder) is ConsentState.ASKED
    page = browser.submit(page.form("code"), {"code": pyotp.TOTP(holder.totp_secret).at(clocks.now())}, expect=200)
    assert "/acces/" in page.path
    form = page.form("decision", "days")
    assert form.values["days"] == ["365"]  # what was chosen is kept
    browser.submit(form, button="decision=grant", expect=200)
    assert state(holder) is ConsentState.VALID


def test_refusing_and_blocking_ask_for_no_proof(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    build.consent(holder, doctor)
    browser = holder.browser(app)
    clock.advance(timedelta(minutes=20))
    page = browser.submit(page_of(browser, holder).form("decision"), button="decision=refuse", expect=200)
    assert state(holder) is ConsentState.REFUSED
    one = browser.get(page.link("Modifier"))
    block = next(form for form in one.forms if "Bloquer" in form.element.text_content())
    page = browser.submit(block, button="decision=block", expect=200)
    assert "Bloqués" in page.text
    assert state(holder) is ConsentState.BLOCKED


def test_of_two_browsers_the_second_sees_the_present_state(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor)
    phone, laptop = holder.browser(app), holder.browser(app)
    on_phone, on_laptop = page_of(phone, holder), page_of(laptop, holder)
    phone.submit(on_phone.form("decision"), button="decision=refuse", expect=200)
    page = laptop.submit(on_laptop.form("decision"), button="decision=grant", expect=409)
    assert "entre-temps" in page.text
    assert "Demande refusée" in page.text
    assert state(holder) is ConsentState.REFUSED


@on_sqlite
def test_what_no_page_of_ours_sends_is_refused(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor)
    browser = holder.browser(app)
    page = page_of(browser, holder)
    (line,) = access.consents(holder.standing())
    token = page.csrf_token
    place = f"/dossiers/{holder.record_id}/acces/{line.id}"
    good = {"csrf_token": token, "decision": "grant", "version": str(line.version), "days": "90"}
    for change in (
        {"decision": "own"},
        {"decision": ""},
        {"version": "x"},
        {"version": ""},
        {"days": "7"},
        {"days": "x"},
    ):
        assert browser.post(place, good | change).status == 422
    for extra in (
        {"state": "valid"},
        {"valid_until": "2999-01-01"},
        {"professional_id": str(new_id())},
        {"role": "holder"},
    ):
        browser.post(place, good | {"decision": "refuse", "version": "99"} | extra, expect=409)
    assert state(holder) is ConsentState.ASKED


@on_sqlite
def test_a_parent_who_looks_or_decides_leaves_a_trace_and_the_page_says_for_whom(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    child = build.citizen("Jules", "Fontenay", birth=date(2017, 9, 3), parents=[holder], activated=False)
    access.note_encounter(doctor.actor, child.record_id)
    standing = doctor.standing(child.record_id)
    assert standing is not None
    access.ask(standing, "Suivi")
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{child.record_id}/acces")
    assert "Vous agissez" in page.text
    assert "Jules" in page.title
    assert "Vous voyez ce dossier et décidez" in page.text
    assert "voit aussi" not in browser.get(f"/dossiers/{holder.record_id}/acces").text
    browser.submit(page.form("decision"), button="decision=grant", expect=200)
    entries = audit.entries(child.record_id, mine=True, holder_actor_ids=[holder.actor.id], before=None)
    assert {Action.ACCESSES_READ, Action.CONSENT_GIVEN} <= {entry.action for entry in entries}
    assert {entry.relation for entry in entries} == {"representative"}


# --- who reaches which address

ROUTES = {
    # address below the record: (method, who is served)
    "/dossiers/{record}/acces": ("GET", {"holder", "mother"}),
    "/dossiers/{record}/acces/{consent}": ("GET", {"holder", "mother"}),
    "/dossiers/{record}/acces/{consent}#": ("POST", {"holder", "mother"}),
    "/pro/patients/{record}/": ("GET", {"allowed", "asked", "met", "blocked", "refused"}),
    "/pro/patients/{record}/consentement": ("GET", {"allowed", "asked", "met", "blocked", "refused"}),
    "/pro/patients/{record}/consentement#": ("POST", {"allowed", "asked", "met", "blocked", "refused"}),
    "/pro/patients/{record}/deposer": ("GET", {"allowed", "asked", "met", "blocked", "refused"}),
    "/pro/patients/{record}/deposer#": ("POST", {"allowed", "asked", "met", "blocked", "refused"}),
    "/pro/patients/{record}/deposer/{draft}": ("GET", set()),
    "/pro/patients/{record}/deposer/{draft}#": ("POST", set()),
    "/pro/patients/{record}/deposer/{draft}/abandon": ("POST", set()),
    "/pro/patients/{record}/deposer/{draft}/recu": ("GET", set()),
}


@on_sqlite
def test_each_address_serves_those_it_is_for_and_answers_the_others_like_nothing(
    app: Flask, machines: Machines
) -> None:
    access.ensure_matrix()
    mother, stranger = build.citizen(), build.citizen("Zoé", "Carpentier")
    teen = build.citizen("Jules", "Fontenay", birth=date(2010, 2, 3), parents=[mother])
    elsewhere = build.citizen("Paul", "Roy", sex="M")
    professionals = {
        name: build.caregiver(name.title(), "Awa")
        for name in ("allowed", "asked", "met", "blocked", "refused", "nobody")
    }
    answers = {"allowed": Answer.GRANT, "asked": None, "blocked": Answer.BLOCK, "refused": Answer.REFUSE}
    for name, given in answers.items():
        build.consent(teen, professionals[name], given)
    access.note_encounter(professionals["met"].actor, teen.record_id)
    build.consent(elsewhere, professionals["nobody"], Answer.GRANT)
    foreign = access.consents(elsewhere.standing())[0].id
    browsers = {
        "holder": teen.browser(app),
        "mother": mother.browser(app),
        "stranger": stranger.browser(app),
        **{name: who.browser(app) for name, who in professionals.items()},
    }
    own = access.consents(teen.standing())[0].id
    for rule, (method, served) in ROUTES.items():
        for name, browser in browsers.items():
            token = browser.get("/pro/patients" if name in professionals else "/dossiers/").csrf_token
            ids = {"record": teen.record_id, "consent": own, "draft": new_id()}
            answer = _ask(browser, method, rule.format(**ids), token)
            assert (answer.status != 404) is (name in served), f"{name} {method} {rule}: {answer.status}"
            if answer.status == 404:
                absent = _ask(browser, method, rule.format(record=new_id(), consent=new_id(), draft=new_id()), token)
                assert (absent.status, _plain(absent)) == (404, _plain(answer))
            if name in served and "{consent}" in rule:
                for other in (foreign, new_id()):
                    gone = _ask(browser, method, rule.format(**(ids | {"consent": other})), token)
                    assert gone.status == 404


def _ask(browser: Browser, method: str, place: str, token: str) -> Page:
    if method == "GET":
        return browser.get(place, expect=None, follow=False)
    data = {"csrf_token": token, "decision": "refuse", "version": "77"}
    return browser.post(place.removesuffix("#"), data, follow=False)


def _plain(page: Page) -> str:
    """The words of an error page but for its mark."""
    marks = page.tree.xpath("//*[contains(@class, 'num') or name() = 'b' or name() = 'code']")
    text = page.text
    for mark in marks:
        text = text.replace(" ".join(mark.text_content().split()), "")
    return text


# --- words


@on_sqlite
def test_what_a_profession_sees_in_words(app: Flask, machines: Machines) -> None:
    access.ensure_matrix()
    with app.test_request_context("/", headers={"Accept-Language": "fr"}):
        machines.bind()
        assert words.seen_in_words("G15_10") == "presque tous les documents, sauf les justificatifs de domicile"
        assert words.seen_in_words("71") == words.seen_in_words("unknown") == "aucun document"
        assert words.unseen_in_words("71") == words.unseen_in_words("G15_10") == ""
        assert words.seen_in_words("G15_28").startswith("seulement certains documents parmi\u00a0: les ordonnances")
        assert words.unseen_in_words("G15_21") == (
            "les synthèses psychiatriques, les bilans psychologiques, les résultats génétiques et 2 autres sortes"
        )
        lines = {line.label: line.extent for line in words.categories_seen("G15_10")}
        assert lines["les ordonnances"] is words.Extent.ALL
        assert lines["les papiers administratifs"] is words.Extent.SOME


@on_sqlite
def test_the_sentence_follows_the_table_of_every_profession(app: Flask, machines: Machines) -> None:
    access.ensure_matrix()
    rows = [row for row in read_table(PACKAGED) if type_categories()[row.type_code] in words.CATEGORIES]
    with app.test_request_context("/", headers={"Accept-Language": "fr"}):
        machines.bind()
        told = {}
        for profession in sorted({row.profession for row in rows if column_of(row.profession) == row.profession}):
            closed = [row for row in rows if row.profession == profession and not row.may_read]
            sees, unseen = words.seen_in_words(profession), words.unseen_in_words(profession)
            nothing = not any(row.may_read for row in rows if row.profession == profession)
            assert ("presque tous" in sees) == (0 < len(closed) <= words.FEW), profession
            assert (unseen == "") == (nothing or len(closed) <= words.FEW), profession
            assert unseen.count(",") <= words.FEW - 1, profession
            told[profession] = (sees, unseen)
    five = [told[profession] for profession in ("G15_10", "G15_21", "G15_40", "G15_60", "G15_70")]
    assert len(set(five)) == 5


def test_what_was_ended_is_given_again_in_the_words_of_giving(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    line_id = access.give(holder.standing(), doctor.id, days=90)
    line = access.consent(holder.standing(), line_id)
    access.answer(holder.standing(), line_id, Answer.REVOKE, version=line.version)
    text = holder.browser(app).get(f"/dossiers/{holder.record_id}/acces/{line_id}").text
    assert "Si vous donnez accès, Dr Karim Belhadj verra" in text
    assert "Si vous acceptez" not in text
