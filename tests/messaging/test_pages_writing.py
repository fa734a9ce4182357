"""Writing as people do it: nothing typed is lost, nothing empty is kept, every file that cannot go is told of."""

from io import BytesIO

import pytest
from flask import Flask

from espace.interop.mail_letter import Address
from espace.messaging.services.writing import drafts
from espace.messaging.services.writing.drafts import Typed
from espace.permissions import Task
from espace.settings import Settings
from tests.family.caring import helped_and_carer, made, scope
from tests.support.browser_client import Browser, Form

from .support import Home, conversation_of, home


@pytest.fixture
def claire(app: Flask) -> Home:
    """A person with an empty box."""
    return home()


@pytest.fixture
def browser(app: Flask, claire: Home) -> Browser:
    """Claire's."""
    return claire.person.browser(app)


def _form(browser: Browser, place: str) -> Form:
    return browser.get(place).form("draft", "text")


def test_every_file_that_cannot_go_is_told_with_its_reason_once(browser: Browser, claire: Home) -> None:
    form = _form(browser, claire.at(conversation_of(claire.receives())))
    files = [(BytesIO(b"MZ" + bytes([number]) * 300), f"essai{number}.exe") for number in range(5)]
    given = {"draft": form.values["draft"], "csrf_token": form.values["csrf_token"]}
    page = browser.post(form.action, {**given, "text": ["Voici"], "file": files, "geste": ["joindre"]}, expect=422)
    [said] = {one.text_content() for one in page.tree.xpath("//p[@id='file-e']/span")}
    assert all(f"essai{number}.exe" in said for number in range(3))
    assert "2 autres" in said
    assert "Voici" in page.form("draft", "text").values["text"][0]


@pytest.mark.parametrize("button", ["geste=garder", "geste=joindre"])
def test_nothing_empty_is_kept(browser: Browser, claire: Home, button: str) -> None:
    conversation_id = conversation_of(claire.receives())
    for place in (claire.at("ecrire"), claire.at(conversation_id)):
        page = browser.submit(_form(browser, place), {"text": " "}, button=button, expect=422)
        assert page.tree.xpath("//p[@class='err']"), place
        form = page.form("draft", "text")
        data = {name: list(held) for name, held in form.values.items()}
        browser.send("POST", form.action, data=data, headers={"HX-Request": "true"}, whole=False, expect=200)
    assert drafts.count(claire.box) == 0


def test_a_new_message_that_was_left_is_offered_again(browser: Browser, claire: Home) -> None:
    """Who was signed out while writing comes back to an empty page: it leads to what was kept."""
    conversation_id = conversation_of(claire.receives())
    drafts.begin(claire.box, Typed(text="Réponse commencée"), conversation_id)
    assert "sans l'envoyer" not in browser.get(claire.at("ecrire")).text
    draft_id = drafts.begin(claire.box, Typed(text="Nouvelle question"))
    page = browser.get(claire.at("ecrire"))
    assert "sans l'envoyer" in page.text
    [link] = page.tree.xpath(f"//a[contains(@href, '{draft_id}')]/@href")
    assert "Nouvelle question" in _form(browser, link).values["text"][0]


def test_words_begun_before_an_exchange_was_ended_stay_in_sight(
    browser: Browser, claire: Home, settings: Settings
) -> None:
    conversation_id = conversation_of(claire.receives())
    drafts.begin(claire.box, Typed(text="Ma question,\nen deux lignes"), conversation_id)
    claire.receives("Terminé", subject=f"{settings.closing_mark} Fin")
    page = browser.get(claire.at(conversation_id))
    assert not page.tree.xpath("//textarea")
    assert "Ma question," in page.text
    assert "en deux lignes" in page.text


def test_everybody_may_be_chosen_without_leaving_what_is_typed(browser: Browser, claire: Home) -> None:
    for number in range(15):
        claire.receives(sender=Address(f"docteur{number}@hopital.operateur.example", f"Dr {number}"))
    page = browser.get(claire.at("ecrire"))
    assert len(page.tree.xpath("//input[@name='to']")) == 15
    assert len(page.tree.xpath("//details//input[@name='to']")) == 3
    assert not page.tree.xpath("//form//fieldset//a")


def test_a_carer_who_only_reads_is_told_so_and_offered_nothing_else(app: Flask) -> None:
    helped, carer = helped_and_carer()
    made(helped.standing(), carer, scope(Task.READ_MESSAGES))
    browser, place = carer.browser(app), Home(helped).at()
    name = helped.standing().holder_name.split()[0]
    assert f"écrira à {name}" in browser.get(place).text
    came = Home(helped).receives()
    listed = browser.get(place)
    assert "Vous pouvez écrire" not in listed.text
    page = browser.get(f"{place}/{conversation_of(came)}")
    assert not page.tree.xpath("//textarea")
    assert "Vous pouvez lire ces messages" in page.text
    assert "Appelez son cabinet" not in page.text
