"""Headers of every answer, pages of errors included (security.md R29, R31)."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

import espace
from espace.machines import Machines
from espace.web import guards
from tests.conftest import LIGHT_HASHER
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .test_routes import UNSAFE, addresses

EXACT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# What a content security policy may say at most; a route may say less.
SOURCES = {
    "default-src": {"'none'"},
    "script-src": {"'nonce'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "connect-src": {"'self'"},
    "manifest-src": {"'self'"},
    "worker-src": {"'self'"},
    "frame-src": {"'self'"},
    "media-src": {"'self'"},
    "font-src": {"'self'"},
    "form-action": {"'self'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'", "'self'"},
    "sandbox": set(),
}
# Answers that say nothing about anybody and may be kept.
KEPT = re.compile(r"^/(static/|manifest\.webmanifest$|robots\.txt$|\.well-known/security\.txt$|sw\.js$)")


def faults(headers: Headers, path: str, *, secure: bool = False) -> list[str]:
    """What is missing from the headers of one answer, in words."""
    found = []
    framed = "frame-ancestors 'self'" in headers.get("Content-Security-Policy", "")
    for name, value in EXACT.items():
        allowed = {value, "SAMEORIGIN"} if name == "X-Frame-Options" and framed else {value}
        if headers.get(name) not in allowed:
            found.append(f"{name}: {headers.get(name)}")
    if "no-store" not in headers.get("Cache-Control", "") and not KEPT.match(path):
        found.append(f"Cache-Control: {headers.get('Cache-Control')}")
    found += _policy_faults(headers.get("Content-Security-Policy", ""))
    strict = headers.get("Strict-Transport-Security", "")
    age = re.match(r"max-age=(\d+)", strict)
    if secure and (age is None or int(age.group(1)) < 31_536_000):
        found.append(f"Strict-Transport-Security: {strict}")
    for cookie in headers.getlist("Set-Cookie"):
        if "HttpOnly" not in cookie or "SameSite=" not in cookie or "Path=/" not in cookie:
            found.append(f"cookie {cookie.partition('=')[0]}")
        if secure and ("; Secure" not in cookie or not cookie.startswith("__Host-")):
            found.append(f"cookie {cookie.partition('=')[0]} without __Host- or Secure")
    if any(name.lower() in ("server", "x-powered-by") for name, _ in headers):
        found.append("names its server")
    return found


def _policy_faults(policy: str) -> list[str]:
    parts = {words[0]: set(words[1:]) for part in policy.split(";") if (words := part.split())}
    found = [f"no {name}" for name in ("default-src", "frame-ancestors") if name not in parts]
    for name, sources in parts.items():
        plain = {"'nonce'" if re.fullmatch(r"'nonce-[\w-]{22,}'", s) else s for s in sources}
        if name not in SOURCES or not plain <= SOURCES[name] | {"'none'"}:
            found.append(f"{name} {' '.join(sorted(sources))}")
    return found


def _walk(app: Flask, browser: Browser, holder: build.Citizen) -> list[Page]:
    """Every address by every method, and pages of errors."""
    pages = [
        browser.send(method, place, follow=False, whole=False)
        for method in ("GET", *sorted(UNSAFE))
        for _, place in addresses(app, method=method, ids=build.ids_of(holder.standing()))
    ]
    wrong = ("/nowhere", "/dossiers/nobody/", "/static/absent.css", "/%00", "/" + "x" * 4000)
    pages += [browser.get(path, expect=None) for path in wrong]
    pages.append(browser.send("TRACE", "/"))
    pages.append(browser.post("/connexion", {"x": "y"}))
    return pages


@on_sqlite
def test_every_answer_carries_them(app: Flask) -> None:
    holder = build.citizen()
    for browser in (Browser(app), holder.browser(app), build.caregiver().browser(app)):
        pages = _walk(app, browser, holder)
        wrong = {f"{p.path} {p.status}": found for p in pages if (found := faults(p.headers, p.path))}
        assert wrong == {}


@on_sqlite
def test_an_error_of_ours_carries_them_and_says_nothing(own_app: Flask) -> None:
    """R59: a generic page with a mark to tell the help desk; no path, no type, no value of the program."""
    canary = "Canari-9f3b"

    @guards.public
    def fail() -> str:
        raise RuntimeError(canary)

    own_app.add_url_rule("/fail", view_func=fail)
    page = Browser(own_app).get("/fail", expect=500)
    assert faults(page.headers, page.path) == []
    for word in (canary, "RuntimeError", "Traceback", ".py", "espace/"):
        assert word not in page.text
    assert re.search(r"\b[0-9A-Z]{4} ?[0-9A-Z]{4}\b", page.text)
    other = Browser(own_app).get("/fail", expect=500)
    assert other.text != page.text


@on_sqlite
def test_nonces_are_never_the_same_twice(client: Browser) -> None:
    nonces = {client.get("/").headers["Content-Security-Policy"] for _ in range(20)}
    assert len(nonces) == 20


@on_sqlite
def test_over_https_cookies_and_transport_are_locked(machines: Machines, clock: FakeClock) -> None:
    settings = replace(machines.settings, base_url="https://espace.example")
    secure = Machines.open(settings, hasher=LIGHT_HASHER, clock=clock)
    secure.bind()
    app = espace.create_app(machines=secure)
    seen = []
    for _, place in addresses(app, method="GET"):
        page = Browser(app).get(place, expect=None, follow=False)
        assert faults(page.headers, page.path, secure=True) == [], place
        seen += page.headers.getlist("Set-Cookie")
    assert seen, "no page gave a cookie: nothing was checked"
    secure.close()


@on_sqlite
def test_signing_out_clears_what_the_browser_kept(app: Flask) -> None:
    browser = build.citizen().browser(app)
    page = browser.get("/dossiers/")
    form = next(form for form in page.forms if form.action == "/deconnexion")
    answer = browser.submit(form, follow=False)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    browser.get("/dossiers/", expect=303, follow=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", None),
        ("Referrer-Policy", "origin"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Cache-Control", "private"),
        ("Content-Security-Policy", None),
        ("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; frame-ancestors 'none'"),
        ("Content-Security-Policy", "default-src 'none'; img-src https://elsewhere.example; frame-ancestors 'none'"),
        ("Content-Security-Policy", "default-src 'none'; script-src 'nonce-short'; frame-ancestors 'none'"),
        ("Strict-Transport-Security", None),
        ("Set-Cookie", "__Host-espace=x; Path=/; HttpOnly; SameSite=Lax"),
        ("Set-Cookie", "espace=x; Path=/; HttpOnly; SameSite=Lax; Secure"),
        ("Set-Cookie", "__Host-espace=x; Path=/; SameSite=Lax; Secure"),
        ("Server", "somebody"),
    ],
)
def test_a_missing_header_is_seen(name: str, value: str | None) -> None:
    policy = f"default-src 'none'; script-src 'nonce-{'a' * 22}'; frame-ancestors 'none'"
    good = Headers(
        {
            **EXACT,
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy,
            "Strict-Transport-Security": "max-age=63072000",
        }
    )
    assert faults(good, "/", secure=True) == []
    if value is None:
        del good[name]
    else:
        good[name] = value
    assert faults(good, "/", secure=True)
