"""What was typed is still there after the proof of identity that its sending asked for (security.md R9)."""

from datetime import date, timedelta

import pyotp
import pytest
from flask import Flask

from espace import clock as clocks
from espace.access import services as access
from espace.family.services.carers import links
from espace.machines import Machines
from tests.family.caring import ADD, READ, made, scope
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.build import Citizen
from tests.support.clock import FakeClock


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with two documents."""
    access.ensure_matrix()
    found = build.citizen("Yves", "Quéméner", sex="M")
    for title in ("Bilan sanguin", "Ordonnance"):
        build.document(found.standing(), title, date(2026, 9, 1))
    return found


def proved(browser: Browser, page: Page, who: Citizen) -> Page:
    """Show the proof that is asked for, and be led back."""
    assert page.path == "/connexion/preuve"
    return browser.submit(page.form("code"), {"code": pyotp.TOTP(who.totp_secret).at(clocks.now())}, expect=200)


def test_the_choices_of_a_link_outlive_a_proof_that_grew_old(app: Flask, holder: Citizen, clock: FakeClock) -> None:
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/acces/liens/nouveau"
    page = browser.get(place)
    box = page.tree.xpath("//input[@name='document']/@value")[1]
    clock.advance(timedelta(minutes=6))
    said = {"label": "Dr Pires", "passcode": "azerty7", "hours": "168", "most": "10"}
    page = browser.submit(page.form("label"), {**said, "document": [box]}, button="geste=faire", expect=200)
    page = proved(browser, page, holder)
    assert page.path == place
    assert "Ce que vous avez écrit est encore là." in page.text
    values = page.form("label").values
    assert {name: values[name] for name in said} == {name: [words] for name, words in said.items()}
    assert page.tree.xpath("//input[@name='document'][@checked]/@value") == [box]
    assert "Dr Pires" not in browser.get(place).body.decode()  # given back once
    made = browser.submit(page.form("label"), button="geste=faire", expect=200)
    assert made.h1 == "Votre lien est prêt"


def test_what_was_said_of_a_carer_outlives_it_too(app: Flask, holder: Citizen, clock: FakeClock) -> None:
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/acces/aidants/ajouter")
    last_day = (clocks.today() + timedelta(days=40)).isoformat()
    said = {"name": "Soazig Diallo", "email": "soazig@example.org", "last_day": last_day}
    clock.advance(timedelta(minutes=6))
    values = proved(browser, browser.submit(page.form("name"), {**said}, expect=200), holder).form("name").values
    assert {name: values[name] for name in said} == {name: [words] for name, words in said.items()}


def test_it_opens_for_who_typed_it_and_for_a_moment(app: Flask, holder: Citizen, clock: FakeClock) -> None:
    other = build.citizen("Ghjulia", "Santoni")
    child = build.citizen("Jules", "Santoni", birth=date(2017, 9, 3), parents=[holder, other], activated=False)
    place = f"/dossiers/{child.record_id}/acces/liens/nouveau"
    browser = holder.browser(app)
    page = browser.get(place)
    clock.advance(timedelta(minutes=6))
    asked = browser.submit(page.form("label"), {"label": "Dr Pires"}, button="geste=faire", expect=200)
    name = app.config["SESSION_COOKIE_NAME"]
    kept = browser.cookie(name)
    assert kept
    theirs = other.browser(app)
    theirs.set_cookie(name, kept)
    assert "Dr Pires" not in theirs.get(place).body.decode()
    clock.advance(timedelta(minutes=11))
    assert proved(browser, asked, holder).form("label").values["label"] == [""]


def test_what_a_carer_is_allowed_further_outlives_it_too(app: Flask, holder: Citizen, clock: FakeClock) -> None:
    carer = made(holder.standing(), build.citizen("Soazig", "Diallo", birth=date(1979, 5, 7)), scope(READ, days=20))
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/acces/aidants/{carer.id}/elargir"
    page = browser.get(place)
    last_day = (clocks.today() + timedelta(days=44)).isoformat()
    clock.advance(timedelta(minutes=6))
    sent = browser.submit(page.form("last_day"), {"tasks": [READ.value, ADD.value], "last_day": last_day}, expect=200)
    page = proved(browser, sent, holder)
    assert page.path == place
    values = page.form("last_day").values
    assert (sorted(values["tasks"]), values["last_day"]) == (sorted([READ.value, ADD.value]), [last_day])
    browser.submit(page.form("last_day"), expect=200)
    (changed,) = links.carers(holder.standing())
    assert (changed.scope.tasks, changed.scope.last_day.isoformat()) == (frozenset({READ, ADD}), last_day)
