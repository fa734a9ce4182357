"""What the activation says to somebody alone with one phone: how to get the app, who helps, what the terms are."""

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
    choose_password,
    give_email,
    give_letter,
    keep_codes,
    link_app,
    newcomer,
)

pytestmark = on_sqlite
CONTACT = "aide@espace.example"


@pytest.fixture(params=["", CONTACT], ids=["no contact", "a contact"])
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """The house, with and without an address people may write to."""
    return replace(settings, contact=request.param)


@pytest.fixture
def claire(machines: Machines) -> Newcomer:
    """Claire Fontenay, with her letter."""
    return newcomer()


def _at_the_app(client: Browser, claire: Newcomer) -> Page:
    give_letter(client, claire)
    give_email(client)
    return choose_password(client)


def test_the_app_is_got_in_three_lines_and_the_key_stands_open(
    client: Browser, claire: Newcomer, settings: Settings
) -> None:
    page = _at_the_app(client, claire)
    lines: Any = page.tree.xpath("//main//ol[contains(@class, 'numbered')]/li")
    assert len(lines) == 3
    assert all(word in lines[0].text_content() for word in ("Play Store", "App Store", "FreeOTP", "Aegis"))
    assert "ce que vous avez fait est gardé" in lines[1].text_content()
    assert "Ouvrir mon application" in lines[2].text_content()
    assert page.tree.xpath("//*[@id='key'][not(ancestor::details)]")
    assert page.tree.xpath("//details//img")
    assert (f"écrivez à {CONTACT}" in page.text) is bool(settings.contact)
    assert ("là où l'on vous a donné votre code" in page.text) is not bool(settings.contact)
    assert "Vous pouvez vous arrêter et reprendre plus tard" in page.text
    assert [link for link in page.links.values() if link.startswith("http")] == []


def test_the_terms_and_the_privacy_page_promise_only_what_there_is(
    client: Browser, claire: Newcomer, settings: Settings
) -> None:
    _at_the_app(client, claire)
    link_app(client)
    for page in (client.get("/activation/codes"), client.get("/confidentialite")):
        assert "Aucune page ne le fait encore" in page.text
        assert (CONTACT in page.text) is bool(settings.contact)
        assert "à tout moment" not in page.text


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
