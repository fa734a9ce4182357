"""Every page of operators x everybody: each role its own, 404 for the rest, no record for any (R10, R12, R17)."""

from collections.abc import Iterator

import pytest
from flask import Flask

from espace.access import services as access
from espace.permissions import ROLE_PERMISSIONS, Permission, Role
from espace.web import guards
from tests.house.test_routes import addresses
from tests.support import build, office
from tests.support.browser_client import Browser
from tests.support.marks import on_sqlite
from tests.support.office import Officer

# Written by hand, apart from `permissions`.
_MAIL = {"/admin/messageries", "/admin/messageries/proposer"}
_LINKS = {"/admin/demandes", "/admin/restrictions", "/admin/restrictions/saisir"}
_INNER = {"/admin/operateurs/inviter", "/admin/restrictions/saisir", "/admin/messageries/proposer"}
"""Pages that others lead to, not the first one."""
ENTRIES = {
    Role.COUNTER: _LINKS | {"/admin/", "/admin/guichet", "/admin/mandats"},
    Role.PRIVACY_OFFICER: _LINKS
    | _MAIL
    | {
        "/admin/",
        "/admin/personnes",
        "/admin/activite",
        "/admin/quarantaine",
        "/admin/contestations",
        "/admin/urgences",
        "/admin/alertes",
    },
    Role.ADMINISTRATOR: _MAIL | {"/admin/", "/admin/operateurs", "/admin/operateurs/inviter", "/admin/quarantaine"},
}


@pytest.fixture
def officers(app: Flask) -> dict[Role, Officer]:
    """One operator of each role."""
    return {role: office.officer(role) for role in Role}


def office_routes(app: Flask, method: str) -> Iterator[tuple[str, Permission]]:
    """The addresses of operators' pages, each with what it asks for."""
    for rule, place in addresses(app, method=method):
        if rule.rule.startswith("/admin/"):
            yield place, Permission(str(guards.declared(app.view_functions[rule.endpoint])))


@on_sqlite
def test_each_role_opens_its_own_pages_and_no_other(app: Flask, officers: dict[Role, Officer]) -> None:
    tried = 0
    for role, officer in officers.items():
        browser = officer.browser(app)
        for place, permission in office_routes(app, "GET"):
            answer = browser.get(place, expect=None, follow=False)
            known = place in set().union(*ENTRIES.values())
            opens = place in ENTRIES[role] if known else False  # the others name what does not exist
            assert answer.status == (200 if opens else 404), f"{role} {place}"
            assert opens is (known and permission in ROLE_PERMISSIONS[role]), place
            tried += 1
    assert tried > 30


@on_sqlite
def test_acts_of_other_roles_do_not_exist(app: Flask, officers: dict[Role, Officer]) -> None:
    for role, officer in officers.items():
        browser = officer.browser(app)
        token = browser.get("/deconnexion").csrf_token
        for place, permission in office_routes(app, "POST"):
            answer = browser.post(place, {"csrf_token": token}, follow=False)
            if permission in ROLE_PERMISSIONS[role]:
                assert answer.status in (404, 422), f"{role} {place}: {answer.status}"
            else:
                assert answer.status == 404, f"{role} {place}: {answer.status}"


@on_sqlite
def test_patients_and_professionals_find_no_office(app: Flask) -> None:
    for browser in (build.citizen().browser(app), build.caregiver().browser(app)):
        token = browser.get("/deconnexion").csrf_token
        for place, _ in office_routes(app, "GET"):
            assert browser.get(place, expect=None, follow=False).status == 404
        for place, _ in office_routes(app, "POST"):
            assert browser.post(place, {"csrf_token": token}, follow=False).status == 404


@on_sqlite
def test_anonymous_visitors_are_led_to_the_one_door(app: Flask) -> None:
    for place, _ in office_routes(app, "GET"):
        answer = Browser(app).get(place, expect=None, follow=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/connexion")


@on_sqlite
def test_no_operator_stands_before_any_record(app: Flask, officers: dict[Role, Officer]) -> None:
    person = build.citizen()
    ids = build.ids_of(person.standing())
    for officer in officers.values():
        assert access.standing(officer.actor, person.record_id) is None
        assert access.my_records(officer.actor) == []
        browser = officer.browser(app)
        token = browser.get("/deconnexion").csrf_token
        for method in ("GET", "POST"):
            for rule, place in addresses(app, method=method, ids=ids):
                declared = guards.declared(app.view_functions[rule.endpoint])
                if declared == guards.PUBLIC or rule.rule.startswith("/admin/"):
                    continue
                if declared == Permission.SECURITY:
                    continue  # their own security page, the same as people's
                answer = browser.send(method, place, data={"csrf_token": token}, follow=False, whole=False)
                assert answer.status in (404, 303), f"{officer.role} {method} {rule.rule}: {answer.status}"
                assert answer.status == 404 or "record_id" not in rule.arguments


@on_sqlite
def test_each_role_reads_its_own_entries_only(app: Flask, officers: dict[Role, Officer]) -> None:
    for role, officer in officers.items():
        page = officer.browser(app).get("/admin/")
        linked = {href for href in page.links.values() if href.startswith("/admin/")}
        assert linked <= ENTRIES[role] | {"/admin/"}
        assert ENTRIES[role] - _INNER <= linked
        assert officer.name in page.text


@on_sqlite
def test_the_first_page_and_errors_lead_operators_home(app: Flask, officers: dict[Role, Officer]) -> None:
    browser = officers[Role.COUNTER].browser(app)
    assert browser.get("/").path == "/admin/"
    assert "/admin/" in browser.get("/dossiers/", expect=404).links.values()
