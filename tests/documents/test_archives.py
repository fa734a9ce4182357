"""XDM archives at the door of a record: each document by exact identity, contradictions set aside with their faults."""

import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from espace import crypto, db
from espace.crypto.owners import QUARANTINE
from espace.documents import services as documents
from espace.documents.cli import import_documents
from espace.documents.models import Document, Quarantined
from espace.documents.services.arriving.importing import FILES, Outcome, import_paths, taken_in
from espace.documents.services.entries.folding import Source
from espace.interop.cda import CdaHeader
from espace.interop.cda_write import wrap
from espace.interop.xdm_write import Outgoing, pack
from espace.people import services as people
from tests.interop.test_xdm import closed, mutated, opened
from tests.support import build

from .house import House, files_of, header, pdf, structured

_AT = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
_METADATA, _FIRST = "IHE_XDM/SUBSET01/METADATA.XML", "IHE_XDM/SUBSET01/DOC00001.XML"


def _archive(*given: CdaHeader, contents: tuple[bytes, ...] = ()) -> bytes:
    made = contents or tuple(wrap(one, pdf(one.title), "application/pdf") for one in given)
    out = [Outgoing(content, one, "42", "x", "application/pdf") for one, content in zip(given, made, strict=True)]
    return pack(out, at=_AT, index="<p>", readme="x")


def _count(model: Any) -> int:
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(model)).scalar_one()


def test_every_document_of_an_archive_is_filed(home: House) -> None:
    second = header(home.mother, "1.2.4", title="Suite", type_code="11502-2")
    archive = _archive(header(home.mother, "1.2.3"), second, contents=(wrap(header(home.mother, "1.2.3"), pdf("a"), "application/pdf"), structured(second)))  # fmt: skip # noqa: E501
    taken = taken_in(archive, FILES, "x.zip")
    assert [one.outcome for one in taken] == [Outcome.FILED, Outcome.FILED]
    assert [one.where for one in taken] == [f"x.zip: {_FIRST}", "x.zip: IHE_XDM/SUBSET01/DOC00002.XML"]
    assert {row.title for row in documents.page(home.holder).rows} == {"Ordonnance", "Suite"}
    assert {one.outcome for one in taken_in(archive, FILES, "x.zip")} == {Outcome.KNOWN}
    assert _count(Document) == 2


def test_one_document_that_must_wait_does_not_stop_the_others(home: House) -> None:
    archive = _archive(header(home.mother, "1.2.3"), header(home.mother, "1.2.4", type_code="0000-0"))
    assert [(one.outcome, one.reason) for one in taken_in(archive, FILES, "x.zip")] == [
        (Outcome.FILED, ""),
        (Outcome.ASIDE, "unknown-type"),
    ]
    assert (_count(Document), _count(Quarantined)) == (1, 1)


def _changed(archive: bytes, old: str, new: str) -> bytes:
    files = opened(archive)
    assert old.encode() in files[_METADATA]
    return closed({**files, _METADATA: files[_METADATA].replace(old.encode(), new.encode())})


_CONTRADICTIONS: list[tuple[Callable[[House], tuple[str, str]], str]] = [
    (lambda home: (people.person(home.mother.person_id).ins, people.person(home.child.person_id).ins), "contradictory-patients"),  # noqa: E501
    (lambda _home: ("PID-7|19880314", "PID-7|19880315"), "contradictory-patients"),
    (lambda _home: ("PID-8|F", "PID-8|M"), "contradictory-patients"),
    (lambda _home: ("PID-5|", "PID-5|X"), "contradictory-patients"),
    (lambda _home: ('value="1.2.250.1.999.1"', 'value="1.2.3"'), "metadata-mismatch (unique-id)"),
    (lambda _home: ('"57833-6"', '"11502-2"'), "metadata-mismatch (type)"),
    (lambda _home: ('nodeRepresentation="N"', 'nodeRepresentation="X"'), "unknown-visibility"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), _CONTRADICTIONS)
def test_metadata_that_contradict_the_document_stop_it(
    home: House, change: Callable[[House], tuple[str, str]], reason: str
) -> None:
    archive = _changed(_archive(header(home.mother)), *change(home))
    (taken,) = taken_in(archive, FILES, "x.zip")
    assert (taken.outcome, taken.reason) == (Outcome.ASIDE, reason)
    assert _count(Document) == 0


def test_metadata_may_close_further_and_never_open(home: House) -> None:
    open_one = header(home.mother, "1.2.3")
    closed_one = header(home.mother, "1.2.4", title="Annonce", confidentiality=("N", "INVISIBLE_PATIENT"))
    taken_in(_changed(_archive(open_one), 'nodeRepresentation="N"', 'nodeRepresentation="MASQUE_PS"'), FILES, "a")
    taken_in(_changed(_archive(closed_one), "INVISIBLE_PATIENT", "N"), FILES, "b")
    assert [row.title for row in documents.page(home.holder).rows] == ["Ordonnance"]
    assert [row.title for row in documents.page(home.doctor_here).rows] == ["Annonce"]


def test_a_pdf_with_metadata_of_exactly_the_right_person_is_filed(home: House) -> None:
    given = header(home.mother, "1.2.3", title="Radio du genou", type_code="18748-4")
    archive = _archive(given, contents=(pdf("genou"),))
    (taken,) = taken_in(archive, FILES, "x.zip")
    assert taken.outcome is Outcome.FILED, taken
    found = documents.page(home.holder).rows[0]
    assert (found.title, found.date, found.body_media) == ("Radio du genou", date(2026, 11, 20), "application/pdf")
    for old, new, reason in (
        ("PID-7|19880314", "PID-7|", "traits-mismatch"),
        ("PID-8|F", "PID-8|", "traits-mismatch"),
        ("1.2.250.1.213.1.4", "1.2.3", "no-identity"),
        ('value="1.2.3"', 'value=""', "no-id"),
    ):
        (taken,) = taken_in(_changed(_archive(given, contents=(pdf(new),)), old, new), FILES, "x.zip")
        assert (taken.outcome, taken.reason) == (Outcome.ASIDE, reason)


def _homonyms(home: House) -> list[build.Citizen]:
    """Twins, a namesake, and the mother's own double in another record."""
    return [
        build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14), activated=False),
        build.citizen("Claire", "Fontenay", birth=date(1988, 3, 15), activated=False),
        build.citizen("Claire", "Fontenai", birth=date(1988, 3, 14), activated=False),
        build.citizen("Camille", "Fontenay", birth=date(1988, 3, 14), activated=False),
    ]


def test_homonyms_twins_and_mismatches_are_never_misfiled(home: House) -> None:
    """Security.md R41: for every pair of people, the traits of one under the number of the other go to neither."""
    everybody = [home.mother, home.child, *_homonyms(home)]
    headers = [header(one) for one in everybody]
    for at, (whose, about) in enumerate((a, b) for a in range(len(headers)) for b in range(len(headers))):
        said = headers[about].patient
        mixed = replace(said, ins=headers[whose].patient.ins, ins_oid=headers[whose].patient.ins_oid)
        given = replace(headers[whose], unique_id=f"1.2.3.{at}", set_id="", patient=mixed)
        before = _of(everybody[whose])
        taken = taken_in(wrap(given, pdf(str(at)), "application/pdf"), FILES, "x")[0]
        strict = ("birth_name", "birth_date", "sex")
        same = all(getattr(said, name) == getattr(headers[whose].patient, name) for name in strict)
        assert (taken.outcome is Outcome.FILED) == same, (whose, about, taken)
        assert _of(everybody[whose]) == before + same
    assert _count(Document) == sum(_of(one) for one in everybody)


def _of(citizen: build.Citizen) -> int:
    with db.read() as tx:
        query = select(func.count()).select_from(Document).where(Document.record_id == citizen.record_id)
        return tx.execute(query).scalar_one()


def test_people_are_told_once_for_an_archive_and_never_of_what_they_may_not_read(home: House) -> None:
    before = len(build.mails_to(home.mother.email))
    taken_in(_archive(*(header(home.mother, f"1.2.{n}", title=str(n)) for n in range(3))), FILES, "x.zip")
    assert len(build.mails_to(home.mother.email)) == before + 1
    secret = header(home.mother, "1.3", title="x", confidentiality=("N", "INVISIBLE_PATIENT"))
    taken_in(_archive(secret), FILES, "x.zip")
    assert len(build.mails_to(home.mother.email)) == before + 1


def test_what_waited_as_a_whole_leaves_when_it_is_filed(home: House, tmp_path: Path) -> None:
    stranger = replace(header(home.mother), patient=replace(header(home.mother).patient, birth_name="INCONNU"))
    archive = _archive(stranger)
    assert taken_in(archive, FILES, "x.zip")[0].reason == "traits-mismatch"
    person = people.person(home.mother.person_id)
    traits = {name: getattr(person, name) for name in people.Traits.__dataclass_fields__}
    people.save_person(people.Traits(**{**traits, "birth_name": "INCONNU"}))
    assert taken_in(archive, FILES, "x.zip")[0].outcome is Outcome.FILED
    assert _count(Quarantined) == 0 == files_of(QUARANTINE)


def test_an_archive_with_faults_is_kept_with_all_of_them_named(home: House) -> None:
    files = opened(_archive(header(home.mother)))
    files.pop("INDEX.HTM")
    files[_FIRST] += b" "
    (taken,) = taken_in(closed(files), Source("mail", "x@example.org"), "IHE_XDM.ZIP")
    assert taken.reason == "xdm-bad-size (no-index, bad-size, bad-hash)"
    with db.read() as tx:
        row = tx.execute(select(Quarantined.id, Quarantined.reason, Quarantined.payload)).one()
        said = crypto.unseal(tx, QUARANTINE, "quarantine", row.id, row.payload)
    assert (row.reason, said["faults"]) == ("xdm-bad-size", ["no-index", "bad-size", "bad-hash"])


@pytest.mark.skipif(not os.environ.get("ESPACE_SAMPLES"), reason="ESPACE_SAMPLES names no folder of real documents")
def test_the_faulty_real_archive_is_survived_and_its_faults_are_named(home: House) -> None:
    folder = Path(os.environ["ESPACE_SAMPLES"])
    report = import_paths([path for path in folder.rglob("*.zip") if path.name == "xdm.zip"])
    (entry,) = report.quarantined
    assert entry.reason == "xdm-metadata-misplaced (mixed-case-names, metadata-misplaced, no-type, no-patient)"
    assert _count(Document) == 0


def test_mutated_archives_never_crash_and_never_reach_another_record(home: House) -> None:
    chance = random.Random(5)
    plain = opened(_archive(header(home.mother, "1.2.3"), header(home.mother, "1.2.4", title="Suite")))
    for number in range(60):
        for taken in taken_in(mutated(chance, plain), FILES, f"{number}.zip"):
            assert taken.outcome in Outcome
            assert taken.record_id in (None, home.mother.record_id)


def test_the_command_counts_documents_and_can_be_silent(home: House, tmp_path: Path) -> None:
    path = tmp_path / "sent.zip"
    path.write_bytes(_archive(*(header(home.mother, f"1.2.{n}", title=str(n)) for n in range(3))))
    before = len(build.mails_to(home.mother.email))
    result = CliRunner().invoke(import_documents, [str(path), "--json", "--silent"], catch_exceptions=False)
    assert (json.loads(result.stdout)["read"], json.loads(result.stdout)["done"]) == (3, 3)
    assert len(build.mails_to(home.mother.email)) == before
