"""Versions of one document: the newest is current, those before it are superseded, in whatever order they came.

CDA `setId` and `versionNumber`, or what a document says it replaces, make the series (interop.md section 1, AR-19).
An older version is pushed back only by one that all its readers see (R13); nothing of it changes but its state. What a
professional wrote is never pushed back by what its person wrote, whatever series that claims.
"""

from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from espace.db import Id
from espace.documents.models import Document, DocumentMark
from espace.identifiers import new_id

from .likeness import CURRENT, FOLDED, PATIENT, SUPERSEDED, Entry, all_see, copies, of_series, several

_SET_STATE = update(Document).where(
    Document.record_id == bindparam("record", type_=Id), Document.id.in_(bindparam("ids", expanding=True, type_=Id))
)
_MARKS = select(DocumentMark.reader_id, DocumentMark.document_id, DocumentMark.favourite, DocumentMark.folder_id).where(
    DocumentMark.record_id == bindparam("record", type_=Id),
    DocumentMark.document_id.in_(bindparam("ids", expanding=True, type_=Id)),
)


def settle(tx: Connection, record_id: UUID, entries: list[Entry]) -> None:
    """Say anew which versions are current, in the series of these documents and of the copies shown through them."""
    if len(entries) == 1 and not entries[0].folded_into:  # it stands alone: nothing pushes it back
        if entries[0].state == SUPERSEDED:
            tx.execute(_SET_STATE.values(state=CURRENT), {"record": record_id, "ids": [entries[0].id]})
        return
    series = {one.series_index for one in entries if one.series_index}
    found = {one.id: one for one in of_series(tx, record_id, series)}
    roots = {one.folded_into or one.id for one in found.values()}
    found |= {one.id: one for one in copies(tx, record_id, roots)}
    found |= {one.id: one for one in several(tx, record_id, roots - found.keys())}
    more = {one.series_index for one in found.values() if one.series_index} - series
    if more:  # a copy belongs to another series: what it stands in pushes back what is shown in its place
        found |= {one.id: one for one in of_series(tx, record_id, more)}
    _settle_all(tx, record_id, found)


def _settle_all(tx: Connection, record_id: UUID, found: dict[UUID, Entry]) -> None:
    pushed = {older: newer for older in found if (newer := _newer(older, found)) is not None}
    back = [one for one in pushed if found[one].state == CURRENT]
    forth = [one for one in found if found[one].state == SUPERSEDED and one not in pushed]
    for ids, state in ((back, SUPERSEDED), (forth, CURRENT)):
        if ids:
            tx.execute(_SET_STATE.values(state=state), {"record": record_id, "ids": ids})
    for one in back:
        _keep_in_place(tx, record_id, found[one], pushed[one])


def _newer(shown_id: UUID, found: dict[UUID, Entry]) -> Entry | None:
    """The newest version of this document, or of a copy shown through it, that is seen by all who see it; if any."""
    shown = found[shown_id]
    if shown.state == FOLDED:
        return None
    newest, best = None, 0
    for place in [one for one in found.values() if shown_id in (one.id, one.folded_into)]:
        for one in found.values():
            if one.series_index is None or one.series_index != place.series_index or one.version <= place.version:
                continue
            if one.origin == PATIENT and shown.origin != PATIENT:
                continue
            newer = found.get(one.folded_into) if one.folded_into else one
            if newer is not None and newer.id != shown_id and one.version > best and all_see(newer, shown):
                newest, best = newer, one.version
    return newest


def _keep_in_place(tx: Connection, record_id: UUID, older: Entry, newer: Entry) -> None:
    """A favourite, or what lies in a reader's folder, stays one in its newest version; that one is not read yet."""
    rows = tx.execute(_MARKS, {"record": record_id, "ids": [older.id, newer.id]}).all()
    marked = {row.reader_id for row in rows if row.document_id == newer.id}
    for row in rows:
        if row.reader_id in marked or not (row.favourite or row.folder_id):
            continue
        kept = {"reader_id": row.reader_id, "favourite": row.favourite, "folder_id": row.folder_id}
        values = {"record_id": record_id, "id": new_id(), "document_id": newer.id, "date": newer.date, **kept}
        tx.execute(insert(DocumentMark).values(**values, read_at=None))
