"""Pages of documents, in a browser without a screen: found, read, taken away, added; nothing of a file ever runs."""

from datetime import date, timedelta
from io import RawIOBase
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import update

from espace import db
from espace.access import services as access
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services.arriving.importing import import_paths
from espace.interop import media
from espace.interop.cda_write import wrap
from espace.web.files import disposition
from tests.support.browser_client import Browser

from .house import House, addition, deposited, header, pdf, picture, statements, titles, trail


def own(home: House, rest: str = "") -> str:
    return f"/dossiers/{home.mother.record_id}/documents{rest}"


def seen_by_doctor(home: House, rest: str = "") -> str:
    return f"/pro/patients/{home.mother.record_id}/documents{rest}"


# -- the list --------------------------------------------------------------------------------------------------------


def test_an_empty_record_says_what_will_come(home: House, mother: Browser) -> None:
    page = mother.get(own(home))
    assert page.tree.xpath("//*[@class='empty']")
    assert page.link("Ajouter un document") == own(home, "/ajouter")


def test_the_list_goes_by_year_and_category(home: House, mother: Browser) -> None:
    documents.add(home.holder, addition("Vieux", date=date(2019, 5, 6)))
    deposited(home.doctor_here, "Ordonnance")
    page = mother.get(own(home))
    assert titles(page) == ["Ordonnance", "Vieux"]
    assert [year.text_content() for year in page.tree.xpath("//h2[@class='year']")] == ["2026", "2019"]
    chosen = mother.get(own(home, "/filtrer"))
    only = mother.submit(chosen.form("sorte"), {"sorte": "42"})
    assert titles(only) == ["Ordonnance"]
    assert titles(mother.get(own(home, "?sorte=nothing&avant=%00x"))) == ["Ordonnance", "Vieux"]
    assert mother.get(own(home, "?sorte=31")).tree.xpath("//*[@class='empty']")


def test_older_documents_follow_as_a_page_and_as_a_fragment(
    home: House, mother: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(62):
        day = date(2026, 1, 1) - timedelta(days=number)
        documents.add(home.holder, addition(f"Document {number}", date=day))
    first = mother.get(own(home))
    more = first.link("Voir 60 documents de plus")
    rest = mother.get(more)
    part = mother.fragment(more, "documents")
    assert len(titles(first)) == 60
    assert titles(rest) == titles(part) == ["Document 60", "Document 61"]
    assert b"<html" not in part.body
    assert "HX-Request" in part.headers["Vary"]
    assert len(part.body) < 4096


def test_what_a_professional_wrote_is_never_said_to_be_the_patients_among_what_was_read(
    home: House, doctor: Browser, tmp_path: Any
) -> None:
    for title, day in (("Radio", date(2026, 3, 2)), ("Cahier", date(2016, 1, 2))):
        documents.add(home.holder, addition(title, date=day))
    path = tmp_path / "1.xml"
    given = header(home.mother, title="Médicaments", type_code="60593-1")
    path.write_bytes(wrap(given, pdf("Médicaments"), media.PDF))
    assert import_paths([path]).done == 1
    page = doctor.get(seen_by_doctor(home))
    doctor.send("POST", seen_by_doctor(home, "/lus"), data={"csrf_token": page.csrf_token})
    for order in ("", "?ordre=date"):
        listed = doctor.get(seen_by_doctor(home, order)).tree.xpath("//ul[contains(@class, 'docs')]/li")
        said = {
            row.xpath(".//h3")[0].text_content().strip(): "Ajouté par le patient" in row.text_content()
            for row in listed
        }
        assert said == {"Radio": True, "Cahier": True, "Médicaments": False}


def test_the_professional_sees_what_the_patient_added_as_such(home: House, mother: Browser, doctor: Browser) -> None:
    documents.add(home.holder, addition("Radio"))
    deposited(home.doctor_here, "Ordonnance")
    page = doctor.get(seen_by_doctor(home))
    rows = {
        row.xpath(".//h3")[0].text_content().strip(): row.text_content()
        for row in page.tree.xpath("//ul[contains(@class, 'docs')]/li")
    }
    assert "Ajouté par le patient" in rows["Radio"]
    assert "Ajouté par le patient" not in rows["Ordonnance"]
    assert "ajouter" not in str(page.links.values())
    assert doctor.get(seen_by_doctor(home, "/ajouter"), expect=404).status == 404


def test_the_home_shows_the_latest(home: House, mother: Browser) -> None:
    found = deposited(home.doctor_here, "Ordonnance du matin")
    assert mother.get(f"/dossiers/{home.mother.record_id}/").link("Ordonnance du matin") == own(home, f"/{found}")


# -- one document ----------------------------------------------------------------------------------------------------


def test_a_pdf_is_shown_as_pictures_with_its_words_beside(home: House, mother: Browser) -> None:
    found = deposited(home.doctor_here, "Ordonnance", content=pdf("amoxicilline", "suite", *"cdefg"))
    page = mother.get(own(home, f"/{found}"))
    assert page.h1 == "Ordonnance"
    sources = page.tree.xpath("//figure/img/@src")
    assert sources == [own(home, f"/{found}/pages/{n}") for n in range(1, 6)]
    assert "amoxicilline" in page.tree.xpath("//figure[1]//pre")[0].text
    picture_page = mother.get(sources[1])
    assert picture_page.headers["Content-Type"] == "image/webp"
    later = mother.get(page.link("Voir les pages suivantes"))
    assert later.tree.xpath("//figure/img/@src") == [own(home, f"/{found}/pages/{n}") for n in (6, 7)]
    for wrong in ("0", "8", "99999999"):
        assert mother.get(own(home, f"/{found}/pages/{wrong}"), expect=404).status == 404


def test_a_picture_is_drawn_anew(home: House, mother: Browser) -> None:
    found = deposited(home.doctor_here, content=picture(located=True))
    page = mother.get(own(home, f"/{found}"))
    drawn = mother.get(page.tree.xpath("//figure/img/@src")[0])
    assert b"CANARY" not in drawn.body
    assert mother.get(own(home, f"/{found}/pages/2"), expect=404).status == 404


def test_a_text_is_shown_as_words_and_nothing_else(home: House, mother: Browser) -> None:
    words = "Bonjour <script>alert(1)</script> <img src=x onerror=alert(1)>"
    found = deposited(home.doctor_here, content=words.encode())
    page = mother.get(own(home, f"/{found}"))
    assert page.tree.xpath("//pre")[0].text == words
    assert not page.tree.xpath("//*[@onerror]")


def test_a_file_with_a_program_is_flagged(home: House, mother: Browser) -> None:
    found = deposited(home.doctor_here, content=pdf("a", script=True))
    assert "contient un programme" in mother.get(own(home, f"/{found}")).text


def test_what_the_patient_does_not_know_yet_is_said_to_professionals(
    home: House, doctor: Browser, mother: Browser
) -> None:
    found = deposited(home.doctor_here, patient_invisible=True)
    assert "ne connaît pas encore" in doctor.get(seen_by_doctor(home, f"/{found}")).text
    assert mother.get(own(home, f"/{found}"), expect=404).status == 404


@pytest.mark.parametrize("rest", ["", "/contenu", "/contenu?original=1", "/pages/1", "/original", "/imprimer"])
def test_a_foreign_or_absent_document_is_the_same_nothing(home: House, mother: Browser, rest: str) -> None:
    foreign = deposited(home.doctor_at_child, representatives_see=True)
    answers = [mother.get(own(home, f"/{wrong}{rest}"), expect=404) for wrong in (foreign, uuid4())]
    assert answers[0].text == answers[1].text or len(answers[0].text) == len(answers[1].text)


def test_a_page_costs_as_many_statements_for_one_row_as_for_sixty(
    home: House, mother: Browser, doctor: Browser, app: Flask
) -> None:
    """performance.md: a professional's page has its row of the trail besides, whose head is locked, read and moved."""
    found = deposited(home.doctor_here, content=pdf(*"abcde"))
    pages = (
        (mother, f"/dossiers/{home.mother.record_id}/", 6),
        (mother, own(home), 4),
        (mother, own(home, f"/{found}"), 7),
        (doctor, seen_by_doctor(home), 7),
        (doctor, seen_by_doctor(home, f"/{found}"), 9),
    )
    few = [_statements(browser, path) for browser, path, _ in pages]
    for number in range(60):
        documents.add(home.holder, addition(f"Document {number}"))
    many = [_statements(browser, path) for browser, path, _ in pages]
    assert many == few
    assert all(count <= most for count, (_, _, most) in zip(many, pages, strict=True)), many


def _statements(browser: Browser, path: str) -> int:
    browser.get(path)  # the first reading is told, and keys are opened once
    with statements() as sent:
        browser.get(path)
    return sum(not one.startswith(("BEGIN", "COMMIT", "SAVEPOINT")) for one in sent)


# -- the file --------------------------------------------------------------------------------------------------------

SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
CORPUS: dict[str, tuple[bytes, str]] = {
    "pdf with script": (pdf("a", script=True), "attachment"),
    "picture": (picture(), "inline"),
    "text with markup": (b"x <script>alert(1)</script>", "inline"),
    "tiff": (picture(kind="TIFF"), "attachment"),
}


@pytest.mark.parametrize("name", CORPUS)
def test_no_file_runs_in_a_browser(home: House, mother: Browser, name: str) -> None:
    content, way = CORPUS[name]
    found = deposited(home.doctor_here, '"><script>alert(1)</script>\r\nX-Evil: 1', content=content)
    for query, expected_way in (("", way), ("?original=1", "attachment")):
        page = mother.get(own(home, f"/{found}/contenu{query}"))
        assert page.headers["Content-Security-Policy"] == SANDBOX
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Content-Disposition"].startswith(expected_way + ";")
        assert page.headers["Cache-Control"].startswith("no-store")
        assert page.headers["Content-Type"].partition(";")[0] in {
            media.PDF,
            media.JPEG,
            media.TEXT,
            media.TIFF,
            media.XML,
        }
        assert "X-Evil" not in page.headers
        assert "Content-Encoding" not in page.headers
    drawn = mother.get(own(home, f"/{found}/pages/1"), expect=None)
    assert drawn.status == 404 or drawn.headers["Content-Security-Policy"] == SANDBOX


def test_an_imported_body_of_markup_never_gets_in(home: House, tmp_path: Any) -> None:
    for number, body in enumerate((b"<html><script>1</script>", b"<svg onload='x'/>", b"GIF89a\x00")):
        content = wrap(header(home.mother, f"1.2.{number}"), body, "text/html")
        path = tmp_path / f"{number}.xml"
        path.write_bytes(content)
        assert import_paths([path]).done == 0


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        (None, 200, 0, None),
        ("bytes=0-99", 206, 0, 100),
        ("bytes=100-", 206, 100, None),
        ("bytes=-50", 206, -50, None),
        ("bytes=300000-300010", 206, 300_000, 300_011),
        ("bytes=10-99999999", 206, 10, None),
        ("bytes=0-1,5-6", 200, 0, None),
        ("bytes=x-y", 200, 0, None),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=5-2", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
    ],
)
def test_ranges(home: House, mother: Browser, asked: str | None, status: int, start: int, end: int | None) -> None:
    content = pdf("x")[:-6] + b"%" + b"0123456789" * 60_000 + b"\n%%EOF\n"
    found = deposited(home.doctor_here, content=content)
    headers = {"Range": asked} if asked else {}
    page = mother.get(own(home, f"/{found}/contenu"), expect=status, headers=headers)
    if status == 416:
        assert page.headers["Content-Range"] == f"bytes */{len(content)}"
        return
    expected = content[start:end]
    assert page.body == expected
    assert int(page.headers["Content-Length"]) == len(expected)
    if status == 206:
        begin = start % len(content) if start < 0 else start
        assert page.headers["Content-Range"] == f"bytes {begin}-{begin + len(expected) - 1}/{len(content)}"


def test_a_download_is_streamed_and_shares_one_row(
    home: House, doctor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = deposited(home.doctor_here)

    def whole(_reader: object) -> bytes:
        raise AssertionError("the whole file was held in memory")

    monkeypatch.setattr("espace.storage.Reader.read_all", whole)
    before = len(trail(home.holder))
    for asked in ("bytes=0-9", "bytes=10-19", "bytes=20-"):
        doctor.get(seen_by_doctor(home, f"/{found}/contenu"), expect=206, headers={"Range": asked})
    assert len(trail(home.holder)) == before + 1


def test_no_row_no_byte(home: House, doctor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    found = deposited(home.doctor_here, "CANARY", content=pdf("CANARY"))

    def broken(*_given: object, **_named: object) -> None:
        raise OSError("the trail cannot be written")

    monkeypatch.setattr("espace.audit.services.record", broken)
    for rest in ("", f"/{found}", f"/{found}/contenu", f"/{found}/pages/1"):
        page = doctor.get(seen_by_doctor(home, rest), expect=500)
        assert b"CANARY" not in page.body
        assert b"%PDF" not in page.body


def test_a_file_that_does_not_open_is_an_error_page(home: House, mother: Browser) -> None:
    found = deposited(home.doctor_here)
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == found).values(body_file_id=uuid4()))
    assert mother.get(own(home, f"/{found}/contenu"), expect=500).is_html


@pytest.mark.parametrize(
    ("title", "bare", "whole"),
    [
        ("Prise de sang", "Prise de sang.pdf", "Prise%20de%20sang.pdf"),
        ("Été à l'hôpital", "Ete a l hopital.pdf", "%C3%89t%C3%A9%20%C3%A0%20l%20h%C3%B4pital.pdf"),
        ("../../etc/passwd", "etc passwd.pdf", "etc%20passwd.pdf"),
        ('a"; filename="x.exe', "a filename x.exe.pdf", "a%20filename%20x.exe.pdf"),
        ("日本", "document.pdf", "%E6%97%A5%E6%9C%AC.pdf"),
        ("...", "document.pdf", "document.pdf"),
    ],
)
def test_names_of_files_are_safe(title: str, bare: str, whole: str) -> None:
    assert disposition(title, media.PDF) == f"attachment; filename=\"{bare}\"; filename*=UTF-8''{whole}"


# -- adding ----------------------------------------------------------------------------------------------------------


class _Endless(RawIOBase):
    """A request's body that counts what is read of it."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self.taken += len(into)
        return len(into)


def test_two_hundred_megabytes_are_refused_before_they_are_read(home: House, mother: Browser) -> None:
    mother.get(own(home, "/ajouter"))
    body = _Endless()
    page = mother.send(
        "POST",
        own(home, "/ajouter"),
        expect=413,
        environ_overrides={
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": body,
            "CONTENT_LENGTH": str(200 * 1024 * 1024),
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
        },
    )
    assert body.taken < 1024 * 1024
    assert page.is_html
    assert documents.page(home.holder).rows == ()


def test_revoked_at_the_next_request(home: House, doctor: Browser, mother: Browser) -> None:
    found = deposited(home.doctor_here)
    doctor.get(seen_by_doctor(home, f"/{found}"))
    line = access.consents(home.holder)[0]
    access.answer(home.holder, line.id, access.Answer.BLOCK, version=line.version, days=None)
    for rest in ("", f"/{found}", f"/{found}/contenu"):
        assert doctor.get(seen_by_doctor(home, rest), expect=404).status == 404


def test_a_file_beyond_every_limit_leads_back_to_the_form(home: House, mother: Browser) -> None:
    place = own(home, "/ajouter")
    mother.get(place)
    page = mother.send("POST", place, expect=413, environ_overrides={"CONTENT_LENGTH": str(30 * 1024 * 1024)})
    assert "Une photo peut peser 25 Mo, un PDF 5 Mo." in page.text
    assert page.link("Rouvrir le formulaire") == place
    mother.get(place)
