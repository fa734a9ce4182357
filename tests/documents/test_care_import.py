"""The insurer's lines of care come in: by exact identity, once per reference, within the window, never secret ones."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select, update

from espace import clock as clocks
from espace import db
from espace.audit.services import Action
from espace.cli import main
from espace.documents.models import CareLine
from espace.documents.services import care_history
from espace.documents.services.care_history import COLUMNS, KINDS, import_care_history
from espace.import_report import UnreadableError
from espace.machines import Machines
from espace.records.models import Record
from espace.settings import Settings
from tests.support import build
from tests.support.clock import FakeClock

from .care_files import bring, line, write
from .house import House, trail

_ALL = (*COLUMNS, "cancelled")


def _kept() -> int:
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(CareLine)).scalar_one()


def _labels(house: House) -> list[str]:
    found = care_history.history(house.holder)
    return [each.label for visit in found.visits for each in visit.lines]


def test_a_file_comes_in_once_and_a_second_run_changes_nothing(home: House) -> None:
    rows = [line(home.mother, f"R{number}", f"2026-0{number}-10") for number in range(1, 6)]
    first, second = bring(*rows), bring(*rows)
    assert (first.read, first.done, first.unchanged, first.refused) == (5, 5, 0, [])
    assert (second.read, second.done, second.unchanged, second.refused) == (5, 0, 5, [])
    assert _kept() == 5
    assert [e.action for e in trail(home.holder)].count(Action.CARE_IMPORTED) == 1


def test_a_reference_belongs_to_its_person(home: House) -> None:
    report = bring(line(home.mother, "R1"), line(home.child, "R1"))
    assert (report.done, report.refused) == (2, [])
    assert _labels(home) == ["Consultation de médecine générale"]


def test_a_correction_of_the_insurer_replaces_the_line_which_stays_hidden(home: House) -> None:
    bring(line(home.mother, "R1", reimbursed="19.00"))
    (visit,) = care_history.history(home.holder).visits
    care_history.hide(home.holder, visit.id)
    report = bring(line(home.mother, "R1", reimbursed="21.00"))
    assert (report.done, _kept()) == (1, 1)
    (corrected,) = care_history.history(home.holder).visits
    assert (corrected.reimbursed, corrected.all_hidden) == (2100, True)


def test_the_same_reference_twice_in_one_file_ends_as_the_last_one_says(home: House) -> None:
    report = bring(line(home.mother, label="Avant"), line(home.mother, label="Après"), line(home.mother, label="Après"))
    assert (report.done, report.unchanged, _labels(home)) == (2, 1, ["Après"])


def test_a_cancelled_line_leaves_and_cancelling_nothing_changes_nothing(home: House) -> None:
    bring(line(home.mother, "R1"))
    gone = line(home.mother, "R1") | {"cancelled": "yes", "label": "", "kind": "", "date": ""}
    assert (bring(gone, columns=_ALL).done, _kept()) == (1, 0)
    again = bring(gone, columns=_ALL)
    assert (again.done, again.unchanged, again.refused) == (0, 1, [])


# -- what may not be transferred --------------------------------------------------------------------------------------


def test_secret_care_is_refused_and_never_kept(home: House) -> None:
    report = bring(line(home.child, "R1", secret="yes", label=""), line(home.child, "R2", secret="no"))
    assert [(each.where, each.reason) for each in report.refused] == [
        ("line 2", "secret care: it is not taken in"),
    ]
    assert (report.done, _kept()) == (1, 1)


def test_a_line_marked_secret_later_leaves_and_the_trail_does_not_tell_which(home: House) -> None:
    bring(line(home.child, "R1"), line(home.child, "R2"))
    report = bring(line(home.child, "R1", secret="yes"))
    assert (len(report.refused), report.done, _kept()) == (1, 0, 1)
    newest = trail(home.parent)[0]
    assert (newest.action, newest.objects, newest.detail) == (Action.CARE_IMPORTED, (), {})


def test_a_file_with_nothing_but_unknown_secret_care_leaves_no_trace(home: House) -> None:
    before = len(trail(home.parent))
    bring(line(home.child, "R9", secret="yes"))
    assert len(trail(home.parent)) == before


# -- whose it is ------------------------------------------------------------------------------------------------------


def test_nobody_gets_lines_of_another_number_or_birth_date(home: House) -> None:
    stranger = build.ins(birth=date(1990, 2, 3))
    report = bring(
        line(home.mother, "R1", ins=stranger, birth_date="1990-02-03"),
        line(home.mother, "R2", birth_date="1988-03-15"),
        line(home.mother, "R3", ins=home.child.ins),
    )
    assert {each.reason for each in report.refused} == {"ins: nobody is known here under this number and birth date"}
    assert (len(report.refused), _kept()) == (3, 0)


@pytest.mark.parametrize("state", ["opposed", "closed", "suspended", "deceased", "erased"])
def test_a_record_in_another_state_takes_no_line_in(home: House, state: str) -> None:
    with db.write() as tx:
        tx.execute(update(Record).where(Record.id == home.mother.record_id).values(state=state))
    report = bring(line(home.mother))
    assert [each.reason for each in report.refused] == [
        "the record takes nothing in: it is not open yet, closed or suspended"
    ]
    assert _kept() == 0


def test_people_whose_lines_do_not_stand_together_are_served_alike(home: House) -> None:
    rows = [line(whose, f"R{n}") for n in range(6) for whose in (home.mother, home.child)]
    assert (bring(*rows).done, _kept()) == (12, 12)


# -- the window -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("months", "first"), [(24, date(2024, 11, 23)), (12, date(2025, 11, 23))])
def test_the_window_is_a_setting_to_the_day(
    home: House, settings: Settings, machines: Machines, clock: FakeClock, months: int, first: date
) -> None:
    clock.now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    replace(machines, settings=replace(settings, care_history_months=months)).bind()
    assert care_history.window_start() == first
    before = line(home.mother, "R1", (first - timedelta(days=1)).isoformat())
    report = bring(before, line(home.mother, "R2", first.isoformat()))
    assert [each.reason for each in report.refused] == ["date: it is older than the months that are kept"]
    assert report.done == 1


def test_a_short_month_has_a_last_day(machines: Machines, clock: FakeClock) -> None:
    assert machines
    clock.now = datetime(2026, 3, 31, 10, tzinfo=UTC)
    assert care_history.window_start(1) == date(2026, 2, 28)
    clock.now = datetime(2028, 2, 29, 10, tzinfo=UTC)
    assert care_history.window_start() == date(2026, 2, 28)


def test_lines_that_became_too_old_are_not_shown_then_leave(home: House, clock: FakeClock) -> None:
    start = care_history.window_start()
    bring(line(home.mother, "R1", start.isoformat(), label="Vieux"), line(home.mother, "R2", label="Récent"))
    assert sorted(_labels(home)) == ["Récent", "Vieux"]
    clock.advance(timedelta(days=1))
    assert _labels(home) == ["Récent"]
    assert _kept() == 2
    assert (care_history.sweep(), care_history.sweep(), _kept()) == (1, 0, 1)


def test_a_clock_set_back_takes_nothing_away(home: House, clock: FakeClock) -> None:
    bring(line(home.mother, "R1", care_history.window_start().isoformat()))
    clock.advance(timedelta(days=-400))
    assert care_history.sweep() == 0


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("ins", "", "ins: it is missing"),
        ("ins", "123", "ins: 3 characters where an INS has 15, with its key"),
        ("birth_date", "14/03/1988", "birth_date: a date like 1979-03-21 is expected"),
        ("reference", "", "reference: it is missing"),
        ("reference", "x" * 65, "reference: up to 64 printable characters are expected"),
        ("date", "2026-02-30", "date: this day does not exist"),
        ("date", "2099-01-01", "date: it lies in the future"),
        ("kind", "Radio", f"kind: one of {', '.join(KINDS)} is expected"),
        ("label", "", "label: it is missing"),
        ("label", "x" * 201, "label: more than 200 characters"),
        ("label", "a\u202eb", "label: it holds characters that cannot be shown"),
        ("quantity", "-1", "quantity: a whole number from 1 to 9999 is expected"),
        ("quantity", "²", "quantity: a whole number from 1 to 9999 is expected"),
        ("amount", "26,50", "amount: euros like 26.50 are expected"),
        ("base", "-3.00", "base: euros like 26.50 are expected"),
        ("reimbursed", "1e5", "reimbursed: euros like 26.50 are expected"),
        ("secret", "oui", "secret: yes, no or nothing is expected"),
    ],
)
def test_what_is_wrong_is_named_and_never_repeated(home: House, column: str, value: str, reason: str) -> None:
    report = bring(line(home.mother, **{column: value}), line(home.mother, "R2"))
    assert [(each.where, each.reason) for each in report.refused] == [("line 2", reason)]
    assert report.done == 1


def test_every_problem_of_a_line_is_told_at_once(home: House) -> None:
    (refused,) = bring(line(home.mother, kind="", amount="x")).refused
    assert refused.reason == "kind: it is missing; amount: euros like 26.50 are expected"


def test_a_line_whose_mark_cannot_be_read_is_not_taken_for_an_open_one(home: House) -> None:
    assert (bring(line(home.child, secret="Y")).done, _kept()) == (0, 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"ins;birth_date\n", "the columns must be separated by commas, not semicolons"),
        (b"ins,birth_date\n", "missing columns: "),
        (b"\xff\xfe\n", "line 1 is not UTF-8 text"),
        (",".join(COLUMNS).encode() + b"\nx\0\n", "line 2 holds NUL bytes: the file is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_whole(
    machines: Machines, tmp_path: Path, content: bytes, reason: str
) -> None:
    assert machines
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=reason):
        import_care_history(path)


def test_odd_lines_spoil_only_themselves(home: House, tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", [line(home.mother, "R1")])
    with path.open("a", encoding="utf-8") as file:
        file.write('a,"b\n\nx,y\n' + "z" * 20_000 + "\n")
    report = import_care_history(path)
    assert (report.read, report.done, len(report.refused)) == (4, 1, 3)


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def espace(settings: Settings) -> Callable[..., Result]:
    environment = {
        f"ESPACE_{name.upper()}": str(getattr(settings, name))
        for name in ("data_dir", "key_file", "checkpoint_dir", "database_url", "base_url")
    }

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [str(each) for each in arguments], env=environment)

    return run


def test_the_command_tells_programs_and_people(home: House, espace: Callable[..., Result], tmp_path: Path) -> None:
    today = clocks.system_clock().date().isoformat()  # the command goes by the clock of the machine
    rows = [line(home.mother, "R1", today), line(home.mother, "R2", today, kind="x"), line(home.child, secret="yes")]
    path = write(tmp_path / "care.csv", rows)
    first = espace("import", "care-history", path, "--json")
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert (told["read"], told["done"], told["unchanged"], told["quarantined"]) == (3, 1, 0, [])
    assert [each["where"] for each in told["refused"]] == ["line 3", "line 4"]
    second = espace("import", "care-history", path)
    assert second.stdout.splitlines()[-1] == "Read 3, done 0, unchanged 1, quarantined 0, refused 2."
    missing = espace("import", "care-history", tmp_path / "no.csv")
    assert missing.exit_code == 1
    assert "cannot be read" in missing.output
