"""Every route before every relation: what one may not see answers exactly as what does not exist (R10, R12)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.identifiers import new_id
from espace.permissions import Permission
from espace.web import guards
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .test_routes import addresses

pytestmark = on_sqlite

P = Permission
OWN = {P.RECORD_HOME, P.DOCUMENTS_READ, P.DOCUMENTS_ADD, P.ACCESS_MANAGE, P.HISTORY_READ}
MET = {P.PATIENT_PAGE, P.ACCESS_ASK, P.DOCUMENTS_DEPOSIT}

# Written by hand from rules.md (AR-1, AR-4, AR-5, MI-1, MI-2), not from the policy: what each relation opens.
OPENS: dict[str, set[Permission]] = {
    "holder": OWN,
    "mother of the child": OWN,
    "second parent": OWN,
    "stranger": set(),
    "child's other relative": set(),
    "professional never met": set(),
    "professional who found the patient": MET,
    "professional who asked": MET,
    "authorised professional": MET | {P.DOCUMENTS_READ},
    "refused professional": MET,
    "revoked professional": MET,
    "blocked professional": MET,
    "professional whose consent ran out": set(),
}
CARERS = {name for name in OPENS if "professional" in name}
ON_CHILD = {"mother of the child", "second parent", "child's other relative"}


@dataclass(frozen=True)
class Scene:
    """A record, its things, and a browser of somebody in some relation to it."""

    browser: Browser
    ids: dict[str, UUID]


def _scene(app: Flask, clock: FakeClock, relation: str) -> Scene:
    access.ensure_matrix()
    mother, father, other = build.citizen(), build.citizen("Paul", "Morel", sex="M"), build.citizen("Anne", "Autre")
    child = build.citizen("Léo", birth=date(2019, 3, 4), sex="M", parents=[mother, father], activated=False)
    standing = mother.standing(child.record_id if relation in ON_CHILD else mother.record_id)
    build.document(standing)
    if relation not in CARERS:
        build.consent(mother, build.caregiver("Autre", "Jean"))
        people = {"holder": mother, "mother of the child": mother, "second parent": father}
        return Scene(people.get(relation, other).browser(app), build.ids_of(standing))
    doctor = build.caregiver()
    _relate(mother, doctor, relation)
    ids = build.ids_of(standing)
    if relation == "professional whose consent ran out":
        clock.advance(timedelta(days=400))
    return Scene(doctor.browser(app), ids)


def _relate(holder: build.Citizen, doctor: build.Caregiver, relation: str) -> None:
    if relation == "professional never met":
        return
    if relation == "professional who found the patient":
        access.note_encounter(doctor.actor, holder.record_id)
        return
    answers: dict[str, tuple[Answer, ...]] = {
        "authorised professional": (Answer.GRANT,),
        "professional whose consent ran out": (Answer.GRANT,),
        "refused professional": (Answer.REFUSE,),
        "revoked professional": (Answer.GRANT, Answer.REVOKE),
        "blocked professional": (Answer.BLOCK,),
    }
    build.consent(holder, doctor)
    for answer in answers.get(relation, ()):
        line = next(each for each in access.consents(holder.standing()) if each.professional_id == doctor.id)
        days = 365 if answer is Answer.GRANT else None
        access.answer(holder.standing(), line.id, answer, version=line.version, days=days)


def _record_routes(app: Flask, ids: dict[str, UUID]) -> Iterator[tuple[str, str, str, Permission]]:
    """(method, rule, address, permission) of every route on a record."""
    for method in ("GET", "POST"):
        for rule, place in addresses(app, method=method, ids=ids):
            mark = guards.declared(app.view_functions[rule.endpoint])
            if mark not in (None, guards.PUBLIC) and Permission(str(mark)).on_record:
                yield method, rule.rule, place, Permission(str(mark))


def _sender(browser: Browser, home: str) -> Callable[[str, str], Page]:
    token = browser.get(home, whole=False).csrf_token

    def send(method: str, place: str) -> Page:
        data = {"csrf_token": token} if method == "POST" else None
        return browser.send(method, place, data=data, follow=False, whole=False)

    return send


def masked(page: Page) -> tuple[int, str]:
    """An answer without what is new each time: nonces, tokens, ids of the address, the help desk's mark."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", page.response.get_data(as_text=True))
    text = re.sub(r'nonce="[^"]+"|name="csrf_token"[^>]*value="[^"]+"', "", text)
    return page.status, re.sub(r"\b[0-9A-Z]{4}[\s\u00a0\u202f]?[0-9A-Z]{4}\b", "", text)


@pytest.mark.parametrize("relation", OPENS)
def test_a_relation_opens_what_it_should_and_nothing_else(app: Flask, clock: FakeClock, relation: str) -> None:
    scene = _scene(app, clock, relation)
    professional = relation in CARERS
    send = _sender(scene.browser, "/pro/" if professional else "/dossiers/")
    absent = {"record_id": new_id()}
    opened = 0
    for method, rule, place, permission in _record_routes(app, scene.ids):
        fits = rule.startswith("/pro/") is professional
        answer = send(method, place)
        if fits and permission in OPENS[relation]:
            opened += 1
            known = set(re.findall(r"<uuid:(\w+)>", rule)) <= scene.ids.keys()
            good = {200} if method == "GET" else {200, 303, 409, 422}
            assert answer.status in (good if known else good | {404}), (
                f"{relation}: {method} {rule} {answer.text[:200]}"
            )
        else:
            other = next(p for m, r, p, _ in _record_routes(app, scene.ids | absent) if (m, r) == (method, rule))
            assert answer.status == 404, f"{relation}: {method} {rule}"
            assert masked(answer) == masked(send(method, other)), f"{relation}: {method} {rule} tells that it exists"
    assert bool(opened) is bool(OPENS[relation])


@pytest.mark.parametrize("relation", ["holder", "authorised professional"])
def test_what_belongs_to_another_record_is_not_found_in_this_one(app: Flask, clock: FakeClock, relation: str) -> None:
    """One's own record, another's document or consent: as if it did not exist (lock two)."""
    scene = _scene(app, clock, relation)
    other = build.citizen("Inès", "Lemaire")
    build.document(other.standing())
    build.consent(other, build.caregiver("Tiers", "Luc"), Answer.GRANT)
    foreign = build.ids_of(other.standing()) | {"record_id": scene.ids["record_id"]}
    unknown = {"record_id": scene.ids["record_id"]}
    send = _sender(scene.browser, "/pro/" if relation in CARERS else "/dossiers/")
    looked = 0
    for method, rule, place, _ in _record_routes(app, foreign):
        if len(re.findall("<", rule)) < 2 or rule.startswith("/pro/") is not (relation in CARERS):
            continue
        looked += 1
        nothing = next(p for m, r, p, _ in _record_routes(app, unknown) if (m, r) == (method, rule))
        answer = send(method, place)
        assert answer.status in (404, 422), f"{method} {rule}"
        assert masked(answer) == masked(send(method, nothing)), f"{method} {rule} tells that it exists"
    assert looked


def test_a_session_that_was_ended_opens_nothing(app: Flask, clock: FakeClock) -> None:
    scene = _scene(app, clock, "holder")
    page = scene.browser.get("/dossiers/", whole=False)
    form = next(form for form in page.forms if form.action == "/deconnexion")
    scene.browser.submit(form, follow=False)
    for method, _, place, _ in _record_routes(app, scene.ids):
        assert scene.browser.send(method, place, follow=False).status in (303, 400)


def test_every_route_on_a_record_is_opened_by_somebody(app: Flask) -> None:
    needed = {permission for _, _, _, permission in _record_routes(app, {})}
    assert needed <= set().union(*OPENS.values())
