"""The entrance when the provider is elsewhere, silent, or not set up."""

from dataclasses import replace

import pytest
from flask import Flask

from espace.interop import openid
from espace.interop.openid import Endpoints
from espace.machines import Machines
from espace.settings import Settings
from tests.support.browser_client import Browser
from tests.support.marks import on_sqlite

pytestmark = on_sqlite
ELSEWHERE = "https://identite.example"


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """The house, with the provider a test names."""
    issuer = getattr(request, "param", "")
    return replace(settings, psc_issuer=issuer, psc_client_secret="s" if issuer else "", demo_dir=None)


@pytest.mark.parametrize("settings", ["http://127.0.0.1:9"], indirect=True)
def test_a_silent_provider_is_said_and_nothing_is_lost(app: Flask) -> None:
    openid.forget()
    browser = Browser(app)
    page = browser.get("/pro/connexion", expect=503)
    assert "ne répond pas" in page.text
    assert page.tree.xpath("//main//a[@href='/pro/connexion']"), "nothing to start again with"
    page = browser.post("/pro/connexion", {"csrf_token": browser.get("/connexion").csrf_token}, expect=503)
    assert "ne répond pas" in page.text


def test_without_a_provider_the_page_says_so(app: Flask) -> None:
    page = Browser(app).get("/pro/connexion")
    assert not [form for form in page.forms if form.action == "/pro/connexion"]
    Browser(app).get("/pro/connexion/retour?state=x&code=y", expect=400)


@pytest.mark.parametrize("settings", [ELSEWHERE], indirect=True)
def test_the_button_may_end_at_the_provider_and_nowhere_else(
    app: Flask, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Endpoints(ELSEWHERE, *(f"{ELSEWHERE}/{name}" for name in ("authorize", "token", "userinfo", "jwks")))
    monkeypatch.setattr(openid, "endpoints", lambda _party: known)
    browser = Browser(app)
    page = browser.get("/pro/connexion")
    assert f"form-action 'self' {ELSEWHERE};" in page.headers["Content-Security-Policy"]
    answer = browser.submit(page.forms[0], expect=303, follow=False)
    assert answer.headers["Location"].startswith(f"{ELSEWHERE}/authorize?")
    for part in ("code_challenge_method=S256", "response_type=code", "prompt=login", "nonce=", "state="):
        assert part in answer.headers["Location"]
    assert ELSEWHERE not in browser.get("/pro/connexion/lieu", expect=400).headers["Content-Security-Policy"]


def test_the_demo_s_provider_exists_only_in_the_demo(app: Flask) -> None:
    for place in ("authorize", "jwks", "userinfo", ".well-known/openid-configuration"):
        Browser(app).get(f"/demo/psc/{place}", expect=404)
