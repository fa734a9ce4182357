"""Headers of every answer: what the browser may load, frame, keep and tell (security.md R29, R31)."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
_YEAR = 31_536_000


def nonce() -> str:
    """The nonce of this response, made once."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    found: str = g.nonce
    return found


def policy() -> str:
    """The content security policy of a page of ours."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def allow_form_to(response: Response, origin: str) -> None:
    """Let a form of this page be sent on to `origin`: browsers look at where a form ends, redirects included (R29)."""
    own = urlsplit(current_app.config["ORIGIN"])
    if origin != f"{own.scheme}://{own.netloc}":
        allowed = policy().replace("form-action 'self'", f"form-action 'self' {origin}")
        response.headers["Content-Security-Policy"] = allowed


def install(app: Flask) -> None:
    """Put the headers on every answer of `app`."""
    app.jinja_env.globals["csp_nonce"] = nonce

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in _FIXED.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy())
        if app.config["SESSION_COOKIE_SECURE"]:
            response.headers["Strict-Transport-Security"] = f"max-age={_YEAR * 2}; includeSubDomains"
        # Everything is private unless the view said otherwise (static files do).
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
