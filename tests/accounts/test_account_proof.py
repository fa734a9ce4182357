"""Whom the account's pages serve, and what a proof of five minutes ago is still good for (security.md R9, R10)."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from espace.accounts.services import contacts, passkeys, second_steps
from espace.errors import StepUpError
from espace.identifiers import new_id
from espace.permissions import Actor, Role, Visitor
from espace.settings import Settings
from tests.house.test_get_writes import SEEN, changes, state
from tests.house.test_routes import addresses
from tests.support import build
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .keeper import PHONE, SECURITY, Keeper, app_code, keeper, operator, put

LONG = timedelta(minutes=5)
OPEN = {"address_under_way", "keep_one_way"}  # they change nothing and show nothing new
VALUES: dict[str, Any] = {
    "email": "autre@exemple.fr",
    "phone": "+33639980048",
    "typed": "123456",
    "code": "123456",
    "visitor": Visitor("192.0.2.9"),
    "purpose": contacts.NEW_EMAIL,
    "current": build.PASSWORD,
    "new": "sept merles au fond du jardin",
    "name": "Autre nom",
    "answer": "{}",
    "on": True,
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house with a gateway for SMS and codes by e-mail, so that every page exists."""
    return replace(settings, sms_url="http://127.0.0.1:9/sms", email_code_allowed=True)


@pytest.fixture
def claire(app: Flask) -> Keeper:
    """Claire Fontenay with every sort of second lock, and a change of each sort under way."""
    who = keeper(app)
    put(who.account_id, phone=PHONE, sms=True, email_code=True)
    second_steps.add_passkey(who.actor, who.device.create(second_steps.passkey_options(who.actor)), "Téléphone")
    contacts.ask_new_email(who.actor, "claire.nouvelle@exemple.fr")
    contacts.ask_new_phone(who.actor, "+33639980048")
    second_steps.offer_app(who.actor)
    second_steps.draw_codes(who.actor)
    return who


def acts() -> list[tuple[str, Callable[..., Any]]]:
    """Every service of these pages that takes the actor."""
    found = [*inspect.getmembers(contacts, inspect.isfunction), *inspect.getmembers(second_steps, inspect.isfunction)]
    ours = {contacts.__name__, second_steps.__name__}
    return [
        (name, act) for name, act in found if act.__module__ in ours and not name.startswith("_") and name not in OPEN
    ]


def call(act: Callable[..., Any], actor: Actor, passkey_id: Any) -> None:
    """Call a service with plausible values."""
    given: dict[str, Any] = {**VALUES, "passkey_id": passkey_id}
    named = {name: given[name] for name in inspect.signature(act).parameters if name != "actor"}
    act(actor, **named)


@pytest.mark.parametrize("age", [LONG, LONG + timedelta(hours=3), timedelta(seconds=-1), None])
def test_no_service_takes_a_proof_that_is_old_to_come_or_missing(
    claire: Keeper, clock: FakeClock, age: timedelta | None
) -> None:
    [line] = passkeys.of(claire.account_id)
    stale = replace(claire.actor, proved_at=None if age is None else clock.now - age)
    before = state()
    assert len(acts()) > 15
    for _name, act in acts():
        with pytest.raises(StepUpError):
            call(act, stale, line.id)
    assert changes(before, state()) == set()


SENT = {
    "code": "123456",
    "email": "autre@exemple.fr",
    "phone": "0639980048",
    "current": build.PASSWORD,
    "password": str(VALUES["new"]),
    "name": "Autre",
    "credential": "{}",
    "kept": "y",
}
ELSEWHERE = (f"{SECURITY}/identite",)  # tested with the outside identity


@on_sqlite
def test_every_page_of_an_act_leads_to_the_proof_first(claire: Keeper, clock: FakeClock) -> None:
    [line] = passkeys.of(claire.account_id)
    token = claire.browser.get("/compte/langue").csrf_token
    clock.advance(LONG)
    before, seen = state(), 0
    for method, chosen in (("GET", ("",)), ("POST", ("", "remove", "again", "on"))):
        for rule, place in addresses(claire.browser.app, method=method, ids={"passkey_id": line.id}):
            if not rule.rule.startswith(f"{SECURITY}/") or rule.rule.startswith(ELSEWHERE):
                continue
            seen += 1
            for act in chosen:
                extra: dict[str, Any] = {"data": SENT | {"csrf_token": token, "act": act}} if method == "POST" else {}
                page = claire.browser.send(method, place, follow=False, **extra)
                # Options are asked for by script, which opens the page anew.
                proof = (403, None) if rule.rule.endswith("/defi") else (303, "/connexion/preuve")
                assert (page.status, page.headers.get("Location")) == proof, f"{method} {rule.rule} {act}"
    assert seen >= 24
    assert changes(before, state()) <= SEEN


def test_the_proof_leads_back_to_the_form(app: Flask, clock: FakeClock) -> None:
    claire = keeper(app)
    clock.advance(LONG)
    page = claire.browser.get(f"{SECURITY}/adresse")
    assert page.path == "/connexion/preuve"
    page = claire.browser.submit(page.form("code"), {"code": app_code(claire.facts["totp_secret"])}, expect=200)
    assert page.path == f"{SECURITY}/adresse"


@on_sqlite
def test_looking_asks_for_no_proof(claire: Keeper, clock: FakeClock) -> None:
    clock.advance(LONG)
    for place in ("/compte", "/compte/identite", SECURITY, "/compte/appareils", "/compte/langue", "/compte/activite"):
        assert claire.browser.get(place).path == place


@on_sqlite
def test_professionals_find_nothing_here(app: Flask, claire: Keeper) -> None:
    browser = build.caregiver().browser(app)
    for method in ("GET", "POST"):
        for rule, place in addresses(app, method=method):
            if rule.rule.startswith("/compte"):
                page = browser.send(method, place, follow=False)
                assert page.status in (400, 404), f"{method} {rule.rule}"
                assert "Claire" not in page.text
    browser.get("/compte/securite", expect=404)


@on_sqlite
@pytest.mark.parametrize("role", [Role.COUNTER, Role.PRIVACY_OFFICER])
def test_operators_keep_their_own_account_and_nothing_else(app: Flask, claire: Keeper, role: Role) -> None:
    garance = operator(app, role)
    for place in ("/compte", "/compte/identite"):
        garance.browser.get(place, expect=404)
    for name in (
        "",
        "/adresse",
        "/telephone",
        "/sms",
        "/code-par-e-mail",
        "/application",
        "/cles",
        "/codes",
        "/mot-de-passe",
    ):
        page = garance.browser.get(f"{SECURITY}{name}")
        assert page.path == f"{SECURITY}{name}"
        assert "Claire" not in page.text
    for place in ("/compte/appareils", "/compte/langue", "/compte/activite"):
        garance.browser.get(place)
    [line] = passkeys.of(claire.account_id)
    garance.browser.get(f"{SECURITY}/cles/{line.id}", expect=404)
    garance.browser.get(f"{SECURITY}/cles/{new_id()}", expect=404)


@on_sqlite
def test_an_operator_changes_their_password(app: Flask) -> None:
    garance = operator(app, Role.COUNTER)
    form = garance.page("mot-de-passe").form("current")
    typed = {"current": build.PASSWORD, "password": "Garance Vasseur espace"}
    garance.browser.submit(form, typed, expect=422)
    typed = {"current": build.PASSWORD, "password": "sept merles au fond du jardin"}
    assert "Votre nouveau mot de passe est enregistré" in garance.browser.submit(form, typed, expect=200).text
    assert garance.acts()[0] == "password-changed"
