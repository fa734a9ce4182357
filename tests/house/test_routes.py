"""Every route declares whom it serves, keeps to one table, and stays shut to those it does not serve (R10, R32)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

import espace
from espace.errors import SettingsError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Permission
from espace.web import guards
from tests.conftest import LIGHT_HASHER
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .access_table import ACCESS, DEMO

_FREE = {"HEAD", "OPTIONS"}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def declarations(app: Flask) -> dict[str, str]:
    """`METHOD /address` -> what its view declares."""
    return {
        f"{method} {rule.rule}": str(guards.declared(app.view_functions[rule.endpoint]))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - _FREE)
    }


def difference(declared: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Where routes and table differ, as lines of the table."""
    return [
        *(f'+ "{route}": "{declared[route]}",' for route in sorted(declared) if expected.get(route) != declared[route]),
        *(f"- {route}" for route in sorted(expected) if route not in declared),
    ]


def addresses(app: Flask, *, method: str, ids: Mapping[str, object] | None = None) -> Iterator[tuple[Rule, str]]:
    """Every route that takes `method`, with an address that fits it; what `ids` does not name is nobody's."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: r.rule):
        if method in (rule.methods or ()):
            yield rule, address(rule.rule, ids or {})


def address(rule: str, ids: Mapping[str, object]) -> str:
    """An address of a rule, with the values of `ids` where it names them."""

    def value(found: re.Match[str]) -> str:
        kind, name = found.group(1), found.group(2)
        otherwise = {"uuid:": str(new_id()), "int:": "1"}.get(kind or "", "personne")
        return str(ids.get(name, otherwise))

    return re.sub(r"<(\w+:)?(\w+)>", value, rule)


@on_sqlite
def test_routes_and_table_agree_both_ways(app: Flask) -> None:
    found = difference(declarations(app), ACCESS)
    assert not found, "\n".join(found)


@on_sqlite
def test_the_demo_adds_what_its_table_says(machines: Machines, clock: FakeClock, tmp_path: Path) -> None:
    settings = replace(machines.settings, demo_dir=tmp_path / "demo")
    house = Machines.open(settings, hasher=LIGHT_HASHER, clock=clock)
    house.bind()
    found = difference(declarations(espace.create_app(machines=house)), ACCESS | DEMO)
    house.close()
    assert not found, "\n".join(found)
    assert all(route.split()[1].startswith("/demo/") for route in DEMO)


@on_sqlite
def test_an_anonymous_visitor_is_led_to_the_right_door(app: Flask) -> None:
    for method in ("GET", *sorted(UNSAFE)):
        for rule, place in addresses(app, method=method):
            if guards.declared(app.view_functions[rule.endpoint]) == guards.PUBLIC:
                continue
            door = "/pro/connexion" if place.startswith("/pro/") else "/connexion"
            answer = Browser(app).send(method, place, follow=False)
            assert answer.status == 303, f"{method} {rule.rule}"
            assert answer.headers["Location"] == door
            part = Browser(app).send(method, place, follow=False, whole=False, headers={"HX-Request": "true"})
            assert part.status == 401, f"{method} {rule.rule}"
            assert part.headers["HX-Redirect"] == door
            assert part.body == b""


@on_sqlite
def test_no_unsafe_request_passes_without_its_token_or_from_another_site(app: Flask) -> None:
    for method in sorted(UNSAFE):
        for rule, place in addresses(app, method=method):
            assert Browser(app).send(method, place, follow=False).status in (303, 400), rule.rule
            for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
                assert Browser(app).send(method, place, follow=False, headers=headers).status in (400, 403), rule.rule


@on_sqlite
def test_record_routes_do_not_take_the_record_from_elsewhere(app: Flask) -> None:
    """A route on a record names it in its address; others name none."""
    for rule in app.url_map.iter_rules():
        mark = guards.declared(app.view_functions[rule.endpoint])
        on_record = mark not in (None, guards.PUBLIC) and Permission(str(mark)).on_record
        assert on_record is rule.rule.startswith(("/dossiers/<uuid:record_id>", "/pro/patients/<uuid:record_id>"))


@on_sqlite
def test_an_undeclared_route_stops_the_start(app: Flask) -> None:
    fresh = Flask("other", static_folder=None)
    fresh.add_url_rule("/open", view_func=lambda: "x")
    with pytest.raises(SettingsError, match="/open"):
        guards.check_declared(fresh)


def test_a_record_permission_without_a_record_stops_the_start() -> None:
    fresh = Flask("other", static_folder=None)
    fresh.add_url_rule("/documents", view_func=guards.requires(Permission.DOCUMENTS_READ)(lambda: "x"))
    with pytest.raises(SettingsError, match="/documents"):
        guards.check_declared(fresh)


def test_a_difference_is_seen_both_ways() -> None:
    assert difference({"GET /a": "public"}, {}) == ['+ "GET /a": "public",']
    assert difference({}, {"GET /a": "public"}) == ["- GET /a"]
    assert difference({"GET /a": "public"}, {"GET /a": "account"}) == ['+ "GET /a": "public",']
