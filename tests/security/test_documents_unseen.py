"""Every address and every act on a document that one may not see answers as for one that does not exist (R12, R13).

The readers are those who may act on other documents of the same record; what they send is well formed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.services.deciding import deleting, states
from espace.permissions import Standing
from tests.house.test_routes import addresses
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

_FORMS: dict[str, dict[str, str]] = {
    "favori": {"favori": "1"},
    "dossier": {"name": "Coeur"},
    "remarque": {"words": "Vu"},
    "supprimer": {"sure": "y"},
    "annoncer": {"sure": "y"},
    "parents": {"sure": "y"},
}
_MASKED = re.compile(
    r'nonce(="|-)[\w-]{22}|name="csrf_token"[^>]*value="[^"]+"|"X-CSRFToken": *"[^"]+"|[0-9A-Z]{4} [0-9A-Z]{4}'
)
_SAME = ("Content-Type", "Location", "Vary", "Cache-Control", "ETag", "Allow")


@dataclass(frozen=True)
class Unseen:
    """Somebody who reads a record, and a document of it that they do not."""

    browser: Browser
    base: str
    record: UUID
    document: UUID


def _deposit(by: Standing, title: str, **marks: bool) -> UUID:
    given: dict[str, Any] = {"representatives_see": True, **marks}
    command = documents.DepositDocument(
        title=title, date=date(2026, 11, 20), type_code="11502-2", content=title.encode(), **given
    )
    return documents.deposit(by, command)


def _unseen(app: Flask) -> dict[str, Unseen]:
    mother = build.citizen("Claire")
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    doctor, other, optician = (
        build.caregiver("Aubin", "Luce"),
        build.caregiver("Perrin", "Luc"),
        build.caregiver("Roy", "Ana", profession="28"),
    )
    for one in (doctor, other, optician):
        build.consent(teen, one, Answer.GRANT)
    theirs = doctor.standing(teen.record_id)
    assert theirs is not None
    secret = _deposit(theirs, "Entretien", representatives_see=False)
    awaiting = _deposit(theirs, "Tumeur", patient_invisible=True)
    hidden = _deposit(theirs, "Psychiatrie")
    states.hide(teen.standing(), hidden, choices=0)
    gone = build.document(teen.standing())
    deleting.delete(teen.standing(), gone, choices=0)
    own, pro = f"/dossiers/{teen.record_id}", f"/pro/patients/{teen.record_id}"
    return {
        "a mother, secret care": Unseen(mother.browser(app), own, teen.record_id, secret),
        "a mother, what is not announced": Unseen(mother.browser(app), own, teen.record_id, awaiting),
        "its person, what is not announced": Unseen(teen.browser(app), own, teen.record_id, awaiting),
        "its person, what they deleted": Unseen(teen.browser(app), own, teen.record_id, gone),
        "a doctor, what is hidden": Unseen(other.browser(app), pro, teen.record_id, hidden),
        "who reads no such type": Unseen(optician.browser(app), pro, teen.record_id, secret),
    }


def _routes(app: Flask, one: Unseen, document: UUID) -> Iterator[tuple[str, str]]:
    ids: dict[str, object] = {"record_id": one.record, "document_id": document, "number": 1}
    for method in ("GET", "POST"):
        for rule, place in addresses(app, method=method, ids=ids):
            if "document_id" in rule.arguments and place.startswith(one.base):
                yield method, place


def _answer(browser: Browser, method: str, place: str, token: str) -> Page:
    if method == "GET":
        return browser.get(place, expect=None, follow=False)
    act = place.rpartition("/")[2]
    sent = {"csrf_token": token, "choices": "0", **_FORMS.get(act, {})}
    return browser.send("POST", place, expect=None, follow=False, data=sent)


def _seen(page: Page, document: UUID) -> tuple[object, ...]:
    text = (page.response.mimetype or "").startswith("text/")
    body = page.response.get_data(as_text=True) if text else ""
    headers = [page.headers.get(name, "").replace(str(document), "ID") for name in _SAME]
    return page.status, headers, _MASKED.sub("MASKED", body).replace(str(document), "ID")


@on_sqlite
@pytest.mark.parametrize("minutes", [0, 6])
def test_what_one_may_not_see_answers_as_what_does_not_exist(app: Flask, clock: FakeClock, minutes: int) -> None:
    everybody = _unseen(app)
    clock.advance(timedelta(minutes=minutes))  # after five, what widens asks for a proof first
    tried, wrong = 0, []
    for who, one in everybody.items():
        token = one.browser.get(f"{one.base}/documents").csrf_token
        absent = uuid4()
        pairs = zip(_routes(app, one, one.document), _routes(app, one, absent), strict=True)
        for (method, place), (_, nowhere) in pairs:
            tried += 1
            there = _seen(_answer(one.browser, method, place, token), one.document)
            none = _seen(_answer(one.browser, method, nowhere, token), absent)
            if there != none:
                wrong.append(f"{who}: {method} {place.rpartition('/')[2]} {there[0]}, not {none[0]}")
            elif there[0] not in (404, 303):
                wrong.append(f"{who}: {method} {place.rpartition('/')[2]} {there[0]}")
    assert wrong == []
    assert tried > 100
