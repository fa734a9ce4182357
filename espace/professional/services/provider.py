"""The professionals' identity provider: Pro Santé Connect, or the demo's (rules.md PR-1 to PR-3)."""

from typing import Any

from espace import settings
from espace.interop import openid

SCOPE = "openid scope_all"


def configured() -> bool:
    """Whether this house has a provider at all."""
    return bool(settings.current().psc_issuer)


def entrance() -> str:
    """The origin of the provider's sign-in page.

    Raises:
        ProviderDownError: when the provider does not answer.
    """
    return openid.endpoints(_party()).entrance


def authorization_address(*, state: str, nonce: str, verifier: str) -> str:
    """The address of the provider's sign-in page for one sign-in."""
    return openid.authorization_address(_party(), state=state, nonce=nonce, verifier=verifier)


def claims_of(code: str, *, verifier: str, nonce: str) -> dict[str, Any]:
    """What the provider says of who comes back with `code`.

    Raises:
        ProviderDownError: when the provider does not answer.
        ProviderRefusedError: when it refuses the code, or its answer fails a check.
    """
    return openid.claims_of(_party(), code, verifier=verifier, nonce=nonce)


def _party() -> openid.Party:
    given = settings.current()
    return openid.Party(
        issuer=given.psc_issuer,
        client_id=given.psc_client_id,
        client_secret=given.psc_client_secret,
        callback=given.base_url.rstrip("/") + "/pro/connexion/retour",
        scope=SCOPE,
        acr="eidas1",
    )
