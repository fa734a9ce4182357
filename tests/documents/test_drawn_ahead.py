"""Pages drawn once: made ahead by the worker, kept under the record's key, gone with it, told to nobody."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import update

from espace import crypto, db, storage
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services import Content, forgetting
from espace.documents.services.viewing import drawing
from espace.errors import NotFoundError
from espace.interop import drawing as machine
from espace.interop import media
from espace.interop.drawing import DrawingError
from tests.support.clock import FakeClock

from .house import House, pdf, picture, statements
from .viewing import filed, own

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def kept() -> list[Path]:
    """What lies in the throw-away area."""
    return [path for path in (storage.current().root / "drawn").rglob("*") if path.is_file()]


def opened(home: House, found: UUID) -> Content:
    return documents.opened(home.holder, found)


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, whatever starts a child fails the test."""
    monkeypatch.setattr(machine, "draw", lambda *_, **__: pytest.fail("a child was started"))


def test_a_fresh_document_is_drawn_before_anybody_opens_it(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    found = filed(home, pdf(*"abcdef"), pages=6)
    drawing.prepare(home.mother.record_id, found)
    forbid(monkeypatch)
    drawing.prepare(home.mother.record_id, found)
    content = opened(home, found)
    assert [sheet.text for sheet in drawing.sheets(content, 1).rows] == list("abcde")
    assert all(drawing.picture(content, number)[8:12] == b"WEBP" for number in (1, 2, 3))


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2019, 5, 6)])
def test_what_is_old_when_it_comes_waits_for_a_reader(home: House, day: date) -> None:
    found = filed(home, pdf("a"), day=day)
    drawing.prepare(home.mother.record_id, found)
    assert kept() == []
    drawing.sheets(opened(home, found), 1)
    assert kept() != []


def test_what_cannot_be_drawn_ahead_is_left_alone(home: House) -> None:
    record = home.mother.record_id
    for content, kind in ((b"DICM", "application/dicom"), (b"<a/>", media.XML)):
        drawing.prepare(record, filed(home, content, kind))
    drawing.prepare(record, uuid4())
    deleted = filed(home, pdf("deleted"))
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == deleted).values(state="deleted"))
    drawing.prepare(record, deleted)
    assert kept() == []


def test_a_page_is_drawn_once_for_everybody(
    home: House, app: Flask, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    found = filed(home, pdf("a", "b"), pages=2)
    mother, doctor = home.mother.browser(app), home.doctor.browser(app)
    for rest in ("", "/pages/1", "/pages/2", "/pages/1?zoom=2"):
        mother.get(own(home, found, rest))
    forbid(monkeypatch)
    for rest in ("", "/pages/1", "/pages/2", "/pages/1?zoom=2"):
        doctor.get(own(home, found, rest).replace("/dossiers/", "/pro/patients/"))


def test_a_reader_for_whom_it_is_drawn_writes_no_row(home: House, app: Flask) -> None:
    """Keeping a drawn page is no act of the reader's: no statement is sent but those of any reading."""
    first, second = (filed(home, pdf(word), title=word) for word in ("cold", "warm"))
    mother = home.mother.browser(app)
    drawing.sheets(opened(home, second), 1)
    mother.get(own(home, first))
    sent = []
    for found in (first, second):
        for rest in ("/pages/1", "/imprimer"):
            with statements() as said:
                mother.get(own(home, found, rest))
            sent.append([one.split()[0] for one in said])
    assert sent[:2] == sent[2:]
    assert not any(word in ("INSERT", "UPDATE", "DELETE") for said in sent for word in said)


def test_nothing_kept_can_be_read_and_all_of_it_goes(home: House) -> None:
    """security.md R20, R23: no word of a page on the disk; the key opens it, and without the key nothing does."""
    found = filed(home, pdf("CANARY"))
    content = opened(home, found)
    drawing.sheets(content, 1)
    drawing.picture(content, 1)
    assert len(kept()) == 2
    for path in kept():
        assert b"CANARY" not in path.read_bytes()
        assert b"WEBP" not in path.read_bytes()
        assert found.hex not in str(path)
    record = home.mother.record_id
    storage.current().delete_all(record)
    forgetting.forget_record(record)
    assert kept() == []


def test_what_is_drawn_while_the_record_is_erased_is_not_kept(home: House) -> None:
    found = filed(home, pdf("a"))
    content = opened(home, found)
    with db.write() as tx:
        crypto.destroy(tx, home.mother.record_id)
    assert drawing.sheets(content, 1).rows[0].text == "a", "who holds it open may end reading"
    assert kept() == []


@pytest.mark.parametrize("number", [0, -1, 3, 3001, 10**9])
def test_no_page_no_picture(home: House, number: int) -> None:
    with pytest.raises(NotFoundError):
        drawing.picture(opened(home, filed(home, pdf("a", "b"), pages=2)), number)


def test_a_page_that_failed_is_tried_again_after_an_hour(
    home: House, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    content = opened(home, filed(home, picture()[:900], media.JPEG))
    with pytest.raises(DrawingError):
        drawing.picture(content, 1)
    assert drawing.sheets(content, 1).undrawn == {1}
    tried = []
    whole = machine.draw

    def counted(*given: Any, **named: Any) -> machine.Drawn:
        tried.append(1)
        return whole(*given, **named)

    monkeypatch.setattr(machine, "draw", counted)
    for wait, times in ((timedelta(minutes=50), 0), (timedelta(minutes=20), 1), (timedelta(days=-3), 2)):
        clock.advance(wait)
        with pytest.raises(DrawingError):
            drawing.picture(content, 1)
        assert len(tried) == times


def test_what_nobody_looks_at_is_swept(home: House, clock: FakeClock) -> None:
    content = opened(home, filed(home, pdf("a")))
    drawing.sheets(content, 1)
    clock.advance(timedelta(days=29))
    assert drawing.sweep() == 0
    clock.advance(timedelta(days=2))
    assert drawing.sweep() == 2
    assert kept() == []
    assert drawing.sheets(content, 1).rows[0].text == "a", "it is drawn again"
