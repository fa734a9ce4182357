"""OpenID Connect, from the side that asks: where a provider is, its keys, its two answers.

Discovery, authorisation code, PKCE S256 and nonce (rules.md PR-1, AC-8). Everything the provider says is checked: the
issuer is the one named, addresses are https (plain http on loopback only), the ID token is signed with an algorithm of
our list. Providers are read anew each hour, and kept between requests.
"""

import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from espace import clock, crypto
from espace.errors import EspaceError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures accepted on an ID token: never none, never a shared secret."""
LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""
_TIMEOUT = httpx.Timeout(10, connect=5)
_KEPT = timedelta(hours=1)
KEYS_READ_AGAIN = timedelta(minutes=1)
"""How soon the keys may be read again for a token of a key we do not know."""


@dataclass(frozen=True, slots=True)
class Party:
    """Us, as one provider knows us: where it is, who we are there, where it sends people back to, what we ask.

    `acr` is the level of assurance asked for; with `demands_acr` an answer of a lower one is refused.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    callback: str
    scope: str
    acr: str = ""
    demands_acr: bool = False


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


def endpoints(party: Party) -> Endpoints:
    """Where the provider's pages are: read from its discovery document, kept for an hour.

    Raises:
        ProviderDownError: when it does not answer, or answers for another issuer.
    """
    return _provider(party.issuer).endpoints


def forget() -> None:
    """Ask providers anew at the next sign-in."""
    with _lock:
        _known.clear()


def authorization_address(party: Party, *, state: str, nonce: str, verifier: str) -> str:
    """The address of the provider's sign-in page for one sign-in (PKCE S256, nonce; the person proves who they are
    each time, since people share computers).
    """
    asked = {"acr_values": party.acr} if party.acr else {}
    with _client(party) as client:
        address, _ = client.create_authorization_url(
            endpoints(party).authorization_endpoint,
            state=state,
            code_verifier=verifier,
            nonce=nonce,
            prompt="login",
            **asked,
        )
    return str(address)


def claims_of(party: Party, code: str, *, verifier: str, nonce: str) -> dict[str, Any]:
    """Exchange a code for what the provider says of the person: the ID token and user information agree.

    Raises:
        ProviderDownError: when the provider does not answer.
        ProviderRefusedError: when it refuses the code, or its answer fails a check.
    """
    from authlib.common.errors import AuthlibBaseError

    where = endpoints(party)
    try:
        with _client(party) as client:
            token = client.fetch_token(
                where.token_endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
            )
            subject = _checked(party, token, nonce)["sub"]
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


def _checked(party: Party, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
    """The claims of a token answer's ID token, once signature, issuer, audience, times and nonce hold."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError

    text = token.get("id_token")
    if not isinstance(text, str):
        raise ProviderRefusedError("id token: missing")
    try:
        try:
            opened = jwt.decode(text, _keys(party.issuer), algorithms=ALGORITHMS)
        except InvalidKeyIdError:  # the provider may have changed its keys since we read them
            opened = jwt.decode(text, _keys(party.issuer, anew=True), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            opened.claims,
            opened.header,
            options={
                "iss": {"essential": True, "value": endpoints(party).issuer},
                "aud": {"essential": True, "value": party.client_id},
                "nonce": {"essential": True},
            },
            params={"nonce": nonce, "client_id": party.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError) as error:
        raise ProviderRefusedError(f"id token: {type(error).__name__} {getattr(error, 'claim', '')}".strip()) from None
    if party.demands_acr and str(claims.get("acr", "")) < party.acr:  # eidas1, eidas2, eidas3: in this order
        raise ProviderRefusedError("id token: acr")
    found: Mapping[str, Any] = claims
    return found


def _client(party: Party) -> Any:
    """Authlib's client: it makes the address, exchanges the code and carries the access token."""
    with warnings.catch_warnings():
        import authlib.deprecate  # noqa: F401 - sets a filter of its own, to be overruled here

        warnings.simplefilter("ignore")  # its wish for another HTTP library, which it does not need
        from authlib.integrations.httpx_client import OAuth2Client
    return OAuth2Client(
        client_id=party.client_id,
        client_secret=party.client_secret,
        token_endpoint_auth_method="client_secret_basic",
        scope=party.scope,
        redirect_uri=party.callback,
        code_challenge_method="S256",
        leeway=0,  # the access token is used at once
        timeout=_TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )


def _provider(issuer: str) -> _Known:
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
        found = Endpoints(**{one.name: str(said[one.name]) for one in fields(Endpoints)})
    except KeyError as missing:
        raise ProviderDownError(f"discovery without {missing.args[0]}") from None
    if found.issuer != issuer:
        raise ProviderDownError("discovery of another issuer")
    for one in fields(Endpoints):
        _check_address(getattr(found, one.name))
    return found


def _keys(issuer: str, *, anew: bool = False) -> "KeySet":
    from joserfc.jwk import KeySet

    known, now = _provider(issuer), clock.now()
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
