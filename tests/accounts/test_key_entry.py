"""Passkeys at the door, as pages: one touch alone, after the password, as proof, and what never opens (R3, R5-R9)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from espace import db, outbox
from espace.accounts import services as accounts
from espace.accounts.models import OneTimeCode
from espace.accounts.services import passkeys
from espace.audit import services as audit
from espace.settings import Settings
from espace.web.guards import cookie_name
from tests.support.browser_client import Browser
from tests.support.build import Citizen, citizen, mails_to
from tests.support.clock import FakeClock

from .authenticator import PRESENT, Authenticator
from .doors import account_of, add_passkey, give_password, options, send, touch, waiting, with_passkey

DOOR, CODE, PROOF = "/connexion", "/connexion/code", "/connexion/preuve"
Someone = tuple[Citizen, Authenticator]


@pytest.fixture
def claire(app: Flask) -> Someone:
    """Claire and her telephone, which holds her passkey."""
    return with_passkey()


def trail(person: Citizen, *, mine: bool = True) -> list[audit.Action]:
    """What stands in the account's trail, the latest first."""
    outbox.work()
    owner = account_of(person)
    return [entry.action for entry in audit.entries(owner, mine=mine, holder_actor_ids=[owner], before=None)]


def test_one_touch_signs_in_without_typing_anything(client: Browser, claire: Someone, app: Flask) -> None:
    person, device = claire
    client.get("/compte")
    entered = touch(client, device, DOOR, "/connexion/cle", expect=303)
    assert entered.headers["Location"] == "/compte", "where one was going"
    assert person.name in client.get("/compte").text
    token = client.cookie(cookie_name(app))
    assert token
    actor = accounts.identify(token)
    assert actor is not None
    assert actor.id == person.account_id
    assert trail(person)[0] == audit.Action.SIGNED_IN
    assert mails_to(person.email)[-1]["message"] == "new-device"


def test_the_page_of_its_own_does_the_same(client: Browser, claire: Someone) -> None:
    assert touch(client, claire[1], "/connexion/cle", "/connexion/cle").headers["Location"] == "/dossiers/"


def test_a_known_device_is_not_told_again(client: Browser, claire: Someone) -> None:
    person, device = claire
    for _ in range(2):
        touch(client, device, DOOR, "/connexion/cle", expect=303)
        client.submit(client.get("/deconnexion").form("csrf_token"))
    assert sum(mail["message"] == "new-device" for mail in mails_to(person.email)) == 1


def test_it_stands_in_for_the_code_after_the_password(app: Flask, claire: Someone) -> None:
    person, device = claire
    browser = waiting(app, person)
    assert touch(browser, device, CODE, "/connexion/code/cle").headers["Location"] == "/dossiers/"


def test_it_proves_again_and_the_session_gets_a_new_token(
    client: Browser, claire: Someone, app: Flask, clock: FakeClock
) -> None:
    _person, device = claire
    touch(client, device, DOOR, "/connexion/cle")
    before = client.cookie(cookie_name(app))
    clock.advance(timedelta(minutes=10))
    touch(client, device, PROOF, "/connexion/preuve/cle", expect=303)
    after = client.cookie(cookie_name(app))
    assert before
    assert after
    assert accounts.identify(before) is None
    actor = accounts.identify(after)
    assert actor is not None
    assert actor.proved_at == clock.now


def test_an_answer_opens_one_session_in_one_browser(client: Browser, claire: Someone, app: Flask) -> None:
    _person, device = claire
    answer = device.get(options(client, DOOR, "/connexion/cle"))
    elsewhere = Browser(app)
    assert "trop tard" in send(elsewhere, DOOR, "/connexion/cle", answer, expect=422).text
    send(client, DOOR, "/connexion/cle", answer, expect=303)
    again = Browser(app)
    assert "trop tard" in send(again, DOOR, "/connexion/cle", answer, expect=422).text


def test_a_session_held_before_is_ended_never_taken_over(client: Browser, claire: Someone, app: Flask) -> None:
    person, device = claire
    name = cookie_name(app)
    client.set_cookie(name, "chosen-by-an-attacker")
    touch(client, device, DOOR, "/connexion/cle", expect=303)
    first = client.cookie(name)
    assert first
    assert first != "chosen-by-an-attacker"
    touch(client, device, DOOR, "/connexion/cle", expect=303)
    assert accounts.identify(first) is None
    browser = waiting(app, person)
    held = browser.cookie(name)
    touch(browser, device, CODE, "/connexion/code/cle", expect=303)
    assert held
    assert accounts.identify(held) is None


def test_somebody_else_s_passkey_is_no_second_factor_and_no_proof(app: Flask, claire: Someone) -> None:
    person, device = claire
    thief_device = Authenticator()
    thief = citizen("Paul", "Renard", sex="M")
    add_passkey(account_of(thief), thief_device)
    browser = waiting(app, person)
    page = touch(browser, thief_device, CODE, "/connexion/code/cle", expect=422)
    assert "n'ouvre rien ici" in page.text
    assert browser.get("/compte").path == DOOR
    touch(browser, device, CODE, "/connexion/code/cle", expect=303)
    assert "n'ouvre rien ici" in touch(browser, thief_device, PROOF, "/connexion/preuve/cle", expect=422).text
    assert audit.Action.SIGN_IN_REFUSED in trail(thief, mine=False)


def test_a_wrong_and_an_unknown_passkey_look_the_same(claire: Someone, app: Flask) -> None:
    _person, device = claire
    unknown = Authenticator()
    unknown.create(passkeys.registration(account_of(claire[0]), "x@exemple.fr", [])[0])
    device.flags = PRESENT
    seen = set()
    for wrong in (device, unknown):
        page = touch(Browser(app), wrong, DOOR, "/connexion/cle", expect=422)
        seen.add((page.status, len(page.body), page.text))
    assert len(seen) == 1


def test_a_removed_passkey_is_refused(client: Browser, claire: Someone) -> None:
    person, device = claire
    (line,) = passkeys.of(account_of(person))
    with db.write() as tx:
        passkeys.drop(tx, account_of(person), line.id)
    assert "n'ouvre rien ici" in touch(client, device, DOOR, "/connexion/cle", expect=422).text


def test_a_copy_is_refused_and_its_owner_told(claire: Someone, app: Flask) -> None:
    person, device = claire
    thief = Authenticator(keys=[device.keys[0].copy()])
    for _ in range(2):
        touch(Browser(app), device, DOOR, "/connexion/cle", expect=303)
    page = touch(Browser(app), thief, DOOR, "/connexion/cle", expect=422)
    assert "peut-être été copiée" in page.text
    assert audit.Action.PASSKEY_COPIED in trail(person, mine=False)
    assert mails_to(person.email)[-1]["message"] == "passkey-copied"
    touch(Browser(app), device, DOOR, "/connexion/cle", expect=303)


def test_tries_with_one_passkey_are_slowed_down_the_owner_s_device_is_not(
    claire: Someone, app: Flask, clock: FakeClock
) -> None:
    _person, device = claire
    known = Browser(app)
    touch(known, device, DOOR, "/connexion/cle", expect=303)
    known.submit(known.get("/deconnexion").form("csrf_token"))
    thief = Authenticator(keys=[device.keys[0].copy()], flags=PRESENT)
    statuses = [touch(Browser(app), thief, DOOR, "/connexion/cle").status for _ in range(6)]
    assert statuses == [422, 422, 422, 422, 429, 429]
    device.keys[0].count += 20
    touch(known, device, DOOR, "/connexion/cle", expect=303)
    clock.advance(timedelta(seconds=30))
    touch(Browser(app), device, DOOR, "/connexion/cle", expect=303)


def test_challenges_are_counted_by_network_and_given_back(claire: Someone, app: Flask, clock: FakeClock) -> None:
    _person, device = claire
    for _ in range(40):  # a clinic behind one address, where everybody enters
        touch(Browser(app), device, DOOR, "/connexion/cle", expect=303)
    browser = Browser(app)
    token = browser.get(DOOR).csrf_token
    statuses = [browser.post("/connexion/cle/defi", {"csrf_token": token}).status for _ in range(33)]
    assert statuses == [200] * 31 + [429] * 2
    other = Browser(app, ip="198.51.100.9")
    touch(other, device, DOOR, "/connexion/cle", expect=303)
    with db.read() as tx:
        assert len(tx.execute(select(OneTimeCode.key)).all()) == 31, "answered ones are gone"


def test_without_script_the_other_ways_stand_there(client: Browser, claire: Someone, app: Flask) -> None:
    for browser, path in ((client, DOOR), (client, "/connexion/cle"), (waiting(app, claire[0]), CODE)):
        page = browser.get(path)
        hidden = [form for form in page.forms if form.element.get("data-passkey")]
        assert len(hidden) == 1
        assert hidden[0].element.get("hidden") is not None
    assert client.get("/connexion/cle").link("mot de passe") == DOOR
    assert "ne marchent pas dans ce navigateur" in client.get("/connexion/cle").text
    assert waiting(app, claire[0]).get(CODE).form("code")


def test_without_a_challenge_of_one_s_own_nothing_is_read(client: Browser, claire: Someone) -> None:
    for answer in ("", "{}", "null", "x" * 25_000):
        page = send(client, DOOR, "/connexion/cle", answer, expect=422)
        assert page.h1 == "Se connecter avec une clé d'accès"
    for path in ("/connexion/code/cle", "/connexion/code/envoi"):
        sent = client.post(path, {"csrf_token": client.get(DOOR).csrf_token}, follow=False)
        assert sent.headers["Location"] == DOOR
    assert client.post("/connexion/code/cle/defi", {"csrf_token": client.get(DOOR).csrf_token}).status == 404
    for path in ("/connexion/preuve/cle", "/connexion/preuve/cle/defi", "/connexion/preuve/envoi"):
        sent = client.post(path, {"csrf_token": client.get(DOOR).csrf_token}, follow=False)
        assert sent.headers["Location"] == DOOR
    assert client.get("/connexion/cle/defi", expect=405)
    assert client.post("/connexion/cle/defi", {}).status == 400, "no token, no challenge"


class TestAtABareAddress:
    """A house without a domain name."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """The house at its IP address."""
        return replace(settings, base_url="http://127.0.0.1:8000")

    def test_no_passkey_is_offered_nor_taken(self, client: Browser) -> None:
        assert not [form for form in client.get(DOOR).forms if form.action == "/connexion/cle"]
        page = client.get("/connexion/cle")
        assert "ne marchent pas" in page.text
        token = client.get(DOOR).csrf_token
        for path in ("/connexion/cle", "/connexion/cle/defi"):
            assert client.post(path, {"csrf_token": token}).status == 404


def test_the_wrong_password_shows_no_passkey_of_the_account(client: Browser, claire: Someone) -> None:
    page = give_password(client, claire[0].email, "pas le bon mot de passe", expect=422)
    assert page.form("email", "password")
    assert "allowCredentials" not in page.body.decode()
