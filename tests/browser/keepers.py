"""What people do to keep, lose and find their account, close their space and act for a child: every page on the way."""

import re
from collections.abc import Callable

from .announced import Newcomer
from .hands import AuthenticatorApp, Demo, Hands, mail

Look = Callable[[str], None]

WHO = "newcomer"
"""Nobody else's test signs in as them twice: a code serves once, and the next is half a minute away."""


def send(hands: Hands, place: str, **typed: str) -> None:
    """Fill the fields of the page's form by their names, and send it to `place`."""
    form = hands.main().locator(f"form[action='{place}']").first
    for name, value in typed.items():
        control = form.locator(f"[name={name}]")
        if value:
            control.fill(value)
        else:
            control.check()
    with hands.page.expect_navigation():
        form.locator("button[type=submit]").last.click()


def changes_their_locks(hands: Hands, look: Look) -> None:
    """Each change as far as the code that confirms it, and no further."""
    base = "/compte/securite"
    hands.open(f"{base}/adresse")
    send(hands, f"{base}/adresse", email="une.autre@example.org")
    look("account-email-code")
    hands.open(f"{base}/telephone")
    send(hands, f"{base}/telephone", phone="06 39 98 12 34")
    look("account-phone-code")
    hands.open(f"{base}/application")
    send(hands, f"{base}/application")
    look("account-app-code")
    hands.open(f"{base}/codes")
    send(hands, f"{base}/codes")
    look("account-new-codes")
    hands.open(f"{base}/code-par-e-mail")
    look("account-email-second")


def closes_and_comes_back(hands: Hands, look: Look) -> None:
    """A space closed, its pages, and everything back."""
    base = "/compte/cloture"
    hands.open(f"{base}/fermer")
    send(hands, f"{base}/fermer", sure="")
    hands.open(base)
    look("closed")
    hands.open(f"{base}/effacement")
    look("erasure")
    hands.open(f"{base}/rouvrir")
    look("reopening")
    send(hands, f"{base}/rouvrir")


def decides_for_a_child(hands: Hands, name: str, look: Look) -> None:
    """A profile to open, an objection, the way back."""
    hands.open("/compte/proches")
    opening = hands.main().get_by_role("link", name=re.compile(f"Ouvrir le profil d.*{name}")).get_attribute("href")
    assert opening is not None
    hands.open(opening)
    look("child-opening")
    objecting = opening.replace("/ouvrir", "/opposition")
    hands.open(objecting)
    send(hands, objecting)
    back = opening.replace("/ouvrir", "/retour")
    hands.open(back)
    look("child-back")
    send(hands, back)


def is_helped(hands: Hands, look: Look) -> None:
    """Somebody sits down beside; a page is hidden, and shown by its owner's code."""
    base = "/compte/accompagnement"
    hands.open(base)
    send(hands, base, first_name="Awa", family_name="Sow", organisation="France services", code="4826")
    hands.open(f"{base}/voir")
    look("helped")


def forgets_the_password(hands: Hands, demo: Demo, app: AuthenticatorApp, look: Look) -> None:
    """Both proofs, as far as the page of the new password."""
    base, email = "/acces-perdu/mot-de-passe", str(demo.person("patients", WHO)["email"])
    hands.open(base)
    send(hands, base, email=email)
    look("forgotten-code")
    received = re.search(r"\b\d{6}\b", mail(hands, email, "code"))
    assert received
    send(hands, f"{base}/code", code=received[0])
    look("forgotten-proof")
    send(hands, f"{base}/preuve", code=app.code())
    look("forgotten-new")


def loses_everything(hands: Hands, owner: Hands, demo: Demo, look: Look, owner_looks: Look) -> None:
    """The letter, the wait, the link that refuses; the owner sees it in their account."""
    person = demo.person("patients", WHO)
    birth = "/".join(reversed(str(person["birth_date"]).split("-")))
    hands.open("/acces-perdu/courrier/code")
    send(hands, "/acces-perdu/courrier/code", ins=person["ins"], birth_date=birth)
    received = re.search(r"\b[2-9A-Z]{4}[ -]?[2-9A-Z]{4}\b", mail(hands, person["email"], "provisoire"))
    assert received
    hands.open("/acces-perdu/courrier")
    facts = {"ins": person["ins"], "birth_date": birth, "vitale_serial": serial_of(demo), "code": received[0]}
    send(hands, "/acces-perdu/courrier", **facts)
    look("lost-followed")
    link = re.search(r"/acces-perdu/refuser/[\w-]+", mail(hands, person["email"], "/acces-perdu/refuser/"))
    assert link
    assert hands.open(link[0]) == 200
    look("lost-link")
    owner.open("/compte/acces-perdu")
    owner_looks("lost-owner")
    send(owner, "/compte/acces-perdu")


def serial_of(_demo: Demo) -> str:
    """What stands on their card, as the demo's cast says."""
    from espace.demo.cast import PATIENTS

    return next(one for one in PATIENTS if one.key == WHO).vitale_serial


def thinks_of_refusing(hands: Hands, person: Newcomer, look: Look) -> None:
    """The letter, and what refusing would change."""
    hands.open("/opposition")
    facts = {"ins": person.ins, "birth_date": f"{person.birth:%d/%m/%Y}", "code": person.code}
    send(hands, "/opposition", **facts)
    assert hands.page.url.endswith("/opposition/choix")
    look("refusing")
