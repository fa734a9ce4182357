"""Decisions carried over from an earlier record: as they were, with their dates, never wider than ours (AR-5, AR-6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, settings
from espace.access.models import Consent
from espace.access.policy import ConsentState
from espace.errors import ConflictError
from espace.identifiers import new_id
from espace.people.services import Professional

from .consents import PROFESSIONAL, TABLE


@dataclass(frozen=True, slots=True)
class FormerAccess:
    """One line of an earlier access list. `since` is when it was decided."""

    professional: Professional
    is_blocked: bool
    since: datetime


def carry_over(record_id: UUID, lines: Sequence[FormerAccess]) -> int:
    """Write what an earlier record had decided about professionals; gives how many lines were written.

    What was decided here since stays: it is newer. An authorisation lasts `settings.consent_days` from its own day,
    so an old one arrives expired; a block has no end. Of two lines about the same professional the block counts.

    Raises:
        ConflictError: when somebody decided about the same professional at the same time.
    """
    with db.write():
        return sum(_carry(record_id, line) for line in sorted(lines, key=lambda line: not line.is_blocked))


def _carry(record_id: UUID, line: FormerAccess) -> bool:
    state = ConsentState.BLOCKED if line.is_blocked else ConsentState.VALID
    since = min(line.since, clock.now())
    until = None if line.is_blocked else since + timedelta(days=settings.current().consent_days)
    decided = {"state": state.value, "decided_at": since, "valid_until": until}
    with db.write() as tx:
        row = tx.execute(
            select(Consent.id, Consent.decided_at, Consent.version).where(
                Consent.record_id == record_id, Consent.grantee_id == line.professional.id
            )
        ).first()
        if row is not None:
            if row.decided_at is not None:
                return False
            changed = tx.execute(
                update(Consent)
                .where(Consent.record_id == record_id, Consent.id == row.id, Consent.version == row.version)
                .values(**decided, version=row.version + 1)
            )
            return changed.rowcount == 1
        consent_id = new_id()
        try:
            tx.execute(
                insert(Consent).values(
                    record_id=record_id,
                    id=consent_id,
                    grantee_kind=PROFESSIONAL,
                    grantee_id=line.professional.id,
                    asked_at=None,
                    version=1,
                    payload=crypto.seal(tx, record_id, TABLE, consent_id, _as_shown(line.professional)),
                    **decided,
                )
            )
        except IntegrityError:
            raise ConflictError from None
    return True


def _as_shown(professional: Professional) -> dict[str, str]:
    places = professional.structures
    return {
        "name": professional.display_name,
        "profession_code": professional.profession_code,
        "profession": professional.plain_label,
        "structure": places[0].display_name if places else "",
    }
