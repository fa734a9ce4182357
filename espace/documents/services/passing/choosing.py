"""Which documents may go into a link: those their chooser sees and that nobody is kept from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, or_, select

from espace import db
from espace.access.services import visible
from espace.audit.services import Action
from espace.db import Code, Id
from espace.documents.models import Document
from espace.documents.services.finding.asking import Question
from espace.documents.services.finding.search import Results, search
from espace.documents.services.types import CLASSES
from espace.documents.services.viewing.reading import DocumentFacts, leave, open_row, unwatched
from espace.documents.services.visibility import COLUMNS, conditions, parameters, shape, shareable
from espace.permissions import Standing

STEP = 20
"""How many documents are offered at once; a press offers as many more."""
MOST_OFFERED = 400


@dataclass(frozen=True, slots=True)
class Choices:
    """Documents that may be chosen, newest first, and the categories there are.

    `kept`: those chosen before that are not among `documents`. `more`: whether there are older ones; of a search,
    `results` are its answers. `many`: whether there are more than one step of them, so that searching is worth it.
    """

    documents: tuple[DocumentFacts, ...]
    kept: tuple[DocumentFacts, ...]
    more: bool
    many: bool
    classes: tuple[str, ...]
    results: Results | None = None


def choices(
    standing: Standing,
    count: int = STEP,
    chosen: Collection[UUID] = (),
    *,
    class_code: str = "",
    question: Question | None = None,
) -> Choices:
    """What is offered, of one category or all: the newest `count` documents, or what answers a question."""
    results = search(standing, question, for_link=True) if question else None
    count = min(max(count, STEP), MOST_OFFERED)
    rule = visible(standing)
    values: dict[str, Any] = {"record": standing.record_id, **parameters(rule)}
    watched = not unwatched(standing)
    with db.write() if watched else db.read() as tx:
        if results is not None:
            newest, more = [hit.document for hit in results.hits], results.next is not None
        else:
            newest, more = _offered(tx, standing, count, class_code)
        offered = {one.id for one in newest}
        kept = by_id(tx, standing, [one for one in chosen if one not in offered])
        classes = set(tx.execute(_classes(shape(rule)), values).scalars())
        if watched:
            leave(standing, Action.DOCUMENTS_LISTED, kept if results is not None else [*newest, *kept])
    many = bool(results or class_code) or more or len(newest) > STEP
    return Choices(tuple(newest), tuple(kept), more, many, tuple(code for code in CLASSES if code in classes), results)


def _offered(tx: Connection, standing: Standing, count: int, class_code: str) -> tuple[list[DocumentFacts], bool]:
    """The newest documents, and whether there are older ones."""
    rule = visible(standing)
    values = {"record": standing.record_id, "limit": count + 1, **parameters(rule)}
    if class_code:
        values["class_code"] = class_code
    rows = tx.execute(_newest(shape(rule), of_class=bool(class_code)), values).all()
    found = [open_row(tx, standing.record_id, row, places_kept=standing.places_kept) for row in rows[:count]]
    return found, len(rows) > count


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


@lru_cache(maxsize=32)
def _newest(given: tuple[bool, ...], *, of_class: bool) -> Select[*tuple[Any, ...]]:
    found = _all(given)
    if of_class:
        found = found.where(Document.class_code == bindparam("class_code"))
    return found.order_by(Document.date.desc(), Document.id.desc()).limit(bindparam("limit"))


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
        .where(Document.record_id == named, *shareable(), *conditions(given))
        .group_by(Document.class_code)
    )


def _all(given: tuple[bool, ...]) -> Select[*tuple[Any, ...]]:
    return select(*COLUMNS).where(Document.record_id == bindparam("record", type_=Id), *shareable(), *conditions(given))
