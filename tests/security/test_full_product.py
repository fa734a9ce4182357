"""The full product behind `pytest -m exhaustive`: everybody x route x method x mix of identifiers (security.md R12)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from espace.permissions import Permission
from espace.settings import Settings
from espace.web import guards
from tests.house.test_routes import address
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock

from .relations import RELATIONS, Cast, cast, token_of, with_regulation

METHODS = ("GET", "fragment", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_NO_THINGS = frozenset({"record_id", "professional_id", "eyes", "person", "mode", "place", "kind", "profession"})
"""What an address may name besides what is kept in a record: people of the directory, words."""
_DOORS = ("/connexion", "/pro/connexion")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house that knows which place answers calls to the 15."""
    return with_regulation(settings)


@pytest.fixture
def people(app: Flask, clock: FakeClock) -> Cast:
    """The child's record, and everybody."""
    return cast(app, clock)


@pytest.mark.exhaustive
@pytest.mark.parametrize("relation", RELATIONS)
def test_no_mix_of_ids_and_methods_opens_what_is_not_ones_own(
    people: Cast, relation: str, figure: Callable[[str], None]
) -> None:
    """Every route x every method x every mix of the child's, the mother's, one's own and nobody's identifiers.

    Acts are tried with a valid token wherever they must not go through, so that nothing but rights stands in between.
    """
    browser, tried, faults = people.browser(relation), Counter[str](), list[str]()
    refusals: dict[tuple[str, object], set[int]] = defaultdict(set)
    token = token_of(browser)
    assert token
    rules = [rule for rule in people.app.url_map.iter_rules() if "record_id" in rule.arguments]
    for rule in rules:
        permission = Permission(str(guards.declared(people.app.view_functions[rule.endpoint])))
        for ids in _mixes(people, relation, rule):
            may = _may_have(people, relation, rule, permission, ids)
            for method in METHODS:
                answer = _sent(browser, method, address(rule.rule, ids), "" if may else token)
                tried[method] += 1
                refused = (
                    method == "POST"
                    and answer.status in (409, 422)
                    and _has_record(people, relation, rule, permission, ids)
                )
                if refused and not may:  # the form comes before what it is about: whether that exists must not show
                    refusals[rule.rule, ids["record_id"]].add(answer.status)
                elif answer.status >= 500 or not (may or _is_nothing(relation, rule, answer)):
                    faults.append(f"{method} {rule.rule} {ids}: {answer.status}")
    faults += [f"POST {rule} tells what exists: {found}" for (rule, _), found in refusals.items() if len(found) > 1]
    figure(f"{len(rules)} rules of routes, {len(METHODS)} methods, {tried.total()} requests, {len(faults)} faults")
    assert not faults, "\n".join(faults[:40])


def _sent(browser: Browser, method: str, place: str, token: str) -> Page:
    headers = {"HX-Request": "true", "HX-Target": "contenu"} if method == "fragment" else {}
    word = "GET" if method == "fragment" else method
    data = {"csrf_token": token} if token and word not in ("GET", "HEAD") else None
    return browser.send(word, place, follow=False, whole=False, headers=headers, data=data)


def _mixes(people: Cast, relation: str, rule: Rule) -> Iterator[dict[str, object]]:
    choices: dict[str, list[object]] = {
        name: [value, UUID(int=value.int ^ 1)] if isinstance(value, UUID) else [value]
        for name, value in people.ids_for(rule.rule).items()
        if name in rule.arguments
    }
    records = {people.mother.record_id, _own_record(people, relation)} - {None}
    choices["record_id"].extend(sorted(records, key=str))
    for values in product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


def _own_record(people: Cast, relation: str) -> UUID | None:
    who = people.people.get(relation)
    return who.record_id if isinstance(who, build.Citizen) else None


def _may_have(people: Cast, relation: str, rule: Rule, permission: Permission, ids: dict[str, object]) -> bool:
    """Whether this one may have something at this address: all ids are the child's, or it is a page of their own."""
    if rule.rule.startswith("/pro/") is not people.is_professional(relation):
        return False
    if ids["record_id"] == _own_record(people, relation):
        return rule.arguments <= _NO_THINGS
    is_childs = all(ids[name] == value for name, value in people.ids_for(rule.rule).items() if name in ids)
    whoever = ids["record_id"] == people.ids["record_id"] and rule.arguments <= _NO_THINGS
    return (is_childs or whoever) and people.serves(relation, rule.rule, permission)


def _has_record(people: Cast, relation: str, rule: Rule, permission: Permission, ids: dict[str, object]) -> bool:
    """Whether the record of an address is one in which this one may do such things."""
    if ids["record_id"] == _own_record(people, relation):
        return True
    return ids["record_id"] == people.ids["record_id"] and people.serves(relation, rule.rule, permission)


def _is_nothing(relation: str, rule: Rule, answer: Page) -> bool:
    """Whether an answer is what one gets of what does not exist; who is not signed in is led to the door."""
    if answer.status in (404, 405):
        return True
    if relation == "anonymous":
        return answer.status in (400, 401) or (answer.status == 303 and answer.headers["Location"] in _DOORS)
    return answer.status == 429 and rule.rule.endswith("/pouls")  # beats are counted before they are judged
