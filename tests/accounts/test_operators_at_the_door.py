"""Operators sign in at the same door; an administrator without a passkey gets the page to add one and nothing else."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from espace import clock as house_clock
from espace import db
from espace.accounts import services as accounts
from espace.accounts.models import Account
from espace.machines import Machines
from espace.permissions import Actor, ActorKind, Permission, Role
from espace.settings import Settings
from espace.web.guards import ENROLMENT, cookie_name, declared
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock

from .authenticator import Authenticator
from .doors import SECRET, add_passkey, code_of, give_password, operator, touch

EMAIL = "agnes.morel@exemple.fr"
_SAMPLES = {"uuid": "00000000-0000-7000-8000-000000000000", "int": "1"}


def entered(app: Flask, place: str = "/admin/") -> Browser:
    """A browser an operator signed in with, by password and app."""
    browser = Browser(app)
    page = give_password(browser, EMAIL, expect=200)
    answer = browser.submit(page.form("code"), {"code": code_of(SECRET)}, expect=303, follow=False)
    assert answer.headers["Location"] == place
    return browser


def actor_of(app: Flask, browser: Browser) -> Actor:
    """Who the browser speaks for."""
    found = accounts.identify(browser.cookie(cookie_name(app)) or "")
    assert found is not None
    return found


@pytest.mark.parametrize("role", Role)
def test_each_role_signs_in_at_the_one_door(app: Flask, role: Role) -> None:
    made = operator(role)
    actor = actor_of(app, entered(app))
    assert (actor.kind, actor.id, actor.role, actor.name) == (ActorKind.OPERATOR, made, role, "Agnès Morel")
    assert actor.carries(Permission.SECURITY)
    assert not actor.carries(Permission.ACCOUNT)


def test_a_passkey_alone_lets_an_operator_in(app: Flask, client: Browser) -> None:
    device = Authenticator()
    add_passkey(operator(Role.ADMINISTRATOR), device)
    client.get("/dossiers/")
    answer = touch(client, device, "/connexion", "/connexion/cle", expect=303)
    assert answer.headers["Location"] == "/admin/", "a person's page is not for them"
    assert not actor_of(app, client).is_enrolling


def admitted(app: Flask, browser: Browser) -> set[str]:
    """The routes beyond the public ones that answer something else than: add a passkey first."""
    found = set()
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or declared(app.view_functions[rule.endpoint]) == "public":
            continue
        path = re.sub(r"<(?:(\w+)[^:>]*:)?\w+>", lambda kind: _SAMPLES.get(kind[1], "x"), rule.rule)
        answer = browser.get(path, follow=False, expect=None)
        if answer.headers.get("Location") != ENROLMENT:
            found.add(rule.rule)
    return found


def test_an_administrator_without_a_passkey_gets_the_page_to_add_one_and_nothing_else(app: Flask) -> None:
    made = operator(Role.ADMINISTRATOR)
    browser = entered(app)
    assert actor_of(app, browser).is_enrolling
    assert {rule.partition("<")[0].rstrip("/") for rule in admitted(app, browser)} == {ENROLMENT, "/connexion/preuve"}
    token = browser.get("/connexion/preuve").csrf_token
    assert browser.post("/compte/langue", {"csrf_token": token, "locale": "en"}).status == 404
    part = browser.fragment("/admin/", "contenu", follow=False, expect=403)
    assert part.headers["HX-Redirect"] == ENROLMENT
    add_passkey(made, Authenticator())
    assert not actor_of(app, browser).is_enrolling
    assert len(admitted(app, browser)) > 2


def test_adding_it_asks_for_a_fresh_proof_like_everything_that_opens(app: Flask, clock: FakeClock) -> None:
    operator(Role.ADMINISTRATOR)
    browser = entered(app)
    assert browser.get(ENROLMENT).path == ENROLMENT
    clock.advance(timedelta(minutes=6))
    page = browser.get(ENROLMENT)
    assert page.path == "/connexion/preuve"
    browser.submit(page.form("code"), {"code": code_of(SECRET)}, expect=200)
    assert browser.get(ENROLMENT).path == ENROLMENT


@pytest.mark.parametrize("role", [Role.COUNTER, Role.PRIVACY_OFFICER])
def test_other_operators_may_do_without(app: Flask, role: Role) -> None:
    operator(role)
    assert not actor_of(app, entered(app)).is_enrolling


class TestWhereNoneIsAskedFor:
    """A house that does not ask administrators for passkeys."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """The rule is off."""
        return replace(settings, administrator_passkey=False)

    def test_an_administrator_works_with_an_app(self, app: Flask) -> None:
        operator(Role.ADMINISTRATOR)
        assert not actor_of(app, entered(app)).is_enrolling


def disable(account_id: UUID) -> None:
    """Shut an operator out."""
    with db.write() as tx:
        tx.execute(update(Account).where(Account.id == account_id).values(disabled_at=house_clock.now()))


def test_a_disabled_operator_is_told_what_an_unknown_one_is(app: Flask, machines: Machines) -> None:
    device = Authenticator()
    made = operator(Role.COUNTER)
    add_passkey(made, device)
    disable(made)
    wrong = give_password(Browser(app), "personne@exemple.fr", expect=422)
    assert give_password(Browser(app), EMAIL, expect=422).text == wrong.text
    assert "n'ouvre rien ici" in touch(Browser(app), device, "/connexion", "/connexion/cle", expect=422).text


def test_an_operator_s_session_is_idle_after_a_quarter_of_an_hour(app: Flask, clock: FakeClock) -> None:
    operator(Role.COUNTER)
    browser = entered(app)
    token = browser.cookie(cookie_name(app)) or ""
    clock.advance(timedelta(minutes=14))
    assert accounts.identify(token) is not None
    clock.advance(timedelta(minutes=15))
    assert accounts.identify(token) is None
