"""What follows a proof: a session that waits for the second factor, or the full one; new devices are told (R7, R8)."""

from dataclasses import dataclass
from uuid import UUID

from espace import crypto, db
from espace.audit import services as audit
from espace.notifications.services import Event, Reach, notify
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Role, Visitor

from . import devices, sessions, throttle
from .account_rows import Held

REFUSED_TOPIC = "accounts.sign-in-refused"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a browser gets after both factors: the session's token and the device's. `kind` says whose session it is."""

    token: str
    device: str
    kind: ActorKind = ActorKind.PATIENT


def wait_for_second(account: Held, visitor: Visitor) -> str:
    """Open a session that only waits for the second factor, after a first proof; gives its token."""
    # Nobody is named before the second factor, not even to ourselves.
    return sessions.open_session(_kind(account), account.id, payload=_browser(visitor), stage="password")


def enter(account: Held, visitor: Visitor, names: tuple[str, ...], waiting: sessions.Pending | None = None) -> SignedIn:
    """Open the full session, inside the unit of work that spent the proof; a sign-in that waited for it ends.

    A device the account does not know is told to its owner. `names` are those the try was counted under.
    """
    is_known = bool(visitor.device) and devices.known(account.id, visitor.device)
    facts = _facts(account, visitor)
    kind = _kind(account)
    with db.write() as tx:
        throttle.clear(names)
        if waiting is not None:
            sessions.close_pending(waiting.session_id)
        device, device_id = devices.remember(tx, account.id, visitor.device, facts)
        token = sessions.open_session(kind, account.id, payload=facts, device_id=device_id)
        if not is_known:
            notify(Reach(account.id, account.email, account.phone, account.locale), Event.NEW_DEVICE)
        role = Role(account.role) if account.role else None
        actor = Actor(kind, account.id, facts["name"], person_id=account.person_id, role=role)
        detail = {"browser": visitor.browser, "system": visitor.system, "device": "known" if is_known else "new"}
        audit.record(actor, account.id, audit.Action.SIGNED_IN, detail=detail)
    return SignedIn(token, device, kind)


def attempts(act: str, account: str, account_id: UUID | None, visitor: Visitor) -> tuple[str, ...]:
    """Under whose names a try is counted: the known device's own, else those of the account and the network (R6)."""
    device = crypto.token_hash(visitor.device).hex() if visitor.device else ""
    # An unknown address asks the same question, about nobody.
    is_known = bool(device) and devices.known(account_id or UUID(int=0), visitor.device)
    return throttle.names_for(act, account, visitor.address, device if is_known else "")


def _facts(account: Held, visitor: Visitor) -> dict[str, str]:
    """What every page of the session will need to know (`sessions.open_session`)."""
    name = people.person(account.person_id).display_name if account.person_id else str(account.facts["name"])
    return _browser(visitor) | {"name": name} | ({"private": "1"} if account.facts.get("private") else {})


def _browser(visitor: Visitor) -> dict[str, str]:
    return {"browser": visitor.browser, "system": visitor.system}


def _kind(account: Held) -> ActorKind:
    return ActorKind.OPERATOR if account.role else ActorKind.PATIENT
