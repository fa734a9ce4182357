"""A forgotten password: a code to the e-mail on file, then the second factor, then a new password (security.md R4, R5).

Known and unknown addresses leave the same rows, cookies and answers; who is known shows in their mailbox only. A code
by e-mail is no second factor here: the first proof came by e-mail already.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from espace import clock, crypto, db, outbox
from espace.accounts.models import Account, PasswordReset, Session
from espace.audit import services as audit
from espace.crypto.owners import SIGN_IN
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.notifications.services import send_mail
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Visitor
from espace.words import N_

from . import account_rows, entering, factors, one_time, passwords, security_change, throttle
from .account_rows import Held
from .entering import SignedIn, attempts
from .sign_in import CODE, REFUSED_TOPIC, email_index

Step = Literal["code", "proof", "password"]

ASKED_TOPIC = "accounts.reset-asked"
LIFE = timedelta(minutes=30)
CODE_LIFE = timedelta(minutes=10)
_SMS = "reset-factor"
_TABLE = "password_resets"
_NOBODY = UUID(int=0)

_OLD = N_("This code is more than 10 minutes old. Have a new one sent.")
_WRONG = N_("This code is not the one we sent. Check the last message you received.")
_WRONG_FACTOR = N_("This code is not right, or it was used already. Check it, then try again.")

_BY_TOKEN = select(PasswordReset.id, PasswordReset.expires_at, PasswordReset.payload).where(
    PasswordReset.token_hash == bindparam("token_hash")
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A forgotten password under way. `account_id` is nobody's for an unknown address."""

    id: UUID
    step: Step
    email: str
    account_id: UUID
    code_hash: str
    sent_at: datetime
    locks: str = ""
    """The account's locks (`_locks`) when the second factor was shown; "" before."""


def ask(email: str, locale: str, visitor: Visitor) -> str:
    """Begin: a code is on its way if the address is known; gives the token of this browser.

    Raises:
        ThrottledError: when codes are asked for too fast.
    """
    index = email_index(email)
    throttle.admit(throttle.names_for("reset-asking", index.hex(), visitor.address))
    token, code, row_id, now = crypto.new_token(), crypto.new_digits(6), new_id(), clock.now()
    with db.read() as tx:
        found = tx.execute(
            select(Account.id).where(Account.email_index == index, Account.role == "", Account.disabled_at.is_(None))
        ).scalar()
    facts = {
        "step": "code",
        "email": email,
        "account_id": str(found or _NOBODY),
        "code_hash": _digest(row_id, code),
        "sent_at": now.isoformat(),
    }
    with db.write() as tx:
        tx.execute(
            insert(PasswordReset).values(
                token_hash=crypto.token_hash(token),
                id=row_id,
                expires_at=now + LIFE,
                payload=crypto.seal(tx, SIGN_IN, _TABLE, row_id, facts),
            )
        )
        # Written alike for an unknown address; the worker sends it, or nothing.
        outbox.post(ASKED_TOPIC, {"account_id": facts["account_id"], "locale": locale, "code": code})
    return token


def send_reset_code(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Send the code to the address on file; the handler of `accounts.reset-asked`."""
    try:
        account = account_rows.held(UUID(payload["account_id"]))
    except NotFoundError:
        return
    send_mail(account.email, account.locale, "reset-code", code=payload["code"])


def current(token: str) -> Ticket | None:
    """What this browser has under way, or None."""
    with db.read() as tx:
        return _opened(tx, token, locked=False)


def check_code(token: str, typed: str, visitor: Visitor) -> None:
    """Check the code sent by e-mail: it works once, for ten minutes.

    Raises:
        InvalidError: for `code`.
        ThrottledError: when the next try is not due yet.
        NotFoundError: when nothing is under way any more.
    """
    ticket = _at(current(token), "code")
    names = throttle.names_for("reset-code", email_index(ticket.email).hex(), visitor.address)
    throttle.admit(names)
    if not timedelta(0) <= clock.now() - ticket.sent_at < CODE_LIFE:
        raise InvalidError({"code": _OLD})
    fits = crypto.same(ticket.code_hash.encode(), _digest(ticket.id, typed.strip()).encode())
    if not fits or ticket.account_id == _NOBODY:
        raise InvalidError({"code": _WRONG})
    with db.write() as tx:
        _at(_opened(tx, token, locked=True), "code")
        throttle.clear(names)
        _keep(tx, token, ticket, "proof")


def ways(token: str) -> factors.Ways:
    """By what the second factor may be shown.

    Raises:
        NotFoundError: when it is not asked for now.
    """
    return factors.ways(_at(current(token), "proof").account_id)


def send_sms(token: str, visitor: Visitor) -> None:
    """Send the second factor by SMS.

    Raises:
        InvalidError: when the account has no such way.
        ThrottledError: when codes are asked for too fast.
        NotFoundError: when it is not asked for now.
    """
    ticket = _at(current(token), "proof")
    account = account_rows.held(ticket.account_id)
    if "sms" not in factors.ways(account.id).all:
        raise InvalidError({"": N_("No code can be sent this way any more. Choose another way.")})
    throttle.admit(attempts("code-sending", str(account.id), account.id, visitor))
    one_time.send(_SMS, ticket.id, account.id, channel="sms", address=account.phone, locale=account.locale)


def check_factor(token: str, typed: str, visitor: Visitor) -> None:
    """Check the second factor: the app, the SMS, or a recovery code. Guesses count with those at the sign-in.

    Raises:
        InvalidError: for `code`.
        ThrottledError: when the next try is not due yet.
        NotFoundError: when it is not asked for now.
    """
    account = account_rows.held(_at(current(token), "proof").account_id)
    names = attempts(CODE, str(account.id), account.id, visitor)
    throttle.admit(names)
    with db.write() as tx:
        ticket = _at(_opened(tx, token, locked=True), "proof")
        secret = account.facts.get("totp_secret", "")
        if factors.spend(tx, account.id, secret, typed, sent=(_SMS, ticket.id)) is not None:
            throttle.clear(names)
            _keep(tx, token, ticket, "password", locks=_locks(account))
            return
    outbox.post(REFUSED_TOPIC, {"account_id": str(account.id)})
    raise InvalidError({"code": _WRONG_FACTOR})


def choose_password(token: str, password: str, visitor: Visitor) -> SignedIn:
    """Take the new password, end every session, tell the person, and enter: both factors were just shown.

    Raises:
        InvalidError: for `password`.
        BusyError: when too many passwords are being hashed.
        NotFoundError: when both proofs were not shown, the space is no more, or its locks changed since: what was
            proven were the old ones, which whoever changed them took away.
    """
    account = account_rows.held(_at(current(token), "password").account_id)
    _check(password, account)
    hashed = crypto.hasher().hash(password)
    with db.write() as tx:
        ticket = _at(_opened(tx, token, locked=True), "password")
        held = account_rows.locked(tx, account.id)
        if not crypto.same(ticket.locks.encode(), _locks(held).encode()):
            raise NotFoundError
        tx.execute(delete(PasswordReset).where(PasswordReset.id == ticket.id))
        changed = account_rows.change(tx, held, password_hash=hashed)
        tx.execute(delete(Session).where(Session.subject_id == account.id))
        security_change.tell(changed)
        name = people.person(account.person_id).display_name if account.person_id else ""
        actor = Actor(ActorKind.PATIENT, account.id, name, person_id=account.person_id)
        audit.record(actor, account.id, audit.Action.PASSWORD_RESET)
        return entering.enter(changed, visitor, ())


def sweep() -> int:
    """Forget what was not finished in time; gives how many."""
    with db.write() as tx:
        return tx.execute(delete(PasswordReset).where(PasswordReset.expires_at <= clock.now())).rowcount


def _check(password: str, account: Held) -> None:
    if account.person_id is None:
        raise NotFoundError
    passwords.check(password, people.person(account.person_id), account.email)


def _opened(tx: Connection, token: str, *, locked: bool) -> Ticket | None:
    statement = _BY_TOKEN.with_for_update() if locked else _BY_TOKEN
    row = tx.execute(statement, {"token_hash": crypto.token_hash(token)}).first()
    now = clock.now()
    # A clock set back must not lengthen it (L7).
    if row is None or not row.expires_at - LIFE <= now < row.expires_at:
        return None
    facts = crypto.unseal(tx, SIGN_IN, _TABLE, row.id, row.payload)
    sent_at = datetime.fromisoformat(facts["sent_at"])
    account_id = UUID(facts["account_id"])
    locks = facts.get("locks", "")
    return Ticket(row.id, facts["step"], facts["email"], account_id, facts["code_hash"], sent_at, locks)


def _at(ticket: Ticket | None, step: Step) -> Ticket:
    if ticket is None or ticket.step != step:
        raise NotFoundError
    return ticket


def _keep(tx: Connection, token: str, ticket: Ticket, step: Step, locks: str = "") -> None:
    facts = {
        "step": step,
        "email": ticket.email,
        "account_id": str(ticket.account_id),
        "code_hash": "",
        "sent_at": ticket.sent_at.isoformat(),
        "locks": locks,
    }
    sealed = crypto.seal(tx, SIGN_IN, _TABLE, ticket.id, facts)
    tx.execute(update(PasswordReset).where(PasswordReset.token_hash == crypto.token_hash(token)).values(payload=sealed))


def _locks(account: Held) -> str:
    """A keyed digest of what opens an account: it changes with each of its locks."""
    names = ("email", "phone", "password_hash", "totp_secret", "sms", "email_code")
    held = [account.facts.get(name) or "" for name in names]
    return crypto.blind("reset-locks", f"{account.id}:{held}").hex()


def _digest(row_id: UUID, code: str) -> str:
    return crypto.blind("reset-code", f"{row_id}:{code}").hex()
