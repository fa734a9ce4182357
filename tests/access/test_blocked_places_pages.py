"""The pages of a blocked place: what follows is said before and after, and who is named."""

from datetime import date, timedelta

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import ConsentState
from espace.access.services.decisions import blocking
from espace.family.services import parents
from tests.access.together import reads
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite


def press(browser: Browser, page: Page, words: str) -> Page:
    """Press the one button that says exactly this."""
    (form,) = [
        one
        for one in page.forms
        if words in [" ".join(each.text_content().split()) for each in one.element.xpath(".//button")]
    ]
    return browser.submit(form, expect=200)


def plain(page: Page) -> str:
    """The words of a page, spaces made plain."""
    return " ".join(page.text.replace("\xa0", " ").split())


def test_a_place_is_blocked_from_its_page_in_one_press_which_names_who_goes_on_and_blocks_them_too(
    app: Flask, holder: Citizen, doctor: Caregiver, nurse: Caregiver, clock: FakeClock
) -> None:
    line_id = access.give(holder.standing(), nurse.id, days=90, place_id=nurse.facts.structures[0].id)
    access.give(holder.standing(), doctor.id, days=90)
    clock.advance(timedelta(minutes=6))  # no proof is asked for: it narrows
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/acces/{line_id}"
    page = browser.get(place)
    assert "Dès maintenant, personne n'y verra plus rien : ni avec un code, ni en urgence." in plain(page)
    assert "Dr Karim Belhadj a un accès à son nom et continue de lire." in plain(page)
    (form,) = [one for one in page.forms if one.element.xpath(".//button[@name='decision' and @value='block']")]
    page = browser.submit(form, {"decision": "block"}, expect=200)
    assert "Accès bloqué dès maintenant : Maison du Parc." in plain(page)
    assert "Personne n'y voit rien, même pour soigner cette personne." in plain(page)
    assert "Dr Karim Belhadj a un accès à son nom et continue de lire." in plain(page)
    assert (reads(holder, doctor), reads(holder, nurse)) == (True, False)
    page = browser.get(place)
    assert "Lit : vous lui avez donné accès à son nom" in plain(page)
    page = press(browser, page, "Bloquer Dr Karim Belhadj")
    assert not reads(holder, doctor)
    assert "continue de lire" not in plain(page)


def test_a_place_to_which_nothing_was_given_is_blocked_from_the_page_of_somebody_there_and_unblocked_from_the_list(
    app: Flask, holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/acces/donner/{doctor.id}"
    page = press(browser, browser.get(place), "Bloquer tout le monde à ce lieu : Maison du Parc")
    assert "Accès bloqué dès maintenant : Maison du Parc." in plain(page)
    (line,) = access.consents(holder.standing())
    assert (line.is_team, line.state) == (True, ConsentState.BLOCKED)
    page = browser.get(place)
    assert "Vous avez bloqué ce lieu : Maison du Parc." in plain(page)
    assert "Tout le monde à" not in plain(page), "neither offered an access nor blocked again"
    page = browser.get(f"/dossiers/{holder.record_id}/historique?qui=moi")
    assert "bloqué cet accès : Maison du Parc" in plain(page)
    page = browser.get(f"/dossiers/{holder.record_id}/acces")
    (unblock,) = [one for one in page.forms if one.values.get("decision") == ["unblock"]]
    page = browser.submit(unblock, expect=200)
    assert "Blocage levé : Maison du Parc." in plain(page)
    assert not reads(holder, nurse)


def test_a_request_from_a_blocked_place_can_be_accepted_for_this_one_alone(
    app: Flask, holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    access.note_encounter(nurse.actor, holder.record_id)
    met = nurse.standing(holder.record_id)
    assert met is not None
    access.ask(met, "Suivi", scope=access.Scope.TEAM)
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/acces")
    assert page.tree.xpath("//input[@name='scope'][@value='team']")
    before = next(one for one in page.forms if one.element.xpath(".//input[@name='scope']"))
    blocking.block_place(holder.standing(), doctor.facts.structures[0].id)
    answer = browser.submit(before, {"decision": "grant", "scope": "team"}, expect=422)
    assert "Ce lieu est bloqué. Débloquez-le d'abord." in plain(answer)
    page = browser.get(f"/dossiers/{holder.record_id}/acces")
    assert not page.tree.xpath("//input[@name='scope'][@value='team']")
    assert "Vous avez bloqué le lieu d'où vient cette demande." in plain(page)
    form = next(one for one in page.forms if one.element.xpath(".//button[@value='grant']"))
    browser.submit(form, {"decision": "grant"}, expect=200)
    assert (reads(holder, nurse), reads(holder, doctor)) == (True, False)


@on_sqlite
def test_a_professional_of_a_blocked_place_gets_what_a_blocked_professional_gets(
    app: Flask, holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    alone = build.caregiver("Roux", "Paul", profession=build.NURSE)
    for one in (nurse, alone):
        access.note_encounter(one.actor, holder.record_id)
    blocking.block_place(holder.standing(), nurse.facts.structures[0].id)
    blocking.block(holder.standing(), alone.id)
    base = f"/pro/patients/{holder.record_id}"
    for way in ("", "/documents", "/documents/recherche", "/documents/nouveau", "/soins", "/urgence", "/consentement"):
        answers = [one.browser(app).get(base + way, expect=None) for one in (nurse, alone)]
        assert answers[0].status == answers[1].status, way
    assert [one.record_id for one in access.my_patients(nurse.actor)] == []


@on_sqlite
@pytest.mark.parametrize("scope", ["rubbish", "00000000-0000-0000-0000-000000000000"])
def test_no_other_place_and_nobody_is_blocked_by_an_address_that_no_page_wrote(
    app: Flask, holder: Citizen, doctor: Caregiver, scope: str
) -> None:
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/acces/donner/{doctor.id}")
    (form,) = [one for one in page.forms if one.values.get("decision") == ["block"] and "scope" in one.values]
    browser.submit(form, {"scope": scope}, expect=422)
    assert access.consents(holder.standing()) == []


@on_sqlite
def test_a_parent_from_whom_places_are_kept_is_told_neither_the_blocked_one_nor_who_practises_there(
    app: Flask, holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    father = build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=(holder, father), activated=False)
    mother = holder.standing(child.record_id)
    blocking.block_place(mother, nurse.facts.structures[0].id)
    access.give(mother, doctor.id, days=90)
    parents.choose_two_homes(mother, on=True)
    (line,) = [one for one in access.consents(mother) if one.is_team]
    places = (f"/dossiers/{child.record_id}/acces", f"/dossiers/{child.record_id}/acces/{line.id}")
    told = [[plain(browser.get(place)) for place in places] for browser in (holder.browser(app), father.browser(app))]
    for hers, his in zip(*told, strict=True):
        assert "Maison du Parc" in hers
        assert "continue de lire" in hers
        assert "Maison du Parc" not in his
        assert "continue de lire" not in his
        assert "Anne Petit" not in his
        assert "Personne n'y voit rien" in his
