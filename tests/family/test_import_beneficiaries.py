"""The insurer's list: good lines kept, bad ones reported, a second run changes nothing, nothing half-written."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from espace import crypto, db
from espace.accounts.models import ActivationCode
from espace.accounts.services import new_activation_code
from espace.audit.models import AuditEvent
from espace.crypto.models import DataKey
from espace.crypto.owners import OUTBOX
from espace.errors import BusyError
from espace.family.models import AwaitedParent, Link
from espace.family.services.arriving.beneficiaries import import_beneficiaries
from espace.family.services.arriving.letters import Letter
from espace.family.services.links import representatives
from espace.import_report import Entry, Report, UnreadableError
from espace.machines import Machines
from espace.outbox.models import Delivery
from espace.people.models import Person
from espace.people.services import find_person, rpps_index
from espace.records.models import Record
from espace.records.services import Part, bearer, oppose, record_of
from espace.settings import Settings
from tests.support.clock import FakeClock

from .lists import Row, person, write

MOTHER = person("F", "1984-05-17", 1)
FATHER = person("M", "1980-01-02", 2, first_names="Paul", birth_name="LE GOFF")
CHILD = person("F", "2019-02-28", 3, first_names="Zoé", parent_ins=f"{MOTHER['ins']}|{FATHER['ins']}")

Import = Callable[..., Report]


@pytest.fixture
def bring_in(machines: Machines, tmp_path: Path) -> Import:
    """Imports a list made of these lines."""

    def run(*rows: Row, letters: Callable[[Letter], None] | None = None) -> Report:
        return import_beneficiaries(write(tmp_path / "list.csv", rows), letters=letters)

    return run


def rows_of(*tables: type[db.Base]) -> list[list[tuple[object, ...]]]:
    with db.read() as tx:
        return [[tuple(row) for row in tx.execute(select(*table.__table__.columns)).all()] for table in tables]


def sent() -> list[dict[str, Any]]:
    """What the outbox would send by e-mail, in order."""
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == "mail").order_by(Delivery.id))
        return [crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload) for row in rows.all()]


EVERYTHING = (Person, Record, Link, ActivationCode, AuditEvent, DataKey, Delivery)


def told(report: Report) -> tuple[int, int, int, list[Entry]]:
    return report.read, report.done, report.unchanged, report.refused


def test_each_person_gets_a_record_with_a_key_of_its_own(bring_in: Import) -> None:
    report = bring_in(MOTHER | {"attending_doctor_rpps": "10001234567"}, FATHER)
    assert told(report) == (2, 2, 0, [])
    mother, father = find_person(MOTHER["ins"]), find_person(FATHER["ins"])
    assert mother is not None
    assert father is not None
    assert mother.display_name == "Claire Fontenay"
    assert father.display_name == "Paul Le Goff"
    records = [record_of(each.id) for each in (mother, father)]
    assert records[0] is not None
    assert records[1] is not None
    assert records[0].attending_index == rpps_index("10001234567")
    assert records[1].attending_index is None
    keys = {row[0] for row in rows_of(DataKey)[0]}
    assert keys >= {mother.id, father.id, records[0].id, records[1].id}


def test_a_second_run_changes_nothing(bring_in: Import) -> None:
    lines = (MOTHER | {"email": "claire@exemple.fr"}, FATHER, CHILD, person(order=9, ins="1"))
    first = bring_in(*lines)
    assert (first.done, len(first.refused)) == (3, 1)
    before = rows_of(*EVERYTHING)
    second = bring_in(*lines)
    assert (second.read, second.done, second.unchanged) == (4, 0, 3)
    assert second.refused == first.refused
    assert rows_of(*EVERYTHING) == before


def test_a_line_that_changed_is_brought_up_to_date(bring_in: Import) -> None:
    bring_in(MOTHER, FATHER)
    report = bring_in(MOTHER | {"use_name": "Martin", "attending_doctor_rpps": "10001234567"}, FATHER)
    assert told(report) == (2, 1, 1, [])
    mother = find_person(MOTHER["ins"])
    assert mother is not None
    assert mother.display_name == "Claire Martin"


def test_bad_lines_are_reported_and_good_ones_kept(bring_in: Import) -> None:
    report = bring_in(
        MOTHER,
        FATHER | {"ins": FATHER["ins"][:14] + ("1" if FATHER["ins"][14] != "1" else "2")},
        person("M", "1990-10-10", 4, birth_date="1990-13-10"),
        MOTHER | {"first_names": "Autre"},
        person("F", "1970-07-07", 5),
    )
    assert (report.read, report.done) == (5, 2)
    assert [entry.where for entry in report.refused] == ["line 3", "line 4", "line 5"]
    assert report.refused[2].reason == "ins: the same number stands on line 2"
    assert len(rows_of(Person)[0]) == 2


@pytest.mark.parametrize("order", [(MOTHER, FATHER, CHILD), (CHILD, FATHER, MOTHER), (FATHER, CHILD, MOTHER)])
def test_a_child_is_linked_to_both_parents_wherever_their_lines_stand(bring_in: Import, order: tuple[Row, ...]) -> None:
    assert told(bring_in(*order)) == (3, 3, 0, [])
    assert parents_of(CHILD) == {MOTHER["ins"], FATHER["ins"]}


def parents_of(child: Row) -> set[str]:
    found = find_person(child["ins"])
    assert found is not None
    record = record_of(found.id)
    assert record is not None
    linked = {find_person(each["ins"]) for each in (MOTHER, FATHER, YOUNG_MOTHER)}
    return {each.ins for each in linked if each and each.id in representatives(record.id)}


YOUNG_MOTHER = person("F", "2009-06-01", 6, first_names="Lina", parent_ins=MOTHER["ins"])


def test_a_mother_who_is_a_minor_herself_is_parent_and_child(bring_in: Import) -> None:
    baby = person("M", "2026-01-05", 7, parent_ins=YOUNG_MOTHER["ins"])
    assert told(bring_in(baby, YOUNG_MOTHER, MOTHER)) == (3, 3, 0, [])
    assert parents_of(baby) == {YOUNG_MOTHER["ins"]}
    assert parents_of(YOUNG_MOTHER) == {MOTHER["ins"]}


def test_twins_get_a_record_each(bring_in: Import) -> None:
    twin = person("F", "2019-02-28", 4, first_names="Léa", parent_ins=MOTHER["ins"])
    assert told(bring_in(MOTHER, FATHER, CHILD, twin)) == (4, 4, 0, [])
    assert parents_of(twin) == {MOTHER["ins"]}
    assert len(rows_of(Record)[0]) == 4


def test_an_unknown_parent_is_reported_and_the_child_kept(bring_in: Import) -> None:
    report = bring_in(MOTHER, CHILD)
    assert (report.done, report.unchanged) == (2, 0)
    assert report.refused == [
        Entry("line 3", "parent 2: this number is not known; the link is not made, the person is")
    ]
    assert parents_of(CHILD) == {MOTHER["ins"]}
    assert bring_in(MOTHER, FATHER, CHILD).refused == []
    assert parents_of(CHILD) == {MOTHER["ins"], FATHER["ins"]}


def test_a_parent_named_before_they_are_known_is_linked_when_they_come(bring_in: Import) -> None:
    bring_in(MOTHER, CHILD)
    bring_in(MOTHER, CHILD)  # the same list again waits for the same person once
    assert len(rows_of(AwaitedParent)[0]) == 1
    assert told(bring_in(FATHER)) == (1, 1, 0, [])
    assert parents_of(CHILD) == {MOTHER["ins"], FATHER["ins"]}
    assert rows_of(AwaitedParent) == [[]]


def test_a_link_that_makes_no_sense_is_not_made_later_either(bring_in: Import) -> None:
    younger = person("M", "2020-01-01", 8)
    bring_in(MOTHER, CHILD | {"parent_ins": younger["ins"]})
    bring_in(younger)
    assert rows_of(Link, AwaitedParent) == [[], []]


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        (person("M", "1970-03-03", 8, parent_ins=MOTHER["ins"]), "a parent is older than their child"),
        (person("M", "2007-03-03", 8, parent_ins=MOTHER["ins"]), "the person is of age"),
    ],
)
def test_a_link_that_makes_no_sense_is_reported(bring_in: Import, child: Row, reason: str) -> None:
    report = bring_in(MOTHER, child)
    assert report.done == 2
    assert reason in report.refused[0].reason
    assert rows_of(Link) == [[]]


def test_a_second_parent_is_added_by_a_later_list(bring_in: Import) -> None:
    alone = CHILD | {"parent_ins": MOTHER["ins"]}
    bring_in(MOTHER, FATHER, alone)
    assert parents_of(CHILD) == {MOTHER["ins"]}
    assert told(bring_in(MOTHER, FATHER, CHILD)) == (3, 1, 2, [])
    assert parents_of(CHILD) == {MOTHER["ins"], FATHER["ins"]}


class TestCodes:
    def test_everybody_gets_one_letter_and_children_through_their_parents(self, bring_in: Import) -> None:
        letters: list[Letter] = []
        teen = person("M", "2010-11-23", 5, first_names="Noé")  # sixteen today
        almost = person("M", "2010-11-24", 6, first_names="Ugo")
        bring_in(MOTHER, FATHER, CHILD, teen, almost, letters=letters.append)
        told_to = {each.name: each.for_child for each in letters}
        assert told_to == {
            "Claire Fontenay": False,
            "Paul Le Goff": False,
            "Noé Fontenay": False,
            "Zoé Fontenay": True,
            "Ugo Fontenay": True,
        }
        assert len({each.code for each in letters}) == 5
        bring_in(MOTHER, FATHER, CHILD, teen, almost, letters=letters.append)
        assert len(letters) == 5

    def test_a_code_that_expired_is_made_anew(self, bring_in: Import, clock: FakeClock, settings: Settings) -> None:
        letters: list[Letter] = []
        bring_in(MOTHER, letters=letters.append)
        clock.advance(timedelta(days=settings.activation_code_life, seconds=1))
        assert told(bring_in(MOTHER, letters=letters.append)) == (1, 1, 0, [])
        assert len(letters) == 2

    def test_a_code_made_otherwise_meanwhile_is_left_alone(self, bring_in: Import) -> None:
        letters: list[Letter] = []
        bring_in(MOTHER, letters=letters.append)
        mother = find_person(MOTHER["ins"])
        assert mother is not None
        new_activation_code(mother.id)
        assert bring_in(MOTHER, letters=letters.append).unchanged == 1
        assert len(letters) == 1

    def test_without_letters_the_announcement_goes_by_e_mail_without_any_identifier(self, bring_in: Import) -> None:
        bring_in(MOTHER | {"email": "claire@exemple.fr"}, FATHER, CHILD)
        mails = sent()
        assert [(mail["to"], mail["message"]) for mail in mails] == [
            ("claire@exemple.fr", "announcement"),
            ("claire@exemple.fr", "child-announcement"),
        ]
        for mail in mails:
            assert set(mail["values"]) == {"code", "opens"}
            assert mail["values"]["opens"] == "4 janvier 2027"
            for row in (MOTHER, FATHER, CHILD):
                assert row["ins"] not in str(mail)
                assert row["birth_date"] not in str(mail)
                assert row["first_names"] not in str(mail)

    def test_both_parents_are_told_of_a_child_with_the_same_code(self, bring_in: Import) -> None:
        bring_in(MOTHER | {"email": "claire@exemple.fr"}, FATHER | {"email": "paul@exemple.fr"}, CHILD)
        for_child = [mail for mail in sent() if mail["message"] == "child-announcement"]
        assert {mail["to"] for mail in for_child} == {"claire@exemple.fr", "paul@exemple.fr"}
        assert len({mail["values"]["code"] for mail in for_child}) == 1

    def test_who_objected_is_written_to_no_more(self, bring_in: Import, clock: FakeClock, settings: Settings) -> None:
        letters: list[Letter] = []
        bring_in(MOTHER, letters=letters.append)
        mother = find_person(MOTHER["ins"])
        assert mother is not None
        record = record_of(mother.id)
        assert record is not None
        oppose(bearer(mother), record.id, Part.LETTER)
        clock.advance(timedelta(days=settings.activation_code_life, seconds=1))
        assert bring_in(MOTHER, letters=letters.append).unchanged == 1
        assert len(letters) == 1

    def test_nobody_gets_a_code_that_no_one_could_read(self, bring_in: Import) -> None:
        report = bring_in(FATHER)
        assert told(report) == (1, 1, 0, [])
        assert report.notes == [Entry("line 2", "no e-mail, so no activation code was made: run again with --letters")]
        assert rows_of(ActivationCode) == [[]]

    def test_a_letter_that_cannot_be_written_leaves_no_person_behind(self, bring_in: Import) -> None:
        def full(_letter: Letter) -> None:
            raise OSError("no space left")

        with pytest.raises(OSError, match="no space"):
            bring_in(MOTHER, letters=full)
        assert rows_of(Person, Record, ActivationCode) == [[], [], []]


@pytest.mark.parametrize("table", ["persons", "records", "audit_events", "family_links", "outbox"])
def test_a_person_is_written_whole_or_not_at_all(bring_in: Import, machines: Machines, table: str) -> None:
    bring_in(MOTHER)
    before = rows_of(*EVERYTHING)

    def fail(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if f"INSERT INTO {table} " in statement:
            raise RuntimeError("power cut")

    event.listen(machines.database.writer, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        bring_in(person("F", "2010-03-03", 9, parent_ins=MOTHER["ins"], email="b@exemple.fr"))
    event.remove(machines.database.writer, "before_cursor_execute", fail)
    assert rows_of(*EVERYTHING) == before


def test_a_locked_database_says_so_and_the_list_can_be_run_again(bring_in: Import, machines: Machines) -> None:
    impatience = "PRAGMA busy_timeout=20" if machines.database.is_sqlite else "SET lock_timeout='20ms'"

    def hurry(connection: Any, _entry: object) -> None:
        connection.cursor().execute(impatience)

    event.listen(machines.database.writer, "connect", hurry)
    other = db.Database(machines.database.url)
    with other.writer.begin() as tx:
        tx.execute(update(Person).values(payload=b""))
        if not other.is_sqlite:
            tx.exec_driver_sql("LOCK TABLE persons IN EXCLUSIVE MODE")
        with pytest.raises(BusyError, match="line 2"):
            bring_in(MOTHER)
    other.close()
    assert told(bring_in(MOTHER)) == (1, 1, 0, [])


def test_two_imports_at_once_leave_each_person_once(bring_in: Import, machines: Machines, tmp_path: Path) -> None:
    rows = [person("F", "1984-05-17", order) for order in range(1, 13)]
    path = write(tmp_path / "both.csv", rows)
    start = threading.Barrier(2)

    def run() -> Report:
        machines.bind()
        start.wait()
        return import_beneficiaries(path)

    with ThreadPoolExecutor(2) as pool:
        reports = [each.result() for each in [pool.submit(run) for _ in range(2)]]
    assert sum(report.done for report in reports) == len(rows)
    told_why = {entry.reason for report in reports for entry in report.refused}
    assert told_why <= {"somebody else wrote the same person at the same time: run the import again"}
    assert [len(found) for found in rows_of(Person, Record)] == [len(rows), len(rows)]
    assert bring_in(*rows).unchanged == len(rows)


class TestOpening:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, opening_delay=0)

    def test_without_delay_a_record_is_open_at_once(self, bring_in: Import) -> None:
        bring_in(MOTHER)
        mother = find_person(MOTHER["ins"])
        assert mother is not None
        record = record_of(mother.id)
        assert record is not None
        assert record.state == "open"


@pytest.mark.usefixtures("machines")
class TestFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_utf8_is_read_with_or_without_its_mark(self, tmp_path: Path, encoding: str) -> None:
        path = write(tmp_path / "l.csv", [CHILD | {"parent_ins": ""}], encoding=encoding)
        assert import_beneficiaries(path).done == 1

    def test_columns_may_stand_in_any_order_among_others(self, tmp_path: Path) -> None:
        row = MOTHER | {"remark": "x"}
        assert import_beneficiaries(write(tmp_path / "l.csv", [row], columns=sorted(row))).done == 1

    def test_windows_line_ends_and_empty_lines_are_no_trouble(self, tmp_path: Path) -> None:
        path = write(tmp_path / "l.csv", [MOTHER])
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n\r\n"))
        assert told(import_beneficiaries(path)) == (1, 1, 0, [])

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "the file is empty"),
            (b"\n", "the file is empty"),
            (b"\xef\xbb\xbf", "the file is empty"),
            (b"ins,birth_name\n", "missing columns: first_names, use_name, sex"),
            (b"ins;birth_name\n", "separated by commas"),
            (b'ins,"birth_name\n', "line 1: the quotes"),
            ("ins,prénom\n".encode("latin-1"), "line 1 is not UTF-8"),
            ("ins,birth_name\n".encode("utf-16"), "line 1 holds NUL bytes"),
        ],
    )
    def test_a_file_that_is_no_list_says_why(self, tmp_path: Path, content: bytes, why: str) -> None:
        path = tmp_path / "l.csv"
        path.write_bytes(content)
        with pytest.raises(UnreadableError, match=why):
            import_beneficiaries(path)

    @pytest.mark.parametrize(("spoilt", "why"), [(b"\xe9", "line 3 is not UTF-8"), (b"\0", "line 3 holds NUL")])
    def test_a_spoilt_file_is_refused_before_anything_is_written(self, tmp_path: Path, spoilt: bytes, why: str) -> None:
        path = write(tmp_path / "l.csv", [MOTHER])
        path.write_bytes(path.read_bytes() + spoilt)
        with pytest.raises(UnreadableError, match=why):
            import_beneficiaries(path)
        with db.read() as tx:
            assert tx.execute(select(func.count()).select_from(Person)).scalar() == 0

    def test_a_missing_file_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableError, match="No such file"):
            import_beneficiaries(tmp_path / "absent.csv")

    def test_an_open_quote_or_an_endless_line_spoils_one_line(self, tmp_path: Path) -> None:
        path = write(tmp_path / "l.csv", [MOTHER, FATHER])
        lines = path.read_text().splitlines(keepends=True)
        path.write_text(lines[0] + '"' + lines[1] + "x" * 20_000 + "\n" + lines[2])
        report = import_beneficiaries(path)
        assert (report.read, report.done) == (3, 1)
        assert report.refused == [
            Entry("line 2", "the quotes of this line make no sense"),
            Entry("line 3", "the line is too long"),
        ]
