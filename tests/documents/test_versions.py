"""Versions of one document: the newest is current in whatever order they came, and it tells nobody too much."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from espace import clock, db
from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.models import Document, DocumentMark
from espace.documents.services import DepositDocument
from espace.documents.services.arriving import depositing
from espace.documents.services.arriving.importing import FILES, Outcome, Taken, taken_in
from espace.documents.services.entries.folding import fold_visible
from espace.documents.services.viewing import lineage
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.interop import cda
from espace.interop.cda import CdaAuthor
from espace.interop.cda_write import wrap
from espace.machines import Machines
from espace.permissions import Standing
from tests.support import build

from .house import NOW, House, deposited, header, pdf, prescription, structured, trail


def _version(home: House, number: int, **changes: Any) -> bytes:
    said = header(home.mother, f"1.2.250.1.999.{number}", set_id="1.2.250.1.999.100", version=number)
    return wrap(replace(said, **changes), pdf(f"version {number}"), "application/pdf")


def _in(*contents: bytes) -> list[Taken]:
    return [taken_in(content, FILES, "x.xml")[0] for content in contents]


def _shown(standing: Standing) -> list[int]:
    return [row.version for row in documents.page(standing).rows]


def _states() -> dict[int, str]:
    with db.read() as tx:
        return {row.version: row.state for row in tx.execute(select(Document.version, Document.state))}


def _mark(home: House, version: int, **marks: Any) -> None:
    with db.write() as tx:
        tx.execute(update(Document).where(Document.version == version).values(**marks))
        found = tx.execute(select(Document.id).where(Document.version == version)).scalar_one()
        fold_visible(tx, home.mother.record_id, found)


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_the_newest_is_current_in_whatever_order_they_come(home: House, order: Sequence[int]) -> None:
    assert {one.outcome for one in _in(*(_version(home, number) for number in order))} == {Outcome.FILED}
    assert _states() == {1: "superseded", 2: "superseded", 3: "current"}
    (row,) = documents.page(home.holder).rows
    assert [one.version for one in lineage.history(home.holder, row).versions] == [3, 2, 1]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_what_names_the_one_it_replaces_comes_after_it_without_a_series(home: House, order: Sequence[int]) -> None:
    first = replace(header(home.mother, "1.2.3.1"), set_id="")
    second = replace(header(home.mother, "1.2.3.2"), set_id="", replaces="1.2.3.1")
    files = {1: wrap(first, pdf("un"), "application/pdf"), 2: wrap(second, pdf("deux"), "application/pdf")}
    _in(*(files[number] for number in order))
    assert _states() == {1: "superseded", 2: "current"}


def test_the_same_version_with_another_content_waits(home: House) -> None:
    _in(_version(home, 1))
    said = header(home.mother, "1.2.250.1.999.55", set_id="1.2.250.1.999.100", version=1)
    (taken,) = _in(wrap(said, pdf("autre"), "application/pdf"))
    assert (taken.outcome, taken.reason) == (Outcome.ASIDE, "version-reused")


def test_the_same_version_under_another_id_is_the_same_document(home: House) -> None:
    said = header(home.mother, "1.2.3.1", set_id="1.2.3.100")
    first, second = _in(structured(said), structured(replace(said, unique_id="1.2.3.2")))
    assert first.document_id == second.document_id
    assert len(documents.page(home.holder).rows) == 1


@pytest.mark.parametrize(
    "marks",
    [
        {"patient_invisible": True},
        {"representatives_invisible": True},
        {"held_until": "later"},
        {"type_code": "REMB"},
    ],
)
def test_a_version_not_everybody_sees_pushes_nothing_back(home: House, marks: dict[str, Any]) -> None:
    _in(_version(home, 1), _version(home, 2))
    if "held_until" in marks:
        marks = {"held_until": clock.now() + timedelta(days=3)}
    _mark(home, 2, **marks)
    assert _states()[1] == "current"
    _mark(home, 2, patient_invisible=False, representatives_invisible=False, held_until=None, type_code="57833-6")
    assert _states()[1] == "superseded"


@pytest.mark.parametrize("order", [(1, 9), (9, 1)])
def test_what_a_person_wrote_never_takes_the_place_of_what_a_professional_wrote(
    home: House, order: Sequence[int]
) -> None:
    person = header(home.mother).patient
    own = CdaAuthor(family_name=person.birth_name, given_name="Anne", ins=person.ins, ins_oid=person.ins_oid)
    files = {1: _version(home, 1), 9: _version(home, 9, author=own)}
    assert {one.outcome for one in _in(*(files[number] for number in order))} == {Outcome.FILED}
    assert _states() == {1: "current", 9: "current"}
    _in(_version(home, 10))
    assert _states()[10] == "current"
    assert _states()[1] == "superseded"


def test_a_version_that_is_deleted_gives_the_place_back(home: House) -> None:
    _in(_version(home, 1), _version(home, 2))
    _mark(home, 2, state="deleted")
    assert _shown(home.holder) == [1]


def test_a_version_still_unannounced_changes_nothing_for_the_patient(home: House) -> None:
    _in(_version(home, 1))
    before = documents.page(home.holder).rows
    _in(_version(home, 2, confidentiality=("N", "INVISIBLE_PATIENT")))
    assert documents.page(home.holder).rows == before
    assert [one.version for one in lineage.history(home.holder, before[0]).versions] == [1]
    assert _shown(home.doctor_here) == [2, 1]


def test_what_the_patient_hides_stays_hidden_in_its_next_version(home: House) -> None:
    _in(_version(home, 1))
    with db.write() as tx:
        tx.execute(update(Document).values(hidden=True))
    _in(_version(home, 2))
    assert _shown(home.doctor_here) == []
    assert _shown(home.holder) == [2]


def test_whoever_is_watched_leaves_a_row_for_the_versions_they_are_shown(home: House) -> None:
    _in(_version(home, 1), _version(home, 2))
    row = documents.page(home.doctor_here).rows[0]
    before = len(trail(home.holder))
    lineage.history(home.doctor_here, row)
    assert [one["title"] for one in trail(home.holder)[0].objects] == ["Ordonnance"]
    assert len(trail(home.holder)) == before + 1


def _replacement(document_id: UUID, title: str = "Ordonnance corrigée", **changes: Any) -> DepositDocument:
    return replace(prescription(title), replaces=document_id, **changes)


def test_a_professional_replaces_their_own_deposit(home: House) -> None:
    first = deposited(home.doctor_here, "Ordonnance")
    second = documents.deposit(home.doctor_here, _replacement(first))
    (row,) = documents.page(home.holder).rows
    assert (row.id, row.version, row.title) == (second, 2, "Ordonnance corrigée")
    said = cda.parse(documents.original(home.holder, second).reader.read_all()).header
    old = cda.parse(documents.original(home.holder, first).reader.read_all()).header
    assert (said.set_id, said.version, said.replaces) == (old.set_id, 2, old.unique_id)
    assert documents.document(home.holder, first).state == "superseded"
    assert documents.deposit(home.doctor_here, _replacement(first)) == second  # sent twice


def test_only_the_newest_of_ones_own_deposits_is_replaced(home: House) -> None:
    first = deposited(home.doctor_here, "Ordonnance")
    documents.deposit(home.doctor_here, _replacement(first))
    with pytest.raises(InvalidError):
        documents.deposit(home.doctor_here, _replacement(first, "Encore une autre"))
    other = build.caregiver("Le Gall", "Yann")
    build.consent(home.mother, other, Answer.GRANT)
    elsewhere = other.standing(home.mother.record_id)
    assert elsewhere is not None
    own = documents.page(home.holder).rows[0].id
    for standing, document_id in ((elsewhere, own), (home.doctor_at_child, own), (home.holder, own)):
        with pytest.raises(NotFoundError):
            depositing.replaceable(standing, document_id)


def test_a_replacement_opens_nothing_that_was_closed(home: House) -> None:
    first = deposited(home.doctor_at_child, "Secret", representatives_see=False)
    documents.deposit(home.doctor_at_child, _replacement(first, "Secret corrigé", representatives_see=True))
    assert documents.page(home.parent).rows == ()


def test_what_the_patient_hid_cannot_be_kept_from_them_too(home: House) -> None:
    first = deposited(home.doctor_here)
    with db.write() as tx:
        tx.execute(update(Document).values(hidden=True))
    with pytest.raises(InvalidError) as caught:
        documents.deposit(home.doctor_here, _replacement(first, patient_invisible=True))
    assert list(caught.value.problems) == ["patient_sees"]
    second = documents.deposit(home.doctor_here, _replacement(first))
    assert documents.document(home.holder, second).hidden


def test_a_favourite_stays_one_in_its_newest_version_and_that_one_is_not_read(home: House) -> None:
    (first,) = _in(_version(home, 1))
    values = {"record_id": home.mother.record_id, "id": new_id(), "reader_id": home.holder.actor.id}
    with db.write() as tx:
        tx.execute(
            insert(DocumentMark).values(
                **values, document_id=first.document_id, date=NOW.date(), read_at=NOW, favourite=True, folder_id=None
            )
        )
    second, third = _in(_version(home, 2), _version(home, 3))
    with db.read() as tx:
        query = select(DocumentMark.document_id, DocumentMark.favourite, DocumentMark.read_at)
        rows = {row.document_id: (row.favourite, row.read_at) for row in tx.execute(query)}
    assert rows == {
        first.document_id: (True, NOW),
        second.document_id: (True, None),
        third.document_id: (True, None),
    }


def test_copies_that_come_at_the_same_time_are_one_entry(home: House, machines: Machines) -> None:
    """The record is held while a document enters it: neither copy misses the other."""
    body = pdf("ensemble")
    contents = [wrap(header(home.mother, f"1.2.{n}", set_id=""), body, "application/pdf") for n in range(4)]
    done: list[Outcome] = []

    def take(content: bytes) -> None:
        machines.bind()
        done.append(taken_in(content, FILES, "x.xml")[0].outcome)

    threads = [Thread(target=take, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [Outcome.FILED] * 4
    assert len(documents.page(home.holder).rows) == 1
