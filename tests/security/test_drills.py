"""Long figures, printed: `pytest -m drill -s`. Wall time is measured here and nowhere else (security.md R5)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from time import perf_counter

import pytest
from flask import Flask

from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

pytestmark = pytest.mark.drill
ASKED = 500
SEED = 20261123

POOL = 20


@dataclass(frozen=True)
class Asked:
    """Whom a try names: somebody known here, or nobody."""

    ins: str
    email: str


Ask = Callable[[Browser, Asked], None]


def sign_in(browser: Browser, who: Asked) -> None:
    page = browser.get("/connexion")
    typed = {"email": who.email, "password": "ce n'est pas ce mot de passe"}
    _timed(browser, page.path, {**page.form("email").values, **typed})


def new_code(browser: Browser, who: Asked) -> None:
    page = browser.get("/activation/nouveau-code")
    typed = {"ins": who.ins, "birth_date": "12/05/1984"}
    _timed(browser, page.path, {**page.form("ins").values, **typed})


def letter(path: str) -> Ask:
    """A page that asks for the letter, given a wrong code."""

    def ask(browser: Browser, who: Asked) -> None:
        page = browser.get(path)
        typed = {"ins": who.ins, "birth_date": "12/05/1984", "code": "ABCD2345"}
        _timed(browser, page.path, {**page.form("ins", "code").values, **typed})

    return ask


ASKS: dict[str, Ask] = {
    "sign-in": sign_in,
    "new code": new_code,
    "activation": letter("/activation"),
    "opposition": letter("/opposition"),
    "lost access": letter("/acces-perdu/courrier"),
}
_times: list[float] = []


def _timed(browser: Browser, path: str, data: dict[str, object]) -> None:
    began = perf_counter()
    browser.send("POST", path, data=data, follow=False)
    _times.append(perf_counter() - began)


def auc(left: list[float], right: list[float]) -> float:
    """How often a time of `left` is longer than one of `right`: 0.5 when they cannot be told apart."""
    wins = sum((one > other) + (one == other) / 2 for one in left for other in right)
    return wins / (len(left) * len(right))


@on_sqlite
@pytest.mark.parametrize("what", ASKS)
def test_time_does_not_tell_who_is_known(app: Flask, clock: FakeClock, what: str) -> None:
    """As many tries at as many people, known and unknown; a minute between two, so that none waits for its turn."""
    birth = date(1984, 5, 12)
    known = [build.citizen(birth=birth) for _ in range(POOL)]
    people = {
        True: [Asked(one.ins, one.email) for one in known],
        False: [Asked(build.ins(birth=birth), f"inconnu{number}@exemple.test") for number in range(POOL)],
    }
    draw = Random(SEED)
    asked = [True] * ASKED + [False] * ASKED
    draw.shuffle(asked)
    times: dict[bool, list[float]] = {True: [], False: []}
    for number, is_known in enumerate(asked):
        clock.advance(timedelta(minutes=1))
        browser = Browser(app, ip=f"198.51.{number // 250}.{number % 250 + 1}")
        ASKS[what](browser, draw.choice(people[is_known]))
        times[is_known].append(_times.pop())
    found = auc(times[True], times[False])
    print(f"\n{what}: AUC {found:.3f} over {ASKED} known and {ASKED} unknown")
    assert 0.45 <= found <= 0.55
