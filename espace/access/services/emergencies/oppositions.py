"""What the people of a record oppose beforehand: each way of opening in an emergency by itself (rules.md AR-9)."""

from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, db
from espace.access.models import Emergency, Opposition
from espace.access.policy import EmergencyMode
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import NotFoundError
from espace.permissions import Permission, Standing, demand_fresh_proof

_COLUMNS = {EmergencyMode.BREAK_GLASS: Opposition.break_glass, EmergencyMode.CENTRE_15: Opposition.centre_15}
_OF_RECORD = select(Opposition.break_glass, Opposition.centre_15).where(Opposition.record_id == bindparam("record"))


def opposed(record_id: UUID) -> frozenset[EmergencyMode]:
    """Which of the two ways the record's people oppose; neither where they never said anything."""
    with db.read() as tx:
        row = tx.execute(_OF_RECORD, {"record": record_id}).first()
    if row is None:
        return frozenset()
    return frozenset(mode for mode, column in _COLUMNS.items() if getattr(row, column.key))


def switches(standing: Standing) -> dict[EmergencyMode, bool]:
    """Each way, and whether it is left open.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    _holder_side(standing)
    closed = opposed(standing.record_id)
    return {mode: mode not in closed for mode in EmergencyMode}


def oppose(standing: Standing, mode: EmergencyMode) -> None:
    """Keep this way closed from now on; what stands open by it closes at once. Doing it twice is fine.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    _holder_side(standing)
    now = clock.now()
    with db.write() as tx:
        if mode in opposed(standing.record_id):
            return
        _write(standing.record_id, mode, is_opposed=True)
        by_it = (Emergency.record_id == standing.record_id, Emergency.mode == mode.value, Emergency.until > now)
        tx.execute(update(Emergency).where(*by_it).values(until=now))
        _leave(standing, mode, Action.EMERGENCY_OPPOSED)


def allow(standing: Standing, mode: EmergencyMode) -> None:
    """Take the opposition to this way back: it opens further, so it asks for a fresh proof (security.md R9).

    Raises:
        NotFoundError: for who does not manage the record's accesses.
        StepUpError: without a fresh proof.
    """
    _holder_side(standing)
    demand_fresh_proof(standing.actor)
    with db.write():
        if mode in opposed(standing.record_id):
            _write(standing.record_id, mode, is_opposed=False)
            _leave(standing, mode, Action.EMERGENCY_ALLOWED)


def _holder_side(standing: Standing) -> None:
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError


def _write(record_id: UUID, mode: EmergencyMode, *, is_opposed: bool) -> None:
    changed = {_COLUMNS[mode].key: is_opposed, "changed_at": clock.now()}
    none = {column.key: False for column in _COLUMNS.values()}
    with db.write() as tx:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        tx.execute(
            dialect.insert(Opposition)
            .values(none | changed | {"record_id": record_id})
            .on_conflict_do_update(index_elements=["record_id"], set_=changed)
        )


def _leave(standing: Standing, mode: EmergencyMode, action: Action) -> None:
    audit.record(standing.actor, standing.record_id, action, relation=standing.relation, detail={"mode": mode.value})
