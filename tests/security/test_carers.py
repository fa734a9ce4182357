"""Carers before every route: what their tasks open and nothing else, and nothing that is withheld (R12, R13, R16)."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from espace.access import services as access
from espace.documents import services as documents
from espace.documents.services.deciding import delays, states
from espace.documents.services.finding import texts
from espace.family.services.carers import links, telling
from espace.interop.mail_letter import Part
from espace.permissions import Permission as P
from espace.permissions import Standing, Task
from espace.web import guards
from tests.family.caring import ADD, READ, helped_and_carer, made, scope, told
from tests.house.test_routes import addresses
from tests.messaging import letters
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import START, FakeClock
from tests.support.crawl import places
from tests.support.marks import on_sqlite
from tests.support.papers import pdf

from .test_noninterference import WORDS, difference, masked

# Independent of `access.policy`: what each carer may reach, written by hand from rules.md MI-12.
HOME = frozenset({P.RECORD_HOME})
REACHES: dict[str, frozenset[P]] = {
    "reads": HOME | {P.DOCUMENTS_READ},
    "adds": HOME | {P.DOCUMENTS_ADD},
    "reads and adds": HOME | {P.DOCUMENTS_READ, P.DOCUMENTS_ADD},
    "reads messages": HOME | {P.MESSAGES_READ},
    "answers messages": HOME | {P.MESSAGES_READ, P.MESSAGES_WRITE},
    "asked, no answer": frozenset(),
    "ended": frozenset(),
    "run out": frozenset(),
    "of somebody else": frozenset(),
}
_SERVED = (
    "/messages",
    "/messages/recherche",
    "/messages/ecrire",
    "/documents",
    "/documents/ajouter",
    "/documents/recherche",
    "/soins",
    "/plus",
    "/documents/dossiers",
)


@dataclass(frozen=True)
class Around:
    """A record, its document, and everybody who is, was or will be a carer of it."""

    helped: build.Citizen
    people: dict[str, build.Citizen]
    ids: dict[str, UUID]
    hidden: UUID


@pytest.fixture
def around(app: Flask, clock: FakeClock) -> Around:
    """Everybody, each in the state their name says."""
    helped, _ = helped_and_carer()
    standing = helped.standing()
    seen, hidden = build.document(standing, "Lettre"), build.document(standing, "Zibeline")
    states.hide(standing, hidden, choices=0)
    people = {name: build.citizen("Aidant", f"Numéro{chr(65 + n)}") for n, name in enumerate(REACHES)}
    ending = made(standing, people["run out"], scope(READ, ADD, days=1))
    clock.advance(timedelta(days=2))
    standing = helped.standing()
    made(standing, people["reads"], scope(READ))
    made(standing, people["adds"], scope(ADD))
    present = made(standing, people["reads and adds"], scope(READ, ADD))
    made(standing, people["reads messages"], scope(Task.READ_MESSAGES))
    made(standing, people["answers messages"], scope(Task.READ_MESSAGES, Task.WRITE_MESSAGES))
    links.end(standing, made(standing, people["ended"], scope(READ, ADD)).id)
    other = build.citizen("Odile", "Marchand")
    made(other.standing(), people["of somebody else"], scope(READ, ADD))
    assert ending.id != present.id
    letters.arrive(letters.letter(letters.address_of(helped), parts=[Part("a.pdf", "application/pdf", pdf("a"))]))
    ids = {"record_id": helped.record_id, "document_id": seen, "carer_id": present.id}
    ids |= {"conversation_id": letters.conversations(helped.record_id)[0][1].id}
    ids |= {"attachment_id": letters.attachments(helped.record_id)[0][0]}
    return Around(helped, people, ids, hidden)


def _routes(app: Flask, method: str, ids: Mapping[str, object]) -> Iterator[tuple[Any, str, P]]:
    for rule, place in addresses(app, method=method, ids=ids):
        is_pulse = rule.rule.endswith("/pouls")  # an answer without a page, tried by itself
        if "record_id" in rule.arguments and not rule.rule.startswith("/pro/") and not is_pulse:
            yield rule, place, P(str(guards.declared(app.view_functions[rule.endpoint])))


@pytest.mark.parametrize("who", list(REACHES))
def test_every_route_serves_a_carer_within_their_tasks_and_no_further(app: Flask, around: Around, who: str) -> None:
    browser, tried = around.people[who].browser(app), 0
    served = [f"/dossiers/{around.helped.record_id}{end}" for end in _SERVED]
    for rule, place, permission in _routes(app, "GET", around.ids):
        for headers in ({}, {"HX-Request": "true", "HX-Target": "documents"}) if permission in REACHES[who] else ({},):
            answer = browser.get(place, expect=None, follow=False, whole=not headers, headers=headers)
            tried += 1
            if permission not in REACHES[who]:
                assert answer.status == 404, f"{who} {rule.rule}: {answer.status}"
            else:
                assert answer.status in (200, 303, 404), f"{who} {rule.rule}: {answer.status}"
                assert answer.status != 404 or place not in served, f"{who} {rule.rule}"
        elsewhere = place.replace(str(around.ids["document_id"]), str(around.hidden))
        if "document_id" in rule.arguments:
            assert browser.get(elsewhere, expect=None, follow=False).status == 404, (
                f"{who} sees what is hidden: {rule.rule}"
            )
    assert tried > 40


@pytest.mark.parametrize("who", list(REACHES))
def test_no_act_is_open_to_a_carer_beyond_their_tasks(app: Flask, around: Around, who: str) -> None:
    browser = around.people[who].browser(app)
    token = browser.get("/compte/proches").csrf_token or str(browser.get("/compte/langue").csrf_token)
    for rule, place, permission in _routes(app, "POST", around.ids):
        answer = browser.post(place, {"csrf_token": token, "decision": "grant", "version": "1"}, follow=False)
        if permission not in REACHES[who]:
            assert answer.status == 404, f"{who} POST {rule.rule}: {answer.status}"
        else:
            assert answer.status in (303, 400, 404, 409, 422), f"{who} POST {rule.rule}: {answer.status}"
    assert [one.is_over for one in links.carers(around.helped.standing())].count(False) == 5
    kept = {row.title: row.hidden for row in documents.page(around.helped.standing()).rows}
    assert kept == {"Lettre": False, "Zibeline": True}, "nothing of the holder's was hidden, shown, deleted or changed"


# What a carer must not notice, each made in one of two records that are alike in everything else.
SECRET = "Zibeline"
_WAYS = ("withheld", "hidden", "kept from them", "not announced", "held")


def _twin(app: Flask, clock: FakeClock, way: str, *, secrets: int) -> tuple[build.Citizen, build.Citizen]:
    clock.now = START
    helped, carer = helped_and_carer()
    doctor = build.caregiver("Aubin", "Luce")
    build.consent(helped, doctor, access.Answer.GRANT)
    without = ["psychiatry"] if way == "withheld" else []
    made(helped.standing(), carer, scope(READ, ADD, without=without))
    clock.advance(timedelta(minutes=1))
    texts.index(helped.record_id, _deposit(doctor, helped, "Compte rendu", "11488-4"))
    if way == "held":
        known = delays.choices(helped.standing())
        delays.choose(helped.standing(), known | {delays.ResultKind.LABORATORY: None}, known=known)
    for number in range(secrets):
        clock.now = START + timedelta(minutes=30)
        _secret(doctor, helped, carer, way, number)
    clock.now = START + timedelta(hours=1)
    return helped, carer


def _secret(doctor: build.Caregiver, helped: build.Citizen, carer: build.Citizen, way: str, number: int) -> None:
    kind = {"withheld": "83901-9", "held": "11502-2"}.get(way, "11488-4")
    marks = {"patient_invisible": True} if way == "not announced" else {}
    made_id = _deposit(doctor, helped, f"Entretien {SECRET} {number}", kind, **marks)
    if way == "hidden":
        states.hide(helped.standing(), made_id, choices=0)
    if way == "kept from them":
        _keep_from(helped.standing(), made_id, carer)
    texts.index(helped.record_id, made_id)


def _deposit(by: build.Caregiver, at: build.Citizen, title: str, kind: str, **marks: Any) -> UUID:
    standing = by.standing(at.record_id)
    assert standing is not None
    command = documents.DepositDocument(
        title=title, date=START.date(), type_code=kind, content=title.encode(), representatives_see=True, **marks
    )
    return documents.deposit(standing, command)


def _keep_from(standing: Standing, document_id: UUID, carer: build.Citizen) -> None:
    from sqlalchemy import insert

    from espace import clock, crypto, db
    from espace.access.models import DocumentRule
    from espace.identifiers import new_id

    row_id = new_id()
    with db.write() as tx:
        tx.execute(
            insert(DocumentRule).values(
                record_id=standing.record_id,
                id=row_id,
                document_id=document_id,
                grantee_kind="carer",
                grantee_id=carer.person_id,
                effect=access.KEPT,
                since=clock.now(),
                payload=crypto.seal(tx, standing.record_id, "access_document_rules", row_id, {"name": carer.name}),
            )
        )


def _met(browser: Browser, helped: build.Citizen, clock: FakeClock) -> Iterator[tuple[str, int, list[str | None], str]]:
    base = f"/dossiers/{helped.record_id}"
    starts = ["/dossiers/", "/compte/proches", f"{base}/", f"{base}/plus"]
    starts += [f"{base}/documents", f"{base}/documents/dossiers", f"{base}/soins", f"{base}/documents/ajouter"]
    starts += [f"{base}/documents?sorte={code}" for code in documents.CLASSES]
    starts += [f"{base}/documents?vue={view}" for view in ("nouveaux", "non-lus", "favoris", "archives", "versions")]
    starts += [f"{base}/documents?{asked}" for asked in ("type=83901-9", "type=11502-2", "periode=1", "ordre=date")]
    for page in _walk(browser, base, starts):
        yield masked(page, page.path)
    for place in ("acces", "historique", "acces/aidants", "documents/delais", "documents/tout-cacher"):
        yield masked(browser.get(f"{base}/{place}", expect=None, follow=False), place)
    ask = browser.get(f"{base}/documents/recherche")
    yield masked(ask, ask.path)
    for words, place in itertools.product(WORDS, ("documents/recherche", "soins/recherche")):
        sent = {"csrf_token": ask.csrf_token, "q": words, "mots": words}
        found = browser.send("POST", f"{base}/{place}", expect=None, data=sent)
        yield masked(found, f"{found.path} for {words}")


def _walk(browser: Browser, base: str, starts: list[str]) -> Iterator[Page]:
    """Every page of one record that links lead to; the carer's own record is theirs to walk in."""
    waiting, known = list(starts), set(starts)
    while waiting:
        page = browser.get(waiting.pop(0), expect=None)
        yield page
        if page.is_html:
            new = [found for found in places(page) if found.startswith(base) and found not in known]
            known.update(new)
            waiting += dict.fromkeys(new)


@pytest.mark.parametrize("way", _WAYS)
def test_a_carer_meets_the_same_with_and_without_what_is_kept_from_them(app: Flask, clock: FakeClock, way: str) -> None:
    walks, letters = [], []
    for secrets in (0, 3):
        helped, carer = _twin(app, clock, way, secrets=secrets)
        clock.now = START + timedelta(hours=2)
        walks.append(list(_met(carer.browser(app), helped, clock)))
        clock.now = START + timedelta(days=8)
        telling.send_receipts()
        clock.now = START + timedelta(days=77)
        telling.remind()
        kinds = ("carer-rights", "carer-first-act", "carer-ending", "carer-receipt", "new-document", "linked-news")
        letters.append([told(carer.email, kind) for kind in kinds])
    assert len(walks[0]) > 20
    for one, other in zip(*walks, strict=True):
        assert f"Entretien {SECRET}" not in other[3], f"the title is read at {other[0]}"
        assert one == other, f"{way}: told apart at {other[0]}"
    assert letters[0] == letters[1]


@on_sqlite
def test_a_carer_from_whom_nothing_is_kept_does_see_it(app: Flask, clock: FakeClock) -> None:
    """The comparison can fail."""
    helped, carer = _twin(app, clock, "nothing", secrets=1)
    assert any(f"Entretien {SECRET}" in body for *_, body in _met(carer.browser(app), helped, clock))


@on_sqlite
def test_the_twin_is_told_the_same_whatever_is_withheld(app: Flask, clock: FakeClock) -> None:
    """That a subject is withheld changes nothing for the carer by itself: neither pages nor what they are asked."""
    walks = []
    for without in ([], ["psychiatry", "genetics", "42"]):
        clock.now = START
        helped, carer = helped_and_carer()
        made(helped.standing(), carer, scope(READ, ADD, without=without))
        clock.now = START + timedelta(hours=2)
        walks.append(list(_met(carer.browser(app), helped, clock)))
    for one, other in zip(*walks, strict=True):
        assert one == other, f"told apart at {other[0]}: {difference(one[3], other[3])}"
