"""Who sees one document, compared with who sees another: what is folded or superseded must tell nobody anything (R13).

A copy may stand for another only where the same people see both; a newer version may push an older one back only where
everybody who sees the older one sees the newer one too. Otherwise what vanished would tell of what one may not see.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, or_, select

from espace import clock
from espace.access.services import KEPT, SHOWN, Ruling, rulings
from espace.access.services.matrix import active_matrix
from espace.db import Digest, Id
from espace.documents.models import Document

PATIENT, FOLDED, DELETED = "patient", "folded", "deleted"
CURRENT, SUPERSEDED, ARCHIVED = "current", "superseded", "archived"


@dataclass(frozen=True, slots=True)
class Entry:
    """What decides who sees a document, and what it shares with others. Its fields are columns of `documents`.

    `rules` are those about single readers.
    """

    id: UUID
    state: str
    folded_into: UUID | None
    origin: str
    type_code: str
    hidden: bool
    patient_invisible: bool
    representatives_invisible: bool
    professional_id: UUID | None
    held_until: datetime | None
    created_at: datetime
    date: date
    body_media: str
    version: int
    series_index: bytes | None
    content_index: bytes
    rules: frozenset[Ruling] = frozenset()


_COLUMNS = tuple(getattr(Document, name) for name in Entry.__dataclass_fields__ if name != "rules")
_IN_RECORD = select(*_COLUMNS).where(Document.record_id == bindparam("record", type_=Id))
_ONE = _IN_RECORD.where(Document.id == bindparam("id", type_=Id))
_RELATED = _IN_RECORD.where(
    or_(
        Document.content_index == bindparam("content", type_=Digest(32)),
        Document.series_index == bindparam("series", type_=Digest(16)),
    ),
    Document.state != DELETED,
)
_SERIES = _IN_RECORD.where(
    Document.series_index.in_(bindparam("series", expanding=True, type_=Digest(16))), Document.state != DELETED
)
_COPIES = _IN_RECORD.where(Document.folded_into.in_(bindparam("ids", expanding=True, type_=Id)))
_SEVERAL = _IN_RECORD.where(Document.id.in_(bindparam("ids", expanding=True, type_=Id)))


def entry(tx: Connection, record_id: UUID, document_id: UUID) -> Entry | None:
    """One document, whatever its state."""
    row = tx.execute(_ONE, {"record": record_id, "id": document_id}).first()
    return _all(tx, record_id, [row])[0] if row else None


def related(tx: Connection, record_id: UUID, one: Entry) -> list[Entry]:
    """Those of this content or this series, itself among them; deleted ones left out."""
    values = {"record": record_id, "content": one.content_index, "series": one.series_index}
    return _all(tx, record_id, tx.execute(_RELATED, values).all())


def of_series(tx: Connection, record_id: UUID, series: set[bytes]) -> list[Entry]:
    """Every document of these series; deleted ones left out."""
    rows = tx.execute(_SERIES, {"record": record_id, "series": sorted(series)}).all()
    return _all(tx, record_id, rows)


def copies(tx: Connection, record_id: UUID, ids: set[UUID]) -> list[Entry]:
    """The copies that are shown through these documents."""
    return _all(tx, record_id, tx.execute(_COPIES, {"record": record_id, "ids": sorted(ids)}).all())


def several(tx: Connection, record_id: UUID, ids: set[UUID]) -> list[Entry]:
    """These documents, whatever their state."""
    return _all(tx, record_id, tx.execute(_SEVERAL, {"record": record_id, "ids": sorted(ids)}).all())


def _all(tx: Connection, record_id: UUID, rows: Sequence[Row[Any]]) -> list[Entry]:
    """The entries of rows, each with its rules."""
    holding = rulings(tx, record_id, [row.id for row in rows])
    return [_of(row, holding.get(row.id, frozenset())) for row in rows]


def _of(row: Row[Any], rules: frozenset[Ruling]) -> Entry:
    values: Sequence[Any] = row
    plain = Entry(*values)
    return replace(plain, rules=rules) if rules else plain


def marks(one: Entry) -> tuple[Any, ...]:
    """The marks of a document; two that have the same ones, and types read alike, are seen by the same people.

    Of what is hidden, or kept from somebody, each depositor sees their own (rules.md AR-13).
    """
    kept = any(rule.effect == KEPT and rule.kind != "carer" for rule in one.rules)
    return (
        one.rules,
        one.hidden,
        one.patient_invisible,
        one.representatives_invisible,
        is_held(one),
        one.professional_id if one.hidden or kept else None,
    )


def is_held(one: Entry) -> bool:
    """Whether its person chose to read it later."""
    return one.held_until is not None and one.held_until > clock.now()


def all_see(newer: Entry, older: Entry) -> bool:
    """Whether everybody who sees `older` sees `newer` too."""
    if newer.hidden and not (older.hidden and newer.professional_id == older.professional_id):
        return False
    if newer.patient_invisible and not older.patient_invisible:
        return False
    if newer.representatives_invisible and not older.representatives_invisible:
        return False
    if is_held(newer) and not (is_held(older) and newer.held_until <= older.held_until):  # type: ignore[operator]
        return False
    return all_read(newer.type_code, older.type_code) and _rules_open(newer, older)


def _rules_open(newer: Entry, older: Entry) -> bool:
    """Whether rules about single readers leave everybody who sees `older` what they see in `newer`.

    Whoever deposited the older one sees it though it is kept from them, or from their team; not so the newer one.
    """
    kept = {rule for rule in newer.rules if rule.effect == KEPT}
    if kept and (not kept <= older.rules or newer.professional_id != older.professional_id):
        return False
    shown = {rule for rule in older.rules if rule.effect == SHOWN}
    return not (newer.hidden and older.hidden) or shown <= newer.rules


def all_read(wider: str, narrower: str) -> bool:
    """Whether every profession that reads documents of type `narrower` reads those of type `wider` (the matrix)."""
    if wider == narrower:
        return True
    readable = active_matrix().readable
    return all(wider in types for types in readable.values() if narrower in types)
