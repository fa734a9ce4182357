"""Sign-in of professionals: begun here, proved at the provider, finished here, in one practice situation."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from espace import crypto, db
from espace.access.services.watching import suspensions
from espace.accounts import services as accounts
from espace.accounts.services import held, outside
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import EspaceError, InvalidError
from espace.messaging.services.practice import mailboxes
from espace.people import services as people
from espace.people.services import Professional, Structure, actor_of
from espace.permissions import Actor, ActorKind
from espace.words import N_

from . import provider

_PURPOSE, _CHOICE = "professional-sign-in", "professional-choice"
LIFE = timedelta(minutes=10)
"""How long the choice of a practice may take."""
_NATIONAL_ID_LENGTH = 12
_log = structlog.get_logger()


class SignInRefusedError(EspaceError):
    """Nobody is signed in; `reason`: `expired`, `refused`, `unknown`, `inactive` or `stopped` (each has its page)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def begin() -> outside.Begun:
    """Begin a sign-in.

    Raises:
        ProviderDownError: when the provider does not answer.
    """
    return outside.leave(provider.party(), _PURPOSE, {})


def finish(*, state: str, code: str, browser: str) -> Professional:
    """Who comes back from the provider with `state` and `code`, in the browser that left. Each state serves once.

    Raises:
        SignInRefusedError: when the return is not one of ours, proves nobody, or nobody of the directory.
        ProviderDownError: when the provider does not answer.
    """
    try:
        back = outside.come_back(provider.party(), _PURPOSE, state=state, code=code, browser=browser)
    except outside.TripRefusedError as error:
        raise SignInRefusedError(error.reason) from None
    rpps = _rpps(back.claims)
    if not rpps:
        _log.warning("professional_sign_in_refused", reason="SubjectNameID")
        raise SignInRefusedError("refused")
    found = people.find_professional(rpps)
    if found is None:
        _log.warning("professional_sign_in_refused", reason="not in the directory")
        raise SignInRefusedError("unknown")
    if not found.active:
        with db.write_apart():
            audit.record(actor_of(found, None), found.id, Action.SIGN_IN_REFUSED, detail={"reason": "inactive"})
        raise SignInRefusedError("inactive")
    _refuse_stopped(found)
    return found


def _refuse_stopped(professional: Professional) -> None:
    """Who was stopped after an alert opens no session, by whatever door (security.md R48)."""
    if suspensions.stopped(professional.id) is not None:
        with db.write_apart():
            audit.record(
                actor_of(professional, None),
                professional.id,
                Action.SIGN_IN_REFUSED,
                detail={"reason": "stopped"},
            )
        raise SignInRefusedError("stopped")


def _rpps(claims: dict[str, Any]) -> str:
    """The RPPS inside `SubjectNameID`: 8, then eleven digits (rules.md PR-3, PR-4); "" when there is none."""
    number = claims.get("SubjectNameID")
    if not isinstance(number, str) or not number.isascii() or not number.isdigit():
        return ""
    return number[1:] if len(number) == _NATIONAL_ID_LENGTH and number.startswith("8") else ""


def keep_choice(professional: Professional) -> str:
    """Remember who proved themself while they choose where they practise today; gives the token that says so."""
    token = crypto.new_token()
    held.hold(_CHOICE, token, {"professional": str(professional.id)}, LIFE)
    return token


def waiting_choice(token: str) -> Professional:
    """Who is choosing.

    Raises:
        SignInRefusedError: when that is over, or was never begun.
    """
    kept = held.look(_CHOICE, token)
    if kept is None or "professional" not in kept:
        raise SignInRefusedError("expired")
    return people.professional(UUID(kept["professional"]))


def choose(token: str, structure_id: str) -> str:
    """Open the session of who is choosing, in one of their structures; gives its token.

    Raises:
        InvalidError: for a structure that is not one of theirs.
        SignInRefusedError: see `waiting_choice`.
    """
    professional = waiting_choice(token)
    _refuse_stopped(professional)
    chosen = next((one for one in professional.structures if str(one.id) == structure_id), None)
    if chosen is None:
        raise InvalidError({"structure": N_("Choose where you practise today.")})
    if held.take(_CHOICE, token) is None:
        raise SignInRefusedError("expired")
    return open_session(professional, chosen)


def open_session(professional: Professional, place: Structure | None) -> str:
    """Open a professional's session in one practice situation; gives the token for its cookie.

    Whose address of the secure mail is kept here has their mailbox from then on (rules.md MS-8).
    """
    actor = actor_of(professional, place)
    with db.write():
        mailboxes.open_own(professional)
        audit.record(actor, professional.id, Action.SIGNED_IN, detail={"structure": actor.structure})
        return accounts.open_session(
            ActorKind.PROFESSIONAL,
            professional.id,
            payload={
                "name": actor.name,
                "profession": actor.profession,
                "structure": actor.structure,
                "structure_id": str(actor.structure_id or ""),
            },
        )


def close_session(actor: Actor) -> None:
    """Sign a professional out."""
    with db.write():
        audit.record(actor, actor.id, Action.SIGNED_OUT)
        accounts.close_session(actor)
