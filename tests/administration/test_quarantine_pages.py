"""The quarantine desk as operators walk it: what its pages say, what they keep closed, who has no part in it."""

from datetime import timedelta

import pytest
from flask import Flask

from espace.administration.services import quarantine
from espace.errors import NotFoundError
from espace.permissions import Role
from tests.support import build
from tests.support.clock import FakeClock
from tests.support.office import Officer

from .aside import SECRET, aside, filed, lying, strange, target, titles


def test_operators_see_whom_a_document_names_and_nothing_it_says(
    app: Flask, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    for officer in (privacy, second):
        browser = officer.browser(app)
        acts = ("", "/retirer") if officer is privacy else ("", "/confirmer", "/retirer")
        for place in ("/admin/quarantaine", *(f"/admin/quarantaine/{aside_id}{act}" for act in acts)):
            page = browser.get(place)
            assert SECRET not in page.text, place
        assert "FONTENAY" in browser.get(f"/admin/quarantaine/{aside_id}").text
        assert "FONTENAY" not in browser.get("/admin/quarantaine").text


def test_a_number_is_written_as_on_the_card_and_an_unknown_kind_in_the_sender_s_words(
    app: Flask, privacy: Officer, person: build.Citizen
) -> None:
    known, odd = aside(strange()), aside(strange(code="00000-0", number="2"), "ancien.xml")
    browser = privacy.browser(app)
    page = browser.get(f"/admin/quarantaine/{known}").text
    assert quarantine.grouped("177127512345646") in page
    assert "Sorte, selon l'expéditeur" not in page
    assert "Sorte, selon l'expéditeur" in browser.get(f"/admin/quarantaine/{odd}").text


def test_a_page_that_one_may_not_use_says_why_and_leads_back(
    app: Flask, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(strange())
    base = f"/admin/quarantaine/{aside_id}"
    first, other = privacy.browser(app), second.browser(app)
    late = other.get(f"{base}/ecarter")
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    page = first.get(f"{base}/confirmer")
    assert page.path == base
    assert "un autre opérateur doit le confirmer" in page.text
    form = other.get(f"{base}/confirmer").form("seen")
    token = first.get(f"{base}/retirer").form("csrf_token").values["csrf_token"]
    page = first.post(f"{base}/confirmer", {"seen": form.values["seen"], "csrf_token": token}, expect=200)
    assert "un autre opérateur doit le confirmer" in page.text
    assert "déjà une proposition" in other.get(f"{base}/ranger").text
    other.submit(form, {}, expect=200)
    assert titles(person) == [f"Bilan {SECRET}"]
    for place in (base, f"{base}/retirer"):
        page = first.get(place, expect=404)
        assert page.h1 == first.get("/admin/quarantaine").h1
        assert "a déjà décidé" in page.text
    page = other.submit(late.form("kind"), {"kind": "twice"}, expect=200)
    assert "a déjà décidé" in page.text


@pytest.mark.parametrize("role", [Role.COUNTER])
def test_the_counter_has_no_part_in_it(app: Flask, counter: Officer, person: build.Citizen, role: Role) -> None:
    aside_id = aside(strange())
    browser = counter.browser(app)
    for place in ("", f"/{aside_id}", f"/{aside_id}/ranger"):
        browser.get(f"/admin/quarantaine{place}", expect=404)
    for act in (
        lambda: quarantine.page(counter.actor),
        lambda: quarantine.case(counter.actor, aside_id),
        lambda: quarantine.propose_assignment(counter.actor, aside_id, target(person)),
        lambda: quarantine.propose_discard(counter.actor, aside_id, "twice", ""),
        lambda: quarantine.withdraw(counter.actor, aside_id),
        lambda: quarantine.confirm(counter.actor, aside_id, ""),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_the_list_goes_page_by_page(app: Flask, privacy: Officer, clock: FakeClock) -> None:
    for number in range(43):
        clock.advance(timedelta(seconds=1))
        aside(strange(number=str(number)), f"{number}.xml")
    browser = privacy.browser(app)
    page = browser.get("/admin/quarantaine")
    assert len(page.tree.find_class("row")) == 40
    older = browser.get(page.link("plus ancien"))
    assert len(older.tree.find_class("row")) == 3
    browser.get("/admin/quarantaine?avant=%00nonsense")


def test_the_pages_bear_wrong_addresses_and_answers(app: Flask, privacy: Officer) -> None:
    aside_id = aside(strange())
    browser = privacy.browser(app)
    base = f"/admin/quarantaine/{aside_id}"
    browser.get(f"{base}/autre", expect=404)
    for act in ("confirmer", "retirer"):
        assert "n'attend" in browser.get(f"{base}/{act}").text
    page = browser.get(f"{base}/ranger")
    page = browser.submit(page.form("ins"), {"ins": "12", "birth_date": "x", "care_day": "31/12/2999"}, expect=422)
    assert len(page.tree.find_class("err")) >= 4
    assert (filed(), lying()) == (0, 1)


def test_what_was_proposed_anew_meanwhile_is_said_and_shown(
    app: Flask, privacy: Officer, second: Officer, person: build.Citizen, clock: FakeClock
) -> None:
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    clock.advance(timedelta(seconds=5))
    browser = second.browser(app)
    page = browser.get(f"/admin/quarantaine/{aside_id}/confirmer")
    quarantine.withdraw(privacy.actor, aside_id)
    quarantine.propose_discard(privacy.actor, aside_id, "twice", "")
    after = browser.submit(page.form("seen"), expect=200)
    assert after.path == f"/admin/quarantaine/{aside_id}"
    assert "entre-temps" in after.text
    assert lying() == 1
