"""Passkeys in a real browser, with Chromium's virtual authenticator: made, shown, refused, and said in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from .hands import DESK, PATIENCE, AuthenticatorApp, Demo, Hands, mail, new_hands, plain, sign_in

WHO = "teen"
MINE, ADDED = "Utiliser ma clé d'accès", "Ajouter cet appareil"
CONFIRM = "Confirmez que c'est bien vous"


class Device:
    """The part of a device that holds passkeys and asks for a finger."""

    def __init__(self, hands: Hands) -> None:
        self._wire: CDPSession = hands.context.new_cdp_session(hands.page)
        self._wire.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._id = self._wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def keys(self) -> list[dict[str, Any]]:
        """What it holds, secrets included."""
        found: list[dict[str, Any]] = self._ask("getCredentials")["credentials"]
        return found

    def hold(self, key: dict[str, Any]) -> None:
        """Hold a passkey made elsewhere, as a thief's copy does."""
        self._ask("addCredential", credential=key)

    def forget(self) -> None:
        """Lose every passkey."""
        self._ask("clearCredentials")

    def recognise(self, *, finger: bool) -> None:
        """Whether the finger is the owner's from now on."""
        self._ask("setUserVerified", isUserVerified=finger)

    def _ask(self, method: str, **facts: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._wire.send(f"WebAuthn.{method}", {"authenticatorId": self._id, **facts})
        return answer


@dataclass
class Seat:
    """Somebody at a device that holds their passkey, signed in with it."""

    hands: Hands
    device: Device
    key: dict[str, Any]


@pytest.fixture(scope="module")
def key(demo: Demo, chromium: Browser, apps: Callable[[str], AuthenticatorApp]) -> Iterator[dict[str, Any]]:
    """A passkey added by somebody who signed in with their app; it is taken away at the end."""
    hands = new_hands(chromium, demo, "passkeys-first", size=DESK)
    sign_in(hands, demo.person("patients", WHO), apps(WHO))
    device = Device(hands)
    _add(hands)
    (made,) = device.keys()
    hands.close()
    yield made
    hands = new_hands(chromium, demo, "passkeys-last", size=DESK)
    _seated(hands, made, demo)
    _remove_all(hands)
    hands.close()


@pytest.fixture
def seat(demo: Demo, chromium: Browser, key: dict[str, Any]) -> Iterator[Seat]:
    """Somebody who came in with one touch, at a fresh browser."""
    hands = new_hands(chromium, demo, "passkeys", size=DESK)
    yield Seat(hands, _seated(hands, key, demo), key)
    hands.close()


def _seated(hands: Hands, key: dict[str, Any], demo: Demo) -> Device:
    device = Device(hands)
    key["signCount"] += 1000  # it went on counting in the device of the test before
    device.hold(key)
    hands.open("/connexion")
    hands.press(MINE)
    _is_in(hands, demo)
    return device


def _give_password(hands: Hands, demo: Demo) -> None:
    person = demo.person("patients", WHO)
    hands.fill("Adresse e-mail", person["email"])
    hands.fill("Mot de passe", person["password"])
    hands.press("Continuer")
    hands.page.wait_for_url("**/connexion/code")


def _add(hands: Hands) -> None:
    hands.open("/compte/securite/cles")
    hands.press(ADDED)
    hands.reads("Votre clé d'accès est prête.")


def _remove_all(hands: Hands) -> None:
    hands.open("/compte/securite/cles")
    while (line := hands.main().locator(".row a.t")).count():
        line.first.click()
        hands.press("Retirer cette clé d'accès")
        hands.reads("Cette clé d'accès est retirée.")
        hands.open("/compte/securite/cles")


def _leave(hands: Hands) -> None:
    hands.open("/deconnexion")
    hands.press("Se déconnecter de ce navigateur")
    hands.title_is("Se connecter")


def _is_in(hands: Hands, demo: Demo) -> None:
    first = demo.person("patients", WHO)["display_name"].split()[0]
    hands.title_is(f"Bonjour {first}")


def _says(hands: Hands, words: str) -> None:
    """The words beside the button, announced; the button may be pressed again."""
    said = hands.page.locator("[data-said] [role=alert]")
    expect(said).to_be_visible(timeout=PATIENCE)
    assert words in plain(said.inner_text())
    button = hands.page.locator("form[data-passkey] button[type=submit]").first
    expect(button).to_be_focused()
    expect(button).not_to_have_attribute("aria-busy", "true")


def test_one_touch_signs_in(seat: Seat, demo: Demo) -> None:
    hands = seat.hands
    assert seat.key["isResidentCredential"]
    assert seat.key["rpId"] == "localhost"
    _leave(hands)
    hands.open("/connexion/cle")
    hands.press(MINE)
    _is_in(hands, demo)


def test_it_is_the_second_factor_and_the_proof(seat: Seat, demo: Demo) -> None:
    hands = seat.hands
    _leave(hands)
    _give_password(hands, demo)
    hands.title_is(CONFIRM)
    hands.press(MINE)
    _is_in(hands, demo)
    hands.open("/connexion/preuve")
    hands.title_is(CONFIRM)
    hands.press(MINE)
    _is_in(hands, demo)


def test_one_device_holds_one_passkey_of_an_account(seat: Seat) -> None:
    seat.hands.open("/compte/securite/cles")
    seat.hands.press(ADDED)
    _says(seat.hands, "déjà une clé d'accès")


def test_a_wrong_finger_is_said_and_another_way_stays(seat: Seat, demo: Demo) -> None:
    hands, device = seat.hands, seat.device
    device.forget()
    device.recognise(finger=False)
    hands.open("/compte/securite/cles")
    hands.press(ADDED)
    _says(hands, "Aucune clé d'accès n'est créée")
    _leave(hands)
    device.hold(seat.key | {"signCount": seat.key["signCount"] + 500})
    hands.press(MINE)
    _says(hands, "Aucune clé d'accès n'a servi")
    expect(hands.page.get_by_label("Mot de passe", exact=True)).to_be_enabled()
    device.recognise(finger=True)
    hands.press(MINE)
    _is_in(hands, demo)


def test_a_device_without_a_passkey_says_so(seat: Seat, demo: Demo) -> None:
    _leave(seat.hands)
    seat.device.forget()
    _give_password(seat.hands, demo)
    seat.hands.press(MINE)
    _says(seat.hands, "cet appareil n'en a pas pour votre espace")


def test_a_removed_passkey_is_refused(seat: Seat, demo: Demo) -> None:
    hands, device = seat.hands, seat.device
    device.forget()
    hands.open("/compte/securite/cles")
    hands.fill("Nom de cette clé d'accès", "Clé perdue")
    hands.press(ADDED)
    hands.reads("Votre clé d'accès est prête.")
    _leave(hands)
    hands.press(MINE)
    _is_in(hands, demo)
    hands.open("/compte/securite/cles")
    hands.follow("Clé perdue")
    hands.press("Retirer cette clé d'accès")
    hands.reads("Cette clé d'accès est retirée.")
    _leave(hands)
    hands.press(MINE)
    hands.says_error("n'ouvre rien ici")
    hands.title_is("Se connecter avec une clé d'accès")


def test_a_copy_is_refused_and_its_owner_told(seat: Seat, demo: Demo) -> None:
    hands, device = seat.hands, seat.device
    _leave(hands)
    device.forget()
    device.hold(seat.key)  # as it was before it was used here
    hands.press(MINE)
    hands.says_error("peut-être été copiée")
    letter = mail(hands, demo.person("patients", WHO)["email"], "Une clé d'accès a été refusée")
    assert "rien n'a été ouvert" in plain(letter)


def test_a_press_after_the_session_is_over_leads_to_the_door(seat: Seat) -> None:
    seat.device.forget()
    seat.hands.open("/compte/securite/cles")
    seat.hands.context.clear_cookies()
    seat.hands.press(ADDED)
    seat.hands.title_is("Se connecter")


def test_by_keyboard_alone(seat: Seat, demo: Demo) -> None:
    _leave(seat.hands)
    seat.hands.keyboard = True
    seat.hands.press(MINE)
    _is_in(seat.hands, demo)


def test_without_script_the_other_ways_are_shown(demo: Demo, chromium: Browser) -> None:
    hands = new_hands(chromium, demo, "passkeys-without-script", script=False)
    hands.open("/connexion")
    expect(hands.page.get_by_role("button", name=MINE)).to_be_hidden()
    expect(hands.page.get_by_role("button", name="Continuer")).to_be_visible()
    hands.open("/connexion/cle")
    hands.reads("Les clés d'accès ne marchent pas dans ce navigateur")
    hands.follow("Me connecter avec mon mot de passe")
    hands.title_is("Se connecter")
    hands.close()


def test_a_browser_without_passkeys_shows_the_other_ways(demo: Demo, chromium: Browser) -> None:
    hands = new_hands(chromium, demo, "passkeys-old-browser")
    hands.page.add_init_script("delete window.PublicKeyCredential")
    hands.open("/connexion/cle")
    hands.reads("Les clés d'accès ne marchent pas dans ce navigateur")
    expect(hands.page.get_by_role("button", name=MINE)).to_be_hidden()
    hands.close()
