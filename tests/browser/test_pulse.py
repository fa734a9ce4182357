"""A page left open goes from the screen when its reader may see it no more, within thirty seconds (security.md R16)."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from .hands import DESK, PATIENCE, Demo, Hands, new_hands

Kept = Callable[[str], Any]
_PERIOD = 21_000


@contextmanager
def _watching(hands: Hands, path: str) -> Iterator[list[int]]:
    """A page whose time is ours, and the answers to its pulses."""
    answers: list[int] = []
    hands.page.on("response", lambda one: answers.append(one.status) if "/pouls" in one.url else None)
    hands.page.clock.install()
    assert hands.open(path) == 200
    yield answers


def _pass(hands: Hands, period: int = _PERIOD) -> None:
    with hands.page.expect_response("**/pouls*"):
        hands.page.clock.run_for(period)


@pytest.fixture
def parent(demo: Demo, chromium: Browser, kept: Kept) -> Iterator[Hands]:
    hands = new_hands(chromium, demo, "pulse-mother", state=kept("mother"))
    yield hands
    hands.context.close()


def test_a_page_that_may_stay_stays_and_its_pulse_is_no_visit(demo: Demo, parent: Hands) -> None:
    child = demo.people["children"][0]["record"]
    with _watching(parent, f"/dossiers/{child}/documents") as answers:
        for _ in range(3):
            _pass(parent)
        assert answers == [204, 204, 204]
        expect(parent.page.get_by_role("heading", level=1)).to_be_visible()
    trail = parent.context.new_page()
    trail.goto(f"{demo.base_url}/dossiers/{child}/historique?qui=moi")
    assert "pouls" not in trail.locator("main").inner_text()


def test_a_session_ended_elsewhere_takes_the_page_off_the_screen(demo: Demo, chromium: Browser, kept: Kept) -> None:
    hands = new_hands(chromium, demo, "pulse-ended", state=kept("retired"))
    record = demo.person("patients", "retired")["record"]
    with _watching(hands, f"/dossiers/{record}/documents") as answers:
        words = hands.main().inner_text()
        hands.context.clear_cookies()  # as the session is no more
        _pass(hands)
        expect(hands.page.get_by_role("heading", level=1)).to_have_text("Votre session est terminée")
        assert answers == [401]
        left = hands.page.locator("body").inner_text()
        assert not [line for line in words.splitlines() if len(line) > 12 and line in left]
        assert hands.page.title() == "espace"
        hands.shot("ended")
        hands.page.clock.run_for(_PERIOD)
        assert answers == [401], "what is off the screen asks no more"
        hands.page.get_by_role("link", name="Se reconnecter").click()
        hands.page.wait_for_url("**/connexion")
    hands.context.close()


def test_an_access_that_ends_takes_the_page_off_the_screen(demo: Demo, chromium: Browser, kept: Kept) -> None:
    """The refusal is the answer of the house to a stranger: the page behaves alike whoever it is shown to."""
    hands = new_hands(chromium, demo, "pulse-revoked", size=DESK, state=kept("gp"))
    record = demo.person("patients", "mother")["record"]
    with _watching(hands, f"/pro/patients/{record}/documents") as answers:
        template = hands.page.locator("template[data-pulse]")
        template.evaluate("(each, nobody) => { each.dataset.pulse = `/pro/patients/${nobody}/pouls`; }", str(uuid4()))
        _pass(hands)
        expect(hands.page.get_by_role("heading", level=1)).to_have_text("Cette page s'est refermée")
        assert answers == [404]
        hands.shot("closed")
        hands.page.get_by_role("link", name="Revenir à mes patients").click()
        hands.page.wait_for_url("**/pro/")
        hands.page.go_back()
        hands.page.wait_for_load_state()
    hands.context.close()


def test_less_than_before_takes_the_page_off_the_screen(demo: Demo, parent: Hands) -> None:
    record = demo.person("patients", "mother")["record"]
    with _watching(parent, f"/dossiers/{record}/") as answers:
        template = parent.page.locator("template[data-pulse]")
        template.evaluate("each => { each.dataset.pulse = each.dataset.pulse.replace(/v=.*/, 'v=fffffffff.0000'); }")
        _pass(parent)
        expect(parent.page.get_by_role("heading", level=1)).to_have_text("Cette page a changé")
        assert answers == [409]
        parent.page.get_by_role("link", name="Ouvrir la page à jour").click()
        expect(parent.page.get_by_role("heading", level=1)).to_have_text(re.compile("Bonjour"), timeout=PATIENCE)


def test_without_a_connection_the_page_stays_and_says_so(demo: Demo, parent: Hands) -> None:
    record = demo.person("patients", "mother")["record"]
    with _watching(parent, f"/dossiers/{record}/"):
        parent.context.set_offline(True)
        for _ in range(3):
            with parent.page.expect_event("requestfailed"):
                parent.page.clock.run_for(_PERIOD)
        expect(parent.page.get_by_role("status").first).to_contain_text("La connexion est perdue")
        expect(parent.page.get_by_role("heading", level=1)).to_be_visible()
        parent.shot("offline")
        parent.context.set_offline(False)
        _pass(parent)
        expect(parent.page.get_by_text("La connexion est perdue")).to_have_count(0)


def test_coming_back_by_the_history_shows_nothing_unchecked(demo: Demo, parent: Hands) -> None:
    """What a browser keeps of a page it left is hidden when it leaves and asked for before it is shown again."""
    record = demo.person("patients", "mother")["record"]
    with _watching(parent, f"/dossiers/{record}/") as answers:
        parent.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
        assert parent.page.evaluate("document.body.hidden")
        with parent.page.expect_response("**/pouls*"):
            parent.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        expect(parent.page.get_by_role("heading", level=1)).to_be_visible()
        parent.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
        parent.context.clear_cookies()
        with parent.page.expect_response("**/pouls*"):
            parent.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        expect(parent.page.get_by_role("heading", level=1)).to_have_text("Votre session est terminée")
        assert answers == [204, 401]
