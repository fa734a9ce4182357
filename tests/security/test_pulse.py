"""The pulse of open pages: it tells what ended, and is itself no act, no use of the session, and cheap (R7, R16)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import update

from espace import db
from espace.access import services as access
from espace.access.services import Answer
from espace.accounts.services import sessions
from espace.family.models import Link
from espace.permissions import Actor, ActorKind, Permission, Relation, Role, Standing
from espace.records.services import closing
from espace.web.pulse import MOST, WITHIN, has_narrowed, reach
from tests.documents.house import statements
from tests.house.test_get_writes import changes, state
from tests.support import build, office
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

MOST_STATEMENTS = {"holder": 2, "parent": 7, "professional": 2}
"""As many as judging anybody before a record costs; the pulse adds none."""


def pulse(browser: Browser, page: str) -> int:
    """What the pulse of an open page answers, asked as its script does."""
    return ask(browser, browser.get(page).tree.xpath("string(//template/@data-pulse)"))


def ask(browser: Browser, place: str) -> int:
    """The status of one pulse."""
    assert place
    return browser.get(place, expect=None, follow=False, whole=False, headers={"HX-Request": "true"}).status


def opened(browser: Browser, page: str) -> str:
    """Open a page; gives where it will ask."""
    return str(browser.get(page).tree.xpath("string(//template/@data-pulse)"))


@pytest.fixture
def mother(app: Flask) -> build.Citizen:
    return build.citizen("Claire")


@pytest.fixture
def child(mother: build.Citizen) -> build.Citizen:
    return build.citizen("Jules", sex="M", birth=date(2017, 9, 14), parents=(mother,), activated=False)


@pytest.fixture
def doctor(mother: build.Citizen) -> build.Caregiver:
    made = build.caregiver()
    build.consent(mother, made, Answer.GRANT)
    return made


def _answer(holder: build.Citizen, answer: Answer) -> None:
    own = holder.standing()
    [line] = access.consents(own)
    access.answer(own, line.id, answer, version=line.version)


def test_while_everything_stands_nothing_is_said(
    app: Flask, mother: build.Citizen, child: build.Citizen, doctor: build.Caregiver
) -> None:
    for browser, page in (
        (mother.browser(app), f"/dossiers/{mother.record_id}/documents"),
        (mother.browser(app), f"/dossiers/{child.record_id}/"),
        (doctor.browser(app), f"/pro/patients/{mother.record_id}/documents"),
    ):
        answer = browser.get(opened(browser, page), expect=None, whole=False)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_revoked_professional_is_told_at_once(
    app: Flask, clock: FakeClock, mother: build.Citizen, doctor: build.Caregiver
) -> None:
    browser = doctor.browser(app)
    place = opened(browser, f"/pro/patients/{mother.record_id}/documents")
    _answer(mother, Answer.REVOKE)
    assert ask(browser, place) == 410, "they met the person today: the page without documents is left"
    assert browser.get(f"/pro/patients/{mother.record_id}/").status == 200
    clock.advance(timedelta(hours=13))
    other = doctor.browser(app)
    assert ask(other, place) == 404


def test_a_block_looks_as_a_revocation(app: Flask, mother: build.Citizen, doctor: build.Caregiver) -> None:
    browser = doctor.browser(app)
    place = opened(browser, f"/pro/patients/{mother.record_id}/documents")
    _answer(mother, Answer.BLOCK)
    assert ask(browser, place) == 410


def test_the_page_of_a_patient_says_that_less_is_left_of_it(
    app: Flask, mother: build.Citizen, doctor: build.Caregiver
) -> None:
    browser = doctor.browser(app)
    place = opened(browser, f"/pro/patients/{mother.record_id}/")
    _answer(mother, Answer.REVOKE)
    assert ask(browser, place) == 409


def test_a_consent_that_runs_out_ends_the_page(app: Flask, clock: FakeClock, mother: build.Citizen) -> None:
    doctor = build.caregiver()
    build.consent(mother, doctor, Answer.GRANT, days=1)
    clock.advance(timedelta(hours=23, minutes=50))
    browser = doctor.browser(app)
    place = opened(browser, f"/pro/patients/{mother.record_id}/documents")
    clock.advance(timedelta(minutes=9))
    assert ask(browser, place) == 204
    clock.advance(timedelta(minutes=2))
    assert ask(browser, place) == 404


def test_what_opens_further_closes_nothing(app: Flask, mother: build.Citizen) -> None:
    doctor = build.caregiver()
    build.consent(mother, doctor)
    browser = doctor.browser(app)
    place = opened(browser, f"/pro/patients/{mother.record_id}/")
    own = mother.standing()
    [line] = access.consents(own)
    access.answer(own, line.id, Answer.GRANT, version=line.version, days=365)
    assert ask(browser, place) == 204


def test_a_parent_whose_link_ended_is_told(
    app: Flask, clock: FakeClock, mother: build.Citizen, child: build.Citizen
) -> None:
    browser = mother.browser(app)
    place = opened(browser, f"/dossiers/{child.record_id}/documents")
    with db.write() as tx:
        tx.execute(update(Link).values(frozen_at=clock.now))
    assert ask(browser, place) == 404


def test_a_parent_is_told_on_the_day_of_majority(app: Flask, clock: FakeClock, mother: build.Citizen) -> None:
    teen = build.citizen("Léa", birth=date(2008, 11, 24), parents=(mother,), activated=False)
    clock.now = clock.now.replace(hour=22, minute=50)  # ten minutes to midnight where they live
    browser = mother.browser(app)
    place = opened(browser, f"/dossiers/{teen.record_id}/documents")
    clock.advance(timedelta(minutes=9))
    assert ask(browser, place) == 204
    clock.advance(timedelta(minutes=2))
    assert ask(browser, place) == 404


def test_a_record_that_was_closed_ends_every_page(app: Flask, mother: build.Citizen, doctor: build.Caregiver) -> None:
    browsers = {
        browser: opened(browser, page)
        for browser, page in (
            (mother.browser(app), f"/dossiers/{mother.record_id}/"),
            (doctor.browser(app), f"/pro/patients/{mother.record_id}/"),
        )
    }
    closing.close(mother.actor, mother.record_id)
    assert [ask(browser, place) for browser, place in browsers.items()] == [404, 404]


def test_a_session_ended_on_another_device_is_over_here(app: Flask, mother: build.Citizen) -> None:
    browser = mother.browser(app)
    place = opened(browser, f"/dossiers/{mother.record_id}/")
    sessions.end_others(mother.actor)
    answer = browser.get(place, expect=None, follow=False, whole=False, headers={"HX-Request": "true"})
    assert (answer.status, answer.headers["HX-Redirect"], answer.body) == (401, "/connexion", b"")


@pytest.mark.parametrize(("kind", "idle"), [("holder", 30), ("professional", 15)])
def test_a_forgotten_page_keeps_no_session_awake(
    app: Flask, clock: FakeClock, mother: build.Citizen, doctor: build.Caregiver, kind: str, idle: int
) -> None:
    browser = mother.browser(app) if kind == "holder" else doctor.browser(app)
    base = "/dossiers/" if kind == "holder" else "/pro/patients/"
    place = opened(browser, f"{base}{mother.record_id}/documents")
    for _ in range(idle * 3 - 1):
        clock.advance(timedelta(seconds=20))
        assert ask(browser, place) == 204
    clock.advance(timedelta(seconds=21))
    assert ask(browser, place) == 401


def test_asking_changes_nothing_at_all(
    app: Flask, clock: FakeClock, mother: build.Citizen, child: build.Citizen, doctor: build.Caregiver
) -> None:
    asked = []
    for browser, page in (
        (mother.browser(app), f"/dossiers/{mother.record_id}/"),
        (mother.browser(app), f"/dossiers/{child.record_id}/documents"),
        (doctor.browser(app), f"/pro/patients/{mother.record_id}/documents"),
    ):
        asked.append((browser, opened(browser, page)))
    clock.advance(timedelta(minutes=5))
    before = state()
    for browser, place in asked:
        ask(browser, place)
        ask(Browser(app), place)
        ask(browser, place.replace(str(mother.record_id), str(mother.person_id)))
    assert changes(before, state()) == set()


def test_a_pulse_costs_what_judging_costs(
    app: Flask, mother: build.Citizen, child: build.Citizen, doctor: build.Caregiver
) -> None:
    for who, browser, page in (
        ("holder", mother.browser(app), f"/dossiers/{mother.record_id}/"),
        ("parent", mother.browser(app), f"/dossiers/{child.record_id}/"),
        ("professional", doctor.browser(app), f"/pro/patients/{mother.record_id}/documents"),
    ):
        place = opened(browser, page)
        with statements() as sent:
            assert ask(browser, place) == 204
        asked = [one for one in sent if one.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]
        print(f"\n{who}: {len(asked)} statements", end="")
        assert len(asked) <= MOST_STATEMENTS[who], asked
        assert not any(one.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")) for one in asked)


@on_sqlite
def test_a_stranger_and_a_record_that_is_not_there_answer_alike(app: Flask, mother: build.Citizen) -> None:
    stranger = build.citizen("Odile", "Marchand")
    browser = stranger.browser(app)
    answers = [
        browser.get(f"/dossiers/{one}/pouls", expect=None, follow=False, headers={"HX-Request": "true"}, whole=False)
        for one in (mother.record_id, mother.person_id)
    ]
    assert [one.status for one in answers] == [404, 404]
    assert ask(browser, f"/pro/patients/{mother.record_id}/pouls") == 404


@on_sqlite
def test_one_session_may_not_ask_without_end(app: Flask, clock: FakeClock, mother: build.Citizen) -> None:
    browser, other = mother.browser(app), mother.browser(app)
    place = opened(browser, f"/dossiers/{mother.record_id}/")
    assert [ask(browser, place) for _ in range(MOST + 1)] == [204] * MOST + [429]
    assert ask(other, place) == 204, "each session for itself"
    clock.advance(WITHIN)
    assert ask(browser, place) == 204


def test_a_hidden_session_hides_its_other_pages(app: Flask, mother: build.Citizen) -> None:
    browser = mother.browser(app)
    place = opened(browser, f"/dossiers/{mother.record_id}/")
    sessions.change_facts(sessions.identify(browser.cookie("espace")), private="1")  # type: ignore[arg-type]
    assert ask(browser, place) == 409


_OWN_PAGES = {
    "holder": ("/compte", "/dossiers/", "/compte/activite", "/compte/proches"),
    "professional": ("/pro/", "/pro/patients", "/pro/urgences"),
    "operator": ("/admin/", "/admin/personnes", "/compte/securite"),
}
_SIGN_IN = {"holder": "/connexion", "professional": "/pro/connexion", "operator": "/connexion"}


@pytest.fixture
def signed_in(app: Flask, mother: build.Citizen, doctor: build.Caregiver, who: str) -> tuple[Browser, Actor]:
    """Somebody with a browser, and who they are in it."""
    people: dict[str, build.Citizen | build.Caregiver] = {"holder": mother, "professional": doctor}
    person = people.get(who) or office.officer(Role.PRIVACY_OFFICER)
    browser = person.browser(app)
    actor = sessions.identify(browser.cookie("espace") or "")
    assert actor is not None
    return browser, actor


@on_sqlite
@pytest.mark.parametrize("who", _OWN_PAGES)
def test_a_page_of_no_record_goes_with_its_session_and_is_no_use_of_it(
    clock: FakeClock, signed_in: tuple[Browser, Actor], who: str
) -> None:
    browser, actor = signed_in
    asked = [opened(browser, page) for page in _OWN_PAGES[who]]
    clock.advance(timedelta(minutes=2))
    before = state()
    assert {ask(browser, place) for place in asked} == {204}
    assert changes(before, state()) == set()
    sessions.end_all(actor.kind, actor.id)
    assert {ask(browser, place) for place in asked} == {401}
    left = browser.get(_OWN_PAGES[who][0], expect=None, follow=False)
    assert left.status == 303
    assert left.headers["Location"].endswith(_SIGN_IN[who])


@on_sqlite
@pytest.mark.parametrize("who", _OWN_PAGES)
def test_the_pulse_of_a_session_costs_one_look(signed_in: tuple[Browser, Actor], who: str) -> None:
    browser, _ = signed_in
    place = opened(browser, _OWN_PAGES[who][0])
    with statements() as sent:
        assert ask(browser, place) == 204
    asked = [one for one in sent if not one.lstrip().upper().startswith(("BEGIN", "PRAGMA", "ROLLBACK"))]
    assert len(asked) <= 1, asked


@on_sqlite
def test_another_who_signs_in_with_the_same_browser_is_not_shown_the_page_of_the_first(
    app: Flask, mother: build.Citizen
) -> None:
    browser, other = mother.browser(app), build.citizen("Odile", "Marchand")
    place = opened(browser, "/compte")
    browser.set_cookie("espace", other.sign_in())
    assert ask(browser, place) == 409


@on_sqlite
def test_a_hidden_session_hides_its_own_pages_too(app: Flask, mother: build.Citizen) -> None:
    browser = mother.browser(app)
    place = opened(browser, "/dossiers/")
    sessions.change_facts(sessions.identify(browser.cookie("espace")), private="1")  # type: ignore[arg-type]
    assert ask(browser, place) == 409


@on_sqlite
def test_a_page_for_anybody_asks_nothing(client: Browser) -> None:
    for page in ("/", "/connexion", "/aide"):
        assert opened(client, page) == ""
    assert client.get("/pouls", expect=None, whole=False).status == 401


@on_sqlite
def test_what_a_page_is_given_to_ask_names_nothing(app: Flask, doctor: build.Caregiver, mother: build.Citizen) -> None:
    place = opened(doctor.browser(app), f"/pro/patients/{mother.record_id}/documents")
    assert len(place) < 90
    assert "documents:read" not in place
    own = opened(doctor.browser(app), "/pro/")
    assert len(own) < 40
    assert str(doctor.id) not in own


_RIGHTS = (Permission.RECORD_HOME, Permission.DOCUMENTS_READ, Permission.ACCESS_MANAGE, Permission.DOCUMENTS_KEEP)
_SETS = [frozenset(one for one, kept in zip(_RIGHTS, bits, strict=True) if kept) for bits in product((0, 1), repeat=4)]


@pytest.mark.parametrize("before", _SETS)
def test_every_loss_of_a_right_is_noticed_and_no_gain(before: frozenset[Permission], make: "Make") -> None:
    for now in _SETS:
        assert has_narrowed(reach(make(before)), reach(make(now))) is bool(before - now)


Make = Callable[[frozenset[Permission]], Standing]


@pytest.fixture
def make(mother: build.Citizen) -> Make:
    actor = Actor(ActorKind.PATIENT, mother.person_id, "Claire")
    return lambda rights: Standing(actor, mother.record_id, Relation.HOLDER, "Claire", rights)


@on_sqlite
def test_less_to_read_is_noticed_too(make: Make) -> None:
    reads = replace(make(frozenset({Permission.DOCUMENTS_READ})), readable_types=frozenset({"A", "B"}))
    assert has_narrowed(reach(reads), reach(replace(reads, readable_types=frozenset({"A"}))))
    assert has_narrowed(reach(reads), reach(replace(reads, withheld_types=frozenset({"A"}))))
    assert has_narrowed(reach(replace(reads, sees_hidden=True)), reach(reads))
    assert not has_narrowed(reach(reads), reach(replace(reads, sees_hidden=True)))
    assert has_narrowed(reach(reads), reach(replace(reads, actor=replace(reads.actor, is_veiled=True))))
    assert not has_narrowed("", reach(reads))
    assert not has_narrowed("zz.é", reach(reads))
