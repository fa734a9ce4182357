"""Sessions and devices, seen and ended from afar at once (security.md R8)."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace import db
from espace.accounts.services import devices, identify, open_session, sessions, signed_in
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.permissions import ActorKind
from espace.web.guards import cookie_name
from tests.support.browser_client import Form, Page
from tests.support.clock import FakeClock

from .keeper import Keeper, keeper

PLACE = "/compte/appareils"


@pytest.fixture
def claire(app: Flask) -> Keeper:
    """Claire Fontenay, signed in a moment ago."""
    return keeper(app)


def elsewhere(who: Keeper, browser: str = "Firefox", system: str = "Windows") -> str:
    """The token of a session on another device the account knows."""
    facts = {"name": "Claire Fontenay", "browser": browser, "system": system}
    with db.write() as tx:
        _token, device_id = devices.remember(tx, who.account_id, "", facts)
    return open_session(ActorKind.PATIENT, who.account_id, payload=facts, device_id=device_id)


def button(page: Page, start: str, end: str = "") -> Form:
    """The first form whose address begins and ends so."""
    return next(form for form in page.forms if form.action.startswith(start) and form.action.endswith(end))


def test_another_session_ends_from_here(claire: Keeper) -> None:
    other = elsewhere(claire)
    page = claire.browser.get(PLACE)
    assert "Firefox, Windows" in page.text
    page = claire.browser.submit(button(page, f"{PLACE}/sessions/{identify_id(other)}"), expect=200)
    assert "Cet appareil est déconnecté" in page.text
    assert identify(other) is None
    assert identify(claire.token) is not None
    assert claire.acts()[0] == "session-ended"


def test_ending_asks_for_no_fresh_proof(claire: Keeper, clock: FakeClock) -> None:
    clock.advance(timedelta(minutes=20))
    other = elsewhere(claire)
    claire.browser.submit(button(claire.browser.get(PLACE), PLACE, "/autres/fin"), expect=200)
    assert identify(other) is None
    clock.advance(timedelta(minutes=20))
    other = elsewhere(claire)
    claire.browser.submit(button(claire.browser.get(PLACE), PLACE, "/oubli"), expect=200)


def test_all_others_end_at_once(claire: Keeper, app: Flask) -> None:
    others = [elsewhere(claire, browser) for browser in ("Firefox", "Safari", "Chrome")]
    waiting = open_session(ActorKind.PATIENT, claire.account_id, payload={"name": ""}, stage="password")
    stranger = keeper(app)
    claire.browser.submit(button(claire.browser.get(PLACE), PLACE, "/autres/fin"), expect=200)
    assert [identify(token) for token in others] == [None, None, None]
    assert sessions.pending(waiting) is None
    assert identify(claire.token) is not None
    assert identify(stranger.token) is not None
    assert claire.acts()[0] == "other-sessions-ended"


def test_the_session_in_use_may_be_ended_too(claire: Keeper, app: Flask) -> None:
    token = claire.browser.get(PLACE).csrf_token
    session_id = claire.actor.session_id
    page = claire.browser.post(f"{PLACE}/sessions/{session_id}/fin", {"csrf_token": token}, expect=200)
    assert page.path == "/connexion"
    assert identify(claire.token) is None
    assert not claire.browser.cookie(cookie_name(app))


def test_a_forgotten_device_is_signed_out_and_new_again(claire: Keeper) -> None:
    other = elsewhere(claire, "Safari", "iPad")
    line = next(line for line in devices.of(claire.account_id) if line.system == "iPad")
    page = claire.browser.get(PLACE)
    claire.browser.submit(button(page, f"{PLACE}/{line.id}"), expect=200)
    assert identify(other) is None
    assert line.id not in {one.id for one in devices.of(claire.account_id)}
    assert claire.acts()[0] == "device-forgotten"


def test_forgetting_the_device_in_use_signs_out(claire: Keeper, app: Flask) -> None:
    token = elsewhere(claire)
    claire.browser.set_cookie(cookie_name(app), token)
    page = claire.browser.get(PLACE)
    here = next(line for line in devices.of(claire.account_id, identify_id(token)) if line.is_current)
    assert claire.browser.submit(button(page, f"{PLACE}/{here.id}"), expect=200).path == "/connexion"
    assert identify(token) is None


def identify_id(token: str) -> UUID:
    """The id of the session of a token."""
    found = identify(token)
    assert found is not None
    assert found.session_id is not None
    return found.session_id


def test_nobody_ends_or_forgets_what_is_anothers(claire: Keeper, app: Flask) -> None:
    jeanne = keeper(app)
    other = elsewhere(jeanne)
    token = claire.browser.get(PLACE).csrf_token
    theirs = [line.id for line in sessions.live_sessions(jeanne.actor)]
    known = [line.id for line in devices.of(jeanne.account_id)]
    for place in (
        *(f"{PLACE}/sessions/{one}/fin" for one in (*theirs, new_id())),
        *(f"{PLACE}/{one}/oubli" for one in (*known, new_id())),
    ):
        claire.browser.post(place, {"csrf_token": token}, expect=404)
    assert identify(other) is not None
    assert len(devices.of(jeanne.account_id)) == len(known)
    assert "session-ended" not in claire.acts()


def test_two_windows_end_one_session_once(claire: Keeper) -> None:
    other = elsewhere(claire)
    session_id, actor = identify_id(other), claire.actor

    def attempt() -> bool:
        try:
            signed_in.end_session(actor, session_id)
        except NotFoundError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(copy_context().run, attempt) for _ in range(2)]
        assert sorted(job.result() for job in jobs) == [False, True]
    assert claire.acts().count("session-ended") == 1
