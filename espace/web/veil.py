"""The veil: what a session may not show now is not sent at all (assisted sessions; private mode, security.md R53).

Every page of a record is replaced by the veil's, unless its view says what it does under one (`viewpoint.veiled`).
"""

from flask import Flask, Response, g, make_response, request, session

from .guards import form_place
from .rendering import VARY, render, wants_fragment
from .shell import here_label
from .viewpoint import Viewpoint, when_veiled

_SAFE = frozenset({"GET", "HEAD"})


def install(app: Flask) -> None:
    """Put the veil before every page of a record of `app`; after the guard, which says whose page it is."""

    @app.before_request
    def _veil() -> Response | None:
        here: Viewpoint | None = g.get("viewpoint")
        if here is None or not here.is_veiled or request.endpoint is None:
            return None
        if here.actor.helper:
            session.pop("_flashes", None)  # what was said of an act may name what is hidden since
        return None if here.shows(when_veiled(app.view_functions[request.endpoint])) else _page(here)


def _page(here: Viewpoint) -> Response:
    """The veil in place of the page. What was sent to the page is not looked at: nothing was done with it."""
    is_read = request.method in _SAFE
    place = request.full_path.rstrip("?") if is_read else form_place() or f"{here.base}/"
    if wants_fragment():  # the page it would stand in has become another one
        response = make_response("", 403)
        response.headers["HX-Redirect"] = place
    else:
        label = here_label()
        response = render(
            "layout/veil.html", status=200 if is_read else 403, place=place, label=label, sent=not is_read
        )
    response.headers["Vary"] = VARY
    return response
