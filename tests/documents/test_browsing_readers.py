"""What each reader makes of documents: read, favourite, in a folder, when they last came. Nobody sees another's."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update

from espace import clock as house_clock
from espace import db
from espace.access import policy
from espace.documents import services as documents
from espace.documents.models import Document, DocumentFolder, DocumentMark, DocumentReader
from espace.documents.services import Filter
from espace.documents.services.entries.filing import author_id
from espace.documents.services.forgetting import forget_record
from espace.documents.services.library import choosing, folders, overview, readers
from espace.documents.services.library.overview import MANY, _overview
from espace.documents.services.visibility import parameters, shape
from espace.errors import InvalidError, NotFoundError
from espace.permissions import Standing
from tests.support.clock import FakeClock

from .house import House, addition, change, deposited, standings, statements
from .plans import faults, plan


def _new(standing: Standing) -> tuple[int, int]:
    around = overview.overview(standing)
    return around.new, around.unread


def _visit(standing: Standing) -> None:
    readers.note_visit(standing, overview.overview(standing).reader)


# -- visits and reading ----------------------------------------------------------------------------------------------


def test_what_came_in_since_the_last_visit_is_new_until_the_next_one(home: House, clock: FakeClock) -> None:
    found = deposited(home.doctor_here)
    assert _new(home.holder) == (1, 1), "what came in lately is new to one who never came"
    _visit(home.holder)
    clock.advance(timedelta(minutes=20))
    _visit(home.holder)
    assert _new(home.holder) == (1, 1), "a visit goes on while one looks"
    clock.advance(timedelta(minutes=31))
    assert _new(home.holder) == (0, 1)
    later = deposited(home.doctor_here, "Suite")
    _visit(home.holder)
    assert _new(home.holder) == (1, 2)
    readers.note_read(home.holder, later)
    assert _new(home.holder) == (1, 1), "new is about visits, read about opening"
    page = documents.page(home.holder, reader=overview.overview(home.holder).reader)
    assert {row.id: (page.seen[row.id].new, page.seen[row.id].unread) for row in page.rows} == {
        found: (False, True),
        later: (True, False),
    }


def test_old_documents_count_as_read_at_the_first_visit(home: House, clock: FakeClock) -> None:
    deposited(home.doctor_here)
    clock.advance(timedelta(days=31))
    assert _new(home.holder) == (0, 0)


def test_what_one_brought_oneself_is_not_new(home: House) -> None:
    documents.add(home.holder, addition())
    deposited(home.doctor_here)
    other = standings(home)["doctor"]
    assert _new(home.holder) == (1, 1)
    assert _new(home.doctor_here) == (1, 1)
    assert _new(other) == (2, 2)


def test_the_statement_judges_visits_as_the_service_does(home: House, clock: FakeClock) -> None:
    for minutes in (0, 1, 29, 30, 31, 500, 3):
        clock.advance(timedelta(minutes=minutes))
        deposited(home.doctor_here, f"Après {minutes}")
        around = overview.overview(home.holder)
        listed = documents.page(home.holder, Filter(new=True), reader=around.reader, limit=50)
        assert len(listed.rows) == around.new
        unread = documents.page(home.holder, Filter(unread=True), reader=around.reader, limit=50)
        assert len(unread.rows) == around.unread
        _visit(home.holder)


def test_a_visit_is_written_once_in_ten_minutes(home: House, clock: FakeClock) -> None:
    _visit(home.holder)
    clock.advance(timedelta(minutes=9))
    with statements() as sent:
        _visit(home.holder)
    assert not [one for one in sent if "INSERT" in one]
    clock.advance(timedelta(minutes=2))
    with statements() as sent:
        _visit(home.holder)
    assert len([one for one in sent if "INSERT" in one]) == 1


def test_a_clock_set_back_makes_no_visit_end(home: House, clock: FakeClock) -> None:
    _visit(home.holder)
    clock.advance(-timedelta(hours=5))
    _visit(home.holder)
    assert overview.overview(home.holder).reader.last_visit_at is None


def test_counting_all_as_read_concerns_oneself_alone(home: House, clock: FakeClock) -> None:
    deposited(home.doctor_here)
    other = standings(home)["doctor"]
    clock.advance(timedelta(seconds=1))
    readers.read_everything(home.holder)
    assert _new(home.holder)[1] == 0
    assert _new(other)[1] == 1
    clock.advance(timedelta(seconds=1))
    deposited(home.doctor_here, "Encore")
    assert _new(home.holder)[1] == 1


def test_nobody_marks_what_they_may_not_see(home: House) -> None:
    found = deposited(home.doctor_here)
    change(found, hidden=True)
    other = standings(home)["doctor"]
    for act in (
        readers.note_read,
        lambda who, what: readers.set_favourite(who, what, favourite=True),
        lambda who, what: folders.put(who, what, None, "Mien"),
    ):
        for standing, what in ((other, found), (home.parent, found), (home.holder, uuid4())):
            with pytest.raises(NotFoundError):
                act(standing, what)
    with db.read() as tx:
        assert tx.execute(select(DocumentMark.id)).all() == []
        assert tx.execute(select(DocumentFolder.id)).all() == [], "nothing is left of what was refused"


def test_a_mark_survives_hiding_and_shows_nothing_meanwhile(home: House) -> None:
    found = deposited(home.doctor_here)
    other = standings(home)["doctor"]
    folder = folders.put(other, found, None, "Cœur")
    assert folder is not None
    readers.set_favourite(other, found, favourite=True)
    for hidden, seen in ((True, ()), (False, (found,))):
        change(found, hidden=hidden)
        for wanted in (Filter(favourite=True), Filter(folder_id=folder.id)):
            assert tuple(row.id for row in documents.page(other, wanted).rows) == seen


# -- folders ---------------------------------------------------------------------------------------------------------


def test_folders_are_their_reader_s_alone(home: House) -> None:
    found = deposited(home.doctor_here)
    mine = folders.new_folder(home.holder, "Cœur")
    assert folders.folders(home.doctor_here) == ()
    for act in (
        lambda: folders.folder(home.doctor_here, mine.id),
        lambda: folders.rename(home.doctor_here, mine.id, "Pris"),
        lambda: folders.delete_folder(home.doctor_here, mine.id),
        lambda: folders.put(home.doctor_here, found, mine.id),
        lambda: folders.folder(home.parent, mine.id),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert documents.page(home.doctor_here, Filter(folder_id=mine.id)).rows == ()
    assert [one.name for one in folders.folders(home.holder)] == ["Cœur"]


def test_a_name_is_cleaned_and_never_stands_in_the_clear(home: House) -> None:
    made = folders.new_folder(home.holder, "  Genou\u202e  droit\x00 ")
    assert made.name == "Genou droit"
    assert folders.new_folder(home.holder, "GENOU DROIT").id == made.id
    with db.read() as tx:
        assert b"Genou" not in tx.execute(select(DocumentFolder.payload)).scalar_one()


@pytest.mark.parametrize("name", ["", "   ", "\u200f\x00", "x" * 61])
def test_a_name_that_is_none_is_refused(home: House, name: str) -> None:
    with pytest.raises(InvalidError) as refused:
        folders.new_folder(home.holder, name)
    assert set(refused.value.problems) == {"name"}
    assert folders.folders(home.holder) == ()


def test_two_folders_never_share_a_name_and_there_is_an_end_to_them(home: House) -> None:
    first, second = folders.new_folder(home.holder, "Un"), folders.new_folder(home.holder, "Deux")
    with pytest.raises(InvalidError):
        folders.rename(home.holder, second.id, "un")
    folders.rename(home.holder, first.id, "UN")
    for number in range(folders.MAX_FOLDERS - 2):
        folders.new_folder(home.holder, f"Dossier {number}")
    with pytest.raises(InvalidError):
        folders.new_folder(home.holder, "De trop")
    folders.new_folder(home.doctor_here, "Un")


def test_deleting_a_folder_leaves_its_documents(home: House) -> None:
    found = deposited(home.doctor_here)
    made = folders.put(home.holder, found, None, "Cœur")
    assert made is not None
    folders.delete_folder(home.holder, made.id)
    assert folders.kept(home.holder, found).mark.folder_id is None
    assert found in {row.id for row in documents.page(home.holder).rows}


# -- what stands around a list, and what a filter offers (R13) -----------------------------------------------------


def _authored(document_id: UUID, name: str) -> None:
    with db.write() as tx:
        record_id = tx.execute(select(Document.record_id).where(Document.id == document_id)).scalar_one()
        tx.execute(update(Document).where(Document.id == document_id).values(author_id=author_id(tx, record_id, name)))


@pytest.mark.parametrize("mark", ["hidden", "patient_invisible", "representatives_invisible", "deleted", "folded"])
def test_what_may_not_be_seen_changes_nothing_around_the_list(home: House, mark: str) -> None:
    deposited(home.doctor_here, "Ordonnance")
    readable = standings(home)

    def around() -> dict[str, Any]:
        return {name: (overview.overview(one), choosing.choices(one)) for name, one in readable.items()}

    before = around()
    secret = deposited(home.doctor_here, "CANARI", type_code="11488-4")
    _authored(secret, "Docteure Canari")
    values = {"state": mark} if mark in ("deleted", "folded") else {mark: True}
    change(secret, **values)
    marks: dict[str, Any] = {name: value for name, value in values.items() if value is True}
    facts = policy.DocumentFacts("11488-4", professional_id=home.doctor.id, **marks)
    after = around()
    for name, standing in readable.items():
        seen = mark not in ("deleted", "folded") and policy.visible(standing).decide(facts).allowed
        assert (after[name] != before[name]) is seen, name
        assert ("Docteure Canari" in str(after[name])) is seen, name


def test_counts_stop_at_a_bound(home: House) -> None:
    found = deposited(home.doctor_here)
    with db.write() as tx:
        row = tx.execute(select(Document.__table__).where(Document.id == found)).mappings().one()
        for number in range(MANY + 20):
            other = {"id": uuid4(), "unique_index": number.to_bytes(32, "big")}
            tx.execute(insert(Document).values(**{**row, **other}))
    around = overview.overview(home.holder)
    assert (around.new, around.unread) == (MANY + 1, MANY + 1)


def test_what_stands_around_is_one_statement_that_scans_nothing(home: House) -> None:
    for standing in (home.holder, home.doctor_here):
        rule = policy.visible(standing)
        with statements() as sent:
            overview.overview(standing)
        assert len(sent) <= 2, sent  # the key of a folder's name is read once
        by_type = rule.readable_types is not None
        values = {
            "record": standing.record_id,
            "reader": standing.actor.id,
            "depositor": standing.actor.id,
            **dict.fromkeys(("idle", "fresh", "today"), house_clock.now()),
            **{f"types_{code}": ["57833-6"] for code in documents.CLASSES if by_type},
            **parameters(rule),
        }
        found = plan(_overview(shape(rule), by_type=by_type, relation=standing.relation), values)
        assert not faults(found)


def test_what_a_filter_offers_is_probed_and_nothing_is_scanned(home: House) -> None:
    for standing in (home.holder, home.doctor_here):
        rule = policy.visible(standing)
        values = {"record": standing.record_id, "author": uuid4(), **parameters(rule)}
        for statement in (
            choosing.type_statement(shape(rule)),
            choosing.author_statement(shape(rule), one=False),
            choosing.author_statement(shape(rule), one=True),
        ):
            assert not faults(plan(statement, values))


def test_nothing_of_a_reader_stays_after_the_record(home: House) -> None:
    found = deposited(home.doctor_here)
    folders.put(home.holder, found, None, "Cœur")
    _visit(home.holder)
    forget_record(home.mother.record_id)
    with db.read() as tx:
        for table in (DocumentMark, DocumentFolder, DocumentReader):
            assert tx.execute(select(table.id)).all() == []
