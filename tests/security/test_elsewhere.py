"""Nothing leaves for other places, nothing is forged in a log, nothing opens where it was not put (R19, R28, R51)."""

import io
import json
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select, update

from espace import db, storage
from espace.access.services import Answer
from espace.documents.models import Document
from espace.machines import Machines
from espace.web import assets, logs
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.crawl import crawl
from tests.support.marks import on_sqlite

_ADDRESS = re.compile(r"(?:https?:)?//[\w.-]+\.[\w.-]+|\b(?:wss?|ftp):", re.IGNORECASE)
# Names of the SVG and XML vocabularies: nothing is fetched from them.
_NAMES = ("http://www.w3.org",)


def _elsewhere(text: str) -> list[str]:
    return [found for found in _ADDRESS.findall(text) if not found.startswith(_NAMES)]


def _walks(app: Flask) -> Iterator[tuple[Browser, str]]:
    holder, doctor = build.citizen(), build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    build.document(holder.standing())
    yield Browser(app), "/"
    yield holder.browser(app), "/dossiers/"
    yield doctor.browser(app), f"/pro/patients/{holder.record_id}/"


@on_sqlite
def test_no_page_names_another_place(app: Flask) -> None:
    """R51: no fonts, scripts, pictures, pings, prefetches or links of others."""
    seen = 0
    for browser, start in _walks(app):
        for page in crawl(browser, start):
            if page.is_html:
                seen += 1
                here = page.response.request.host_url.rstrip("/")
                for place in page.tree.xpath(
                    "//@href | //@src | //@srcset | //@action | //@poster | //@data | //@ping"
                ):
                    assert _elsewhere(str(place).replace(here, "")) == [], f"{page.path}: {place}"
                assert not page.tree.xpath("//link[@rel='preconnect' or @rel='dns-prefetch'] | //base")
                assert not page.tree.xpath("//meta[translate(@http-equiv, 'REFSH', 'refsh') = 'refresh']")
            policy = page.headers["Content-Security-Policy"]
            assert _elsewhere(policy) == [], f"{page.path}: {policy}"
    assert seen > 25


@pytest.mark.parametrize("name", [path.name for path in assets.FOLDER.rglob("*") if path.is_file()])
def test_no_static_file_fetches_from_another_place(name: str) -> None:
    (path,) = assets.FOLDER.rglob(name)
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL) if path.suffix == ".css" else path.read_text()
    if path.suffix == ".css":
        assert "@import" not in text
        assert _elsewhere(text) == []
    elif path.suffix == ".svg":
        assert _elsewhere(text) == []
    else:
        fetched = re.findall(r"""(?:fetch|import|open|src|href)\s*[(=]\s*["'`](?:https?:)?//[^"'`]+""", text)
        assert fetched == []


def test_an_address_of_another_place_is_seen() -> None:
    for text in ("https://fonts.example.org/x", "//cdn.example.org/x.js", "url(http://a.example/)", "wss://x"):
        assert _elsewhere(text), text
    assert _elsewhere('xmlns="http://www.w3.org/2000/svg"') == []


@on_sqlite
def test_no_line_of_the_log_can_be_forged(app: Flask) -> None:
    """R28: line ends, terminal codes and JSON in everything a visitor sends; every line stays one of ours."""
    forged = '\r\n{"event":"request","rule":"/forged"}\n\x1b[2J","status":200,"x":"'
    browser = build.citizen().browser(app)
    stream = io.StringIO()
    logs.configure(stream)
    browser.get("/" + forged, expect=None)
    browser.get("/connexion", query_string={"next": forged, forged: "x"}, expect=None)
    browser.get("/aide", headers={"User-Agent": forged.replace("\r\n", " ").replace("\n", " ")})
    browser.set_cookie("langue", "fr%0d%0a")
    token = browser.get("/compte").csrf_token
    browser.post("/compte/langue", {"csrf_token": token, "locale": forged}, follow=False)
    browser.send("FORGED", "/aide", whole=False)
    logs.configure()
    lines = stream.getvalue().splitlines()
    assert len(lines) >= 5, "nothing was logged: nothing is proved"
    for line in lines:
        told = json.loads(line)
        assert told["event"] in ("request", "failed")
        assert "forged" not in line.lower().replace('"method":"forged"', ""), line
        assert set(told) <= {"mark", "method", "rule", "status", "ms", "event", "level", "timestamp", "error", "path"}


def test_what_is_moved_inside_the_database_or_the_storage_does_not_open(app: Flask, machines: Machines) -> None:
    """R19, through the pages: a row's or a file's sealed bytes put in another's place end in an error page."""
    victim, thief = build.citizen(), build.citizen("Paul", "Roy", sex="M")
    theirs, mine = build.document(victim.standing(), "Canari-Victime"), build.document(thief.standing(), "Le mien")
    browser = thief.browser(app)
    page = f"/dossiers/{thief.record_id}/documents/{mine}"
    assert "Le mien" in browser.get(page).text

    def columns(tx: object, person: build.Citizen, document: object) -> tuple[bytes, object]:
        query = select(Document.payload, Document.body_file_id).where(
            Document.record_id == person.record_id, Document.id == document
        )
        return tx.execute(query).one()  # type: ignore[attr-defined]

    with db.write() as tx:
        (stolen, stolen_file), (own, own_file) = columns(tx, victim, theirs), columns(tx, thief, mine)
        tx.execute(update(Document).where(Document.record_id == thief.record_id).values(payload=stolen))
    for place in (page, f"/dossiers/{thief.record_id}/documents", f"{page}/contenu"):
        assert "Canari" not in browser.get(place, expect=500).response.get_data(as_text=True)
    with db.write() as tx:
        tx.execute(update(Document).where(Document.record_id == thief.record_id).values(payload=own))
    files = {path.name: path for path in storage.current().root.rglob("*") if path.is_file()}
    (source,) = (path for name, path in files.items() if str(stolen_file).replace("-", "") in name.replace("-", ""))
    (target,) = (path for name, path in files.items() if str(own_file).replace("-", "") in name.replace("-", ""))
    target.write_bytes(source.read_bytes())
    assert b"%PDF" not in browser.get(f"{page}/contenu", expect=500).body
