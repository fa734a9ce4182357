"""Links between people and what was read, at the desks of the house: papers, requests, decisions, contests, alerts."""

from collections.abc import Callable

from .hands import AuthenticatorApp, Demo, Hands
from .keepers import send
from .readers import enter

Look = Callable[[str], None]

_ROWS = "main ul.rows a.t"


def takes_a_paper(hands: Hands, demo: Demo, look: Look) -> None:
    """As an agent of the counter: somebody names a carer on paper; the paper is not entered."""
    hands.open("/admin/mandats")
    look("paper-search")
    helped, carer = demo.person("activation", "unactivated"), demo.person("patients", "carer")
    send(hands, "/admin/mandats", ins=helped["ins"], birth_date=_birth(helped["birth_date"]))
    desk = hands.page.url.removeprefix(hands.base_url)
    look("paper-helped")
    send(hands, f"{desk}/aidant", ins=carer["ins"], birth_date=_birth(carer["birth_date"]))
    look("paper-both")
    form = hands.main().locator(f"form[action='{desk}/identite']")
    for each in form.locator("select").all():
        each.select_option(index=1)
    form.locator("[name=own_end]").fill("4T8Z")
    form.locator("[name=carer_end]").fill("K2M9")
    send(hands, f"{desk}/identite", traits="", face="")
    look("paper")


def looks_at_a_request(hands: Hands, look: Look) -> None:
    """As an agent of the counter: a request about somebody unknown here, which may only be refused."""
    hands.open("/admin/demandes")
    look("requests")
    hands.open(next(place for place in reversed(_rows(hands)) if place.startswith("/admin/demandes/")))
    look("request")
    hands.open(str(hands.main().locator("a[href$='/refuser']").get_attribute("href")))
    look("request-refuse")


def confirms_a_request(hands: Hands, app: AuthenticatorApp, look: Look) -> None:
    """As the privacy officer: what the counter proposed, confirmed."""
    hands.open("/admin/demandes")
    for place in _rows(hands):
        hands.open(place)
        if hands.main().locator("a[href$='/confirmer']").count():
            look("request-proposed")
            enter(hands, f"{place}/confirmer", app)
            look("request-confirm")
            send(hands, f"{place}/confirmer")
            return
    raise AssertionError("no request waits for a second person")


def weighs_a_decision(hands: Hands, look: Look) -> None:
    """A court's decision: entered by the counter, to be confirmed; and the form of another."""
    hands.open("/admin/restrictions")
    look("restrictions")
    decision = next(place for place in _rows(hands) if "saisir" not in place and "/restrictions/" in place)
    hands.open("/admin/restrictions/saisir")
    look("restriction-enter")
    hands.open(decision)
    look("restriction")
    hands.open(f"{decision}/confirmer")
    look("restriction-confirm")


def looks_into_readings(hands: Hands, app: AuthenticatorApp, look: Look) -> None:
    """Contested visits, emergencies, alerts; a professional stopped, then restored."""
    for what in ("contestations", "urgences", "alertes"):
        hands.open(f"/admin/{what}")
        look(what)
        hands.open(next(place for place in _rows(hands) if place.startswith(f"/admin/{what}/")))
        look(f"{what}-one")
    alert = hands.page.url.removeprefix(hands.base_url)
    hands.main().locator("[name=decision][value=suspended]").check()
    send(hands, alert, words="À éclaircir avec le service.")
    hands.open("/admin/alertes?etat=regle")
    look("alertes-settled")
    enter(hands, f"{alert}/retablir", app)
    look("alert-restore")
    send(hands, f"{alert}/retablir")


def _rows(hands: Hands) -> list[str]:
    found: list[str] = hands.page.locator(_ROWS).evaluate_all("all => all.map(one => one.getAttribute('href'))")
    return found


def _birth(day: str) -> str:
    return "/".join(reversed(day.split("-")))
