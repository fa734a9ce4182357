"""The demo's identity provider for professionals: real OpenID Connect on loopback, in the place of Pro Santé Connect.

Discovery, authorisation code with PKCE S256, client secret, signed ID token, user information. Its state lies in a
small SQLite file of its own; its accounts in `psc_accounts.json`, written with the demo's data. It is mounted only
where `settings.demo_dir` is set. Like the real one, it knows nothing of the house it serves.
"""

import json
import sqlite3
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import unquote_plus, urlencode

from flask import Blueprint, Response, jsonify, redirect, request
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _l
from joserfc import jwt
from joserfc.jwk import ECKey
from wtforms import PasswordField, StringField

from espace import clock, settings
from espace.web.forms import Form
from espace.web.guards import public
from espace.web.rendering import render
from espace.words import N_

CODE_LIFE = 60
TOKEN_LIFE = 120
ALGORITHM = "ES256"

pages = Blueprint("psc", __name__, url_prefix="/demo/psc")

_TABLES = """
CREATE TABLE IF NOT EXISTS signing_key (id INTEGER PRIMARY KEY CHECK (id = 1), key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS codes (
  code_hash BLOB PRIMARY KEY, payload TEXT NOT NULL, expires_at REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tokens (
  token_hash BLOB PRIMARY KEY, code_hash BLOB NOT NULL, login TEXT NOT NULL, expires_at REAL NOT NULL);
"""


class OAuthRefusedError(Exception):
    """An answer of the token endpoint that is an error of RFC 6749; `error` is its word."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What the relying party asks for."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str


class SignInForm(Form):
    """A demo professional's login and password."""

    login = StringField(_l("Login"))
    password = PasswordField(_l("Password"))


@pages.record_once
def _outside_callers(state: BlueprintSetupState) -> None:
    """The token endpoint is called by servers, which show their client secret instead of a form's token."""
    state.app.extensions["csrf"].exempt(token)


def issuer() -> str:
    """The name of this provider."""
    return settings.current().base_url.rstrip("/") + "/demo/psc"


def redirect_uri() -> str:
    """The one address people are sent back to."""
    return settings.current().base_url.rstrip("/") + "/pro/connexion/retour"


def accounts() -> list[dict[str, Any]]:
    """The professionals who can sign in here."""
    try:
        found: list[dict[str, Any]] = json.loads((_folder() / "psc_accounts.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return found


@pages.get("/.well-known/openid-configuration")
@public
def discovery() -> Response:
    """OpenID Connect Discovery 1.0."""
    base = issuer()
    return jsonify(
        issuer=base,
        authorization_endpoint=f"{base}/authorize",
        token_endpoint=f"{base}/token",
        userinfo_endpoint=f"{base}/userinfo",
        jwks_uri=f"{base}/jwks",
        end_session_endpoint=f"{base}/logout",
        response_types_supported=["code"],
        grant_types_supported=["authorization_code"],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=[ALGORITHM],
        token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
        code_challenge_methods_supported=["S256"],
        scopes_supported=["openid", "scope_all"],
        claims_supported=["sub", "given_name", "family_name", "SubjectNameID", "SubjectRefPro"],
    )


@pages.get("/jwks")
@public
def jwks() -> Response:
    """The public half of the signing key."""
    return jsonify(keys=[{**_key().as_dict(private=False), "use": "sig", "alg": ALGORITHM}])


@pages.get("/authorize")
@public
def authorize() -> Response:
    """The sign-in page."""
    asked = _asked()
    return asked if isinstance(asked, Response) else _page(SignInForm(formdata=None))


@pages.post("/authorize")
@public
def check() -> Response:
    """Check login and password; send the person back with a code."""
    asked = _asked()
    if isinstance(asked, Response):
        return asked
    form = SignInForm()
    account = _account(form.login.data or "", form.password.data or "") if form.validate() else None
    if account is None:
        if not form.errors:
            form.refuse({"password": N_("This login and this password do not go together.")})
        return _page(form)
    code = token_urlsafe(32)
    payload = {"login": account["login"], "nonce": asked.nonce, "challenge": asked.challenge}
    with _database() as tx:
        tx.execute(
            "INSERT INTO codes (code_hash, payload, expires_at) VALUES (?, ?, ?)",
            (_digest(code), json.dumps(payload), _now() + CODE_LIFE),
        )
    return _back(asked, code=code)


def _page(form: SignInForm) -> Response:
    query = request.query_string.decode()
    return render("demo/psc.html", form=form, query=query, accounts=accounts(), status=form.status)


def _asked() -> AuthorizationRequest | Response:
    """The request, checked; an answer instead when it is wrong (never sent to an address that is not ours)."""
    given = request.args
    if given.get("client_id") != settings.current().psc_client_id or given.get("redirect_uri") != redirect_uri():
        return render("demo/psc_refused.html", status=400)
    asked = AuthorizationRequest(
        redirect_uri(), given.get("state", ""), given.get("nonce", ""), given.get("code_challenge", "")
    )
    if given.get("response_type") != "code":
        return _back(asked, error="unsupported_response_type")
    if "openid" not in given.get("scope", "").split():
        return _back(asked, error="invalid_scope")
    if len(asked.challenge) != 43 or given.get("code_challenge_method") != "S256":
        return _back(asked, error="invalid_request")
    return asked


def _back(asked: AuthorizationRequest, **said: str) -> Response:
    answer = redirect(f"{asked.redirect_uri}?{urlencode({**said, 'state': asked.state, 'iss': issuer()})}", 303)
    assert isinstance(answer, Response)  # noqa: S101 - narrows Werkzeug's type
    return answer


def _account(login: str, password: str) -> dict[str, Any] | None:
    found = None
    for account in accounts():
        fits = compare_digest(account["login"].encode(), login.encode())
        fits &= compare_digest(account["password"].encode(), password.encode())
        found = account if fits else found
    return found


@pages.post("/token")
@public
def token() -> Response:
    """Exchange a code, once, within a minute, with the client's secret and the PKCE verifier."""
    try:
        _check_client()
        return _tokens(*_spend(request.form.get("code", "")))
    except OAuthRefusedError as refusal:
        answer = jsonify(error=refusal.error)
        answer.status_code = refusal.status
        if refusal.status == 401:
            answer.headers["WWW-Authenticate"] = "Basic"
        return answer


def _check_client() -> None:
    """Whether the client shows its secret, in the header or the form, and asks for what we give."""
    given = settings.current()
    client, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client, _, secret = b64decode(value, validate=True).decode().partition(":")
        except (Base64Error, UnicodeDecodeError):
            raise OAuthRefusedError("invalid_client", 401) from None
        client, secret = unquote_plus(client), unquote_plus(secret)
    fits = compare_digest(client.encode(), given.psc_client_id.encode())
    if not fits & compare_digest(secret.encode(), given.psc_client_secret.encode()):
        raise OAuthRefusedError("invalid_client", 401)
    if request.form.get("grant_type") != "authorization_code":
        raise OAuthRefusedError("unsupported_grant_type")


def _spend(code: str) -> tuple[bytes, dict[str, Any]]:
    """A code's payload. A code that comes twice takes back what it gave (RFC 6749 4.1.2)."""
    code_hash = _digest(code)
    with _database() as tx:
        row = tx.execute(
            "UPDATE codes SET used = used + 1 WHERE code_hash = ? RETURNING payload, expires_at, used", (code_hash,)
        ).fetchone()
        if row is not None and row[2] > 1:
            tx.execute("DELETE FROM tokens WHERE code_hash = ?", (code_hash,))
    if row is None or row[2] > 1 or row[1] <= _now():
        raise OAuthRefusedError("invalid_grant")
    payload: dict[str, Any] = json.loads(row[0])
    verifier = request.form.get("code_verifier", "")
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if request.form.get("redirect_uri") != redirect_uri() or not compare_digest(challenge, payload["challenge"]):
        raise OAuthRefusedError("invalid_grant")
    return code_hash, payload


def _tokens(code_hash: bytes, payload: Mapping[str, Any]) -> Response:
    access_token = token_urlsafe(32)
    now = int(_now())
    with _database() as tx:
        tx.execute("DELETE FROM tokens WHERE expires_at <= ?", (now,))
        tx.execute("DELETE FROM codes WHERE expires_at <= ?", (now - 3600,))
        tx.execute(
            "INSERT INTO tokens VALUES (?, ?, ?, ?)",
            (_digest(access_token), code_hash, payload["login"], now + TOKEN_LIFE),
        )
    half = sha256(access_token.encode()).digest()[:16]
    claims = {
        "iss": issuer(),
        "sub": _subject(payload["login"]),
        "aud": settings.current().psc_client_id,
        "iat": now,
        "auth_time": now,
        "exp": now + TOKEN_LIFE,
        "acr": "eidas1",
        "nonce": payload["nonce"],
        "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(),
    }
    key = _key()
    id_token = jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])
    return jsonify(access_token=access_token, token_type="Bearer", expires_in=TOKEN_LIFE, id_token=id_token)


@pages.get("/userinfo")
@public
def userinfo() -> Response:
    """Who the bearer of an access token is, in the claims of Pro Santé Connect (rules.md PR-3)."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    with _database() as tx:
        row = tx.execute("SELECT login, expires_at FROM tokens WHERE token_hash = ?", (_digest(value),)).fetchone()
    account = next((one for one in accounts() if row and one["login"] == row[0]), None)
    if kind.lower() != "bearer" or row is None or row[1] <= _now() or account is None:
        answer = jsonify(error="invalid_token")
        answer.status_code = 401
        answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return answer
    return jsonify(
        sub=_subject(account["login"]),
        given_name=account["given_name"],
        family_name=account["family_name"],
        preferred_username=account["login"],
        SubjectNameID=f"8{account['rpps']}",
        SubjectRefPro={
            "exercices": [
                {
                    "codeProfession": account.get("profession_code", ""),
                    "activities": [{"raisonSocialeSite": place} for place in account.get("structures", [])],
                }
            ]
        },
    )


@pages.get("/logout")
@public
def logout() -> Response:
    """End of session: this provider keeps none, it only sends people back to where they came from."""
    asked = AuthorizationRequest(
        settings.current().base_url.rstrip("/") + "/pro/connexion", request.args.get("state", ""), "", ""
    )
    if request.args.get("post_logout_redirect_uri") != asked.redirect_uri:
        return render("demo/psc_refused.html", status=400)
    return _back(asked)


def _subject(login: str) -> str:
    return "f:demo:" + sha256(login.encode()).hexdigest()[:32]


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _now() -> float:
    return clock.now().timestamp()


def _key() -> ECKey:
    """The signing key, made at the first need and kept: tokens of before a restart stay good."""
    with _database() as tx:
        row = tx.execute("SELECT key FROM signing_key").fetchone()
        if row is None:
            made = ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True)
            tx.execute("INSERT OR IGNORE INTO signing_key VALUES (1, ?)", (json.dumps(made),))
            row = tx.execute("SELECT key FROM signing_key").fetchone()
    return ECKey.import_key(json.loads(row[0]))


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    """The provider's own file, in one short transaction."""
    path = _folder() / "psc.db"
    if not path.exists():
        path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        connection.executescript(_TABLES)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()


def _folder() -> Path:
    folder = settings.current().demo_dir
    if folder is None:
        raise RuntimeError("the demo's provider runs in the demo only")
    return folder
