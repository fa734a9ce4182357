"""What people and professionals do with messages, step by step, each page examined on the way."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import FilePayload

from .hands import Demo, Hands

Look = Callable[[str], None]
_LIST = b"from,to\nancien.mssante.fr,nouveau.mssante.fr\n"


def _press(hands: Hands, act: str) -> None:
    """Press the button of the message that does this act."""
    with hands.page.expect_navigation():
        hands.main().locator(f"button[name=geste][value={act}]").last.click()


def _unfolded(hands: Hands) -> None:
    for one in hands.main().locator("details:not([open]) > summary").all():
        one.click()


def _seeks(hands: Hands, base: str, words: str) -> None:
    hands.open(base)
    typed = hands.main().locator("form[action$='/recherche'] input[name=q]")
    typed.fill(words)
    with hands.page.expect_navigation():
        typed.press("Enter")


def _path(hands: Hands) -> str:
    return urlsplit(hands.page.url).path


def writes_to_several(hands: Hands, demo: Demo, look: Look) -> None:
    """As the mother: what is sought, a message refused, one with documents of the record, read again before it goes."""
    base = f"/dossiers/{demo.person('patients', 'mother')['record']}/messages"
    for what, words in {"found": "bonjour", "not-found": "introuvable xylophone"}.items():
        _seeks(hands, base, words)
        look(f"messages-{what}")
    hands.open(f"{base}/ecrire")
    _press(hands, "envoyer")
    hands.says_error("")
    look("message-refused")
    for one in hands.main().locator("input[name=to]").all()[:2]:
        one.check()
    hands.main().locator("[name=subject]").fill("Mon prochain rendez-vous")
    hands.main().locator("[name=text]").fill("Bonjour,\n\nquand puis-je venir ?")
    _unfolded(hands)
    hands.main().locator("[name=file]").set_input_files(
        FilePayload(name="mots.txt", mimeType="text/plain", buffer=b"Mots")
    )
    _press(hands, "documents")
    look("message-documents")
    hands.main().locator("input[name=documents]").first.check()
    with hands.page.expect_navigation():
        hands.main().locator("form button[type=submit]:not([name=q]), form button.btn:not([type])").last.click()
    look("message-draft")
    _press(hands, "envoyer")
    assert re.search(r"/envoyer$", _path(hands)), hands.page.url
    look("message-confirm")
    hands.open(f"{base}?vue=brouillons")
    look("messages-drafts")


def files_an_attachment(hands: Hands, demo: Demo, look: Look) -> None:
    """As the mother: a conversation with a file, the file, and what it will be called in the record."""
    base = f"/dossiers/{demo.person('patients', 'mother')['record']}/messages"
    hands.open(base)
    threads = hands.main().locator(f"li a[href^='{base}/']").evaluate_all("all => all.map(one => one.pathname)")
    for thread in threads:
        hands.open(thread)
        pieces = hands.main().locator("a[href$='/ranger']")
        if pieces.count():
            hands.open(str(pieces.first.get_attribute("href")))
            look("attachment-filing")
            hands.main().locator("[name=title]").fill("")
            with hands.page.expect_navigation():
                hands.main().locator("form[action$='/ranger'] button").last.click()
            hands.says_error("")
            look("attachment-filing-refused")
            return
    raise AssertionError("no message of the demo brings a file that may be filed")


def keeps_a_mailbox(hands: Hands, look: Look) -> None:
    """As the doctor: their mailbox and their team's, what is sought there, written there, and chosen for it."""
    hands.open("/pro/messages")
    boxes = _mailboxes(hands)
    assert boxes
    for base in boxes:
        _seeks(hands, base, "bonjour")
        look("mailbox-found")
        hands.open(f"{base}/ecrire")
        _press(hands, "envoyer")
        hands.says_error("")
        look("mailbox-message-refused")
        hands.main().locator("[name=other]").fill("ana@hopital.example.org, ines@hopital.example.org")
        hands.main().locator("[name=subject]").fill("Avis")
        hands.main().locator("[name=text]").fill("Bonjour,\n\nqu'en pensez-vous ?")
        _press(hands, "garder")
        look("mailbox-draft")
        _press(hands, "envoyer")
        look("mailbox-confirm")
        hands.open(f"{base}/modeles")
        texts = hands.main().locator(f"a[href^='{base}/modeles/']:not([href$='/nouveau'])")
        if texts.count():
            hands.open(str(texts.first.get_attribute("href")))
            look("mailbox-text")
        for tail in ("modeles/nouveau", "reglages", "reglages/programmes/nouveau", "reglages/equipe/ajouter"):
            if hands.open(f"{base}/{tail}") == 200:
                look(f"mailbox-{tail.replace('/', '-')}")
    hands.open("/pro/messages/annuaire")
    hands.main().locator("[name=name]").fill("belhadj")
    with hands.page.expect_navigation():
        hands.main().locator("[name=name]").press("Enter")
    look("address-book-found")


def leads_a_team(hands: Hands, look: Look) -> None:
    """As who answers for a ward: its team, a colleague it may be handed to; an exchange ended and opened."""
    hands.open("/pro/messages")
    bases = _mailboxes(hands)
    for base in bases:
        if hands.open(f"{base}/reglages/equipe") != 200:
            continue
        look("mailbox-team")
        heirs = hands.main().locator("a[href$='/responsable']")
        if heirs.count():
            hands.open(str(heirs.first.get_attribute("href")))
            look("mailbox-hand-over")
        if hands.open(f"{base}/reglages/equipe/ajouter") == 200:
            look("mailbox-team-add")
    _ends_an_exchange(hands, bases, look)


def _ends_an_exchange(hands: Hands, bases: list[str], look: Look) -> None:
    for base in bases:
        hands.open(base)
        threads = hands.main().locator("li h3 a").evaluate_all("all => all.map(one => one.pathname)")
        for thread in threads:
            hands.open(thread)
            if hands.main().locator("a[href$='/fin']").count():
                hands.open(f"{thread}/fin")
                with hands.page.expect_navigation():
                    hands.main().locator("form[action$='/fin'] button").last.click()
                hands.open(f"{thread}/reouvrir")
                look("exchange-open-again")
                return
    raise AssertionError("no patient of the demo writes to this mailbox")


def _mailboxes(hands: Hands) -> list[str]:
    links = hands.main().locator("a[href^='/pro/messages/']").evaluate_all("all => all.map(one => one.pathname)")
    return [one for one in dict.fromkeys(links) if re.search(r"/messages/[0-9a-f-]{36}$", one)]


def trusts_operators(hands: Hands, look: Look) -> None:
    """As an administrator: the lists of secure mail, one refused, one proposed that waits for a second operator."""
    hands.open("/admin/messageries")
    look("office-mail-lists")
    hands.open("/admin/messageries/proposer")
    hands.press("Proposer cette liste")
    hands.says_error("Choisissez")
    look("office-mail-list-refused")
    hands.main().locator("[name=kind]").last.check()
    hands.main().locator("[name=file]").set_input_files(
        FilePayload(name="adresses.csv", mimeType="text/csv", buffer=_LIST)
    )
    with hands.page.expect_navigation():
        hands.press("Proposer cette liste")
    look("office-mail-list")
    hands.open(f"{_path(hands)}/refuser")
    look("office-mail-list-refuse")
