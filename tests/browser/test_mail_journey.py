"""A message as people live it: a hospital's program sends it, it is read on a telephone, filed, and answered."""

import re
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import make_msgid
from smtplib import SMTP
from typing import Any

from playwright.sync_api import Browser, expect

from tests.support.papers import pdf

from .hands import PATIENCE, Demo, mail, new_hands

SUBJECT, ANSWER = "Compte rendu de votre échographie", "Merci docteur, à lundi."


def _arrives(demo: Demo, ins: str) -> None:
    """What the other operator of the demo delivers, over TLS and with its certificate (`smtp` of demo.json)."""
    smtp = demo.people["smtp"]
    letter = EmailMessage()
    letter["From"] = smtp["sender"]
    letter["To"] = f"{ins}@{smtp['patient_domain']}"
    letter["Subject"] = SUBJECT
    letter["Message-ID"] = make_msgid(domain=smtp["sender"].partition("@")[2])
    letter.set_content("Bonjour,\n\nvoici le compte rendu. Pouvez-vous venir lundi ?\n")
    letter.add_attachment(pdf("Échographie"), maintype="application", subtype="pdf", filename="echographie.pdf")
    context = ssl.create_default_context(cafile=smtp["ca_file"])
    context.load_cert_chain(smtp["client_certificate"], smtp["client_key"])
    with SMTP("localhost", smtp["port"], timeout=PATIENCE / 1000) as line:
        line.starttls(context=context)
        assert line.send_message(letter) == {}


def test_a_message_from_outside_is_read_on_the_telephone_filed_and_answered(
    demo: Demo, chromium: Browser, kept: Callable[[str], Any]
) -> None:
    person = demo.person("patients", "mother")
    hands = new_hands(chromium, demo, "mail", state=kept("mother"))
    _arrives(demo, person["ins"])
    hands.open(f"/dossiers/{person['record']}/")
    hands.go("Messages")
    hands.title_is("Messages")
    hands.follow(SUBJECT)
    hands.reads("Pouvez-vous venir lundi")
    hands.shot("read")
    thread = hands.page.url.removeprefix(demo.base_url)
    hands.follow("Ranger dans mon dossier")
    hands.press("Ranger dans le dossier")
    expect(hands.page).to_have_url(re.compile("/documents/"), timeout=PATIENCE)
    hands.shot("filed")
    hands.open(thread)
    filed = hands.main().get_by_role("link", name="Dans le dossier")
    expect(filed.first).to_be_visible(timeout=PATIENCE)
    hands.fill("Votre message", ANSWER)
    hands.main().locator("button[name=geste][value=envoyer]").click()
    hands.reads("Votre message est en route")
    hands.reads(ANSWER)
    assert ANSWER in mail(hands, demo.people["smtp"]["sender"], SUBJECT)
    hands.close()
