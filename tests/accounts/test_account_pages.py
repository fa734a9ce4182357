"""The account at a glance, who one is, what happened, the language (rules.md ID-1 to ID-5, ID-13)."""

import gzip
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from espace.accounts.services import factors, facts
from espace.accounts.views.account.identity import birth_place, number_kind
from espace.accounts.views.account.words import advice
from espace.audit import services as audit
from espace.audit.services import Action
from espace.identifiers import OID_NIA, OID_NIR, OID_NIR_DEMO, OID_NIR_TEST, readable_phone
from espace.people import services as people
from espace.permissions import SYSTEM
from espace.settings import Settings
from tests.support.build import citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .keeper import PHONE, Keeper, at_account, keeper, put

PLACES = ("/compte", "/compte/identite", "/compte/securite", "/compte/appareils", "/compte/langue", "/compte/activite")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house with a gateway for SMS, where people are helped."""
    return replace(
        settings, sms_url="http://127.0.0.1:9/sms", contact_phone="01 23 45 67 89", contact="aide@espace.example"
    )


@pytest.fixture
def claire(app: Flask) -> Keeper:
    """Claire Fontenay, signed in a moment ago."""
    return keeper(app)


@on_sqlite
def test_every_line_of_the_overview_leads_somewhere(claire: Keeper) -> None:
    seen = set()
    for place in PLACES:
        for words, target in claire.browser.get(place).links.items():
            if target.startswith("/compte") and target not in seen:
                seen.add(target)
                claire.browser.get(target.partition("#")[0])
                assert words, target
    assert {"/compte/identite", "/compte/securite", "/compte/appareils", "/compte/activite"} <= seen


@on_sqlite
def test_pages_stay_light(claire: Keeper) -> None:
    for place in PLACES:
        assert len(gzip.compress(claire.browser.get(place).body)) < 14_000, place


def test_a_well_kept_account_has_nothing_left_to_do(claire: Keeper) -> None:
    assert "Il reste 1 chose à faire" in claire.browser.get("/compte").text
    put(claire.account_id, phone=PHONE, sms=True)
    assert advice(factors.ways(claire.account_id)) == []


@on_sqlite
def test_identity_shows_each_trait_and_no_field_to_change_it(app: Flask) -> None:
    person = citizen("Claire", "Le Bihan-Fontenay")
    known = people.person(person.person_id)
    traits = replace(known, use_name="Morel", birth_place="2A004", first_names=("Claire", "Anne", "Maëlle"))
    people.save_person(traits)
    claire = at_account(app, person, phone=PHONE)
    page = claire.browser.get("/compte/identite")
    for said in ("Le Bihan-Fontenay", "Claire Anne Maëlle", "12 mai 1984", "Féminin", "2A004", "Morel"):
        assert said in page.text
    assert "2A désigne le département ou le territoire, 004 la commune" in page.text
    assert f"{person.ins[0]} {person.ins[1:3]} {person.ins[3:5]}" in page.text
    assert "NIR" in page.text
    assert readable_phone(PHONE).replace("\u00a0", " ") in page.text
    assert "formulaire public de correction d'état civil" in page.text
    typed = page.tree.xpath("//main//input[not(@type='hidden')] | //main//select | //main//textarea")
    assert typed == [], "nobody edits a strict trait here (ID-13)"


@on_sqlite
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("75056", "75 désigne le département ou le territoire, 056 la commune."),
        ("2B033", "2B désigne le département ou le territoire, 033 la commune."),
        ("97411", "974 désigne le département ou le territoire, 11 la commune."),
        ("98818", "988 désigne le département ou le territoire, 18 la commune."),
        ("99109", "Naissance hors de France\u00a0: 99 désigne l'étranger, 109 le pays."),
        ("", ""),
    ],
)
def test_a_birthplace_is_read_from_its_code(app: Flask, code: str, said: str) -> None:
    with app.test_request_context():
        assert birth_place(code) == said


@on_sqlite
@pytest.mark.parametrize(
    ("oid", "word"), [(OID_NIR, "NIR"), (OID_NIA, "NIA"), (OID_NIR_TEST, "essai"), (OID_NIR_DEMO, "essai")]
)
def test_the_kind_of_number_is_said_in_words(app: Flask, oid: str, word: str) -> None:
    with app.test_request_context():
        assert word in number_kind(oid)


def test_the_activity_tells_what_others_did_too_page_by_page(claire: Keeper, clock: FakeClock) -> None:
    for number in range(35):
        clock.advance(timedelta(minutes=1))
        actor = SYSTEM if number % 2 else claire.actor
        audit.record(actor, claire.account_id, Action.SIGN_IN_REFUSED if number % 2 else Action.LANGUAGE_CHOSEN)
    page = claire.browser.get("/compte/activite")
    assert page.text.count("Vous avez changé de langue") == 15
    assert page.text.count("À vérifier") == 15
    older = page.link("Voir plus ancien")
    assert "35" not in older, "no number of an act in an address"
    page = claire.browser.get(older)
    assert page.text.count("Vous avez changé de langue") == 3
    assert "Vous avez activé votre espace" in page.text
    part = claire.browser.fragment(older, "activity")
    assert "<html" not in part.body.decode()


@on_sqlite
def test_the_activity_is_ones_own(app: Flask, claire: Keeper) -> None:
    jeanne = keeper(app)
    audit.record(jeanne.actor, jeanne.account_id, Action.PASSWORD_CHANGED)
    assert "mot de passe" not in "".join(claire.browser.get("/compte/activite").tree.xpath("//main//li//text()"))
    older = "x" * 40
    assert claire.browser.get(f"/compte/activite?avant={older}").status == 200


@on_sqlite
def test_language_is_told_once_it_changes(claire: Keeper) -> None:
    facts.choose_locale(claire.actor, "fr")
    assert "language-chosen" not in claire.acts()
    form = claire.browser.get("/compte/langue").form("locale")
    assert claire.browser.submit(form, {"locale": "en"}, expect=200).h1 == "Account"
    assert claire.acts()[0] == "language-chosen"


@on_sqlite
def test_help_is_named_where_identity_is_wrong(claire: Keeper) -> None:
    page = claire.browser.get("/compte/identite")
    assert "01 23 45 67 89" in page.text
    assert page.link("aide@espace.example").startswith("mailto:")
