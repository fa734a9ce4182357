"""Deciding about one line of the access page: one press, counted from the very next request (rules.md AR-1, AR-5)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, db
from espace.access.models import Consent, CounterCode, Emergency
from espace.access.policy import ConsentState
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError
from espace.identifiers import new_id
from espace.people.services import Structure, directory
from espace.permissions import Standing, demand_fresh_proof
from espace.words import N_

from .apart import has_team
from .consents import (
    PROFESSIONAL,
    TEAM,
    Answer,
    ConsentLine,
    Scope,
    consent,
    durations,
    holder_side,
    of_grantee,
    of_team,
    seal,
)
from .steps import Did, How, Step, after

_S = ConsentState
_TO: dict[Answer, tuple[ConsentState, Action, Did]] = {
    Answer.GRANT: (_S.VALID, Action.CONSENT_GIVEN, Did.GIVEN),
    Answer.LIMIT: (_S.VALID, Action.CONSENT_LIMITED, Did.LIMITED),
    Answer.REFUSE: (_S.REFUSED, Action.CONSENT_REFUSED, Did.REFUSED),
    Answer.REVOKE: (_S.REVOKED, Action.CONSENT_REVOKED, Did.ENDED),
    Answer.BLOCK: (_S.BLOCKED, Action.CONSENT_BLOCKED, Did.BLOCKED),
    Answer.UNBLOCK: (_S.REVOKED, Action.CONSENT_UNBLOCKED, Did.UNBLOCKED),
}
SHORTER = (1, 7, 30, 90)
"""Days from now to which an access can be shortened."""


def shorter(line: ConsentLine) -> tuple[int, ...]:
    """The days to which this access can be shortened now."""
    if line.valid_until is None:
        return ()
    left = line.valid_until - clock.now()
    return tuple(days for days in SHORTER if timedelta(days=days) < left)


def longer(line: ConsentLine) -> tuple[int, ...]:
    """The durations that give this line a day more than it has: all of them where it has nothing."""
    if line.state is not _S.VALID or line.valid_until is None:
        return durations()
    left = line.valid_until - clock.now()
    return tuple(days for days in durations() if timedelta(days=days - 1) >= left)


def answer(
    standing: Standing,
    consent_id: UUID,
    decision: Answer,
    *,
    version: int,
    days: int | None = None,
    scope: Scope = Scope.PERSON,
) -> UUID:
    """Decide about one professional or team; gives the line where the decision now stands.

    `version` is that of the line on which the decision was read: when another browser decided meanwhile, nothing
    is written. `days` is how long a grant lasts, or what is left of one made shorter. `scope`: whether a request is
    answered for the professional alone or for whoever practises where they asked from; then the request leaves the
    list, as the team's line answers it.

    Raises:
        NotFoundError: when the record has no such line, or the actor does not manage its accesses.
        StepUpError: granting asks for a proof of identity younger than five minutes; narrowing never does (R9).
        InvalidError: for a duration that is not offered, the team of no place or of a blocked one, or one asked through
            a doctor who reads only by being named (AR-12).
        ConflictError: when the line changed since it was read, or is in a state this decision does not fit.
    """
    holder_side(standing)
    if decision is Answer.GRANT:
        demand_fresh_proof(standing.actor)
        if days not in durations():
            raise InvalidError({"days": N_("Choose for how long.")})
    if decision is Answer.GRANT and scope is Scope.TEAM:
        return _to_team(standing, consent_id, version, days or 0)
    with db.write() as tx:
        found = _current(standing, consent_id, version, decision)
        if decision is Answer.LIMIT and days not in shorter(found):
            raise InvalidError({"days": N_("Choose an earlier end than the present one.")})
        set_until = decision in (Answer.GRANT, Answer.LIMIT) and days is not None
        until = clock.now() + timedelta(days=days or 0) if set_until else None
        decide(tx, standing, found, decision, until)
        return found.id


def _current(standing: Standing, consent_id: UUID, version: int, decision: Answer) -> ConsentLine:
    found = consent(standing, consent_id)
    if found.version != version or not found.allows(decision):
        raise ConflictError
    return found


def decide(tx: Connection, standing: Standing, found: ConsentLine, decision: Answer, until: datetime | None) -> None:
    """Write one decision about an existing line, with its step and its row of the trail.

    Raises:
        ConflictError: when somebody else decided meanwhile.
    """
    state, action, did = _TO[decision]
    if decision is Answer.GRANT and found.state is _S.VALID:
        did = Did.PROLONGED
    steps = after(found.steps, Step.now(standing, did, until=until))
    changed = tx.execute(
        update(Consent)
        .where(Consent.record_id == standing.record_id, Consent.id == found.id, Consent.version == found.version)
        .values(
            state=state.value,
            decided_at=clock.now(),
            valid_until=until,
            version=found.version + 1,
            payload=seal(tx, standing.record_id, found.id, found.shown, steps),
        )
    )
    if changed.rowcount != 1:
        raise ConflictError
    if decision is Answer.BLOCK:
        shut_out(tx, standing.record_id, found.kind, found.grantee_id)
    leave(standing, action, found.grantee_id, found.shown, until)


def shut_out(tx: Connection, record_id: UUID, kind: str, grantee_id: UUID) -> None:
    """End what codes and emergencies open to who is blocked: taking a block back must not open it again (AR-5).

    With a place, these are all who practise there but those an access names: they are not blocked.
    """
    if kind == PROFESSIONAL:
        _close_passing(tx, record_id, [grantee_id])
        return
    now = clock.now()
    open_to: set[UUID] = set()
    for table in (CounterCode, Emergency):
        query = select(table.professional_id).where(table.record_id == record_id, table.until > now)
        open_to |= {one for one in tx.execute(query).scalars() if one is not None}
    there = {one for _, one in directory.practising([grantee_id], open_to)}
    named = (Consent.record_id == record_id, Consent.state == _S.VALID.value, Consent.valid_until > now)
    _close_passing(tx, record_id, there - set(tx.execute(select(Consent.grantee_id).where(*named)).scalars()))


def _close_passing(tx: Connection, record_id: UUID, professional_ids: Collection[UUID]) -> None:
    now = clock.now()
    for table in (CounterCode, Emergency):
        theirs = (table.record_id == record_id, table.professional_id.in_(professional_ids), table.until > now)
        tx.execute(update(table).where(*theirs).values(until=now))


def leave(
    standing: Standing, action: Action, grantee_id: UUID, shown: Any, until: datetime | None, how: How | None = None
) -> None:
    """The row of the trail of one decision."""
    detail = {"until": until.isoformat() if until else "", "how": how.value if how else ""}
    audit.record(
        standing.actor,
        standing.record_id,
        action,
        relation=standing.relation,
        objects=[{"id": str(grantee_id), "name": shown["name"], "profession": shown["profession"]}],
        detail={name: value for name, value in detail.items() if value} or None,
    )


def _to_team(standing: Standing, consent_id: UUID, version: int, days: int) -> UUID:
    """Answer a professional's request for the whole team of the place they asked from."""
    with db.write() as tx:
        found = _current(standing, consent_id, version, Answer.GRANT)
        named = found.place_id is not None and not found.is_team and found.apart is None
        place = directory.structure(found.place_id) if named and found.place_id else None
        if place is None or not has_team(place):
            raise InvalidError({"scope": N_("The team of this place is not known: answer for this person alone.")})
        until = clock.now() + timedelta(days=days)
        made = give_team(tx, standing, place, until, Did.GIVEN, earlier=found.steps, through=found.name)
        leave(standing, Action.CONSENT_GIVEN, place.id, of_team(place), until)
        drop(tx, standing, found)
        return made


def drop(tx: Connection, standing: Standing, line: ConsentLine) -> None:
    """Take away an individual line that the team's answers from now on; else it would go before the team's.

    Raises:
        ConflictError: when somebody else decided meanwhile.
    """
    gone = tx.execute(
        delete(Consent).where(
            Consent.record_id == standing.record_id, Consent.id == line.id, Consent.version == line.version
        )
    )
    if gone.rowcount != 1:
        raise ConflictError


def give_team(
    tx: Connection,
    standing: Standing,
    place: Structure,
    until: datetime,
    did: Did,
    *,
    how: How | None = None,
    earlier: tuple[Step, ...] = (),
    through: str = "",
) -> UUID:
    """Let the team of a place read, from now on; gives its line. `earlier` are steps of a request that led to it.

    Raises:
        InvalidError: for a place that is blocked.
        ConflictError: when somebody else decided meanwhile.
    """
    found = of_grantee(tx, standing, place.id)
    if found is not None and found.state is _S.BLOCKED:
        raise InvalidError({"": N_("This place is blocked. Unblock it first.")})
    step = Step.now(standing, did, how=how, until=until)
    steps = after(tuple(sorted((*(found.steps if found else ()), *earlier), key=lambda one: one.at)), step)
    shown = of_team(place) | ({"through": through} if through else {})
    return put(tx, standing, found, (TEAM, place.id), shown, steps, until)


def put(
    tx: Connection,
    standing: Standing,
    found: ConsentLine | None,
    grantee: tuple[str, UUID],
    shown: dict[str, Any],
    steps: tuple[Step, ...],
    until: datetime,
) -> UUID:
    """Write a valid consent over the line there is, or as a new one; gives its id.

    Raises:
        ConflictError: when somebody else decided meanwhile.
    """
    kind, grantee_id = grantee
    consent_id = found.id if found else new_id()
    values = {
        "state": _S.VALID.value,
        "decided_at": clock.now(),
        "valid_until": until,
        "payload": seal(tx, standing.record_id, consent_id, shown, steps),
    }
    if found is not None:
        changed = tx.execute(
            update(Consent)
            .where(Consent.record_id == standing.record_id, Consent.id == found.id, Consent.version == found.version)
            .values(**values, version=found.version + 1)
        )
        if changed.rowcount != 1:
            raise ConflictError
        return consent_id
    try:
        tx.execute(
            insert(Consent).values(
                record_id=standing.record_id,
                id=consent_id,
                grantee_kind=kind,
                grantee_id=grantee_id,
                asked_at=None,
                version=1,
                **values,
            )
        )
    except IntegrityError:
        raise ConflictError from None
    return consent_id
