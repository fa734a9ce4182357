"""The words of the demo's papers, read while it is built.

A real house reads a file it was given in a process shut in by itself, one for each file. The demo wrote every one of
its papers, and reads them here: it saves minutes. Their pages are drawn when somebody looks at them.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from espace import db, storage
from espace.documents.models import Document
from espace.documents.services.finding import texts
from espace.interop import drawing_child, media

_MOST = 50  # pages
_WIDTH = 100  # of pictures nobody draws here


def on_filed(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Event `documents.filed`, as `documents.services.entries.filed.on_filed` but for the drawing."""
    record_id, document_id = UUID(payload["record_id"]), UUID(payload["document_id"])
    which = (Document.record_id == record_id, Document.id == document_id)
    with db.read() as tx:
        row = tx.execute(select(Document.body_file_id, Document.body_media).where(*which)).one()
        content = storage.current().open(tx, record_id, row.body_file_id).read_all()
    texts.keep(record_id, document_id, _pages(content, row.body_media))


def _pages(content: bytes, kind: str) -> list[str]:
    if kind != media.PDF:
        return texts.pages_of(content, kind)
    job = drawing_child.Job(kind, 1, _MOST, _WIDTH, ())
    return [sheet.text for sheet in drawing_child.draw(job, content) if isinstance(sheet, drawing_child.Sheet)]
