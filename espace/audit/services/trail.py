"""Write to the trail, and read it back for the person it is about.

A chain belongs to a record, or to an account or a professional for acts that concern no record. Payloads are sealed
under the chain owner's data key; a chain whose owner has none (a professional's) gets one with its first row. A chain
that has rows but no key any more was erased: nothing can be added to it.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, crypto, db
from espace.audit.models import AuditEvent, AuditHead
from espace.identifiers import new_id
from espace.permissions import Actor, Relation

from . import chain
from .actions import Action

_PAGE = 60

_HEAD = (
    select(AuditHead.sequence, AuditHead.link)
    .where(AuditHead.record_id == bindparam("chain_id"))
    .with_for_update()  # nothing on SQLite, where the unit of work holds the one write lock already
)
_SHOWN = (
    select(
        AuditEvent.id,
        AuditEvent.sequence,
        AuditEvent.at,
        AuditEvent.action,
        AuditEvent.actor_kind,
        AuditEvent.actor_id,
        AuditEvent.payload,
    )
    .where(AuditEvent.record_id == bindparam("chain_id"), AuditEvent.sequence < bindparam("before"))
    .order_by(AuditEvent.sequence.desc())
    .limit(bindparam("limit"))
)
_BY_HOLDERS = AuditEvent.actor_id.in_(bindparam("holders", expanding=True))
_OF_HOLDERS, _OF_OTHERS = _SHOWN.where(_BY_HOLDERS), _SHOWN.where(~_BY_HOLDERS)
# Made once: putting a statement together costs more than carrying it out.
_ADD = insert(AuditEvent).values({one: bindparam(f"new_{one.key}") for one in AuditEvent.__table__.columns})
_MOVED = ("new_record_id", "new_sequence", "new_link", "new_at")
_MOVE = (
    update(AuditHead)
    .where(AuditHead.record_id == bindparam("new_record_id"))
    .values(sequence=bindparam("new_sequence"), link=bindparam("new_link"), changed_at=bindparam("new_at"))
)
_ADD_AND_MOVE = _MOVE.add_cte(_ADD.cte("added"))
BEYOND = 2**62  # no chain gets so long


@dataclass(frozen=True, slots=True)
class Event:
    """One act to record: see `record`."""

    chain_id: UUID
    action: Action
    relation: Relation | None = None
    objects: Sequence[Mapping[str, str]] = ()
    detail: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One act as it is shown: who, when, what, as whom, on what. `objects` is the snapshot of what was shown.

    `actor_helper` is who sat beside the actor in an assisted session, or "". `way` is by which right a professional
    stood before the record ("" where no row says it), `way_since` when that consent was given, `way_words` what they
    wrote in an emergency. `is_secret`: it was done in secret connection, a minor's representatives are told nothing of
    it (rules.md MI-7).
    """

    sequence: int
    at: datetime
    action: Action
    actor_kind: str
    actor_id: UUID
    actor_name: str
    actor_profession: str
    actor_structure: str
    relation: str
    objects: tuple[dict[str, str], ...]
    detail: dict[str, str]
    actor_helper: str = ""
    is_secret: bool = False
    way: str = ""
    way_words: str = ""
    way_since: datetime | None = None


def record(
    actor: Actor,
    chain_id: UUID,
    action: Action,
    *,
    relation: Relation | None = None,
    objects: Sequence[Mapping[str, str]] = (),
    detail: Mapping[str, str] | None = None,
) -> None:
    """Add one act to a chain, in the open unit of work or one of its own (security.md R25: no row, no byte).

    The chain's head stays locked until the unit ends: a unit that touches several chains uses `record_many`.

    `chain_id` is the record's id, or the account's or professional's for what belongs to no record. `objects` are
    the things shown or changed (each with its `id`, and what was seen of it), sealed with the row.

    Raises:
        TamperedError: when the chain was erased.
    """
    record_many(actor, [Event(chain_id, action, relation, objects, detail)])


def record_many(actor: Actor, events: Sequence[Event]) -> None:
    """Add several acts at once, of one chain or several: chains are locked in the order of their ids.

    Raises:
        TamperedError: when one of the chains was erased.
    """
    with db.write() as tx:
        for event in sorted(events, key=lambda one: one.chain_id):  # stable: acts on one chain keep their order
            _append(tx, actor, event)


def seen_lately(actor: Actor, chain_id: UUID, action: Action, object_id: UUID | str, within: timedelta) -> bool:
    """Whether `actor`, beside the same helper or alone, as secretly as now, did this to this object within `within`.

    Range requests for one file share a row for ten minutes (design 3.5).
    """
    since = clock.now() - within
    wanted = str(object_id)
    before = BEYOND
    with db.read() as tx:
        while rows := tx.execute(_SHOWN, {"chain_id": chain_id, "before": before, "limit": _PAGE}).all():
            for row in rows:
                if row.at < since:
                    return False
                if row.actor_id == actor.id and row.action == action:
                    told = opened(tx, chain_id, row)
                    alike = (told.actor_helper, told.is_secret) == (actor.helper, chain_id in actor.secret_in)
                    if alike and wanted in {one.get("id", "") for one in told.objects}:
                        return True
            before = rows[-1].sequence
    return False


def entries(
    chain_id: UUID, *, mine: bool, holder_actor_ids: Collection[UUID], before: int | None, limit: int = 30
) -> list[Entry]:
    """The acts of a chain, newest first: those of `holder_actor_ids` when `mine`, else those of everyone else.

    `before` is the sequence of the last entry already shown, None for the start.
    """
    values = {
        "chain_id": chain_id,
        "before": BEYOND if before is None else before,
        "holders": list(holder_actor_ids),
        "limit": limit,
    }
    with db.read() as tx:
        return [opened(tx, chain_id, row) for row in tx.execute(_OF_HOLDERS if mine else _OF_OTHERS, values)]


def own_acts_since(actor: Actor, action: Action, since: datetime) -> list[datetime]:
    """When the actor did `action` after `since`, as their own chain tells: searches that missed, say (R50)."""
    found: list[datetime] = []
    before: int | None = None
    while page := entries(actor.id, mine=True, holder_actor_ids=[actor.id], before=before):
        for entry in page:
            if entry.at <= since:
                return found
            if entry.action is action:
                found.append(entry.at)
        before = page[-1].sequence
    return found


def _append(tx: Connection, actor: Actor, event: Event) -> None:
    head = tx.execute(_HEAD, {"chain_id": event.chain_id}).first() or _first_head(tx, event.chain_id)
    sequence = head.sequence + 1
    row = chain.Row(event.chain_id, new_id(), clock.now(), event.action.value, actor.kind.value, actor.id)
    payload = _payload(actor, event)
    key = chain.audit_key()
    content = chain.content_digest(key, row.id, payload)
    commitment = chain.commitment(key, row, content)
    link = chain.link(key, head.link, event.chain_id, sequence, commitment)
    written = {f"new_{column}": value for column, value in row._asdict().items()} | {
        "new_sequence": sequence,
        "new_content_digest": content,
        "new_commitment": commitment,
        "new_link": link,
        "new_payload": crypto.seal(tx, event.chain_id, chain.TABLE, row.id, payload),
    }
    if tx.dialect.name == "postgresql":  # one journey instead of two
        tx.execute(_ADD_AND_MOVE, written)
    else:
        tx.execute(_ADD, written)
        tx.execute(_MOVE, {name: written[name] for name in _MOVED})


def _first_head(tx: Connection, chain_id: UUID) -> Row[int, bytes]:
    """Start a chain, or wait for whoever starts it at the same time; then hold its head."""
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    start = {"record_id": chain_id, "sequence": 0, "link": chain.START, "changed_at": clock.now()}
    tx.execute(dialect.insert(AuditHead).values(**start).on_conflict_do_nothing())
    head = tx.execute(_HEAD, {"chain_id": chain_id}).one()
    if head.sequence == 0:
        crypto.ensure_owner_key(tx, chain_id)
    return head


def _payload(actor: Actor, event: Event) -> dict[str, Any]:
    helped: dict[str, Any] = {"helper": actor.helper} if actor.helper else {}
    if event.chain_id in actor.secret_in:
        helped["secret"] = True
    why = {"way": actor.way} if actor.way else {}
    if actor.way_words:
        why["way_words"] = actor.way_words
    if actor.way_since is not None:
        why["way_since"] = actor.way_since.isoformat()
    return (
        helped
        | why
        | {
            "salt": os.urandom(16).hex(),
            "name": actor.name,
            "profession": actor.profession,
            "structure": actor.structure,
            "relation": event.relation.value if event.relation else "",
            "objects": [dict(one) for one in event.objects],
            "detail": dict(event.detail or {}),
        }
    )


def opened(tx: Connection, chain_id: UUID, row: Row[*tuple[Any, ...]]) -> Entry:
    """An act from its columns: id, sequence, instant, action, actor, and what is sealed."""
    payload = crypto.unseal(tx, chain_id, chain.TABLE, row.id, row.payload)
    return Entry(
        sequence=row.sequence,
        at=row.at,
        action=Action(row.action),
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        actor_name=payload["name"],
        actor_profession=payload["profession"],
        actor_structure=payload["structure"],
        relation=payload["relation"],
        objects=tuple(payload["objects"]),
        detail=payload["detail"],
        actor_helper=payload.get("helper", ""),
        is_secret=payload.get("secret", False),
        way=payload.get("way", ""),
        way_words=payload.get("way_words", ""),
        way_since=datetime.fromisoformat(payload["way_since"]) if "way_since" in payload else None,
    )
