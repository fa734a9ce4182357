"""The first time, without a mistake: from the letter to the record by each second factor, counted (issue: 6 and 9).

With script and without, by keyboard alone, on the narrowest screen; each page examined with axe on the way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from .activating import PASSWORD, Screens, give_the_letter, mailed_code
from .announced import Newcomer, announce
from .examination import Fault, examine
from .hands import AuthenticatorApp, Demo, Hands, new_hands, received_sms

NARROW = ViewportSize(width=320, height=568)


@dataclass
class FirstTime:
    """One person on one device, with one way in mind."""

    hands: Hands
    person: Newcomer
    way: str
    script: bool
    examined: bool
    screens: Screens = field(default_factory=Screens)
    faults: list[Fault] = field(default_factory=list)

    @property
    def phone(self) -> str:
        """Her mobile number, as she writes it."""
        return f"06 12 34 {self.person.order // 100:02} {self.person.order % 100:02}"

    def arrives(self, title: str) -> None:
        """Wait for a screen, count it, and examine it where this walk does."""
        self.hands.title_is(title)
        self.screens.note(self.hands.page)
        if self.examined:
            self.faults += examine(self.hands, f"{self.way} {title}")


# (way, script, keyboard, examined): each way once by every means that it allows.
WALKS = [
    ("passkey", True, False, True),
    ("passkey", True, True, False),
    ("sms", False, False, False),
    ("sms", True, True, True),
    ("app", False, False, False),
    ("app", True, True, False),
]


@pytest.fixture(params=WALKS, ids=lambda walk: f"{walk[0]}-{'script' if walk[1] else 'plain'}{'-keyboard' * walk[2]}")
def first_time(request: pytest.FixtureRequest, demo: Demo, chromium: Browser, tmp_path: Path) -> Iterator[FirstTime]:
    """Somebody who has just opened their letter."""
    way, script, keyboard, examined = request.param
    order = 741 + WALKS.index(request.param)
    person = Newcomer("Odile", "Marchetti", "F", date(1955, 2, 8), order, serial=f"{order}5550001")
    [code] = announce(demo, tmp_path, person)
    hands = new_hands(chromium, demo, f"first-{order}", script=script, size=NARROW, keyboard=keyboard)
    if way == "passkey":
        _has_a_screen_lock(hands.page)
    yield FirstTime(hands, replace(person, code=code), way, script, examined)
    hands.close()


def test_the_first_time_asks_for_little(first_time: FirstTime) -> None:
    hands, email = first_time.hands, f"odile.{first_time.person.order}@example.org"
    hands.open("/activation")
    first_time.arrives("Activer mon espace")
    give_the_letter(hands, first_time.person)
    first_time.arrives("Votre adresse e-mail et votre mot de passe")
    hands.fill("Votre adresse e-mail", email)
    hands.fill("Votre mot de passe", PASSWORD)
    hands.press("Recevoir un code")
    first_time.arrives("Recopiez le code reçu")
    hands.fill("Code à 6 chiffres", mailed_code(hands, email))
    hands.press("Vérifier ce code")
    first_time.arrives("Choisissez une deuxième serrure")
    {"passkey": _touches, "sms": _copies_an_sms, "app": _links_an_app}[first_time.way](first_time)
    first_time.arrives("Gardez vos codes de secours")
    hands.tick("J'ai gardé mes 10 codes de secours")
    hands.tick("J'accepte les conditions d'utilisation")
    hands.press("Ouvrir mon espace")
    hands.title_is("Bonjour Odile")
    first_time.screens.conclude(first_time.way)
    if first_time.way == "passkey":
        assert len(first_time.screens.seen) == 5
    assert first_time.faults == []


def _has_a_screen_lock(page: Page) -> None:
    """Give the device what a telephone has: a screen lock that keeps passkeys."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    lock = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": lock})


def _touches(first_time: FirstTime) -> None:
    first_time.hands.press("Utiliser cet appareil")


def _copies_an_sms(first_time: FirstTime) -> None:
    hands = first_time.hands
    # A passkey needs a script; without, its place is taken by nothing.
    expect(hands.page.get_by_role("button", name="Utiliser cet appareil")).to_have_count(int(first_time.script))
    hands.fill("Votre numéro de téléphone portable", first_time.phone)
    hands.press("Recevoir un SMS")
    first_time.arrives("Recopiez le code du SMS")
    hands.fill("Code à 6 chiffres", received_sms(hands, "+33" + first_time.phone.replace(" ", "")[1:]))
    hands.press("Vérifier ce code")


def _links_an_app(first_time: FirstTime) -> None:
    hands = first_time.hands
    hands.press("Choisir l'application")
    first_time.arrives("Liez une application d'authentification")
    key = hands.main().locator("#key").inner_text()
    hands.fill("Code à 6 chiffres", AuthenticatorApp(re.sub(r"\s", "", key)).code())
    hands.press("Lier cette application")
