"""A person adds a document: checked whole before anything is written, kept once, cleaned of what it hides."""

import threading
from contextvars import copy_context
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.errors import InvalidError, NotFoundError
from espace.interop import media
from espace.machines import Machines
from tests.interop.test_media import bomb, locked

from .house import House, addition, deposited, files_of, pdf, picture, prescription


def _written(home: House) -> tuple[int, int]:
    """Rows and files of the mother's record."""
    return len(documents.page(home.holder, limit=500).rows), files_of(home.mother.record_id)


@pytest.mark.parametrize(
    ("content", "kept"), [(pdf("a"), media.PDF), (picture(), media.JPEG), (picture(kind="PNG"), media.PNG)]
)
def test_a_pdf_or_a_picture_is_kept_under_what_was_said_of_it(home: House, content: bytes, kept: str) -> None:
    done = documents.add(home.holder, addition("  Prise \n de sang ", content))
    found = documents.document(home.holder, done.id)
    assert done.new
    assert (found.title, found.date, found.type_code, found.class_code) == (
        "Prise de sang",
        date(2026, 3, 4),
        "DOCPAT04",
        "90",
    )
    assert (found.body_media, found.by_patient, found.depositor) == (kept, True, "Claire Fontenay")


def test_what_a_picture_hides_is_gone_from_what_is_stored(home: House) -> None:
    done = documents.add(home.holder, addition(content=picture(located=True)))
    assert b"CANARY" not in documents.original(home.holder, done.id).reader.read_all()


def test_a_script_is_gone_from_a_pdf(home: House) -> None:
    done = documents.add(home.holder, addition(content=pdf("a", script=True)))
    stored = documents.original(home.holder, done.id).reader.read_all()
    assert not media.check_pdf(stored).active
    assert not documents.document(home.holder, done.id).active


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " \n\t "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"date": date(2026, 11, 24)}, "date"),
        ({"date": date(1988, 3, 13)}, "date"),
        ({"type_code": "57833-6"}, "type_code"),
        ({"type_code": "REMB"}, "type_code"),
        ({"content": b""}, "file"),
        ({"content": b"<html><script>alert(1)</script>"}, "file"),
        ({"content": b"%PDF-1.4 <html></html>"}, "file"),
        ({"content": b"words\x00and nothing"}, "file"),
        ({"content": locked()}, "file"),
        ({"content": bomb()}, "file"),
        ({"content": pdf() + b"\n" * 10 + b"PK\x03\x04"}, "file"),
        ({"content": "Consultation à distance. ".encode() * 240_000}, "file"),
        ({"content": b"{\\rtf1 " + b"mot " * 1_500_000 + b"}"}, "file"),
        ({"content": b"%PDF-1.4\n" + bytes(6 * 1024 * 1024) + b"%%EOF"}, "file"),
        ({"content": b"\xff\xd8\xff" + bytes(26 * 1024 * 1024)}, "file"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_written(
    home: House, changes: dict[str, Any], field: str
) -> None:
    before = _written(home)
    command = replace(addition(), **{"content": pdf(), **changes})
    with pytest.raises(InvalidError) as caught:
        documents.add(home.holder, command)
    assert list(caught.value.problems) == [field]
    assert _written(home) == before


def test_every_fault_is_told_at_once(home: House) -> None:
    with pytest.raises(InvalidError) as caught:
        documents.add(home.holder, documents.AddDocument("", date(2030, 1, 1), "", b""))
    assert set(caught.value.problems) == {"title", "date", "type_code", "file"}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(title=st.text(max_size=130), content=st.binary(max_size=60))
def test_whatever_is_sent_is_taken_or_refused_in_words(home: House, title: str, content: bytes) -> None:
    try:
        documents.add(home.holder, addition(title, content or b"x"))
    except InvalidError as error:
        problems = error.problems
    else:
        problems = {"none": "taken"}
    assert problems


def test_the_same_content_is_kept_once_and_said_so(home: House) -> None:
    first = documents.add(home.holder, addition("Radio", picture()))
    before = _written(home)
    again = documents.add(home.holder, addition("La même radio", picture()))
    assert (again.id, again.new) == (first.id, False)
    assert _written(home) == before


def test_a_document_already_deposited_by_a_doctor_is_recognised(home: House) -> None:
    found = deposited(home.doctor_here, content=pdf("ordonnance"))
    assert documents.add(home.holder, addition(content=pdf("ordonnance"))).id == found


def test_a_document_one_may_not_see_is_not_betrayed_by_its_twin(home: House) -> None:
    documents.deposit(home.doctor_here, prescription(content=pdf("annonce"), patient_invisible=True))
    assert documents.add(home.holder, addition(content=pdf("annonce"))).new


def test_two_browsers_adding_the_same_thing_file_it_once(home: House, machines: Machines) -> None:
    standing, done, failed = home.holder, [], []
    gate = threading.Barrier(2)

    def send() -> None:
        machines.bind()
        gate.wait()
        try:
            done.append(documents.add(standing, addition(content=pdf("ensemble"))))
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=copy_context().run, args=(send,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len({one.id for one in done}) == 1
    assert sorted(one.new for one in done) == [False, True]
    assert _written(home) == (1, 1)


def test_a_parent_adds_for_the_child_and_the_trail_says_so(home: House) -> None:
    done = documents.add(home.parent, addition("Carnet"))
    entry = audit.entries(home.child.record_id, mine=False, holder_actor_ids=[], before=None, limit=1)[0]
    assert (entry.action, entry.relation, entry.objects[0]["id"]) == (
        Action.DOCUMENT_ADDED,
        "representative",
        str(done.id),
    )


def test_whoever_may_not_add_is_told_nothing(home: House) -> None:
    with pytest.raises(NotFoundError):
        documents.add(home.doctor_here, addition())


def test_when_the_row_cannot_be_written_no_file_stays(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _written(home)

    def broken(*_given: object, **_named: object) -> None:
        raise OSError("cut")

    monkeypatch.setattr("espace.audit.services.record", broken)
    with pytest.raises(OSError, match="cut"):
        documents.add(home.holder, addition())
    monkeypatch.undo()
    assert _written(home) == before
    assert not db.in_write()
    with pytest.raises(NotFoundError):
        documents.document(home.holder, uuid4())
