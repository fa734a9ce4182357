"""Account pages under attack: what is another's, stale proofs, roles, secrets in the log."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace.accounts.services import devices, operators, passkeys, recovery, sessions
from espace.accounts.services.operators import NewOperator
from espace.permissions import ROLE_PERMISSIONS, Permission, Role
from espace.settings import Settings
from espace.web import guards
from tests.accounts.authenticator import Authenticator
from tests.accounts.doors import add_passkey
from tests.accounts.test_recovery import letter_of, links_to
from tests.house.test_get_writes import changes, state
from tests.house.test_routes import address, addresses
from tests.support import build, office
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

# What a refused request may leave: a counted try, when the session was last seen, what the trail says of looking.
KEPT = {"+throttles", "throttles.failures", "throttles.changed_at", "throttles.next_at", "sessions.seen_at"}
CLOSES = (  # narrowing, refusing and ending never ask (R9)
    "/compte/accompagnement/fin",
    "/compte/acces-perdu",
    "/compte/appareils/",
    "/compte/cloture/contestation",
    "/compte/cloture/effacement/annulation",
    "/compte/mode-prive",
    "/compte/notifications",
    "/compte/langue",
    "/compte/proches/<uuid:child>/opposition",
    "/compte/accompagnement",
)


pytestmark = on_sqlite


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house whose administrators need no passkey, which only a browser can make."""
    return replace(settings, administrator_passkey=False)


@pytest.fixture
def victim(app: Flask) -> build.Citizen:
    """Somebody with a passkey, a device, a session and a child."""
    made = build.citizen("Odile", "Marchand")
    assert made.account_id is not None
    add_passkey(made.account_id, Authenticator())
    return made


def _ids(victim: build.Citizen) -> dict[str, UUID]:
    assert victim.account_id is not None
    actor = victim.actor
    child = build.citizen("Jules", sex="M", birth=date(2018, 1, 1), parents=(victim,), activated=False)
    return {
        "passkey_id": passkeys.of(victim.account_id)[0].id,
        "device_id": devices.of(victim.account_id)[0].id,
        "session_id": sessions.live_sessions(actor)[0].id,
        "child": child.record_id,
    }


def test_what_is_another_s_does_not_exist(app: Flask, victim: build.Citizen) -> None:
    """Passkeys, devices, sessions and children of somebody else answer as those that never were."""
    ids = _ids(victim)
    absent = {name: UUID(int=value.int ^ 1) for name, value in ids.items()}
    browser = build.citizen("Claire").browser(app)
    token = browser.get("/compte").csrf_token
    before, tried = state(), 0
    for method in ("GET", "POST"):
        for rule, place in addresses(app, method=method, ids=ids):
            if not ids.keys() & rule.arguments:
                continue
            data = {"csrf_token": token, "act": "remove", "name": "À moi", "terms": "y", "sure": "y"}
            told = []
            for one in (place, address(rule.rule, absent)):
                answer = browser.send(method, one, data=data if method == "POST" else None, follow=False, whole=False)
                told.append((answer.status, answer.headers.get("Location", "").replace(one, "")))
            assert told[0] == told[1], f"{method} {rule.rule}"
            assert told[0][0] == 404, f"{method} {rule.rule}: {told[0]}"
            tried += 1
    assert tried >= 9
    assert changes(before, state()) - KEPT == set()


def test_an_old_proof_opens_no_lock(app: Flask, victim: build.Citizen, clock: FakeClock) -> None:
    """Every POST of the account with a proof six minutes old: nothing changes but what narrows."""
    ids = _ids(victim)
    browser = victim.browser(app)
    clock.advance(timedelta(minutes=6))
    token = browser.get("/compte").csrf_token
    tried, before = 0, state()
    for rule, place in addresses(app, method="POST", ids=ids):
        asked = guards.declared(app.view_functions[rule.endpoint])
        if asked not in (Permission.ACCOUNT, Permission.SECURITY) or rule.rule.startswith((*CLOSES, "/connexion/")):
            continue
        for act in ("add", "on", "off", "remove", ""):
            data = {"csrf_token": token, "act": act, "email": "voleur@exemple.test", "phone": "06 39 98 00 47"}
            data |= {"name": "Voleur", "sure": "y", "terms": "y", "code": "123456", "password": "trois poires dorées"}
            data |= {"current": build.PASSWORD, "kept": "y", "understood": "y", "word": "EFFACER"}
            answer = browser.send("POST", place, data=data, follow=False, whole=False)
            assert answer.status < 500, rule.rule
            tried += 1
        after = state()
        found = changes(before, after) - KEPT
        assert not found, f"{rule.rule}: {found}"
    assert tried > 60


def test_each_office_page_serves_its_role_only(app: Flask) -> None:
    people: dict[str, Browser] = {role.value: office.officer(role).browser(app) for role in Role}
    people["person"] = build.citizen().browser(app)
    people["professional"] = build.caregiver().browser(app)
    for rule, place in addresses(app, method="GET"):
        if not rule.rule.startswith("/admin/"):
            continue
        asked = Permission(guards.declared(app.view_functions[rule.endpoint]) or "")
        for name, browser in people.items():
            answer = browser.get(place, expect=None, follow=False, whole=False)
            may = name in set(Role) and asked in ROLE_PERMISSIONS[Role(name)] and not rule.arguments
            assert (answer.status in (200, 303)) is may, f"{name} {rule.rule}: {answer.status}"


def test_neither_codes_nor_links_nor_addresses_stand_in_the_log(
    app: Flask, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = build.citizen()
    letter = letter_of(holder)
    recovery.ask(letter, build.VISITOR)
    [link] = links_to(holder.email)
    browser = Browser(app)
    page = browser.get(f"/acces-perdu/refuser/{link}")
    browser.send("POST", f"/acces-perdu/refuser/{link}", data={}, whole=False, follow=False)
    browser.send("POST", f"/acces-perdu/refuser/{link}", data={"csrf_token": page.csrf_token}, whole=False)
    secret = [link, letter.code, holder.email, holder.ins, "voleur@exemple.test", "7K3P"]
    for place in ("/connexion", "/acces-perdu/mot-de-passe", "/activation", "/opposition", "/invitation"):
        browser.get(f"{place}?email=voleur@exemple.test&code=7K3P", expect=None)
        data = {"email": "voleur@exemple.test", "code": "7K3P", "password": "x", "ins": holder.ins}
        browser.post(place, data | {"csrf_token": browser.get(place).csrf_token}, follow=False)
    told = capsys.readouterr().err
    assert "/acces-perdu/refuser/<token>" in told
    for one in secret:
        assert one not in told


def test_an_invitation_taken_back_is_worth_nothing(app: Flask) -> None:
    first = office.officer(Role.ADMINISTRATOR)
    new = NewOperator("Zoé Leroux", "zoe@maison.exemple.fr", Role.COUNTER)
    made = operators.invite(first.actor, new)
    code = next(m for m in build.mails_to(new.email) if m["message"] == "operator-invitation")["values"]["code"]
    operators.withdraw(first.actor, made)
    guest = Browser(app)
    form = guest.get("/invitation").form("code")
    guest.submit(form, {"email": new.email, "code": str(code)}, expect=422)
