"""Secret visits and what a minor keeps secret change nothing for the parents (security.md R13, R14; rules.md MI-7).

Two families again, made alike; in one of them a doctor comes in secret connection, searches, reads, deposits and
leaves, and the girl keeps a document and a line of care secret that nobody else looked at. Both parents walk through
everything they can reach.
"""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete

from espace import db
from espace.access import services as access
from espace.access.services import Answer
from espace.accounts.models import Throttle
from espace.documents.services import care_history
from espace.documents.services.finding import texts
from tests.documents.care_files import bring, line
from tests.support import build
from tests.support.browser_client import Browser, Upload
from tests.support.clock import START, FakeClock
from tests.support.marks import on_sqlite
from tests.support.papers import pdf

from . import test_noninterference as twins

PARENTS = ("mother", "father")
_MORE = ("acces", "grandir", "plus", "acces/parents", "acces/aidants", "acces/urgence", "historique/export")


def _family(app: Flask, clock: FakeClock, *, secret: bool) -> twins.Family:
    clock.now = START
    with db.write() as tx:
        tx.execute(delete(Throttle))
    access.ensure_matrix()
    mother, father = build.citizen("Claire"), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother, father))
    known, other = build.caregiver("Perrin", "Luc"), build.caregiver("Aubin", "Luce")
    build.consent(teen, known, Answer.GRANT)
    texts.index(teen.record_id, twins.deposit(known, teen, twins.TITLE, representatives_see=True))
    kept = [line(teen, "R2", "2026-10-02", kind="medicines", label=twins.SECRET)] if secret else []
    bring(line(teen, "R1", "2026-09-14", label="Vaccin"), *kept)  # one sending of the insurer, as anybody knows
    if secret:
        _in_secret(app, clock, teen, known)
        _in_secret(app, clock, teen, other)
        visit = next(one for one in care_history.history(teen.standing()).visits if one.lines[0].kind == "medicines")
        care_history.keep_secret(teen.standing(), visit.id)
    clock.now = START + timedelta(hours=3)
    people: dict[str, build.Citizen | build.Caregiver] = {"mother": mother, "father": father, "teen": teen}
    return twins.Family(people, teen, known)


def _in_secret(app: Flask, clock: FakeClock, teen: build.Citizen, doctor: build.Caregiver) -> None:
    """A whole visit: found, read where it may be, a document deposited, left."""
    clock.now = START + timedelta(minutes=40)
    browser = doctor.browser(app)
    form = next(form for form in browser.get("/pro/patients").forms if "secret" in form.names)
    given = {"ins": teen.ins, "birth_date": teen.birth_date.strftime("%d/%m/%Y"), "secret": "y"}
    assert "connexion-secrete/fin" in browser.submit(form, given).response.get_data(as_text=True)
    base = f"/pro/patients/{teen.record_id}"
    for place in ("documents", "soins"):
        browser.get(f"{base}/{place}", expect=None)
    _deposited(browser, base)
    page = browser.get(f"{base}/deposer")
    browser.submit(next(form for form in page.forms if form.action.endswith("/connexion-secrete/fin")))


def _deposited(browser: Browser, base: str) -> None:
    page = browser.get(f"{base}/deposer")
    form = next(form for form in page.forms if form.action.endswith("/deposer"))
    page = browser.submit(form, {"file": Upload("a.pdf", pdf(twins.SECRET), "application/pdf")})
    form = next(form for form in page.forms if "title" in form.names)
    assert "Document déposé" in browser.submit(form, {"title": twins.SECRET}).text


def _compare(app: Flask, clock: FakeClock, who: str) -> None:
    families = [_family(app, clock, secret=secret) for secret in (False, True)]
    walks = []
    for family in families:
        clock.now = START + timedelta(hours=4)
        browser = family.browser(app, who)
        met = list(twins.seen(browser, family))
        base = f"/dossiers/{family.teen.record_id}"
        places = [f"{base}/{rest}" for rest in _MORE]
        met += [twins.masked(browser.get(place, expect=None, follow=False), place) for place in places]
        walks.append(met)
    assert len(walks[0]) > 10
    for one, other in zip(*walks, strict=True):
        assert twins.SECRET not in other[3], f"{who} reads the title at {other[0]}"
        assert one == other, f"{who} can tell at {other[0]}: {twins.difference(one[3], other[3])}"
    assert twins.letters(families[0], who) == twins.letters(families[1], who), f"{who} gets other letters"


@pytest.mark.parametrize("who", PARENTS)
def test_a_parent_meets_the_same_with_and_without_secret_visits(app: Flask, clock: FakeClock, who: str) -> None:
    _compare(app, clock, who)


@on_sqlite
def test_the_girl_sees_a_difference(app: Flask, clock: FakeClock) -> None:
    """The comparison can fail."""
    with pytest.raises(AssertionError):
        _compare(app, clock, "teen")
