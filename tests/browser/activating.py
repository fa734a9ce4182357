"""Activation on a telephone, from the letter to the record, with the mistakes and interruptions people have."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, expect

from .announced import Newcomer
from .hands import DESK, AuthenticatorApp, Demo, Hands, mail, new_hands

PASSWORD = "lanterne cactus prairie ruban"
SCREENS, TYPED_FIELDS, WORDS = 6, 9, 220
"""From the letter to the record, at most; boxes to tick are counted apart; words in sight on one screen."""


@dataclass
class Journey:
    """One person's way through the house, and the devices of those they meet."""

    demo: Demo
    chromium: Browser
    folder: Path
    script: bool
    person: Newcomer
    professional: dict[str, Any]
    profession: str
    keyboard: bool = False

    def __post_init__(self) -> None:
        kind = "keyboard" if self.keyboard else "script" if self.script else "plain"
        self.phone = self.device(f"journey-{kind}")
        self.desk = self.device(f"journey-{kind}-professional", DESK)
        self.app = AuthenticatorApp("")

    def device(self, name: str, size: ViewportSize | None = None) -> Hands:
        """Another telephone or computer, used in the same way."""
        return new_hands(self.chromium, self.demo, name, script=self.script, size=size, keyboard=self.keyboard)

    @property
    def email(self) -> str:
        """Where she reads her mail."""
        return f"vasseur.{self.person.order}@example.org"

    @property
    def doctor(self) -> str:
        """How the house calls the professional."""
        return str(self.professional["display_name"])

    def put_away(self) -> None:
        """Close every device."""
        self.phone.close()
        self.desk.close()


@dataclass
class Screens:
    """The screens between the letter and the record, and what each asks for."""

    seen: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Title, fields to type into, boxes to tick, words in sight."""

    def note(self, page: Page) -> None:
        """Count what the open screen asks and says; what is folded or hidden is not there."""
        main = page.get_by_role("main")
        asked = main.locator("input:not([type=hidden], [readonly]):visible, select:visible, textarea:visible")
        ticks = main.locator("input[type=checkbox]:visible, input[type=radio]:visible").count()
        title = page.get_by_role("heading", level=1).inner_text()
        self.seen.append((title, asked.count() - ticks, ticks, len(main.inner_text().split())))

    def conclude(self, way: str) -> None:
        """Say the sums, and refuse a way that asks too much."""
        typed, ticks, words = (sum(counts) for counts in list(zip(*self.seen, strict=True))[1:])
        print(f"\n{way}: {len(self.seen)} screens, {typed} fields, {ticks} boxes to tick, {words} words")
        assert len(self.seen) <= SCREENS, self.seen
        assert typed <= TYPED_FIELDS, self.seen
        assert max(line[3] for line in self.seen) <= WORDS, self.seen


def give_the_letter(phone: Hands, person: Newcomer, ins: str = "", code: str = "") -> None:
    """Copy what stands on the card and in the letter."""
    phone.title_is("Activer mon espace")
    phone.fill("Numéro de sécurité sociale", ins or person.ins)
    phone.fill("Date de naissance", f"{person.birth:%d/%m/%Y}")
    phone.fill("Numéro de série de votre carte Vitale", person.serial)
    phone.fill("Code provisoire", code or person.code)
    phone.press("Vérifier et continuer")


def mailed_code(phone: Hands, address: str) -> str:
    """The six digits that came by e-mail."""
    received = re.search(r"\b\d{6}\b", mail(phone, address, "Votre code de vérification"))
    assert received
    return received[0]


def activates_her_space(journey: Journey) -> None:
    """Come in: every step, each with a mistake first, left twice and taken up again."""
    phone, person, screens = journey.phone, journey.person, Screens()
    phone.open("/")
    phone.shot("01-first-page")
    phone.follow("Activer mon espace")
    phone.title_is("Activer mon espace")
    screens.note(phone.page)
    give_the_letter(phone, person, ins=person.ins[:-1])
    phone.says_error("Vous avez écrit 14 chiffres, il en faut 15.")
    phone.shot("02-wrong-number")
    expect(phone.page.get_by_label("Code provisoire")).to_have_value(person.code)
    expect(phone.page.get_by_label("Date de naissance")).to_have_value("17/04/1990")
    give_the_letter(phone, person, code="".join(reversed(person.code)))
    phone.says_error("Ces informations ne vont pas ensemble.")
    give_the_letter(phone, person, ins=_as_on_the_card(person.ins), code=person.code.lower())
    _gives_an_address(journey, screens)
    _links_an_app(journey, screens)
    _keeps_the_codes(journey, screens)
    screens.conclude("from the letter to the record")


def _as_on_the_card(ins: str) -> str:
    return " ".join((ins[0], ins[1:3], ins[3:5], ins[5:7], ins[7:10], ins[10:13], ins[13:]))


def _gives_an_address(journey: Journey, screens: Screens) -> None:
    phone = journey.phone
    phone.title_is("Votre adresse e-mail et votre mot de passe")
    screens.note(phone.page)
    phone.fill("Votre adresse e-mail", "vasseur@example")
    phone.fill("Votre mot de passe", "court")
    phone.press("Recevoir un code")
    phone.says_error("Il manque la fin de l'adresse")
    phone.says_error("Il en faut au moins 12.")
    phone.fill("Votre adresse e-mail", journey.email)
    phone.fill("Votre mot de passe", "MaelleVasseur1990")
    phone.press("Recevoir un code")
    phone.says_error("Ce mot de passe contient votre nom")
    expect(phone.page.get_by_label("Votre mot de passe")).to_have_value("")
    expect(phone.page.get_by_label("Votre adresse e-mail")).to_have_value(journey.email)
    phone.shot("03-weak-password")
    phone.fill("Votre mot de passe", PASSWORD)
    phone.press("Recevoir un code")
    phone.title_is("Recopiez le code reçu")
    screens.note(phone.page)
    phone.fill("Code à 6 chiffres", "12345")
    phone.press("Vérifier ce code")
    phone.says_error("Vous avez écrit 5 chiffres, il en faut 6.")
    received = mailed_code(phone, journey.email)
    wrong = f"{(int(received) + 1) % 10**6:06d}"
    phone.fill("Code à 6 chiffres", wrong)
    phone.press("Vérifier ce code")
    phone.says_error("Ce n'est pas le code que nous avons envoyé.")
    # Interrupted: later, on the same phone, she takes it up where she was.
    phone.open("/")
    phone.follow("Activer mon espace")
    phone.reads("Vous avez déjà commencé ici.")
    phone.follow("Reprendre où j'en étais")
    phone.title_is("Recopiez le code reçu")
    phone.fill("Code à 6 chiffres", received)
    phone.press("Vérifier ce code")


def _links_an_app(journey: Journey, screens: Screens) -> None:
    phone = journey.phone
    phone.title_is("Choisissez une deuxième serrure")
    screens.note(phone.page)
    phone.press("Choisir l'application")
    phone.title_is("Liez une application d'authentification")
    # Her phone dies here; on another one, the letter leads back to this very step.
    other = journey.device(phone.name)
    other.open("/activation")
    give_the_letter(other, journey.person)
    other.title_is("Liez une application d'authentification")
    phone.close()
    journey.phone = phone = other
    screens.note(phone.page)
    phone.unfold("Mon application est sur un autre appareil")
    expect(phone.page.get_by_role("img", name="Code QR")).to_be_visible()
    phone.shot("04-authenticator")
    key = phone.main().locator("p", has_text=re.compile(r"^([A-Z2-7]{4}\s?){8}$")).inner_text()
    journey.app = AuthenticatorApp(re.sub(r"\s", "", key))
    phone.fill("Code à 6 chiffres", journey.app.code())
    phone.press("Lier cette application")


def _keeps_the_codes(journey: Journey, screens: Screens) -> None:
    phone = journey.phone
    phone.title_is("Gardez vos codes de secours")
    screens.note(phone.page)
    shown = phone.main().get_by_role("listitem").filter(has_text=re.compile(r"^\w{5}-\w{5}$")).all_inner_texts()
    assert len(set(shown)) == 10
    with phone.page.expect_download() as download:
        phone.follow("Télécharger les codes")
    kept_file = Path(download.value.path()).read_text(encoding="utf-8")
    assert all(code in kept_file for code in shown)
    phone.tick("J'ai gardé mes 10 codes de secours")
    phone.press("Ouvrir mon espace")
    phone.says_error("Sans votre accord")
    expect(phone.page.get_by_label("J'ai gardé mes 10 codes de secours")).to_be_checked()
    phone.tick("J'accepte les conditions d'utilisation")
    phone.press("Ouvrir mon espace")
    phone.title_is(f"Bonjour {journey.person.given}")
    phone.reads("les premiers pas")
    phone.shot("05-first-home")
