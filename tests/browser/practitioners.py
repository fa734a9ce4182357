"""Rare pages of professionals: an agreement written down, a secret connection, an emergency as far as its last step."""

from collections.abc import Callable
from typing import Any

from tests.support.papers import pdf

from .hands import Demo, Hands, sign_in_professional
from .keepers import send

Look = Callable[[str], None]


def _find(hands: Hands, person: dict[str, Any], place: str = "/pro/patients") -> str:
    """Find the patient by number and birth date; gives the address of their page."""
    hands.open(place)
    send(hands, place, ins=person["ins"], birth_date="/".join(reversed(person["birth_date"].split("-"))))
    return f"/pro/patients/{person['record']}"


def writes_an_agreement_down(hands: Hands, demo: Demo, look: Look) -> None:
    """As the doctor, the patient beside: for whom, then what is to be said and was answered."""
    sign_in_professional(hands, demo.person("professionals", "gp"))
    base = _find(hands, demo.person("patients", "mother"))
    hands.open(f"{base}/consentement/recueillir")
    look("agreement-for-whom")
    send(hands, f"{base}/consentement/recueillir", name="belhadj")
    look("agreement")


def explains_visits(hands: Hands, once: Look) -> None:
    """As the doctor: the lists of what is asked about visits, and of emergencies; the code of a counter."""
    for place in ("/pro/explications", "/pro/urgences", "/pro/patients/code"):
        hands.open(place)
        once(place.removeprefix("/").replace("/", "-"))


def opens_in_an_emergency(hands: Hands, demo: Demo, once: Look, look: Look) -> None:
    """As a doctor of the centre 15: the reason, and what it will do; nothing is opened."""
    sign_in_professional(hands, demo.person("professionals", "samu"))
    hands.open("/pro/urgence")
    once("emergency-entry")
    base = _find(hands, demo.person("patients", "mother"), "/pro/urgence")
    hands.open(f"{base}/urgence")
    look("emergency-reason")
    hands.main().locator("[name=why]").first.check()
    hands.main().locator("[name=words]").fill("Malaise dans la rue, personne ne répond à sa place.")
    with hands.page.expect_navigation():
        hands.main().locator(f"form[action='{base}/urgence'] button[type=submit]").first.click()
    look("emergency-confirm")


def keeps_a_visit_secret(hands: Hands, demo: Demo, look: Look) -> None:
    """As a nurse with a teen: the secret connection, and a deposit that the parents do not see, shown to them."""
    sign_in_professional(hands, demo.person("professionals", "nurse"))
    base = _find(hands, demo.person("patients", "teen"))
    hands.open(f"{base}/connexion-secrete")
    look("secret-connection")
    hands.open(f"{base}/deposer")
    hands.attach("Choisir le document", "pansement.pdf", "application/pdf", pdf("Pansement à refaire"))
    hands.press("Envoyer le fichier")
    hands.title_is("Relire et déposer")
    hands.fill("Titre que lira le patient", "Pansement de la carte")
    hands.main().locator("[name=representatives_see]").last.check()
    hands.main().locator("form button[type=submit]", has_text="Déposer dans le dossier").click()
    hands.title_is("Document déposé")
    hands.open(str(hands.main().locator("a[href$='/parents']").get_attribute("href")))
    look("deposit-to-parents")
