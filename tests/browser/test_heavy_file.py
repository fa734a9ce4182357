"""A file too heavy is said before it is sent; what else was chosen goes on its way, and nothing typed is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.support.papers import jpeg

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
    field = hands.page.get_by_label("Choisir un ou plusieurs fichiers")
    said = hands.main().locator("[data-sending] .err")
    for number, (name, media, weight, words) in enumerate(HEAVY):
        field.set_input_files(FilePayload(name=name, mimeType=media, buffer=bytes(weight * MB)))
        expect(said).to_have_count(number + 1)
        expect(said.nth(number)).to_contain_text(words)
        expect(said.nth(number)).to_have_attribute("role", "status")
    assert "POST" not in sent
    field.set_input_files(FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=jpeg()))
    expect(hands.main().get_by_text("Reçu", exact=True)).to_have_count(1)
    hands.page.get_by_role("button", name="Laisser ce fichier de côté").first.click()
    hands.title_is("Ajouter un document")  # one that was refused is still there to be seen
    hands.page.get_by_role("button", name="Laisser ce fichier de côté").first.click()
    hands.title_is("Vérifiez, puis ajoutez")
    hands.page.get_by_label("Titre (facultatif)").fill("Prise de sang")
    hands.page.context.set_offline(True)
    hands.unfold("Ajouter une autre page")
    hands.page.get_by_label("Choisir d'autres fichiers").set_input_files(
        FilePayload(name="b.jpg", mimeType="image/jpeg", buffer=jpeg(90, 60))
    )
    expect(said).to_contain_text("La connexion est coupée")
    hands.page.context.set_offline(False)
    expect(hands.page.get_by_role("img", name="Page 2 sur 2")).to_be_visible(timeout=30_000)
    expect(hands.page.get_by_label("Titre (facultatif)")).to_have_value("Prise de sang")
    hands.close()
