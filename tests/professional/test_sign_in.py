"""Sign-in of professionals against the demo's provider, over real sockets: what opens a session, and what does not."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import db
from espace.access.services.watching import suspensions
from espace.access.services.watching.suspensions import Cause
from espace.accounts.models import OneTimeCode, Session
from espace.accounts.services import one_time
from espace.audit import services as audit
from espace.audit.services import Action
from espace.machines import Machines
from espace.people import services as people
from espace.people.models import Professional
from espace.people.services import rpps_columns as columns
from espace.people.services.rpps_columns import HEADER, extraction_line
from espace.permissions import SYSTEM
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .conftest import SECRET, account, write_accounts


def begin(browser: Browser) -> Page:
    """Press the button; gives the provider's sign-in page."""
    return browser.submit(browser.get("/pro/connexion").forms[0], expect=200)


def prove(browser: Browser, page: Page, login: str = "morvan", *, expect: int | None = 200) -> Page:
    """Give login and password at the provider, and follow it back."""
    return browser.submit(
        page.form("login", "password"), {"login": login, "password": f"passe de {login}"}, expect=expect
    )


def come_back(browser: Browser, page: Page, login: str = "morvan") -> str:
    """Give login and password, and stop at the address that leads back."""
    answer = browser.submit(
        page.form("login", "password"), {"login": login, "password": f"passe de {login}"}, expect=303, follow=False
    )
    return str(answer.headers["Location"])


def sessions() -> int:
    """How many sessions are open."""
    with db.read() as tx:
        return int(tx.execute(select(func.count()).select_from(Session)).scalar_one())


@pytest.fixture
def doctor(machines: Machines) -> build.Caregiver:
    """A doctor of the directory, who has an account at the provider."""
    found = build.caregiver()
    write_accounts(machines, account("morvan", found.facts.rpps))
    return found


def test_the_whole_way_in_and_out(live: Flask, doctor: build.Caregiver) -> None:
    browser = Browser(live)
    page = prove(browser, begin(browser))
    assert (page.path, page.status) == ("/pro/", 200)
    assert doctor.facts.display_name in page.text
    entries = audit.entries(doctor.id, mine=True, holder_actor_ids=[doctor.id], before=None)
    assert [entry.action for entry in entries] == [Action.SIGNED_IN]
    out = browser.submit(next(form for form in page.forms if form.action == "/pro/deconnexion"))
    assert out.path == "/pro/connexion"
    assert "déconnecté" in out.text
    assert browser.get("/pro/", follow=False, expect=303).headers["Location"] == "/pro/connexion"
    assert sessions() == 0


def test_a_sign_in_leads_to_the_page_that_asked_for_it(live: Flask, doctor: build.Caregiver) -> None:
    browser = Browser(live)
    browser.get("/pro/patients", expect=200)
    assert prove(browser, begin(browser)).path == "/pro/patients"


def test_a_session_ends_after_fifteen_idle_minutes(live: Flask, doctor: build.Caregiver, clock: FakeClock) -> None:
    browser = Browser(live)
    prove(browser, begin(browser))
    clock.advance(timedelta(minutes=15, seconds=1))
    assert browser.get("/pro/", follow=False, expect=303).headers["Location"] == "/pro/connexion"


def test_a_wrong_password_stays_at_the_provider(live: Flask, doctor: build.Caregiver) -> None:
    browser = Browser(live)
    page = begin(browser)
    for values in ({"login": "morvan", "password": "autre"}, {"login": "personne", "password": "passe de morvan"}):
        page = browser.submit(page.form("login", "password"), values, expect=422)
        assert page.path == "/demo/psc/authorize"
    assert sessions() == 0


def test_who_is_not_in_the_directory_is_told_so(live: Flask, machines: Machines) -> None:
    write_accounts(machines, account("morvan", "10000000009"))
    browser = Browser(live)
    page = prove(browser, begin(browser), expect=403)
    assert "annuaire" in page.text
    assert sessions() == 0


def test_who_no_longer_practises_is_told_so_and_it_is_written_down(live: Flask, doctor: build.Caregiver) -> None:
    with db.write() as tx:
        tx.execute(Professional.__table__.update().values(active=False))  # type: ignore[attr-defined]
    browser = Browser(live)
    prove(browser, begin(browser), expect=403)
    (entry,) = audit.entries(doctor.id, mine=True, holder_actor_ids=[doctor.id], before=None)
    assert entry.action is Action.SIGN_IN_REFUSED
    assert sessions() == 0


@pytest.mark.parametrize("number", ["", "1000000009", "100000000090", "x0000000000", "1000 000009", "１0000000009"])
@on_sqlite
def test_a_number_that_is_no_rpps_opens_nothing(live: Flask, machines: Machines, number: str) -> None:
    write_accounts(machines, account("morvan", number))
    browser = Browser(live)
    prove(browser, begin(browser), expect=400)
    assert sessions() == 0


# --- the return: state, browser, code


def test_a_return_serves_once_and_only_in_the_browser_that_left(live: Flask, doctor: build.Caregiver) -> None:
    browser, thief = Browser(live), Browser(live)
    back = urlsplit(come_back(browser, begin(browser)))
    place = f"{back.path}?{back.query}"
    assert thief.get(place, expect=400).path == "/pro/connexion/retour"
    assert sessions() == 0
    assert browser.get(place, expect=400).path == "/pro/connexion/retour"  # the thief's try has spent it
    again = urlsplit(come_back(browser, begin(browser)))
    assert browser.get(f"{again.path}?{again.query}").path == "/pro/"
    assert browser.get(f"{again.path}?{again.query}", expect=400)
    assert sessions() == 1


@on_sqlite
def test_a_return_that_was_never_asked_for_or_comes_late_opens_nothing(
    live: Flask, doctor: build.Caregiver, clock: FakeClock
) -> None:
    browser = Browser(live)
    begin(browser)
    for query in ("", "state=x&code=y", "code=y", "state=x", "error=access_denied"):
        browser.get(f"/pro/connexion/retour?{query}", expect=400)
    page = begin(browser)
    clock.advance(timedelta(minutes=10))
    back = urlsplit(come_back(browser, page))
    browser.get(f"{back.path}?{back.query}", expect=400)
    begin(browser)
    one_time.sweep()
    with db.read() as tx:  # only the last one is not over
        assert tx.execute(select(func.count()).select_from(OneTimeCode)).scalar_one() == 1
    assert sessions() == 0


@on_sqlite
def test_another_s_code_does_not_fit_this_sign_in(live: Flask, doctor: build.Caregiver, machines: Machines) -> None:
    """A code injected into another's return: PKCE and nonce belong to the sign-in that began."""
    mallory, victim = Browser(live), Browser(live)
    code = parse_qs(urlsplit(come_back(mallory, begin(mallory))).query)["code"][0]
    own = parse_qs(urlsplit(come_back(victim, begin(victim))).query)
    victim.get(f"/pro/connexion/retour?state={own['state'][0]}&code={code}", expect=400)
    assert sessions() == 0


def practising(*places: str) -> people.Professional:
    """A doctor who practises in these places."""
    number = build.rpps()
    lines = [
        extraction_line(
            {
                columns.ID_TYPE: "8",
                columns.ID: number,
                columns.NATIONAL_ID: f"8{number}",
                columns.FAMILY_NAME: "Morvan",
                columns.GIVEN_NAME: "Hélène",
                columns.PROFESSION: "10",
                columns.TECHNICAL_ID: f"R{index:010d}",
                columns.COMPANY: place,
                columns.CITY: "Rennes",
            }
        )
        for index, place in enumerate(places, start=1)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder, "extraction.txt")
        path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
        people.import_professionals(path)
    found = people.find_professional(number)
    assert found is not None
    assert len(found.structures) == len(places)
    return found


@on_sqlite
def test_several_places_are_chosen_from_before_the_session_opens(live: Flask, machines: Machines) -> None:
    found = practising("Cabinet des Tilleuls", "Clinique Saint-Aubin")
    write_accounts(machines, account("morvan", found.rpps))
    browser = Browser(live)
    page = prove(browser, begin(browser))
    assert page.path == "/pro/connexion/lieu"
    assert sessions() == 0
    page = browser.submit(page.form("structure"), {"structure": "elsewhere"}, expect=422)
    page = browser.submit(page.form("structure"), {"structure": str(found.structures[1].id)}, expect=200)
    assert (page.path, sessions()) == ("/pro/", 1)
    assert found.structures[1].display_name in page.text
    browser.get("/pro/connexion/lieu", expect=400)


# --- the provider itself keeps to its side


def exchange(live: Flask, code: str, **changes: str) -> httpx.Response:
    """Ask the token endpoint, as a thief of a code would."""
    base = live.config["ORIGIN"]
    data = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{base}/pro/connexion/retour",
        "code_verifier": "x" * 43,
        **changes,
    }
    secret = data.pop("secret", SECRET)
    return httpx.post(f"{base}/demo/psc/token", data=data, auth=("espace", secret), trust_env=False)


@on_sqlite
def test_a_stolen_code_is_worth_nothing_without_verifier_secret_or_address(
    live: Flask, doctor: build.Caregiver
) -> None:
    browser = Browser(live)
    for changes, error in (
        ({}, "invalid_grant"),
        ({"secret": "devine"}, "invalid_client"),
        ({"redirect_uri": "https://elsewhere.example/"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ):
        code = parse_qs(urlsplit(come_back(browser, begin(browser))).query)["code"][0]
        answer = exchange(live, code, **changes)
        assert (answer.status_code in (400, 401), answer.json()) == (True, {"error": error})
    assert exchange(live, "unknown").json() == {"error": "invalid_grant"}


@on_sqlite
def test_a_code_lives_for_a_minute(live: Flask, doctor: build.Caregiver, clock: FakeClock) -> None:
    browser = Browser(live)
    back = urlsplit(come_back(browser, begin(browser)))
    clock.advance(timedelta(seconds=60))
    browser.get(f"{back.path}?{back.query}", expect=400)
    assert sessions() == 0


@on_sqlite
@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://elsewhere.example/"},
        {"response_type": "token"},
        {"scope": "scope_all"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_request_that_is_not_ours_gets_no_sign_in_page(
    live: Flask, doctor: build.Caregiver, change: dict[str, str]
) -> None:
    browser = Browser(live)
    leave = browser.submit(browser.get("/pro/connexion").forms[0], expect=303, follow=False)
    parts = urlsplit(leave.headers["Location"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | change
    answer = browser.get(parts.path, query_string=query, follow=False, expect=None)
    if change.keys() & {"client_id", "redirect_uri"}:
        assert answer.status == 400  # never sent to an address that is not registered
    else:
        assert "error=" in answer.headers["Location"]


@on_sqlite
def test_user_information_is_for_bearers_of_a_token(live: Flask, doctor: build.Caregiver) -> None:
    base = live.config["ORIGIN"]
    for given in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
        assert httpx.get(f"{base}/demo/psc/userinfo", headers=given, trust_env=False).status_code == 401


@on_sqlite
def test_an_emergency_asks_for_the_provider_again_and_leads_back(
    live: Flask, doctor: build.Caregiver, clock: FakeClock
) -> None:
    browser = Browser(live)
    prove(browser, begin(browser))
    clock.advance(timedelta(minutes=6))
    page = browser.get("/pro/urgence")
    assert page.path == "/pro/connexion"
    assert "nouvelle connexion" in page.text or "connectez-vous" in page.text.lower()
    back = prove(browser, browser.submit(page.forms[0], expect=200))
    assert back.path == "/pro/urgence"


@on_sqlite
def test_who_was_stopped_proves_who_they_are_and_opens_nothing(live: Flask, doctor: build.Caregiver) -> None:
    suspensions.stop(SYSTEM, doctor.id, Cause.VOLUME)
    browser = Browser(live)
    page = prove(browser, begin(browser), expect=403)
    assert "Votre accès est arrêté" in page.text
    assert sessions() == 0
