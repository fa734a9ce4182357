"""A running demo, and people's hands on it: what they see, press, fill in and read."""

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, ViewportSize, expect

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
SHOWN = "ESPACE_SCREENSHOTS" in os.environ
"""Whether somebody wants to look at pictures: they are a fifth of the pages' time."""
PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=1280, height=800)
_MOST_STOPS = 160
PATIENCE = 30_000  # milliseconds; what is awaited comes in far less on an idle machine


@dataclass(frozen=True)
class Demo:
    """A demo that answers, and who is in it (`demo.json`)."""

    base_url: str
    folder: Path
    people: dict[str, Any]

    def person(self, kind: str, key: str) -> dict[str, Any]:
        """One entry of the cast, by its key."""
        found: dict[str, Any] = next(entry for entry in self.people[kind] if entry["key"] == key)
        return found


@dataclass
class AuthenticatorApp:
    """A telephone's authenticator app, which never shows the same code twice."""

    secret: str
    _last: int = 0

    def code(self) -> str:
        """The code shown now; the next one when that was used already."""
        step = max(int(time.time()) // 30, self._last + 1)
        self._last = step
        return pyotp.TOTP(self.secret).at(step * 30)


@dataclass
class Hands:
    """One person at one device: a page, and the names of the screenshots they take."""

    page: Page
    context: BrowserContext
    base_url: str
    name: str
    outside: list[str]
    complaints: list[str] = field(default_factory=list)
    keyboard: bool = False
    """No pointer: every field, link and button is reached with Tab."""
    script: bool = True
    kept: Any = None
    """What another browser of the same person kept, which this one began with."""

    def open(self, path: str) -> int:
        """Go to an address of the house; gives the status of the answer."""
        answer = self.page.goto(self.base_url + path)
        return answer.status if answer else 0

    def shot(self, what: str) -> None:
        """Keep what the screen shows, where somebody wants to look at it."""
        if not SHOWN:
            return
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{self.name}-{what}.png", full_page=True)

    def title_is(self, words: str | re.Pattern[str]) -> None:
        """Wait until the page says this on top."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words, timeout=PATIENCE)

    def reads(self, words: str) -> None:
        """Wait until these words can be read."""
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE)

    def fill(self, label: str, value: str) -> None:
        """Write into the field of this name."""
        target = self.page.get_by_label(label, exact=True)
        if not self.keyboard:
            target.fill(value)
            return
        self.reach(target)
        if target.get_attribute("type") == "date":  # typed part by part: day and month must be alike
            year, month, day = value.split("-")
            assert month == day
            value = day + month + year
        else:
            self.page.keyboard.press("Control+A")
        self.page.keyboard.type(value)

    def choose(self, label: str, option: str) -> None:
        """Choose the first line of a list that holds these words."""
        target = self.page.get_by_label(label)
        if not self.keyboard:
            line = target.locator("option").filter(has_text=option).first
            target.select_option(value=line.get_attribute("value"))
            return
        self.reach(target)
        self.page.keyboard.type(option)
        expect(target.locator("option:checked")).to_contain_text(option)

    def tick(self, label: str) -> None:
        """Tick the box of this name."""
        target = self.page.get_by_label(label)
        if not self.keyboard:
            target.check()
            return
        self.reach(target)
        self.page.keyboard.press("Space")
        expect(target).to_be_checked()

    def unfold(self, words: str) -> None:
        """Unfold what lies behind these words."""
        self.use(self.page.locator("summary").filter(has_text=words).first)

    def attach(self, label: str, name: str, media: str, content: bytes) -> None:
        """Choose a file in the field of this name."""
        target, file = self.page.get_by_label(label), FilePayload(name=name, mimeType=media, buffer=content)
        if not self.keyboard:
            target.set_input_files(file)
            return
        self.page.on("filechooser", lambda _: None)  # from now on the browser hands its dialogue over
        self.reach(target)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(file)

    def press(self, name: str) -> None:
        """Press the button of this name."""
        self.use(self.page.get_by_role("button", name=name, exact=True))

    def follow(self, name: str, within: str = "main", *, exact: bool = False) -> None:
        """Follow the first link of this name in the main part of the page."""
        self.use(self.page.locator(within).get_by_role("link", name=name, exact=exact).first)

    def go(self, name: str, bar: str = "Navigation principale") -> None:
        """Use the main navigation, or another bar."""
        self.use(self.page.get_by_role("navigation", name=bar).get_by_role("link", name=name).first)

    def use(self, target: Locator) -> None:
        """Click, or reach it and press Enter."""
        if not self.keyboard:
            target.click()
            return
        self.reach(target)
        self.page.keyboard.press("Enter")

    def reach(self, target: Locator) -> None:
        """Press Tab until the focus is there, as often as the page has stops."""
        expect(target).to_be_attached(timeout=PATIENCE)
        for _ in range(_MOST_STOPS):
            if target.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {target}")

    def says_error(self, words: str) -> None:
        """Wait for a refusal: it is counted on top, tied to its field, and marked in the title of the page."""
        summary = self.page.get_by_role("alert")
        expect(summary).to_contain_text(words, timeout=PATIENCE)
        expect(self.page).to_have_title(re.compile("^Erreur"))
        wrong = self.page.locator("[aria-invalid=true]")
        if wrong.count():
            ids = " ".join(field.get_attribute("aria-describedby") or "" for field in wrong.all()).split()
            said = " ".join(self.page.locator(f"#{each}").inner_text() for each in ids)
            assert plain(words) in plain(said), said

    def main(self) -> Locator:
        """The main part of the page."""
        return self.page.get_by_role("main")

    def keep(self) -> None:
        """Have the next browser of the same person begin where this one stands."""
        if self.kept is not None:
            self.kept.update(self.context.storage_state())

    def close(self) -> None:
        """Put the device away: nothing left the house, nothing was wrong in the console."""
        self.context.close()
        assert self.outside == []
        assert self.complaints == []


def plain(text: str) -> str:
    """A text with single, ordinary spaces."""
    return " ".join(text.split())


def new_hands(
    chromium: Browser,
    demo: Demo,
    name: str,
    *,
    script: bool = True,
    size: ViewportSize | None = None,
    dark: bool = False,
    state: Any = None,
    keyboard: bool = False,
) -> Hands:
    """A fresh browser profile, French, that notes every request leaving the house (R51) and every complaint.

    `state` is what another profile of the same person kept (its session, its language).
    """
    context = chromium.new_context(
        viewport=size or PHONE,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        java_script_enabled=script,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        accept_downloads=True,
        storage_state=state,
    )
    context.set_default_timeout(PATIENCE)
    outside: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: _note(request.url, demo.base_url, outside))
    context.on("console", lambda message: _complain(message.type, message.text, complaints))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return Hands(context.new_page(), context, demo.base_url, name, outside, complaints, keyboard, script, state)


def _note(url: str, base_url: str, outside: list[str]) -> None:
    if not url.startswith((base_url, "data:", "blob:", "about:")):
        outside.append(url)


def _complain(kind: str, text: str, complaints: list[str]) -> None:
    # A page that refuses (404, 422) is announced by the browser as an error: that one is meant.
    if kind in ("error", "warning") and "Failed to load resource" not in text:
        complaints.append(text)


def awaited(look: Callable[[], str | None], what: str) -> str:
    """Look again until there is something to see."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
    raise AssertionError(f"{what} did not come")


def mail(hands: Hands, address: str, subject: str, but_not: str = "") -> str:
    """The newest mail with this subject in somebody's mailbox, as the demo shows it, once it is there."""
    mailbox = hands.context.new_page()

    def look() -> str | None:
        mailbox.goto(f"{hands.base_url}/demo/outbox")
        letters = mailbox.get_by_role("article").filter(has_text=address).filter(has_text=subject)
        text = letters.first.inner_text() if letters.count() else ""
        return text if text != but_not else None

    try:
        return awaited(look, f"the mail “{subject}”")
    finally:
        mailbox.close()


def received_sms(hands: Hands, number: str) -> str:
    """The six digits of the newest SMS to a number (+33…), as the demo shows it, once it is there."""
    box = hands.context.new_page()

    def look() -> str | None:
        box.goto(f"{hands.base_url}/demo/outbox")
        texts = box.get_by_role("article").filter(has_text=number)
        found = re.search(r"\b\d{6}\b", texts.first.inner_text()) if texts.count() else None
        return found[0] if found else None

    try:
        return awaited(look, "the SMS")
    finally:
        box.close()


def sign_in(hands: Hands, person: dict[str, Any], app: AuthenticatorApp) -> None:
    """Sign in as one of the demo's patients."""
    hands.open("/connexion")
    hands.fill("Adresse e-mail", person["email"])
    hands.fill("Mot de passe", person["password"])
    hands.press("Continuer")
    hands.title_is("Recopiez le code de votre application")
    hands.fill("Code", app.code())
    hands.press("Entrer dans mon espace")
    expect(hands.page.get_by_role("heading", level=1)).not_to_have_text("Recopiez le code de votre application")


def sign_in_professional(hands: Hands, professional: dict[str, Any]) -> None:
    """Sign in as one of the demo's professionals, through the demo's identity provider."""
    hands.open("/pro/connexion")
    prove_at_the_provider(hands, professional)
    hands.title_is("Mes patients")


def prove_at_the_provider(hands: Hands, professional: dict[str, Any]) -> None:
    """The same from the entrance, wherever it leads then."""
    hands.press("Se connecter avec Pro Santé Connect")
    hands.title_is("Fournisseur d'identité de démonstration")
    hands.fill("Identifiant", professional["psc_login"])
    hands.fill("Mot de passe", professional["psc_password"])
    hands.press("Prouver mon identité")


def read_cast(folder: Path) -> dict[str, Any]:
    """What `demo.json` says."""
    found: dict[str, Any] = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    return found
