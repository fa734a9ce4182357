"""Signing in: a password, then a second factor; an unknown address costs and shows the same (security.md R3-R8).

A passkey is both at once (`key_entry`); what opens the session after either stands in `entering`.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from espace import crypto, db, outbox
from espace.accounts.models import Account
from espace.audit import services as audit
from espace.crypto.passwords import MAX_LENGTH
from espace.errors import InvalidError, ThrottledError
from espace.permissions import SYSTEM, Actor, Visitor
from espace.words import N_

from . import account_rows, entering, factors, one_time, sessions, throttle
from .account_rows import Held
from .entering import REFUSED_TOPIC, SignedIn, attempts

__all__ = ["REFUSED_TOPIC", "SignedIn", "email_index"]

CODE = "second-factor"
"""The purpose of codes sent as second factor; their subject is the sign-in or session that asked."""

_WRONG = N_("This e-mail address and this password do not go together. Check both, then try again.")
_WRONG_CODE = N_("This code is not right. Wait for the next one in your app, then type it.")
_WRONG_SENT = N_("This code is not the one we sent. Check the last message you received.")
_WRONG_OTHER = N_("This code is not right, or it was used already. Check it, then try again.")

_BY_EMAIL = select(
    Account.id, Account.person_id, Account.role, Account.locale, Account.payload, Account.disabled_at
).where(Account.email_index == bindparam("email_index"))
_NOBODY = UUID(int=0)


def email_index(email: str) -> bytes:
    """Under what an address is found: capitals make no difference."""
    return crypto.blind("email", email.strip().casefold())


def check_password(email: str, password: str, visitor: Visitor) -> str:
    """Check the first factor; gives the token of a session that only waits for the second.

    Who has no better way than a message gets it at once.

    Raises:
        InvalidError: with one sentence for both fields, whichever was wrong.
        ThrottledError: when the next try is not due yet.
        BusyError: when too many passwords are being checked.
    """
    if len(password) > MAX_LENGTH:  # before any hashing (R1); it says nothing about the address
        raise InvalidError({"password": N_("This password is too long: check what you typed.")})
    index = email_index(email)
    with db.read() as tx:
        row = tx.execute(_BY_EMAIL, {"email_index": index}).first()
        payload = _opened(tx, row)
    names = attempts("password", index.hex(), row.id if row else None, visitor)
    throttle.admit(names)
    stored: str | None = payload.get("password_hash")
    fits = crypto.hasher().verify(password, stored)
    if not fits or row is None or stored is None or row.disabled_at is not None:
        # Written alike for an unknown address, so that neither time nor size tells; the worker adds it to the trail.
        outbox.post(REFUSED_TOPIC, {"account_id": str(row.id) if row else ""})
        raise InvalidError({"": _WRONG})
    fresh = crypto.hasher().hash(password) if crypto.hasher().is_outdated(stored) else stored
    account = Held(row.id, row.person_id, row.role, row.locale, payload)
    with db.write() as tx:
        throttle.clear(names)
        if fresh != stored:
            sealed = crypto.seal(tx, row.id, "accounts", row.id, {**payload, "password_hash": fresh})
            # Only over what was read: a password changed meanwhile stays changed.
            tx.execute(
                update(Account).where(Account.id == row.id, Account.payload == row.payload).values(payload=sealed)
            )
        token = entering.wait_for_second(account, visitor)
    _send_at_once(account, token, visitor)
    return token


def await_second(account: Held, visitor: Visitor) -> str:
    """Open what waits for the second factor, after a first proof; gives its token. Who has but messages gets one."""
    token = entering.wait_for_second(account, visitor)
    _send_at_once(account, token, visitor)
    return token


def check_second_factor(waiting: sessions.Pending, typed: str, visitor: Visitor) -> SignedIn:
    """Check a code of the app, one that was sent, or a recovery code; the session opens under a new token (R7).

    Raises:
        InvalidError: when the code is not right, or was used before.
        ThrottledError: when the next try is not due yet.
    """
    account = account_rows.held(waiting.account_id)
    names = attempts(CODE, str(account.id), account.id, visitor)
    throttle.admit(names)
    with db.write() as tx:
        if _spend(tx, account, waiting.session_id, typed):
            return entering.enter(account, visitor, names, waiting)
    outbox.post(REFUSED_TOPIC, {"account_id": str(account.id)})
    raise InvalidError({"code": _wrong(account, waiting.session_id)})


def prove_again(actor: Actor, typed: str, visitor: Visitor) -> str:
    """Show the second factor again within a session (step-up, R9); gives the session's new token.

    Raises:
        InvalidError: when the code is not right, or was used before.
        ThrottledError: when the next try is not due yet.
    """
    account = account_rows.held(actor.id)
    names = attempts(CODE, str(actor.id), actor.id, visitor)
    throttle.admit(names)
    with db.write() as tx:
        if _spend(tx, account, _session(actor), typed):
            throttle.clear(names)
            return sessions.rotate(actor)
    raise InvalidError({"code": _wrong(account, _session(actor))})


def send_code(waiting: sessions.Pending, channel: one_time.Channel, visitor: Visitor) -> None:
    """Send the second factor of a sign-in by SMS or e-mail; an earlier code stops working.

    Raises:
        InvalidError: when the account has no such way, or it was taken away meanwhile.
        ThrottledError: when codes are asked for too fast.
    """
    _send(account_rows.held(waiting.account_id), waiting.session_id, channel, visitor)


def send_proof_code(actor: Actor, channel: one_time.Channel, visitor: Visitor) -> None:
    """Send the second factor of a step-up by SMS or e-mail; see `send_code`."""
    _send(account_rows.held(actor.id), _session(actor), channel, visitor)


def code_sent(session_id: UUID) -> str:
    """By which channel a code was sent for this sign-in or session, and still works; "" for none."""
    held = one_time.waiting(CODE, session_id)
    return str(held["channel"]) if held else ""


def sign_out(actor: Actor) -> None:
    """End the session in use, and note it in the account's trail."""
    with db.write():
        sessions.close_session(actor)
        audit.record(actor, actor.id, audit.Action.SIGNED_OUT)


def note_refused_sign_in(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Add a refused sign-in to the account's trail; the handler of the outbox topic `accounts.sign-in-refused`."""
    if payload["account_id"]:
        audit.record(SYSTEM, UUID(payload["account_id"]), audit.Action.SIGN_IN_REFUSED)


def _opened(tx: Connection, row: Any) -> dict[str, Any]:
    """What the account holds; the database is asked for one key, whether the address is known, or its key in memory."""
    if row is None or crypto.current().is_open(row.id):
        crypto.current().has_key(tx, _NOBODY)
    return crypto.unseal(tx, row.id, "accounts", row.id, row.payload) if row else {}


def _spend(tx: Connection, account: Held, session_id: UUID, typed: str) -> bool:
    secret = account.facts.get("totp_secret", "")
    return factors.spend(tx, account.id, secret, typed, sent=(CODE, session_id)) is not None


def _wrong(account: Held, session_id: UUID) -> str:
    if code_sent(session_id):
        return _WRONG_SENT
    return _WRONG_CODE if account.facts.get("totp_secret") else _WRONG_OTHER


def _send_at_once(account: Held, token: str, visitor: Visitor) -> None:
    """Spare a press to who has nothing but messages: neither app nor passkey."""
    facts = account.facts
    if facts.get("totp_secret") or not (facts.get("sms") or facts.get("email_code")):
        return
    best = next(iter(factors.ways(account.id).all), None)
    waiting = sessions.pending(token)
    if waiting is None or best is None or best == "passkey" or best == "app":  # noqa: PLR1714 - narrows the type
        return
    try:
        _send(account, waiting.session_id, best, visitor)
    except (ThrottledError, InvalidError):
        return  # too many already: the page offers to send one, and says why it cannot


def _send(account: Held, session_id: UUID, channel: one_time.Channel, visitor: Visitor) -> None:
    if channel not in factors.ways(account.id).all:
        raise InvalidError({"": N_("No code can be sent this way any more. Choose another way.")})
    # Counted for the account, whatever sign-in asks: nobody's telephone rings all day.
    throttle.admit(attempts("code-sending", str(account.id), account.id, visitor))
    one_time.send(
        CODE,
        session_id,
        account.id,
        channel=channel,
        address=account.phone if channel == "sms" else account.email,
        locale=account.locale,
        held={"channel": channel},
    )


def _session(actor: Actor) -> UUID:
    return actor.session_id or _NOBODY
