"""What operators do on their pages, step by step, each page examined on the way."""

import re
from collections.abc import Callable
from typing import Any

from . import desk, family_desk
from .hands import AuthenticatorApp, Demo, Hands, mail, plain, sign_in

GUEST = "zoe.leroux@office.example.org"


def enter(hands: Hands, demo: Demo, role: str) -> AuthenticatorApp:
    """Sign in as the operator of this role; gives their app."""
    officer = demo.person("operators", role)
    app = AuthenticatorApp(officer["totp_secret"])
    sign_in(hands, officer, app)
    return app


def find(hands: Hands, place: str, person: dict[str, Any]) -> None:
    """Find a person by number and birth date."""
    hands.open(place)
    type_identity(hands, person)
    hands.press("Trouver cette personne")


def type_identity(hands: Hands, person: dict[str, Any]) -> None:
    """Type the number and the birth date of a person."""
    hands.fill("Matricule INS", person["ins"])
    hands.fill("Date de naissance", "/".join(reversed(person["birth_date"].split("-"))))


def at_the_counter(hands: Hands, demo: Demo, look: Callable[[str], None]) -> None:
    """A child and a parent, somebody who may have their letter; then papers and requests."""
    enter(hands, demo, "counter")
    look("office-counter")
    hands.open("/admin/guichet")
    hands.press("Trouver cette personne")
    hands.says_error("Écrivez le matricule INS.")
    look("office-search-refused")
    find(hands, "/admin/guichet", demo.person("children", "child"))
    hands.title_is("Comparer l'identité")
    look("office-child")
    type_identity(hands, demo.person("patients", "mother"))
    hands.press("Trouver cette personne")
    hands.press("Confirmer l'identité")
    hands.says_error("Choisissez la pièce présentée.")
    look("office-parent-refused")
    find(hands, "/admin/guichet", demo.person("patients", "carer"))
    hands.choose("Pièce présentée", "Passeport")
    hands.fill("4 derniers caractères de son numéro", "K7PM")
    hands.tick("Les noms et la date de naissance correspondent")
    hands.tick("Le visage correspond à la photo")
    hands.press("Confirmer l'identité")
    hands.title_is("Imprimer le code")
    look("office-print")
    family_desk.takes_a_paper(hands, demo, look)
    family_desk.looks_at_a_request(hands, look)


def before_a_record(hands: Hands, demo: Demo, look: Callable[[str], None]) -> None:
    """Families and readings, then each act on a record as far as its page; a death declared, an heir, all withdrawn."""
    app = enter(hands, demo, "privacy_officer")
    look("office-waiting")
    family_desk.confirms_a_request(hands, app, look)
    family_desk.weighs_a_decision(hands, look)
    family_desk.looks_into_readings(hands, app, look)
    desk.decide(hands, look)
    for place in ("/admin/personnes", "/admin/activite"):
        hands.open(place)
        look(f"office{place.replace('/', '-')}")
    find(hands, "/admin/personnes", demo.person("patients", "second_parent"))
    hands.title_is(re.compile("Dossier de"))
    base = hands.page.url.removeprefix(hands.base_url)
    look("office-record")
    hands.open(f"{base}/suspendre")
    hands.press("Suspendre le dossier")
    hands.says_error("Choisissez ce qui a été constaté.")
    look("office-suspend-refused")
    hands.open(f"{base}/deces")
    hands.fill("Jour du décès", "02/11/2026")
    hands.choose("Ce qui le prouve", "Acte de décès")
    hands.press("Constater le décès")
    hands.reads("Le décès est constaté.")
    hands.open(f"{base}/heritier")
    look("office-heir")
    type_identity(hands, demo.person("patients", "mother"))
    hands.page.get_by_label("Lien avec la personne décédée").select_option(index=1)
    hands.page.locator("[name=motive]").first.check()
    hands.press("Noter la demande")
    look("office-record-of-the-dead")
    hands.follow(demo.person("patients", "mother")["display_name"])
    hands.title_is("Décider de la demande d'un héritier")
    look("office-decide")
    hands.open("/admin/")
    look("office-waiting-heir")
    hands.open(f"{base}/deces-errone")
    hands.fill("Motif, gardé dans l'historique", "Erreur de la mairie.")
    hands.press("Annuler un décès constaté par erreur")
    hands.reads("Le dossier est comme avant.")


def among_operators(hands: Hands, demo: Demo, look: Callable[[str], None]) -> None:
    """The list, an invitation, one operator and the pages of acts."""
    enter(hands, demo, "administrator")
    look("office-health")
    hands.open("/admin/operateurs")
    look("office-operators")
    hands.open("/admin/operateurs/inviter")
    hands.press("Envoyer l'invitation")
    hands.says_error("Écrivez le prénom et le nom.")
    look("office-invite-refused")
    hands.fill("Prénom et nom", "Zoé Leroux")
    hands.fill("Adresse e-mail professionnelle", GUEST)
    hands.page.locator("[name=role][value=counter]").check()
    hands.press("Envoyer l'invitation")
    hands.title_is("Zoé Leroux")
    look("office-operator")
    hands.follow("Retirer")
    look("office-operator-act")


def as_a_guest(hands: Hands, look: Callable[[str], None]) -> None:
    """The first sign-in of who was invited, as far as the recovery codes."""
    code = re.search(r"\b\w{4} \w{4} \w{4}\b", mail(hands, GUEST, "Votre invitation"))
    assert code is not None
    hands.open("/invitation")
    hands.press("Continuer")
    hands.says_error("Écrivez le code de votre invitation.")
    look("invitation-refused")
    hands.fill("Votre adresse e-mail", GUEST)
    hands.fill("Code de l'invitation", code.group())
    hands.press("Continuer")
    hands.title_is(re.compile("mot de passe"))
    look("invitation-password")
    hands.page.locator("[name=password]").fill("sept parapluies au grenier")
    hands.press("Garder ce mot de passe")
    look("invitation-app")
    secret = plain(hands.page.locator("#key").inner_text()).replace(" ", "")
    hands.page.locator("[name=code]").fill(AuthenticatorApp(secret).code())
    hands.press("Lier cette application")
    hands.title_is("Gardez vos codes de secours")
    look("invitation-codes")
