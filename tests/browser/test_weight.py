"""What pages weigh on the wire, headers included, as Chromium counts them (performance.md's budgets for a phone)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from espace.web.pulse import PLACE

from .hands import DESK, Demo, Hands, new_hands

KB = 1000


@dataclass
class Scales:
    """What came over the network since the last weighing: (kind, address, bytes)."""

    hands: Hands
    came: list[tuple[str, str, int]] = field(default_factory=list)
    _asked: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wire = self.hands.context.new_cdp_session(self.hands.page)
        wire.on("Network.responseReceived", self._answered)
        wire.on("Network.loadingFinished", self._weighed)
        wire.send("Network.enable")

    def _answered(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        is_beat = urlsplit(answer["url"]).path.endswith(PLACE)  # no part of any page: it comes every twenty seconds
        if answer["url"].startswith("http") and not answer.get("fromDiskCache") and not is_beat:
            self._asked[event["requestId"]] = (event["type"], answer["url"])

    def _weighed(self, event: dict[str, Any]) -> None:
        kind, url = self._asked.pop(event["requestId"], ("", ""))
        size = int(event["encodedDataLength"])
        if kind and size:  # none: it came from what the browser keeps
            self.came.append((kind, url, size))

    def forget(self) -> None:
        """Begin anew, once all that this page still waits for has come: a script of it counts for no later page."""
        self.hands.page.wait_for_load_state("networkidle")
        self.came.clear()

    def weigh(self, what: str, most: int, requests: int = 99) -> list[tuple[str, str, int]]:
        """Say and check what came, then begin anew."""
        self.hands.page.wait_for_load_state("networkidle")
        came, self.came = self.came, []
        total = sum(size for _, _, size in came)
        print(f"\n{what}: {total} octets, {len(came)} requests", end="")
        assert 0 < total <= most, came
        assert len(came) <= requests, came
        return came


def _each(came: list[tuple[str, str, int]], kind: str) -> int:
    sizes = [size for found, _, size in came if found == kind]
    assert sizes, f"no {kind} came: {came}"
    print(f"; {kind.lower()} {max(sizes)}", end="")
    return max(sizes)


def test_the_first_visit_is_light(demo: Demo, chromium: Browser) -> None:
    hands = new_hands(chromium, demo, "weight-visitor")
    scales = Scales(hands)
    hands.open("/")
    came = scales.weigh("first visit", 40 * KB, requests=4)
    assert _each(came, "Document") <= 14 * KB
    assert _each(came, "Stylesheet") <= 12 * KB
    assert _each(came, "Script") <= 20 * KB
    hands.close()


def test_a_record_is_light(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    hands = new_hands(chromium, demo, "weight-mother", state=kept("mother"))
    scales = Scales(hands)
    hands.open("/dossiers/")
    hands.follow(demo.person("patients", "mother")["display_name"])
    hands.title_is("Bonjour Claire")
    home = hands.page.url
    hands.close()
    hands = new_hands(chromium, demo, "weight-mother", state=kept("mother"))  # nothing kept of any page
    scales = Scales(hands)
    hands.open(f"{home.removeprefix(demo.base_url)}documents")
    came = scales.weigh("first signed-in list", 50 * KB)
    assert _each(came, "Document") <= 14 * KB
    assert _each(came, "Stylesheet") <= 12 * KB
    assert _each(came, "Script") <= 20 * KB
    _older(hands, scales)
    for name in ("Accueil", "Accès", "Plus", "Dossier"):
        hands.go(name)
        scales.weigh(f"then “{name}”", 10 * KB, requests=1)
    for name in ("Historique", "Compte et sécurité"):
        hands.go("Plus") if name == "Historique" else hands.page.go_back()
        hands.title_is("Plus")
        scales.forget()
        hands.follow(name, exact=True)
        hands.title_is("Historique" if name == "Historique" else "Compte")
        assert _each(scales.weigh(f"then “{name}”", 14 * KB, requests=1), "Document") <= 14 * KB
    hands.close()


def _older(hands: Hands, scales: Scales) -> None:
    more = hands.main().get_by_role("link", name="documents de plus")
    rows = hands.main().get_by_role("heading", level=3)
    before = rows.count()
    more.click()
    expect(rows).not_to_have_count(before)
    came = scales.weigh("a fragment", 4 * KB, requests=1)
    assert came[0][0] in ("XHR", "Fetch")


def test_a_professionals_pages_are_light(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    hands = new_hands(chromium, demo, "weight-gp", size=DESK, state=kept("gp"))
    scales = Scales(hands)
    hands.open("/pro/")
    assert _each(scales.weigh("a professional's first page", 50 * KB), "Document") <= 14 * KB
    hands.follow(demo.person("patients", "mother")["display_name"])
    hands.title_is("Page du patient")
    scales.forget()
    hands.follow("Lire les documents")
    hands.title_is("Documents")
    scales.weigh("a professional's list", 14 * KB, requests=1)
    hands.close()
