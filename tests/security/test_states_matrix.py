"""Every state of a document × every reader × every surface, against the policy and the states it may be shown in (R13).

One document takes each combination of marks and each state in turn; whoever may not see it finds it nowhere: in no
list, no search, no count, no summary, and at none of its addresses.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from espace import db
from espace.access import policy
from espace.access.policy import HEIR_RIGHTS
from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services.deciding import states
from espace.documents.services.finding import asking, search, texts
from espace.documents.services.library.browsing import Filter
from espace.errors import NotFoundError
from espace.machines import Machines
from espace.permissions import Relation, Standing
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import START
from tests.support.marks import on_sqlite

MARKS = list(product((False, True), repeat=4))
NAMES = ("hidden", "patient_invisible", "representatives_invisible", "held")
STATES = ("current", "archived", "superseded", "folded", "deleted")
TYPE, TITLE = "11502-2", "Bilan Zibeline"
FOREVER = START + timedelta(days=900)


@dataclass(frozen=True)
class Scene:
    """A minor with an account, a parent, and professionals of every standing; one document deposited by one of them."""

    document: UUID
    record: UUID
    standings: dict[str, Standing]
    browsers: dict[str, tuple[Browser, str]]
    depositor: UUID


@pytest.fixture
def scene(app: Flask, machines: Machines) -> Scene:
    mother = build.citizen("Claire")
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    depositor, reader = build.caregiver("Aubin", "Luce"), build.caregiver("Perrin", "Luc")
    for professional in (depositor, reader):
        build.consent(teen, professional, Answer.GRANT)
    theirs = depositor.standing(teen.record_id)
    other = reader.standing(teen.record_id)
    assert theirs is not None
    assert other is not None
    command = documents.DepositDocument(
        title=TITLE, date=date(2026, 11, 20), type_code=TYPE, content=b"zibeline", representatives_see=True
    )
    made = documents.deposit(theirs, command)
    texts.index(teen.record_id, made)
    base = f"/dossiers/{teen.record_id}/documents"
    pro = f"/pro/patients/{teen.record_id}/documents"
    return Scene(
        made,
        teen.record_id,
        {
            "holder": teen.standing(),
            "parent": mother.standing(teen.record_id),
            "depositor": theirs,
            "reader": other,
            "attending doctor": replace(other, sees_hidden=True),
            "heir": replace(teen.standing(), relation=Relation.HEIR, rights=HEIR_RIGHTS),
            "reader of other types": replace(other, readable_types=frozenset({"57833-6"})),
        },
        {
            "holder": (teen.browser(app), base),
            "parent": (mother.browser(app), base),
            "depositor": (depositor.browser(app), pro),
            "reader": (reader.browser(app), pro),
        },
        depositor.id,
    )


def _cells() -> Iterator[tuple[tuple[bool, ...], str]]:
    yield from product(MARKS, STATES)


def _put(scene: Scene, marks: tuple[bool, ...], state: str) -> None:
    hidden, awaiting, secret, held = marks
    with db.write() as tx:
        tx.execute(
            update(Document)
            .where(Document.record_id == scene.record, Document.id == scene.document)
            .values(
                hidden=hidden,
                patient_invisible=awaiting,
                representatives_invisible=secret,
                held_until=FOREVER if held else None,
                state=state,
            )
        )


def _allowed(scene: Scene, standing: Standing, marks: tuple[bool, ...]) -> bool:
    hidden, awaiting, secret, held = marks
    facts = policy.DocumentFacts(TYPE, hidden, awaiting, secret, scene.depositor, held)
    return policy.visible(standing).decide(facts).allowed


def _listed(state: str) -> Callable[[Standing], set[UUID]]:
    return lambda standing: {row.id for row in documents.page(standing, Filter(state=state)).rows}


def _narrowed(standing: Standing) -> set[UUID]:
    wanted = Filter(type_code=TYPE, class_code="10", first_day=date(2026, 11, 20), last_day=date(2026, 11, 20))
    return {row.id for row in documents.page(standing, wanted).rows}


def _searched(standing: Standing) -> set[UUID]:
    return {hit.document.id for hit in search.search(standing, asking.ask("zibeline")).hits}


def _latest(standing: Standing) -> set[UUID]:
    return {row.id for row in documents.latest(standing)}


def _opened(standing: Standing, scene: Scene) -> set[UUID]:
    found = set()
    for read in (documents.document, documents.opened, documents.body, documents.download, documents.original):
        try:
            read(standing, scene.document)
        except NotFoundError:
            continue
        found.add(scene.document)
    return found


@on_sqlite
def test_every_state_is_kept_on_every_surface(scene: Scene) -> None:
    surfaces: dict[str, tuple[Callable[[Standing], set[UUID]], tuple[str, ...]]] = {
        "list": (_listed("current"), ("current",)),
        "archive": (_listed("archived"), ("archived",)),
        "older versions": (_listed("superseded"), ("superseded",)),
        "filters": (_narrowed, ("current",)),
        "summary": (_latest, ("current",)),
        "search": (_searched, ("current", "archived")),
        "page and files": (lambda standing: _opened(standing, scene), ("current", "archived", "superseded")),
    }
    wrong = []
    for marks, state in _cells():
        _put(scene, marks, state)
        for who, standing in scene.standings.items():
            allowed = _allowed(scene, standing, marks)
            for name, (look, shown_in) in surfaces.items():
                sees = scene.document in look(standing)
                if sees and not (allowed and state in shown_in):
                    wrong.append(f"{who} meets it in {name}: {marks}, {state}")
                if allowed and state in shown_in and not sees:
                    wrong.append(f"{who} misses it in {name}: {marks}, {state}")
    assert wrong == []


@on_sqlite
def test_every_address_answers_as_the_page_does(scene: Scene) -> None:
    acts = ("", "/contenu", "/original", "/imprimer", "/xdm", "/pages/1", "/images/1")
    own = ("/cacher", "/montrer", "/remarque")
    wrong = []
    for marks in MARKS:
        for state in ("current", "deleted"):
            _put(scene, marks, state)
            for who, (browser, base) in scene.browsers.items():
                sees = state == "current" and _allowed(scene, scene.standings[who], marks)
                for act in (
                    *acts,
                    *(own if base.startswith("/dossiers") else ("/annoncer",)),
                    "/parents",
                    "/supprimer",
                ):
                    status = browser.get(f"{base}/{scene.document}{act}", expect=None, follow=False).status
                    if not sees and status != 404:
                        wrong.append(f"{who} gets {status} at {act}: {marks}, {state}")
                    if sees and act in ("", "/contenu", "/imprimer") and status != 200:
                        wrong.append(f"{who} gets {status} at {act}: {marks}, {state}")
    assert wrong == []


@on_sqlite
def test_what_is_counted_for_hiding_everything_is_what_one_sees_or_waits_for(scene: Scene) -> None:
    for marks in MARKS:
        _put(scene, marks, "current")
        for who in ("holder", "parent"):
            standing = scene.standings[who]
            counted = states.count(standing, hidden=marks[0])
            assert counted == int(_allowed(scene, standing, (*marks[:3], False))), (who, marks)
