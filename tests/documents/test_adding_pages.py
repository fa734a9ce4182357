"""The pages on which a person adds: photos become one document, nothing typed or chosen is lost, refusals are said."""

import re
import threading
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from espace.documents import services as documents
from espace.documents.services.adding import adding_drafts
from espace.interop import drawing, media
from espace.machines import Machines
from tests.interop.test_media import locked
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock

from .house import House, deposited, files_of, pdf, picture

FIELDS = {"type_code": "DOCPAT05", "date": "2026-03-04", "title": "Prise de sang"}


@pytest.fixture
def browser(home: House, app: Flask) -> Browser:
    return home.mother.browser(app)


def adding(home: House) -> str:
    return f"/dossiers/{home.mother.record_id}/documents/ajouter"


def files(*contents: bytes | tuple[bytes, str]) -> list[tuple[BytesIO, str]]:
    """Files as a browser sends them."""
    named = [one if isinstance(one, tuple) else (one, f"page-{at}.jpg") for at, one in enumerate(contents, 1)]
    return [(BytesIO(content), name) for content, name in named]


@dataclass(frozen=True)
class Answer:
    """What came back, before any redirect is followed."""

    status: int
    location: str
    html: str
    headers: Any


def answer(page: Page) -> Answer:
    html = page.response.get_data(as_text=True) if page.is_html else ""
    return Answer(page.status, page.headers.get("Location", ""), html, page.headers)


def see(browser: Browser, place: str) -> Answer:
    return answer(browser.get(place.partition("#")[0], expect=None, follow=False))


def post(browser: Browser, place: str, form_at: str = "", **fields: Any) -> Answer:
    """Send a form of the page at `form_at`, or at `place`."""
    token = browser.get((form_at or place).partition("#")[0]).csrf_token
    return answer(browser.post(place.partition("#")[0], {"csrf_token": token, **fields}, follow=False))


def begun(browser: Browser, home: House, *contents: bytes | tuple[bytes, str]) -> str:
    """The address of a draft made of these files."""
    sent = post(browser, adding(home), file=files(*contents))
    assert sent.status == 303, sent.html
    return str(sent.location)


def draft_of(home: House, place: str) -> adding_drafts.Draft:
    return adding_drafts.draft(home.holder, UUID(place.rpartition("/")[2].partition("#")[0]))


def test_a_photo_is_checked_described_and_added(browser: Browser, home: House) -> None:
    place = begun(browser, home, picture(located=True))
    page = see(browser, place)
    assert page.status == 200
    shown = re.search(rf'src="({re.escape(place)}/pages/[^"]+)"', page.html)
    assert shown
    drawn = see(browser, shown[1])
    assert (drawn.status, drawn.headers["Content-Type"]) == (200, "image/webp")
    assert "sandbox" in drawn.headers["Content-Security-Policy"]
    done = post(browser, place, **FIELDS, geste="ajouter")
    assert done.status == 303
    found = documents.document(home.holder, UUID(done.location.rpartition("/")[2]))
    assert (found.title, found.body_media, found.pages, found.by_patient) == ("Prise de sang", media.JPEG, 1, True)
    assert b"CANARY" not in documents.original(home.holder, found.id).reader.read_all()
    assert files_of(home.mother.record_id) == 1  # those of the draft are gone
    again = post(browser, place, form_at=adding(home), **FIELDS, geste="ajouter")
    assert again.location == done.location  # a second click leads to the same document


def test_several_photos_become_one_document_in_the_order_they_were_put(browser: Browser, home: House) -> None:
    place = begun(browser, home, picture((300, 200)), picture((200, 300)), picture((250, 250), "PNG"))
    first, second, third = (piece.id for piece in draft_of(home, place).pieces)
    assert post(browser, place, geste=f"descendre:{first}").status == 303
    post(browser, place, geste=f"monter:{third}")
    assert [piece.id for piece in draft_of(home, place).pieces] == [second, third, first]
    post(browser, place, geste=f"enlever:{third}")
    done = post(browser, place, **FIELDS)
    found = documents.document(home.holder, UUID(done.location.rpartition("/")[2]))
    assert (found.body_media, found.pages) == (media.PDF, 2)
    sheets = drawing.draw(documents.body(home.holder, found.id).reader.read_all(), media.PDF, count=5).sheets
    assert [sheet.width > sheet.height for sheet in sheets] == [False, True]


def test_a_page_is_taken_again_in_its_place(browser: Browser, home: House) -> None:
    place = begun(browser, home, picture((300, 200)), picture((200, 300)))
    first, second = draft_of(home, place).pieces
    taken: dict[str, Any] = {f"reprise-{first.id}": files(picture((400, 100)))[0]}
    sent = post(browser, place, geste="garder", **taken)
    assert sent.status == 303
    now = draft_of(home, place).pieces
    assert [piece.id == second.id for piece in now] == [False, True]
    assert files_of(home.mother.record_id) == 2


def test_a_refused_field_loses_neither_the_file_nor_what_was_typed(browser: Browser, home: House) -> None:
    place = begun(browser, home, picture())
    sent = post(browser, place, type_code="", date="2031-01-01", title="Genou gauche", geste="ajouter")
    assert sent.status == 422
    assert "Genou gauche" in sent.html
    assert "2031-01-01" in sent.html
    again = see(browser, place)
    assert "Genou gauche" in again.html
    assert len(draft_of(home, place).pieces) == 1
    future = post(browser, place, **{**FIELDS, "date": "2031-01-01"})
    assert future.status == 422
    assert future.html.count("aria-invalid") == 1


def test_one_file_refused_refuses_no_other(browser: Browser, home: House) -> None:
    sent = post(browser, adding(home), file=files((picture(), "page.jpg"), (locked(), "ferme.pdf")))
    assert sent.status == 422
    assert "ferme.pdf" in sent.html
    (draft,) = adding_drafts.drafts(home.holder)
    assert [piece.name for piece in draft.pieces] == ["page.jpg"]
    place = f"{adding(home)}/{draft.id}"
    assert f'action="{place}"' in sent.html
    refused = post(browser, place, file=files((b"MZ\x90\x00", "a.exe")), **FIELDS)
    assert refused.status == 422
    assert "Prise de sang" in refused.html
    assert documents.page(home.holder).rows == ()


@pytest.mark.parametrize("content", [b"", b"MZ\x90", locked(), b"%PDF-1.4 <html>"])
def test_what_cannot_be_kept_is_said_beside_the_file(browser: Browser, home: House, content: bytes) -> None:
    sent = post(browser, adding(home), file=files((content, "x.pdf")))
    assert sent.status == 422
    assert 'id="file-e"' in sent.html
    assert adding_drafts.drafts(home.holder) == []
    assert files_of(home.mother.record_id) == 0


def test_nothing_chosen_is_said(browser: Browser, home: House) -> None:
    assert post(browser, adding(home), file=files()).status == 422
    assert post(browser, adding(home)).status == 422


def test_what_was_sent_twice_after_a_cut_is_one_draft(browser: Browser, home: House) -> None:
    assert begun(browser, home, picture()) == begun(browser, home, picture())
    place = begun(browser, home, picture())
    post(browser, place, file=files(picture()), geste="garder")
    assert len(draft_of(home, place).pieces) == 1
    assert files_of(home.mother.record_id) == 1


def test_a_title_left_empty_says_what_it_is(browser: Browser, home: House) -> None:
    place = begun(browser, home, picture())
    done = post(browser, place, **{**FIELDS, "title": ""})
    assert documents.document(home.holder, UUID(done.location.rpartition("/")[2])).title == "Résultat de laboratoire"
    other = begun(browser, home, picture((99, 99)))
    assert post(browser, other, **{**FIELDS, "title": "", "type_code": "EXPPAT_2"}).status == 422


def test_what_the_content_says_is_proposed_and_said_so(browser: Browser, home: House) -> None:
    place = begun(browser, home, (pdf("LABORATOIRE DE BIOLOGIE MEDICALE", "Le 12/03/2025"), "r.pdf"))
    typed = draft_of(home, place).typed
    assert (typed.type_code, typed.date) == ("DOCPAT05", "2025-03-12")
    page = see(browser, place)
    assert page.html.count("Lu dans le document") >= 2


def test_drafts_are_gone_on_with_and_deleted(browser: Browser, home: House) -> None:
    place = begun(browser, home, picture(), picture((60, 60)))
    post(browser, place, title="Sang de mars", geste="garder")
    listed = see(browser, adding(home))
    assert place in listed.html
    assert "Sang de mars" in listed.html
    assert post(browser, f"{place}/abandon", form_at=place).status == 303
    assert see(browser, place).status == 404
    assert files_of(home.mother.record_id) == 0


def test_nobody_else_sees_a_draft(home: House, app: Flask, browser: Browser) -> None:
    father = build.citizen("Marc", "Fontenay", sex="M")
    child = build.citizen("Zoé", "Fontenay", birth=date(2018, 5, 4), parents=[home.mother, father], activated=False)
    mine, theirs = home.mother.browser(app), father.browser(app)
    place = f"/dossiers/{child.record_id}/documents/ajouter"
    see(mine, f"/dossiers/{child.record_id}/")
    sent = post(mine, place, file=files(picture()))
    assert sent.status == 303, sent.html
    piece = adding_drafts.drafts(home.mother.standing(child.record_id))[0].pieces[0].id
    addresses = [sent.location, f"{sent.location}/pages/{piece}"]
    assert [see(mine, one).status for one in addresses] == [200, 200]
    assert [see(theirs, one).status for one in addresses] == [404, 404]
    assert sent.location not in see(theirs, place).html
    for act in ("garder", f"enlever:{piece}", "ajouter"):
        assert post(theirs, sent.location, form_at=place, geste=act, **FIELDS).status == 404
    assert post(theirs, f"{sent.location}/abandon", form_at=place).status == 404
    elsewhere = sent.location.replace(str(child.record_id), str(home.mother.record_id))
    assert see(mine, elsewhere).status == 404
    stranger = build.citizen("Ali", "Haddad", sex="M").browser(app)
    assert see(stranger, sent.location).status == 404
    doctor = home.doctor.browser(app)
    assert see(doctor, sent.location).status in (303, 404)


def test_a_text_stands_alone(browser: Browser, home: House) -> None:
    place = begun(browser, home, ("Lettre du médecin\n".encode("cp1252"), "lettre.txt"))
    assert "Lettre du médecin" in see(browser, place).html
    refused = post(browser, place, file=files(picture()), geste="garder")
    assert refused.status == 422
    done = post(browser, place, **FIELDS)
    found = documents.document(home.holder, UUID(done.location.rpartition("/")[2]))
    assert found.body_media == media.TEXT


def test_a_new_version_takes_the_place_of_ones_own_document(browser: Browser, home: House) -> None:
    old = UUID(post(browser, begun(browser, home, picture()), **FIELDS).location.rpartition("/")[2])
    base = f"/dossiers/{home.mother.record_id}/documents"
    sent = post(browser, f"{base}/{old}/remplacer", file=files(picture((90, 80))))
    assert draft_of(home, sent.location).typed.title == "Prise de sang"
    done = post(browser, sent.location, **FIELDS)
    new = documents.document(home.holder, UUID(done.location.rpartition("/")[2]))
    former = documents.document(home.holder, old)
    assert (new.version, new.state, former.state, new.series_index) == (2, "current", "superseded", former.series_index)
    assert see(browser, f"{base}/{old}/remplacer").status == 404
    theirs = deposited(home.doctor_here)
    assert see(browser, f"{base}/{theirs}/remplacer").status == 404
    assert post(browser, f"{base}/{theirs}/remplacer", form_at=adding(home), file=files(picture())).status == 404


def test_what_was_to_be_replaced_and_is_gone_is_said(browser: Browser, home: House) -> None:
    old = UUID(post(browser, begun(browser, home, picture()), **FIELDS).location.rpartition("/")[2])
    base = f"/dossiers/{home.mother.record_id}/documents"
    first, second = (
        post(browser, f"{base}/{old}/remplacer", file=files(picture((90, side)))).location for side in (80, 70)
    )
    post(browser, first, **FIELDS)
    late = post(browser, second, **FIELDS)
    assert late.status == 422
    assert "remplacer" in late.html
    assert draft_of(home, second).pieces
    assert post(browser, first, form_at=second, **FIELDS).status == 303, "the same click again leads to its document"


@pytest.mark.parametrize(
    "geste", ["enlever:x", "monter:00000000-0000-0000-0000-000000000000", "rien", "enlever:", "::"]
)
def test_a_button_that_is_none_of_ours_changes_nothing(browser: Browser, home: House, geste: str) -> None:
    place = begun(browser, home, picture())
    assert post(browser, place, geste=geste).status == 303
    assert len(draft_of(home, place).pieces) == 1


def test_a_draft_is_forgotten_after_a_week(browser: Browser, home: House, clock: FakeClock) -> None:
    place = begun(browser, home, picture())
    clock.advance(timedelta(days=6))
    assert adding_drafts.sweep() == 0
    standing = home.mother.standing()
    adding_drafts.keep(standing, UUID(place.rpartition("/")[2]), adding_drafts.Typed(title="x"))
    clock.advance(timedelta(days=6))
    assert adding_drafts.sweep() == 0
    clock.advance(timedelta(days=2))
    assert adding_drafts.drafts(home.mother.standing()) == []
    assert adding_drafts.sweep() == 1
    assert files_of(home.mother.record_id) == 0


@pytest.mark.parametrize("day", ["", "31/02/2026", "2026-02-31", "demain"])
def test_a_date_that_is_none_is_explained(browser: Browser, home: House, day: str) -> None:
    place = begun(browser, home, picture())
    sent = post(browser, place, **{**FIELDS, "date": day})
    assert sent.status == 422
    assert "Écrivez la date inscrite sur le document" in sent.html
    assert len(draft_of(home, place).pieces) == 1


def test_a_day_to_come_and_a_kind_not_chosen_are_said_together(browser: Browser, home: House) -> None:
    place = begun(browser, home, picture())
    sent = post(browser, place, **{**FIELDS, "date": "2999-01-01", "type_code": ""})
    assert sent.status == 422
    assert "Cette date est dans le futur" in sent.html
    assert "Choisissez ce que c&#39;est" in sent.html


def test_a_session_that_ended_loses_nothing_that_was_kept(browser: Browser, home: House, app: Flask) -> None:
    place = begun(browser, home, picture())
    post(browser, place, title="Sang de mars", geste="garder")
    gone = Browser(app)
    sent = answer(gone.post(place, {**FIELDS, "csrf_token": "x"}, follow=False))
    assert (sent.status, sent.location) == (303, "/connexion")
    anew = home.mother.browser(app)
    assert "Sang de mars" in see(anew, place).html
    assert post(anew, place, **FIELDS).status == 303
    assert [row.title for row in documents.page(home.holder).rows] == ["Prise de sang"]


def test_a_parent_adds_under_the_child_s_name(home: House, browser: Browser) -> None:
    place = f"/dossiers/{home.child.record_id}/documents/ajouter"
    assert "Jules Fontenay" in see(browser, place).html
    sent = post(browser, place, file=files(picture()))
    assert "dossier de Jules Fontenay" in see(browser, sent.location).html
    done = post(browser, sent.location, **FIELDS)
    assert done.location.startswith(f"/dossiers/{home.child.record_id}/documents/")


def test_a_draft_whose_pages_were_all_removed_asks_for_a_file(home: House, browser: Browser) -> None:
    place = begun(browser, home, picture())
    post(browser, place, geste=f"enlever:{draft_of(home, place).pieces[0].id}")
    sent = post(browser, place, **FIELDS)
    assert sent.status == 422
    assert 'id="file-e"' in sent.html
    assert post(browser, place, file=files(picture()), **FIELDS).status == 303  # one button sends and adds


def test_two_windows_end_with_one_document(home: House, app: Flask, machines: Machines) -> None:
    first, second = home.mother.browser(app), home.mother.browser(app)
    place = begun(first, home, picture())
    tokens = [window.get(place).csrf_token for window in (first, second)]
    answers: list[Answer] = []
    gate = threading.Barrier(2)

    def send(window: Browser, token: str) -> None:
        gate.wait()
        answers.append(answer(window.post(place, {"csrf_token": token, **FIELDS}, follow=False)))

    threads = [
        threading.Thread(target=copy_context().run, args=(send, *each))
        for each in zip((first, second), tokens, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status for one in answers] == [303, 303]
    assert len({one.location for one in answers}) == 1
    assert len(documents.page(home.holder).rows) == 1
    assert files_of(home.mother.record_id) == 1


def test_a_window_that_was_slower_by_a_moment_is_led_to_the_document(
    home: House, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = home.mother.browser(app), home.mother.browser(app)
    place = begun(first, home, picture())
    tokens = [window.get(place).csrf_token for window in (first, second)]
    keep = adding_drafts.keep

    def send(window: Browser, token: str) -> Page:
        return window.post(place, {"csrf_token": token, **FIELDS}, follow=False)

    def after_the_first(*given: Any) -> None:
        monkeypatch.setattr(adding_drafts, "keep", keep)
        assert answer(copy_context().run(send, first, tokens[0])).status == 303
        keep(*given)

    monkeypatch.setattr(adding_drafts, "keep", after_the_first)
    slower = answer(send(second, tokens[1]))
    assert slower.status == 303
    assert slower.location == f"/dossiers/{home.mother.record_id}/documents/{documents.page(home.holder).rows[0].id}"
