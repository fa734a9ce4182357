"""Stopping a professional: their sessions end at the next request, and no other opens until they are restored."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db
from espace.access.models import Reach, Suspension
from espace.accounts.services import sessions
from espace.audit import services as audit
from espace.audit.services import Action
from espace.crypto.owners import OFFICE
from espace.errors import ConflictError, NotFoundError
from espace.notifications.services import PracticeNews, tell_professional
from espace.people import services as people
from espace.permissions import SYSTEM, Actor, ActorKind, Permission, demand_fresh_proof

TABLE = "professional_suspensions"
_ONE = select(Suspension.since, Suspension.cause, Suspension.payload).where(
    Suspension.professional_id == bindparam("professional")
)


class Cause(StrEnum):
    """What stopped a professional."""

    VOLUME = "volume"
    """They reached more records in a day than anybody reads (security.md R48)."""
    OFFICER = "officer"
    """The privacy officer, after an alert."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A professional who is stopped: since when, why, and by whom ("" for the house itself)."""

    since: datetime
    cause: Cause
    by: str


def stopped(professional_id: UUID) -> Stopped | None:
    """Whether a professional is stopped."""
    with db.read() as tx:
        row = tx.execute(_ONE, {"professional": professional_id}).first()
        if row is None:
            return None
        said = crypto.unseal(tx, OFFICE, TABLE, professional_id, row.payload)
    return Stopped(row.since, Cause(row.cause), said["by"])


def stop(actor: Actor, professional_id: UUID, cause: Cause) -> bool:
    """Stop a professional from the next request on; gives whether they were not stopped already.

    They are told at their secure address; the act stands in their own trail and, by an operator, in the house's.
    """
    professional = people.professional(professional_id)
    with db.write() as tx:
        if stopped(professional_id) is not None:
            return False
        by = "" if actor == SYSTEM else actor.name
        try:
            tx.execute(
                insert(Suspension).values(
                    professional_id=professional_id,
                    since=clock.now(),
                    cause=cause.value,
                    payload=crypto.seal(tx, OFFICE, TABLE, professional_id, {"by": by}),
                )
            )
        except IntegrityError:
            raise ConflictError from None
        sessions.end_all(ActorKind.PROFESSIONAL, professional_id)
        audit.record_office(
            actor, Action.PROFESSIONAL_STOPPED, account_id=professional_id, detail={"cause": cause.value}
        )
        tell_professional(professional.mssante, PracticeNews.STOPPED)
    return True


def restore(actor: Actor, professional_id: UUID) -> None:
    """Let a professional sign in again. What opens further asks for a fresh proof.

    Raises:
        NotFoundError: for who is no privacy officer, or when nobody of this id is stopped.
        StepUpError: without a fresh proof.
    """
    if not actor.carries(Permission.OFFICE_PRIVACY):
        raise NotFoundError
    demand_fresh_proof(actor)
    professional = people.professional(professional_id)
    with db.write() as tx:
        gone = tx.execute(delete(Suspension).where(Suspension.professional_id == professional_id))
        if gone.rowcount != 1:
            raise NotFoundError
        # What they reached before must not stop them at once again.
        tx.execute(delete(Reach).where(Reach.professional_id == professional_id))
        audit.record_office(actor, Action.PROFESSIONAL_RESTORED, account_id=professional_id)
        tell_professional(professional.mssante, PracticeNews.RESTORED)
