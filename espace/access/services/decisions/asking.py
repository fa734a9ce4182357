"""Asking, as a professional, to read a record: for oneself or for the team of the place (rules.md AR-1, AR-6)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from espace import clock, db
from espace.access.models import Consent
from espace.access.policy import ConsentState
from espace.access.services.telling import tell
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.notifications.services import Event
from espace.people import services as people
from espace.permissions import Permission, Standing
from espace.words import N_, one_line

from .apart import apart
from .consents import PROFESSIONAL, ConsentLine, Scope, of_grantee, of_professional, own_consent, seal
from .steps import Did, Step, after

ASK_AGAIN = timedelta(days=1)
"""How long a refused professional waits before asking again: a holder is not to be worn down."""
MAX_REASON = 200


def ask(standing: Standing, reason: str, *, scope: Scope = Scope.PERSON) -> None:
    """Ask, as a professional, to read the record. The people of the record are told by e-mail, without content.

    `scope` says for whom: the holder may answer otherwise. Asking twice tells nobody twice. The request of who is
    blocked, or with them everybody where they practise, is kept and shown, but wakes nobody.

    Raises:
        NotFoundError: for who may not ask.
        InvalidError: without a reason, with one too long, with a valid access, within a day of a refusal, for the
            team of no place, or for a team by a doctor whom only an agreement for themself reaches (AR-12).
        ConflictError: when the record's people decided again and again meanwhile.
    """
    if not standing.may(Permission.ACCESS_ASK):
        raise NotFoundError
    reason = one_line(reason)
    if not reason:
        raise InvalidError({"reason": N_("Write why you ask: the person reads it before answering.")})
    if len(reason) > MAX_REASON:
        raise InvalidError({"reason": N_("Write at most %(limit)d characters.", limit=MAX_REASON)})
    if scope is Scope.TEAM and standing.actor.structure_id is None:
        raise InvalidError({"scope": N_("You signed in without a place of practice: ask for yourself.")})
    if scope is Scope.TEAM and apart(standing.actor) is not None:
        raise InvalidError({"scope": N_("The person agrees to you by name: ask for yourself.")})
    shown = _as_shown(standing) | {"reason": reason, "scope": scope.value}
    try:
        _ask(standing, shown)
    except (IntegrityError, ConflictError):  # asked from another window, or answered, at the same instant
        _ask(standing, shown)


def _ask(standing: Standing, shown: dict[str, Any]) -> None:
    record_id, now = standing.record_id, clock.now()
    with db.write() as tx:
        found = own_consent(standing)
        state = found.state if found else ConsentState.NONE
        if found is not None and state is ConsentState.VALID:
            raise InvalidError({"reason": N_("You already have access to this record.")})
        if found is not None and state is ConsentState.REFUSED and lately(found.decided_at, ASK_AGAIN, now):
            raise InvalidError({"reason": N_("Your request was refused today. You can ask again tomorrow.")})
        if found is not None and _already_asked(found, now):
            return
        consent_id = found.id if found else new_id()
        steps = after(found.steps if found else (), Step.now(standing, Did.ASKED))
        payload = seal(tx, record_id, consent_id, shown, steps)
        if found is None:
            tx.execute(
                insert(Consent).values(
                    record_id=record_id,
                    id=consent_id,
                    grantee_kind=PROFESSIONAL,
                    grantee_id=standing.actor.id,
                    state=ConsentState.ASKED.value,
                    asked_at=now,
                    version=1,
                    payload=payload,
                )
            )
        else:
            kept = state if state is ConsentState.BLOCKED else ConsentState.ASKED
            # A no stands until it is answered otherwise: asking again opens no way through the team.
            is_no = state in (ConsentState.REFUSED, ConsentState.REVOKED, ConsentState.BLOCKED)
            changed = tx.execute(
                update(Consent)
                .where(Consent.record_id == record_id, Consent.id == found.id, Consent.version == found.version)
                .values(
                    state=kept.value,
                    asked_at=now,
                    decided_at=found.decided_at if is_no else None,
                    valid_until=None,
                    version=found.version + 1,
                    payload=payload,
                )
            )
            if changed.rowcount != 1:
                raise ConflictError
        audit.record(
            standing.actor,
            record_id,
            Action.CONSENT_ASKED,
            relation=standing.relation,
            detail={"reason": shown["reason"]},
        )
        if state is not ConsentState.BLOCKED and not _from_blocked_place(tx, standing):
            tell(record_id, Event.ACCESS_ASKED)


def _from_blocked_place(tx: Connection, standing: Standing) -> bool:
    """Whether everybody is blocked where they practise today; who is named reads, and has nothing to ask."""
    place_id = standing.actor.structure_id
    found = of_grantee(tx, standing, place_id) if place_id is not None else None
    return found is not None and found.state is ConsentState.BLOCKED


def _already_asked(line: ConsentLine, now: datetime) -> bool:
    """Whether the same question stands open; from a blocked professional, whether it came today."""
    if line.state is ConsentState.BLOCKED:
        return lately(line.asked_at, ASK_AGAIN, now)
    return line.state is ConsentState.ASKED


def _as_shown(standing: Standing) -> dict[str, Any]:
    """The professional as the holder reads them: from the directory, the structure from their session."""
    professional = people.professional(standing.actor.id)
    place = next((one for one in professional.structures if one.id == standing.actor.structure_id), None)
    set_apart = apart(standing.actor)
    return of_professional(professional, place) | {
        "structure": standing.actor.structure,
        "apart": set_apart.value if set_apart else "",
    }


def lately(at: datetime | None, within: timedelta, now: datetime) -> bool:
    """Whether something happened less than `within` ago."""
    return at is not None and now - at < within
