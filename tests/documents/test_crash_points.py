"""A machine that stops at any step of filing: no row without its file, and orphans go after a day (security.md L3).

The steps: blob, fsync, rename, row, audit, reply. At each a process of its own is killed as by `kill -9`.
"""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import event, insert, select

from espace import clock as clocks
from espace import db, storage
from espace.audit.services import verify
from espace.documents import services as documents
from espace.documents.models import AddingPiece, Document
from espace.documents.services import sweeping
from espace.documents.services.aside.quarantine import put_aside
from espace.documents.services.entries.filing import stored
from espace.machines import Machines
from espace.permissions import Standing
from espace.professional.services import drafts as deposits
from espace.settings import Settings
from tests.conftest import LIGHT_HASHER
from tests.support.clock import FakeClock

from .house import House, deposited, files_of, pdf

STEPS = ("blob", "fsync", "rename", "folder", "row", "written", "audit", "commit", "reply")
FILES = 2
"""What a deposit stores: the clinical document, and its body."""


def _die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _at(call: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """`real`, but the process dies at its `call`th use."""
    done = 0

    def counted(*args: Any, **more: Any) -> Any:
        nonlocal done
        done += 1
        return _die() if done == call else real(*args, **more)

    return counted


def _half(real: Callable[..., Any], call: int) -> Callable[..., Any]:
    done = 0

    def write(self: Any, file: Any, *args: Any) -> Any:
        nonlocal done
        done += 1
        if done == call:
            file.write(b"half a file")
            file.flush()
            _die()
        return real(self, file, *args)

    return write


def _arm(step: str, file: int) -> None:
    """Have this process die at `step`, of the first or second file where files are meant."""
    if step == "blob":
        storage.Storage._write = _half(storage.Storage._write, file)  # type: ignore[method-assign]  # noqa: SLF001
    elif step == "fsync":
        os.fsync = _at(2 * file - 1, os.fsync)
    elif step == "rename":
        Path.rename = _at(file, Path.rename)  # type: ignore[method-assign]
    elif step == "folder":
        storage._sync_folder = _at(file, lambda _folder: None)  # noqa: SLF001
    elif step == "commit":
        event.listen(db.current().writer, "commit", _die)
    else:
        _arm_database(step)


def _arm_database(step: str) -> None:
    table, moment = {
        "row": ("documents", "before_cursor_execute"),
        "written": ("documents", "after_cursor_execute"),
        "audit": ("audit_events", "after_cursor_execute"),
    }.get(step, ("", ""))

    def look(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if f"INSERT INTO {table} " in statement:
            _die()

    if table:
        event.listen(db.current().writer, moment, look)


def _file_and_die(settings: Settings, standing: Standing, content: bytes, step: str, file: int) -> None:
    Machines.open(settings, hasher=LIGHT_HASHER, clock=FakeClock(clocks.now())).bind()
    _arm(step, file)
    deposited(standing, "Ordonnance", content=content)
    _die()  # before the reply


def crash(settings: Settings, standing: Standing, content: bytes, step: str, file: int = 1) -> None:
    """File a document in another process, which dies at `step`."""
    process = get_context("fork").Process(target=_file_and_die, args=(settings, standing, content, step, file))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL, f"{step}: it went on ({process.exitcode})"


def _now() -> float:
    return clocks.now().timestamp()


def _age(owner: str) -> None:
    """Have the files of an owner written now, by the clock of the test."""
    for path in storage.current().root.rglob("*"):
        if owner in path.parts and path.is_file():
            os.utime(path, (_now() - 1, _now() - 1))


def _rows(record_id: Any) -> list[Any]:
    with db.read() as tx:
        return list(tx.execute(select(Document.file_id, Document.body_file_id).where(Document.record_id == record_id)))


def _check(house: House, step: str, clock: FakeClock) -> None:
    """What must hold after a crash, a day later too, and that filing again works."""
    record_id = house.mother.record_id
    rows = _rows(record_id)
    assert len(rows) == (step == "reply"), "acknowledged or not, but never by half"
    for row in documents.page(house.holder).rows:
        assert documents.original(house.holder, row.id).reader.read_all()
        assert documents.body(house.holder, row.id).reader.read_all()
    assert verify() == []
    named = FILES * len(rows)
    left = files_of(record_id)
    _age(record_id.hex)
    clock.advance(timedelta(hours=23))
    assert (sweeping.sweep([deposits.named_files]), files_of(record_id)) == (0, left)
    clock.advance(timedelta(hours=2))
    assert sweeping.sweep([deposits.named_files]) == left - named
    assert files_of(record_id) == named
    again = deposited(house.doctor_here, "Ordonnance", content=pdf("Ordonnance"))
    for row in documents.page(house.holder).rows:
        assert documents.body(house.holder, row.id).reader.read_all()
    assert documents.original(house.doctor_here, again).reader.read_all()


@pytest.mark.parametrize(("step", "file"), [(s, f) for s in STEPS for f in (1, 2) if f == 1 or s in STEPS[:4]])
def test_a_crash_leaves_no_row_without_its_file_and_its_orphans_go(
    home: House, settings: Settings, clock: FakeClock, step: str, file: int
) -> None:
    crash(settings, home.doctor_here, pdf("Ordonnance"), step, file)
    _check(home, step, clock)


@pytest.mark.drill
@pytest.mark.parametrize("step", STEPS)
def test_twenty_crashes_at_each_step(home: House, settings: Settings, clock: FakeClock, step: str) -> None:
    acknowledged = 0
    for number in range(20):
        crash(
            settings, home.doctor_here, pdf(f"Ordonnance {number}", "suite"), step, 1 + number % 2 * (step in STEPS[:4])
        )
        acknowledged += step == "reply"
    record_id = home.mother.record_id
    assert len(_rows(record_id)) == acknowledged
    for row in documents.page(home.holder).rows:
        assert documents.original(home.holder, row.id).reader.read_all()
    _age(record_id.hex)
    clock.advance(timedelta(hours=25))
    sweeping.sweep([deposits.named_files])
    assert files_of(record_id) == FILES * acknowledged
    assert verify() == []
    print(f"{step}: 20 crashes, {acknowledged} documents kept, no orphan left")


# -- what is no orphan ------------------------------------------------------------------------------------------------


def test_files_of_every_kind_that_a_row_names_stay(home: House, clock: FakeClock) -> None:
    deposited(home.doctor_here)
    put_aside(b"%PDF-1.4 lost", "no-identity", "a.pdf")
    deposits.start(home.doctor_here, pdf("Brouillon"), "b.pdf")
    with stored(home.mother.record_id, b"piece") as (file_id,), db.write() as tx:
        values = {"record_id": home.mother.record_id, "id": file_id, "draft_id": file_id, "place": 0, "payload": b""}
        tx.execute(insert(AddingPiece).values(values))
    everything = {path for path in storage.current().root.rglob("*") if path.is_file()}
    assert len(everything) == 5
    for path in everything:
        os.utime(path, (_now() - 1, _now() - 1))
    clock.advance(timedelta(hours=30))
    assert sweeping.sweep([deposits.named_files]) == 0
    assert sweeping.sweep() == 1  # had the room of prepared deposits not been asked


def test_every_column_that_names_a_file_is_asked() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in db.Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith(("file_id", "proof_id"))
    }
    assert named == {
        "documents.file_id",
        "documents.body_file_id",
        "quarantine.file_id",
        "deposit_drafts.file_id",
        "family_mandates.file_id",
        "family_requests.proof_id",
        "family_restrictions.file_id",
    }


def test_a_young_file_stays_whatever_its_id_says(home: House, clock: FakeClock) -> None:
    with stored(home.mother.record_id, b"one") as (file_id,):
        pass
    path = storage.current().path(home.mother.record_id, file_id)
    clock.advance(timedelta(hours=25))
    os.utime(path, (_now(), _now()))
    assert sweeping.sweep() == 0
    clock.advance(timedelta(hours=25))
    assert sweeping.sweep() == 1


def test_names_that_are_not_ours_are_left_alone(home: House, clock: FakeClock) -> None:
    folder = storage.current().path(home.mother.record_id, home.mother.record_id).parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "notes.txt").write_text("left by somebody")
    clock.advance(timedelta(days=400))
    assert sweeping.sweep() == 0
