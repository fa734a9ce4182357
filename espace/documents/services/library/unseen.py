"""What somebody does not see of a record, and why: line by line, of what the one who looks through their eyes sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, select, tuple_, type_coerce

from espace import db
from espace.access.services import KEPT, SHOWN, Reason, rulings, visible
from espace.access.services import DocumentFacts as Judged
from espace.audit.services import Action
from espace.db import Id
from espace.documents.models import Document
from espace.documents.services.viewing.reading import DocumentFacts, leave, open_row, unwatched
from espace.documents.services.visibility import COLUMNS, conditions, parameters, shape
from espace.errors import NotFoundError
from espace.permissions import Standing

from .browsing import Cursor, Filter
from .page_statements import Asked, wanted_of

FIRST, PAGE_SIZE = 10, 60
"""So many stand under a list, so many on a page of their own."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """One document, and why it is not shown."""

    document: DocumentFacts
    reason: Reason


@dataclass(frozen=True, slots=True)
class UnseenPage:
    """Some of them, newest first, and the place after which there are more (None: no more)."""

    rows: tuple[Unseen, ...]
    next: Cursor | None


def unseen(seen: Standing, wanted: Filter, *, before: Cursor | None = None, limit: int = PAGE_SIZE) -> UnseenPage:
    """Documents of which the looker knows and whoever they look as does not: two statements, whatever there is.

    Raises:
        NotFoundError: for a standing through which nobody looks.
    """
    if seen.through is None:
        raise NotFoundError
    own, theirs = visible(seen.through), visible(seen)
    asked = Asked(
        of_class=bool(wanted.class_code),
        of_type=bool(wanted.type_code),
        of_author=wanted.author_id is not None,
        from_day=wanted.first_day is not None,
        to_day=wanted.last_day is not None,
        after=before is not None,
    )
    values: dict[str, Any] = {
        "record": seen.record_id,
        "state": wanted.state,
        "class_code": wanted.class_code,
        "type_code": wanted.type_code,
        "author": wanted.author_id,
        "from_day": wanted.first_day,
        "to_day": wanted.last_day,
        "limit": limit + 1,
        **parameters(own),
        **parameters(theirs),
    }
    if before is not None:
        values |= {"at": before.at, "id": before.id}
    statement = _statement(shape(own), shape(theirs), asked)
    if unwatched(seen):
        with db.read() as tx:
            rows = _opened(tx, seen, tx.execute(statement, values).all(), limit)
    else:
        with db.write() as tx:
            rows = _opened(tx, seen, tx.execute(statement, values).all(), limit)
            leave(seen, Action.DOCUMENTS_LISTED, [row.document for row in rows[:limit]])
    last = rows[limit - 1].document if len(rows) > limit else None
    return UnseenPage(tuple(rows[:limit]), Cursor(last.date, last.id) if last else None)


def _opened(tx: Any, seen: Standing, found: Sequence[Any], limit: int) -> list[Unseen]:
    shown = found[: limit + 1]
    rows = [open_row(tx, seen.record_id, row, places_kept=seen.places_kept) for row in shown]
    rules = rulings(tx, seen.record_id, [row.id for row in rows]) if seen.bound_by else {}
    rule = visible(seen)
    return [Unseen(row, rule.decide(judged(row, rules.get(row.id, frozenset()))).reason) for row in rows]


def judged(document: DocumentFacts, rules: frozenset[Any], now: datetime | None = None) -> Judged:
    """A document as the policy looks at it; with `now`, one that waits until later is held."""
    return Judged(
        type_code=document.type_code,
        hidden=document.hidden,
        patient_invisible=document.patient_invisible,
        representatives_invisible=document.representatives_invisible,
        professional_id=document.professional_id,
        held=now is not None and document.held_until is not None and document.held_until > now,
        arrived_at=document.arrived_at,
        kept_from=frozenset(one.grantee_id for one in rules if one.effect == KEPT),
        shown_to=frozenset(one.grantee_id for one in rules if one.effect == SHOWN),
    )


@lru_cache(maxsize=64)
def _statement(own: tuple[bool, ...], theirs: tuple[bool, ...], asked: Asked) -> Select[*tuple[Any, ...]]:
    # A condition on what is not there is neither true nor false: what is not let through is what is not truly so.
    is_let_through = case((and_(*conditions(theirs)), 1), else_=0)
    statement: Select[*tuple[Any, ...]] = select(*COLUMNS).where(
        Document.record_id == bindparam("record", type_=Id),
        Document.state == bindparam("state"),
        *conditions(own),
        is_let_through == 0,
        *wanted_of(asked),
    )
    if asked.after:
        at = type_coerce(bindparam("at"), Document.date.type)
        statement = statement.where(tuple_(Document.date, Document.id) < tuple_(at, bindparam("id", type_=Id)))
    return statement.order_by(Document.date.desc(), Document.id.desc()).limit(bindparam("limit"))
