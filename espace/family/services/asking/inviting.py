"""A parent invites the other one by a code sent to their e-mail address (rules.md MI-2).

The code opens nothing by itself: whoever answers is signed in to their own space, and either the insurer named them as
a parent of this child, or their proof goes to the desk. That the address is known here or not changes nothing (R5).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from espace import clock, crypto, db, settings
from espace.accounts.services import throttle
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.errors import InvalidError, NotFoundError
from espace.family.models import ParentInvitation
from espace.family.services.arriving import awaited
from espace.family.services.bonds import bond
from espace.family.services.links import is_held_back
from espace.identifiers import new_id
from espace.notifications.services import send_mail
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Permission, Relation, Standing, demand_fresh_proof
from espace.records import services as records
from espace.words import N_

from . import linking, proofs, requests
from .request_rows import Kind, Traits
from .requests import Ask

TABLE = "family_invitations"
CODE_LENGTH = 12
MAX_OPEN = 3
SENT, USED, CANCELLED = "sent", "used", "cancelled"
BINDS = ("parent", "authority", "child-guardian")
_WRONG = N_("This code is not right, or is over. Copy it from your e-mail, or ask for another invitation.")
_ADDRESS = re.compile(r"[^\s@,<>]+@[^\s@,<>.]+(\.[^\s@,<>.]+)+")

_COLUMNS = (
    ParentInvitation.record_id,
    ParentInvitation.id,
    ParentInvitation.person_id,
    ParentInvitation.made_at,
    ParentInvitation.until,
    ParentInvitation.payload,
)
_OPEN = (
    select(*_COLUMNS)
    .where(
        ParentInvitation.record_id == bindparam("record", type_=Id),
        ParentInvitation.state == SENT,
        ParentInvitation.until > bindparam("now"),
    )
    .order_by(ParentInvitation.id)
)
_BY_CODE = select(*_COLUMNS).where(
    ParentInvitation.code_index == bindparam("code_index"),
    ParentInvitation.state == SENT,
    ParentInvitation.until > bindparam("now"),
)


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that awaits its answer. `email` is known to who sent it only: the others read that there is one."""

    id: UUID
    by: str
    is_mine: bool
    email: str
    made_at: datetime
    until: datetime


def invite(standing: Standing, email: str) -> None:
    """Send an invitation, once the unit of work is committed.

    Raises:
        InvalidError: for what is no address, or when too many invitations wait.
        NotFoundError: for who is no representative of a minor with every right.
        StepUpError: without a fresh proof of identity: this widens (R9).
        ThrottledError: when invitations follow one another too fast.
    """
    may_invite(standing)
    demand_fresh_proof(standing.actor)
    email = email.strip()
    if not _ADDRESS.fullmatch(email) or len(email) > 254:
        raise InvalidError({"email": N_("Write a whole e-mail address, for example claire@exemple.fr.")})
    if len(invitations(standing)) >= MAX_OPEN:
        raise InvalidError({"": N_("Other invitations wait for an answer already. Cancel one first.")})
    throttle.admit((f"account:parent-invitation:{standing.actor.id}",))
    code, now, row_id = crypto.new_code(CODE_LENGTH), clock.now(), new_id()
    until = now + timedelta(days=settings.current().parent_invitation_days)
    with db.write() as tx:
        tx.execute(
            insert(ParentInvitation).values(
                record_id=standing.record_id,
                id=row_id,
                person_id=standing.actor.person_id,
                code_index=_index(code),
                state=SENT,
                made_at=now,
                until=until,
                payload=crypto.seal(tx, standing.record_id, TABLE, row_id, {"by": standing.actor.name, "email": email}),
            )
        )
        audit.record(standing.actor, standing.record_id, Action.PARENT_INVITED, relation=standing.relation)
        send_mail(email, standing.actor.locale, "parent-invitation", code=grouped(code))


def invitations(standing: Standing) -> list[Invited]:
    """The invitations that await an answer. Raises NotFoundError as `invite`."""
    may_invite(standing)
    with db.read() as tx:
        rows = tx.execute(_OPEN, {"record": standing.record_id, "now": clock.now()}).all()
        return [_invited(tx, row, standing.actor.person_id) for row in rows]


def cancel(standing: Standing, invitation_id: UUID) -> None:
    """Cancel an invitation: its code opens nothing any more.

    Raises:
        NotFoundError: when the record has no such invitation open, or see `invite`.
    """
    may_invite(standing)
    with db.write() as tx:
        changed = tx.execute(
            update(ParentInvitation)
            .where(
                ParentInvitation.record_id == standing.record_id,
                ParentInvitation.id == invitation_id,
                ParentInvitation.state == SENT,
            )
            .values(state=CANCELLED)
        )
        if changed.rowcount != 1:
            raise NotFoundError
        audit.record(standing.actor, standing.record_id, Action.PARENT_INVITATION_CANCELLED, relation=standing.relation)


def cancel_of(tx: Connection, record_id: UUID, person_id: UUID) -> None:
    """Cancel what somebody sent for a record, without a row: a decision stops them (security.md R15)."""
    tx.execute(
        update(ParentInvitation)
        .where(
            ParentInvitation.record_id == record_id,
            ParentInvitation.person_id == person_id,
            ParentInvitation.state == SENT,
        )
        .values(state=CANCELLED)
    )


def answer(actor: Actor, typed: str, binds: str, content: bytes) -> UUID | None:
    """Answer an invitation, once: gives the request that awaits the desk; None when the link is made at once.

    Raises:
        InvalidError: for a wrong or late code, in one sentence; beside the proof where one is needed.
        NotFoundError: for who is no person with an account.
        StepUpError: without a fresh proof of identity (R9).
        ThrottledError: when tries follow one another too fast.
    """
    if actor.kind is not ActorKind.PATIENT or actor.person_id is None or is_held_back(actor.person_id):
        raise NotFoundError
    demand_fresh_proof(actor)
    if binds not in BINDS:
        raise InvalidError({"binds": N_("Choose what binds you to this person.")})
    names = (f"account:parent-code:{actor.id}",)
    throttle.admit(names)
    row = _row_of(typed)
    if row is None or not _stands(row):
        raise InvalidError({"code": _WRONG})
    throttle.clear(names)
    if _is_named(row.record_id, actor.person_id):
        with db.write() as tx:
            _use(tx, row)
            if not linking.link(row.record_id, actor.person_id, binds, None):
                raise InvalidError({"code": _WRONG})  # decided otherwise in this very moment: the code is not spent
        return None
    proof = proofs.judge(content)
    with db.write() as tx:
        _use(tx, row)
        return requests.make(
            actor, Kind.PARENT, _wish(row.record_id, binds), proof, about_id=row.record_id, said=_said(tx, row)
        )


def may_invite(standing: Standing) -> None:
    """See that this standing may invite a parent. Raises NotFoundError."""
    if standing.relation is not Relation.REPRESENTATIVE or not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError
    holder = people.person(records.record(standing.record_id).person_id)
    if holder.age_on(clock.today()) >= settings.current().majority_age:
        raise NotFoundError


def grouped(code: str) -> str:
    """A code as it is read: in fours."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def _row_of(typed: str) -> Any:
    code = re.sub(r"[\s\-.\u00a0\u202f]", "", typed).upper()
    with db.read() as tx:
        return tx.execute(_BY_CODE, {"code_index": _index(code), "now": clock.now()}).first()


def _stands(row: Any) -> bool:
    """Whether who invited still may."""
    found = bond(row.person_id, row.record_id)
    return found is not None and found.acts


def _use(tx: Connection, row: Any) -> None:
    """Spend the code: of two answers at once, one gets it."""
    changed = tx.execute(
        update(ParentInvitation)
        .where(
            ParentInvitation.record_id == row.record_id, ParentInvitation.id == row.id, ParentInvitation.state == SENT
        )
        .values(state=USED)
    )
    if changed.rowcount != 1:
        raise InvalidError({"code": _WRONG})


def _is_named(record_id: UUID, person_id: UUID) -> bool:
    """Whether the insurer named this person as a parent of this child, and nothing speaks against the link."""
    person = people.person(person_id)
    is_awaited = awaited.is_awaited(record_id, person.ins)
    return is_awaited and linking.why_not(record_id, person_id, "parent") is None


def _wish(record_id: UUID, binds: str) -> Ask:
    child = people.person(records.record(record_id).person_id)
    traits = Traits(child.ins, child.birth_name, child.first_names[0], child.birth_date)
    return Ask(traits, binds)


def _said(tx: Connection, row: Any) -> dict[str, str]:
    return {"invited_by": crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)["by"]}


def _invited(tx: Connection, row: Any, person_id: UUID | None) -> Invited:
    held = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
    is_mine = row.person_id == person_id
    return Invited(row.id, held["by"], is_mine, held["email"] if is_mine else "", row.made_at, row.until)


def _index(code: str) -> bytes:
    return crypto.blind("parent-invitation", code)
