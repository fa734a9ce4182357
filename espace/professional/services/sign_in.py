"""Sign-in of professionals: begun here, proved at the provider, finished here, in one practice situation."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection, delete, insert, select

from espace import clock, crypto, db
from espace.accounts import services as accounts
from espace.audit import services as audit
from espace.audit.services import Action
from espace.crypto.owners import SIGN_IN
from espace.errors import EspaceError, InvalidError
from espace.identifiers import new_id
from espace.interop.openid import ProviderRefusedError
from espace.people import services as people
from espace.people.services import Professional
from espace.permissions import Actor, ActorKind
from espace.professional.models import SignIn
from espace.words import N_

from . import provider

TABLE = "professional_sign_ins"
LIFE = timedelta(minutes=10)
"""How long a sign-in may take at the provider, and the choice of a practice afterwards."""
_NATIONAL_ID_LENGTH = 12
_log = structlog.get_logger()


class SignInRefusedError(EspaceError):
    """Nobody is signed in; `reason`: `expired`, `refused`, `unknown` or `inactive` (each has its page)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in sent to the provider: where to go, and the secret that ties the return to this browser."""

    address: str
    browser: str


def begin() -> Begun:
    """Begin a sign-in.

    Raises:
        ProviderDownError: when the provider does not answer.
    """
    state, nonce, verifier, browser = (crypto.new_token() for _ in range(4))
    address = provider.authorization_address(state=state, nonce=nonce, verifier=verifier)
    _keep(state, {"nonce": nonce, "verifier": verifier, "browser": crypto.token_hash(browser).hex()})
    return Begun(address, browser)


def finish(*, state: str, code: str, browser: str) -> Professional:
    """Who comes back from the provider with `state` and `code`, in the browser that left. Each state serves once.

    Raises:
        SignInRefusedError: when the return is not one of ours, proves nobody, or nobody of the directory.
        ProviderDownError: when the provider does not answer.
    """
    kept = _take(state)
    if kept is None or not crypto.same(bytes.fromhex(kept.get("browser", "")), crypto.token_hash(browser)):
        _log.warning("professional_sign_in_refused", reason="state")
        raise SignInRefusedError("expired")
    try:
        claims = provider.claims_of(code, verifier=kept["verifier"], nonce=kept["nonce"])
        rpps = _rpps(claims)
    except ProviderRefusedError as error:
        _log.warning("professional_sign_in_refused", reason=error.reason)
        raise SignInRefusedError("refused") from None
    found = people.find_professional(rpps)
    if found is None:
        _log.warning("professional_sign_in_refused", reason="not in the directory")
        raise SignInRefusedError("unknown")
    if not found.active:
        with db.write_apart():
            audit.record(actor_of(found, ""), found.id, Action.SIGN_IN_REFUSED, detail={"reason": "inactive"})
        raise SignInRefusedError("inactive")
    return found


def _rpps(claims: dict[str, Any]) -> str:
    """The RPPS inside `SubjectNameID`: 8, then eleven digits (rules.md PR-3, PR-4)."""
    number = claims.get("SubjectNameID")
    if not isinstance(number, str) or not number.isascii() or not number.isdigit():
        raise ProviderRefusedError("SubjectNameID: missing")
    if len(number) != _NATIONAL_ID_LENGTH or not number.startswith("8"):
        raise ProviderRefusedError("SubjectNameID: no RPPS")
    return number[1:]


def keep_choice(professional: Professional) -> str:
    """Remember who proved themself while they choose where they practise today; gives the token that says so."""
    token = crypto.new_token()
    _keep(token, {"professional": str(professional.id)})
    return token


def waiting_choice(token: str) -> Professional:
    """Who is choosing.

    Raises:
        SignInRefusedError: when that is over, or was never begun.
    """
    kept = _take(token, once=False)
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
    chosen = next((one for one in professional.structures if str(one.id) == structure_id), None)
    if chosen is None:
        raise InvalidError({"structure": N_("Choose where you practise today.")})
    if _take(token) is None:
        raise SignInRefusedError("expired")
    return open_session(professional, chosen.display_name)


def open_session(professional: Professional, structure: str) -> str:
    """Open a professional's session in one practice situation; gives the token for its cookie."""
    actor = actor_of(professional, structure)
    with db.write():
        audit.record(actor, professional.id, Action.SIGNED_IN, detail={"structure": structure})
        return accounts.open_session(
            ActorKind.PROFESSIONAL,
            professional.id,
            payload={"name": actor.name, "profession": actor.profession, "structure": structure},
        )


def close_session(actor: Actor) -> None:
    """Sign a professional out."""
    with db.write():
        audit.record(actor, actor.id, Action.SIGNED_OUT)
        accounts.close_session(actor)


def actor_of(professional: Professional, structure: str) -> Actor:
    """A professional as an actor. `profession` is the code of their specialty, else of their profession."""
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        id=professional.id,
        name=professional.display_name,
        profession=professional.specialty_code or professional.profession_code,
        structure=structure,
    )


def _keep(token: str, payload: dict[str, str]) -> None:
    now, row_id = clock.now(), new_id()
    with db.write() as tx:
        tx.execute(delete(SignIn).where(SignIn.expires_at <= now))
        tx.execute(
            insert(SignIn).values(
                state_hash=crypto.token_hash(token),
                id=row_id,
                expires_at=now + LIFE,
                payload=crypto.seal(tx, SIGN_IN, TABLE, row_id, payload),
            )
        )


def _take(token: str, *, once: bool = True) -> dict[str, Any] | None:
    """What was kept under a token, if it is not over; taking it once is taking it for good."""
    with db.write() as tx:
        row = _row(tx, crypto.token_hash(token), once=once)
        if row is None or row.expires_at <= clock.now():
            return None
        return crypto.unseal(tx, SIGN_IN, TABLE, row.id, row.payload)


def _row(tx: Connection, state_hash: bytes, *, once: bool) -> Any:
    columns = (SignIn.id, SignIn.expires_at, SignIn.payload)
    if once:
        return tx.execute(delete(SignIn).where(SignIn.state_hash == state_hash).returning(*columns)).first()
    return tx.execute(select(*columns).where(SignIn.state_hash == state_hash)).first()
