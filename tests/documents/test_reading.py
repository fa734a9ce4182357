"""Reading documents: who sees which, in pages that stay still, and never without a row where one is due."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from espace import crypto, db
from espace.access import policy
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services import Cursor, Filter
from espace.errors import NotFoundError
from espace.permissions import Standing
from tests.support.clock import FakeClock

from .house import House, addition, deposited, pdf, standings, statements, trail

READERS = ("holder", "parent", "depositor", "doctor", "unread type")


def _marked(house: House, marks: tuple[bool, bool, bool]) -> UUID:
    """A document deposited by the doctor, with the marks (hidden, patient_invisible, representatives_invisible)."""
    found = deposited(house.doctor_here, "Compte rendu")
    names = ("hidden", "patient_invisible", "representatives_invisible")
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == found).values(dict(zip(names, marks, strict=True))))
    return found


def test_each_reader_sees_exactly_what_the_policy_says(home: House) -> None:
    readers = standings(home)
    found = _marked(home, (False, False, False))
    for marks in product((False, True), repeat=3):
        with db.write() as tx:
            names = ("hidden", "patient_invisible", "representatives_invisible")
            tx.execute(update(Document).where(Document.id == found).values(dict(zip(names, marks, strict=True))))
        facts = policy.DocumentFacts("57833-6", marks[0], marks[1], marks[2], home.doctor.id)
        for name in READERS:
            allowed = policy.visible(readers[name]).decide(facts).allowed
            listed = found in {row.id for row in documents.page(readers[name]).rows}
            assert listed is allowed, (name, marks)
            for read in (documents.document, documents.body, documents.download, documents.original):
                if allowed:
                    read(readers[name], found)
                else:
                    with pytest.raises(NotFoundError):
                        read(readers[name], found)


@pytest.mark.parametrize(
    ("name", "marks", "sees"),
    [
        ("holder", (True, False, False), True),
        ("holder", (False, True, False), False),
        ("holder", (False, False, True), True),
        ("parent", (True, False, False), True),
        ("parent", (False, True, False), False),
        ("parent", (False, False, True), False),
        ("depositor", (True, False, False), True),
        ("doctor", (True, False, False), False),
        ("doctor", (False, True, True), True),
        ("unread type", (False, False, False), False),
    ],
)
def test_the_rules_in_plain_cases(home: House, name: str, marks: tuple[bool, bool, bool], sees: bool) -> None:
    found = _marked(home, marks)
    assert (found in {row.id for row in documents.page(standings(home)[name]).rows}) is sees


def test_whoever_may_not_read_gets_nothing_and_leaves_no_row_of_it(home: House) -> None:
    found = deposited(home.doctor_at_child, representatives_see=True)
    assert documents.page(home.doctor_at_child).rows == ()
    with pytest.raises(NotFoundError):
        documents.document(home.doctor_at_child, found)
    assert Action.DOCUMENT_OPENED not in {entry.action for entry in trail(home.doctor_at_child)}


def test_a_document_of_another_record_does_not_exist(home: House) -> None:
    found = deposited(home.doctor_at_child, representatives_see=True)
    for standing, wrong in ((home.holder, found), (home.holder, uuid4()), (home.doctor_here, found)):
        with pytest.raises(NotFoundError):
            documents.document(standing, wrong)
    assert documents.document(home.parent, found).id == found


def _fill(standing: Standing, count: int) -> None:
    for number in range(count):
        day = date(2024, 1, 1) + timedelta(days=number // 3)
        documents.add(standing, addition(f"Document {number}", date=day))


def test_pages_follow_each_other_without_gap_or_double_though_documents_arrive(home: House) -> None:
    _fill(home.holder, 20)
    whole = [row.id for row in documents.page(home.holder, limit=100).rows]
    assert whole == [row.id for row in sorted(documents.page(home.holder).rows, key=lambda r: (r.date, r.id))][::-1]
    walked: list[UUID] = []
    before: Cursor | None = None
    for turn in range(10):
        page = documents.page(home.holder, before=before, limit=7)
        walked += [row.id for row in page.rows]
        before = page.next
        documents.add(home.holder, addition(f"Nouveau {turn}", date=date(2026, 5, 1)))
        if before is None:
            break
    assert walked == whole


def test_a_category_shows_its_own_and_pages_alike(home: House) -> None:
    _fill(home.holder, 5)
    ours = {deposited(home.doctor_here, f"Ordonnance {n}") for n in range(3)}
    page = documents.page(home.holder, Filter(class_code="42"), limit=2)
    assert page.next is not None
    rest = documents.page(home.holder, Filter(class_code="42"), before=page.next, limit=2)
    assert {row.id for row in (*page.rows, *rest.rows)} == ours
    assert rest.next is None


def test_a_list_costs_the_same_for_one_row_and_for_sixty(home: House) -> None:
    documents.add(home.holder, addition())
    doctor = replace(home.doctor_here, never_read=False, visit_due=False)  # the first reading of all is told besides
    with statements() as one:
        documents.page(home.holder)
    with statements() as one_watched:
        documents.page(doctor)
    _fill(home.holder, 60)
    with statements() as sixty:
        assert len(documents.page(home.holder).rows) == 60
    with statements() as sixty_watched:
        assert len(documents.page(doctor).rows) == 60
    assert len(sixty) == len(one) <= 2
    assert len(sixty_watched) == len(one_watched) <= 5


def test_the_reading_of_others_is_written_with_what_was_shown(home: House) -> None:
    first, second = deposited(home.doctor_here, "Une"), deposited(home.doctor_here, "Deux")
    documents.page(home.doctor_here)
    documents.document(home.doctor_here, first)
    opened, listed = trail(home.holder)[:2]
    assert (opened.action, [one["title"] for one in opened.objects]) == (Action.DOCUMENT_OPENED, ["Une"])
    assert (listed.action, {one["id"] for one in listed.objects}) == (
        Action.DOCUMENTS_LISTED,
        {str(first), str(second)},
    )


def test_the_holder_reads_without_a_row_and_a_parent_with_one(home: House) -> None:
    found = deposited(home.doctor_at_child, representatives_see=True)
    before = len(trail(home.parent))
    documents.document(home.parent, found)
    assert len(trail(home.parent)) == before + 1
    own = deposited(home.doctor_here)
    before = len(trail(home.holder))
    documents.page(home.holder)
    documents.body(home.holder, own)
    assert len(trail(home.holder)) == before


def test_pages_and_ranges_of_one_file_share_a_row_for_ten_minutes(home: House, clock: FakeClock) -> None:
    found = deposited(home.doctor_here)
    standing = home.doctor_here

    def rows(action: Action) -> int:
        return sum(1 for entry in trail(home.holder) if entry.action is action)

    documents.document(standing, found)
    for _ in range(3):
        documents.body(standing, found)
        documents.download(standing, found)
    assert (rows(Action.DOCUMENT_OPENED), rows(Action.DOWNLOADED)) == (1, 1)
    clock.advance(timedelta(minutes=11))
    documents.download(standing, found)
    assert rows(Action.DOWNLOADED) == 2


def test_without_the_row_nothing_is_given(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    found = deposited(home.doctor_here)
    standing = home.doctor_here

    def broken(*_given: object, **_named: object) -> None:
        raise OSError("the trail cannot be written")

    monkeypatch.setattr("espace.audit.services.record", broken)
    for read in (documents.document, documents.body, documents.download, documents.original):
        with pytest.raises(OSError, match="trail"):
            read(standing, found)
    with pytest.raises(OSError, match="trail"):
        documents.page(standing)


def test_what_comes_out_is_what_went_in(home: House) -> None:
    content = pdf(*(f"page {n}" for n in range(30)))
    found = deposited(home.doctor_here, content=content)
    reader = documents.body(home.holder, found).reader
    assert reader.read_all() == content
    assert b"".join(reader.read(10, 90)) == content[10:90]
    assert documents.original(home.holder, found).reader.read_all().startswith(b"<?xml")


def test_a_standing_that_lost_its_right_reads_nothing(home: House) -> None:
    found = deposited(home.doctor_here)
    with pytest.raises(NotFoundError):
        documents.body(replace(home.doctor_here, rights=frozenset()), found)


def test_what_goes_without_saying_takes_no_room(home: House) -> None:
    found = deposited(home.doctor_here, "Une")
    with db.read() as tx:
        row = tx.execute(select(Document.payload).where(Document.id == found)).one()
        said = crypto.unseal(tx, home.holder.record_id, "documents", found, row.payload)
    assert said["title"] == "Une"
    assert all(said.values())
    assert documents.document(home.holder, found).remark == ""
