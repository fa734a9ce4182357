"""The professionals' identity provider (Pro Santé Connect, or the demo's): where it is, its keys, its two answers.

OpenID Connect with discovery (rules.md PR-1 to PR-3). Everything it says is checked: the issuer is the one of the
settings, addresses are https (plain http on loopback only), the ID token is signed with an algorithm of our list.
"""

import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from espace import clock, crypto, settings
from espace.errors import EspaceError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

SCOPE = "openid scope_all"
ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures accepted on an ID token: never none, never a shared secret."""
LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""
_TIMEOUT = httpx.Timeout(10, connect=5)
_KEPT = timedelta(hours=1)
KEYS_READ_AGAIN = timedelta(minutes=1)
"""How soon the keys may be read again for a token of a key we do not know."""


class ProviderDownError(EspaceError):
    """The provider cannot be reached, or does not speak as the standard says."""


class ProviderRefusedError(EspaceError):
    """What the provider gave does not prove who came; `reason` is a word for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the discovery document says."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str

    @property
    def entrance(self) -> str:
        """The origin of the sign-in page."""
        parts = urlsplit(self.authorization_endpoint)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(slots=True)
class _Known:
    endpoints: Endpoints
    read_at: datetime
    keys: "KeySet | None" = None
    keys_read_at: datetime | None = None


_known: dict[str, _Known] = {}
_lock = threading.Lock()


def configured() -> bool:
    """Whether this house has a provider at all."""
    return bool(settings.current().psc_issuer)


def endpoints() -> Endpoints:
    """Where the provider's pages are: read from its discovery document, kept for an hour.

    Raises:
        ProviderDownError: when it does not answer, or answers for another issuer.
    """
    return _provider().endpoints


def forget() -> None:
    """Ask the provider anew at the next sign-in."""
    with _lock:
        _known.clear()


def callback() -> str:
    """Where the provider sends people back to: registered there, letter by letter."""
    return settings.current().base_url.rstrip("/") + "/pro/connexion/retour"


def authorization_address(*, state: str, nonce: str, verifier: str) -> str:
    """The address of the provider's sign-in page for one sign-in (PKCE S256, nonce; the person proves who they are
    each time, since practices share computers).
    """
    with _client() as client:
        address, _ = client.create_authorization_url(
            endpoints().authorization_endpoint,
            state=state,
            code_verifier=verifier,
            nonce=nonce,
            acr_values="eidas1",
            prompt="login",
        )
    return str(address)


def claims_of(code: str, *, verifier: str, nonce: str) -> dict[str, Any]:
    """Exchange a code for what the provider says of the person: the ID token and user information agree.

    Raises:
        ProviderDownError: when the provider does not answer.
        ProviderRefusedError: when it refuses the code, or its answer fails a check.
    """
    from authlib.common.errors import AuthlibBaseError

    where = endpoints()
    try:
        with _client() as client:
            token = client.fetch_token(
                where.token_endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
            )
            subject = _checked(token, nonce)["sub"]
            answer = client.get(where.userinfo_endpoint)
            answer.raise_for_status()
            said = answer.json()
    except AuthlibBaseError as error:
        raise ProviderRefusedError(f"code: {error.error}"[:60]) from None
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderDownError(type(error).__name__) from None
    if not isinstance(said, dict) or not isinstance(said.get("sub"), str):
        raise ProviderRefusedError("userinfo: no subject")
    if not crypto.same(said["sub"].encode(), str(subject).encode()):
        raise ProviderRefusedError("userinfo: another subject")
    return said


def _checked(token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
    """The claims of a token answer's ID token, once signature, issuer, audience, times and nonce hold."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError

    text = token.get("id_token")
    if not isinstance(text, str):
        raise ProviderRefusedError("id token: missing")
    given = settings.current()
    try:
        try:
            opened = jwt.decode(text, _keys(), algorithms=ALGORITHMS)
        except InvalidKeyIdError:  # the provider may have changed its keys since we read them
            opened = jwt.decode(text, _keys(anew=True), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            opened.claims,
            opened.header,
            options={
                "iss": {"essential": True, "value": endpoints().issuer},
                "aud": {"essential": True, "value": given.psc_client_id},
                "nonce": {"essential": True},
            },
            params={"nonce": nonce, "client_id": given.psc_client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError) as error:
        raise ProviderRefusedError(f"id token: {type(error).__name__} {getattr(error, 'claim', '')}".strip()) from None
    found: Mapping[str, Any] = claims
    return found


def _client() -> Any:
    """Authlib's client: it makes the address, exchanges the code and carries the access token."""
    with warnings.catch_warnings():
        import authlib.deprecate  # noqa: F401 - sets a filter of its own, to be overruled here

        warnings.simplefilter("ignore")  # its wish for another HTTP library, which it does not need
        from authlib.integrations.httpx_client import OAuth2Client
    given = settings.current()
    return OAuth2Client(
        client_id=given.psc_client_id,
        client_secret=given.psc_client_secret,
        token_endpoint_auth_method="client_secret_basic",
        scope=SCOPE,
        redirect_uri=callback(),
        code_challenge_method="S256",
        leeway=0,  # the access token is used at once
        timeout=_TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )


def _provider() -> _Known:
    issuer = settings.current().psc_issuer
    now = clock.now()
    with _lock:
        known = _known.get(issuer)
    if known is None or not timedelta(0) <= now - known.read_at < _KEPT:
        known = _Known(_discover(issuer), now)
        with _lock:
            _known[issuer] = known
    return known


def _discover(issuer: str) -> Endpoints:
    said = _read(issuer.rstrip("/") + "/.well-known/openid-configuration")
    try:
        found = Endpoints(**{field.name: str(said[field.name]) for field in fields(Endpoints)})
    except KeyError as missing:
        raise ProviderDownError(f"discovery without {missing.args[0]}") from None
    if found.issuer != issuer:
        raise ProviderDownError("discovery of another issuer")
    for field in fields(Endpoints):
        _check_address(getattr(found, field.name))
    return found


def _keys(*, anew: bool = False) -> "KeySet":
    from joserfc.jwk import KeySet

    known, now = _provider(), clock.now()
    fresh = known.keys_read_at is not None and timedelta(0) <= now - known.keys_read_at < (
        KEYS_READ_AGAIN if anew else _KEPT
    )
    if known.keys is None or not fresh:
        said = _read(known.endpoints.jwks_uri)
        known.keys = KeySet.import_key_set({"keys": list(said.get("keys", ()))})
        known.keys_read_at = now
    return known.keys


def _read(address: str) -> dict[str, Any]:
    _check_address(address)
    try:
        answer = httpx.get(address, timeout=_TIMEOUT, follow_redirects=False, trust_env=False)
        answer.raise_for_status()
        said = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderDownError(type(error).__name__) from None
    if not isinstance(said, dict):
        raise ProviderDownError("not an object")
    return said


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        raise ProviderDownError("an address that is not https")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
