"""A trip to an identity provider and back: begun here, proved there, finished here, in the browser that left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from espace import crypto
from espace.errors import EspaceError
from espace.interop import openid
from espace.interop.openid import Party, ProviderRefusedError

from . import held

LIFE = timedelta(minutes=10)
"""How long a trip may take."""
_log = structlog.get_logger()


class TripRefusedError(EspaceError):
    """Nobody is let in; `reason` is a word: `expired` (not one of ours, or over), `refused` (the provider proved
    nobody), or a word of who asked.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Begun:
    """A trip begun: where to go, and the secret that ties the return to this browser."""

    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class Back:
    """A trip that ended well: what the provider says of the person, and what was kept for the return."""

    claims: dict[str, Any]
    facts: dict[str, Any]


def leave(party: Party, purpose: str, facts: Mapping[str, Any]) -> Begun:
    """Begin a trip; `facts` are kept sealed until the return.

    Raises:
        ProviderDownError: when the provider does not answer.
    """
    state, nonce, verifier, browser = (crypto.new_token() for _ in range(4))
    address = openid.authorization_address(party, state=state, nonce=nonce, verifier=verifier)
    secrets = {"nonce": nonce, "verifier": verifier, "browser": crypto.token_hash(browser).hex()}
    held.hold(purpose, state, {"secrets": secrets, "facts": dict(facts)}, LIFE)
    return Begun(address, browser)


def come_back(party: Party, purpose: str, *, state: str, code: str, browser: str) -> Back:
    """Finish the trip of `state` with the provider's `code`. Each state serves once.

    Raises:
        TripRefusedError: when the return is not one of ours, or proves nobody.
        ProviderDownError: when the provider does not answer.
    """
    kept = held.take(purpose, state)
    if kept is None or not crypto.same(bytes.fromhex(kept["secrets"]["browser"]), crypto.token_hash(browser)):
        _log.warning("trip_refused", purpose=purpose, reason="state")
        raise TripRefusedError("expired")
    secrets = kept["secrets"]
    try:
        claims = openid.claims_of(party, code, verifier=secrets["verifier"], nonce=secrets["nonce"])
    except ProviderRefusedError as error:
        _log.warning("trip_refused", purpose=purpose, reason=error.reason)
        raise TripRefusedError("refused") from None
    return Back(claims, kept["facts"])
