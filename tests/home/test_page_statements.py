"""No page of a record costs more statements for what it lists: one of each thing, then sixty (performance.md)."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from werkzeug.routing import Rule

from espace.access import services as access
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.permissions import Permission, Relation, Task
from espace.web import guards
from tests.documents.house import statements
from tests.house.test_routes import address, addresses
from tests.messaging import letters
from tests.security.relations import Cast, cast
from tests.support import build, readers
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite
from tests.support.papers import pdf


@pytest.fixture
def people(app: Flask, clock: FakeClock) -> Cast:
    """A child's record with one of each thing, and everybody before it."""
    return cast(app, clock)


def _pages(people: Cast, relation: str) -> Iterator[tuple[Rule, str]]:
    """Every page of the record that one of the cast is served."""
    for rule, _ in addresses(people.app, method="GET"):
        if "record_id" in rule.arguments:
            permission = Permission(str(guards.declared(people.app.view_functions[rule.endpoint])))
            if people.serves(relation, rule.rule, permission):
                yield rule, address(rule.rule, people.ids_for(rule.rule))


def _asked(people: Cast, browser: Browser, relation: str) -> dict[str, list[str]]:
    """How many statements each page asks: the second time it is looked at, so that nothing is made ready for later."""
    found = {}
    for rule, place in _pages(people, relation):
        first = browser.get(place, expect=None, follow=False, whole=False)
        if first.status == 200 and first.is_html:
            with statements() as sent:
                browser.get(place, follow=False, whole=False)
            found[rule.rule] = list(sent)
    return found


@on_sqlite
def test_no_page_asks_more_for_sixty_than_for_one(people: Cast, clock: FakeClock) -> None:
    who = ("mother", "authorised")
    browsers = {relation: people.browser(relation) for relation in who}
    _fill(people, clock, 1)
    few = {relation: _asked(people, browser, relation) for relation, browser in browsers.items()}
    _fill(people, clock, 60)
    many = {relation: _asked(people, browser, relation) for relation, browser in browsers.items()}
    grown = [
        f"{relation} {page}: {len(asked)}, then {len(many[relation].get(page, []))}"
        for relation, pages in few.items()
        for page, asked in pages.items()
        if len(asked) != len(many[relation].get(page, []))
    ]
    assert len(few["mother"]) > 50
    assert not grown, "\n".join(grown)


def _fill(people: Cast, clock: FakeClock, count: int) -> None:
    """So many more of everything that pages of a record list."""
    child, parent = people.child, people.mother.standing(people.child.record_id)
    # Something is unread each time; that sixty letters cost as one is tests/messaging/test_lists.py's.
    letters.arrive(letters.letter(letters.address_of(child)))
    for number in range(count):
        doctor = build.caregiver("Nombre", f"Ana{number}")
        access.give(parent, doctor.id, days=90)
        audit.record(
            doctor.actor,
            child.record_id,
            Action.DOCUMENT_OPENED,
            relation=Relation.PROFESSIONAL,
            objects=[{"id": str(people.ids["document_id"]), "title": "Bilan"}],
        )
        readers.emergency(child, build.caregiver("Urgent", f"Ali{number}"))
        readers.carer(child, build.citizen(f"Aide{number}"), Task.READ_DOCUMENTS)
        title = f"Note {number} de {count}"
        documents.add(parent, documents.AddDocument(title, date(2026, 3, 4), "DOCPAT04", pdf(title)))
        clock.advance(timedelta(seconds=4))
