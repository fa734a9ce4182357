"""The pages before one is in: for anybody, the sign-ins, the activation of a space; each examined as in test_pages."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .activating import give_the_letter, mailed_code
from .announced import Newcomer, announce
from .crawling import Examiner, crawl
from .hands import DESK, AuthenticatorApp, Demo, new_hands, sign_in_professional


def test_pages_for_anybody(demo: Demo, chromium: Browser) -> None:
    hands = new_hands(chromium, demo, "pages-visitor")
    examiner = Examiner(hands)
    crawl(examiner, "/", "/demo/", "/deconnexion", "/langue/en?vers=/aide")
    hands.open("/connexion")
    hands.press("Continuer")
    hands.says_error("Écrivez votre mot de passe.")
    examiner.look("sign-in-refused")
    hands.open("/activation/nouveau-code")
    hands.press("Recevoir un nouveau code")
    hands.says_error("Écrivez votre numéro de sécurité sociale.")
    examiner.look("new-code-refused")
    hands.open("/n-existe-pas")
    hands.title_is("Cette page n'existe pas, ou n'est pas pour vous")
    examiner.look("not-found")
    examiner.conclude()


def test_pages_of_a_sign_in(demo: Demo, chromium: Browser, apps: Callable[[str], AuthenticatorApp]) -> None:
    hands = new_hands(chromium, demo, "pages-sign-in")
    examiner, carer = Examiner(hands), demo.person("patients", "carer")
    hands.open("/connexion")
    hands.fill("Adresse e-mail", carer["email"])
    hands.fill("Mot de passe", carer["password"])
    hands.press("Continuer")
    hands.title_is("Recopiez le code de votre application")
    examiner.look("second-factor")
    hands.fill("Code", "0")
    hands.press("Entrer dans mon espace")
    hands.says_error("")
    examiner.look("second-factor-refused")
    hands.fill("Code", apps("carer").code())
    hands.press("Entrer dans mon espace")
    hands.title_is(re.compile("Quel dossier|Bonjour"))
    examiner.conclude()


def test_pages_of_a_professionals_sign_in(demo: Demo, chromium: Browser) -> None:
    hands = new_hands(chromium, demo, "pages-pro-sign-in", size=DESK)
    examiner = Examiner(hands)
    hands.open("/pro/connexion")
    hands.press("Se connecter avec Pro Santé Connect")
    hands.title_is("Fournisseur d'identité de démonstration")
    examiner.look("provider")
    hands.fill("Identifiant", "personne")
    hands.fill("Mot de passe", "rien")
    hands.press("Prouver mon identité")
    hands.says_error("")
    examiner.look("provider-refused")
    hands.open("/demo/psc/authorize")
    examiner.look("provider-unknown-request")
    sign_in_professional(hands, demo.person("professionals", "samu"))
    examiner.look("home")
    examiner.conclude()


@pytest.fixture
def letter(demo: Demo, tmp_path: Path) -> Newcomer:
    """Somebody who has just received a letter."""
    person = Newcomer("Anouk", "Legrand", "F", date(1985, 9, 2), 731, serial="7310000001")
    [code] = announce(demo, tmp_path, person)
    return replace(person, code=code)


def test_pages_of_an_activation(letter: Newcomer, demo: Demo, chromium: Browser) -> None:
    hands = new_hands(chromium, demo, "pages-activation")
    examiner = Examiner(hands)
    hands.open("/activation")
    hands.press("Vérifier et continuer")
    hands.says_error("Écrivez votre numéro de sécurité sociale.")
    examiner.look("1-refused")
    give_the_letter(hands, letter)
    hands.title_is("Votre adresse e-mail et votre mot de passe")
    examiner.look("2")
    hands.press("Recevoir un code")
    hands.says_error("Écrivez votre adresse e-mail.")
    examiner.look("2-refused")
    hands.fill("Votre adresse e-mail", "anouk.legrand@example.org")
    hands.fill("Votre mot de passe", "lanterne cactus prairie ruban")
    hands.press("Recevoir un code")
    hands.title_is("Recopiez le code reçu")
    received = mailed_code(hands, "anouk.legrand@example.org")
    hands.press("Vérifier ce code")
    hands.says_error("Écrivez le code à 6 chiffres.")
    examiner.look("3-refused")
    hands.fill("Code à 6 chiffres", received)
    hands.press("Vérifier ce code")
    hands.title_is("Choisissez une deuxième serrure")
    examiner.look("4")
    hands.press("Recevoir un SMS")
    hands.says_error("Écrivez votre numéro de téléphone portable.")
    examiner.look("4-refused")
    hands.fill("Votre numéro de téléphone portable", "06 12 34 56 78")
    hands.press("Recevoir un SMS")
    hands.title_is("Recopiez le code du SMS")
    hands.press("Vérifier ce code")
    hands.says_error("Écrivez le code à 6 chiffres.")
    examiner.look("5-sms-refused")
    hands.open("/activation/securite")
    hands.press("Choisir l'application")
    hands.title_is("Liez une application d'authentification")
    hands.press("Lier cette application")
    hands.says_error("Écrivez le code à 6 chiffres.")
    examiner.look("5-refused")
    key = hands.main().locator("p", has_text=re.compile(r"^([A-Z2-7]{4}\s?){8}$")).inner_text()
    hands.fill("Code à 6 chiffres", AuthenticatorApp(re.sub(r"\s", "", key)).code())
    hands.press("Lier cette application")
    hands.title_is("Gardez vos codes de secours")
    hands.press("Ouvrir mon espace")
    hands.says_error("Sans votre accord")
    examiner.look("6-refused")
    examiner.conclude()
