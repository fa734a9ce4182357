"""One document, one entry: copies fold where the same people see them, and carry what readers made of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from espace import clock, crypto, db
from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.models import Document, DocumentMark
from espace.documents.services.arriving.importing import FILES, Outcome, taken_in
from espace.documents.services.entries import folding
from espace.documents.services.entries.folding import Source, fold_visible
from espace.documents.services.viewing import lineage
from espace.identifiers import new_id
from espace.interop.cda_write import wrap
from espace.permissions import Standing
from tests.support import build

from .house import House, addition, deposited, header, pdf

BODY = pdf("Ordonnance")


def _wrapped(home: House, unique_id: str = "1.2.3", **changes: Any) -> bytes:
    return wrap(header(home.mother, unique_id, **changes), BODY, "application/pdf")


def _imported(home: House, unique_id: str = "1.2.3", **changes: Any) -> UUID:
    (taken,) = taken_in(_wrapped(home, unique_id, **changes), FILES, "x.xml")
    assert taken.document_id is not None, taken
    return taken.document_id


def _own(home: House) -> UUID:
    return documents.add(home.holder, addition("Prise de sang", BODY, type_code="DOCPAT02")).id


def _ids(standing: Standing) -> list[UUID]:
    return [row.id for row in documents.page(standing).rows]


def _kinds(home: House, document_id: UUID) -> list[str]:
    found = documents.document(home.holder, document_id)
    return [one.kind for one in lineage.history(home.holder, found).sources]


def _change(home: House, document_id: UUID, **values: Any) -> UUID:
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == document_id).values(**values))
        return fold_visible(tx, home.mother.record_id, document_id)


def test_import_deposit_upload_and_mail_of_one_report_are_one_entry(home: House) -> None:
    first = _imported(home)
    assert deposited(home.doctor_here, content=BODY) == first
    assert _own(home) == first
    assert taken_in(_wrapped(home), Source("mail", "labo@example.org"), "m")[0].document_id == first
    assert _imported(home, "1.2.4") == first
    assert _ids(home.holder) == [first] == _ids(home.doctor_here)
    assert sorted(_kinds(home, first)) == ["import", "mail", "professional"]


def test_a_professional_s_copy_takes_the_place_of_the_person_s_own_with_what_they_made_of_it(home: House) -> None:
    own = _own(home)
    record = home.mother.record_id
    folder = new_id()
    with db.write() as tx:
        row = tx.execute(select(Document.payload, Document.date).where(Document.id == own)).one()
        facts = {**crypto.unseal(tx, record, "documents", own, row.payload), "remark": "à montrer"}
        sealed = crypto.seal(tx, record, "documents", own, facts)
        tx.execute(update(Document).where(Document.id == own).values(payload=sealed))
        values = {"date": row.date, "read_at": clock.now(), "favourite": True, "folder_id": folder}
        tx.execute(
            insert(DocumentMark).values(
                record_id=record, id=new_id(), reader_id=home.holder.actor.id, document_id=own, **values
            )
        )
    official = _imported(home)
    assert official != own
    assert _ids(home.holder) == [official]
    shown = documents.document(home.holder, official)
    assert shown.remark == "à montrer"
    assert _kinds(home, official) == ["patient"]
    assert lineage.history(home.holder, shown).sources[0].title == "Prise de sang"
    with db.read() as tx:
        moved = tx.execute(select(DocumentMark.document_id, DocumentMark.favourite, DocumentMark.folder_id)).one()
        assert moved == (official, True, folder)
        assert folding.shown_through(tx, record, own) == official


_MARKS: list[dict[str, Any]] = [
    {"hidden": True},
    {"patient_invisible": True},
    {"representatives_invisible": True},
    {"held_until": "later"},
]


def _values(marks: dict[str, Any]) -> dict[str, Any]:
    return {"held_until": clock.now() + timedelta(days=2)} if "held_until" in marks else marks


@pytest.mark.parametrize("marks", _MARKS)
def test_what_not_the_same_people_see_is_not_folded_until_they_do(home: House, marks: dict[str, Any]) -> None:
    first = _imported(home)
    _change(home, first, **_values(marks))
    own = deposited(home.doctor_here, content=BODY)
    assert own != first
    _change(home, first, **dict.fromkeys(marks, False if "held_until" not in marks else None))
    assert _ids(home.holder) == [first]
    assert _kinds(home, first) == ["professional"]


def test_adding_what_waits_for_its_announcement_tells_nothing(home: House) -> None:
    hidden = _imported(home, confidentiality=("N", "INVISIBLE_PATIENT"))
    added = documents.add(home.holder, addition("Prise de sang", BODY, type_code="DOCPAT02"))
    assert added.new
    assert _ids(home.holder) == [added.id]
    assert _kinds(home, added.id) == []
    assert _change(home, hidden, patient_invisible=False) == hidden  # announced: now it folds
    assert _ids(home.holder) == [hidden]
    assert _kinds(home, hidden) == ["patient"]


def test_copies_go_with_the_marks_of_what_is_shown(home: House) -> None:
    """Hidden later, each depositor still sees their own (rules.md AR-13): the copies part, and meet again."""
    first = deposited(home.doctor_here, content=BODY)
    other = build.caregiver("Le Gall", "Yann")
    build.consent(home.mother, other, Answer.GRANT)
    elsewhere = other.standing(home.mother.record_id)
    assert elsewhere is not None
    assert documents.deposit(elsewhere, documents.DepositDocument(
        title="La même", date=documents.document(home.holder, first).date, type_code="57833-6", content=BODY
    )) == first  # fmt: skip
    _change(home, first, hidden=True)
    assert _ids(home.doctor_here) == [first]
    assert [row.title for row in documents.page(elsewhere).rows] == ["La même"]
    _change(home, first, hidden=False)
    with db.read() as tx:
        twin = tx.execute(select(Document.id).where(Document.id != first)).scalar_one()
    _change(home, twin, hidden=False)
    assert _ids(elsewhere) == [first] == _ids(home.holder)


def test_who_deletes_their_own_takes_its_copies_along_and_leaves_those_of_others(home: House) -> None:
    own = _own(home)
    official = _imported(home)
    assert _ids(home.holder) == [official]
    _change(home, official, state="deleted")
    assert _ids(home.holder) == [own]  # it was theirs: it is shown again
    assert _change(home, own, state="deleted") == own
    assert _ids(home.holder) == []


def test_what_was_deleted_does_not_come_back_by_an_import(home: House) -> None:
    first = _imported(home)
    _change(home, first, state="deleted")
    assert taken_in(_wrapped(home), FILES, "x.xml")[0].outcome is Outcome.KNOWN
    assert _ids(home.holder) == []


def test_a_source_is_kept_once_and_only_for_those_who_would_see_the_copy(home: House) -> None:
    first = _imported(home)
    for _ in range(3):
        taken_in(_wrapped(home), Source("mail", "labo@example.org"), "m")
    documents.add(home.holder, addition("Prise de sang", BODY, type_code="DOCPAT02"))
    found = documents.document(home.holder, first)
    assert [one.name for one in lineage.history(home.holder, found).sources] == ["labo@example.org"]


def test_short_notes_of_two_days_are_two_documents(home: House) -> None:
    for number, day in enumerate(("2026-11-18", "2026-11-19")):
        moment = clock.now().replace(day=int(day[-2:]))
        content = wrap(header(home.mother, f"1.2.{number}", effective=moment), b"RAS", "text/plain")
        assert taken_in(content, FILES, "x.xml")[0].outcome is Outcome.FILED
    assert len(_ids(home.holder)) == 2


def test_running_it_all_again_changes_nothing(home: House) -> None:
    _own(home)
    _imported(home)
    deposited(home.doctor_here, content=BODY)

    def rows() -> list[Any]:
        with db.read() as tx:
            query = select(Document.id, Document.state, Document.folded_into, Document.payload).order_by(Document.id)
            return [tuple(row) for row in tx.execute(query)]

    before = rows()
    for document_id, *_rest in before:
        _change(home, document_id, version=1)
    assert rows() == before


def test_a_copy_that_more_professions_read_is_not_folded_away_from_them(home: House) -> None:
    """A picture of the body is read by professions that read no prescription: it must not vanish for them (R13)."""
    picture = documents.add(home.holder, addition("Radio", BODY, type_code="DOCPAT04")).id
    official = _imported(home)
    assert set(_ids(home.holder)) == {picture, official}
