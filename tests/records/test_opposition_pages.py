"""Objecting by letter, as people walk through it: proof, choice, certificate, way back (AC-6, AC-7; R5, R6)."""

from datetime import date, timedelta

import pytest
from flask import Flask

from espace.accounts import services as accounts
from espace.audit.services import entries
from espace.people import services as people
from espace.records import services as records
from tests.accounts.journey import Newcomer, newcomer
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock

CHOICE = "/opposition/choix"


def give_letter(browser: Browser, who: Newcomer, expect: int | None = 200, **changed: str) -> Page:
    """The first page."""
    form = browser.get("/opposition").form("ins", "code")
    return browser.submit(form, {**who.letter, **changed}, expect=expect)


def press(browser: Browser, action: str) -> Page:
    """A form that is a button."""
    token = browser.get(CHOICE).tree.xpath(f"//form[@action='{action}']//input[@name='csrf_token']/@value")[0]
    return browser.post(action, {"csrf_token": token}, follow=True)


def refuse(browser: Browser, who: Newcomer) -> Page:
    """From the letter to the refusal."""
    return browser.submit(give_letter(browser, who).form("sure"), {"sure": "y"})


def state(who: Newcomer) -> str:
    """Where their record stands."""
    return records.record(who.person.record_id).state


def child_with_letter(*parents: build.Citizen, opened: bool = True) -> Newcomer:
    """A child and the letter that bears the child's name; children have no card."""
    child = build.citizen("Jules", sex="M", birth=date(2017, 6, 1), parents=parents, activated=False, opened=opened)
    return Newcomer(child, accounts.new_activation_code(child.person_id))


def test_a_person_refuses_takes_the_certificate_and_comes_back(client: Browser) -> None:
    who = newcomer()
    page = give_letter(client, who)
    assert who.person.name in page.text
    assert state(who) == "open"
    client.submit(page.form("sure"), expect=422)
    assert state(who) == "open"
    assert "refusé" in refuse(client, who).text
    assert state(who) == "opposed"
    paper = client.get("/opposition/attestation")
    assert paper.body.startswith(b"%PDF-")
    assert paper.headers["Content-Type"] == "application/pdf"
    back = press(client, "/opposition/retour")
    assert "annulé" in back.text
    assert state(who) == "open"
    told = [entry.action.value for entry in entries(who.person.record_id, mine=False, holder_actor_ids=[], before=None)]
    assert told[:2] == ["opposition-withdrawn", "record-opposed"]


def test_the_certificate_can_be_had_again_later_with_the_same_proof(app: Flask, client: Browser) -> None:
    who = newcomer()
    refuse(client, who)
    later = Browser(app)
    page = give_letter(later, who)
    assert "attestation" in page.text.lower()
    assert later.get("/opposition/attestation").body.startswith(b"%PDF-")


@pytest.mark.parametrize("place", [CHOICE, "/opposition/attestation"])
def test_without_the_letter_nothing_is_shown(app: Flask, client: Browser, place: str, clock: FakeClock) -> None:
    assert Browser(app).get(place, follow=False, expect=303).headers["Location"] == "/opposition"
    who = newcomer()
    refuse(client, who)
    for moved in (timedelta(minutes=15), -timedelta(days=1)):
        start = clock.now
        clock.advance(moved)
        assert client.get(place, follow=False, expect=303).headers["Location"] == "/opposition"
        clock.now = start
        give_letter(client, who)
    press(client, "/opposition/fin")
    assert client.get(place, follow=False, expect=303).headers["Location"] == "/opposition"


def test_acts_without_the_letter_do_nothing(app: Flask, client: Browser) -> None:
    who = newcomer()
    page = give_letter(client, who)
    token = page.form("sure").values["csrf_token"][0]
    press(client, "/opposition/fin")
    for place in (CHOICE, "/opposition/retour"):
        client.post(place, {"csrf_token": token, "sure": "y"}, follow=False)
        assert state(who) == "open"


@pytest.mark.parametrize("parent_state", ["active", "opposed", "closed"])
@pytest.mark.parametrize("opened", [True, False])
def test_a_child_is_objected_for_whatever_the_parents_own_state(
    client: Browser, parent_state: str, opened: bool
) -> None:
    parent = build.citizen()
    who = child_with_letter(parent, opened=opened)
    if parent_state == "closed":
        records.close(parent.actor, parent.record_id)
    if parent_state == "opposed":
        other = build.citizen("Odile", activated=False)
        records.oppose(records.bearer(people.person(other.person_id)), other.record_id, records.Part.LETTER)
        who = child_with_letter(other, opened=opened)
    before = state(who)
    refuse(client, who)
    assert state(who) == "opposed"
    press(client, "/opposition/retour")
    assert state(who) == before


def test_who_has_an_account_is_told_to_sign_in_and_close(client: Browser) -> None:
    active = build.citizen()
    who = Newcomer(active, accounts.new_activation_code(active.person_id))
    page = give_letter(client, who)
    assert "connectez-vous" in page.text
    assert page.tree.xpath("//a[@href='/compte/cloture']")
    token = page.tree.xpath("//input[@name='csrf_token']/@value")[0]
    client.post(CHOICE, {"csrf_token": token, "sure": "y"})
    assert state(who) == "active"


@pytest.mark.parametrize("other", ["closed", "suspended", "deceased"])
def test_a_record_in_another_state_is_left_as_it_is(client: Browser, other: str) -> None:
    from .lives import operator

    person = build.citizen()
    who = Newcomer(person, accounts.new_activation_code(person.person_id))
    match other:
        case "closed":
            records.close(person.actor, person.record_id)
        case "suspended":
            records.suspend(operator(), person.record_id, "Fraude")
        case _:
            records.declare_death(operator(), person.record_id, date(2026, 11, 20), "certificate")
    page = give_letter(client, who)
    token = page.tree.xpath("//input[@name='csrf_token']/@value")[0]
    for place in (CHOICE, "/opposition/retour"):
        client.post(place, {"csrf_token": token, "sure": "y"})
        assert state(who) == other
    client.get("/opposition/attestation", expect=200 if other == "closed" else 404)


WRONG = {
    "another's letter": {"code": "another"},
    "a number nobody has": {"ins": "nobody"},
    "another birth date": {"birth_date": "13/05/1984"},
    "a code that is none": {"code": "ZZZZZZZZ"},
}


def test_wrong_facts_are_refused_alike(app: Flask) -> None:
    """Another's letter, an unknown number, a wrong day, a wrong code: one answer, whatever the record's state."""
    seen = set()
    for changed in WRONG.values():
        for opposed in (False, True):
            who, other = newcomer(), newcomer()
            if opposed:
                refuse(Browser(app), who)
            values = {
                name: {"another": other.code, "nobody": build.ins()}.get(value, value)
                for name, value in changed.items()
            }
            page = give_letter(Browser(app), who, expect=422, **values)
            seen.add(page.tree.xpath("string(//div[@id='summary'])"))
    assert len(seen) == 1


def test_an_expired_letter_says_so_to_who_holds_it_and_opens_nothing(client: Browser, clock: FakeClock) -> None:
    who = newcomer()
    clock.advance(timedelta(days=85))
    page = give_letter(client, who, expect=422)
    assert "expiré" in page.text
    client.get(CHOICE, follow=False, expect=303)


def test_guesses_are_slowed_down(client: Browser) -> None:
    who = newcomer()
    statuses = [give_letter(client, who, expect=None, code="ZZZZZZZZ").status for _ in range(6)]
    assert statuses[0] == 422
    assert 429 in statuses


def test_refusing_twice_at_once_is_one_refusal(app: Flask, client: Browser) -> None:
    who = newcomer()
    one, two = give_letter(client, who), give_letter(second := Browser(app), who)
    client.submit(one.form("sure"), {"sure": "y"})
    since = records.state_of(who.person.record_id).state_since
    second.submit(two.form("sure"), {"sure": "y"})
    assert records.state_of(who.person.record_id).state_since == since


def test_who_activates_after_refusing_is_told_before_the_account_exists(app: Flask, client: Browser) -> None:
    who = newcomer()
    refuse(client, who)
    browser = Browser(app)
    page = browser.submit(browser.get("/activation").form("ins", "code"), who.letter)
    assert page.path == "/activation/adresse"
    assert "Vous avez refusé cet espace le" in page.text
    assert state(who) == "opposed"


def test_an_account_made_while_the_space_was_refused_is_told_and_may_open_it(app: Flask) -> None:
    """Two devices at once: one refuses, the other finishes the activation."""
    person = build.citizen(activated=False)
    records.oppose(records.bearer(people.person(person.person_id)), person.record_id, records.Part.LETTER)
    records.on_account_activated(person.person_id, {"person_id": str(person.person_id)})
    assert records.record(person.record_id).state == "opposed"


def test_only_who_has_a_space_of_their_own_is_led_to_closing_it(app: Flask) -> None:
    holder, doctor = build.citizen(), build.caregiver()
    assert "/compte/cloture" in holder.browser(app).get("/opposition").response.text
    assert "/compte/cloture" not in doctor.browser(app).get("/opposition").response.text
