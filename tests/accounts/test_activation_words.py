"""What the activation says to somebody alone with one phone: which lock to choose, who helps, what the terms are."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from espace.accounts import services as accounts
from espace.accounts.services import sessions
from espace.machines import Machines
from espace.settings import Settings
from tests.support.browser_client import Browser, Page
from tests.support.build import mails_to
from tests.support.marks import on_sqlite

from .journey import (
    EMAIL,
    Newcomer,
    activated,
    choose_app,
    give_address,
    give_email,
    give_letter,
    keep_codes,
    link_app,
    newcomer,
)

pytestmark = on_sqlite
CONTACT, PHONE = "aide@espace.example", "01 23 45 67 89"
HELPERS = [("", ""), (CONTACT, ""), ("", PHONE), (CONTACT, PHONE)]


@pytest.fixture(params=HELPERS, ids=["nobody", "e-mail", "telephone", "both"])
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """The house, with and without somebody people may ask."""
    contact, phone = request.param
    return replace(settings, contact=contact, contact_phone=phone, sms_url="http://127.0.0.1:9/sms")


@pytest.fixture
def claire(machines: Machines) -> Newcomer:
    """Claire Fontenay, with her letter."""
    return newcomer()


def _at_the_app(client: Browser, claire: Newcomer) -> Page:
    give_letter(client, claire)
    give_email(client)
    return choose_app(client)


def _helps(page: Page, house: Settings) -> None:
    """One folded question, its answer, and whom to ask."""
    help_texts = [each.text_content() for each in page.tree.xpath("//main//details[last()]")]
    assert help_texts, page.path
    answer = " ".join(help_texts[-1].split())
    assert (house.contact in answer) is True
    assert (house.contact_phone in answer) is True
    assert ("là où l'on vous a donné votre code" in answer) is not bool(house.contact or house.contact_phone)
    assert "Ne donnez jamais un code ni votre mot de passe" in answer
    assert len(answer) > 150, "more than a telephone number"


def test_every_step_helps_and_may_be_left(client: Browser, claire: Newcomer, settings: Settings) -> None:
    pages = [client.get("/activation"), client.get("/activation/nouveau-code"), give_letter(client, claire)]
    pages += [give_address(client), give_email(client), client.get("/activation/securite")]
    form = client.get("/activation/securite").form("phone")
    pages += [client.submit(form, {"phone": "06 12 34 56 78"}, expect=200), choose_app(client)]
    link_app(client)
    pages.append(client.get("/activation/codes"))
    for page in pages:
        _helps(page, settings)
        assert ("Vous pouvez vous arrêter là" in page.text) is (page.path != "/activation/nouveau-code"), page.path


def test_the_choice_of_a_lock_is_explained_in_words(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    text = give_email(client).text
    for words in ("le plus simple", "N'importe quel téléphone portable", "même sans réseau", "même ancien : le SMS"):
        assert words in text, words
    assert "TOTP" not in text
    assert "second facteur" not in text


def test_the_app_is_got_in_few_lines_and_the_key_stands_open(client: Browser, claire: Newcomer) -> None:
    page = _at_the_app(client, claire)
    assert all(word in page.text for word in ("Play Store", "App Store", "FreeOTP", "Aegis", "cette page vous attend"))
    assert page.tree.xpath("//*[@id='key'][not(ancestor::details)]")
    assert page.tree.xpath("//details//img")
    assert "/activation/securite" in page.links.values()
    assert [link for link in page.links.values() if link.startswith("http")] == []


def test_the_terms_promise_only_what_there_is(client: Browser, claire: Newcomer) -> None:
    _at_the_app(client, claire)
    link_app(client)
    page = client.get("/activation/codes")
    assert "Vous pouvez fermer votre espace à tout moment" in page.text
    privacy = client.get("/confidentialite")
    assert privacy.link("refuser sans compte") == "/opposition"
    addresses = {rule.rule for rule in client.app.url_map.iter_rules()}
    assert {"/compte/cloture", "/opposition"} <= addresses


def test_the_activation_s_end_is_told_by_an_empty_mail_once(app: Flask) -> None:
    activated(app)
    told = [mail for mail in mails_to(EMAIL) if mail["message"] == "space-active"]
    assert [(mail["locale"], mail["values"]) for mail in told] == [("fr", {})]


def test_no_mail_tells_of_an_activation_that_did_not_end(
    client: Browser, claire: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _at_the_app(client, claire)
    link_app(client)

    def refuse(*_args: Any, **_facts: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(sessions, "open_session", refuse)
    keep_codes(client, 500)
    assert [mail["message"] for mail in mails_to(EMAIL)] == ["email-verification"]
    assert accounts.account_of(claire.person.person_id) is None
