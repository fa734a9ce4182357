"""The ID token and the provider behind it: each thing that may be wrong opens nothing, and is told apart in the log.

The provider here is a small one of the test's own, on a real socket, that lies on demand.
"""

import hmac
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from espace import clock
from espace.interop import openid
from espace.interop.openid import ProviderDownError, ProviderRefusedError
from espace.machines import Machines
from tests.support.marks import on_sqlite

NONCE, VERIFIER = "a-nonce", "v" * 43
pytestmark = on_sqlite


@dataclass
class Liar:
    """What the provider answers; a test changes one thing of it."""

    base: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "ES256"})
    token: dict[str, Any] = field(default_factory=dict)
    userinfo: Any = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    raw_id_token: str | None = None
    signer: ECKey | None = None
    status: dict[str, int] = field(default_factory=dict)

    def answer(self, path: str) -> tuple[int, Any]:
        """What stands at a path."""
        name = path.rpartition("/")[2].partition("?")[0]
        found: dict[str, Any] = {
            "openid-configuration": self._discovery,
            "jwks": lambda: {"keys": [self.key.as_dict(private=False)]},
            "token": self._token,
            "userinfo": lambda: (
                {"sub": "s", "SubjectNameID": "810000000009", **self.userinfo}
                if isinstance(self.userinfo, dict)
                else self.userinfo
            ),
        }
        return self.status.get(name, 200), found[name]()

    def _discovery(self) -> dict[str, Any]:
        names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        base = {f"{name}_endpoint": f"{self.base}/{path}" for name, path in names.items()}
        return {"issuer": self.base, "jwks_uri": f"{self.base}/jwks", **base, **self.discovery}

    def _token(self) -> dict[str, Any]:
        now = int(clock.system_clock().timestamp())
        claims = {
            "iss": self.base,
            "sub": "s",
            "aud": "espace",
            "iat": now,
            "exp": now + 60,
            "nonce": NONCE,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        text = self.raw_id_token
        if text is None:
            header = {"kid": self.key.kid, **self.header}
            text = jwt.encode(header, claims, self.signer or self.key, algorithms=["ES256"])
        given = {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": text, **self.token}
        return {name: value for name, value in given.items() if value is not None}


@pytest.fixture
def liar(machines: Machines) -> Iterator[Liar]:
    """A provider on a real socket; the house believes in it, and uses the real clock."""
    made = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, said = made.answer(self.path)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_given: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    clock.bind(clock.system_clock)
    openid.forget()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def claims(liar: Liar, **party: Any) -> dict[str, Any]:
    """Exchange a code with the provider."""
    given = {"client_id": "espace", "client_secret": "s", "callback": "http://127.0.0.1/retour", "scope": "openid"}
    return openid.claims_of(openid.Party(issuer=liar.base, **given | party), "code", verifier=VERIFIER, nonce=NONCE)


def test_an_honest_provider_is_believed(liar: Liar) -> None:
    assert claims(liar)["SubjectNameID"] == "810000000009"


NOW = int(clock.system_clock().timestamp())
LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "another audience": {"claims": {"aud": "other"}},
    "our name among others, without azp": {"claims": {"aud": ["other", "another"]}},
    "another nonce": {"claims": {"nonce": "other"}},
    "no nonce": {"claims": {"nonce": None}},
    "no audience": {"claims": {"aud": None}},
    "no subject": {"claims": {"sub": None}},
    "no end": {"claims": {"exp": None}},
    "an end in the past": {"claims": {"exp": NOW - 3600, "iat": NOW - 7200}},
    "a start in the future": {"claims": {"iat": NOW + 36000, "nbf": NOW + 36000}},
    "a token for another access token": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "another's azp": {"claims": {"azp": "other"}},
    "another subject in the user information": {"userinfo": {"sub": "t"}},
    "user information that is a list": {"userinfo": ["s"]},
    "no ID token": {"token": {"id_token": None}},
    "an ID token that is none": {"raw_id_token": "abc"},
    "an empty ID token": {"raw_id_token": ""},
    "a number for an ID token": {"token": {"id_token": 7}},
    "an error": {"token": {"error": "invalid_grant", "id_token": None}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused(liar: Liar, lie: str) -> None:
    for name, value in LIES[lie].items():
        setattr(liar, name, value)
    with pytest.raises(ProviderRefusedError):
        claims(liar)


def part(said: dict[str, Any] | bytes) -> str:
    """One part of a token, by hand."""
    given = said if isinstance(said, bytes) else json.dumps(said).encode()
    return urlsafe_b64encode(given).rstrip(b"=").decode()


def said_by(liar: Liar) -> dict[str, Any]:
    """Claims that hold."""
    return {"iss": liar.base, "sub": "s", "aud": "espace", "iat": NOW, "exp": NOW + 3600, "nonce": NONCE}


@pytest.mark.parametrize("algorithm", ["none", "None", "", "ES256"])
def test_an_unsigned_token_is_refused(liar: Liar, algorithm: str) -> None:
    liar.raw_id_token = f"{part({'alg': algorithm, 'kid': liar.key.kid})}.{part(said_by(liar))}."
    with pytest.raises(ProviderRefusedError):
        claims(liar)


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(liar: Liar) -> None:
    signed = f"{part({'alg': 'HS256', 'kid': liar.key.kid})}.{part(said_by(liar))}"
    mac = hmac.digest(liar.key.as_pem(private=False), signed.encode(), "sha256")
    liar.raw_id_token = f"{signed}.{part(mac)}"
    with pytest.raises(ProviderRefusedError):
        claims(liar)


def test_a_token_of_an_unknown_key_is_refused_and_new_keys_are_read_again(liar: Liar) -> None:
    claims(liar)
    other = ECKey.generate_key("P-256", auto_kid=True)
    liar.signer, liar.header = other, {"alg": "ES256", "kid": liar.key.kid}
    with pytest.raises(ProviderRefusedError):
        claims(liar)  # another key under a known name
    liar.signer, liar.header, liar.key = None, {"alg": "ES256"}, other
    clock.bind(lambda: clock.system_clock() + openid.KEYS_READ_AGAIN)
    assert claims(liar)["sub"] == "s"  # the provider changed its keys


DOWN: dict[str, dict[str, Any]] = {
    "discovery fails": {"status": {"openid-configuration": 500}},
    "discovery names another issuer": {"discovery": {"issuer": "https://elsewhere.example"}},
    "discovery leads to plain http elsewhere": {"discovery": {"token_endpoint": "http://192.0.2.1/token"}},
    "discovery leads to a file": {"discovery": {"jwks_uri": "file:///etc/passwd"}},
    "the keys fail": {"status": {"jwks": 503}},
    "the token endpoint fails": {"status": {"token": 502}},
    "user information fails": {"status": {"userinfo": 500}},
    "discovery is moved": {"status": {"openid-configuration": 302}},
}


@pytest.mark.parametrize("why", DOWN)
def test_a_provider_that_is_down_is_told_apart_from_a_refusal(liar: Liar, why: str) -> None:
    for name, value in DOWN[why].items():
        setattr(liar, name, value)
    with pytest.raises(ProviderDownError):
        claims(liar)


def test_a_provider_that_is_not_there(machines: Machines) -> None:
    openid.forget()
    nobody = openid.Party("http://127.0.0.1:9", "espace", "s", "http://127.0.0.1/retour", "openid")
    with pytest.raises(ProviderDownError):
        openid.authorization_address(nobody, state="s", nonce="n", verifier=VERIFIER)


@pytest.mark.parametrize(("said", "is_enough"), [("eidas2", True), ("eidas3", True), ("eidas1", False), (None, False)])
def test_a_lower_level_of_assurance_than_demanded_is_refused(liar: Liar, said: str | None, is_enough: bool) -> None:
    liar.claims = {"acr": said}
    if is_enough:
        assert claims(liar, acr="eidas2", demands_acr=True)
    else:
        with pytest.raises(ProviderRefusedError):
            claims(liar, acr="eidas2", demands_acr=True)
