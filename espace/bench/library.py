"""A record of 10,000 documents: its list, each filter, the end of it, and one document opened."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from espace import crypto, db
from espace.access import policy
from espace.documents import services as documents
from espace.documents.models import Document, DocumentMark
from espace.documents.services import visibility
from espace.documents.services.entries.filing import author_id
from espace.documents.services.library import choosing
from espace.documents.services.library.page_statements import Asked, page_statement
from espace.documents.services.library.readers import reader
from espace.identifiers import new_id
from espace.permissions import Standing
from espace.web import paging

MANY = 10_000
_TYPES = ("57833-6", "11502-2", "11488-4", "34133-9")
_AUTHORS = 20


def asked(standing: Standing) -> tuple[Any, dict[str, Any]]:
    """The statement of the first page, and its values."""
    rule = policy.visible(standing)
    place = reader()
    values = {
        "record": standing.record_id,
        "reader": standing.actor.id,
        "depositor": standing.actor.id,
        "state": "current",
        "limit": documents.PAGE_SIZE + 1,
        "since": place.since,
        "read_up_to": place.read_up_to,
        **visibility.parameters(rule),
    }
    return page_statement(visibility.shape(rule), Asked(relation=standing.relation)), values


def grow(holder: Standing, count: int) -> None:
    """Bring a record to so many documents over twenty years, of some types and authors; one in fifty a favourite."""
    with db.write() as tx:
        known = tx.execute(select(Document.__table__).where(Document.record_id == holder.record_id)).mappings().all()
        model = dict(known[0])
        facts = crypto.unseal(tx, holder.record_id, "documents", model["id"], model["payload"])
        authors = [_author(tx, holder.record_id, number) for number in range(_AUTHORS)]
        for number in range(count - len(known)):
            row_id, day = new_id(), date(2006, 1, 1) + timedelta(days=number % 7300)
            type_code = _TYPES[number % len(_TYPES)]
            changed = {
                "id": row_id,
                "date": day,
                "type_code": type_code,
                "class_code": documents.types()[type_code].class_code,
                "origin": "import",
                "author_id": authors[number % _AUTHORS],
                "unique_index": crypto.blind("unique-id", str(row_id)),
                "content_index": crypto.blind("content", str(row_id)),
                "payload": crypto.seal(tx, holder.record_id, "documents", row_id, {**facts, "title": f"Note {number}"}),
            }
            tx.execute(insert(Document).values(**{**model, **changed}))
            if number % 50 == 0:
                tx.execute(insert(DocumentMark).values(**_star(holder, row_id, day)))


def _author(tx: Any, record_id: UUID, number: int) -> UUID:
    """One of some authors of this record."""
    found = author_id(tx, record_id, f"Dr Mesure {number}")
    if found is None:
        raise RuntimeError("an author has a name")
    return found


def _star(holder: Standing, document_id: UUID, day: date) -> dict[str, Any]:
    return {
        "record_id": holder.record_id,
        "id": new_id(),
        "reader_id": holder.actor.id,
        "document_id": document_id,
        "date": day,
        "read_at": None,
        "favourite": True,
        "folder_id": None,
    }


def pages(holder: Standing) -> dict[str, str]:
    """What is looked at -> the address below the list."""
    oldest = paging.to_text(date(2006, 3, 1), UUID(int=2**128 - 1))
    author = choosing.choices(holder).authors[0].id
    return {
        "60 of 10,000": "",
        "the end of 10,000": f"?avant={oldest}",
        "one type of 10,000": "?type=11502-2",
        "one author of 10,000": f"?auteur={author}",
        "unread of 10,000": "?vue=non-lus",
        "favourites of 10,000": "?vue=favoris",
        "what to filter 10,000 by": "/filtrer",
        "one of 10,000, opened": f"/{documents.latest(holder, 1)[0].id}",
    }
