"""Who sees what, decided by a person: each page that only an answer or a fresh proof leads to, examined on the way."""

import re
from collections.abc import Callable

from .hands import AuthenticatorApp, Demo, Hands
from .keepers import send
from .readers import enter, proves

Look = Callable[[str], None]


def gives_access(hands: Hands, demo: Demo, app: AuthenticatorApp, look: Look) -> None:
    """As the mother: a doctor found in the directory, the form of an access, nobody found."""
    base = f"/dossiers/{demo.person('patients', 'mother')['record']}/acces"
    hands.open(f"{base}/donner")
    send(hands, f"{base}/donner", name="belhadj")  # the only one of this name: the form of the access follows
    proves(hands, app)
    look("access-give")
    hands.open(f"{base}/donner")
    send(hands, f"{base}/donner", name="zzzz")
    look("access-nobody")


def proves_and_shares(hands: Hands, demo: Demo, app: AuthenticatorApp, once: Look) -> None:
    """Every form that opens something, behind a fresh proof."""
    mother, child = (
        f"/dossiers/{demo.person(*who)['record']}" for who in (("patients", "mother"), ("children", "child"))
    )
    hands.open(f"{mother}/acces")
    decided = _link(hands, "/acces/", r"/acces/[0-9a-f-]{36}$")
    places = {
        "proof": f"{decided}/preuve",
        "code-new": f"{mother}/acces/code/nouveau",
        "link-new": f"{mother}/acces/liens/nouveau",
        "drop-new": f"{mother}/acces/depots/nouveau",
        "carer-new": f"{mother}/acces/aidants/ajouter",
        "export": f"{mother}/historique/exporter",
        "parent-invite": f"{child}/acces/parents/inviter",
        "relative-ask": "/compte/proches/demande",
        "relative-invited": "/compte/proches/invitation",
    }
    for what, place in places.items():
        enter(hands, place, app)
        once(what)


def shows_a_code(hands: Hands, demo: Demo, app: AuthenticatorApp, look: Look) -> None:
    """Six digits on the phone; then nobody may use them any more."""
    base = f"/dossiers/{demo.person('patients', 'mother')['record']}/acces/code"
    enter(hands, f"{base}/nouveau", app)
    hands.main().locator(f"form[action='{base}/nouveau'] button[type=submit]").click()
    hands.page.wait_for_url(re.compile(r"/acces/code/[0-9a-f-]{36}$"))
    look("code-shown")
    send(hands, hands.page.url.removeprefix(hands.base_url) + "/fermer")


def gives_a_link(hands: Hands, guest: Hands, demo: Demo, app: AuthenticatorApp, look: Look, guest_looks: Look) -> None:
    """A link shown once, its documents searched for; who holds it opens it with its code, reads one and leaves."""
    base = f"/dossiers/{demo.person('patients', 'mother')['record']}/acces/liens"
    enter(hands, f"{base}/nouveau", app)
    hands.main().locator("input[name=document]").first.check()
    for words, seen in (("thyroide", "link-found"), ("tyroide", "link-not-found")):
        hands.main().locator("input[name=q]").fill(words)
        with hands.page.expect_navigation():
            hands.main().locator("input[name=q]").press("Enter")
        look(seen)
    hands.main().locator("input[name=label]").fill("Un frère")
    passcode = hands.main().locator("input[name=passcode]").input_value()
    hands.press("Faire le lien")
    look("link-made")
    address = hands.main().locator("#address").input_value()
    made = _link(hands, "/acces/liens/", r"/acces/liens/[0-9a-f-]{36}$")
    guest.page.goto(address)
    guest_looks("shared-enter")
    guest.main().locator("[name=name]").fill("Luc")
    guest.main().locator("[name=passcode]").fill("000000")
    _submit(guest)
    guest_looks("shared-refused")
    guest.main().locator("[name=passcode]").fill(passcode)
    _submit(guest)
    guest_looks("shared")
    shown = guest.page.url
    guest.main().locator("a.t").first.click()
    guest.page.wait_for_url(re.compile("/documents/"))
    guest_looks("shared-document")
    guest.page.goto(shown)
    _submit(guest)
    guest_looks("shared-left")
    guest.open(f"/partage/{'x' * 43}")
    guest_looks("link-dead")
    hands.open(made)
    send(hands, f"{made}/fermer")


def receives_a_file(
    hands: Hands, guest: Hands, demo: Demo, app: AuthenticatorApp, look: Look, guest_looks: Look
) -> None:
    """A link by which somebody leaves a file, refused without one; the file is thrown away."""
    base = f"/dossiers/{demo.person('patients', 'mother')['record']}/acces/depots"
    enter(hands, f"{base}/nouveau", app)
    send(hands, f"{base}/nouveau", label="Ostéopathe de la carte")
    look("drop-made")
    guest.page.goto(hands.main().locator("#address").input_value())
    guest_looks("drop-leave")
    _submit(guest)
    guest.says_error("")
    guest_looks("drop-refused")
    guest.main().locator("[name=name]").fill("Paul Riou")
    guest.main().locator("#file").set_input_files(
        {"name": "seances.txt", "mimeType": "text/plain", "buffer": "Dix séances faites.".encode()}
    )
    _submit(guest)
    guest_looks("drop-done")
    hands.open(base)
    left = str(hands.main().get_by_role("link", name=re.compile("Paul Riou")).first.get_attribute("href"))
    hands.open(left)
    look("drop-waits")
    send(hands, f"{left}/jeter")


def sees_as_others(hands: Hands, demo: Demo, look: Look) -> None:
    """Through a doctor's eyes: what is searched, what is not shown, and a page that only the person opens."""
    base = f"/dossiers/{demo.person('patients', 'mother')['record']}/voir-comme"
    hands.open(f"{base}/")
    eyes = _link(hands, "/voir-comme/", r"/voir-comme/[0-9a-f-]{36}/documents$").removesuffix("/documents")
    for place, words in (("documents/recherche", "TSH"), ("soins/recherche", "consultation")):
        hands.open(f"{eyes}/{place}")
        field = hands.main().locator("input[type=search], input[name=q], input[name=mots]").first
        field.fill(words)
        with hands.page.expect_navigation():
            field.press("Enter")
        look(f"seen-{place.replace('/', '-')}")
    for place in ("documents/non-montres", "deposer"):
        hands.open(f"{eyes}/{place}")
        look(f"seen-{place.replace('/', '-')}")


def _link(hands: Hands, part: str, shape: str = "") -> str:
    """The first address of the page's main part that has this part and this shape."""
    found = hands.main().locator(f"a[href*='{part}']").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    return next(str(one) for one in found if re.search(shape or re.escape(part), one))


def _submit(hands: Hands) -> None:
    with hands.page.expect_navigation():
        hands.main().locator("form button[type=submit]").last.click()
