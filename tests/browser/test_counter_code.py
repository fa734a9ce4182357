"""The square code of a counter code, scanned before its professional signed in: the digits come through (AR-1, R33)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from .hands import PHONE, Demo, Hands, new_hands, prove_at_the_provider

PLACE = "/pro/patients/code"
DIGITS = "418205"


@pytest.fixture
def scanning(demo: Demo, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[Hands, list[str]]]:
    """A professional's telephone that scanned the code, and every address it asked for."""
    hands = new_hands(chromium, demo, request.node.name, size=PHONE)
    asked: list[str] = []
    hands.page.on(
        "request", lambda one: asked.append(f"{one.url.partition('#')[0]} {one.post_data or ''} {one.headers}")
    )
    yield hands, asked
    hands.close()


def test_the_digits_wait_for_the_sign_in_in_that_tab_alone(demo: Demo, scanning: tuple[Hands, list[str]]) -> None:
    hands, asked = scanning
    hands.open(f"{PLACE}#{DIGITS}")
    expect(hands.page).to_have_url(f"{demo.base_url}/pro/connexion")  # gone from the address, and from the history
    prove_at_the_provider(hands, demo.person("professionals", "nurse"))
    expect(hands.page).to_have_url(f"{demo.base_url}{PLACE}")
    expect(hands.main().locator("[name=code]")).to_have_value(DIGITS)
    expect(hands.main().locator("[name=birth_date]")).to_be_focused()
    assert not [one for one in asked if DIGITS in one], "the digits were sent"
    assert hands.page.evaluate("sessionStorage.length") == 0
    hands.open(PLACE)
    expect(hands.main().locator("[name=code]")).to_have_value("")


def test_digits_kept_too_long_are_typed_by_nobody(demo: Demo, scanning: tuple[Hands, list[str]]) -> None:
    hands, _ = scanning
    hands.open(f"{PLACE}#{DIGITS}")
    hands.page.evaluate(f"sessionStorage.setItem('counter-code', JSON.stringify(['{DIGITS}', Date.now() - 600001]))")
    prove_at_the_provider(hands, demo.person("professionals", "nurse"))
    expect(hands.page).to_have_url(f"{demo.base_url}{PLACE}")
    expect(hands.main().locator("[name=code]")).to_have_value("")


def test_who_is_signed_in_types_nothing(demo: Demo, scanning: tuple[Hands, list[str]]) -> None:
    hands, _ = scanning
    hands.open(PLACE)
    prove_at_the_provider(hands, demo.person("professionals", "nurse"))
    hands.page.goto("about:blank")
    hands.open(f"{PLACE}#{DIGITS}")
    expect(hands.main().locator("[name=code]")).to_have_value(DIGITS)
    expect(hands.page).to_have_url(f"{demo.base_url}{PLACE}")
