"""The quarantine desk in a browser: the second of two operators files one document, then proposes for another."""

from collections.abc import Callable

from .hands import Hands

HOME = "/admin/quarantaine"


def decide(hands: Hands, look: Callable[[str], None]) -> None:
    """As the privacy officer, who is signed in: what the administrator proposed, then a proposal of their own."""
    hands.open(HOME)
    look("office-quarantine")
    waiting = hands.page.locator(".row", has_text="Attend votre confirmation").first
    base = f"{HOME}/{str(waiting.locator('a').get_attribute('href')).rsplit('/', 1)[-1]}"
    hands.open(base)
    look("office-quarantine-proposed")
    hands.open(f"{base}/retirer")
    look("office-quarantine-withdraw")
    hands.open(f"{base}/confirmer")
    look("office-quarantine-confirm")
    hands.press("Ranger le document")
    hands.reads("Le document est rangé dans le dossier.")
    _propose(hands, look)


def _propose(hands: Hands, look: Callable[[str], None]) -> None:
    first = hands.page.locator("li.row:not(:has(.badge)) a.t").first
    base = f"{HOME}/{str(first.get_attribute('href')).rsplit('/', 1)[-1]}"
    hands.open(base)
    look("office-quarantine-document")
    hands.open(f"{base}/ranger")
    hands.press("Proposer ce dossier")
    hands.says_error("Écrivez le matricule INS.")
    look("office-quarantine-assign-refused")
    hands.open(f"{base}/ecarter")
    hands.press("Proposer de l'écarter")
    hands.says_error("Choisissez pourquoi il est écarté.")
    look("office-quarantine-discard-refused")
    hands.page.locator("[name=kind]").first.check()
    hands.press("Proposer de l'écarter")
    hands.reads("Votre proposition est notée.")
    look("office-quarantine-mine")
