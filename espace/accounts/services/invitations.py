"""An operator's first sign-in: the one-time code of the invitation, a password, an app, recovery codes (R3, R5, R6).

What is given so far is kept under the account's own key until the end, which spends the code: before it, the account
opens nothing. An unknown address costs and shows the same as a known one.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from espace import clock, crypto, db
from espace.accounts.models import Account, Invitation
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.permissions import Actor, ActorKind, Role, Visitor
from espace.words import N_

from . import account_rows, factors, passwords, throttle
from .operator_rows import Operator, one
from .sign_in import email_index

LIFE = timedelta(days=3)
CODE_LENGTH = 12
_TABLE = "invitations"
_WRONG = N_("This address and this code do not go together, or the invitation is over. Check both.")
_BY_TOKEN = select(Invitation.account_id, Invitation.expires_at, Invitation.payload).where(
    Invitation.token_hash == bindparam("token_hash")
)
_BY_EMAIL = (
    select(Invitation.account_id, Invitation.code_hash, Invitation.expires_at)
    .join(Account, Account.id == Invitation.account_id)
    .where(Account.email_index == bindparam("email_index"))
)


@dataclass(frozen=True, slots=True)
class Enrolling:
    """A first sign-in under way. `codes` are there once the app was shown to count like us."""

    operator: Operator
    has_password: bool
    totp_secret: str = field(default="", repr=False)
    codes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def role(self) -> Role:
        """What the operator will be there for."""
        return self.operator.role


def make(tx: Connection, account_id: UUID) -> str:
    """Make the account's invitation anew; gives its code, of which a keyed digest is kept."""
    code, now = crypto.new_code(CODE_LENGTH), clock.now()
    tx.execute(delete(Invitation).where(Invitation.account_id == account_id))
    tx.execute(
        insert(Invitation).values(
            account_id=account_id,
            code_hash=_digest(account_id, code),
            token_hash=None,
            made_at=now,
            expires_at=now + LIFE,
            payload=crypto.seal(tx, account_id, _TABLE, account_id, {}),
        )
    )
    return code


def grouped(code: str) -> str:
    """A code as it is read: in fours."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def begin(email: str, typed: str, visitor: Visitor) -> str:
    """Recognise an invited operator; gives the token of this browser, in whose place an earlier one stops working.

    Raises:
        InvalidError: with one sentence, whatever was wrong.
        ThrottledError: when the next try is not due yet.
    """
    index = email_index(email)
    names = throttle.names_for("invitation", index.hex(), visitor.address)
    throttle.admit(names)
    code = re.sub(r"[\s\-.\u00a0\u202f]", "", typed).upper()
    with db.read() as tx:
        row = tx.execute(_BY_EMAIL, {"email_index": index}).first()
    account_id = row.account_id if row else UUID(int=0)
    fits = crypto.same(row.code_hash if row else bytes(32), _digest(account_id, code))
    if row is None or not fits or not _is_live(row.expires_at):
        raise InvalidError({"": _WRONG})
    token = crypto.new_token()
    with db.write() as tx:
        throttle.clear(names)
        _set(tx, account_id, token_hash=crypto.token_hash(token))
    return token


def current(token: str) -> Enrolling | None:
    """The first sign-in this browser holds; None when it is over."""
    with db.read() as tx:
        row = tx.execute(_BY_TOKEN, {"token_hash": crypto.token_hash(token)}).first()
        if row is None or not _is_live(row.expires_at):
            return None
        held = _opened(tx, row)
        return Enrolling(
            operator=one(tx, row.account_id),
            has_password=bool(held.get("password_hash")),
            totp_secret=held.get("totp_secret", ""),
            codes=tuple(held.get("codes", ())),
        )


def choose_password(token: str, password: str) -> None:
    """Take the password, as a hash, and make the secret of the authenticator app.

    Raises:
        BusyError: when too many passwords are being hashed.
        InvalidError: with the sentence of `passwords.check`.
        NotFoundError: when the invitation is over.
    """
    found = current(token)
    if found is None:
        raise NotFoundError
    passwords.check(password, None, found.operator.email, found.operator.name)
    stored = crypto.hasher().hash(password)
    with db.write() as tx:
        account_id, held = _locked(tx, token)
        secret = held.get("totp_secret") or factors.new_secret()
        _keep(tx, account_id, held | {"password_hash": stored, "totp_secret": secret})


def check_app_code(token: str, code: str, visitor: Visitor) -> None:
    """Check that the authenticator app counts like us; the ten recovery codes are made then.

    Raises:
        InvalidError: when the code is not the app's of this minute.
        NotFoundError: when the invitation is over, or no password was chosen.
        ThrottledError: when the next try is not due yet.
    """
    found = current(token)
    if found is None or not found.totp_secret:
        raise NotFoundError
    names = throttle.names_for("invitation-app", str(found.operator.id), visitor.address)
    throttle.admit(names)
    with db.write() as tx:
        account_id, held = _locked(tx, token)
        step = factors.fitting_step(held["totp_secret"], code, held.get("totp_step", 0))
        if step is None:
            raise InvalidError(
                {"code": N_("This is not the code of this moment. Wait for the next one, then type it.")}
            )
        throttle.clear(names)
        codes = held.get("codes") or factors.new_recovery_codes()
        _keep(tx, account_id, held | {"totp_step": step, "codes": codes})


def finish(token: str) -> None:
    """Open the account and spend the invitation, once; the operator then signs in like anybody.

    Raises:
        NotFoundError: when the invitation is over, or something is missing; of two at once, the second gets it.
    """
    with db.write() as tx:
        account_id, held = _locked(tx, token)
        if not held.get("codes"):
            raise NotFoundError
        spent = tx.execute(delete(Invitation).where(Invitation.account_id == account_id))
        if spent.rowcount != 1:
            raise NotFoundError
        found = one(tx, account_id)
        facts = {name: held[name] for name in ("password_hash", "totp_secret")}
        account_rows.change(tx, account_rows.locked(tx, account_id), **facts)
        tx.execute(
            update(Account).where(Account.id == account_id).values(disabled_at=None, last_totp_step=held["totp_step"])
        )
        factors.keep_recovery_codes(tx, account_id, list(held["codes"]))
        actor = Actor(ActorKind.OPERATOR, account_id, found.name, role=found.role)
        detail = {"operator": found.name, "role": found.role.value}
        audit.record_office(actor, Action.OPERATOR_JOINED, account_id=account_id, detail=detail)


def _is_live(expires_at: Any) -> bool:
    # A clock set back must not lengthen it either (L7).
    return bool(expires_at - LIFE - timedelta(minutes=5) <= clock.now() < expires_at)


def _locked(tx: Connection, token: str) -> tuple[UUID, dict[str, Any]]:
    row = tx.execute(_BY_TOKEN.with_for_update(), {"token_hash": crypto.token_hash(token)}).first()
    if row is None or not _is_live(row.expires_at):
        raise NotFoundError
    return row.account_id, _opened(tx, row)


def _opened(tx: Connection, row: Any) -> dict[str, Any]:
    return crypto.unseal(tx, row.account_id, _TABLE, row.account_id, row.payload)


def _keep(tx: Connection, account_id: UUID, held: dict[str, Any]) -> None:
    _set(tx, account_id, payload=crypto.seal(tx, account_id, _TABLE, account_id, held))


def _set(tx: Connection, account_id: UUID, **values: Any) -> None:
    tx.execute(update(Invitation).where(Invitation.account_id == account_id).values(**values))


def _digest(account_id: UUID, code: str) -> bytes:
    return crypto.blind("invitation", f"{account_id}:{code}")
