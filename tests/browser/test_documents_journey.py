"""A tired man's errands on a telephone: a report added by camera, last year's cholesterol, the discharge letter shown.

The issue gives them two minutes in all. What is counted here is what costs a person that time: presses and screens.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.papers import jpeg

from .counted import Counted
from .hands import PHONE, Demo, Hands, new_hands

TITLE = "Cholestérol du test"
_MOST_PRESSES = 16
"""Some seven seconds for each: two minutes."""


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_add_a_report_find_the_cholesterol_show_the_letter(
    script: bool,
    demo: Demo,
    chromium: Browser,
    kept: Callable[[str], Any],
) -> None:
    made = new_hands(chromium, demo, f"errands-{script}", script=script, size=PHONE, state=kept("retired"))
    phone = Counted.of(made)
    phone.open(f"/dossiers/{demo.person('patients', 'retired')['record']}/")
    _photographs_a_report(phone, width=161 if script else 171)
    _finds_last_years_cholesterol(phone)
    _shows_the_letter(phone)
    assert phone.presses + phone.typed <= _MOST_PRESSES
    phone.close()


def _photographs_a_report(phone: Hands, width: int) -> None:
    """The photo differs each time: the same one again would be the same document."""
    phone.go("Dossier")
    phone.follow("Ajouter un document")
    phone.title_is("Ajouter un document")
    phone.attach("Photographier le papier", "photo.jpg", "image/jpeg", jpeg(width=width))
    going_on = phone.page.get_by_role("button", name="Continuer avec ces fichiers")
    if going_on.is_visible():  # without script only
        phone.press("Continuer avec ces fichiers")
    phone.title_is("Vérifiez, puis ajoutez")
    phone.choose("Qu'est-ce que c'est ?", "Un résultat de laboratoire")
    phone.fill("Date inscrite sur le document", datetime.now(tz=UTC).date().isoformat())
    phone.fill("Titre (facultatif)", TITLE)
    phone.press("Ajouter le document")
    phone.title_is(TITLE)
    phone.reads("Le document est rangé dans le dossier.")


def _search(phone: Counted, words: str) -> None:
    """Ask in the list's own box, as the button of the telephone's keyboard does."""
    phone.go("Dossier")
    phone.title_is("Documents")
    box = phone.main().get_by_role("searchbox").first
    phone.typed += 1
    phone.presses += 1  # the key that sends the words
    box.fill(words)
    box.press("Enter")
    phone.title_is("Chercher dans les documents")


def _finds_last_years_cholesterol(phone: Counted) -> None:
    _search(phone, "cholestérol de l'an dernier")
    rows = phone.main().locator("ul.docs > li")
    expect(rows.first.locator("mark").first).to_have_text(re.compile("cholestérol", re.IGNORECASE))
    days = rows.locator("time").evaluate_all("all => all.map(one => one.dateTime.slice(0, 4))")
    years = {int(day) for day in days}
    now = int(phone.page.evaluate("new Date().getFullYear()"))
    assert years == {now - 1}, "only last year's, and not the photo of this year"
    phone.use(rows.first.get_by_role("link"))
    phone.title_is("Bilan sanguin")
    phone.reads("Cholestérol total")


def _shows_the_letter(phone: Counted) -> None:
    _search(phone, "lettre de sortie")
    phone.follow("Lettre de liaison à la sortie")
    phone.title_is("Lettre de liaison à la sortie")
    phone.reads("Traitement de sortie")
    seen = phone.main().locator("section, div").filter(has=phone.page.get_by_text("Qui peut le voir", exact=True)).last
    expect(seen).to_contain_text("Dr Hélène Morvan")
