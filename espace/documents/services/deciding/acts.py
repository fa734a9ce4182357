"""How anything is decided about a document: held for one at a time, written with its row of the trail, told when old.

Each act names how many choices about the document its page knew of: an old page undoes no newer choice, it is told.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select, update

from espace import db
from espace.access.services import visible
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.documents.models import Document
from espace.documents.services.entries.folding import fold_visible
from espace.documents.services.entries.likeness import DELETED
from espace.documents.services.viewing.reading import DocumentFacts, open_row, seal_row, snapshot, visible_to
from espace.documents.services.visibility import COLUMNS, NOWHERE, conditions, parameters, shape
from espace.errors import ConflictError, NotFoundError
from espace.permissions import Permission, Standing
from espace.records import services as records

_ROW = (Document.record_id == bindparam("record", type_=Id), Document.id == bindparam("id", type_=Id))
_HELD: Select[*tuple[Any, ...]] = select(*COLUMNS).where(*_ROW).with_for_update()
_COLUMNS = (
    "hidden",
    "patient_invisible",
    "representatives_invisible",
    "state",
    "held_until",
    "arrived_at",
    "choices",
)


@contextmanager
def deciding(
    standing: Standing, document_id: UUID, permission: Permission = Permission.DOCUMENTS_KEEP
) -> Iterator[tuple[Connection, DocumentFacts]]:
    """A document as this standing sees it, that nobody else changes until the block ends.

    Raises:
        NotFoundError: without `permission`, when the document does not exist for this standing, or when the record
            was closed meanwhile.
    """
    if not standing.may(permission):
        raise NotFoundError
    with db.write() as tx:
        records.hold_open(tx, standing.record_id)
        hold(tx, standing.record_id, document_id)
        yield tx, visible_to(tx, standing, document_id)


def hold(tx: Connection, record_id: UUID, document_id: UUID) -> Row[*tuple[Any, ...]] | None:
    """The row of a document, that nobody else changes until the unit of work ends; None when there is none."""
    return tx.execute(_HELD, {"record": record_id, "id": document_id}).first()


def held(tx: Connection, record_id: UUID, document_id: UUID) -> DocumentFacts | None:
    """A document, for the house itself: what it decides has no reader."""
    row = hold(tx, record_id, document_id)
    return open_row(tx, record_id, row) if row is not None else None


def decide(
    tx: Connection, standing: Standing, found: DocumentFacts, action: Action, choices: int, **changes: Any
) -> DocumentFacts:
    """Write what changes about a document, and that it was done.

    Raises:
        ConflictError: when something else was decided since the page was opened.
    """
    return decide_saying(tx, standing, found, action, choices, {}, changes)


def decide_saying(
    tx: Connection,
    standing: Standing,
    found: DocumentFacts,
    action: Action,
    choices: int,
    said: Mapping[str, str],
    changes: Mapping[str, Any] = MappingProxyType({}),
) -> DocumentFacts:
    """As `decide`, with what is said of the act besides, in its row of the trail.

    Raises:
        ConflictError: when something else was decided since the page was opened.
    """
    if found.choices != choices:
        raise ConflictError
    changed = found._replace(choices=found.choices + 1, **changes)
    keep(tx, standing.record_id, changed)
    audit.record(
        standing.actor,
        standing.record_id,
        action,
        relation=standing.relation,
        objects=[snapshot(changed)],
        detail={**said, **({"for": standing.holder_name} if standing.acts_for_other else {})} or None,
    )
    return changed


def keep(tx: Connection, record_id: UUID, changed: DocumentFacts) -> None:
    """Write what a document has become; its content never changes (rules.md AR-19)."""
    values = {name: getattr(changed, name) for name in _COLUMNS}
    values["payload"] = seal_row(tx, record_id, changed)
    tx.execute(update(Document).where(Document.record_id == record_id, Document.id == changed.id).values(**values))


def along(
    tx: Connection, standing: Standing, found: DocumentFacts, *which: ColumnElement[bool], **values: Any
) -> list[UUID]:
    """Have the other versions of a document follow what was decided about it; copies of it follow by themselves.

    Of the versions those follow that this standing may decide about: what it does not see stays as it is. Gives all
    that changed, the document first.
    """
    others = versions_of(tx, standing, found, *which)
    if others:
        these = (Document.record_id == standing.record_id, Document.id.in_(others))
        tx.execute(update(Document).where(*these).values(choices=Document.choices + 1, **values))
    for one in (*others, found.id):
        fold_visible(tx, standing.record_id, one)
    return [found.id, *others]


def versions_of(tx: Connection, standing: Standing, found: DocumentFacts, *which: ColumnElement[bool]) -> list[UUID]:
    """The other versions of a document that this standing may decide about, those that wait among them."""
    if found.series_index is None:
        return []
    rule = replace(visible(standing), sees_held=True)
    series = (Document.record_id == standing.record_id, Document.series_index == found.series_index)
    mine = (*series, Document.id != found.id, shown_somewhere(), *which, *conditions(shape(rule)))
    return list(tx.execute(select(Document.id).where(*mine), parameters(rule)).scalars())


def whole(tx: Connection, standing: Standing, *which: ColumnElement[bool], **values: Any) -> int:
    """Change all the documents that are such, as far as this standing sees them or will; gives how many there were.

    Copies have the marks of what they are shown through, and follow; what may now be folded is.
    """
    rule = replace(visible(standing), sees_held=True)
    mine = (Document.record_id == standing.record_id, Document.state != DELETED, *conditions(shape(rule)), *which)
    statement = update(Document).where(*mine).values(choices=Document.choices + 1, **values)
    shown = len(tx.execute(select(Document.id).where(*mine, shown_somewhere()), parameters(rule)).all())
    if tx.execute(statement, parameters(rule)).rowcount:
        for one in _with_likes(tx, standing.record_id):
            fold_visible(tx, standing.record_id, one)
    return shown


def _with_likes(tx: Connection, record_id: UUID) -> list[UUID]:
    """One document of each content, and of each series, of which there are several."""
    found: list[UUID] = []
    for column in (Document.content_index, Document.series_index):
        mine = (Document.record_id == record_id, Document.state != DELETED, column.is_not(None))
        several = select(column).where(*mine).group_by(column).having(func.count() > 1)
        seen: set[bytes] = set()
        for row in tx.execute(select(Document.id, column.label("like")).where(*mine, column.in_(several))):
            if row.like not in seen:
                seen.add(row.like)
                found.append(row.id)
    return found


def shown_somewhere() -> ColumnElement[bool]:
    """The documents that stand on a page of their own."""
    return Document.state.not_in(NOWHERE)
