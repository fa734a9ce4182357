"""Passkeys at the door: alone instead of the password, after it, or within a session (security.md R3, R5-R9).

A passkey proves both factors: the device that holds it asked for a finger, a face or a code.
"""

from uuid import UUID

from espace import db, outbox
from espace.audit import services as audit
from espace.errors import InvalidError
from espace.notifications.services import Event, Reach, notify
from espace.permissions import SYSTEM, Actor, Visitor
from espace.words import N_

from . import account_rows, entering, passkeys, sessions, throttle
from .account_rows import Held
from .entering import REFUSED_TOPIC, SignedIn, attempts
from .passkeys import CopiedError, OverError, PasskeyError, Shown

_ACT = "passkey"
_WRONG = N_("This passkey opens nothing here. Choose another one, or another way.")
_OVER = N_("The confirmation came too late, or was used already. Press the button again.")
_COPIED = N_("This passkey may have been copied, so it is refused. Sign in another way, then remove it.")


def challenge(ceremony: UUID, visitor: Visitor) -> str:
    """What a browser needs to offer the passkeys it holds, nobody being known yet.

    Raises:
        ThrottledError: when one network asks for too many.
    """
    throttle.admit(_asking(visitor))
    return passkeys.authentication(ceremony)


def challenge_account(ceremony: UUID, account_id: UUID) -> str:
    """What a browser needs to show one of the account's passkeys: the second factor, or a proof within a session."""
    return passkeys.authentication(ceremony, account_id)


def enter_with_passkey(ceremony: UUID, answer: str, visitor: Visitor) -> SignedIn:
    """Sign in with a passkey alone; `ceremony` is what this browser's challenge was given out for.

    Raises:
        InvalidError: when it is not right; one sentence for an unknown and a wrong one.
        ThrottledError: when the next try is not due yet.
    """
    account, names = _shown_by(ceremony, answer, visitor, None)
    with db.write():
        return entering.enter(account, visitor, (*names, *_asking(visitor)))


def second_factor(waiting: sessions.Pending, answer: str, visitor: Visitor) -> SignedIn:
    """Show a passkey after the password.

    Raises:
        InvalidError: when it is not right, or another account's.
        ThrottledError: when the next try is not due yet.
    """
    account, names = _shown_by(waiting.session_id, answer, visitor, waiting.account_id)
    with db.write():
        return entering.enter(account, visitor, names, waiting)


def prove_again(actor: Actor, answer: str, visitor: Visitor) -> str:
    """Show a passkey within a session (step-up, R9); gives the session's new token.

    Raises:
        InvalidError: when it is not right, or another account's.
        ThrottledError: when the next try is not due yet.
    """
    _account, names = _shown_by(actor.session_id or UUID(int=0), answer, visitor, actor.id)
    with db.write():
        throttle.clear(names)
        return sessions.rotate(actor)


def _shown_by(ceremony: UUID, answer: str, visitor: Visitor, expected: UUID | None) -> tuple[Held, tuple[str, ...]]:
    """The account whose passkey answered, and the names its try is counted under."""
    try:
        shown = passkeys.read_answer(answer)
    except PasskeyError:
        raise InvalidError({"": _WRONG}) from None
    owner = passkeys.owner(shown)
    names = attempts(_ACT, shown.index.hex(), owner, visitor)
    throttle.admit(names)
    account_id = _recognised(ceremony, shown, owner)
    account = account_rows.held(account_id)
    if account.is_disabled or expected not in (None, account_id):
        raise _refused(owner)
    return account, names


def _recognised(ceremony: UUID, shown: Shown, owner: UUID | None) -> UUID:
    try:
        return passkeys.recognise(ceremony, shown)[0]
    except OverError:
        raise InvalidError({"": _OVER}) from None
    except CopiedError as copied:
        _tell_copied(copied)
        raise InvalidError({"": _COPIED}) from None
    except PasskeyError:
        raise _refused(owner) from None


def _refused(owner: UUID | None) -> InvalidError:
    """Note a refusal, alike for an unknown passkey: the worker adds it to the trail."""
    outbox.post(REFUSED_TOPIC, {"account_id": str(owner) if owner else ""})
    return InvalidError({"": _WRONG})


def _tell_copied(copied: CopiedError) -> None:
    """Whoever holds the copy or the original, the owner must know (WebAuthn 6.1.1)."""
    account = account_rows.held(copied.account_id)
    with db.write():
        audit.record(SYSTEM, account.id, audit.Action.PASSKEY_COPIED)
        notify(Reach(account.id, account.email, account.phone, account.locale), Event.PASSKEY_COPIED)


def _asking(visitor: Visitor) -> tuple[str, ...]:
    """Under what the challenges given to nobody in particular are counted: the network."""
    return throttle.names_for("passkey-challenge", "", visitor.address)[1:]
