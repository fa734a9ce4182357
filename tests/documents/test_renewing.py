"""Documents of an older version are given author, series and copies; once, and without a word changed."""

from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select, update

from espace import db
from espace.documents import services as documents
from espace.documents.models import Document, DocumentAuthor, DocumentSource
from espace.documents.services.arriving.importing import FILES, taken_in
from espace.documents.services.entries.renewing import Renewal
from espace.interop.cda_write import wrap
from espace.storage import current as storage

from .house import House, addition, header, pdf


def _rows() -> list[Any]:
    names = ("id", "state", "version", "folded_into", "series_index", "author_id", "payload")
    with db.read() as tx:
        query = select(*(getattr(Document, name) for name in names)).order_by(Document.id)
        return [tuple(row) for row in tx.execute(query)]


def _age() -> None:
    """As the version before would have left it."""
    with db.write() as tx:
        tx.execute(delete(DocumentSource))
        tx.execute(
            update(Document).values(series_index=None, author_id=None, folded_into=None, state="current", version=1)
        )
        tx.execute(delete(DocumentAuthor))


def test_versions_authors_and_copies_are_found_again(home: House) -> None:
    body = pdf("Bilan")
    for number in (1, 2):
        given = replace(header(home.mother, f"1.2.{number}", set_id="1.2.9", version=number), title=f"Bilan {number}")
        taken_in(wrap(given, pdf(given.title), "application/pdf"), FILES, "x.xml")
    taken_in(wrap(header(home.mother, "1.3"), body, "application/pdf"), FILES, "x.xml")
    documents.add(home.holder, addition("Le mien", pdf("autre")))
    before = [row[:4] for row in _rows()]
    authors = [bool(row[5]) for row in _rows()]
    _age()
    renewal = Renewal()
    assert renewal.run(limit=3) == 3
    assert renewal.run(limit=3) == 1
    assert renewal.run(limit=3) == 0
    assert [row[:4] for row in _rows()] == before
    assert [bool(row[5]) for row in _rows()] == authors
    again = _rows()
    assert Renewal().run() == 0
    assert _rows() == again


def test_copies_that_lay_apart_are_folded(home: House) -> None:
    body = pdf("Ordonnance")
    taken_in(wrap(header(home.mother, "1.2"), body, "application/pdf"), FILES, "x.xml")
    taken_in(wrap(header(home.mother, "1.3", set_id="1.3"), body, "application/pdf"), FILES, "y.xml")
    _age()
    assert len(documents.page(home.holder).rows) == 2
    Renewal().run()
    assert len(documents.page(home.holder).rows) == 1


def test_one_that_does_not_open_stops_nobody(home: House) -> None:
    taken_in(wrap(header(home.mother, "1.2"), pdf("a"), "application/pdf"), FILES, "x.xml")
    taken_in(wrap(header(home.mother, "1.3"), pdf("b"), "application/pdf"), FILES, "y.xml")
    _age()
    with db.read() as tx:
        first, file_id = tx.execute(select(Document.id, Document.file_id).order_by(Document.id)).first() or (None, None)
    assert file_id is not None
    storage().delete(home.mother.record_id, file_id)
    assert Renewal().run() == 2
    assert [row[4] is None for row in _rows()] == [row[0] == first for row in _rows()]
