"""What a filter may ask for: authors and kinds of which its reader sees something, and nobody else's (R13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, bindparam, column, literal, or_, select, text

from espace import crypto, db
from espace.access.services import visible
from espace.audit.services import Action
from espace.db import Id
from espace.documents.models import Document, DocumentAuthor
from espace.documents.services.types import CLASSES, DocumentType, types
from espace.documents.services.viewing.reading import leave, unwatched
from espace.documents.services.visibility import conditions, parameters, shape
from espace.permissions import Standing

from . import folders
from .browsing import STATES
from .folders import Folder
from .page_statements import Rows, holds

_RECORD = bindparam("record", type_=Id)


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody, or a place, that wrote documents of this record."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from: authors and folders by name, types by category and label."""

    authors: tuple[Author, ...]
    types: tuple[DocumentType, ...]
    folders: tuple[Folder, ...]


def choices(standing: Standing) -> Choices:
    """What this reader may ask the list for; whoever is watched leaves a row of the trail."""
    rule = visible(standing)
    given = {"record": standing.record_id, **parameters(rule)}
    if unwatched(standing):
        with db.read() as tx:
            authors, found = _authors(tx, standing, shape(rule), given), _types(tx, shape(rule), given)
    else:
        with db.write() as tx:
            authors, found = _authors(tx, standing, shape(rule), given), _types(tx, shape(rule), given)
            leave(standing, Action.DOCUMENTS_LISTED, [])
    return Choices(authors, found, folders.folders(standing))


def author_name(standing: Standing, author_id: UUID) -> str:
    """The name of an author of whom this reader sees something; "" for anybody else."""
    rule = visible(standing)
    given = {"record": standing.record_id, "author": author_id, **parameters(rule)}
    with db.read() as tx:
        rows = tx.execute(author_statement(shape(rule), one=True), given).all()
        return _opened(tx, standing, rows)[0].name if rows else ""


def _authors(tx: Any, standing: Standing, rule: tuple[bool, ...], given: dict[str, Any]) -> tuple[Author, ...]:
    found = _opened(tx, standing, tx.execute(author_statement(rule, one=False), given).all())
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))


def _opened(tx: Any, standing: Standing, rows: Sequence[Any]) -> list[Author]:
    table = DocumentAuthor.__tablename__
    return [Author(row.id, crypto.unseal(tx, standing.record_id, table, row.id, row.payload)["name"]) for row in rows]


@lru_cache(maxsize=64)
def author_statement(rule: tuple[bool, ...], *, one: bool) -> Rows:
    """Authors, each probed for a document that may be seen."""
    seen = _seen(rule, Document.author_id == DocumentAuthor.id)
    statement: Rows = select(DocumentAuthor.id, DocumentAuthor.payload).where(DocumentAuthor.record_id == _RECORD, seen)
    return statement.where(DocumentAuthor.id == bindparam("author", type_=Id)) if one else statement


def _types(tx: Any, rule: tuple[bool, ...], given: dict[str, Any]) -> tuple[DocumentType, ...]:
    codes = set(tx.execute(type_statement(rule), given).scalars())
    order = list(CLASSES)
    found = [one for code, one in types().items() if code in codes]
    return tuple(sorted(found, key=lambda one: (order.index(one.class_code), one.label.casefold())))


@lru_cache(maxsize=64)
def type_statement(rule: tuple[bool, ...]) -> Select[Any]:
    """Types, each probed for a document that may be seen.

    They stand in the statement as words: SQLAlchemy puts one with its own `values` together anew at each execution,
    which took half the time of the filter.
    """
    listed = ",".join("('{}')".format(code.replace("'", "''").replace(":", r"\:")) for code in types())
    rows = text(f"SELECT column1 AS code FROM (VALUES {listed}) AS listed")  # noqa: S608 - our own list, quoted
    known = rows.columns(column("code", String)).cte("kinds")
    return select(known.c.code).where(_seen(rule, Document.type_code == known.c.code))


def _seen(rule: tuple[bool, ...], wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a document is so that this reader may see, in any state a list may ask for."""
    of_record = Document.record_id == _RECORD
    return or_(*(holds([of_record, Document.state == literal(state), wanted, *conditions(rule)]) for state in STATES))
