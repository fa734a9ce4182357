"""Every reading by another person is a row before it is a byte, and the person reads that row in French (R25, R27)."""

from datetime import date, timedelta

from flask import Flask
from sqlalchemy import func, select

from espace import db
from espace.access.services import Answer
from espace.audit.models import AuditEvent
from tests.house.test_routes import addresses
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock

from .relations import TITLE, cast

_SAID = "Suivi"  # the reason of each request, and part of no word of ours on these pages
_REFUSE = {
    "sqlite": ("CREATE TRIGGER refuse BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'refused'); END",),
    "postgresql": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
}


def _acts() -> int:
    with db.read() as tx:
        return int(tx.execute(select(func.count()).select_from(AuditEvent)).scalar_one())


def _break_the_trail() -> None:
    with db.write() as tx:
        for statement in _REFUSE[tx.dialect.name]:
            tx.exec_driver_sql(statement)


def _places(app: Flask, browser: Browser, ids: dict[str, object]) -> dict[str, bool]:
    """Each address on the record that opens, and whether opening it leaves a row."""
    found = {}
    for rule, place in addresses(app, method="GET", ids=ids):
        if "record_id" in rule.arguments:
            before = _acts()
            if browser.get(place, expect=None, follow=False).status == 200:
                found[place] = _acts() > before
    return found


def test_without_its_row_nothing_is_served_to_others(app: Flask, clock: FakeClock) -> None:
    people = cast(app, clock)
    browsers = {who: people.browser(who) for who in ("mother", "second parent", "authorised", "searched")}
    places = {who: _places(app, browser, dict(people.ids)) for who, browser in browsers.items()}
    clock.advance(timedelta(minutes=11))  # rows shared by the requests for one file are over
    _break_the_trail()
    for who, browser in browsers.items():
        assert any(places[who].values()), f"{who} left no row: nothing is proved"
        for place, leaves_row in places[who].items():
            for headers in ({}, {"HX-Request": "true", "HX-Target": "documents"}, {"Range": "bytes=0-3"}):
                answer = browser.get(place, expect=None, follow=False, whole=False, headers=headers)
                # 303, or 403 to htmx: the proof that the page asks for is no longer fresh
                assert answer.status in (303, 403, 500) or (answer.status, leaves_row) == (200, False), f"{who} {place}"
                for word in (TITLE, _SAID, "%PDF"):
                    assert word.encode() not in answer.body, f"{who} reads {word!r} at {place} without a row"


def test_without_the_trail_the_holder_still_reads(app: Flask) -> None:
    holder = build.citizen()
    build.document(holder.standing(), TITLE)
    build.consent(holder, build.caregiver())
    browser, ids = holder.browser(app), build.ids_of(holder.standing())
    _break_the_trail()
    served = [
        browser.get(place, expect=None, follow=False)
        for rule, place in addresses(app, method="GET", ids=ids)
        if "record_id" in rule.arguments <= ids.keys() and not rule.rule.startswith("/pro/")
        if not rule.rule.endswith("/acces/parents/inviter")  # of a child's record only
    ]
    # 303: a decision that does not fit the document; 204: the pulse of open pages
    assert {page.status for page in served} == {200, 204, 303}
    assert sum(page.status == 200 for page in served) > 15
    assert any(TITLE in page.text for page in served if page.is_html)


def test_the_person_reads_in_french_who_did_what_when_and_why_at_the_next_request(app: Flask, clock: FakeClock) -> None:
    holder, doctor = build.citizen(), build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    shown = build.document(holder.standing(), "Bilan sanguin", date(2026, 11, 2))
    clock.advance(timedelta(minutes=7))
    reading, record = doctor.browser(app), f"/pro/patients/{holder.record_id}"
    holders = holder.browser(app)
    for place, told in {
        f"{record}/": "Dr Hélène Morvan a ouvert la page de ce dossier, sans ses documents.",
        f"{record}/documents/{shown}": "Dr Hélène Morvan a ouvert le document « Bilan sanguin ».",
        f"{record}/documents/{shown}/contenu": "Dr Hélène Morvan a téléchargé le document « Bilan sanguin ».",
    }.items():
        assert told not in holders.get(f"/dossiers/{holder.record_id}/historique").text
        reading.get(place)
        page = holders.get(f"/dossiers/{holder.record_id}/historique").text
        assert told in page
        assert "De 10 h à 10 h 07, avec votre accord du" in page
        assert "Médecin, Cabinet des Tilleuls" in page
    assert "Aujourd'hui" in page
    assert "Suivi après la consultation" in page, "why the doctor asked"
