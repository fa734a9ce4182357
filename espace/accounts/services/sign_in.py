"""Signing in: a password, then a second factor; an unknown address costs and shows the same (security.md R3-R8)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from espace import crypto, db, outbox
from espace.accounts.models import Account
from espace.audit import services as audit
from espace.crypto.passwords import MAX_LENGTH
from espace.errors import InvalidError
from espace.notifications.services import Event, Reach, notify
from espace.people import services as people
from espace.permissions import SYSTEM, Actor, ActorKind, Visitor
from espace.words import N_

from . import devices, factors, sessions, throttle

REFUSED_TOPIC = "accounts.sign-in-refused"
_WRONG = N_("This e-mail address and this password do not go together. Check both, then try again.")
_WRONG_CODE = N_("This code is not right. Wait for the next one in your app, then type it.")

_BY_EMAIL = select(Account.id, Account.person_id, Account.payload).where(
    Account.email_index == bindparam("email_index")
)
_BY_ID = select(Account.id, Account.person_id, Account.locale, Account.payload).where(
    Account.id == bindparam("account_id")
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a browser gets after both factors: the session's token and the device's."""

    token: str
    device: str


def email_index(email: str) -> bytes:
    """Under what an address is found: capitals make no difference."""
    return crypto.blind("email", email.strip().casefold())


def check_password(email: str, password: str, visitor: Visitor) -> str:
    """Check the first factor; gives the token of a session that only waits for the second.

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
        payload = crypto.unseal(tx, row.id, "accounts", row.id, row.payload) if row else {}
    names = _names("password", index.hex(), row.id if row else None, visitor)
    throttle.admit(names)
    stored: str | None = payload.get("password_hash")
    if not crypto.hasher().verify(password, stored) or row is None or stored is None:
        # Written alike for an unknown address, so that neither time nor size tells; the worker adds it to the trail.
        outbox.post(REFUSED_TOPIC, {"account_id": str(row.id) if row else ""})
        raise InvalidError({"": _WRONG})
    fresh = crypto.hasher().hash(password) if crypto.hasher().is_outdated(stored) else stored
    name = people.person(row.person_id).display_name
    with db.write() as tx:
        throttle.clear(names)
        if fresh != stored:
            sealed = crypto.seal(tx, row.id, "accounts", row.id, {**payload, "password_hash": fresh})
            # Only over what was read: a password changed meanwhile stays changed.
            tx.execute(
                update(Account).where(Account.id == row.id, Account.payload == row.payload).values(payload=sealed)
            )
        facts = {"name": name, "browser": visitor.browser, "system": visitor.system}
        return sessions.open_session(ActorKind.PATIENT, row.id, payload=facts, stage="password")


def check_second_factor(waiting: sessions.Pending, typed: str, visitor: Visitor) -> SignedIn:
    """Check the second factor; the waiting session ends and a full one, with a new token, takes its place (R7).

    Raises:
        InvalidError: when the code is not right, or was used before.
        ThrottledError: when the next try is not due yet.
    """
    account_id = waiting.account_id
    account = _account(account_id)
    names = _names("second-factor", str(account_id), account_id, visitor)
    throttle.admit(names)
    with db.write() as tx:
        factor = factors.spend(tx, account_id, account["totp_secret"], typed)
        if factor is not None:
            return _enter(waiting, account, visitor, names)
    outbox.post(REFUSED_TOPIC, {"account_id": str(account_id)})
    raise InvalidError({"code": _WRONG_CODE})


def prove_again(actor: Actor, typed: str, visitor: Visitor) -> str:
    """Show the second factor again within a session (step-up, R9); gives the session's new token.

    Raises:
        InvalidError: when the code is not right, or was used before.
        ThrottledError: when the next try is not due yet.
    """
    account = _account(actor.id)
    names = _names("second-factor", str(actor.id), actor.id, visitor)
    throttle.admit(names)
    with db.write() as tx:
        if factors.spend(tx, actor.id, account["totp_secret"], typed) is not None:
            throttle.clear(names)
            return sessions.rotate(actor)
    raise InvalidError({"code": _WRONG_CODE})


def sign_out(actor: Actor) -> None:
    """End the session in use, and note it in the account's trail."""
    with db.write():
        sessions.close_session(actor)
        audit.record(actor, actor.id, audit.Action.SIGNED_OUT)


def note_refused_sign_in(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Add a refused sign-in to the account's trail; the handler of the outbox topic `accounts.sign-in-refused`."""
    if payload["account_id"]:
        audit.record(SYSTEM, UUID(payload["account_id"]), audit.Action.SIGN_IN_REFUSED)


def _enter(waiting: sessions.Pending, account: dict[str, Any], visitor: Visitor, names: tuple[str, ...]) -> SignedIn:
    """Open the full session, inside the unit of work that spent the code."""
    account_id = waiting.account_id
    is_known = bool(visitor.device) and devices.known(account_id, visitor.device)
    name = people.person(account["person_id"]).display_name
    facts = {"name": name, "browser": visitor.browser, "system": visitor.system}
    with db.write() as tx:
        throttle.clear(names)
        sessions.close_pending(waiting.session_id)
        device, device_id = devices.remember(tx, account_id, visitor.device, facts)
        token = sessions.open_session(ActorKind.PATIENT, account_id, payload=facts, device_id=device_id)
        if not is_known:
            reach = Reach(account_id, account["email"], account.get("phone", ""), account["locale"])
            notify(reach, Event.NEW_DEVICE)
        actor = Actor(ActorKind.PATIENT, account_id, name, person_id=account["person_id"])
        detail = {"browser": visitor.browser, "system": visitor.system, "device": "known" if is_known else "new"}
        audit.record(actor, account_id, audit.Action.SIGNED_IN, detail=detail)
    return SignedIn(token, device)


def _account(account_id: UUID) -> dict[str, Any]:
    with db.read() as tx:
        row = tx.execute(_BY_ID, {"account_id": account_id}).one()
        payload = crypto.unseal(tx, account_id, "accounts", account_id, row.payload)
    return {**payload, "person_id": row.person_id, "locale": row.locale}


def _names(act: str, account: str, account_id: UUID | None, visitor: Visitor) -> tuple[str, ...]:
    """Whose tries these are: the known device's own, else those of the account and the network."""
    device = crypto.token_hash(visitor.device).hex() if visitor.device else ""
    # An unknown address asks the same question, about nobody.
    is_known = bool(device) and devices.known(account_id or UUID(int=0), visitor.device)
    return throttle.names_for(act, account, visitor.address, device if is_known else "")
