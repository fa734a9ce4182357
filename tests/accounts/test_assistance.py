"""Assisted session: short, veiled until the person's own code, traced with both names, over when they say so."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from espace import db
from espace.accounts.services import assistance, identify, sessions
from espace.accounts.services.assistance import Helper
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, StepUpError, ThrottledError
from espace.machines import Machines
from espace.permissions import Actor, Visitor, demand_fresh_proof
from espace.web.guards import cookie_name
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

HELPER = Helper("Marc", "Petit", "France services")
NAME = "Marc Petit (France services)"
CODE = "4871"


@pytest.fixture
def holder(machines: Machines) -> build.Citizen:
    """A person with a document, whose title must not reach a helper."""
    made = build.citizen()
    build.document(made.standing(), "Sérologie canari")
    return made


def assisted(holder: build.Citizen, code: str = CODE) -> tuple[str, Actor]:
    """An assisted session: its token and who it speaks for."""
    token = holder.sign_in()
    actor = identify(token)
    assert actor is not None
    assistance.start(actor, HELPER, code)
    return token, again(token)


def again(token: str) -> Actor:
    """Who a session speaks for now."""
    actor = identify(token)
    assert actor is not None
    return actor


def browser_of(app: Flask, token: str) -> Browser:
    """A browser with this session."""
    browser = Browser(app)
    browser.set_cookie(cookie_name(app), token)
    return browser


def unlocked(page: Page, browser: Browser, code: str = CODE) -> Page:
    """What follows the code typed on a veil."""
    return browser.submit(page.form("code", "place"), {"code": code})


def test_a_helped_session_is_short_named_and_veiled(holder: build.Citizen, clock: FakeClock) -> None:
    token, actor = assisted(holder)
    assert (actor.helper, actor.is_veiled) == (NAME, True)
    assert actor.assisted_until == clock.now + timedelta(minutes=20)
    clock.advance(timedelta(minutes=19, seconds=59))
    assert identify(token) is not None
    clock.advance(timedelta(seconds=1))
    assert identify(token) is None, "the session ends entirely"


def test_the_code_shows_for_two_minutes_and_no_longer_when_the_clock_goes_back(
    holder: build.Citizen, clock: FakeClock
) -> None:
    token, actor = assisted(holder)
    assistance.show(actor, "48 71", build.VISITOR)
    assert not again(token).is_veiled
    clock.advance(timedelta(minutes=1, seconds=59))
    assert not again(token).is_veiled
    clock.advance(timedelta(seconds=1))
    assert again(token).is_veiled
    clock.advance(timedelta(minutes=-30))
    found = identify(token)
    assert found is None or found.is_veiled


@pytest.mark.parametrize("code", ["", "12", "12345", "abcd", "1111", "1234", "9876", "0123", "1984", "1205", "0512"])
def test_a_code_the_helper_could_guess_is_refused(holder: build.Citizen, code: str) -> None:
    actor = holder.actor
    with pytest.raises(InvalidError):
        assistance.start(actor, HELPER, code)
    assert holder.actor.helper == ""


def test_guesses_are_slowed_and_traced(holder: build.Citizen) -> None:
    token, actor = assisted(holder)
    tried = 4
    for number in range(tried):
        with pytest.raises(InvalidError):
            assistance.show(actor, "0000", Visitor(f"198.51.100.{number}"))
    with pytest.raises(ThrottledError):
        assistance.show(actor, CODE, Visitor("203.0.113.4"))
    assert again(token).is_veiled
    rows = audit.entries(actor.id, mine=True, holder_actor_ids={actor.id}, before=None)
    assert [row.action for row in rows].count(Action.ASSISTANCE_CODE_REFUSED) == tried
    assert {row.actor_helper for row in rows if row.action is Action.ASSISTANCE_CODE_REFUSED} == {NAME}


def test_another_sessions_code_shows_nothing(holder: build.Citizen) -> None:
    _, first = assisted(holder, "4871")
    _, second = assisted(holder, "5913")
    with pytest.raises(InvalidError):
        assistance.show(second, "4871", build.VISITOR)
    assistance.show(first, "4871", build.VISITOR)


def test_a_helped_session_cannot_change_its_helper(holder: build.Citizen) -> None:
    token, actor = assisted(holder)
    with pytest.raises(ConflictError):
        assistance.start(actor, Helper("Paul", "Autre", ""), "5913")
    assert again(token).helper == NAME


def test_what_opens_further_asks_for_the_code_then_for_the_proof(holder: build.Citizen, clock: FakeClock) -> None:
    token, actor = assisted(holder)
    with pytest.raises(StepUpError):
        demand_fresh_proof(actor)
    assistance.show(actor, CODE, build.VISITOR)
    with pytest.raises(StepUpError):  # what was proved before the helper sat down does not count
        demand_fresh_proof(again(token))
    token = sessions.rotate(again(token))
    demand_fresh_proof(again(token))
    clock.advance(timedelta(minutes=6))
    assistance.show(again(token), CODE, build.VISITOR)
    with pytest.raises(StepUpError):
        demand_fresh_proof(again(token))


def test_the_pages_lead_from_the_form_to_the_end(app: Flask, holder: build.Citizen) -> None:
    browser = holder.browser(app)
    page = browser.get("/compte/accompagnement")
    form = page.form("first_name", "code")
    wrong = browser.submit(form, {"first_name": "Marc", "family_name": "", "code": "1234"})
    assert wrong.status == 422
    typed = {"first_name": "Marc", "family_name": "Petit", "organisation": "France services", "code": CODE}
    page = browser.submit(wrong.form("first_name", "code"), typed)
    assert page.status == 200
    assert NAME in page.text
    assert "Sérologie" not in page.text
    page = browser.get(f"/dossiers/{holder.record_id}/documents")
    assert "Sérologie" not in page.body.decode()
    wrong = unlocked(page, browser, "0000")
    assert wrong.status == 422
    shown = unlocked(wrong, browser)
    assert (shown.status, shown.path) == (200, f"/dossiers/{holder.record_id}/documents")
    assert "Sérologie canari" in shown.text
    hidden = browser.submit(next(form for form in shown.forms if form.action.endswith("/masquer")))
    assert "Sérologie" not in hidden.body.decode()
    over = browser.submit(next(form for form in hidden.forms if form.action.endswith("/fin")))
    assert over.path == "/connexion"
    assert browser.get("/dossiers/").path == "/connexion"


def test_what_was_sent_to_a_hidden_page_is_not_done(app: Flask, holder: build.Citizen) -> None:
    token, _ = assisted(holder)
    browser = browser_of(app, token)
    page = browser.get(f"/dossiers/{holder.record_id}/documents/ajouter")
    sent = browser.post(
        f"/dossiers/{holder.record_id}/documents/ajouter", {"csrf_token": page.csrf_token, "title": "x"}
    )
    assert sent.status == 403
    assert sent.form("code", "place").values["place"] == [f"/dossiers/{holder.record_id}/documents/ajouter"]


def test_a_veil_leads_nowhere_else(app: Flask, holder: build.Citizen) -> None:
    token, _ = assisted(holder)
    browser = browser_of(app, token)
    page = browser.get(f"/dossiers/{holder.record_id}/documents")
    for place in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)"):
        answer = browser.submit(page.form("code", "place"), {"code": CODE, "place": place}, follow=False)
        assert answer.headers["Location"] == "/dossiers/"


def test_history_tells_both_names(app: Flask, holder: build.Citizen) -> None:
    token, actor = assisted(holder)
    assistance.show(actor, CODE, build.VISITOR)
    browser = browser_of(app, token)
    browser.get(f"/dossiers/{holder.record_id}/documents")
    page = holder.browser(app).get(f"/dossiers/{holder.record_id}/historique?qui=moi")
    assert f"avec l'aide de {NAME}" in page.text
    rows = audit.entries(holder.record_id, mine=True, holder_actor_ids={actor.id}, before=None)
    listed = [row for row in rows if row.action is Action.DOCUMENTS_LISTED]
    assert [row.actor_helper for row in listed] == [NAME]
    assert [thing["title"] for thing in listed[0].objects] == ["Sérologie canari"]


def test_only_a_helped_reading_leaves_a_row(app: Flask, holder: build.Citizen) -> None:
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/documents"
    browser.get(place)
    rows = audit.entries(holder.record_id, mine=True, holder_actor_ids={holder.actor.id}, before=None)
    assert Action.DOCUMENTS_LISTED not in [row.action for row in rows]


@on_sqlite
def test_a_session_nobody_helps_costs_no_statement_more(app: Flask, holder: build.Citizen) -> None:
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/documents"
    browser.get(place)
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    with db.read() as tx:
        engine = tx.engine
    event.listen(engine, "before_cursor_execute", note)
    browser.get(place)
    event.remove(engine, "before_cursor_execute", note)
    selects = [statement for statement in statements if statement.startswith("SELECT")]
    assert len([one for one in selects if "recoveries" in one]) == 1, "joined to the session, asked for with it"
    assert not [one for one in statements if "INSERT" in one]


def test_a_stranger_ends_nothing(app: Flask, holder: build.Citizen) -> None:
    token, actor = assisted(holder)
    other = build.citizen("Paul", "Renard", sex="M").browser(app)
    other.post("/compte/accompagnement/fin", {"csrf_token": other.get("/compte/mode-prive").csrf_token})
    assert identify(token) is not None
    assert sessions.live_sessions(actor)
