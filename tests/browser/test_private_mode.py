"""Private mode in a real browser: the tab says nothing, the way out leaves nothing to go back to (security.md R53)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from .hands import PATIENCE, AuthenticatorApp, Demo, Hands, new_hands, sign_in

WHO = "carer"


def _by_button(hands: Hands) -> None:
    hands.press("Quitter vite")


def _by_keys(hands: Hands) -> None:
    for _ in range(3):
        hands.page.keyboard.press("Escape")


@pytest.mark.parametrize("way", [_by_button, _by_keys])
def test_the_way_out_leaves_nothing_behind(
    demo: Demo,
    chromium: Browser,
    apps: Callable[[str], AuthenticatorApp],
    request: pytest.FixtureRequest,
    way: Callable[[Hands], None],
) -> None:
    hands = new_hands(chromium, demo, request.node.name)
    person = demo.person("patients", WHO)
    sign_in(hands, person, apps(WHO))
    hands.open("/compte/mode-prive")
    if hands.page.get_by_role("button", name="Activer le mode discret", exact=True).count():
        hands.press("Activer le mode discret")
    hands.open(f"/dossiers/{person['record']}/documents")
    expect(hands.page).to_have_title("Mes pages")
    expect(hands.main().get_by_role("heading", level=3).first).to_have_text("Document")
    entries = hands.page.evaluate("history.length")
    way(hands)
    expect(hands.page).to_have_url(re.compile(r"/calendrier$"), timeout=PATIENCE)
    expect(hands.page).to_have_title(re.compile("^Calendrier de "))
    assert hands.page.evaluate("history.length") == entries, "it took the place of the page"
    hands.page.go_back()
    expect(hands.page).to_have_url(re.compile(r"/connexion$"), timeout=PATIENCE)
    hands.close()
