"""Every page that people reach, examined: axe-core, narrow screens, spaced text, keyboard, console, no other site."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser

from tests.house.access_table import ACCESS, DEMO
from tests.support.papers import pdf

from . import deciders, families, keepers, officers, practitioners, readers
from .activating import give_the_letter, mailed_code
from .announced import Newcomer, announce
from .examination import Fault, examine, portraits
from .hands import DESK, AuthenticatorApp, Demo, Hands, new_hands, sign_in, sign_in_professional

_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOKEN = re.compile(
    r"^(/acces-perdu/refuser/|/compte/proches/invitations/lien/|/depot/|/partage/|/dossiers/\*/historique/visites/"
    r"|/dossiers/\*/voir-comme/)[^/]+"
)
_NOT_PAGES = ("/contenu", "/original", "/xdm", "/images/", "/static/", "/langue/", "/codes/texte")
_QUERY_ALIKE = re.compile(r"/filtrer$|/voir-comme/")
"""Pages whose query changes nothing that an eye of a test would see."""
_ALIKE = re.compile(
    r"^/(?!dossiers/|compte/proches)|/voir-comme/|/filtrer|/historique|/acces/(?!parents)|/soins|/documents[/?]"
)
"""Pages that look alike whoever opens them: whoever comes second does not have them examined again."""
_SAMPLES = {"/dossiers/*/acces/*": 5, "/dossiers/*/documents/*": 2}
"""Pages that look different from one thing to the next: how many of them are examined."""

# What no link of the crawl shows, and why.
_NO_PAGE = {
    "/.well-known/security.txt", "/healthz", "/readyz", "/robots.txt", "/manifest.webmanifest", "/static/*",
    "/langue/*", "/activation/codes/texte", "/pro/connexion/retour",
    "/dossiers/*/documents/ajouter/*/pages/*",  # a picture of what is being added
    "/demo/psc/.well-known/openid-configuration", "/demo/psc/jwks", "/demo/psc/logout", "/demo/psc/userinfo",
    "/invitation/codes/texte", "/compte/securite/codes/nouveaux/texte", "/connexion/identite/retour",
    "/opposition/attestation", "/compte/cloture/attestation", "/compte/cloture/preuve",  # papers
    "/connexion/cle",  # leads to the door; a refusal stands on the door's page
    "/dossiers/*/pouls", "/pro/patients/*/pouls", "/partage/*/pouls",  # whether an open page may stay
    "/dossiers/*/acces/code/*/etat",  # a part of the page of a code
    "/dossiers/*/acces/depots/fichiers/*/image", "/dossiers/*/acces/aidants/*/papier/*",  # pictures
    "/admin/demandes/*/preuve/*", "/admin/restrictions/*/*/preuve/*",  # pictures of papers
    "/partage/*/documents/*/fichier", "/partage/fichiers/*",  # files
}  # fmt: skip
_NO_PAGE |= {  # pictures and files of a document
    f"{base}/documents/*/{what}"
    for base in ("/dossiers/*", "/pro/patients/*", "/dossiers/*/voir-comme/*", "/partage/*")
    for what in ("contenu", "original", "xdm", "pages/*", "images/*")
}
_NOBODY_OF_THE_CAST = {
    "/pro/connexion/lieu",  # needs a professional with several places of practice
    "/connexion/identite", "/activation/identite", "/compte/securite/identite",  # the demo has no such provider
    "/compte/cloture/nouveau",  # after an erasure, thirty days later
    "/dossiers/*/grandir/lecture",  # needs a child of 15, whose parents agree to a reading access
    "/compte/securite/cles/*",  # needs a device that holds a passkey: tests/browser/test_passkeys.py
}  # fmt: skip

examined: set[str] = set()
"""The shapes of the pages examined by the tests of this file."""


def shape(url: str) -> str:
    """An address with its identifiers replaced: `/dossiers/*/documents?avant`."""
    parts = urlsplit(url)
    path = _TOKEN.sub(r"\1*", _IDENTIFIER.sub("*", parts.path))
    keys = sorted({key for key, _ in parse_qsl(parts.query)})
    return f"{path}?{'&'.join(keys)}" if keys else path


@dataclass
class Examiner:
    """Looks at pages one by one and keeps what is wrong with them."""

    hands: Hands
    faults: list[Fault] = field(default_factory=list)

    def look(self, what: str) -> None:
        """Examine the page that is open and keep its picture."""
        self.faults += examine(self.hands, f"{self.hands.name} {what}")
        portraits(self.hands, what)
        examined.add(shape(self.hands.page.url).partition("?")[0])

    def once(self, what: str) -> None:
        """Examine the page that is open, unless one like it was."""
        if shape(self.hands.page.url).partition("?")[0] not in examined:
            self.look(what)

    def conclude(self) -> None:
        """Say everything that was found at once."""
        lines = dict.fromkeys(f"{fault.page}: {fault.kind}: {fault.what}" for fault in self.faults)
        assert not lines, "\n".join(lines)
        self.hands.close()


def _crawl(examiner: Examiner, *starts: str) -> list[str]:
    """Examine every page that links lead to, each shape once or as often as it deserves; gives the shapes."""
    hands, waiting, times, before = examiner.hands, list(starts), dict[str, int](), frozenset(examined)
    while waiting:
        place = waiting.pop(0)
        mould, path = shape(place), shape(place).partition("?")[0]
        mould = path if _QUERY_ALIKE.search(path) else mould
        if "&" in mould:  # one choice at a time: with two, pages look as with one
            continue
        if times.get(mould, 0) >= _SAMPLES.get(mould, 1) or any(part in place for part in _NOT_PAGES):
            continue
        times[mould] = times.get(mould, 0) + 1
        status = hands.open(place)
        assert status == 200, f"{place} answers {status}"
        came = shape(hands.page.url).partition("?")[0]
        if not (came != path and came in examined) and not (came in before and _ALIKE.search(mould)):
            name = re.sub(r"\W+", "-", mould.replace("*", "x")).strip("-") or "first"
            examiner.look(f"{name}-{times[mould]}")
        links = hands.page.locator("a[href^='/']").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        waiting += [link.partition("#")[0] for link in dict.fromkeys(links)]
    return sorted(times)


@pytest.mark.parametrize("key", ["mother", "newcomer"])
def test_pages_of_a_person(key: str, demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    examiner = Examiner(new_hands(chromium, demo, f"pages-{key}", state=kept(key)))
    shapes = _crawl(examiner, "/", "/dossiers/", "/connexion/preuve")
    print(f"\n{key}: {len(shapes)} shapes of pages")
    examiner.conclude()


def test_pages_of_documents_for_who_keeps_them(
    demo: Demo, chromium: Browser, kept: Callable[[str], Any], apps: Callable[[str], AuthenticatorApp]
) -> None:
    mother = Examiner(new_hands(chromium, demo, "pages-documents", state=kept("mother")))
    readers.finds(mother.hands, demo, mother.look)
    own = readers.adds(mother.hands, demo, mother.look)
    readers.decides(mother.hands, demo, own, apps("mother"), mother.look)
    readers.reads_care(mother.hands, demo, apps("mother"), mother.look)
    mother.conclude()


def test_pages_of_documents_for_a_minor_and_a_tired_person(
    demo: Demo, chromium: Browser, kept: Callable[[str], Any], apps: Callable[[str], AuthenticatorApp]
) -> None:
    teen = Examiner(new_hands(chromium, demo, "pages-teen", state=kept("teen")))
    readers.teen_decides(teen.hands, demo, apps("teen"), teen.look)
    teen.conclude()
    retired = Examiner(new_hands(chromium, demo, "pages-retired", state=kept("retired")))
    readers.retired_searches(retired.hands, demo, retired.look)
    retired.conclude()


def test_pages_of_documents_for_a_doctor(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    doctor = Examiner(new_hands(chromium, demo, "pages-doctor", size=DESK, state=kept("gp")))
    readers.doctor_decides(doctor.hands, demo, doctor.look)
    readers.doctor_keeps(doctor.hands, demo, doctor.look)
    doctor.conclude()


def test_pages_of_a_parent_on_a_childs_record(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    child = demo.person("children", "child")["display_name"]
    examiner = Examiner(new_hands(chromium, demo, "pages-child", state=kept("second_parent")))
    examiner.hands.open("/dossiers/")
    examiner.hands.follow(child)
    examiner.hands.title_is(f"Le dossier de {child.split()[0]}")
    _crawl(examiner, examiner.hands.page.url.removeprefix(demo.base_url))
    examiner.conclude()


def test_pages_of_a_professional(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    hands = new_hands(chromium, demo, "pages-gp", size=DESK, state=kept("gp"))
    examiner = Examiner(hands)
    _crawl(examiner, "/pro/")
    hands.open("/pro/patients")
    hands.fill("Matricule INS", "123")
    hands.fill("Date de naissance", "hier")
    hands.press("Ouvrir le dossier")
    hands.says_error("il en faut 15")
    examiner.look("search-refused")
    _deposit(examiner, demo.person("patients", "newcomer"))
    examiner.conclude()


def _deposit(examiner: Examiner, patient: dict[str, Any]) -> None:
    hands = examiner.hands
    hands.open("/pro/patients")
    hands.fill("Matricule INS", patient["ins"])
    hands.fill("Date de naissance", patient["birth_date"])
    hands.press("Ouvrir le dossier")
    hands.title_is("Page du patient")
    examiner.look("patient-without-access")
    hands.follow("Demander à lire le dossier")
    hands.title_is("Demander à lire le dossier")
    hands.press("Envoyer la demande")
    hands.says_error("")
    examiner.look("ask-refused")
    hands.page.get_by_role("navigation", name="Dossier de").get_by_role("link", name="Déposer").click()
    hands.title_is("Déposer un document")
    hands.press("Envoyer le fichier")
    hands.says_error("Choisissez d'abord un fichier")
    examiner.look("deposit-no-file")
    hands.attach("Choisir le document", "ordonnance.pdf", "application/pdf", pdf("Repos"))
    hands.press("Envoyer le fichier")
    hands.title_is("Relire et déposer")
    hands.fill("Date du document", "demain")
    hands.press(f"Déposer dans le dossier de {patient['display_name']}")
    hands.says_error("Écrivez la date")
    examiner.look("deposit-refused")
    hands.fill("Date du document", "01/06/2025")
    hands.press(f"Déposer dans le dossier de {patient['display_name']}")
    hands.title_is("Document déposé")
    examiner.look("deposited")


def test_pages_for_anybody(demo: Demo, chromium: Browser) -> None:
    hands = new_hands(chromium, demo, "pages-visitor")
    examiner = Examiner(hands)
    _crawl(examiner, "/", "/demo/", "/deconnexion", "/langue/en?vers=/aide")
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


def test_pages_of_operators(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    for walk in (officers.at_the_counter, officers.before_a_record, officers.among_operators):
        examiner = Examiner(new_hands(chromium, demo, f"pages-{walk.__name__}", size=DESK))
        walk(examiner.hands, demo, examiner.look)
        examiner.conclude()
    guest = Examiner(new_hands(chromium, demo, "pages-guest"))
    officers.as_a_guest(guest.hands, guest.look)
    guest.conclude()
    told = Examiner(new_hands(chromium, demo, "pages-told", state=kept("retired")))
    families.contests_a_link(told.hands, demo, told.look)
    told.conclude()
    # Acts are one route each, whose pages are named after them.
    acts = ("personnes/*", "operateurs/*", "quarantaine/*", "demandes/*", "restrictions/*/*")
    for base in (f"/admin/{act}" for act in acts):
        assert any(place.startswith(f"{base}/") for place in examined)
        examined.add(f"{base}/*")


def test_pages_of_who_keeps_and_loses_an_account(
    demo: Demo, chromium: Browser, tmp_path: Path, apps: Callable[[str], AuthenticatorApp]
) -> None:
    person = demo.person("patients", keepers.WHO)
    child = Newcomer("Timéo", "Diallo", "M", date(2019, 4, 2), 871, parents=(person["ins"],))
    refusing = Newcomer("Odette", "Lambert", "F", date(1951, 9, 6), 872)
    announce(demo, tmp_path, child)
    [code] = announce(demo, tmp_path, refusing)
    owner = Examiner(new_hands(chromium, demo, "pages-owner"))
    sign_in(owner.hands, person, apps(person["key"]))
    keepers.decides_for_a_child(owner.hands, child.given, owner.look)
    keepers.changes_their_locks(owner.hands, owner.look)
    keepers.closes_and_comes_back(owner.hands, owner.look)
    other = Examiner(new_hands(chromium, demo, "pages-lost"))
    keepers.thinks_of_refusing(other.hands, replace(refusing, code=code), other.look)
    keepers.loses_everything(other.hands, owner.hands, demo, other.look, owner.look)
    keepers.forgets_the_password(other.hands, demo, apps(person["key"]), other.look)
    other.hands.open("/calendrier")
    other.look("outside")
    other.conclude()
    keepers.is_helped(owner.hands, owner.look)
    owner.conclude()


def test_pages_of_who_decides_about_accesses(
    demo: Demo, chromium: Browser, kept: Callable[[str], Any], apps: Callable[[str], AuthenticatorApp]
) -> None:
    mother, app = Examiner(new_hands(chromium, demo, "pages-decider", state=kept("mother"))), apps("mother")
    guest = Examiner(new_hands(chromium, demo, "pages-guest-of-a-link"))
    deciders.gives_access(mother.hands, demo, app, mother.look)
    deciders.proves_and_shares(mother.hands, demo, app, mother.once)
    deciders.shows_a_code(mother.hands, demo, app, mother.look)
    deciders.gives_a_link(mother.hands, guest.hands, demo, app, mother.look, guest.look)
    deciders.receives_a_file(mother.hands, guest.hands, demo, app, mother.look, guest.look)
    deciders.sees_as_others(mother.hands, demo, mother.look)
    examined.add("/dossiers/*/voir-comme/*/*")  # whatever only the person opens: one page says so
    guest.conclude()
    mother.conclude()


def test_pages_of_families(
    demo: Demo, chromium: Browser, kept: Callable[[str], Any], apps: Callable[[str], AuthenticatorApp]
) -> None:
    father = Examiner(new_hands(chromium, demo, "pages-father", state=kept("retired")))
    daughter = Examiner(new_hands(chromium, demo, "pages-daughter", state=kept("carer")))
    families.decides_about_a_carer(father.hands, demo, apps("retired"), father.once, father.look)
    families.asks_a_carer_why(father.hands, daughter.hands, demo, father.once, daughter.once)
    families.follows_a_link_for_another(daughter.hands, daughter.look)
    families.sees_them_grow(daughter.hands, demo, daughter.look)
    father.conclude()
    daughter.conclude()
    teen = Examiner(new_hands(chromium, demo, "pages-growing", state=kept("teen")))
    families.grows_up(teen.hands, demo, apps("teen"), teen.look)
    teen.conclude()


def test_pages_of_rare_acts_of_professionals(demo: Demo, chromium: Browser) -> None:
    doctor = Examiner(new_hands(chromium, demo, "pages-agreement", size=DESK))
    practitioners.writes_an_agreement_down(doctor.hands, demo, doctor.look)
    practitioners.explains_visits(doctor.hands, doctor.once)
    doctor.conclude()
    rescuer = Examiner(new_hands(chromium, demo, "pages-emergency", size=DESK))
    practitioners.opens_in_an_emergency(rescuer.hands, demo, rescuer.once, rescuer.look)
    rescuer.conclude()
    nurse = Examiner(new_hands(chromium, demo, "pages-secret", size=DESK))
    practitioners.keeps_a_visit_secret(nurse.hands, demo, nurse.look)
    nurse.conclude()


def test_every_page_of_the_map_was_examined(request: pytest.FixtureRequest) -> None:
    """The tables of routes name every page; whatever is no page, or cannot be shown by the cast, is listed above."""
    here = {item.name for item in request.session.items if item.path == request.path}
    if len(here) < len([name for name in globals() if name.startswith("test_")]):
        pytest.skip("only some of these tests run")
    routes = {*ACCESS, *DEMO}
    pages = {re.sub(r"<[^>]+>", "*", route.partition(" ")[2]) for route in routes if route.startswith("GET ")}
    assert sorted(pages - examined - _NO_PAGE - _NOBODY_OF_THE_CAST) == []
