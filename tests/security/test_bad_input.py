"""Too large, cut short, twice at once, or while the database is held: a clear answer, nothing lost (issue, L5, R20)."""

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from espace import db
from espace.access.services import Answer
from espace.machines import Machines
from tests.house.test_get_writes import REACHED, changes, state
from tests.support import adding, build, canaries
from tests.support.browser_client import Browser, Upload
from tests.support.clock import FakeClock
from tests.support.databases import Cluster
from tests.support.marks import on_sqlite
from tests.support.papers import pdf

from .test_faults import stray_files

CANARY = "Zerbinette-qxv"
_opened: list[str] = []
_watching = threading.local()


def _watch(event: str, facts: tuple[Any, ...]) -> None:
    """Audit hook (it cannot be taken away again): which files are opened for writing while a test watches."""
    if event == "open" and getattr(_watching, "on", False):
        path, mode, flags = facts
        writes = any(sign in (mode or "") for sign in "wax+") or (flags or 0) & 3
        if writes:
            _opened.append(str(path))


sys.addaudithook(_watch)


@contextmanager
def _watched() -> Iterator[list[str]]:
    _opened.clear()
    _watching.on = True
    try:
        yield _opened
    finally:
        _watching.on = False


class _Endless:
    """A body of 200 MB that counts what is read of it."""

    def __init__(self, size: int) -> None:
        self.left, self.read_so_far = size, 0

    def read(self, size: int = -1) -> bytes:
        given = min(self.left, size if size >= 0 else self.left)
        self.left -= given
        self.read_so_far += given
        return b"a" * given

    readline = read


def _doors(app: Flask) -> Iterator[tuple[Browser, str, build.Citizen]]:
    holder, doctor = build.citizen(), build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    yield holder.browser(app), f"/dossiers/{holder.record_id}/documents/ajouter", holder
    yield doctor.browser(app), f"/pro/patients/{holder.record_id}/deposer", holder
    yield Browser(app), "/connexion", holder


@on_sqlite
def test_what_a_stranger_sends_to_a_protected_page_is_not_read(app: Flask) -> None:
    """Who a route does not serve is led away before the body is looked at, length told or not."""
    for _, place, _ in list(_doors(app))[:2]:
        body = _Endless(20 * 1024 * 1024)
        environ: dict[str, Any] = {"wsgi.input": body, "wsgi.input_terminated": True, "REMOTE_ADDR": "127.0.0.1"}
        answer = Browser(app).send(
            "POST", place, content_type="multipart/form-data; boundary=x", environ_overrides=environ, follow=False
        )
        assert (answer.status, body.read_so_far) == (303, 0), place


@on_sqlite
@pytest.mark.parametrize("told", [True, False], ids=["length told", "length not told"])
def test_two_hundred_megabytes_are_refused_before_they_are_read(app: Flask, *, told: bool) -> None:
    for browser, place, _ in _doors(app):
        body, before = _Endless(200 * 1024 * 1024), state()
        environ: dict[str, Any] = {"wsgi.input": body, "wsgi.input_terminated": True, "REMOTE_ADDR": "127.0.0.1"}
        if told:
            environ["CONTENT_LENGTH"] = str(body.left)
        answer = browser.send(
            "POST", place, content_type="multipart/form-data; boundary=x", environ_overrides=environ, follow=False
        )
        assert answer.status in (400, 413), f"{place}: {answer.status}"
        if told:
            assert (answer.status, body.read_so_far) == (413, 0)
            assert "trop" in answer.text or "lourd" in answer.text
        assert body.read_so_far < 27 * 1024 * 1024
        assert changes(before, state()) <= (REACHED if place.startswith("/pro/") else set())


def _multipart(token: str, content: bytes) -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n--x\r\n'
    return (
        head.encode()
        + b'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
        + content
        + b"\r\n--x--\r\n"
    )


def test_an_upload_cut_half_way_leaves_nothing_anywhere(app: Flask, machines: Machines) -> None:
    """The body ends before its announced length: no row, no file, no byte of it on any disk."""
    for browser, place, _ in _doors(app):
        whole = _multipart(browser.get(place).csrf_token, pdf(CANARY) + CANARY.encode() * 100_000)
        before = state()
        for cut in (len(whole) // 2, len(whole) - 3):
            environ = {
                "wsgi.input": BytesIO(whole[:cut]),
                "CONTENT_LENGTH": str(len(whole)),
                "REMOTE_ADDR": "127.0.0.1",
            }
            with _watched() as opened:
                answer = browser.send(
                    "POST",
                    place,
                    content_type="multipart/form-data; boundary=x",
                    environ_overrides=environ,
                    follow=False,
                )
            assert answer.status in (303, 400, 413, 422)
            elsewhere = [path for path in opened if not path.startswith(str(machines.settings.data_dir))]
            assert elsewhere == [], "an upload was written somewhere"
        assert changes(before, state()) <= {"+deposit_drafts", "+throttles"}
    assert stray_files() == set()
    assert canaries.found_under(machines.settings.data_dir, [CANARY]) == {}


@on_sqlite
def test_a_whole_upload_is_written_sealed_only(app: Flask, machines: Machines) -> None:
    """A large one too: no temporary file, which would be readable (security.md R20). The watch itself is proved."""
    doors = list(_doors(app))
    browser, place, holder = doors[0]
    large = pdf(CANARY * 60_000)
    with _watched() as opened:
        answer = adding.add(browser, place, Upload(f"{CANARY}.pdf", large), {"title": CANARY})
    assert answer.status == 303, answer.text
    assert any("files" in path for path in opened), "the watch saw nothing: nothing is proved"
    ours = (str(machines.settings.data_dir), "/dev/null")  # a PDF's words are read by a child, through pipes alone
    assert [path for path in opened if not path.startswith(ours) and not path.isdigit()] == []
    assert canaries.found_under(machines.settings.data_dir, [CANARY, holder.ins]) == {}


@contextmanager
def _held(machines: Machines, *, wholly: bool) -> Iterator[None]:
    """Somebody else holds the database: for writing, or for everything."""
    engine = create_engine(
        machines.settings.database_url,
        isolation_level="AUTOCOMMIT",
        connect_args=_NOW.get(machines.database.is_sqlite, {}),
    )
    with engine.connect() as holding:
        if machines.database.is_sqlite:
            holding.execute(text("BEGIN IMMEDIATE"))
        else:
            tables = ", ".join(table.name for table in db.Base.metadata.sorted_tables)
            holding.execute(text("BEGIN"))
            holding.execute(text(f"LOCK TABLE {tables} IN {'ACCESS EXCLUSIVE' if wholly else 'EXCLUSIVE'} MODE"))
        try:
            yield
        finally:
            holding.execute(text("ROLLBACK"))
    engine.dispose()


_NOW = {True: {"timeout": 1}}


def test_a_held_database_is_told_within_six_seconds_and_nothing_is_lost(
    app: Flask, machines: Machines, clock: FakeClock
) -> None:
    """L5: 503 with Retry-After; the holder's reading goes on; afterwards the same act passes."""
    holder = build.citizen()
    doctor = build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    found = build.document(holder.standing())
    browser, other = holder.browser(app), doctor.browser(app)
    form = browser.get("/compte/langue").form("locale")
    clock.advance(timedelta(minutes=2))  # being seen is due: it must not add a wait of its own
    before = state()
    with _held(machines, wholly=False):
        with ThreadPoolExecutor(2) as pool:
            acts = [
                pool.submit(_timed, machines, lambda: browser.submit(form, {"locale": "en"}, follow=False)),
                pool.submit(
                    _timed, machines, lambda: other.get(f"/pro/patients/{holder.record_id}/documents", expect=None)
                ),
            ]
            answers = [act.result() for act in acts]
        looks = [
            _timed(machines, lambda path=path: browser.get(f"/dossiers/{holder.record_id}/{path}", expect=None))
            for path in ("documents", f"documents/{found}")
        ]
    for answer, seconds in answers:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert seconds <= 6
    looked = [(answer.status, took < 2) for answer, took in looks]
    assert looked == [(200, True)] * 2, "the holder's reading waits for nobody"
    assert changes(before, state()) - {"sessions.seen_at"} == set()
    assert browser.submit(form, {"locale": "en"}, follow=False).status == 303


def test_a_database_out_of_reach_for_everything_is_told_within_six_seconds(
    app: Flask, machines: Machines, cluster: Cluster
) -> None:
    """PostgreSQL only: its tables can be shut to readers too."""
    if machines.database.is_sqlite:
        return
    holder = build.citizen()
    browser = holder.browser(app)
    with _held(machines, wholly=True):
        answer, seconds = _timed(machines, lambda: browser.get(f"/dossiers/{holder.record_id}/", expect=None))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert seconds <= 6
    assert "<h1>" in answer.response.get_data(as_text=True)


def _timed(machines: Machines, act: Any) -> tuple[Any, float]:
    machines.bind()
    began = time.perf_counter()
    answer = act()
    return answer, time.perf_counter() - began


def test_two_browsers_deciding_about_the_same_request_end_with_one_decision(app: Flask, machines: Machines) -> None:
    holder, doctor = build.citizen(), build.caregiver()
    build.consent(holder, doctor)
    place = f"/dossiers/{holder.record_id}/acces/{build.ids_of(holder.standing())['consent_id']}"
    browsers = [holder.browser(app) for _ in range(2)]
    forms = [browser.get(place).form("decision") for browser in browsers]

    def decide(number: int) -> int:
        machines.bind()
        word = ("refuse", "block")[number]
        return browsers[number].submit(forms[number], button=f"decision={word}", follow=False).status

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(decide, range(2)))
    assert answers == [303, 409]


@on_sqlite
def test_who_is_not_in_the_directory_or_not_in_the_record_gets_words(app: Flask, tmp_path: Path) -> None:
    """A search for a number nobody has, and one whose birth date is another's, say the same."""
    holder, doctor = build.citizen(), build.caregiver()
    browser = doctor.browser(app)
    said = []
    for number, day in ((build.ins(), "12/05/1984"), (holder.ins, "13/05/1984")):
        form = browser.get("/pro/patients").form("ins", "birth_date")
        answer = browser.submit(form, {"ins": number, "birth_date": day}, expect=422)
        said.append(answer.text.replace(number, ""))
        assert holder.name not in answer.text
    assert "Aucun" in said[0] or "Vérifiez" in said[0]
    assert len(said[0]) == len(said[1])
