"""What went wrong, as a page in the visitor's language: what happened, that nothing is lost, and what to do.

Services raise `espace.errors`, Flask raises HTTP errors, databases raise theirs; each becomes one of the pages of
`templates/errors/`. The last resort needs no database, no template and no translation.
"""

import math
from typing import Any

from flask import Flask, Response, current_app, flash, g, make_response, redirect, render_template, request, session
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc as sql
from werkzeug.exceptions import HTTPException

from espace import errors
from espace.permissions import ActorKind

from . import i18n, logs
from .guards import current_actor, form_place
from .rendering import wants_fragment

RETRY_SECONDS = 5
PROOF = "/connexion/preuve"
SHOW = "/compte/accompagnement/voir"
SIGN_IN_AGAIN = "/pro/connexion"
_HOMES = {ActorKind.PROFESSIONAL: "/pro/", ActorKind.OPERATOR: "/admin/"}
_PAGES = frozenset({400, 403, 404, 405, 409, 413, 422, 429, 500, 503})
_SQLITE_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_READONLY")
_POSTGRES_BUSY = ("08", "40", "53", "55P03", "57")  # connection, serialization, resources, lock, intervention


def install(app: Flask) -> None:
    """Answer every error of `app` with a page, and keep its technical log."""
    logs.configure()
    logs.install(app)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _stale_form)
    for kind, status in (
        (errors.NotFoundError, 404),
        (errors.RefusedError, 403),
        (errors.InvalidError, 422),
        (errors.ConflictError, 409),
    ):
        app.register_error_handler(kind, _answering(status))
    app.register_error_handler(errors.ThrottledError, _throttled)
    app.register_error_handler(errors.StepUpError, _step_up)
    app.register_error_handler(errors.BusyError, _busy)
    app.register_error_handler(sql.DBAPIError, _database)
    app.register_error_handler(sql.TimeoutError, _busy)
    app.register_error_handler(Exception, _failed)


def _http(error: HTTPException) -> Any:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    status = error.code if error.code in _PAGES else 400 if error.code < 500 else 500
    response = page(status, form_at=form_place()) if status == 413 else page(status)
    response.status_code = error.code
    if error.code == 405:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return response


def _stale_form(_error: CSRFError) -> Response:
    return page(400, "stale-form", form_at=form_place())


def _answering(status: int) -> Any:
    return lambda _error: page(status)


def _throttled(error: errors.ThrottledError) -> Response:
    seconds = max(1, math.ceil(error.wait))
    response = page(429, wait=seconds)
    response.headers["Retry-After"] = str(seconds)
    return response


def _step_up(_error: errors.StepUpError) -> Response:
    """Have the proof shown again, then lead back to the form. Nothing was done.

    A professional proves it where they do at every sign-in, which the provider always asks for anew.
    """
    place = form_place()
    actor = current_actor()
    if actor is None or not place:
        return page(403, "step-up")
    session["next"] = place
    if actor.kind is ActorKind.PROFESSIONAL:
        flash(gettext("This choice needs a fresh sign-in: sign in once more. Nothing was changed yet."), "tip")
        proof = SIGN_IN_AGAIN
    else:
        # Beside a helper the person's own code comes first (accounts, assisted session).
        proof = SHOW if actor.helper and actor.is_veiled else PROOF
    if request.headers.get("HX-Request"):
        return Response(status=403, headers={"HX-Redirect": proof})
    answer = redirect(proof, 303)
    assert isinstance(answer, Response)  # noqa: S101 - narrows Werkzeug's type
    return answer


def _busy(error: Exception) -> Response:
    logs.failure(error, "busy")
    _forget_visitor()
    response = page(503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _database(error: sql.DBAPIError) -> Response:
    return _busy(error) if is_busy(error) else _failed(error)


def is_busy(error: sql.DBAPIError) -> bool:
    """Whether the database is locked, full or out of reach: worth another try, unlike a mistake of ours."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, sql.OperationalError):
        return False
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return bool(name.startswith(_SQLITE_BUSY))
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state.startswith(_POSTGRES_BUSY)


def _failed(error: Exception) -> Response:
    logs.failure(error)
    _forget_visitor()
    return page(500)


def _forget_visitor() -> None:
    """Write the page without asking the database again who is there: it may be what failed."""
    g.pop("viewpoint", None)
    if "_login_user" not in g:
        g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined] # noqa: SLF001 - Flask-Login's own place
    if "language" not in g:
        g.language = i18n.visitor_language()


def page(status: int, name: str = "", **data: Any) -> Response:
    """The page of `status`, in the words of `name` where they differ; a fragment request gets its words alone."""
    try:
        g.pop("viewpoint", None)  # the page may be shown to someone who must not know the record exists
        response = _written(name or str(status), data)
    except Exception as error:  # noqa: BLE001 - the page of an error must never fail itself
        logs.failure(error, "error page failed")
        response = make_response(_LAST_RESORT.format(mark=logs.mark()))
    response.status_code = status
    return response


def _written(name: str, data: dict[str, Any]) -> Response:
    actor = current_actor()
    home = _HOMES.get(actor.kind, "/dossiers/") if actor else "/"
    data = {"name": name, "mark": logs.mark(), "home": home, "signed_in": actor is not None, "form_at": "", **data}
    if not wants_fragment():
        return make_response(render_template("errors/page.html", **data))
    response = make_response(render_template("errors/_words.html", **data))
    response.headers["HX-Retarget"] = "#contenu"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


_LAST_RESORT = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Erreur – espace</title></head>
<body><main><h1>Nous n'arrivons pas à afficher cette page</h1>
<p>La panne vient de nous. Rien n'est perdu. Réessayez dans quelques minutes.</p>
<p lang="en">The fault is ours. Nothing is lost. Please try again in a few minutes.</p>
<p>{mark}</p></main></body></html>
"""
