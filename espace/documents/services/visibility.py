"""The rule of `access.policy` written as SQL: a list never holds what its reader may not see (design 3.2)."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, not_, or_, select

from espace import clock
from espace.access.services import KEPT, SHOWN, VisibilityRule, ruled
from espace.db import Code, Id, Instant
from espace.documents.models import Document

_Rows = Select[*tuple[Any, ...]]
COLUMNS = (
    Document.id,
    Document.date,
    Document.type_code,
    Document.class_code,
    Document.hidden,
    Document.patient_invisible,
    Document.representatives_invisible,
    Document.origin,
    Document.professional_id,
    Document.created_at,
    Document.arrived_at,
    Document.media,
    Document.size,
    Document.file_id,
    Document.body_media,
    Document.body_size,
    Document.body_file_id,
    Document.state,
    Document.version,
    Document.series_index,
    Document.author_id,
    Document.held_until,
    Document.choices,
    Document.payload,
)
NOWHERE = ("folded", "deleted")
"""States in which a document stands in no list and on no page."""


def shareable() -> list[ColumnElement[bool]]:
    """What may go into a link, as nobody is kept from it: not hidden, no secret care, nothing still to be announced."""
    return [Document.state == "current", *_open_to_all()]


def _open_to_all() -> list[ColumnElement[bool]]:
    return [
        Document.hidden.is_(False),
        Document.patient_invisible.is_(False),
        Document.representatives_invisible.is_(False),
    ]


def shape(rule: VisibilityRule) -> tuple[bool, ...]:
    """What of a rule changes the statement; the rest are its parameters."""
    return (
        rule.reads,
        rule.readable_types is not None,
        bool(rule.withheld_types),
        rule.arrived_before is not None,
        bool(rule.bound_by),
        rule.sees_hidden,
        rule.own_professional_id is not None,
        rule.sees_patient_invisible,
        rule.sees_representatives_invisible,
        rule.sees_held,
    )


def parameters(rule: VisibilityRule) -> dict[str, Any]:
    """The values a statement of this rule's shape takes."""
    found: dict[str, Any] = {}
    if rule.reads and rule.readable_types is not None:
        found["types"] = sorted(rule.readable_types)
    if rule.reads and rule.withheld_types:
        found["withheld"] = sorted(rule.withheld_types)
    if rule.reads and rule.arrived_before is not None:
        found["before_limit"] = rule.arrived_before
    if rule.reads and rule.bound_by:
        found["bound_by"] = sorted(rule.bound_by)
    if rule.reads and rule.own_professional_id is not None and (not rule.sees_hidden or rule.bound_by):
        found["own"] = rule.own_professional_id
    if rule.reads and not rule.sees_held:
        found["now"] = clock.now()
    return found


def conditions(given: tuple[bool, ...], types: str = "types") -> list[ColumnElement[bool]]:
    """What `rule.decide` says of one document, for all of them; which states are wanted is the caller's to add.

    `types` names the parameter of the types that may be read, where a statement asks of several at once.
    """
    reads, by_type, withholds, limited, is_bound, sees_hidden, has_own, sees_awaiting, sees_secret, sees_held = given
    if not reads:
        return [false()]
    found: list[ColumnElement[bool]] = []
    if by_type:
        found.append(Document.type_code.in_(bindparam(types, expanding=True, type_=Code)))
    if withholds:
        found.append(Document.type_code.not_in(bindparam("withheld", expanding=True, type_=Code)))
    if limited:
        found.append(Document.arrived_at < bindparam("before_limit", type_=Instant))
    own = (Document.professional_id == bindparam("own", type_=Id),) if has_own else ()
    if is_bound:
        found.append(or_(~ruled(Document.record_id, Document.id, KEPT), *own))
    if not sees_hidden:
        shown = (ruled(Document.record_id, Document.id, SHOWN),) if is_bound else ()
        found.append(or_(Document.hidden.is_(False), *own, *shown))
    if not sees_awaiting:
        found.append(Document.patient_invisible.is_(False))
    if not sees_secret:
        found.append(Document.representatives_invisible.is_(False))
    if not sees_held:
        found.append(or_(Document.held_until.is_(None), Document.held_until <= bindparam("now", type_=Instant)))
    return found


@lru_cache(maxsize=64)
def one_statement(given: tuple[bool, ...]) -> _Rows:
    """One document, if the rule lets it through."""
    statement: _Rows = select(*COLUMNS).where(
        Document.record_id == bindparam("record", type_=Id),
        Document.id == bindparam("id", type_=Id),
        Document.state.not_in(NOWHERE),
        *conditions(given),
    )
    return statement


@lru_cache(maxsize=64)
def same_content_statement(given: tuple[bool, ...]) -> _Rows:
    """A document of this content, among those the rule lets through."""
    return (
        select(Document.id)
        .where(Document.record_id == bindparam("record", type_=Id), Document.content_index == bindparam("content"))
        .where(Document.state.not_in(NOWHERE), *conditions(given))
        .limit(1)
    )


@lru_cache(maxsize=64)
def among_statement(given: tuple[bool, ...]) -> _Rows:
    """Those of some documents that the rule lets through."""
    return select(Document.id).where(
        Document.record_id == bindparam("record", type_=Id),
        Document.id.in_(bindparam("ids", expanding=True, type_=Id)),
        Document.state.not_in(NOWHERE),
        *conditions(given),
    )


@lru_cache(maxsize=16)
def kept_statement(given: tuple[bool, ...]) -> _Rows:
    """Those of some documents that the rule lets through and that somebody else is kept from."""
    return among_statement(given).where(not_(and_(*_open_to_all())))
