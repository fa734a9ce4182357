"""The records on which a professional has something: what the list of their patients is made from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from espace import clock, db
from espace.access.models import Consent, Encounter, Visit
from espace.access.policy import ConsentState, in_effect
from espace.permissions import Actor

from .watching.visits import NOWHERE


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A record on which a professional has something: a valid access, or a request without answer."""

    record_id: UUID
    state: ConsentState
    asked_at: datetime | None
    valid_until: datetime | None


_S = ConsentState
_OWN = aliased(Consent)
_MET = or_(
    exists().where(Visit.record_id == Consent.record_id, Visit.professional_id == bindparam("professional")),
    exists().where(
        Encounter.record_id == Consent.record_id,
        Encounter.professional_id == bindparam("professional"),
        Encounter.until > bindparam("now"),
    ),
)
_NOT_WANTED = exists().where(
    _OWN.record_id == Consent.record_id,
    _OWN.grantee_id == bindparam("professional"),
    or_(
        _OWN.state.in_([_S.REFUSED.value, _S.REVOKED.value, _S.BLOCKED.value]),
        and_(_OWN.state == _S.ASKED.value, _OWN.decided_at.is_not(None)),  # asked again after a no
    ),
)
_LASTS = and_(Consent.state == _S.VALID.value, Consent.valid_until > bindparam("now"))
_MINE = (
    select(Consent.record_id, Consent.state, Consent.asked_at, Consent.valid_until)
    .where(
        or_(
            and_(Consent.grantee_id == bindparam("professional"), or_(Consent.state == _S.ASKED.value, _LASTS)),
            # A team may be large: of its patients each sees those they met or whose record they read.
            and_(Consent.grantee_id == bindparam("place"), _LASTS, _MET, ~_NOT_WANTED),
        )
    )
    .order_by(Consent.id.desc())
    .limit(bindparam("limit"))
)


def my_patients(professional: Actor, limit: int = 100) -> list[Awaiting]:
    """The records that gave this professional access, or the team where they practise today, or wait to answer them.

    One line a record: an access goes before a request. What is over takes no line of the `limit` newest.
    """
    now = clock.now()
    values = {
        "professional": professional.id,
        "place": professional.structure_id or NOWHERE,
        "now": now,
        "limit": limit,
    }
    found: dict[UUID, Awaiting] = {}
    with db.read() as tx:
        for row in tx.execute(_MINE, values):
            state = in_effect(ConsentState(row.state), row.valid_until, now)
            if row.record_id in found and state is not _S.VALID:
                continue
            found[row.record_id] = Awaiting(row.record_id, state, row.asked_at, row.valid_until)
    return list(found.values())
