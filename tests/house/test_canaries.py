"""What people write is found in no log, no address, no table and no file (security.md R20, R21, R28, R52)."""

import gzip
import hashlib
import logging
from base64 import b64encode
from io import StringIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from espace import crypto, db
from espace.access.services import Answer
from espace.documents.services.finding.texts import Backfill
from espace.interop.mail_letter import Address, Part
from espace.machines import Machines
from espace.web import guards, logs
from tests.messaging import letters
from tests.support import build, canaries
from tests.support.browser_client import Browser, Form, Upload
from tests.support.crawl import crawl
from tests.support.papers import pdf

NAME, FIRST, TITLE, REASON = "Canariovitz", "Zerbinette", "Ordonnance-zqxv", "Motif-wkjh"
STRUCTURE, DOCTOR, SECRET, MAIL = "Cabinet-yhgt", "Perroquetier", "mot de passe zzyzx", "zqvw@exemple.test"
WORDS = (NAME, FIRST, TITLE, REASON, STRUCTURE, DOCTOR, SECRET, MAIL)
VEILING = ("/compte/mode-prive", "/compte/accompagnement", "/depart")
"""Forms sent last: the pages that follow them take no more words."""


def _typed(form: Form) -> dict[str, str | list[str] | Upload | None]:
    """A canary in every field people type into."""
    values: dict[str, str | list[str] | Upload | None] = {}
    for control in form.element.xpath(".//input | .//textarea"):
        name, kind = control.get("name"), (control.get("type") or "text").lower()
        if not name or kind in ("hidden", "submit", "radio", "checkbox", "button"):
            continue
        if kind == "file":
            values[name] = Upload(f"{TITLE}.pdf", pdf(TITLE), "application/pdf")
        elif kind == "date":
            values[name] = "2026-11-20"
        elif kind == "password":
            values[name] = SECRET
        elif kind == "email":
            values[name] = MAIL
        else:
            values[name] = TITLE if "titl" in name else REASON
    return values


def _send_everything(browser: Browser, *starts: str) -> int:
    """Walk from `starts` and send every form of every page, but those that sign out."""
    found: dict[tuple[str, tuple[str, ...]], Form] = {}
    for page in list(crawl(browser, *starts)):
        for form in page.forms if page.is_html else ():
            if form.method == "POST" and "deconnexion" not in form.action:
                found.setdefault((form.action, tuple(sorted(form.names))), form)
    for form in sorted(found.values(), key=lambda form: form.action in VEILING):
        answer = browser.submit(form, _typed(form), follow=False)
        assert answer.status < 500, f"{form.action}: {answer.text[:300]}"
        assert canaries.found_in(answer.headers.get("Location", "").encode(), WORDS) == []
    return len(found)


def _written_to(holder: build.Citizen) -> None:
    """A letter with a canary in each of its parts, as it comes from another operator."""
    sender = Address(MAIL, f"{DOCTOR}, {STRUCTURE}")
    enclosed = Part(f"{TITLE}.pdf", "application/pdf", pdf(TITLE))
    written = letters.letter(
        letters.address_of(holder),
        sender=sender,
        subject=f"{TITLE} {NAME}",
        text=REASON,
        parts=[enclosed],
        message_id=f"<{DOCTOR}@exemple.test>",
    )
    letters.arrive(written)


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """An application of this test, which adds a route."""
    return own_app


@pytest.fixture
def log(app: Flask) -> StringIO:
    """Where the technical log goes, as the running house writes it."""
    stream = StringIO()
    logs.configure(stream)
    return stream


@pytest.fixture
def journey(app: Flask, log: StringIO, caplog: pytest.LogCaptureFixture) -> build.Citizen:
    """Everybody walks everywhere and writes canaries into every form."""
    caplog.set_level(logging.INFO)

    @guards.public
    def fail() -> str:
        raise RuntimeError(f"{TITLE} {NAME}")

    app.add_url_rule("/fail", view_func=fail)
    holder = build.citizen(FIRST, NAME)
    doctor = build.caregiver(DOCTOR, structure=STRUCTURE)
    build.consent(holder, doctor, Answer.GRANT)
    _written_to(holder)
    sent = _send_everything(Browser(app), "/", "/connexion", "/activation", "/pro/connexion")
    sent += _send_everything(holder.browser(app), "/dossiers/", f"/dossiers/{holder.record_id}/", "/compte")
    sent += _send_everything(doctor.browser(app), "/pro/", f"/pro/patients/{holder.record_id}/")
    assert sent > 3, "no form was sent: nothing is proved"
    build.document(holder.standing(), TITLE)  # what was added on the way may have been given up on the way
    assert Backfill().run(limit=100) > 0, "no document's words were kept: nothing is proved of them"
    Browser(app).get(f"/{NAME}?{TITLE}={REASON}", expect=404)
    Browser(app).get("/fail", expect=500)
    return holder


def test_no_log_holds_what_people_wrote(
    journey: build.Citizen, log: StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    told = "\n".join([log.getvalue(), *(record.getMessage() for record in caplog.records)])
    assert '"event"' in told, "nothing was logged: nothing is proved"
    assert "RuntimeError" in told
    assert canaries.found_in(told.encode(), [*WORDS, journey.ins, journey.ins[:13], journey.email]) == []
    assert str(journey.record_id) not in told


def test_no_table_holds_what_people_wrote(journey: build.Citizen) -> None:
    words = [*WORDS, journey.ins, journey.ins[:13], journey.email, journey.totp_secret]
    plain = [hashlib.new(kind, text.encode()).digest() for kind in ("sha256", "sha1", "md5") for text in words]
    with db.read() as tx:
        for table in db.Base.metadata.sorted_tables:
            for row in tx.execute(select(table)).all():
                content = b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in row)
                assert canaries.found_in(content, words) == [], table.name
                assert not any(digest in content for digest in plain), f"{table.name}: a plain hash (R21)"


def test_no_file_holds_what_people_wrote(journey: build.Citizen, machines: Machines, tmp_path: Path) -> None:
    words = [*WORDS, journey.ins, journey.email, journey.totp_secret]
    assert canaries.found_under(machines.settings.data_dir, words) == {}
    assert canaries.found_under(machines.settings.checkpoint_dir, words) == {}


def test_two_houses_share_no_index(ring: crypto.KeyRing) -> None:
    other = crypto.new_ring()
    assert ring.derived("index", "ins") != other.derived("index", "ins")
    assert ring.derived("index", "ins") != ring.derived("index", "email")


@pytest.mark.parametrize(
    "hidden",
    [
        NAME.encode(),
        NAME.upper().encode(),
        NAME.encode("utf-16-le"),
        NAME.encode().hex().encode(),
        b64encode(b"x" + NAME.encode() + b"yz"),
        b64encode(b"xy" + NAME.encode() + b"z"),
        gzip.compress(b"somewhere " + NAME.encode(), mtime=0),
    ],
)
def test_the_scanner_finds_a_decoy(tmp_path: Path, hidden: bytes) -> None:
    assert canaries.found_in(b"..." + hidden if hidden[:2] != b"\x1f\x8b" else hidden, WORDS) == [NAME]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(hidden)
    assert canaries.found_under(tmp_path, WORDS) == {"deep/file": [NAME]}
    assert canaries.found_in(b"nothing of the sort", WORDS) == []
