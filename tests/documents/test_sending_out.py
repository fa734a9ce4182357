"""Documents leave so that others can file them: what we pack, we file again identically, and fold."""

import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from espace import db, storage
from espace.documents import services as documents
from espace.documents.models import Document, DocumentSource
from espace.documents.services.arriving import sending_out
from espace.documents.services.arriving.importing import FILES, Outcome, taken_in
from espace.documents.services.entries.folding import Source
from espace.documents.services.viewing import lineage
from espace.errors import NotFoundError
from espace.interop import cda, xdm
from espace.people import services as people
from espace.permissions import Standing

from .house import House, addition, deposited, header, pdf, picture, structured

_SAME = (
    "title",
    "date",
    "type_code",
    "class_code",
    "body_media",
    "body_size",
    "pages",
    "version",
    "hidden",
    "patient_invisible",
    "representatives_invisible",
    "author",
    "structure",
    "professional_id",
)


def _packed(standing: Standing, document_id: object) -> bytes:
    parcel = sending_out.parcel(standing, document_id)  # type: ignore[arg-type]
    return parcel.packed("<!DOCTYPE html><title>x</title>", "line\nline")


def _forget_documents(home: House) -> None:
    """As in another house: the person is known, the documents are not."""
    with db.write() as tx:
        tx.execute(delete(DocumentSource))
        tx.execute(delete(Document))
    storage.current().delete_all(home.mother.record_id)


def _make(home: House, kind: str) -> object:
    match kind:
        case "deposit":
            return deposited(home.doctor_here, "Ordonnance d'été", content=pdf("amoxicilline"))
        case "picture":
            return documents.add(home.holder, addition("Radio", picture(located=True))).id
        case "own pdf":
            return documents.add(home.holder, addition("Prise de sang <3", pdf("glucose", script=True))).id
        case "structured":
            found = taken_in(structured(header(home.mother), "Conclusion"), FILES, "one.xml")
            return found[0].document_id
    raise AssertionError(kind)


_KINDS = ("deposit", "picture", "own pdf", "structured")


@pytest.mark.parametrize("kind", _KINDS)
def test_what_is_packed_comes_in_elsewhere_as_it_was(home: House, kind: str) -> None:
    made = _make(home, kind)
    before = documents.document(home.holder, made)  # type: ignore[arg-type]
    body = documents.download(home.holder, before.id).reader.read_all()
    archive = _packed(home.holder, made)
    _forget_documents(home)
    (taken,) = taken_in(archive, FILES, "x.zip")
    assert (taken.outcome, taken.reason) == (Outcome.FILED, "")
    after = documents.document(home.holder, taken.document_id)  # type: ignore[arg-type]
    assert {name: getattr(after, name) for name in _SAME} == {name: getattr(before, name) for name in _SAME}
    assert after.by_patient == before.by_patient
    assert documents.download(home.holder, after.id).reader.read_all() == body


@pytest.mark.parametrize("kind", _KINDS)
def test_what_is_packed_folds_into_what_it_came_from(home: House, kind: str) -> None:
    made = _make(home, kind)
    archive = _packed(home.holder, made)
    for _ in range(2):
        (taken,) = taken_in(archive, Source("mail", "labo@example.org"), "x.zip")
        assert (taken.outcome, taken.document_id) == (Outcome.KNOWN, made)
    page = documents.page(home.holder)
    assert [row.id for row in page.rows] == [made]
    assert [(one.kind, one.name) for one in lineage.history(home.holder, page.rows[0]).sources] == [
        ("mail", "labo@example.org")
    ]


def test_the_archive_has_the_parts_and_names_that_others_expect(home: House) -> None:
    archive = _packed(home.holder, _make(home, "picture"))
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        assert opened.namelist() == [
            "INDEX.HTM",
            "README.TXT",
            "IHE_XDM/SUBSET01/METADATA.XML",
            "IHE_XDM/SUBSET01/DOC00001.XML",
        ]
    found = xdm.read(archive)
    assert found.faults == ()
    (entry,) = found.entries
    person = people.person(home.mother.person_id)
    document = cda.parse(entry.content)
    assert entry.patient is not None
    assert (entry.patient.ins, entry.patient.birth_name, entry.patient.sex) == (person.ins, person.birth_name, "F")
    assert entry.patient.birth_date == date(1988, 3, 14)
    assert document.header.author.ins == person.ins == entry.author.ins
    assert (entry.unique_id, entry.type_code, entry.title) == (
        document.header.unique_id,
        document.header.type_code,
        document.header.title,
    )
    assert entry.date == date(2026, 3, 4) == document.header.care_day
    assert document.header.unique_id.startswith("2.25.")


def test_what_a_parent_added_names_the_parent_as_its_author(home: House) -> None:
    made = documents.add(home.parent, addition("Certificat")).id
    (entry,) = xdm.read(_packed(home.parent, made)).entries
    author, child = cda.parse(entry.content).header.author, people.person(home.child.person_id)
    assert (author.family_name, author.ins) == (home.parent.actor.name, "")
    assert entry.patient is not None
    assert entry.patient.ins == child.ins


def test_what_was_decided_here_leaves_with_it(home: House) -> None:
    made = _make(home, "structured")
    with db.write() as tx:
        tx.execute(update(Document).values(hidden=True))
    archive = _packed(home.holder, made)
    assert xdm.read(archive).entries[0].confidentiality == ("N", "MASQUE_PS")
    _forget_documents(home)
    (taken,) = taken_in(archive, FILES, "x.zip")
    assert documents.document(home.holder, taken.document_id).hidden  # type: ignore[arg-type]


def test_one_packs_only_what_one_sees(home: House) -> None:
    hidden = documents.add(home.holder, addition("Cachée")).id
    with db.write() as tx:
        tx.execute(update(Document).values(hidden=True))
    with pytest.raises(NotFoundError):
        sending_out.parcel(home.doctor_here, hidden)
    nobody = replace(home.holder, rights=frozenset())
    with pytest.raises(NotFoundError):
        sending_out.parcel(nobody, hidden)


def test_versions_leave_in_one_series(home: House, tmp_path: Path) -> None:
    first = documents.add(home.holder, addition("Ordonnance", pdf("un"))).id
    with db.write() as tx:
        tx.execute(update(Document).values(version=3))
    said = cda.parse(xdm.read(_packed(home.holder, first)).entries[0].content).header
    assert said.version == 3
    _forget_documents(home)
    newer = replace(header(home.mother, "1.2.3.4"), set_id=said.set_id, version=4)
    taken_in(structured(newer), FILES, "newer.xml")
    taken_in(structured(replace(newer, unique_id="1.2.3.5", version=2), "Avant"), FILES, "older.xml")
    assert [row.version for row in documents.page(home.holder).rows] == [4]
