"""A professional deposits: wrapped, filed once, traced, and the right people told, without a word of it."""

from datetime import date
from typing import Any

import pytest

from espace.audit.services import Action
from espace.documents import services as documents
from espace.errors import InvalidError, NotFoundError
from espace.interop import cda
from espace.people import services as people
from tests.support import build

from .house import House, deposited, files_of, pdf, picture, prescription, trail


def test_a_prescription_is_wrapped_as_a_cda_of_the_right_person(home: House) -> None:
    found = deposited(home.doctor_here, "Ordonnance d'été", content=pdf("amoxicilline"))
    wrapped = cda.parse(documents.original(home.holder, found).reader.read_all())
    person = people.person(home.mother.person_id)
    assert wrapped.body == pdf("amoxicilline")
    assert wrapped.media == "application/pdf"
    assert wrapped.header.title == "Ordonnance d'été"
    assert wrapped.header.type_code == "57833-6"
    assert wrapped.header.care_day == date(2026, 11, 20)
    assert (wrapped.header.patient.ins, wrapped.header.patient.ins_oid) == (person.ins, person.oid)
    assert wrapped.header.patient.birth_date == date(1988, 3, 14)
    assert wrapped.header.author.professional_id == f"8{home.doctor.facts.rpps}"


def test_the_professional_s_file_stays_bit_by_bit_and_is_flagged(home: House) -> None:
    content = pdf("a", script=True)
    found = deposited(home.doctor_here, content=content)
    assert documents.download(home.holder, found).reader.read_all() == content
    assert documents.document(home.holder, found).active
    located = picture(located=True)
    assert documents.download(home.holder, deposited(home.doctor_here, content=located)).reader.read_all() == located


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"date": date(2026, 11, 24)}, "date"),
        ({"date": date(1980, 1, 1)}, "date"),
        ({"type_code": "DOCPAT02"}, "type_code"),
        ({"type_code": "REMB"}, "type_code"),
        ({"type_code": "no-such"}, "type_code"),
        ({"content": b"<html>"}, "file"),
        ({"content": b"%PDF-1.4 cut"}, "file"),
        ({"content": b"\xff\xd8\xff" + bytes(26 * 1024 * 1024)}, "file"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(home: House, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        documents.deposit(home.doctor_here, prescription(**changes))
    assert list(caught.value.problems) == [field]
    assert documents.page(home.holder).rows == ()
    assert files_of(home.mother.record_id) == 0


def test_for_a_minor_one_must_say_whether_the_parents_will_see(home: House) -> None:
    with pytest.raises(InvalidError) as caught:
        documents.deposit(home.doctor_at_child, prescription())
    assert list(caught.value.problems) == ["representatives_see"]
    seen = deposited(home.doctor_at_child, "Pour tous", representatives_see=True)
    deposited(home.doctor_at_child, "Secret", representatives_see=False)
    assert [row.id for row in documents.page(home.parent).rows] == [seen]


def test_for_an_adult_the_answer_says_nothing(home: House) -> None:
    found = deposited(home.doctor_here, representatives_see=False)
    assert not documents.document(home.holder, found).representatives_invisible


@pytest.mark.parametrize(
    ("at_child", "changes", "told"),
    [
        (False, {}, True),
        (False, {"patient_invisible": True}, False),
        (True, {"representatives_see": True}, True),
        (True, {"representatives_see": False}, False),
        (True, {"representatives_see": True, "patient_invisible": True}, False),
    ],
)
def test_those_who_may_see_it_are_told_and_only_they(
    home: House, at_child: bool, changes: dict[str, Any], told: bool
) -> None:
    before = len(build.mails_to(home.mother.email))
    standing = home.doctor_at_child if at_child else home.doctor_here
    documents.deposit(standing, prescription("CANARY-TITLE", **changes))
    sent = build.mails_to(home.mother.email)[before:]
    assert [str(one["message"]) for one in sent] == ([("linked-news" if at_child else "new-document")] if told else [])
    assert "CANARY" not in str(sent)


def test_the_same_deposit_sent_twice_is_filed_and_told_once(home: House) -> None:
    first = deposited(home.doctor_here)
    mails = len(build.mails_to(home.mother.email))
    assert deposited(home.doctor_here) == first
    assert len(documents.page(home.holder).rows) == 1
    assert files_of(home.mother.record_id) == 2
    assert len(build.mails_to(home.mother.email)) == mails
    assert deposited(home.doctor_here, "Autre titre", content=pdf("Ordonnance")) == first  # a copy: one entry
    assert len(documents.page(home.holder).rows) == 1
    assert len(build.mails_to(home.mother.email)) == mails


def test_a_deposit_is_in_the_trail(home: House) -> None:
    found = deposited(home.doctor_here, "Ordonnance")
    entry = trail(home.holder)[0]
    assert entry.action is Action.DOCUMENT_DEPOSITED
    assert entry.objects[0]["id"] == str(found)


def test_what_only_the_patient_may_not_know_is_marked_in_the_trail(home: House) -> None:
    deposited(home.doctor_at_child, "Secret", representatives_see=False)
    assert trail(home.parent)[0].objects[0]["representatives_invisible"] == "yes"


@pytest.mark.parametrize("broken", ["espace.audit.services.record", "espace.accounts.services.notify"])
def test_a_deposit_cut_half_way_leaves_nothing(home: House, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, mails = len(trail(home.holder)), len(build.mails_to(home.mother.email))

    def cut(*_given: object, **_named: object) -> None:
        raise OSError("cut")

    monkeypatch.setattr(broken, cut)
    with pytest.raises(OSError, match="cut"):
        deposited(home.doctor_here)
    monkeypatch.undo()
    assert documents.page(home.holder).rows == ()
    assert files_of(home.mother.record_id) == 0
    assert (len(trail(home.holder)), len(build.mails_to(home.mother.email))) == (rows, mails)


def test_whoever_may_not_deposit_is_told_nothing(home: House) -> None:
    with pytest.raises(NotFoundError):
        documents.deposit(home.holder, prescription())
