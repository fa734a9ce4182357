"""The search in a browser without a screen: asked, answered, gone back to; for whom, and what leaves the house."""

import re
from datetime import date
from uuid import UUID

import pytest
from flask import Flask, Response
from sqlalchemy import update
from werkzeug.datastructures import MultiDict

from espace import db
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services.finding import asking, search, texts
from espace.web import compression
from tests.support import build
from tests.support.browser_client import Browser, Page

from .house import House, addition, deposited, pdf, trail


def own(home: House, rest: str = "") -> str:
    return f"/dossiers/{home.mother.record_id}/documents/recherche{rest}"


def theirs(home: House, rest: str = "") -> str:
    return f"/pro/patients/{home.mother.record_id}/documents/recherche{rest}"


def added(home: House, title: str, *pages: str, **changes: object) -> UUID:
    """A document of the mother, its words kept as the worker does."""
    paper = pdf(ascii(title), *map(ascii, pages))
    found = documents.add(home.holder, addition(title, paper, **changes)).id
    texts.keep(home.holder.record_id, found, pages)
    return found


def ask(browser: Browser, place: str, words: str, **choices: str) -> Page:
    """What is answered to words typed on the page of the search."""
    return browser.submit(browser.get(place).form("q", "periode"), {"q": words, **choices})


def rows(page: Page) -> list[str]:
    """The titles that were found."""
    return [" ".join(one.text_content().split()) for one in page.tree.xpath("//section//ul//h3")]


def first_row(page: Page) -> str:
    """All that is said of the first of them."""
    return " ".join(page.tree.xpath("//section//ul/li")[0].text_content().split())


def test_a_person_finds_a_word_inside_and_opens_its_page(home: House, mother: Browser) -> None:
    found = added(home, "Bilan", "Laboratoire", "Ferritine 31 µg/L")
    page = ask(mother, own(home), "ferritines")
    assert rows(page) == ["Bilan"]
    assert "1 document trouvé" in page.text
    assert [one.text for one in page.tree.xpath("//mark")] == ["Ferritine"]
    (link,) = page.tree.xpath("//section//ul//h3/a/@href")
    assert link == f"/dossiers/{home.mother.record_id}/documents/{found}?page=2"
    assert mother.get(link).status == 200


def test_what_was_asked_stands_in_no_address_and_going_back_shows_it_again(home: House, mother: Browser) -> None:
    added(home, "Bilan", "ferritine")
    form = mother.get(own(home)).form("q", "periode")
    assert form.method == "POST"
    answer = mother.submit(form, {"q": "ferritine"}, follow=False)
    assert answer.status == 303
    place = answer.headers["Location"]
    assert re.fullmatch(re.escape(own(home)) + r"\?r=[\w-]{100,400}", place)
    for _ in range(2):
        page = mother.get(place)
        assert rows(page) == ["Bilan"]
        assert page.form("q", "periode").values["q"] == ["ferritine"]
        assert page.headers["Cache-Control"] == "no-store"
    assert "ferritine" not in (page.tree.findtext(".//title") or "")


def test_the_box_of_the_list_asks_the_same(home: House, mother: Browser) -> None:
    added(home, "Bilan", "ferritine")
    page = mother.get(f"/dossiers/{home.mother.record_id}/documents")
    form = next(form for form in page.forms if form.action.endswith("/documents/recherche"))
    assert form.method == "POST"
    assert rows(mother.submit(form, {"q": "ferritine"})) == ["Bilan"]


def test_a_choice_of_kind_and_date_is_kept_and_can_be_dropped(home: House, mother: Browser) -> None:
    added(home, "Ancien", "ferritine", date=date(2024, 5, 5))
    page = ask(mother, own(home), "ferritine", periode="2025", sorte="90")
    assert rows(page) == []
    values = page.form("q", "periode").values
    assert (values["periode"], values["sorte"]) == (["2025"], ["90"])
    assert page.tree.xpath("//details[@open]")
    wider = page.links["Chercher dans toutes les sortes et à toutes les dates"]
    assert rows(mother.get(wider)) == ["Ancien"]


def test_words_of_time_are_said_and_can_be_dropped(home: House, mother: Browser) -> None:
    for year in (2024, 2025):
        added(home, f"Bilan de {year}", "ferritine", date=date(year, 5, 5))
    page = ask(mother, own(home), "ferritine de l'an dernier")
    assert rows(page) == ["Bilan de 2025"]
    assert "Dates cherchées : 2025." in page.text
    assert rows(mother.get(page.links["Chercher à toutes les dates"])) == ["Bilan de 2025", "Bilan de 2024"]
    page = ask(mother, own(home), "ferritine mars 2023")
    assert rows(page) == ["Bilan de 2025", "Bilan de 2024"]
    assert "Rien à ces dates : mars 2023" in page.text


def test_a_word_written_wrong_is_one_step_from_the_right_one(home: House, mother: Browser) -> None:
    added(home, "Bilan de cholestérol", "x")
    page = ask(mother, own(home), "colesterol de mon bilan")
    assert "Vouliez-vous dire : cholestérol de mon bilan" in page.text
    assert rows(mother.get(page.links["cholestérol de mon bilan"])) == ["Bilan de cholestérol"]


def test_nothing_found_says_what_can_be_tried(home: House, mother: Browser) -> None:
    page = ask(mother, own(home), "introuvable")
    assert "Aucun document trouvé" in page.text
    assert "Écrivez un seul mot" in page.text
    page = ask(mother, own(home), "introuvable bilan")
    added(home, "Bilan", "x")
    page = ask(mother, own(home), "introuvable bilan")
    assert "Aucun document ne contient tous ces mots" in page.text
    assert "Sans : introuvable" in first_row(page)


def test_an_answer_longer_than_a_page_goes_on(home: House, mother: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE_SIZE", 2)
    for number in range(3):
        added(home, f"Bilan {number}", "ferritine", date=date(2025, 1, 1 + number))
    page = ask(mother, own(home), "ferritine")
    assert rows(page) == ["Bilan 2", "Bilan 1"]
    older = mother.get(page.links["Chercher dans les plus anciens"])
    assert rows(older) == ["Bilan 0"]
    assert "1 document plus ancien" in older.text


@pytest.mark.parametrize("typed", ["", "  ", "?", "mot " * 60])
def test_a_question_that_is_none_is_said_beside_the_field(home: House, mother: Browser, typed: str) -> None:
    page = ask(mother, own(home), typed)
    assert page.status == 422
    assert page.tree.xpath("//input[@id='q'][@aria-invalid='true']")
    assert page.tree.findtext(".//title", "").startswith("Erreur")


@pytest.mark.parametrize("broken", ["x", "é", "A" * 300, "", "../../etc"])
def test_an_address_that_is_not_ours_is_the_page_of_the_search(home: House, mother: Browser, broken: str) -> None:
    page = mother.get(own(home, f"?r={broken}"))
    assert page.status == 200
    assert "Comment marche la recherche" in page.text


def test_an_address_given_to_somebody_else_says_nothing(
    home: House, app: Flask, mother: Browser, doctor: Browser
) -> None:
    added(home, "Bilan", "ferritine")
    place = mother.submit(mother.get(own(home)).form("q", "periode"), {"q": "ferritine"}, follow=False)
    token = place.headers["Location"].partition("?")[2]
    page = doctor.get(theirs(home, f"?{token}"))
    assert rows(page) == []
    assert "ferritine" not in page.text
    assert build.citizen().browser(app).get(own(home, f"?{token}"), expect=404).status == 404
    assert Browser(app).get(own(home, f"?{token}"), expect=None, follow=False).status == 303


def test_a_professional_searches_what_they_may_read_and_leaves_a_row(home: House, doctor: Browser) -> None:
    found = deposited(home.doctor_here, "Ordonnance")
    texts.keep(home.holder.record_id, found, ["ferritine"])
    secret = added(home, "Journal intime", "ferritine")
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == secret).values(hidden=True))
    page = ask(doctor, theirs(home), "ferritine")
    assert rows(page) == ["Ordonnance"]
    assert "20/11/2026" in page.text
    row = trail(home.holder)[0]
    assert row.action is Action.DOCUMENTS_SEARCHED
    assert [thing["id"] for thing in row.objects] == [str(found)]


def test_no_row_no_answer(home: House, doctor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    found = deposited(home.doctor_here, "Ordonnance")
    texts.keep(home.holder.record_id, found, ["ferritine"])
    form = doctor.get(theirs(home)).form("q", "periode")

    def fail(*_facts: object, **_more: object) -> None:
        raise RuntimeError

    place = doctor.submit(form, {"q": "ferritine"}, follow=False).headers["Location"]
    monkeypatch.setattr("espace.documents.services.viewing.reading.audit.record", fail)
    page = doctor.get(place, expect=500)
    assert "Ordonnance" not in page.text


def test_the_holder_reads_that_somebody_searched_but_not_what(home: House, mother: Browser, doctor: Browser) -> None:
    deposited(home.doctor_here, "Ordonnance")
    ask(doctor, theirs(home), "zqferritinezq")
    page = mother.get(f"/dossiers/{home.mother.record_id}/historique")
    assert "a cherché dans les documents" in page.text
    assert "zqferritinezq" not in page.text


def test_what_people_write_stays_words(home: House, mother: Browser) -> None:
    added(home, "<b>Bilan</b> \"'&amp;", "ferritine <script>alert(1)</script> & fin")
    page = ask(mother, own(home), "<script> ferritine")
    assert not page.tree.xpath("//section//script")
    assert not page.tree.xpath("//h3//b")
    assert "alert(1)" in page.text
    assert rows(page) == ["<b>Bilan</b> \"'&amp;"]


def test_answers_are_never_compressed(home: House, app: Flask, mother: Browser) -> None:
    """They repeat what was asked beside what a record holds (BREACH); the other pages are compressed."""
    added(home, "Bilan", "ferritine")
    wanted = {"Accept-Encoding": "zstd, gzip", "Sec-Fetch-Site": "same-origin"}
    place = mother.submit(mother.get(own(home)).form("q", "periode"), {"q": "ferritine"}, follow=False)
    answer = mother.send("GET", place.headers["Location"], headers=wanted, whole=False)
    assert "Content-Encoding" not in answer.headers
    assert len(answer.body) > 2000, "it would have been worth it"
    with app.test_request_context(headers=wanted):
        other = Response(answer.body, mimetype="text/html")
        assert compression.compress(other).headers["Content-Encoding"] == "zstd"


def test_a_question_needs_its_form_s_token_and_a_post(home: House, mother: Browser) -> None:
    for data in ({"q": "ferritine"}, {"q": "ferritine", "csrf_token": "x"}):
        assert mother.send("POST", own(home), data=MultiDict(data), whole=False).status in (400, 403)
    assert rows(mother.get(own(home, "?q=ferritine"))) == []
    for method in ("PUT", "DELETE", "PATCH"):
        assert mother.send(method, own(home), whole=False).status in (400, 403, 405)


def test_a_question_sent_again_and_again_answers_the_same(home: House, mother: Browser) -> None:
    added(home, "Bilan", "ferritine")
    form = mother.get(own(home)).form("q", "periode")
    assert [rows(mother.submit(form, {"q": "ferritine"})) for _ in range(3)] == [["Bilan"]] * 3


def test_fields_sent_twice_or_unknown_change_nothing(home: House, mother: Browser) -> None:
    added(home, "Bilan", "ferritine")
    page = mother.get(own(home))
    data = MultiDict([("csrf_token", page.csrf_token), ("q", "ferritine"), ("q", "zinc"), ("sorte", "99"), ("x", "y")])
    answer = mother.send("POST", own(home), data=data, whole=False, follow=False)
    assert answer.status == 303
    assert rows(mother.get(answer.headers["Location"])) == ["Bilan"]


def test_under_a_veil_nothing_is_searched(home: House, mother: Browser) -> None:
    added(home, "Bilan", "ferritine")
    form = mother.get(own(home)).form("q", "periode")
    place = mother.submit(form, {"q": "ferritine"}, follow=False).headers["Location"]
    page = mother.get("/compte/mode-prive")
    mother.send("POST", "/compte/mode-prive", data={"csrf_token": page.csrf_token, "on": "1"}, whole=False)
    shown = mother.get(place, expect=None)
    assert "erritine" not in shown.text
    assert "Bilan" not in shown.text


def test_a_parent_searches_the_child_s_documents_only(home: House, mother: Browser) -> None:
    added(home, "Bilan de Claire", "ferritine")
    child = documents.add(home.parent, addition("Carnet de Jules", pdf("x"))).id
    texts.keep(home.parent.record_id, child, ["ferritine"])
    place = f"/dossiers/{home.child.record_id}/documents/recherche"
    assert rows(ask(mother, place, "ferritine")) == ["Carnet de Jules"]
    assert rows(ask(mother, own(home), "ferritine")) == ["Bilan de Claire"]
    assert trail(home.parent)[0].action is Action.DOCUMENTS_SEARCHED


def test_a_question_is_not_longer_in_an_address_than_browsers_take(home: House) -> None:
    longest = asking.ask("\N{GRINNING FACE} mot " + "é" * 190)
    assert len(asking.sealed(home.holder, longest)) < 1200
