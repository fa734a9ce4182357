"""Choosing documents for a link among many: words and kinds find them, what is ticked stays so."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services.passing import links
from espace.access.services.passing.links import LinkKind
from espace.documents import services as documents
from espace.documents.services.deciding import states
from espace.documents.services.finding import asking, texts
from espace.documents.services.passing import choosing, sharing
from espace.machines import Machines
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.build import Citizen

MANY = 25


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with many documents, the oldest of which is what they look for."""
    access.ensure_matrix()
    made = build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))
    _added(made, "Mammographie de contrôle", date(2019, 5, 6))
    for number in range(MANY):
        _added(made, f"Papier {number:02d}", date(2026, 9, 1) - timedelta(days=number))
    return made


def _added(holder: Citizen, title: str, day: date = date(2026, 11, 2)) -> UUID:
    """A document with its words, as the worker keeps them."""
    made = build.document(holder.standing(), title, day)
    texts.keep(holder.record_id, made, [title])
    return made


def _form(browser: Browser, holder: Citizen) -> Page:
    return browser.get(f"/dossiers/{holder.record_id}/acces/liens/nouveau")


def _offered(page: Page) -> dict[str, bool]:
    """Each title on the form, and whether it is ticked."""
    boxes = page.tree.xpath("//label[input[@name='document']]")
    return {box.xpath(".//bdi")[0].text: bool(box.xpath("input[@checked]")) for box in boxes}


def _sends(browser: Browser, page: Page, gesture: str, **values: str | list[str]) -> Page:
    return browser.submit(page.form("label"), values, button=f"geste={gesture}", expect=None)


def test_words_find_an_old_document_and_what_was_ticked_stays(app: Flask, holder: Citizen) -> None:
    browser = holder.browser(app)
    page = _form(browser, holder)
    assert "Mammographie de contrôle" not in _offered(page)
    ticked = page.tree.xpath("//input[@name='document']/@value")[3]
    found = _sends(browser, page, "chercher", q="mammo", document=[ticked], label="Lisbonne")
    assert _offered(found) == {"Papier 03": True, "Mammographie de contrôle": False}
    assert found.form("label").values["label"] == ["Lisbonne"]
    assert "mammo" not in found.path
    both = found.tree.xpath("//input[@name='document']/@value")
    made = _sends(browser, found, "faire", document=both)
    assert made.tree.xpath("//textarea[@id='address']")
    [line] = links.links(holder.standing(), LinkKind.SHARE)
    assert {one.title for one in sharing.shared(holder.standing(), line)} == {"Papier 03", "Mammographie de contrôle"}


def test_enter_in_the_search_searches_and_anywhere_else_makes_the_link(app: Flask, holder: Citizen) -> None:
    browser = holder.browser(app)
    found = _sends(browser, _form(browser, holder), "entree", q="mammo")
    assert _offered(found) == {"Mammographie de contrôle": False}
    assert links.links(holder.standing(), LinkKind.SHARE) == []
    chosen = found.tree.xpath("//input[@name='document']/@value")
    assert _sends(browser, found, "entree", document=chosen, label="Lisbonne").tree.xpath("//textarea[@id='address']")


def test_a_kind_narrows_and_all_come_back(app: Flask, holder: Citizen) -> None:
    browser = holder.browser(app)
    page = _form(browser, holder)
    kind = page.tree.xpath("//select[@name='parmi']/option/@value")[1]
    shown = _sends(browser, page, "chercher", parmi=kind)
    assert len(_offered(shown)) == choosing.STEP
    assert len(_offered(_sends(browser, shown, "plus"))) == MANY + 1
    everything = _sends(browser, shown, "tout")
    assert everything.form("label").values.get("parmi") in (None, [""])
    assert len(_offered(everything)) == choosing.STEP


def test_answers_go_on_page_by_page(app: Flask, holder: Citizen) -> None:
    browser = holder.browser(app)
    first = _sends(browser, _form(browser, holder), "chercher", q="papier")
    assert len(_offered(first)) == choosing.STEP
    token = first.tree.xpath("//button[@name='suite']/@value")[0]
    rest = browser.submit(first.form("label"), {}, button=f"suite={token}", expect=200)
    assert set(_offered(rest)) == {f"Papier {number}" for number in range(choosing.STEP, MANY)}


@pytest.mark.parametrize("words", ["-", "x" * 201])
def test_what_cannot_be_sought_is_said_beside_the_field(app: Flask, holder: Citizen, words: str) -> None:
    browser = holder.browser(app)
    page = _sends(browser, _form(browser, holder), "chercher", q=words)
    assert page.status == 422
    assert page.tree.xpath("//*[@id='q-e']")
    assert len(_offered(page)) == choosing.STEP


def test_a_search_offers_nothing_that_may_not_go_into_a_link(app: Flask, holder: Citizen) -> None:
    """Hidden or archived documents answer no search here, nor lend it their words (rules.md AR; security.md R13)."""
    standing = holder.standing()
    hidden = _added(holder, "Mammographie cachée")
    one = documents.document(standing, hidden)
    states.hide(standing, hidden, choices=one.choices)
    archived = _added(holder, "Mammographie rangée")
    states.archive(standing, archived, choices=documents.document(standing, archived).choices)
    found = choosing.choices(standing, question=asking.ask("mammographie"))
    assert [one.title for one in found.documents] == ["Mammographie de contrôle"]
    assert choosing.choices(standing, question=asking.ask("cachée")).documents == ()
    browser = holder.browser(app)
    page = _sends(browser, _form(browser, holder), "chercher", q="cachee")
    assert "Mammographie cachée" not in page.text


def test_another_persons_search_and_a_forged_one_open_nothing(app: Flask, holder: Citizen) -> None:
    other = build.citizen("Yann", "Riou", birth=date(1980, 1, 2))
    token = asking.sealed(other.standing(), asking.ask("mammographie"))
    browser = holder.browser(app)
    page = _form(browser, holder)
    for wrong in (token, "x", "é", str(UUID(int=7))):
        answer = browser.post(
            page.path, {"csrf_token": page.form("label").values["csrf_token"][0], "suite": wrong}, expect=200
        )
        assert len(_offered(answer)) == choosing.STEP
    answer = other.browser(app).post(page.path, {"suite": token, "q": "mammo"}, expect=None)
    assert answer.status in (400, 404)


def test_few_documents_need_no_search(app: Flask, machines: Machines) -> None:
    holder = build.citizen("Paul", "Morel", birth=date(1990, 1, 2))
    build.document(holder.standing(), "Seul papier")
    page = _form(holder.browser(app), holder)
    assert not page.tree.xpath("//input[@name='q']")
    assert _offered(page) == {"Seul papier": False}
