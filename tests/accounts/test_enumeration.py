"""What an onlooker learns of an address or a passkey: nothing, in words, work or what is asked (security.md R5)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from espace import crypto
from espace.accounts.services import passkeys
from espace.identifiers import new_id
from espace.machines import Machines
from tests.support.browser_client import Browser, Page
from tests.support.build import citizen

from .authenticator import Authenticator
from .doors import add_passkey, bare_account, give_password, options, send

PEOPLE = 10


class CountingHasher(crypto.Hasher):
    """The tests' light hasher, counting its work."""

    def __init__(self) -> None:
        super().__init__(memory_kib=64, time_cost=1, lanes=1)
        self.checked = 0

    def verify(self, password: str, stored: str | None) -> bool:
        """Count, then check."""
        self.checked += 1
        return super().verify(password, stored)


@pytest.fixture
def hasher(machines: Machines) -> CountingHasher:
    """The hasher of this house, its work counted."""
    made = CountingHasher()
    object.__setattr__(machines, "hasher", made)
    machines.bind()
    return made


@contextmanager
def statements(machines: Machines) -> Iterator[list[str]]:
    """Every statement the database is asked."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engines = {id(engine.pool): engine for engine in (machines.database.reader, machines.database.writer)}.values()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def shape(page: Page) -> tuple[Any, ...]:
    """What an onlooker sees of an answer, but for the values that are fresh each time."""
    headers = {k: v for k, v in page.headers.items() if k not in ("Content-Security-Policy", "Set-Cookie")}
    cookies = sorted(cookie.partition("=")[0] for cookie in page.headers.getlist("Set-Cookie"))
    return page.status, len(page.body), tuple(sorted(headers.items())), tuple(cookies)


def compare(
    known: Callable[[int], Page], unknown: Callable[[int], Page], machines: Machines, hasher: CountingHasher
) -> None:
    """Try known and unknown ones in turn: the same shapes, one list of statements, one count of hashes."""
    seen: dict[bool, list[Any]] = {True: [], False: []}
    asked: dict[bool, set[Any]] = {True: set(), False: set()}
    hashed: dict[bool, set[int]] = {True: set(), False: set()}
    for number in range(PEOPLE):
        for is_known, act in ((True, known), (False, unknown)):
            before = hasher.checked
            with statements(machines) as told:
                page = act(number)
            seen[is_known].append(shape(page))
            asked[is_known].add(tuple(told))
            hashed[is_known].add(hasher.checked - before)
    assert seen[True] == seen[False]
    assert asked[True] == asked[False]
    assert len(asked[True]) == 1
    assert hashed[True] == hashed[False]
    assert len(hashed[True]) == 1


@pytest.mark.parametrize("is_cold", [False, True], ids=["keys opened before", "after a restart"])
@pytest.mark.parametrize("has_device", [True, False], ids=["a device cookie", "no cookie"])
def test_known_and_unknown_addresses_cost_and_show_the_same(
    app: Flask, machines: Machines, hasher: CountingHasher, is_cold: bool, has_device: bool
) -> None:
    emails = [f"personne{number}@exemple.test" for number in range(PEOPLE)]
    for email in emails:
        bare_account(email)

    def wrong(email: str, number: int) -> Page:
        browser = Browser(app, ip=f"198.51.100.{number}")
        if has_device:
            browser.set_cookie("appareil", "a-device-nobody-knows")
        if is_cold:
            machines.vault.forget()
        form = browser.get("/connexion").form("email", "password")
        return browser.submit(form, {"email": email, "password": "un mot de passe inventé"})

    compare(
        lambda number: wrong(emails[number], number),
        lambda number: wrong(emails[number].replace("personne", "absentes"), number),
        machines,
        hasher,
    )


def test_known_and_unknown_passkeys_cost_and_show_the_same(
    app: Flask, machines: Machines, hasher: CountingHasher
) -> None:
    devices = [Authenticator() for _ in range(PEOPLE)]
    for number, device in enumerate(devices):
        add_passkey(bare_account(f"personne{number}@exemple.test"), device)
    strangers = [Authenticator() for _ in range(PEOPLE)]
    for stranger in strangers:
        stranger.create(passkeys.registration(new_id(), "x@exemple.fr", [])[0])

    def wrong(device: Authenticator, number: int) -> Page:
        browser = Browser(app, ip=f"198.51.100.{number}")
        asked = options(browser, "/connexion", "/connexion/cle")
        device.flags = 1  # nobody's finger was checked
        return send(browser, "/connexion", "/connexion/cle", device.get(asked))

    compare(
        lambda number: wrong(devices[number], number),
        lambda number: wrong(strangers[number], number),
        machines,
        hasher,
    )


def test_the_second_page_is_not_reached_by_guessing_a_session(app: Flask) -> None:
    for token in ("", "x", "a" * 43):
        browser = Browser(app)
        browser.set_cookie("espace", token)
        assert browser.get("/connexion/code").path == "/connexion"


def test_an_address_that_is_right_shows_nothing_before_its_password_is(app: Flask, machines: Machines) -> None:
    person = citizen()
    page = give_password(Browser(app), person.email, "pas le bon mot de passe", expect=422)
    assert person.name not in page.text
    assert page.form("email", "password").values["email"] == [person.email]
