"""Closing one's space and what follows: as its holder walks through it, and for everybody else (AC-9, AC-10, R16)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from espace import crypto, db, outbox
from espace.access import services as access
from espace.access.models import Consent, Encounter
from espace.assembly import handle_events
from espace.documents import services as documents
from espace.documents.models import Document
from espace.errors import InvalidError
from espace.family.models import Link
from espace.professional.services import search
from espace.records import services as records
from espace.records.services.papers import read_proof
from espace.settings import Settings
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock

from .lives import operator

PLACE = "/compte/cloture"


@pytest.fixture
def claire(app: Flask) -> Citizen:
    """A person with documents, an access that was given, and a hidden document."""
    access.ensure_matrix()
    return build.citizen()


@pytest.fixture
def doctor(claire: Citizen) -> Caregiver:
    """Who may read her record."""
    made = build.caregiver()
    build.consent(claire, made, access.Answer.GRANT)
    return made


def press(browser: Browser, action: str, page: str = PLACE, **data: str) -> Page:
    """A form that is a button, or whose fields are given."""
    token = browser.get(page).tree.xpath(f"//form[@action='{action}']//input[@name='csrf_token']/@value")[0]
    return browser.post(action, {"csrf_token": token, **data})


def close(browser: Browser) -> Page:
    """From the account to the closed space."""
    return browser.submit(browser.get(f"{PLACE}/fermer").form("sure"), {"sure": "y"})


def deliver() -> list[str]:
    """What the worker carries out; gives the addresses that were written to."""
    written: list[str] = []
    handle_events()
    outbox.on("mail", lambda _id, payload: written.append(payload["to"]))
    while outbox.work():
        pass
    return written


def contents(record_id: object) -> list[Any]:
    """Everything a record holds, opened: documents, accesses, encounters, links."""
    found: list[Any] = []
    with db.read() as tx:
        for table in (Document, Consent, Encounter, Link):
            for row in tx.execute(select(table.__table__).where(table.record_id == record_id).order_by(table.id)):
                values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own name
                if values.get("payload"):
                    opened = crypto.unseal(tx, values["record_id"], table.__tablename__, row.id, values["payload"])
                    values["payload"] = opened
                found.append(values)
    return found


def test_closing_and_reopening_bring_everything_back_exactly(
    app: Flask, claire: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    for title in ("Bilan", "Radio"):
        build.document(claire.standing(), title)
    before, rows = contents(claire.record_id), documents.page(claire.standing()).rows
    state = records.state_of(claire.record_id)
    browser = claire.browser(app)
    assert "fermé" in close(browser).text
    assert contents(claire.record_id) == before, "closing changes nothing inside"
    clock.advance(timedelta(days=200))
    browser = claire.browser(app)
    press(browser, f"{PLACE}/rouvrir", page=f"{PLACE}/rouvrir")
    assert contents(claire.record_id) == before
    assert documents.page(claire.standing()).rows == rows
    assert records.state_of(claire.record_id) == state
    there = doctor.standing(claire.record_id)
    assert there is not None
    assert {row.id for row in documents.page(there).rows} == {row.id for row in rows}


CLOSINGS: dict[str, Callable[[Citizen], object]] = {
    "closed": lambda one: records.close(one.actor, one.record_id),
    "suspended": lambda one: records.suspend(operator(), one.record_id, "Fraude"),
    "deceased": lambda one: records.declare_death(operator(), one.record_id, date(2026, 11, 20), "certificate"),
}


@pytest.mark.parametrize("how", CLOSINGS)
def test_at_the_next_request_nobody_reads_it(app: Flask, claire: Citizen, doctor: Caregiver, how: str) -> None:
    """Sessions that were open stay open and see 404; the professional's own list no longer names the person (R16)."""
    document = build.document(claire.standing(), "Bilan")
    hers, his = claire.browser(app), doctor.browser(app)
    own, pro = f"/dossiers/{claire.record_id}", f"/pro/patients/{claire.record_id}"
    places = [(hers, f"{own}/"), (hers, f"{own}/documents/{document}"), (hers, f"{own}/historique")]
    places += [(his, f"{pro}/"), (his, f"{pro}/documents"), (his, f"{pro}/documents/{document}/contenu")]
    for browser, place in places:
        browser.get(place, whole=False)
    assert claire.name in his.get("/pro/").text
    CLOSINGS[how](claire)
    for browser, place in places:
        browser.get(place, expect=404)
    assert claire.name not in his.get("/pro/").text
    assert hers.get(PLACE).status == 200
    assert hers.get("/dossiers/", follow=False, expect=303).headers["Location"] == PLACE


def _states(claire: Citizen) -> dict[str, str]:
    """One person per state that is not open, and a number nobody has."""
    numbers = {"unknown": build.ins()}
    announced = build.citizen("Noé", activated=False)
    records.oppose(records.bearer(_person(announced)), announced.record_id, records.Part.LETTER)
    numbers["opposed"] = announced.ins
    for how, act in CLOSINGS.items():
        person = build.citizen("Paul", sex="M")
        act(person)
        numbers[how] = person.ins
    return numbers


def _person(citizen: Citizen) -> Any:
    from espace.people import services as people

    return people.person(citizen.person_id)


def test_a_search_says_the_same_of_every_record_that_is_not_open(claire: Citizen, doctor: Caregiver) -> None:
    said = set()
    for number in _states(claire).values():
        with pytest.raises(InvalidError) as refused:
            search.find_patient(doctor.actor, search.PatientSearch(number, claire.birth_date))
        said.add(str(refused.value.problems))
    assert len(said) == 1


def test_closing_asks_for_a_fresh_proof_before_anything_is_read(app: Flask, claire: Citizen, clock: FakeClock) -> None:
    browser = claire.browser(app)
    clock.advance(timedelta(minutes=6))
    assert browser.get(f"{PLACE}/fermer", follow=False, expect=303).headers["Location"] == "/connexion/preuve"
    assert browser.get(PLACE).status == 200
    assert records.record(claire.record_id).state == "active"


def test_it_is_not_closed_without_the_box(app: Flask, claire: Citizen) -> None:
    browser = claire.browser(app)
    browser.submit(browser.get(f"{PLACE}/fermer").form("sure"), expect=422)
    assert records.record(claire.record_id).state == "active"


def test_everybody_of_the_record_is_told_without_content(app: Flask, claire: Citizen) -> None:
    deliver()
    close(claire.browser(app))
    assert deliver() == [claire.email]
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=[claire], activated=False)
    records.oppose(claire.actor, child.record_id, records.Part.REPRESENTATIVE)
    assert claire.email in deliver()


def test_a_closed_parent_still_acts_for_the_child_and_a_suspended_one_does_not(claire: Citizen) -> None:
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=[claire], activated=False)
    records.close(claire.actor, claire.record_id)
    assert access.standing(claire.actor, child.record_id) is not None
    assert [card.record_id for card in access.my_records(claire.actor)] == [child.record_id]
    other = build.citizen("Karim", sex="M")
    second = build.citizen("Lina", birth=date(2019, 6, 1), parents=[other], activated=False)
    records.suspend(operator(), other.record_id, "Fraude")
    assert access.standing(other.actor, second.record_id) is None
    assert access.my_records(other.actor) == []
    records.lift_suspension(operator(), other.record_id)
    assert access.standing(other.actor, second.record_id) is not None


def test_a_child_whom_no_parent_opened_is_nobodys(claire: Citizen) -> None:
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=[claire], activated=False, opened=False)
    assert access.standing(claire.actor, child.record_id) is None
    records.mark_active(child.record_id, claire.actor)
    assert access.standing(claire.actor, child.record_id) is not None


def test_erasure_is_asked_for_cancelled_asked_again_and_proved(
    app: Flask, claire: Citizen, clock: FakeClock, settings: Settings
) -> None:
    browser = claire.browser(app)
    close(browser)
    assert browser.get(f"{PLACE}/attestation").body.startswith(b"%PDF-")
    browser.get(f"{PLACE}/preuve", expect=404)

    def ask() -> Page:
        return browser.submit(browser.get(f"{PLACE}/effacement").form("sure"), {"sure": "y"})

    assert "23 décembre 2026".replace(" ", "\u00a0") in ask().text.replace(" ", "\u00a0")
    assert "annulé" in press(browser, f"{PLACE}/effacement/annulation").text
    assert records.state_of(claire.record_id).erase_at is None
    ask()
    clock.advance(timedelta(days=settings.erasure_days))
    assert records.erase_due() == 1
    browser = claire.browser(app)
    assert "effacé" in browser.get(PLACE).text
    assert read_proof(browser.get(f"{PLACE}/preuve").body).record_id == claire.record_id


def test_after_an_erasure_a_new_empty_space_can_be_opened(app: Flask, claire: Citizen, clock: FakeClock) -> None:
    """The person is not shut out for good, and nothing of the former record is found through the new one."""
    build.document(claire.standing(), "Bilan")
    records.close(claire.actor, claire.record_id)
    clock.advance(timedelta(days=3660))
    assert records.erase_due() == 1
    deliver()
    browser = claire.browser(app)
    page = press(browser, f"{PLACE}/nouveau", page=f"{PLACE}/nouveau")
    own = records.record_of(claire.person_id)
    assert own is not None
    assert (own.state, own.id == claire.record_id) == ("active", False)
    assert "vide" in page.text
    assert documents.page(claire.standing(own.id)).rows == ()
    assert access.standing(claire.actor, claire.record_id) is None
    assert records.replay() == 0
    browser.get(f"{PLACE}/preuve", expect=404)
    assert records.close(claire.actor, own.id).state == "closed"


def test_a_suspended_holder_reads_why_and_objects_in_time(app: Flask, claire: Citizen, settings: Settings) -> None:
    records.suspend(operator(), claire.record_id, "Deux personnes utilisent cet espace")
    browser = claire.browser(app)
    page = browser.get(PLACE)
    assert "Deux personnes utilisent cet espace" in page.text
    long = browser.submit(page.form("words"), {"words": "x" * 501}, expect=422)
    assert long.tree.xpath("//textarea[@name='words']")
    assert "contesté" in browser.submit(browser.get(PLACE).form("words"), {"words": "C'est mon mari"}).text
    assert records.state_of(claire.record_id).details["objection"] == "C'est mon mari"
    assert settings.suspension_days == 42


def test_without_objection_it_is_closed_and_only_the_house_gives_it_back(
    app: Flask, claire: Citizen, clock: FakeClock, settings: Settings
) -> None:
    records.suspend(operator(), claire.record_id, "Fraude")
    clock.advance(timedelta(days=settings.suspension_days) - timedelta(microseconds=1))
    assert records.close_suspended() == 0
    clock.advance(timedelta(microseconds=1))
    assert records.close_suspended() == 1
    assert records.state_of(claire.record_id).by_house
    browser = claire.browser(app)
    assert browser.get(f"{PLACE}/rouvrir", follow=False, expect=303).headers["Location"] == PLACE
    assert "sans nous" in browser.get(PLACE).text
    assert browser.get(f"{PLACE}/attestation").body.startswith(b"%PDF-")
    assert "annuler" in browser.submit(browser.get(f"{PLACE}/effacement").form("sure"), {"sure": "y"}).text
    assert records.lift_suspension(operator(), claire.record_id).state == "active"


def test_an_objection_waits_for_somebodys_decision(claire: Citizen, clock: FakeClock) -> None:
    records.suspend(operator(), claire.record_id, "Fraude")
    records.object_to_suspension(claire.actor, claire.record_id, "Non")
    clock.advance(timedelta(days=400))
    assert records.close_suspended() == 0
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=[claire], activated=False)
    assert records.confirm_suspension(operator(), claire.record_id, "Fraude établie").state == "closed"
    assert access.standing(claire.actor, child.record_id) is None, "nobody acts through an account closed for fraud"
    clock.advance(timedelta(days=3660))
    assert records.erase_due() == 1
    assert access.standing(claire.actor, child.record_id) is None


@pytest.mark.parametrize(
    "place", ["fermer", "rouvrir", "effacement", "effacement/annulation", "contestation", "attestation", "preuve"]
)
def test_professionals_operators_and_nobody_have_no_such_page(
    app: Flask, claire: Citizen, doctor: Caregiver, place: str
) -> None:
    doctor.browser(app).get(f"{PLACE}/{place}", expect=None, follow=False)
    for browser in (doctor.browser(app), Browser(app)):
        for method in ("GET", "POST"):
            answer = browser.send(method, f"{PLACE}/{place}", follow=False, whole=False)
            assert answer.status in (303, 400, 404, 405)
    assert records.record(claire.record_id).state == "active"


@pytest.mark.parametrize("other", ["active", "suspended", "erased"])
def test_acts_that_make_no_sense_change_nothing(app: Flask, claire: Citizen, other: str, clock: FakeClock) -> None:
    if other == "suspended":
        records.suspend(operator(), claire.record_id, "Fraude")
    if other == "erased":
        records.close(claire.actor, claire.record_id)
        clock.advance(timedelta(days=3660))
        records.erase_due()
    browser = claire.browser(app)
    token = browser.get("/compte").tree.xpath("//input[@name='csrf_token']/@value")[0]
    before = records.state_of(claire.record_id)
    for place in ("rouvrir", "effacement", "effacement/annulation"):
        browser.post(f"{PLACE}/{place}", {"csrf_token": token, "sure": "y"})
        assert records.state_of(claire.record_id) == before
