"""No other site, and no other browser's token, makes somebody do something (security.md R32, R7)."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from espace.access.services import Answer
from espace.permissions import Actor, ActorKind, Permission, Role
from espace.settings import Settings
from espace.web import guards
from tests.house.test_get_writes import REACHED, changes, state
from tests.house.test_routes import UNSAFE, addresses
from tests.support import build, office
from tests.support.browser_client import Browser
from tests.support.marks import on_sqlite

pytestmark = on_sqlite

OFFICES = {
    Role.COUNTER: "/admin/guichet",
    Role.PRIVACY_OFFICER: "/admin/personnes",
    Role.ADMINISTRATOR: "/admin/operateurs/inviter",
}
ELSEWHERE: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Origin": "https://elsewhere.example"},
    {"Origin": "http://localhost:8001"},
    {"Origin": "http://localhost:8000.elsewhere.example"},
    {"Sec-Fetch-Site": "cross-site", "HX-Request": "true"},
]


_KINDS = {"/pro/": ActorKind.PROFESSIONAL, "/admin/": ActorKind.OPERATOR}

FOREIGN = {"/partage/<token>/manifeste", "/partage/fichiers/<ticket>"}
"""What any site's viewer may ask for: no session counts there, only the key of a link."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house whose administrators need no passkey, which only a browser can make."""
    return replace(settings, administrator_passkey=False)


def _token(browser: Browser, place: str) -> str:
    return browser.get(place).csrf_token


def _doors(app: Flask) -> Iterator[tuple[Browser, str, dict[str, object]]]:
    """A visitor, a person and a professional, a page where each gets a token, and the ids of the record."""
    holder, doctor = build.citizen(), build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    build.document(holder.standing())
    ids: dict[str, object] = dict(build.ids_of(holder.standing()))
    yield Browser(app), "/connexion", ids
    yield holder.browser(app), "/compte", ids
    yield doctor.browser(app), "/pro/patients", ids
    for role, door in OFFICES.items():
        yield office.officer(role).browser(app), door, ids


def test_other_sites_may_ask_for_what_a_link_shares_and_for_nothing_else(app: Flask) -> None:
    rules = list(app.url_map.iter_rules())
    assert {rule.rule for rule in rules if guards.is_foreign(app.view_functions[rule.endpoint])} == FOREIGN


@pytest.mark.parametrize("elsewhere", ELSEWHERE, ids=str)
def test_another_site_s_page_makes_nobody_do_anything(app: Flask, elsewhere: dict[str, str]) -> None:
    for browser, door, ids in _doors(app):
        token, before = _token(browser, door), state()
        for method in sorted(UNSAFE):
            for rule, place in addresses(app, method=method, ids=ids):
                answer = browser.send(
                    method, place, data={"csrf_token": token}, headers=elsewhere, follow=False, whole=False
                )
                refused = 400 if rule.rule in FOREIGN else 403
                assert answer.status == refused, f"{method} {rule.rule}: {answer.status}"
        assert changes(before, state()) == set()


@pytest.mark.parametrize("kind", ["none", "empty", "made up", "another browser's", "in the address"])
def test_no_act_passes_without_a_token_of_this_browser(app: Flask, kind: str) -> None:
    stranger = Browser(app)
    for browser, door, ids in _doors(app):
        own = _token(browser, door)
        token = {"empty": "", "made up": "x" * 91, "another browser's": _token(stranger, "/connexion")}.get(kind)
        before = state()
        for rule, place in addresses(app, method="POST", ids=ids):
            data = {} if token is None else {"csrf_token": token}
            query = {"csrf_token": own} if kind == "in the address" else {}
            for headers in ({}, {"HX-Request": "true"}):
                answer = browser.send(
                    "POST", place, data=data, query_string=query, headers=headers, follow=False, whole=False
                )
                assert answer.status == _without_token(app, door, rule, part=bool(headers)), f"{rule.rule}"
        assert changes(before, state()) <= (REACHED if door.startswith("/pro/") else set())  # counted, served or not


def _without_token(app: Flask, door: str, rule: Rule, *, part: bool) -> int:
    """What is answered: first to whom the route does not serve, then to the missing token."""
    if guards.declared(app.view_functions[rule.endpoint]) == guards.PUBLIC:
        return 400
    if door == "/connexion":
        return 401 if part else 303
    permission = Permission(guards.declared(app.view_functions[rule.endpoint]) or "")
    kind = next((kind for start, kind in _KINDS.items() if door.startswith(start)), ActorKind.PATIENT)
    if not permission.on_record:
        role = next((role for role, own in OFFICES.items() if own == door), None)
        return 400 if Actor(kind, UUID(int=1), "", role=role).carries(permission) else 404
    return 400 if rule.rule.startswith("/pro/") is door.startswith("/pro/") and _may_stand(kind) else 404


def _may_stand(kind: ActorKind) -> bool:
    """Whether somebody of this kind may stand before a record at all: operators never do (security.md R17)."""
    return kind is not ActorKind.OPERATOR


def test_a_token_from_before_the_sign_in_is_worthless_after_it(app: Flask) -> None:
    holder = build.citizen()
    browser = Browser(app)
    planted = _token(browser, "/connexion")
    sent = {"email": holder.email, "password": build.PASSWORD, "csrf_token": planted}
    browser.post("/connexion", sent, expect=303, follow=False)
    assert browser.post("/connexion/code", {"csrf_token": planted, "code": "1"}, follow=False).status == 400


def test_an_act_of_ones_own_passes(app: Flask) -> None:
    """The tests above can fail: the same acts pass from here."""
    browser = build.citizen().browser(app)
    for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost:8000"}, {"Origin": "null"}):
        sent = {"csrf_token": _token(browser, "/compte"), "locale": "fr"}
        browser.post("/compte/langue", sent, headers=headers, follow=False, expect=303)
