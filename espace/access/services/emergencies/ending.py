"""Ending what stands open by an emergency: by its professional, or by the people of the record (rules.md AR-7)."""

from uuid import UUID

from sqlalchemy import select, update

from espace import clock, crypto, db
from espace.access.models import Emergency
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import NotFoundError
from espace.permissions import Standing

from .emergency import TABLE, recent


def end(standing: Standing) -> bool:
    """Close what the professional of `standing` opened on this record, now; gives whether anything stood open."""
    now = clock.now()
    own = (Emergency.record_id == standing.record_id, Emergency.professional_id == standing.actor.id)
    with db.write() as tx:
        ended = tx.execute(update(Emergency).where(*own, Emergency.until > now).values(until=now)).rowcount > 0
        if ended:
            audit.record(standing.actor, standing.record_id, Action.EMERGENCY_ENDED, relation=standing.relation)
    return ended


def stop(standing: Standing, opening_id: UUID) -> bool:
    """Have the record's people close an opening of somebody else, now; gives whether it stood open.

    For as long as it would have lasted, its professional opens this record by that way no more.

    Raises:
        NotFoundError: for who does not manage the record's accesses, or when the record has no such opening.
    """
    now = clock.now()
    with db.write() as tx:
        found = next((one for one in recent(standing) if one.id == opening_id), None)
        if found is None:
            raise NotFoundError
        this = (Emergency.record_id == standing.record_id, Emergency.id == opening_id, Emergency.until > now)
        payload = tx.execute(select(Emergency.payload).where(*this).with_for_update()).scalar()
        ended = payload is not None
        if payload is not None:
            said = crypto.unseal(tx, standing.record_id, TABLE, opening_id, payload) | {"closed": "yes"}
            sealed = crypto.seal(tx, standing.record_id, TABLE, opening_id, said)
            tx.execute(update(Emergency).where(*this).values(until=now, version=Emergency.version + 1, payload=sealed))
            audit.record(
                standing.actor,
                standing.record_id,
                Action.EMERGENCY_ENDED,
                relation=standing.relation,
                objects=[{"id": str(found.professional_id), "name": found.name, "profession": found.profession}],
            )
    return ended
