"""A file too heavy is said beside its field before it is sent; what was typed stays."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from .hands import AuthenticatorApp, Demo, new_hands, sign_in

MB = 1024 * 1024
HEAVY = [("photo.jpg", "image/jpeg", 26, "plus de 25 Mo"), ("scan.pdf", "application/pdf", 6, "plus de 5 Mo")]


def test_a_heavy_file_is_refused_on_the_page(
    demo: Demo, chromium: Browser, apps: Callable[[str], AuthenticatorApp], request: pytest.FixtureRequest
) -> None:
    hands = new_hands(chromium, demo, request.node.name)
    sign_in(hands, demo.person("patients", "retired"), apps("retired"))
    hands.open(f"{hands.page.url.removeprefix(demo.base_url).rstrip('/')}/documents/ajouter")
    sent: list[str] = []
    hands.page.on("request", lambda asked: sent.append(asked.method))
    hands.fill("Titre", "Prise de sang")
    field = hands.main().locator("input[type=file]")
    for name, media, weight, words in HEAVY:
        field.set_input_files(FilePayload(name=name, mimeType=media, buffer=bytes(weight * MB)))
        hands.press("Ajouter le document")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(r"^Erreur\s: Ce (fichier|PDF) pèse"))
        expect(hands.main().locator("p.err")).to_have_count(1)
        expect(hands.main().locator("p.err")).to_contain_text(words)
    field.set_input_files(FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=bytes(MB)))
    expect(hands.main().locator("p.err")).to_have_count(0)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(hands.page.get_by_label("Titre")).to_have_value("Prise de sang")
    assert "POST" not in sent
    hands.close()
