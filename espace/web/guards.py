"""The first lock: every route declares whom it serves, and an undeclared one stops start-up (design 3.3, R10).

The guard knows only `permissions`; `create_app()` hands it the two functions that read a session and judge a
record, so no circle with the rooms.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlsplit
from uuid import UUID

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, session
from flask_babel import gettext
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.routing import Rule

from espace.errors import SettingsError
from espace.permissions import Actor, ActorKind, Permission, Standing

from .viewpoint import Viewpoint

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"
ENROLMENT = "/compte/securite/cles"
"""Where an administrator who has no passkey yet adds one: the only page they get (security.md R3)."""
_WHILE_ENROLLING = (ENROLMENT, "/connexion/preuve")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TYPED = "typed"
"""Under which word of the form cookie `typed` keeps what waits for a proof."""
_MARK = "__espace_permission__"
_QUIET = "__espace_quiet__"
_ASKS = "__espace_asks__"
_FOREIGN = "__espace_foreign__"


class Identify(Protocol):
    """Session token -> who it speaks for."""

    def __call__(self, token: str, /, *, touch: bool = True) -> Actor | None:
        """None for a token that speaks for nobody. Without `touch` the session stays as idle as it is."""


class Judge(Protocol):
    """Actor and record -> the actor's standing, or None for a stranger."""

    def __call__(self, actor: Actor, record_id: UUID) -> Standing | None:
        """None for a stranger to the record."""


class SeenAs(Protocol):
    """The standing of who looks and the eyes named in the address -> that of whoever is looked through."""

    def __call__(self, own: Standing, eyes_id: str) -> Standing | None:
        """None for nobody one may look as."""


def asks(view: View) -> View:
    """Declare that a view answers a question that is posted, so that it stands in no address, and changes nothing."""
    setattr(view, _ASKS, True)
    return view


def requires(permission: Permission) -> Callable[[View], View]:
    """Declare that a view serves only those who hold `permission`."""

    def mark(view: View) -> View:
        setattr(view, _MARK, permission)
        return view

    return mark


def public(view: View) -> View:
    """Declare that a view serves anybody."""
    setattr(view, _MARK, PUBLIC)
    return view


def quiet(view: View) -> View:
    """Declare that asking for a view is nobody's doing: it keeps no session awake (security.md R7, R16)."""
    setattr(view, _QUIET, True)
    return view


def foreign(view: View) -> View:
    """Declare that programs and other sites may send to a view: it knows no session, and acts on what is sent alone."""
    setattr(view, _FOREIGN, True)
    return view


def is_foreign(view: Callable[..., Any]) -> bool:
    """Whether programs and other sites may send to a view; only one that anybody may see."""
    return getattr(view, _FOREIGN, False) is True and declared(view) == PUBLIC


def declared(view: Callable[..., Any]) -> str | None:
    """What a view declares: a permission, `public`, or nothing."""
    mark: str | None = getattr(view, _MARK, None)
    return mark


def current_actor() -> Actor | None:
    """Who sends this request, or None."""
    return current_user.actor if current_user.is_authenticated else None


def signed_in() -> Actor:
    """Who sends this request, in a view that requires it."""
    actor = current_actor()
    if actor is None:
        abort(404)
    return actor


def viewpoint() -> Viewpoint:
    """The viewpoint of this request, in a view on a record."""
    found: Viewpoint = g.viewpoint
    return found


Count = Callable[[Actor, UUID], None]
"""Told of each record an address names, before it is known whether there is one: may stop who reaches too many."""


def _uncounted(_actor: Actor, _record_id: UUID) -> None:
    """Nothing is counted."""


class _Visitor(UserMixin):  # type: ignore[misc]  # Flask-Login carries no types
    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id = str(actor.id)


def install(app: Flask, *, identify: Identify, judge: Judge, seen_as: SeenAs, count: Count = _uncounted) -> None:
    """Put the lock on every request of `app`."""
    # Not `init_app`: its remember-me cookie is not ours, and touching the session makes every answer vary by cookie.
    manager = LoginManager()
    app.login_manager = manager  # type: ignore[attr-defined]
    manager.session_protection = None

    @manager.request_loader  # type: ignore[untyped-decorator]
    def _load(_request: Any) -> _Visitor | None:
        token = request.cookies.get(cookie_name(app))
        view = app.view_functions.get(request.endpoint or "")
        actor = identify(token, touch=not getattr(view, _QUIET, False)) if token else None
        return _Visitor(actor) if actor else None

    @app.before_request
    def _first_lock() -> Response | None:
        if request.method not in _SAFE and not is_foreign(app.view_functions.get(request.endpoint or "", public)):
            _check_origin(app)
        if request.endpoint is None:
            return None  # no such address: Flask answers 404
        mark = declared(app.view_functions[request.endpoint])
        if mark == PUBLIC:
            return None
        is_quiet = getattr(app.view_functions[request.endpoint], _QUIET, False)
        return _admit(Permission(mark or ""), judge, seen_as, _uncounted if is_quiet else count)


def _admit(permission: Permission, judge: Judge, seen_as: SeenAs, count: Count) -> Response | None:
    for_professionals = request.path.startswith("/pro/")
    actor = current_actor()
    if actor is None:
        return _to_sign_in(for_professionals=for_professionals)
    if actor.is_enrolling and not _is_below(_WHILE_ENROLLING):
        return _lead(ENROLMENT, status=403) if request.method == "GET" else abort(404)
    if not permission.on_record:
        return None if actor.carries(permission) else abort(404)
    if actor.kind is not (ActorKind.PROFESSIONAL if for_professionals else ActorKind.PATIENT):
        abort(404)
    arguments = request.view_args or {}
    record_id: UUID = arguments.pop("record_id")
    standing = judge(actor, record_id)
    if standing is None or standing.visit_due:
        count(actor, record_id)  # within a visit that is written down nothing is new to count
    if "eyes" in arguments:
        return _look_as(arguments.pop("eyes"), permission, standing, seen_as)
    if standing is None or not standing.may(permission):
        abort(404)
    base = f"/pro/patients/{record_id}" if for_professionals else f"/dossiers/{record_id}"
    g.judged = standing  # as it is, whatever view of it the page takes
    g.viewpoint = Viewpoint(standing, base)
    return None


def _look_as(eyes_id: str, permission: Permission, own: Standing | None, seen_as: SeenAs) -> Response | None:
    """The page of a record as somebody else sees it, for who manages its accesses; that they see nothing is said."""
    seen = seen_as(own, eyes_id) if own is not None and own.may(Permission.ACCESS_MANAGE) else None
    if own is None or seen is None:
        abort(404)
    here = Viewpoint(own, f"/dossiers/{own.record_id}")
    base = f"{here.base}/voir-comme/{quote(eyes_id)}"
    if not seen.may(permission):
        return _lead(base, status=403)
    g.judged = own
    g.viewpoint = Viewpoint(seen, base, here)
    return None


def _to_sign_in(*, for_professionals: bool) -> Response:
    """303 to the sign-in page, which leads back here; a fragment request is told to leave its page."""
    place = "/pro/connexion" if for_professionals else "/connexion"
    if request.method not in _SAFE:
        _remember_form()
    if request.method == "GET" and not request.headers.get("HX-Request"):
        session["next"] = request.full_path.rstrip("?")
    return _lead(place, status=401)


def _lead(place: str, *, status: int) -> Response:
    """303 to another page; a fragment request is told with `status` to leave its own."""
    if request.headers.get("HX-Request"):
        return Response(status=status, headers={"HX-Redirect": place})
    answer = redirect(place, 303)
    assert isinstance(answer, Response)  # noqa: S101 - narrows Werkzeug's type
    return answer


def _is_below(places: tuple[str, ...]) -> bool:
    """Whether the address asked for is one of these, or lies below one."""
    return any(request.path == place or request.path.startswith(f"{place}/") for place in places)


def form_place() -> str:
    """The address of the form this request was sent by, where it can be opened again; "" where it cannot."""
    adapter = current_app.create_url_adapter(request)
    return request.path if adapter is not None and adapter.test(method="GET") else ""


def _remember_form() -> None:
    """Have the sign-in lead back to the form, and say what became of what was sent: none of it was read."""
    if place := form_place():
        session["next"] = place
        sentence = gettext(
            "Your session had ended: nothing was sent. Sign in and the form opens again, empty: "
            "what you typed is to be typed again."
        )
    else:
        sentence = gettext("Your session had ended: nothing was changed. Sign in, then try again.")
    flash(sentence, "warn")


def _check_origin(app: Flask) -> None:
    """Refuse an unsafe request that another site's page sent (R32); the CSRF token is checked besides.

    With `Referrer-Policy: no-referrer` browsers send `Origin: null`, so `Sec-Fetch-Site` decides where it exists.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            abort(403)
        return
    origin = request.headers.get("Origin")
    if origin and origin != "null" and origin != app.config["ORIGIN"]:
        abort(403)


def cookie_name(app: Flask) -> str:
    """The session cookie's name: `__Host-` wherever the cookie is Secure."""
    return "__Host-espace" if app.config["SESSION_COOKIE_SECURE"] else "espace"


def set_session_cookie(app: Flask, response: Response, token: str) -> None:
    """Hand the browser its session token; CSRF state of the earlier, lesser session is dropped (R7).

    What was typed before a proof comes along: it is sealed for who typed it, and opens to nobody else.
    """
    typed = session.get(TYPED)
    session.clear()
    if typed:
        session[TYPED] = typed
    response.set_cookie(
        cookie_name(app), token, httponly=True, secure=app.config["SESSION_COOKIE_SECURE"], samesite="Lax", path="/"
    )


def drop_session_cookie(app: Flask, response: Response) -> None:
    """Take the session token back and have the browser forget cached pages (R31)."""
    session.clear()
    response.delete_cookie(
        cookie_name(app), path="/", secure=app.config["SESSION_COOKIE_SECURE"], httponly=True, samesite="Lax"
    )
    response.headers["Clear-Site-Data"] = '"cache"'


def next_place(default: str) -> str:
    """Where the visitor was going before signing in: a path of this site, else `default`."""
    return local_place(session.pop("next", ""), default)


def local_place(place: str, default: str) -> str:
    """`place` if it is a path of this site, else `default`."""
    parts = urlsplit(place)
    local = place.startswith("/") and not place.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return place if local else default


def check_declared(app: Flask) -> None:
    """Stop start-up when a route declares nothing, asks for a record it does not name, or writes as somebody else.

    Raises:
        SettingsError: naming the routes.
    """
    wrong = []
    for rule in app.url_map.iter_rules():
        mark = declared(app.view_functions[rule.endpoint])
        on_record = mark not in (None, PUBLIC) and Permission(mark or "").on_record
        writes = "eyes" in rule.arguments and not _only_reads(app, rule)
        if mark is None or on_record is not ("record_id" in rule.arguments) or writes:
            wrong.append(rule.rule)
    if wrong:
        raise SettingsError(f"routes without a fitting @requires or @public: {', '.join(sorted(wrong))}")


def _only_reads(app: Flask, rule: Rule) -> bool:
    """Whether a route takes nothing but readings, and questions that are posted."""
    return (rule.methods or set()) <= _SAFE or bool(getattr(app.view_functions[rule.endpoint], _ASKS, False))
