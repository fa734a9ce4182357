"""Erasure destroys the key, for good: no copy brings a record back, and the proof tells the truth (R23, AC-9)."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import event, insert, select, update

import espace
from espace import crypto, db, outbox, storage
from espace.access import services as access
from espace.access.models import Consent, Encounter
from espace.assembly import handle_events
from espace.audit import services as audit
from espace.crypto.models import DataKey
from espace.db import Base
from espace.documents import services as documents
from espace.documents.models import Document
from espace.errors import ConflictError, TamperedError
from espace.machines import Machines
from espace.records import services as records
from espace.records.cli import verify
from espace.records.models import Record
from espace.records.services import ledger, papers
from espace.records.services.erasure import is_destroyed
from espace.settings import Settings
from tests.conftest import LIGHT_HASHER
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .lives import holder, operator

TITLE = "Bilan de Plume-Canari"


@dataclass(frozen=True)
class Full:
    """A person whose record holds a document, an access and a trail."""

    person: Citizen
    document: documents.DocumentFacts
    file: Path


@pytest.fixture
def full(machines: Machines) -> Full:
    """Such a person."""
    access.ensure_matrix()
    person, doctor = build.citizen(), build.caregiver()
    build.consent(person, doctor, access.Answer.GRANT)
    found = documents.document(person.standing(), build.document(person.standing(), TITLE))
    with db.read() as tx:
        path = storage.current().open(tx, person.record_id, found.file_id).path
    return Full(person, found, path)


def erase(full: Full, clock: FakeClock, settings: Settings) -> None:
    """Close, ask, wait, and let the worker do it."""
    own = holder(full.person.person_id)
    records.close(own, full.person.record_id)
    records.ask_erasure(own, full.person.record_id)
    clock.advance(timedelta(days=settings.erasure_days))
    assert records.erase_due() == 1


def deliver() -> None:
    """What the worker carries to the rooms above; mail waits."""
    handle_events()
    outbox.on("mail", lambda _id, _payload: None)
    outbox.work()


def test_express_erasure_waits_its_delay_and_may_be_cancelled(full: Full, clock: FakeClock, settings: Settings) -> None:
    own, record_id = holder(full.person.person_id), full.person.record_id
    records.close(own, record_id)
    state = records.ask_erasure(own, record_id)
    assert state.erase_at == clock.now + timedelta(days=settings.erasure_days)
    assert settings.erasure_days <= 90
    assert records.ask_erasure(own, record_id).erase_at == state.erase_at, "asking again changes nothing"
    clock.now = state.erase_at - timedelta(microseconds=1)
    assert records.erase_due() == 0
    assert records.cancel_erasure(own, record_id).erase_at is None
    clock.advance(timedelta(days=365))
    assert records.erase_due() == 0
    with pytest.raises(ConflictError):
        records.cancel_erasure(own, record_id)
    records.reopen(holder(full.person.person_id), record_id)
    assert documents.page(full.person.standing()).rows[0].title == TITLE


def test_nothing_comes_back_once_its_moment_has_come(full: Full, clock: FakeClock, settings: Settings) -> None:
    """The worker may be at it: who cancels or reopens a second late is told, and nothing is half done."""
    record_id = full.person.record_id
    own = holder(full.person.person_id)
    records.close(own, record_id)
    records.ask_erasure(own, record_id)
    clock.advance(timedelta(days=settings.erasure_days))
    late = holder(full.person.person_id)
    acts: list[Callable[[], object]] = [
        lambda: records.cancel_erasure(late, record_id),
        lambda: records.reopen(late, record_id),
    ]
    for act in acts:
        with pytest.raises(ConflictError):
            act()
    assert records.erase_due() == 1
    assert records.erase_due() == 0


def test_what_is_erased_cannot_be_read_and_leaves_no_row(full: Full, clock: FakeClock, settings: Settings) -> None:
    record_id = full.person.record_id
    with db.read() as tx:
        sealed = tx.execute(select(Document.payload)).scalar_one()
    erase(full, clock, settings)
    with db.read() as tx:
        assert tx.execute(select(DataKey.owner_id).where(DataKey.owner_id == record_id)).first() is None
        with pytest.raises(TamperedError):
            crypto.unseal(tx, record_id, "documents", full.document.id, sealed)
        with pytest.raises(TamperedError):
            storage.current().open(tx, record_id, full.document.file_id)
    assert not full.file.exists()
    deliver()
    with db.read() as tx:
        for table in (Document, Consent, Encounter):
            assert tx.execute(select(table.id).where(table.record_id == record_id)).first() is None
        row = tx.execute(select(Record.attending_index, Record.activated_at, Record.erase_at, Record.state)).one()
    assert tuple(row) == (None, None, None, "erased")
    assert access.standing(full.person.actor, record_id) is None


KEPT = {"audit_events", "audit_heads"}
"""The trail stays, sealed under a key that is gone."""


def test_every_table_of_a_record_is_emptied(full: Full, clock: FakeClock, settings: Settings) -> None:
    """No row of any table that names the record is left, but for those listed with their reason."""
    tables = {one.name for one in Base.metadata.sorted_tables if "record_id" in one.columns}
    deleted: set[str] = set()

    def watch(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        deleted.update(name for name in tables if statement.startswith(f"DELETE FROM {name} "))

    writer = db.current().writer
    event.listen(writer, "before_cursor_execute", watch)
    try:
        erase(full, clock, settings)
        deliver()
    finally:
        event.remove(writer, "before_cursor_execute", watch)
    assert tables - deleted == KEPT


def test_the_trail_of_an_erased_record_still_verifies(full: Full, clock: FakeClock, settings: Settings) -> None:
    audit.checkpoint()
    erase(full, clock, settings)
    deliver()
    found = audit.examine()
    assert found.faults == []
    assert found.erased > 0
    audit.checkpoint()
    assert audit.verify() == []
    with pytest.raises(TamperedError):
        audit.record(operator(), full.person.record_id, audit.Action.HISTORY_READ)


def test_the_archive_ends_by_itself_for_the_closed_and_the_dead(full: Full, clock: FakeClock) -> None:
    other = build.citizen("Odile", "Marchand", birth=date(1951, 1, 9))
    records.close(holder(full.person.person_id), full.person.record_id)
    records.declare_death(operator(), other.record_id, date(2026, 11, 20), "certificate")
    end = records.state_of(full.person.record_id).ends_at
    assert end is not None
    assert (end.year, end.month, end.day) == (2036, 11, 23)
    clock.now = end - timedelta(microseconds=1)
    assert records.erase_due() == 0
    clock.now = end
    assert records.erase_due() == 2
    assert {records.state_of(one).state for one in (full.person.record_id, other.record_id)} == {"erased"}


def _rows_of(record_id: object) -> list[tuple[type[Base], dict[str, object]]]:
    """The rows an older copy would bring back: keys, record, documents."""
    kept: list[tuple[type[Base], dict[str, object]]] = []
    with db.read() as tx:
        for table, column in ((DataKey, DataKey.owner_id), (Document, Document.record_id), (Record, Record.id)):
            rows = tx.execute(select(table.__table__).where(column == record_id)).mappings()
            kept += [(table, dict(row)) for row in rows]
    return kept


def test_a_copy_from_before_is_unreadable_once_the_house_starts(
    full: Full, machines: Machines, clock: FakeClock, settings: Settings, tmp_path: Path
) -> None:
    """Rows and files are put back as a restore would; starting the web destroys them again."""
    record_id, kept = full.person.record_id, _rows_of(full.person.record_id)
    shutil.copytree(full.file.parent, tmp_path / "copy")
    erase(full, clock, settings)
    deliver()
    with db.write() as tx:
        for table, row in kept:
            if table is Record:
                tx.execute(update(Record).where(Record.id == record_id).values(**row))
            else:
                tx.execute(insert(table).values(**row))
    shutil.copytree(tmp_path / "copy", full.file.parent)
    crypto.current().forget()
    assert documents.page(full.person.standing()).rows[0].title == TITLE, "the copy must be whole for this to count"
    espace.create_app(machines=machines)
    assert access.standing(full.person.actor, record_id) is None
    assert records.state_of(record_id).state == "erased"
    with db.read() as tx:
        assert not crypto.current().has_key(tx, record_id)
    assert not full.file.exists()
    assert records.replay() == 0
    deliver()


@on_sqlite
def test_a_restored_folder_is_unreadable_once_the_worker_starts(
    full: Full, machines: Machines, clock: FakeClock, settings: Settings, tmp_path: Path
) -> None:
    """The whole data folder copied, erased, restored, and opened by machines that never saw it."""
    with db.current().writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    shutil.copytree(settings.data_dir, tmp_path / "backup")
    erase(full, clock, settings)
    machines.close()
    shutil.rmtree(settings.data_dir)
    shutil.copytree(tmp_path / "backup", settings.data_dir)
    again = Machines.open(settings, hasher=LIGHT_HASHER, clock=clock)
    again.bind()
    with db.read() as tx:
        assert crypto.current().has_key(tx, full.person.record_id)
    assert records.replay() == 1
    with db.read() as tx, pytest.raises(TamperedError):
        storage.current().open(tx, full.person.record_id, full.document.file_id)
    assert not full.file.exists()
    again.close()


def test_a_forged_entry_of_the_ledger_destroys_nothing(full: Full, settings: Settings) -> None:
    folder = settings.checkpoint_dir / "erasures"
    folder.mkdir(parents=True)
    path = folder / f"{full.person.record_id.hex}.json"
    other = crypto.new_ring()
    body = b'{"owner": "%s", "at": "2026-11-23T09:00:00+00:00"}' % str(full.person.record_id).encode()
    forged = other.signer.sign(b"espace/erasure|" + body)
    for content in (
        b"",
        b"{}",
        b'{"body": "%s", "signature": "%s"}' % (_base64(body), _base64(forged)),
    ):
        path.write_bytes(content)
        with pytest.raises(TamperedError):
            records.replay()
    assert documents.page(full.person.standing()).rows


def test_an_entry_under_anothers_name_destroys_nothing(full: Full, clock: FakeClock, settings: Settings) -> None:
    other = build.citizen("Odile", "Marchand", birth=date(1951, 1, 9))
    erase(full, clock, settings)
    folder = settings.checkpoint_dir / "erasures"
    shutil.copy(folder / f"{full.person.record_id.hex}.json", folder / f"{other.record_id.hex}.json")
    with pytest.raises(TamperedError):
        records.replay()
    assert other.standing()


def _base64(content: bytes) -> bytes:
    from base64 import b64encode

    return b64encode(content)


def test_the_proof_is_checked_to_the_last_byte(full: Full, clock: FakeClock, settings: Settings) -> None:
    erase(full, clock, settings)
    state = records.state_of(full.person.record_id)
    proof = papers.proof(state)
    found = papers.read_proof(proof)
    assert (found.record_id, found.erased_at) == (state.record_id, state.state_since)
    assert proof.startswith(b"%PDF-")
    assert is_destroyed(found.record_id)
    for place in range(0, len(proof) - 2, 997):
        changed = proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :]
        with pytest.raises(TamperedError):
            papers.read_proof(changed)
    for text in (b"", b"%PDF-1.7", proof[:-40], proof + b"more"):
        with pytest.raises(TamperedError):
            papers.read_proof(text)


def test_the_command_checks_a_proof_and_says_so_when_a_key_is_back(
    full: Full, clock: FakeClock, settings: Settings, tmp_path: Path
) -> None:
    kept = _rows_of(full.person.record_id)
    erase(full, clock, settings)
    path = tmp_path / "preuve.pdf"
    path.write_bytes(papers.proof(records.state_of(full.person.record_id)))
    good = CliRunner().invoke(verify, [str(path)])
    assert good.exit_code == 0, good.output
    assert str(full.person.record_id) in good.output
    with db.write() as tx:
        tx.execute(insert(DataKey).values(**next(row for table, row in kept if table is DataKey)))
    assert CliRunner().invoke(verify, [str(path)]).exit_code == 1
    path.write_bytes(path.read_bytes()[:-9])
    assert CliRunner().invoke(verify, [str(path)]).exit_code == 1


def test_the_ledger_is_written_before_the_key_is_destroyed(
    full: Full, clock: FakeClock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that stops in between has destroyed nothing, and does it at its next start."""
    own = holder(full.person.person_id)
    records.close(own, full.person.record_id)
    records.ask_erasure(own, full.person.record_id)
    clock.advance(timedelta(days=settings.erasure_days))

    def stop(*_given: object) -> None:
        raise OSError("the machine stops")

    with monkeypatch.context() as during:
        during.setattr(crypto, "destroy", stop)
        with pytest.raises(OSError, match="stops"):
            records.erase_due()
    assert records.state_of(full.person.record_id).state == "closed"
    assert ledger.holds(full.person.record_id)
    assert records.replay() == 1
    assert records.state_of(full.person.record_id).state == "erased"
