"""Blocking a professional or a whole place of whom the record may have decided nothing before (rules.md AR-5)."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from espace import clock, db
from espace.access.models import Consent
from espace.access.policy import ConsentState
from espace.audit.services import Action
from espace.errors import ConflictError, NotFoundError
from espace.identifiers import new_id
from espace.people import services as people
from espace.people.services import directory
from espace.permissions import Standing

from .consents import (
    PROFESSIONAL,
    TEAM,
    Answer,
    ConsentLine,
    holder_side,
    of_grantee,
    of_professional,
    of_team,
    seal,
)
from .deciding import decide, leave, shut_out
from .steps import Did, Step


def block(standing: Standing, professional_id: UUID) -> bool:
    """Let a professional see nothing any more, by no right; gives whether they were not blocked already.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
        ConflictError: when somebody else decided about them meanwhile.
    """
    professional = people.professional(professional_id)
    shown = of_professional(professional, next(iter(professional.structures), None))
    return _block(standing, PROFESSIONAL, professional_id, shown)


def block_place(standing: Standing, place_id: UUID) -> bool:
    """Let nobody who practises at a place see anything there, but whom an access names; else as `block`.

    Raises:
        NotFoundError: for who does not manage the record's accesses, or when there is no such place.
        ConflictError: when somebody else decided about it meanwhile.
    """
    place = directory.structure(place_id)
    if place is None:
        raise NotFoundError
    return _block(standing, TEAM, place_id, of_team(place))


def kept_by_name(lines: Sequence[ConsentLine], places: Collection[UUID]) -> dict[UUID, list[ConsentLine]]:
    """Whose own access goes on at these places though everybody there is blocked, by place (rules.md AR-5)."""
    named = {line.grantee_id: line for line in lines if not line.is_team and line.state is ConsentState.VALID}
    there = directory.practising(places, named)
    return {one: [named[who] for place, who in there if place == one] for one in places}


def _block(standing: Standing, kind: str, grantee_id: UUID, shown: dict[str, Any]) -> bool:
    holder_side(standing)
    with db.write() as tx:
        found = of_grantee(tx, standing, grantee_id)
        if found is not None:
            if not found.allows(Answer.BLOCK):
                return False
            decide(tx, standing, found, Answer.BLOCK, None)
            return True
        consent_id = new_id()
        steps = (Step.now(standing, Did.BLOCKED),)
        try:
            tx.execute(
                insert(Consent).values(
                    record_id=standing.record_id,
                    id=consent_id,
                    grantee_kind=kind,
                    grantee_id=grantee_id,
                    state=ConsentState.BLOCKED.value,
                    decided_at=clock.now(),
                    version=1,
                    payload=seal(tx, standing.record_id, consent_id, shown, steps),
                )
            )
        except IntegrityError:  # they asked, or were decided about, at the same instant
            raise ConflictError from None
        shut_out(tx, standing.record_id, kind, grantee_id)
        leave(standing, Action.CONSENT_BLOCKED, grantee_id, shown, None)
    return True
