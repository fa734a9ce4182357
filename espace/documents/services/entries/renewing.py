"""What was filed by an older version is given what is known of documents now: author, series, copies."""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection, Row, bindparam, select, tuple_, update

from espace import crypto, db, storage
from espace.access.services import copy_rules
from espace.db import Id
from espace.documents.models import Document
from espace.documents.services.viewing.reading import TABLE
from espace.interop import cda, media
from espace.interop.cda import CdaError

from .filing import author_id, series_digest
from .folding import fold_visible
from .likeness import entry, of_series

BATCH = 20
_log = structlog.get_logger()
_OLDER = (
    select(Document.record_id, Document.id, Document.media, Document.file_id, Document.payload)
    .where(
        tuple_(Document.record_id, Document.id) > tuple_(bindparam("record", type_=Id), bindparam("id", type_=Id)),
        Document.series_index.is_(None),
    )
    .order_by(Document.record_id, Document.id)
    .limit(bindparam("limit"))
)


class Renewal:
    """Goes once through the documents of an older version, a few at a time; then it rests.

    Where it stands is not kept: after a restart it passes over what was done already.
    """

    def __init__(self) -> None:
        self._after: tuple[UUID, UUID] | None = (UUID(int=0), UUID(int=0))

    def run(self, limit: int = BATCH) -> int:
        """The next ones; gives how many were looked at. 0: there is none left."""
        if self._after is None:
            return 0
        with db.read() as tx:
            rows = tx.execute(_OLDER, {"record": self._after[0], "id": self._after[1], "limit": limit}).all()
        for row in rows:
            try:
                renew(row)
            except Exception as error:  # noqa: BLE001 - one that cannot be read must not stop the others
                _log.error("document_not_renewed", error=type(error).__name__)
        self._after = (rows[-1].record_id, rows[-1].id) if len(rows) == limit else None
        return len(rows)


def renew(row: Row[*tuple[Any, ...]]) -> None:
    """Give one document its author and its place among versions and copies; done twice it changes nothing."""
    with db.read() as tx:
        facts = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
        content = storage.current().open(tx, row.record_id, row.file_id).read_all() if row.media == media.XML else b""
    set_id, version = _said(content)
    with db.write() as tx:
        values = {
            "series_index": series_digest(set_id or facts.get("unique_id") or str(row.id)),
            "version": version,
            "author_id": author_id(tx, row.record_id, facts.get("author") or facts.get("structure") or ""),
        }
        where = (Document.record_id == row.record_id, Document.id == row.id, Document.series_index.is_(None))
        if tx.execute(update(Document).where(*where).values(**values)).rowcount:
            _rule_as_versions(tx, row.record_id, row.id)
            fold_visible(tx, row.record_id, row.id)


def _rule_as_versions(tx: Connection, record_id: UUID, document_id: UUID) -> None:
    """What was decided for single readers about the version before holds for this one too, where it has no rule yet."""
    mine = entry(tx, record_id, document_id)
    if mine is None or mine.rules or mine.series_index is None:
        return
    before = [one for one in of_series(tx, record_id, {mine.series_index}) if one.version <= mine.version and one.rules]
    if before:
        copy_rules(tx, record_id, max(before, key=lambda one: (one.version, one.created_at)).id, document_id)


def _said(content: bytes) -> tuple[str, int]:
    """The set id and version that a document says it has."""
    if not content:
        return "", 1
    try:
        header = cda.parse(content).header
    except CdaError:
        return "", 1
    return header.set_id, header.version
