"""Blocking a professional of whom the record decided nothing before: one came by a code, a team or in an emergency."""

from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from espace import clock, db
from espace.access.models import Consent
from espace.access.policy import ConsentState
from espace.audit.services import Action
from espace.errors import ConflictError
from espace.identifiers import new_id
from espace.people import services as people
from espace.permissions import Standing

from .consents import PROFESSIONAL, Answer, holder_side, of_grantee, of_professional, seal
from .deciding import close_passing, decide, leave
from .steps import Did, Step


def block(standing: Standing, professional_id: UUID) -> bool:
    """Let a professional see nothing any more, by no right; gives whether they were not blocked already.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
        ConflictError: when somebody else decided about them meanwhile.
    """
    holder_side(standing)
    with db.write() as tx:
        found = of_grantee(tx, standing, professional_id)
        if found is not None:
            if not found.allows(Answer.BLOCK):
                return False
            decide(tx, standing, found, Answer.BLOCK, None)
            return True
        professional = people.professional(professional_id)
        shown = of_professional(professional, next(iter(professional.structures), None))
        consent_id = new_id()
        steps = (Step.now(standing, Did.BLOCKED),)
        try:
            tx.execute(
                insert(Consent).values(
                    record_id=standing.record_id,
                    id=consent_id,
                    grantee_kind=PROFESSIONAL,
                    grantee_id=professional_id,
                    state=ConsentState.BLOCKED.value,
                    decided_at=clock.now(),
                    version=1,
                    payload=seal(tx, standing.record_id, consent_id, shown, steps),
                )
            )
        except IntegrityError:  # they asked, or were decided about, at the same instant
            raise ConflictError from None
        close_passing(tx, standing.record_id, professional_id)
        leave(standing, Action.CONSENT_BLOCKED, professional_id, shown, None)
    return True
