"""Documents from files: filed by exact identity, set aside with a reason, or refused; never misfiled, never a crash."""

import json
import os
import random
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select, update

from espace import crypto, db, storage
from espace.audit.services import Action
from espace.crypto.owners import QUARANTINE
from espace.documents import services as documents
from espace.documents.cli import import_documents
from espace.documents.models import Document, Quarantined
from espace.documents.services.arriving.claimed import folded
from espace.documents.services.arriving.importing import import_paths
from espace.import_report import Report
from espace.interop import cda
from espace.interop.cda import CdaAuthor, CdaHeader
from espace.interop.cda_write import wrap
from espace.people import services as people
from espace.records import services as records
from espace.records.models import Record
from tests.support import build

from .house import House, files_of, header, pdf, picture, structured, trail

BODY = pdf("Ordonnance")


def _of_patient(given: CdaHeader, **changes: Any) -> CdaHeader:
    return replace(given, patient=replace(given.patient, **changes))


def _import(folder: Path, **files: bytes) -> Report:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.xml").write_bytes(content)
    return import_paths([folder])


def _filed() -> int:
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(Document)).scalar_one()


def _reasons(report: Report) -> list[str]:
    return [entry.reason for entry in report.quarantined + report.refused]


def test_a_document_of_exactly_the_right_person_is_filed(home: House, tmp_path: Path) -> None:
    content = wrap(header(home.mother), BODY, "application/pdf")
    report = _import(tmp_path / "in", one=content)
    assert (report.read, report.done, report.unchanged, _reasons(report)) == (1, 1, 0, [])
    found = documents.page(home.holder).rows[0]
    assert (found.title, found.date, found.type_code, found.class_code, found.origin) == (
        "Ordonnance",
        date(2026, 11, 20),
        "57833-6",
        "42",
        "import",
    )
    assert documents.original(home.holder, found.id).reader.read_all() == content
    assert documents.download(home.holder, found.id).reader.read_all() == BODY
    assert trail(home.holder)[0].action is Action.DOCUMENT_IMPORTED


def test_an_author_of_the_directory_is_recognised_and_keeps_sight_of_it(home: House, tmp_path: Path) -> None:
    plain = header(home.mother, confidentiality=("N", "MASQUE_PS"))
    known = replace(plain, author=replace(plain.author, professional_id=f"8{home.doctor.facts.rpps}"))
    _import(tmp_path / "in", one=wrap(known, BODY, "application/pdf"))
    found = documents.page(home.doctor_here).rows[0]
    assert (found.professional_id, found.hidden, found.author) == (home.doctor.id, True, "Dr Hélène Morvan")


def test_running_it_again_changes_nothing(home: House, tmp_path: Path) -> None:
    files = {
        "one": wrap(header(home.mother), BODY, "application/pdf"),
        "two": b"<?xml version='1.0'?><ClinicalDocument/>",
    }
    _import(tmp_path / "in", **files)
    before = (_filed(), files_of(home.mother.record_id), files_of(QUARANTINE), len(trail(home.holder)))
    report = _import(tmp_path / "in")
    assert (report.read, report.done, report.unchanged, _reasons(report)) == (2, 0, 1, ["not-cda"])
    assert (_filed(), files_of(home.mother.record_id), files_of(QUARANTINE), len(trail(home.holder))) == before


_TRAITS: list[tuple[dict[str, Any], str]] = [
    ({"birth_name": "FONTENAI"}, "traits-mismatch"),
    ({"birth_name": "FONTENAY MOREL"}, "traits-mismatch"),
    ({"birth_name": ""}, "traits-mismatch"),
    ({"birth_date": date(1988, 3, 15)}, "traits-mismatch"),
    ({"birth_date": None}, "traits-mismatch"),
    ({"sex": "M"}, "traits-mismatch"),
    ({"sex": ""}, "traits-mismatch"),
    ({"ins": build.ins(birth=date(1988, 3, 14))}, "unknown-patient"),
    ({"ins_oid": "1.2.3"}, "no-ins"),
]


@pytest.mark.parametrize(("changes", "reason"), _TRAITS)
def test_any_other_identity_is_set_aside(home: House, tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    report = _import(tmp_path / "in", one=wrap(_of_patient(header(home.mother), **changes), BODY, "application/pdf"))
    assert _reasons(report) == [reason]
    assert _filed() == 0


def test_a_document_of_another_person_goes_to_neither(home: House, tmp_path: Path) -> None:
    child = people.person(home.child.person_id)
    mixed = _of_patient(header(home.mother), ins=child.ins)
    report = _import(tmp_path / "in", one=wrap(mixed, BODY, "application/pdf"))
    assert _reasons(report) == ["traits-mismatch"]
    assert _filed() == 0


def test_accents_and_case_do_not_make_another_person(home: House, tmp_path: Path) -> None:
    given = _of_patient(header(home.mother), birth_name="Fonténay")
    assert _import(tmp_path / "in", one=wrap(given, BODY, "application/pdf")).done == 1
    assert folded("  Lœuillet-d'Été ") == folded("LOEUILLET-D'ETE")
    assert folded("Le Gall") != folded("Le-Gall")


_OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"type_code": "0000-0"}, "unknown-type"),
    ({"type_system": "1.2.3"}, "unknown-type"),
    ({"type_code": "REMB", "type_system": "1.2.250.1.213.1.1.4.12"}, "type-not-accepted"),
    ({"confidentiality": ("N", "SOMETHING")}, "unknown-visibility"),
    ({"confidentiality": ("N", "MASQUE_PS", "INVISIBLE_PATIENT")}, "visibility-conflict"),
    ({"effective": datetime(2027, 1, 1, tzinfo=UTC)}, "bad-date"),
]


@pytest.mark.parametrize(("changes", "reason"), _OTHERS)
def test_what_cannot_be_filed_as_it_says_is_set_aside(
    home: House, tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    report = _import(tmp_path / "in", one=wrap(header(home.mother, **changes), BODY, "application/pdf"))
    assert _reasons(report) == [reason]
    assert _filed() == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><script>alert(1)</script></html>", "body-unknown-type"),
        (b"<svg onload='alert(1)'/>", "body-unknown-type"),
        (b"%PDF-1.4 <html></html>", "body-truncated"),
        (BODY + b"<html>", "body-two-in-one"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_set_aside(home: House, tmp_path: Path, body: bytes, reason: str) -> None:
    assert _reasons(_import(tmp_path / "in", one=wrap(header(home.mother), body, "application/pdf"))) == [reason]
    assert _filed() == 0


def test_visibility_codes_are_honoured(home: House, tmp_path: Path) -> None:
    codes = {"a": "MASQUE_PS", "b": "INVISIBLE_PATIENT", "c": "INVISIBLE_REPRESENTANTS_LEGAUX"}
    for name, code in codes.items():
        given = header(home.mother, f"1.2.3.{ord(name)}", title=name, confidentiality=("N", code))
        _import(tmp_path / "in", **{name: wrap(given, pdf(name), "application/pdf")})
    assert {row.title for row in documents.page(home.holder).rows} == {"a", "c"}
    assert {row.title for row in documents.page(home.doctor_here).rows} == {"b", "c"}


def test_another_content_under_a_known_unique_id_is_set_aside(home: House, tmp_path: Path) -> None:
    _import(tmp_path / "in", one=wrap(header(home.mother), BODY, "application/pdf"))
    report = _import(tmp_path / "in", two=wrap(header(home.mother), pdf("Autre"), "application/pdf"))
    assert report.unchanged == 1
    assert _reasons(report) == ["unique-id-reused"]
    assert _filed() == 1


def test_a_record_that_is_not_open_takes_nothing(home: House, tmp_path: Path) -> None:
    later = build.citizen("Anne", "Kermarrec", activated=False)
    with db.write() as tx:
        tx.execute(
            update(Record)
            .where(Record.id == later.record_id)
            .values(state=records.ANNOUNCED, opens_at=datetime(2027, 1, 1, tzinfo=UTC))
        )
    report = _import(tmp_path / "in", one=wrap(header(later), BODY, "application/pdf"))
    assert _reasons(report) == ["record-not-open"]


@pytest.mark.parametrize(
    ("state", "kept_aside"),
    [("opposed", False), ("closed", False), ("erased", False), ("suspended", True), ("deceased", True)],
)
def test_what_a_person_refused_is_not_even_kept_and_what_may_be_corrected_waits(
    home: House, tmp_path: Path, state: str, kept_aside: bool
) -> None:
    """Rules.md AR-4: feeding needs no consent, only no opposition."""
    with db.write() as tx:
        tx.execute(update(Record).where(Record.id == home.mother.record_id).values(state=state))
    report = _import(tmp_path / "in", one=wrap(header(home.mother), BODY, "application/pdf"))
    assert _reasons(report) == [f"record-{state}"]
    assert (len(report.quarantined), len(report.refused)) == ((1, 0) if kept_aside else (0, 1))
    with db.read() as tx:
        assert tx.execute(select(func.count()).select_from(Quarantined)).scalar_one() == int(kept_aside)
    assert _filed() == 0


def test_what_was_set_aside_is_sealed_kept_once_and_leaves_when_it_is_filed(home: House, tmp_path: Path) -> None:
    stranger = _of_patient(header(home.mother), birth_name="INCONNU")
    content = wrap(stranger, BODY, "application/pdf")
    _import(tmp_path / "in", one=content, same=content)
    with db.read() as tx:
        row = tx.execute(select(Quarantined.id, Quarantined.reason, Quarantined.file_id, Quarantined.payload)).one()
        kept = storage.current().open(tx, QUARANTINE, row.file_id).read_all()
        assert crypto.unseal(tx, QUARANTINE, "quarantine", row.id, row.payload)["where"] == "one.xml"
    assert (row.reason, kept) == ("traits-mismatch", content)
    assert not any(b"INCONNU" in path.read_bytes() for path in storage.current().root.rglob("*") if path.is_file())
    person = people.person(home.mother.person_id)
    traits = {name: getattr(person, name) for name in people.Traits.__dataclass_fields__}
    people.save_person(people.Traits(**{**traits, "birth_name": "INCONNU"}))
    assert import_paths([tmp_path / "in"]).done == 1
    with db.read() as tx:
        assert tx.execute(select(func.count()).select_from(Quarantined)).scalar_one() == 0
    assert files_of(QUARANTINE) == 0


def _xdm(name: str) -> bytes:
    path = Path(name)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("IHE_XDM/SUBSET01/METADATA.XML", "<x/>")
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.mark.parametrize(
    ("content", "reason", "kept"),
    [
        (b"", "empty", False),
        (b"# Notes\n", "not-a-health-document", False),
        (b'{"resourceType": "Patient"}', "not-a-health-document", False),
        (b"Instance: x\nInstanceOf: y\n", "not-a-health-document", False),
        (b"<html><body>x</body></html>", "not-a-health-document", False),
        (b"PK\x03\x04 not really", "not-a-health-document", False),
        (bytes(range(256)), "not-a-health-document", False),
        (BODY, "no-identity", True),
        (picture(), "no-identity", True),
        (b"<ClinicalDocument", "not-xml", True),
        (b"<ClinicalDocument/>", "not-cda", True),
        (b"<!DOCTYPE x><ClinicalDocument xmlns='urn:hl7-org:v3'/>", "dtd", True),
        (b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>", "no-code", True),
    ],
)
def test_each_thing_has_its_reason(home: House, tmp_path: Path, content: bytes, reason: str, kept: bool) -> None:
    report = _import(tmp_path / "in", one=content)
    assert [entry.reason for entry in (report.quarantined if kept else report.refused)] == [reason]
    assert files_of(QUARANTINE) == (1 if kept else 0)


def test_odd_files_are_refused_and_an_archive_whose_metadata_say_nothing_waits(home: House, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "IHE_XDM.ZIP").write_bytes(_xdm(str(tmp_path / "x.zip")))
    (folder / "link.xml").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    with (folder / "huge.xml").open("wb") as file:
        file.truncate(cda.MAX_BYTES + 1)
    report = import_paths([folder])
    assert {entry.where: entry.reason for entry in report.quarantined} == {
        "IHE_XDM.ZIP": "xdm-no-document (no-index, no-readme, no-document)"
    }
    assert {entry.where: entry.reason for entry in report.refused} == {"huge.xml": "too-large", "pipe": "not-a-file"}


def test_what_its_person_wrote_elsewhere_is_theirs_to_a_professional(home: House, tmp_path: Path, app: Flask) -> None:
    given = header(home.mother)
    own = CdaAuthor(
        family_name="FONTENAY", given_name="Claire Anne", ins=given.patient.ins, ins_oid=given.patient.ins_oid
    )
    assert _import(tmp_path / "in", one=wrap(replace(given, author=own), BODY, "application/pdf")).done == 1
    page = home.doctor.browser(app).get(f"/pro/patients/{home.mother.record_id}/documents")
    assert "Ajouté par le patient" in page.text
    assert "ou un parent" not in page.text


def test_a_name_in_another_encoding_or_with_codes_for_a_terminal_stops_nothing(home: House, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    strange = wrap(_of_patient(header(home.mother), birth_name="Autre"), BODY, "application/pdf")
    (folder / os.fsdecode(b"compte rendu \xe9t\xe9.xml")).write_bytes(strange)
    (folder / "note\x1b[31m\n.txt").write_text("rien")
    (folder / "à jour.xml").write_bytes(wrap(header(home.mother), BODY, "application/pdf"))
    for as_json in ([], ["--json"]):
        result = CliRunner().invoke(import_documents, [str(folder), *as_json], catch_exceptions=False)
        assert "compte rendu \N{REPLACEMENT CHARACTER}t\N{REPLACEMENT CHARACTER}.xml" in result.stdout
        assert "\x1b" not in result.stdout
    assert _filed() == 1
    with db.read() as tx:
        row = tx.execute(select(Quarantined.id, Quarantined.payload)).one()
        where = crypto.unseal(tx, QUARANTINE, "quarantine", row.id, row.payload)["where"]
    assert where.startswith("compte rendu ")


def test_what_was_not_looked_at_is_said(home: House, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "under").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (folder / "under" / "link.xml").symlink_to(tmp_path / "nowhere")
    (folder / "again").symlink_to(folder)
    report = import_paths([folder, tmp_path / "empty"])
    assert report.read == 0
    told = {entry.where: entry.reason for entry in report.notes}
    assert set(told) == {"under/link.xml", "again", str(folder), str(tmp_path / "empty")}
    assert "no file" in told[str(tmp_path / "empty")]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads every folder")
def test_a_folder_that_may_not_be_read_is_refused(home: House, tmp_path: Path) -> None:
    locked = tmp_path / "in" / "locked"
    locked.mkdir(parents=True, mode=0)
    report = import_paths([tmp_path / "in"])
    locked.chmod(0o700)
    assert [(entry.where, entry.reason) for entry in report.refused] == [("in/locked", "unreadable")]


def test_a_level_3_document_of_the_right_person_is_filed_as_it_is(home: House, tmp_path: Path) -> None:
    content = structured(header(home.mother))
    assert _import(tmp_path / "in", one=content).done == 1
    found = documents.page(home.holder).rows[0]
    assert (found.media, found.body_media, found.wrapped) == ("text/xml", "text/xml", False)
    assert documents.download(home.holder, found.id).reader.read_all() == content
    assert files_of(home.mother.record_id) == 1


def test_mutated_documents_never_crash_and_never_reach_another_record(home: House, tmp_path: Path) -> None:
    plain = wrap(header(home.mother), BODY, "application/pdf")
    chance = random.Random(7)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(50):
        mutated = bytearray(plain)
        for _ in range(chance.randrange(1, len(mutated) // 50)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        (folder / f"{number:03}.xml").write_bytes(bytes(mutated))
    report = import_paths([folder])
    assert report.read == 50 == report.done + report.unchanged + len(report.quarantined) + len(report.refused)
    with db.read() as tx:
        owners = set(tx.execute(select(Document.record_id)).scalars())
    assert owners <= {home.mother.record_id}


@pytest.mark.skipif(not os.environ.get("ESPACE_SAMPLES"), reason="ESPACE_SAMPLES names no folder of real documents")
def test_every_real_sample_is_set_aside_or_refused_with_a_reason(home: House) -> None:
    report = import_paths([Path(os.environ["ESPACE_SAMPLES"])])
    assert report.read > 0
    assert report.read == len(report.quarantined) + len(report.refused)
    assert all(entry.reason for entry in report.quarantined + report.refused)
    assert _filed() == 0
    wheres = {Path(entry.where).suffix for entry in report.quarantined}
    assert wheres <= {".xml", ".zip"}


def test_the_command_says_what_it_did(home: House, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.xml").write_bytes(wrap(header(home.mother), BODY, "application/pdf"))
    (folder / "b.md").write_text("# x")
    result = CliRunner().invoke(import_documents, [str(folder), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "read": 2,
        "done": 1,
        "unchanged": 0,
        "quarantined": [],
        "refused": [{"where": "b.md", "reason": "not-a-health-document"}],
    }


def test_a_cut_import_leaves_nothing(home: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_given: object, **_named: object) -> None:
        raise OSError("cut")

    monkeypatch.setattr("espace.audit.services.record", cut)
    with pytest.raises(OSError, match="cut"):
        _import(tmp_path / "in", one=wrap(header(home.mother), BODY, "application/pdf"))
    monkeypatch.undo()
    assert _filed() == 0
    assert files_of(home.mother.record_id) == 0
