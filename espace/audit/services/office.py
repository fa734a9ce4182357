"""What operators do, in two places: the trail of whom it concerns, and one of the house that the privacy officer reads.

The house's own trail names records and accounts by their id, never by what identifies a person: it outlives both.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from espace.crypto.owners import OFFICE
from espace.permissions import Actor, ActorKind

from .actions import Action
from .trail import Entry, Event, entries, record_many, seen_lately

RECORD, ACCOUNT = "record", "account"
_SAME_CASE = timedelta(hours=1)


def record_office(
    actor: Actor,
    action: Action,
    *,
    record_id: UUID | None = None,
    account_id: UUID | None = None,
    detail: Mapping[str, str] | None = None,
    told: Mapping[str, str] | None = None,
    objects: Sequence[Mapping[str, str]] = (),
) -> None:
    """Write an operator's act to the house's trail and to that of the record or the account it concerns.

    `detail` is written to both; `told` and `objects` only where the act belongs to someone. An act that concerns
    nobody is written to the house's trail and the operator's own.

    Raises:
        TamperedError: when the record's trail was erased.
    """
    own = actor.id if actor.kind is ActorKind.OPERATOR else None
    concerned = record_id or account_id or own
    mark = [{"kind": RECORD if record_id else ACCOUNT, "id": str(record_id or account_id)}]
    plain = dict(detail or {})
    events = [Event(OFFICE, action, objects=mark if record_id or account_id else (), detail=plain)]
    if concerned is not None:
        events.append(Event(concerned, action, objects=objects, detail=plain | dict(told or {})))
    record_many(actor, events)


def note_office(actor: Actor, action: Action, record_id: UUID, detail: Mapping[str, str] | None = None) -> None:
    """Write an act to the house's trail only: the room of the record writes the record's own row.

    Called first in the unit of work: the house's trail is locked before that of any record.
    """
    record_many(actor, [Event(OFFICE, action, objects=[{"kind": RECORD, "id": str(record_id)}], detail=detail)])


def office_acts(*, before: int | None = None, limit: int = 30) -> list[Entry]:
    """Everything operators did, newest first; `before` is the sequence of the last act already shown."""
    return entries(OFFICE, mine=False, holder_actor_ids=(), before=before, limit=limit)


def opened_lately(actor: Actor, action: Action, record_id: UUID | None) -> bool:
    """Whether this operator opened a case of this record within the hour: its pictures share that row."""
    return record_id is not None and seen_lately(actor, OFFICE, action, record_id, _SAME_CASE)
