"""Which documents may go into a link: those their chooser sees and that nobody is kept from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, bindparam, or_, select

from espace import db
from espace.access.services import visible
from espace.audit.services import Action
from espace.db import Code, Id
from espace.documents.models import Document
from espace.documents.services.types import CLASSES
from espace.documents.services.viewing.reading import DocumentFacts, leave, open_row, unwatched
from espace.documents.services.visibility import COLUMNS, conditions, parameters, shape
from espace.permissions import Standing

STEP = 20
"""How many documents are offered at once; a press offers as many more."""
MOST_OFFERED = 400


@dataclass(frozen=True, slots=True)
class Choices:
    """Documents that may be chosen, newest first, whether there are older ones, and the categories they are of."""

    documents: tuple[DocumentFacts, ...]
    more: bool
    classes: tuple[str, ...]


def choices(standing: Standing, count: int = STEP, chosen: Collection[UUID] = ()) -> Choices:
    """What is offered: the newest `count` documents, and those chosen before that are older."""
    count = min(max(count, STEP), MOST_OFFERED)
    rule = visible(standing)
    values: dict[str, Any] = {"record": standing.record_id, **parameters(rule)}
    watched = not unwatched(standing)
    with db.write() if watched else db.read() as tx:
        rows = tx.execute(_newest(shape(rule)), {**values, "limit": count + 1}).all()
        newest = [open_row(tx, standing.record_id, row, places_kept=standing.places_kept) for row in rows[:count]]
        offered = {one.id for one in newest}
        older = by_id(tx, standing, [one for one in chosen if one not in offered])
        classes = set(tx.execute(_classes(shape(rule)), values).scalars())
        if watched:
            leave(standing, Action.DOCUMENTS_LISTED, [*newest, *older])
    return Choices((*newest, *older), len(rows) > count, tuple(code for code in CLASSES if code in classes))


def by_id(tx: Connection, standing: Standing, ids: Collection[UUID]) -> list[DocumentFacts]:
    """Those of these documents that may stand in a link of this standing's now, newest first."""
    return _found(tx, standing, list(ids), [])


def chosen(tx: Connection, standing: Standing, ids: Collection[UUID], classes: Sequence[str]) -> list[DocumentFacts]:
    """The documents chosen one by one or by category, newest first."""
    return _found(tx, standing, list(ids), [code for code in classes if code in CLASSES])


def _found(tx: Connection, standing: Standing, ids: list[UUID], classes: list[str]) -> list[DocumentFacts]:
    if not ids and not classes:
        return []
    rule = visible(standing)
    values = {"record": standing.record_id, "ids": ids, "classes": classes, **parameters(rule)}
    rows = tx.execute(_chosen(shape(rule)), values).all()
    return [open_row(tx, standing.record_id, row, places_kept=standing.places_kept) for row in rows]


def _shareable() -> list[ColumnElement[bool]]:
    """What nobody is kept from: neither hidden, nor secret care, nor still to be announced."""
    return [
        Document.state == "current",
        Document.hidden.is_(False),
        Document.patient_invisible.is_(False),
        Document.representatives_invisible.is_(False),
    ]


@lru_cache(maxsize=16)
def _newest(given: tuple[bool, ...]) -> Select[*tuple[Any, ...]]:
    return _all(given).order_by(Document.date.desc(), Document.id.desc()).limit(bindparam("limit"))


@lru_cache(maxsize=16)
def _chosen(given: tuple[bool, ...]) -> Select[*tuple[Any, ...]]:
    wanted = or_(
        Document.id.in_(bindparam("ids", expanding=True, type_=Id)),
        Document.class_code.in_(bindparam("classes", expanding=True, type_=Code)),
    )
    return _all(given).where(wanted).order_by(Document.date.desc(), Document.id.desc()).limit(MOST_OFFERED)


@lru_cache(maxsize=16)
def _classes(given: tuple[bool, ...]) -> Select[str]:
    named = bindparam("record", type_=Id)
    return (
        select(Document.class_code)
        .where(Document.record_id == named, *_shareable(), *conditions(given))
        .group_by(Document.class_code)
    )


def _all(given: tuple[bool, ...]) -> Select[*tuple[Any, ...]]:
    return select(*COLUMNS).where(
        Document.record_id == bindparam("record", type_=Id), *_shareable(), *conditions(given)
    )
