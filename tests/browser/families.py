"""Carers, parents and young people: what each decides about the others, each page examined on the way."""

import re
from collections.abc import Callable

from .hands import AuthenticatorApp, Demo, Hands
from .keepers import send
from .readers import enter, record_of

Look = Callable[[str], None]


def decides_about_a_carer(hands: Hands, demo: Demo, app: AuthenticatorApp, once: Look, look: Look) -> None:
    """As a retired father: what his daughter may do, less, more, what she did; somebody else asked, not yet sent."""
    base = f"/dossiers/{demo.person('patients', 'retired')['record']}/acces/aidants"
    hands.open(base)
    daughter = hands.main().get_by_role("link", name=re.compile("Soazig")).first.get_attribute("href")
    assert daughter is not None
    for step in ("", "/reduire", "/releve"):
        hands.open(daughter + step)
        once(f"carer{step.replace('/', '-')}")
    enter(hands, f"{daughter}/elargir", app)
    once("carer-more")
    enter(hands, f"{base}/ajouter", app)
    hands.main().locator("[name=name]").fill("Jeanne Le Goff")
    hands.main().locator("[name=email]").fill("jeanne.legoff@example.org")
    _submit(hands, f"{base}/ajouter")
    look("carer-summary")


def asks_a_carer_why(hands: Hands, carer: Hands, demo: Demo, once: Look, carer_once: Look) -> None:
    """He asks his daughter about a visit; she finds the question among hers."""
    base = f"/dossiers/{demo.person('patients', 'retired')['record']}/historique"
    hands.open(f"{base}?par=proches&sans-reponse=oui")
    visit = str(hands.main().locator(f"a[href^='{base}/visites/']").first.get_attribute("href"))
    hands.open(visit)
    once("visit")
    with hands.page.expect_navigation():
        hands.main().get_by_role("button", name="Demander pourquoi").click()
    carer.open("/compte/explications")
    carer_once("asked-why")
    carer.open(str(carer.main().locator("a[href^='/compte/explications/']").first.get_attribute("href")))
    carer_once("answer-why")


def follows_a_link_for_another(hands: Hands, look: Look) -> None:
    """The link of a message that was for somebody else."""
    hands.open("/compte/proches/invitations/lien/unknown")
    look("invitation-not-for-you")


def contests_a_link(hands: Hands, demo: Demo, look: Look) -> None:
    """As the retired father, once two people of the house accepted what his daughter asked: he may contest."""
    base = f"/dossiers/{demo.person('patients', 'retired')['record']}/acces/parents"
    hands.open(base)
    look("link-announced")
    hands.open(str(hands.main().locator("a[href$='/contester']").first.get_attribute("href")))
    look("link-contest")


def grows_up(hands: Hands, demo: Demo, app: AuthenticatorApp, look: Look) -> None:
    """As a teen: what changes with age, a document and a care kept from the parents."""
    record = f"/dossiers/{demo.person('patients', 'teen')['record']}"
    hands.open(f"{record}/grandir")
    look("growing")
    hands.open(_with(hands, record_of(demo, "teen"), "h3 a", "a[href$='/secret']") + "/secret")
    look("keep-secret")
    visit = _with(hands, f"{record}/soins", "#soins a", "a[href$='/parents'], form[action$='/secret']")
    if not hands.main().locator(f"a[href='{visit}/parents']").count():
        send(hands, f"{visit}/secret")
    enter(hands, f"{visit}/parents", app)
    look("care-to-parents")


def sees_them_grow(hands: Hands, demo: Demo, look: Look) -> None:
    """As the teen's mother: the same page, in the words for parents."""
    hands.open(f"/dossiers/{demo.person('patients', 'teen')['record']}/grandir")
    look("growing-parent")


def _with(hands: Hands, base: str, links: str, wanted: str) -> str:
    """The address of the first page, among those listed, which holds what is wanted."""
    hands.open(base)
    found = hands.main().locator(links).evaluate_all("all => all.map(one => one.getAttribute('href'))")
    for place in dict.fromkeys(str(one).partition("?")[0].partition("#")[0] for one in found):
        if re.search(r"/[0-9a-f-]{36}$", place):
            hands.open(place)
            if hands.main().locator(wanted).count():
                return place
    raise AssertionError(f"nothing under {base} shows {wanted}")


def _submit(hands: Hands, place: str) -> None:
    with hands.page.expect_navigation():
        hands.main().locator(f"form[action='{place}'] button[type=submit]").last.click()
