"""A document on its page: page by page, larger, printed, in the browser's own viewer; whatever is in the file."""

import re
import time
import zlib
from typing import Any
from uuid import uuid4

import pytest

from espace.documents.services.viewing.showing import MAX_WORDS
from espace.documents.views import one
from espace.errors import BusyError
from espace.interop import drawing, media
from espace.web.files import disposition
from tests.interop.hostile import HARMFUL, endless, long_pdf, scanned
from tests.support.browser_client import Browser, Page

from .house import House, deposited, pdf, picture, trail
from .viewing import filed, own, seen_by_doctor

SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
CDA = (
    b"<ClinicalDocument xmlns='urn:hl7-org:v3'><title>Lettre</title><component><structuredBody><component><section>"
    b"<title>Conclusion</title><text><paragraph>Tout va bien.</paragraph></text></section></component>"
    b"</structuredBody></component></ClinicalDocument>"
)


def numbers(page: Page) -> list[int]:
    """The pages that stand as pictures on a page."""
    found = [re.search(r"/pages/(\d+)", source) for source in page.tree.xpath("//figure//img/@src")]
    return [int(match[1]) for match in found if match]


def notes(page: Page) -> str:
    """What a page says beside what it shows."""
    return " ".join(page.tree.xpath("string(//main)").split())


def way(page: Page, rel: str) -> str:
    """Where the way to what lies before (`prev`) or after (`next`) leads, or nowhere."""
    found = page.tree.xpath(f"//nav//a[@rel='{rel}']/@href")
    return str(found[0]) if found else ""


# -- page by page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pages", [1, 4, 5, 6, 11, 23])
def test_going_on_and_back_meets_every_page_once(home: House, mother: Browser, pages: int) -> None:
    found = filed(home, long_pdf(pages), pages=pages)
    page = mother.get(own(home, found))
    forth = numbers(page)
    while way(page, "next"):
        page = mother.get(way(page, "next"))
        forth += numbers(page)
    assert forth == list(range(1, pages + 1))
    back = numbers(page)
    while way(page, "prev"):
        page = mother.get(way(page, "prev"))
        back = [*numbers(page), *back]
    assert back == list(range(1, pages + 1))


@pytest.mark.parametrize(
    ("asked", "first"), [("7", 7), ("23", 23), ("24", 23), ("99999999", 23), ("0", 1), ("-4", 1), ("x", 1), ("", 1)]
)
def test_it_opens_at_the_page_asked_for(home: House, mother: Browser, asked: str, first: int) -> None:
    found = filed(home, long_pdf(23), pages=23)
    page = mother.get(own(home, found, f"?page={asked}"))
    assert numbers(page)[0] == first
    assert f"page {first}" in page.tree.xpath("//figure[1]//pre")[0].text
    assert page.tree.xpath("//input[@name='page']/@value") == [str(first)]


def test_a_page_is_looked_at_closely_without_script(home: House, mother: Browser) -> None:
    found = filed(home, long_pdf(7), pages=7)
    page = mother.get(own(home, found, "?page=6"))
    sizes = []
    while enlarge := page.tree.xpath("//a[@aria-label='Agrandir les pages']/@href"):
        page = mother.get(enlarge[0].partition("#")[0])
        assert numbers(page) == [6, 7], "the place is kept"
        sizes.append(page.tree.xpath("//figure/@class")[0])
        windows = page.tree.xpath("//figure/div[@tabindex='0' and @role='group' and @aria-label]")
        assert len(windows) == 2, "what is larger than the screen moves in a window that the keyboard reaches"
    assert [size.rpartition(" ")[2] for size in sizes] == ["z2", "z3"]
    wide = mother.get(page.tree.xpath("//figure//img/@src")[0])
    assert len(wide.body) > len(mother.get(own(home, found, "/pages/6")).body)
    assert way(page, "prev").endswith("&zoom=3")
    smaller = page.tree.xpath("//a[@aria-label='Réduire les pages']/@href")[0].partition("#")[0]
    assert "zoom=2" in smaller
    for wrong in ("9", "0", "-1", "x"):
        assert "zoom=2" in str(mother.get(own(home, found, f"?zoom={wrong}")).links.values()), "as it first stood"


def test_every_page_of_a_fax_is_shown_and_drawn(home: House, mother: Browser) -> None:
    found = filed(home, scanned(7), media.TIFF)
    first = mother.get(own(home, found))
    second = mother.get(way(first, "next"))
    assert (numbers(first), numbers(second)) == ([1, 2, 3, 4, 5], [6, 7])
    assert mother.get(own(home, found, "/pages/7")).headers["Content-Type"] == "image/webp"
    assert mother.get(own(home, found, "/pages/8"), expect=404).status == 404


def test_many_words_are_spread_over_more_pages_and_stay_light(home: House, mother: Browser) -> None:
    words = " ".join(f"mot{n * 7919 % 9973}" for n in range(1500))
    found = filed(home, pdf(*([words] * 9)), pages=9)
    page, met = mother.get(own(home, found)), []
    while True:
        met += numbers(page)
        assert sum(len(text) for text in page.tree.xpath("//figure//pre/text()")) <= MAX_WORDS
        assert len(zlib.compress(page.body)) < 22_000  # the words are random here: real ones pack twice as well
        if not way(page, "next"):
            break
        page = mother.get(way(page, "next"))
    assert met == list(range(1, 10))


def test_a_long_text_has_pages_and_loses_nothing(home: House, mother: Browser) -> None:
    lines = [f"Ligne {n} : mesure {n * 37}" for n in range(6000)]
    found = filed(home, "\n".join(lines).encode(), media.TEXT, pages=0)
    page, read = mother.get(own(home, found)), ""
    while True:
        read += "\n".join(page.tree.xpath("//pre/text()")) + "\n"
        if not way(page, "next"):
            break
        page = mother.get(way(page, "next"))
    assert read.split("\n")[:-1] == lines


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"{\\rtf1\\ansi Bonjour <b>Madame</b>, \\'e9t\\'e9}", media.RTF, "Bonjour <b>Madame</b>, été"),
        ("Été <script>alert(1)</script>".encode("cp1252"), media.TEXT, "Été <script>alert(1)</script>"),
        ("﻿Signé".encode(), media.TEXT, "Signé"),
        (CDA, media.XML, "Tout va bien."),
        (b"<?xml version='1.0'?><note>Bonjour &lt;script&gt;</note>", media.XML, "&lt;script&gt;</note>"),
        (b"<ClinicalDocument", media.XML, "<ClinicalDocument"),
    ],
)
def test_words_of_every_kind_are_words_and_nothing_else(
    home: House, mother: Browser, content: bytes, kind: str, words: str
) -> None:
    page = mother.get(own(home, filed(home, content, kind, pages=0)))
    assert words in page.tree.xpath("string(//main)")
    assert not page.tree.xpath("//main//script | //main//b[text()='Madame']")


# -- what cannot be shown --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HARMFUL)
def test_a_file_that_does_harm_is_answered_by_a_sentence(home: House, mother: Browser, name: str) -> None:
    content, kind = HARMFUL[name]
    found = filed(home, content or b" ", kind)
    for rest, status in (("", 200), ("/imprimer", 200), ("/pages/1", 404), ("/pages/1?zoom=2", 404)):
        began = time.monotonic()
        page = mother.get(own(home, found, rest), expect=status)
        assert time.monotonic() - began < 10
        if status == 200:
            assert "Téléchargez" in notes(page) or "téléchargez" in notes(page)
            assert numbers(page) == []
    assert mother.get(own(home, found, "/contenu")).body == (content or b" ")


def test_what_cannot_be_shown_is_not_tried_again_at_once(
    home: House, mother: Browser, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = filed(home, b"%PDF-1.7 broken")
    first = notes(mother.get(own(home, found)))
    monkeypatch.setattr(drawing, "draw", lambda *_, **__: pytest.fail("it was tried again"))
    assert notes(mother.get(own(home, found))) == first
    mother.get(own(home, found, "/pages/1"), expect=404)


def test_pages_around_one_that_kills_are_shown(home: House, mother: Browser) -> None:
    page = mother.get(own(home, filed(home, endless(after=2), pages=3)))
    assert numbers(page) == [1, 2]
    assert "La page 3 ne peut pas être montrée ici" in notes(page)
    assert way(page, "next") == ""


def test_when_too_much_is_drawn_the_page_says_to_come_again(
    home: House, mother: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = filed(home, pdf("a"))

    def full(*_given: object, **_named: object) -> None:
        raise BusyError

    with monkeypatch.context() as changed:
        changed.setattr(drawing, "draw", full)
        assert "Rouvrez cette page dans un instant" in notes(mother.get(own(home, found)))
        assert mother.get(own(home, found, "/pages/1"), expect=503).headers["Retry-After"]
    assert numbers(mother.get(own(home, found))) == [1]


def test_images_of_machines_are_kept_and_only_taken_away(home: House, mother: Browser) -> None:
    content = b"\x00" * 128 + b"DICM" + b"\x01" * 50
    found = filed(home, content, "application/dicom", title="IRM du genou", pages=0)
    page = mother.get(own(home, found))
    assert "(DICOM)" in notes(page)
    assert "imprimer" not in str(page.links.values())
    for rest in ("/contenu", "/original"):
        answer = mother.get(own(home, found, rest))
        assert answer.body == content
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="IRM du genou.dcm"')
    unknown = filed(home, content + b"x", "application/x-thing", pages=0)
    assert "Ce genre de fichier" in notes(mother.get(own(home, unknown)))
    assert mother.get(own(home, unknown, "/original")).headers["Content-Type"] == "application/octet-stream"


# -- the browser's own viewer ----------------------------------------------------------------------------------------

SHOWN_BY_BROWSERS: dict[str, tuple[bytes, str, bool, str]] = {
    "a PDF": (pdf("a"), media.PDF, False, "inline"),
    "a PDF with a program": (pdf("a", script=True), media.PDF, True, "attachment"),
    "a photograph": (picture(), media.JPEG, False, "inline"),
    "a text": (b"<script>alert(1)</script>", media.TEXT, False, "inline"),
    "a fax": (scanned(1), media.TIFF, False, "attachment"),
    "a CDA": (CDA, media.XML, False, "attachment"),
    "both PDF and page": (b"%PDF-1.4\n<html><script>alert(1)</script>" + pdf("a"), media.PDF, False, "inline"),
}


@pytest.mark.parametrize("name", SHOWN_BY_BROWSERS)
def test_the_browser_s_viewer_gets_what_runs_nothing(home: House, mother: Browser, name: str) -> None:
    content, kind, active, how = SHOWN_BY_BROWSERS[name]
    found = filed(home, content, kind, active=active)
    answer = mother.get(own(home, found, "/original"))
    assert answer.body == content
    assert answer.headers["Content-Security-Policy"] == SANDBOX
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store, no-transform"
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert answer.headers["Content-Disposition"].partition(";")[0] == how
    part = mother.get(own(home, found, "/original"), expect=206, headers={"Range": "bytes=1-3"})
    assert part.body == content[1:4]
    offered = own(home, found, "/original") in mother.get(own(home, found)).links.values()
    assert offered == (how == "inline")


# -- on paper --------------------------------------------------------------------------------------------------------


def test_the_whole_document_is_made_ready_to_print(
    home: House, mother: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one, "PRINTED", 3)
    found = filed(home, long_pdf(7), pages=7)
    page = mother.get(mother.get(own(home, found)).link("Imprimer"))
    met = numbers(page)
    assert not page.tree.xpath("//figure//img[@loading]"), "paper has no later"
    while way(page, "next"):
        page = mother.get(way(page, "next"))
        met += numbers(page)
    assert met == list(range(1, 8))
    assert "Claire Fontenay" in page.tree.xpath("//figcaption")[0].text_content()
    assert page.tree.xpath("//p[@data-print and @hidden]/button"), "only script can do it"
    assert "prêt" in notes(mother.get(own(home, filed(home, CDA, media.XML, pages=0), "/imprimer")))


# -- who may, and what is left of it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["/original", "/imprimer", "/pages/1?zoom=2", "?page=2"])
def test_a_foreign_or_absent_document_is_the_same_nothing(home: House, mother: Browser, rest: str) -> None:
    foreign = deposited(home.doctor_at_child, representatives_see=True)
    answers = [mother.get(own(home, wrong, rest), expect=404) for wrong in (foreign, uuid4())]
    assert len(answers[0].text) == len(answers[1].text)


def test_each_way_of_reading_is_one_row_and_pictures_share_it(home: House, doctor: Browser) -> None:
    found = filed(home, long_pdf(3), pages=3)
    for rest, more in (("", 1), ("/pages/1", 0), ("/pages/2?zoom=2", 0), ("/imprimer", 1), ("/original", 1)):
        before = len(trail(home.holder))
        assert doctor.get(seen_by_doctor(home, found, rest)).status == 200
        assert len(trail(home.holder)) == before + more, rest


def test_no_row_no_page(home: House, doctor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    found = filed(home, pdf("CANARY"))

    def broken(*_given: object, **_named: object) -> None:
        raise OSError("the trail cannot be written")

    monkeypatch.setattr("espace.audit.services.record", broken)
    for rest in ("", "/original", "/imprimer", "/pages/1"):
        answer = doctor.get(seen_by_doctor(home, found, rest), expect=500)
        assert b"CANARY" not in answer.body


# -- titles of every script ------------------------------------------------------------------------------------------

TITLES = (
    "تقرير طبي (نتائج)",
    "\N{RIGHT-TO-LEFT OVERRIDE}exe.fdp",
    "\N{DROP OF BLOOD} Mes résultats",
    "\N{RIGHT-TO-LEFT MARK}abc",
    "a" * 300,
)


@pytest.mark.parametrize("title", TITLES)
def test_a_title_keeps_its_direction_to_itself(home: House, mother: Browser, title: str) -> None:
    found = filed(home, pdf("a"), title=title)
    page = mother.get(own(home, found))
    assert page.tree.xpath("//h1/bdi/text()") == [title]
    assert page.tree.xpath("//title/text()")[0].startswith(
        f"\N{FIRST STRONG ISOLATE}{title}\N{POP DIRECTIONAL ISOLATE}"
    )
    assert mother.get(own(home, found, "/contenu")).status == 200


@pytest.mark.parametrize(
    ("title", "whole"),
    [
        ("تقرير", "تقرير.pdf"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe\N{POP DIRECTIONAL FORMATTING}", "gnp.exe.pdf"),
        ("Bilan 🩸 de mai", "Bilan 🩸 de mai.pdf"),
        ("हिन्दी", "हिन्दी.pdf"),
        ("E\u0301te\u0301", "Été.pdf"),
        ("a/b\\c:d*e?f", "a b c d e f.pdf"),
        ("\x00\r\n", "document.pdf"),
    ],
)
def test_names_of_files_keep_every_script_and_no_trick(title: str, whole: str) -> None:
    from urllib.parse import unquote

    given = disposition(title, media.PDF)
    assert unquote(given.partition("UTF-8''")[2]) == whole
    assert given.isascii()
