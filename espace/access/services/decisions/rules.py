"""One document, one reader: what is kept from somebody who reads the record, or shown to them though it is hidden."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, insert, select
from sqlalchemy.orm import InstrumentedAttribute

from espace import clock, crypto
from espace.access.models import DocumentRule
from espace.db import Id
from espace.identifiers import new_id

KEPT, SHOWN = "keep", "show"
TABLE = "access_document_rules"
_COLUMNS = (
    DocumentRule.id,
    DocumentRule.document_id,
    DocumentRule.grantee_kind,
    DocumentRule.grantee_id,
    DocumentRule.effect,
    DocumentRule.since,
    DocumentRule.payload,
)
_OF_DOCUMENTS = select(*_COLUMNS).where(
    DocumentRule.record_id == bindparam("record", type_=Id),
    DocumentRule.document_id.in_(bindparam("ids", expanding=True, type_=Id)),
)
_MARKS = select(
    DocumentRule.document_id, DocumentRule.grantee_kind, DocumentRule.grantee_id, DocumentRule.effect
).where(
    DocumentRule.record_id == bindparam("record", type_=Id),
    DocumentRule.document_id.in_(bindparam("ids", expanding=True, type_=Id)),
)
_BOUND = select(DocumentRule.grantee_id).where(DocumentRule.record_id == bindparam("record", type_=Id)).distinct()


class Ruling(NamedTuple):
    """What holds for one reader about a document, as far as it decides who sees it."""

    kind: str
    grantee_id: UUID
    effect: str


@dataclass(frozen=True, slots=True)
class Grantee:
    """Somebody a rule is about: a professional, the team of a place, a carer; `name` as they were shown then."""

    kind: str
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """That a document is kept from somebody, or shown to them though it is hidden."""

    grantee: Grantee
    effect: str
    since: datetime


def ruled(
    record_id: InstrumentedAttribute[UUID], document_id: InstrumentedAttribute[UUID], effect: str
) -> ColumnElement[bool]:
    """As SQL: that a rule of this effect about the document of these columns holds for one of `bound_by` (ids)."""
    return exists().where(
        DocumentRule.record_id == record_id,
        DocumentRule.document_id == document_id,
        DocumentRule.grantee_id.in_(bindparam("bound_by", expanding=True, type_=Id)),
        DocumentRule.effect == effect,
    )


def rules_on(tx: Connection, record_id: UUID, document_id: UUID) -> list[Rule]:
    """Every rule about one document, the oldest first; the caller has seen that the reader manages accesses."""
    rows = tx.execute(_OF_DOCUMENTS, {"record": record_id, "ids": [document_id]}).all()
    found = []
    for row in sorted(rows, key=lambda one: (one.since, one.id)):
        shown = crypto.unseal(tx, record_id, TABLE, row.id, row.payload)
        found.append(Rule(Grantee(row.grantee_kind, row.grantee_id, shown["name"]), row.effect, row.since))
    return found


def rulings(tx: Connection, record_id: UUID, document_ids: Collection[UUID]) -> dict[UUID, frozenset[Ruling]]:
    """Document -> what holds about it, for those of which something does."""
    if not document_ids:
        return {}
    found: dict[UUID, set[Ruling]] = {}
    for row in tx.execute(_MARKS, {"record": record_id, "ids": list(document_ids)}):
        found.setdefault(row.document_id, set()).add(Ruling(row.grantee_kind, row.grantee_id, row.effect))
    return {document_id: frozenset(some) for document_id, some in found.items()}


def bound_grantees(tx: Connection, record_id: UUID) -> frozenset[UUID]:
    """Everybody about whom there is a rule in this record."""
    return frozenset(tx.execute(_BOUND, {"record": record_id}).scalars())


def set_rule(tx: Connection, record_id: UUID, document_ids: Iterable[UUID], grantee: Grantee, effect: str) -> None:
    """Write what holds for somebody about these documents, in the place of what held; "" for the general rule."""
    for document_id in document_ids:
        tx.execute(
            delete(DocumentRule).where(
                DocumentRule.record_id == record_id,
                DocumentRule.document_id == document_id,
                DocumentRule.grantee_id == grantee.id,
            )
        )
        if effect:
            _write(tx, record_id, document_id, Rule(grantee, effect, clock.now()))


def copy_rules(tx: Connection, record_id: UUID, from_id: UUID, to_id: UUID) -> None:
    """Have the rules about one document hold for another, in the place of its own."""
    wanted = rules_on(tx, record_id, from_id)
    tx.execute(delete(DocumentRule).where(DocumentRule.record_id == record_id, DocumentRule.document_id == to_id))
    for rule in wanted:
        _write(tx, record_id, to_id, rule)


def _write(tx: Connection, record_id: UUID, document_id: UUID, rule: Rule) -> None:
    row_id = new_id()
    tx.execute(
        insert(DocumentRule).values(
            record_id=record_id,
            id=row_id,
            document_id=document_id,
            grantee_kind=rule.grantee.kind,
            grantee_id=rule.grantee.id,
            effect=rule.effect,
            since=rule.since,
            payload=crypto.seal(tx, record_id, TABLE, row_id, {"name": rule.grantee.name}),
        )
    )
