"""Pages for anybody: the first page, help, statements, the language, and what machines ask."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from espace import clock, settings
from espace.access import services as access
from espace.home import services
from espace.permissions import Actor, ActorKind, Relation
from espace.web import assets
from espace.web.guards import current_actor, public
from espace.web.i18n import COOKIE, LANGUAGES
from espace.web.rendering import render

pages = Blueprint("home", __name__)

_YEAR = timedelta(days=365)


@pages.get("/")
@public
def landing() -> AnyResponse:
    """The first page; who is signed in goes on to where they work."""
    actor = current_actor()
    if actor is not None:
        return redirect(start_of(actor), 303)
    return render("home/landing.html")


def start_of(actor: Actor) -> str:
    """Where a signed-in visitor begins: their own record, those they may open, or the side they work on."""
    if actor.kind is ActorKind.PROFESSIONAL:
        return "/pro/"
    if actor.kind is ActorKind.OPERATOR:
        return "/admin/"
    own = next((card for card in access.my_records(actor) if card.relation is Relation.HOLDER), None)
    return f"/dossiers/{own.record_id}/" if own else "/dossiers/"


@pages.get("/aide")
@public
def help_page() -> Response:
    """Answers to what people ask, and who to write to."""
    return render("home/help.html", contact=settings.current().contact)


@pages.get("/accessibilite")
@public
def accessibility() -> Response:
    """The accessibility statement: what was checked, what is not yet, how to complain."""
    return render("home/accessibility.html", contact=settings.current().contact)


@pages.get("/confidentialite")
@public
def privacy() -> Response:
    """What is kept, where, how long, who sees it, and one's rights."""
    return render("home/privacy.html", contact=settings.current().contact)


@pages.route("/langue/<code>", methods=["GET", "POST"])
@public
def choose_language(code: str) -> AnyResponse:
    """Keep the visitor's language in a cookie, nothing else, and go back to the page they came from."""
    if code not in LANGUAGES:
        abort(404)
    response = redirect(_local(request.args.get("vers", "")), 303)
    secure = settings.current().secure_cookies
    response.set_cookie(COOKIE, code, max_age=_YEAR, secure=secure, httponly=True, samesite="Lax", path="/")
    return response


def _local(place: str) -> str:
    """A path of this site, or the first page."""
    parts = urlsplit(place)
    fits = place.startswith("/") and not place.startswith(("//", "/\\")) and not parts.netloc and "\\" not in place
    return place if fits and place.isprintable() else "/"


@pages.get("/healthz")
@public
def alive() -> Response:
    """The process answers."""
    return make_response("ok\n", {"Content-Type": "text/plain"})


@pages.get("/readyz")
@public
def ready() -> Response:
    """Whether database, keys and storage are there: 200 or 503, one word for each."""
    health = services.health()
    found = {"database": health.database, "keys": health.keys, "storage": health.storage}
    response = jsonify({name: "ok" if good else "failing" for name, good in found.items()})
    response.status_code = 200 if health.is_good else 503
    return response


@pages.get("/.well-known/security.txt")
@public
def security_txt() -> Response:
    """Where to report a weakness (RFC 9116)."""
    house = settings.current()
    contact = f"mailto:{house.contact}" if house.contact else f"{house.base_url.rstrip('/')}/aide"
    # A fixed moment of next year, so that the text does not change at every request.
    expires = clock.now().replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=366)
    lines = (
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {house.base_url.rstrip('/')}/.well-known/security.txt",
    )
    return make_response("\n".join(lines) + "\n", {"Content-Type": "text/plain; charset=utf-8"})


@pages.get("/robots.txt")
@public
def robots() -> Response:
    """Search engines may read the public pages only."""
    body = "User-agent: *\nAllow: /$\nAllow: /aide\nAllow: /accessibilite\nAllow: /confidentialite\nDisallow: /\n"
    return make_response(body, {"Content-Type": "text/plain"})


@pages.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """What a telephone needs to put the house on its first screen."""
    response = jsonify(
        {
            "name": "espace",
            "short_name": "espace",
            "lang": "fr",
            "start_url": "/dossiers/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f6f3f7",
            "theme_color": "#5b1f56",
            "icons": [{"src": assets.address("mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        }
    )
    response.headers["Content-Type"] = "application/manifest+json"
    return response
