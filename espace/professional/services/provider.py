"""The professionals' identity provider: Pro Santé Connect, or the demo's (rules.md PR-1 to PR-3)."""

from espace import settings
from espace.interop import openid

SCOPE = "openid scope_all"


def configured() -> bool:
    """Whether this house has a provider at all."""
    return bool(settings.current().psc_issuer)


def party() -> openid.Party:
    """Us, as the provider knows us."""
    given = settings.current()
    return openid.Party(
        issuer=given.psc_issuer,
        client_id=given.psc_client_id,
        client_secret=given.psc_client_secret,
        callback=given.base_url.rstrip("/") + "/pro/connexion/retour",
        scope=SCOPE,
        acr="eidas1",
    )


def entrance() -> str:
    """The origin of the provider's sign-in page.

    Raises:
        ProviderDownError: when the provider does not answer.
    """
    return openid.endpoints(party()).entrance
