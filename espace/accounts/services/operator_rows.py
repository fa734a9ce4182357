"""Operators as their rows hold them: who they are, what they are for, where their account stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from espace import crypto, db
from espace.accounts.models import Account, Invitation
from espace.errors import NotFoundError
from espace.permissions import Actor, Role

TABLE = "accounts"
_COLUMNS = (
    Account.id,
    Account.role,
    Account.locale,
    Account.created_at,
    Account.disabled_at,
    Account.payload,
    Invitation.expires_at,
)
_ALL = (
    select(*_COLUMNS)
    .outerjoin(Invitation, Invitation.account_id == Account.id)
    .where(Account.role != "")
    .order_by(Account.id)
)


class OperatorState(StrEnum):
    """Where an operator's account stands."""

    PROPOSED = "proposed"
    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as administrators see them; `since` is when the account was made, or disabled.

    `proposed` is the role that awaits a second administrator, if any; `proposed_by` who proposed it.
    """

    id: UUID
    name: str
    email: str
    role: Role
    locale: str
    state: OperatorState
    since: datetime
    invited_until: datetime | None = None
    proposed: Role | None = None
    proposed_by: UUID | None = None

    def awaits(self, actor: Actor) -> bool:
        """Whether `actor` may be the second person who confirms what was proposed."""
        return self.proposed is not None and actor.id not in (self.proposed_by, self.id)


def operators() -> list[Operator]:
    """Every operator, in the order in which they were made."""
    with db.read() as tx:
        return [_opened(tx, row) for row in tx.execute(_ALL).all()]


def operator(operator_id: UUID) -> Operator:
    """One operator.

    Raises:
        NotFoundError: when there is none of this id; a person's account is none.
    """
    with db.read() as tx:
        return one(tx, operator_id)


def at_work(*roles: Role) -> list[Operator]:
    """The operators in these roles who can sign in: whom an alert is for."""
    with db.read() as tx:
        rows = tx.execute(_ALL.where(Account.role.in_(roles), Account.disabled_at.is_(None))).all()
        return [_opened(tx, row) for row in rows]


def one(tx: Connection, operator_id: UUID) -> Operator:
    """One operator, read in the open unit of work. Raises NotFoundError like `operator`."""
    row = tx.execute(_ALL.where(Account.id == operator_id)).first()
    if row is None:
        raise NotFoundError
    return _opened(tx, row)


def locked(tx: Connection, operator_id: UUID) -> Operator:
    """The same, held against a second change until the unit of work ends."""
    tx.execute(select(Account.id).where(Account.id == operator_id).with_for_update())
    return one(tx, operator_id)


def _opened(tx: Connection, row: Any) -> Operator:
    facts = crypto.unseal(tx, row.id, TABLE, row.id, row.payload)
    proposal = facts.get("proposal") or {}
    return Operator(
        id=row.id,
        name=facts["name"],
        email=facts["email"],
        role=Role(row.role),
        locale=row.locale,
        state=_state(row, facts, proposal),
        since=row.disabled_at or row.created_at,
        invited_until=row.expires_at,
        proposed=Role(proposal["role"]) if proposal else None,
        proposed_by=UUID(proposal["by"]) if proposal else None,
    )


def _state(row: Any, facts: Mapping[str, Any], proposal: Mapping[str, str]) -> OperatorState:
    if row.disabled_at is None:
        return OperatorState.ACTIVE
    if facts.get("password_hash"):
        return OperatorState.DISABLED
    return OperatorState.PROPOSED if proposal else OperatorState.INVITED
