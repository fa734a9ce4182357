"""Devices an account knows, and what ends sessions elsewhere; no clock jump lengthens one (security.md R7, R8)."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from espace import db
from espace.accounts import services as accounts
from espace.accounts.models import Session
from espace.accounts.services import devices, sessions
from espace.errors import NotFoundError
from espace.permissions import Actor
from espace.web.guards import cookie_name
from tests.support.browser_client import Browser
from tests.support.build import Citizen, citizen
from tests.support.clock import FakeClock

from .authenticator import Authenticator
from .doors import account_of, add_passkey, touch, waiting


@pytest.fixture
def claire(app: Flask) -> tuple[Citizen, Authenticator]:
    """Claire, whose telephone holds a passkey."""
    person, device = citizen(), Authenticator()
    add_passkey(account_of(person), device)
    return person, device


def enter(app: Flask, device: Authenticator, agent: str = "Firefox Android") -> tuple[Browser, Actor]:
    """Sign in with one touch, in a fresh browser."""
    browser = Browser(app)
    browser.get("/connexion", headers={"User-Agent": agent})
    touch(browser, device, "/connexion", "/connexion/cle", expect=303)
    return browser, actor_of(app, browser)


def actor_of(app: Flask, browser: Browser) -> Actor:
    """Who the browser speaks for."""
    found = accounts.identify(browser.cookie(cookie_name(app)) or "")
    assert found is not None
    return found


def test_each_browser_is_listed_with_first_and_last_use(
    app: Flask, claire: tuple[Citizen, Authenticator], clock: FakeClock
) -> None:
    person, device = claire
    start = clock.now
    first, _actor = enter(app, device)
    clock.advance(timedelta(days=1))
    _second, actor = enter(app, device)
    clock.advance(timedelta(minutes=20))
    first.get("/connexion")
    here, *others = devices.of(account_of(person), actor.session_id)
    assert here.is_current
    assert here.is_signed_in
    assert here.first_at == here.last_at == start + timedelta(days=1)
    assert [line.first_at for line in others] == [start, start], "the activation's browser, and the first"
    assert not any(line.is_current or line.is_signed_in for line in others)


def test_forgetting_a_device_ends_its_sessions_and_no_others(app: Flask, claire: tuple[Citizen, Authenticator]) -> None:
    person, device = claire
    lost, lost_actor = enter(app, device)
    kept, actor = enter(app, device)
    lines = devices.of(account_of(person), lost_actor.session_id)
    assert devices.forget(actor, lines[0].id) is False
    assert lost.get("/compte").path == "/connexion"
    assert kept.get("/compte").path == "/compte"
    with pytest.raises(NotFoundError):
        devices.forget(actor, lines[0].id)
    own = devices.of(account_of(person), actor.session_id)[0]
    assert devices.forget(actor, own.id) is True
    assert kept.get("/compte").path == "/connexion"


def test_nobody_forgets_somebody_else_s_device(app: Flask, claire: tuple[Citizen, Authenticator]) -> None:
    person, device = claire
    enter(app, device)
    stranger = citizen("Paul", "Renard", sex="M").actor
    for line in devices.of(account_of(person)):
        with pytest.raises(NotFoundError):
            devices.forget(stranger, line.id)


def test_a_change_of_locks_ends_every_other_session_waiting_ones_too(
    app: Flask, claire: tuple[Citizen, Authenticator]
) -> None:
    person, device = claire
    other, _actor = enter(app, device)
    half = waiting(app, person)
    here, actor = enter(app, device)
    stranger = citizen("Paul", "Renard", sex="M").browser(app)
    assert sessions.end_others(actor) >= 2
    assert other.get("/compte").path == "/connexion"
    assert half.get("/connexion/code").path == "/connexion"
    assert here.get("/compte").path == "/compte"
    assert stranger.get("/compte").path == "/compte"


JUMPS = [timedelta(hours=1), timedelta(days=1), -timedelta(hours=1), -timedelta(days=1), timedelta(days=4000)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
@pytest.mark.parametrize("is_full", [True, False], ids=["full", "waiting"])
def test_no_jump_of_the_clock_lengthens_a_session(
    app: Flask, claire: tuple[Citizen, Authenticator], clock: FakeClock, jump: timedelta, is_full: bool
) -> None:
    person, device = claire
    browser = enter(app, device)[0] if is_full else waiting(app, person)
    token = browser.cookie(cookie_name(app)) or ""
    read = accounts.identify if is_full else sessions.pending
    ends = _end(person)
    assert read(token) is not None
    clock.advance(jump)
    assert read(token) is None
    assert _end(person) == ends, "looking at it moves nothing"
    clock.advance(-jump)
    assert _end(person) == ends


def _end(person: Citizen) -> list[object]:
    with db.read() as tx:
        asked = select(Session.ends_at, Session.seen_at, Session.proved_at).where(
            Session.subject_id == account_of(person)
        )
        return [tuple(row) for row in tx.execute(asked.order_by(Session.id)).all()]


def test_a_device_id_of_nobody_is_not_found(app: Flask, claire: tuple[Citizen, Authenticator]) -> None:
    _browser, actor = enter(app, claire[1])
    with pytest.raises(NotFoundError):
        devices.forget(actor, UUID(int=7))
