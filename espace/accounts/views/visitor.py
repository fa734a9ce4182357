"""What a request tells of the browser it comes from, and the two cookies that outlive a session."""

from flask import Response, current_app, request

from espace.accounts.services import sessions
from espace.accounts.services.entering import SignedIn
from espace.permissions import ActorKind
from espace.web.attempts import to
from espace.web.guards import cookie_name, next_place, set_session_cookie
from espace.web.visitor import DEVICE, own_cookie_name

_YEAR = 365 * 24 * 3600
_HOME, _OFFICE = "/dossiers/", "/admin/"


def session_token() -> str:
    """The session token of this request, full or waiting for its second factor; "" for none."""
    return request.cookies.get(cookie_name(current_app), "")


def home_of(kind: ActorKind) -> str:
    """Where a session of this kind begins."""
    return _OFFICE if kind is ActorKind.OPERATOR else _HOME


def lead_in(signed_in: SignedIn) -> Response:
    """Enter after signing in: to where one was going, as far as it is for who signed in."""
    home = home_of(signed_in.kind)
    place = next_place(home)
    is_office = place.startswith(_OFFICE)
    fits = is_office if signed_in.kind is ActorKind.OPERATOR else not is_office
    response = to(place if fits or place.startswith("/compte/") else home)
    enter(response, signed_in)
    return response


def enter(response: Response, signed_in: SignedIn) -> None:
    """Give the browser its full session, and the mark by which the account will know it again."""
    sessions.drop(session_token())  # whoever was signed in here before (R7)
    set_session_cookie(current_app, response, signed_in.token)
    _set(response, DEVICE, signed_in.device, max_age=_YEAR)


def activation_token() -> str:
    """The token of the activation this browser holds; "" for none."""
    return request.cookies.get(own_cookie_name("activation"), "")


def hold_activation(response: Response, token: str) -> None:
    """Have the browser hold an activation until it is closed."""
    _set(response, "activation", token)


def drop_activation(response: Response) -> None:
    """The activation is done or gone."""
    response.delete_cookie(own_cookie_name("activation"), path="/", secure=_secure(), httponly=True, samesite="Lax")


def own(name: str) -> str:
    """What this browser holds under `name`; "" for nothing."""
    return request.cookies.get(own_cookie_name(name), "")


def hold_own(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    """Have the browser hold `value`, for `max_age` seconds or until it is closed."""
    _set(response, name, value, max_age)


def drop_own(response: Response, name: str) -> None:
    """Take back what the browser held."""
    response.delete_cookie(own_cookie_name(name), path="/", secure=_secure(), httponly=True, samesite="Lax")


def _set(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    response.set_cookie(
        own_cookie_name(name), value, max_age=max_age, httponly=True, secure=_secure(), samesite="Lax", path="/"
    )


def _secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
