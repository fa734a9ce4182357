"""Whatever people send in is shown as words or pictures, or saved as a file; nothing of it runs (R30, R33)."""

import json
import re
from io import BytesIO

import pikepdf
import pytest
from flask import Flask
from lxml import html
from PIL import Image

from espace.access.services import Answer
from espace.interop import media
from espace.web import assets
from tests.support import adding, build
from tests.support.browser_client import Browser, Page, Upload
from tests.support.crawl import crawl
from tests.support.marks import on_sqlite
from tests.support.papers import jpeg, pdf

pytestmark = on_sqlite

MARK = "canari-qwx"
SCRIPT = f"<script>fetch('/{MARK}')</script>".encode()
HOSTILE = (
    f"\"><img src=x onerror=alert('{MARK}') hx-get=/{MARK} hx-trigger=load data-hx-on:load={MARK}>"
    f"<script>{MARK}</script>"
)
_SAFE_ATTRIBUTES = {"hx-get", "hx-target", "hx-swap", "hx-disable"}
_INLINE = {media.JPEG, media.PNG, "text/plain"}
_SAVED = {media.PDF, media.TIFF, media.RTF, media.XML}


def _acting_pdf() -> bytes:
    file = pikepdf.open(BytesIO(pdf("Bilan")))
    file.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=f"app.alert('{MARK}')")
    out = BytesIO()
    file.save(out)
    return out.getvalue()


def _commented_png() -> bytes:
    out = BytesIO()
    picture = Image.new("RGB", (8, 8))
    picture.save(out, "PNG", exif=SCRIPT)
    return out.getvalue() + SCRIPT


CORPUS = {
    "page.html": b"<!doctype html><html><body>" + SCRIPT,
    "page.pdf": b"<!doctype html><html><body>" + SCRIPT,
    "bare.txt": SCRIPT,
    "spaces.txt": b" " * 600 + SCRIPT,
    "mark.txt": b"\xef\xbb\xbf" + SCRIPT,
    "wide.txt": "\ufeff<script>1</script>".encode("utf-16"),
    "picture.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="fetch(1)">' + SCRIPT + b"</svg>",
    "data.xml": b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="/x"?><x xmlns="http://www.w3.org/1999/xhtml">'
    + SCRIPT
    + b"</x>",
    "bomb.xml": b'<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b SYSTEM "file:///etc/passwd">]><x>&a;&b;</x>',
    "head.pdf": b"%PDF-1.4\n" + SCRIPT,
    "both.pdf": SCRIPT + pdf("Bilan"),
    "tail.pdf": pdf("Bilan") + SCRIPT,
    "acting.pdf": _acting_pdf(),
    "gif.js": b"GIF89a/*" + b"\0" * 20 + b"*/=1;" + SCRIPT,
    "tail.jpg": jpeg() + SCRIPT,
    "comment.png": _commented_png(),
    "letter.rtf": rb"{\rtf1{\object\objdata 01}" + SCRIPT + b"}",
    "mail.mht": b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + SCRIPT,
    "page.hta": b"<hta:application>" + SCRIPT,
    "empty.pdf": b"",
}


def _check_file(answer: Page, name: str) -> None:
    """What a browser is told about a file it gets."""
    policy = {part.split()[0]: part.split()[1:] for part in answer.headers["Content-Security-Policy"].split(";")}
    assert policy["default-src"] == ["'none'"], name
    assert policy["sandbox"] == [], name
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    kind, way = answer.response.mimetype, answer.headers["Content-Disposition"].partition(";")[0]
    assert kind in _INLINE | _SAVED, f"{name} is served as {kind}"
    assert way == ("inline" if kind in _INLINE else "attachment"), f"{name}: {kind} {way}"
    assert not re.search(r"[\r\n]", answer.headers["Content-Disposition"])
    if kind == "image/jpeg":
        assert answer.body[:2] == b"\xff\xd8"
    if kind == "image/png":
        assert answer.body[:8] == b"\x89PNG\r\n\x1a\n"


def _check_page(page: Page) -> None:
    """Nothing of what people wrote became part of the page's own structure."""
    for element in page.tree.iter(html.etree.Element):
        for name, value in element.attrib.items():
            if name.startswith(("hx-", "data-hx-")):
                assert name in _SAFE_ATTRIBUTES, f"{page.path}: {name}"
                assert MARK not in value, f"{page.path}: {name}={value}"
            assert not name.startswith("on"), f"{page.path}: {name}"
        if element.tag in ("script", "iframe", "object", "embed", "img", "svg", "use", "base", "meta", "link"):
            assert MARK not in html.tostring(element, with_tail=False).decode(), page.path
    scripts = page.tree.xpath("//script/@src")
    assert all(str(place).startswith("/static/") for place in scripts), scripts


def _files(browser: Browser, document: str, name: str) -> None:
    page = browser.get(document)
    _check_page(page)
    for place in (f"{document}/contenu", f"{document}/contenu?original=1"):
        _check_file(browser.get(place), name)
    picture = browser.get(f"{document}/pages/1", expect=None)
    assert picture.status == 404 or picture.response.mimetype == "image/webp"


@pytest.mark.parametrize("name", list(CORPUS))
def test_a_file_a_person_adds_runs_nowhere(app: Flask, name: str) -> None:
    holder = build.citizen()
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/documents/ajouter"
    answer = adding.add(browser, place, Upload(name, CORPUS[name], "text/html"), {"title": HOSTILE[:110]})
    if answer.status == 422:
        _check_page(answer)
        assert list(holder_documents(browser, holder)) == []
        return
    assert answer.status == 303
    _files(browser, answer.headers["Location"], name)
    served = browser.get(answer.headers["Location"] + "/contenu")
    if served.response.mimetype not in ("text/plain", "application/rtf"):  # words are words, whatever they say
        assert SCRIPT not in served.body
    assert b"/JavaScript" not in served.body
    assert b"objdata" not in served.body


@pytest.mark.parametrize("name", list(CORPUS))
def test_a_file_a_professional_deposits_runs_nowhere(app: Flask, name: str) -> None:
    holder, doctor = build.citizen(), build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    browser = doctor.browser(app)
    record = f"/pro/patients/{holder.record_id}"
    form = browser.get(f"{record}/deposer").form("file")
    review = browser.submit(form, {"file": Upload(HOSTILE, CORPUS[name], "text/html")})
    _check_page(review)
    if review.status == 422:
        assert list(holder_documents(holder.browser(app), holder)) == []
        return
    browser.submit(review.form("title", "date"), {"title": HOSTILE[:110]}, expect=200)
    for reader, base in ((holder.browser(app), f"/dossiers/{holder.record_id}"), (browser, record)):
        for place in holder_documents(reader, holder, base):
            _files(reader, place, name)
    assert list(holder_documents(holder.browser(app), holder)) != []


def holder_documents(browser: Browser, holder: build.Citizen, base: str = "") -> list[str]:
    """Where the documents of the list lead."""
    base = base or f"/dossiers/{holder.record_id}"
    links = browser.get(f"{base}/documents").links.values()
    return [place for place in links if re.fullmatch(rf"{base}/documents/[0-9a-f-]{{36}}", place)]


def test_what_people_are_called_and_write_never_becomes_part_of_a_page(app: Flask) -> None:
    holder = build.citizen(HOSTILE, HOSTILE)
    doctor = build.caregiver(HOSTILE, HOSTILE, structure=HOSTILE)
    build.consent(holder, doctor, Answer.GRANT)
    build.document(holder.standing(), HOSTILE[:110])
    browsers = {"/dossiers/": holder.browser(app), f"/pro/patients/{holder.record_id}/": doctor.browser(app)}
    shown = 0
    for start, browser in browsers.items():
        for page in crawl(browser, start):
            if page.is_html:
                _check_page(page)
                shown += MARK in page.text
    assert shown > 8, "the hostile words were shown nowhere: nothing is proved"


def test_htmx_is_told_to_run_nothing(app: Flask) -> None:
    """The live configuration, on every page that loads htmx; the file itself is version 2."""
    holder = build.citizen()
    build.document(holder.standing(), MARK)
    wanted = {
        "allowEval": False,
        "allowScriptTags": False,
        "selfRequestsOnly": True,
        "includeIndicatorStyles": False,
        "historyCacheSize": 0,
        "historyRestoreAsHxRequest": False,
    }
    loaded = 0
    for page in crawl(holder.browser(app), "/dossiers/"):
        if page.is_html and page.tree.xpath("//script[contains(@src, 'htmx')]"):
            loaded += 1
            (config,) = page.tree.xpath("//meta[@name='htmx-config']/@content")
            assert json.loads(config) == wanted
            for words in page.tree.xpath("//main//*[contains(text(), 'canari')]"):
                assert words.xpath("ancestor-or-self::*[@hx-disable]"), (
                    f"{page.path}: words of people may speak to htmx"
                )
    assert loaded > 3
    assert re.search(rb'version:"2\.', assets.source("vendor/htmx.min.js"))
    assert b"eval(" not in assets.source("app.js")
