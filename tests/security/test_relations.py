"""Every route x everybody who may stand before a record x the allowed method and a wrong one (security.md R12)."""

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from espace.permissions import Permission
from espace.settings import Settings
from espace.web import guards
from tests.house.test_routes import address, addresses
from tests.support.browser_client import Page
from tests.support.clock import FakeClock

from .relations import RELATIONS, Cast, cast, token_of, with_regulation

_MASKED = re.compile(
    rb'nonce="[^"]+"|name="csrf_token"[^>]*value="[^"]+"|content="[^"]{60,}"'
    rb'|[0-9a-f]{8}-[0-9a-f-]{27}|<b class="num">[0-9A-Z]{4} [0-9A-Z]{4}'
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house that knows which place answers calls to the 15."""
    return with_regulation(settings)


@pytest.fixture
def people(app: Flask, clock: FakeClock) -> Cast:
    """The child's record, and everybody."""
    return cast(app, clock)


def _record_routes(people: Cast, method: str, record_id: UUID | None = None) -> Iterator[tuple[Rule, str, Permission]]:
    """Every route on a record that takes `method`, with the child's things in its address, and what it declares."""
    for rule, _ in addresses(people.app, method=method):
        if "record_id" in rule.arguments:
            ids = people.ids_for(rule.rule) | ({"record_id": record_id} if record_id else {})
            permission = Permission(str(guards.declared(people.app.view_functions[rule.endpoint])))
            yield rule, address(rule.rule, ids), permission


def _seen(answer: Page) -> tuple[int, bytes]:
    """What a stranger can tell answers apart by, what changes every time left out."""
    return answer.status, _MASKED.sub(b"", answer.body)


def test_each_route_serves_those_it_should_and_nobody_else(people: Cast, figure: Callable[[str], None]) -> None:
    tried = {relation: _look(people, relation) for relation in RELATIONS}
    routes = len(list(_record_routes(people, "GET")))
    figure(f"{routes} routes that show x {len(RELATIONS)} relations, {sum(tried.values())} requests")
    assert min(tried.values()) > 40


def _look(people: Cast, relation: str) -> int:
    """Every GET route on the record, whole and as a fragment, and a method nobody has; gives how many requests."""
    browser = people.browser(relation)
    tried = 0
    for rule, place, permission in _record_routes(people, "GET"):
        served = people.serves(relation, rule.rule, permission)
        for headers in ({}, {"HX-Request": "true", "HX-Target": "contenu"}):
            answer = browser.get(place, expect=None, follow=False, whole=not headers, headers=headers)
            tried += 1
            if people.leaves_nothing(relation, rule.rule):
                assert answer.status in (303, 404), f"{relation} {rule.rule}: {answer.status}"
            elif relation == "anonymous":
                assert answer.status == (401 if headers else 303), rule.rule
            elif served:
                assert (answer.status == 404) is _is_nobodys(rule), f"{relation} {rule.rule}: {answer.status}"
            else:
                assert answer.status == 404, f"{relation} {rule.rule}: {answer.status}"
                absent = browser.get(
                    people.elsewhere(place), expect=None, follow=False, whole=not headers, headers=headers
                )
                assert _seen(answer) == _seen(absent), f"{relation} can tell {rule.rule} exists"
                tried += 1
        wrong = browser.send("DELETE", place, follow=False, whole=False)
        assert wrong.status in (303, 400, 403, 404, 405), f"{relation} DELETE {rule.rule}: {wrong.status}"
        tried += 1
    return tried


_NOBODYS = frozenset({"draft_id", "piece_id", "folder_id", "care_id", "request_id", "invitation_id", "place"})


def _is_nobodys(rule: Rule) -> bool:
    """Whether an address names what does not exist here: a draft or a folder of its maker alone, a paper, a picture.

    Nor has the professional deposited anything that they could replace.
    """
    ends = ("/images/", "/papier/<", "/<path:rest>")
    return (
        bool(_NOBODYS & rule.arguments)
        or any(end in rule.rule for end in ends)
        or (rule.rule.startswith("/pro/") and rule.rule.endswith("/remplacer"))
    )


def test_acts_are_open_to_those_they_should_be_and_nobody_else(people: Cast, figure: Callable[[str], None]) -> None:
    figure(f"{len(list(_record_routes(people, 'POST')))} routes that act x {len(RELATIONS)} relations")
    faults = [fault for relation in people.by_might() for fault in _act(people, relation)]
    assert not faults, "\n".join(faults)


def _act(people: Cast, relation: str) -> Iterator[str]:
    """Every POST route on the record, with a valid token and an empty form; gives what should not be.

    The first to come throws away what a guest left; the child is too young for some acts.
    """
    browser = people.browser(relation)
    token = token_of(browser)
    for rule, place, permission in _record_routes(people, "POST"):
        answer = browser.post(place, {"csrf_token": token}, follow=False)
        if relation == "anonymous":
            allowed = {303, 400}
        elif not people.serves(relation, rule.rule, permission):
            allowed = {400, 404}
        elif _is_nobodys(rule) or _is_over(rule) or people.does_nothing(relation, rule.rule):
            allowed = {303, 404, 409, 422}
        else:
            allowed = {200, 303, 409, 422} if "Content-Disposition" in answer.headers else {303, 409, 422}
        if answer.status not in allowed:
            yield f"{relation} {rule.rule}: {answer.status}"


def _is_over(rule: Rule) -> bool:
    """Whether an act comes too late, or waits until the child is older: reading alone, care nobody else learns of."""
    return "file_id" in rule.arguments or rule.rule.endswith(("/grandir/lecture", "/connexion-secrete"))


def test_an_object_of_another_record_does_not_exist_in_ones_own(people: Cast) -> None:
    """The record of the address and the object must belong together, for whoever may read both."""
    mother = people.browser("mother")
    for rule, place, _permission in _record_routes(people, "GET", people.mother.record_id):
        if rule.rule.startswith("/pro/") or rule.arguments <= {"record_id", "professional_id"}:
            continue  # a professional of the directory is no thing of a record
        answer = mother.get(place, expect=None, follow=False)
        assert answer.status == 404, f"{rule.rule}: {answer.status}"
        absent = mother.get(people.elsewhere(place), expect=None, follow=False)
        assert _seen(answer) == _seen(absent), rule.rule
