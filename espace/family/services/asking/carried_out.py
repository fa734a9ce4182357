"""What becomes of a court's decision that a representative sent, as that person alone is told (security.md R15).

Their request is answered when one operator enters the decision. It may not count yet, and one that nobody confirms
ends: whoever relies on it must not go on reading that it was accepted.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from espace import db
from espace.accounts import services as accounts
from espace.family.models import Restriction
from espace.notifications.services import Event

from . import request_rows
from .request_rows import State
from .requests import Asked


class Stage(StrEnum):
    """How far a decision that was entered counts."""

    AWAITED = "awaited"
    """Not before a second operator confirms it."""
    URGENT = "urgent"
    """At once, for some days, unless a second operator confirms it."""
    CONFIRMED = "confirmed"
    """It was confirmed; a later lifting is told only where that decision says so."""


def stage(asked: Asked) -> Stage:
    """How far the decision counts that was entered for this request."""
    query = select(Restriction.state, Restriction.stands_at)
    entered = query.where(Restriction.record_id == asked.about_id, Restriction.id == asked.limit_id)
    with db.read() as tx:
        row = tx.execute(entered).first() if asked.limit_id else None
    if row is None or row.state != "entered":
        return Stage.CONFIRMED
    return Stage.AWAITED if row.stands_at is None else Stage.URGENT


def confirmed(tx: Connection, said: Any) -> None:
    """Tell whoever sent a decision that it was confirmed; `said` is what a restriction keeps."""
    if said.get("request"):
        held = request_rows.locked(tx, UUID(said["request"]))
        accounts.notify([held.asker_person], Event.REQUEST_DECIDED)


def dropped(tx: Connection, said: Any) -> None:
    """Have the request wait at the desk again, and tell its asker: what was entered for it ended unconfirmed."""
    if not said.get("request"):
        return
    held = request_rows.locked(tx, UUID(said["request"]))
    if held.state is State.ACCEPTED:
        kept = {name: value for name, value in held.said.items() if name != "limit"}
        again = replace(held, state=State.WAITING, decided_at=None, said={**kept, "unconfirmed": True})
        request_rows.save(tx, again)
        accounts.notify([held.asker_person], Event.REQUEST_DECIDED)
