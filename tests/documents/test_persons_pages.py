"""« Qui peut voir ce document » : one press to keep it from one person; showing asks for a proof (security.md R9)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.services.deciding import states
from espace.errors import SettingsError
from espace.permissions import Permission, Task
from espace.web import guards
from espace.web.rooms import MIRROR_MOUNT
from tests.support import build, readers
from tests.support.browser_client import Browser, Page
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .test_rules import deposit


@pytest.fixture
def house(app: Flask) -> tuple[Citizen, Caregiver, Caregiver, Citizen]:
    """A person, a doctor who deposits, another one, and a carer."""
    holder, carer = build.citizen(), build.citizen("Paul", "Marchand", sex="M")
    doctor, other = build.caregiver(), build.caregiver("Roy", "Ana", structure="Cabinet du Port")
    for one in (doctor, other):
        build.consent(holder, one, Answer.GRANT)
    readers.carer(holder, carer, Task.READ_DOCUMENTS)
    return holder, doctor, other, carer


def press(browser: Browser, page: Page, name: str, effect: str, *, follow: bool = True) -> Page:
    """Press the button of one reader."""
    row = next(one for one in page.tree.xpath("//li[@class='row']") if name in one.text_content())
    button = row.xpath(f".//button[@name='effect'][@value='{effect}']")
    assert button, f"no {effect} for {name}"
    form = button[0].getparent()
    sent = {one.get("name"): one.get("value") for one in form.xpath(".//input")} | {"effect": effect}
    return browser.send("POST", form.get("action"), data=sent, expect=None, follow=follow)


def said(page: Page, name: str) -> str:
    """What the page says of one reader."""
    rows = [" ".join(one.text_content().split()) for one in page.tree.xpath("//main//li[@class='row']")]
    return next(one for one in rows if name in one)


@on_sqlite
def test_three_presses_from_home_keep_a_document_from_one_person(
    app: Flask, house: tuple[Citizen, Caregiver, Caregiver, Citizen]
) -> None:
    holder, doctor, other, _carer = house
    made = deposit(doctor, holder)
    browser = holder.browser(app)
    home = browser.get(f"/dossiers/{holder.record_id}/")
    document = browser.get(next(href for href in home.links.values() if str(made) in href))
    persons = browser.get(next(href for href in document.links.values() if href.endswith("/personnes")))
    done = press(browser, persons, "Roy", "keep")
    assert done.status == 200
    assert "Ne le voit pas" in said(done, "Roy")
    assert "Ne plus lui montrer" not in said(done, "Morvan")  # her own deposit
    place = f"/pro/patients/{holder.record_id}/documents/{made}"
    assert other.browser(app).get(place, expect=None).status == 404
    assert doctor.browser(app).get(place).status == 200


@on_sqlite
def test_showing_leads_to_a_proof_and_back_and_keeping_does_not(
    app: Flask, clock: FakeClock, house: tuple[Citizen, Caregiver, Caregiver, Citizen]
) -> None:
    holder, doctor, _other, _carer = house
    made = deposit(doctor, holder)
    states.hide(holder.standing(), made, choices=0)
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/documents/{made}/personnes"
    page = browser.get(place)
    clock.advance(timedelta(minutes=10))
    led = press(browser, page, "Roy", "show", follow=False)
    assert (led.status, led.headers["Location"]) == (303, "/connexion/preuve")
    assert documents.document(holder.standing(), made).choices == 1
    browser = holder.browser(app)  # who just showed their code
    shown = press(browser, browser.get(place), "Roy", "show")
    assert "Le voit" in said(shown, "Roy")
    clock.advance(timedelta(minutes=10))
    again = press(browser, shown, "Roy", "general")
    assert "Ne le voit pas" in said(again, "Roy")


@on_sqlite
def test_an_old_page_is_told_and_what_no_page_sends_is_refused(
    app: Flask, house: tuple[Citizen, Caregiver, Caregiver, Citizen]
) -> None:
    holder, doctor, other, carer = house
    made = deposit(doctor, holder)
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/documents/{made}/personnes"
    old = browser.get(place)
    press(browser, old, "Roy", "keep")
    assert press(browser, old, "Marchand", "keep").status == 409
    token, choices = old.csrf_token, str(documents.document(holder.standing(), made).choices)
    for person, effect, status in (
        ("x", "keep", 409),
        (str(other.id), "burn", 409),
        (str(holder.person_id), "keep", 404),
        (str(doctor.id), "keep", 422),
    ):
        sent = {"csrf_token": token, "choices": choices, "person": person, "effect": effect}
        assert browser.send("POST", place, data=sent, expect=None).status == status, (person, effect)
    for who in (carer, build.citizen("Odile", "Marchand")):
        assert who.browser(app).get(place, expect=None).status == 404
    assert other.browser(app).get(place.replace("/dossiers/", "/pro/patients/"), expect=None).status == 404


@on_sqlite
def test_the_history_tells_from_whom_it_is_kept(
    app: Flask, house: tuple[Citizen, Caregiver, Caregiver, Citizen]
) -> None:
    holder, doctor, _other, _carer = house
    made = deposit(doctor, holder, "Lettre de sortie")
    browser = holder.browser(app)
    press(browser, browser.get(f"/dossiers/{holder.record_id}/documents/{made}/personnes"), "Roy", "keep")
    told = browser.get(f"/dossiers/{holder.record_id}/historique?qui=moi")
    said_so = " ".join(told.text.split())
    assert "Vous ne montrez plus le document « Lettre de sortie » à Dr Ana Roy" in said_so


def test_a_page_through_another_s_eyes_that_writes_stops_the_start() -> None:
    fresh = Flask("other", static_folder=None)
    view = guards.requires(Permission.DOCUMENTS_READ)(lambda: "x")
    fresh.add_url_rule(f"{MIRROR_MOUNT}/documents", "reads", view)
    guards.check_declared(fresh)
    fresh.add_url_rule(f"{MIRROR_MOUNT}/question", "asks", guards.asks(_view()), methods=["POST"])
    guards.check_declared(fresh)
    fresh.add_url_rule(f"{MIRROR_MOUNT}/documents/lus", "writes", _view(), methods=["POST"])
    with pytest.raises(SettingsError, match="documents/lus"):
        guards.check_declared(fresh)


def _view() -> Callable[[], str]:
    return guards.requires(Permission.DOCUMENTS_READ)(lambda: "x")
