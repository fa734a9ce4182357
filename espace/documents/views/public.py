"""Pages for whoever holds a link: documents shown by it, and files left by one. Nobody here is signed in."""

from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, abort, current_app, make_response, request

from espace.documents.services.entries.checks import clean_title
from espace.documents.services.passing import guests, receiving
from espace.documents.services.passing.receiving import Guest, WrongPasscodeError
from espace.documents.services.viewing import drawing
from espace.documents.services.viewing.showing import is_cut, kind_word, shown
from espace.errors import NotFoundError
from espace.interop import cda_view, media, shlink
from espace.interop import drawing as drawer
from espace.interop.cda import CdaError
from espace.interop.drawing import WEBP, DrawingError
from espace.web.attempts import attempt, page, to
from espace.web.files import SANDBOX, disposition
from espace.web.guards import foreign, public, quiet
from espace.web.rendering import render
from espace.web.visitor import own_cookie_name, visitor

from .passing_forms import EnterForm, LeaveForm
from .words import icon_of

pages = Blueprint("passing", __name__)
COOKIE = "partage"
ACCEPT = (
    "image/jpeg,image/png,image/heic,image/heif,image/tiff,application/pdf,text/plain,application/rtf,.heic,.rtf,.txt"
)
_BIGGEST_QUESTION = 4096


@pages.get("/partage/<token>")
@public
def share(token: str) -> Response:
    """The documents of a link for who opened it, else the question of its code."""
    found = _guest(token)
    if found is not None:
        return render("documents/shared.html", token=token, documents=receiving.documents(found), icon_of=icon_of)
    if not receiving.is_open(token):
        return _dead()
    return page("documents/shared_enter.html", EnterForm(formdata=None), token=token)


@pages.post("/partage/<token>")
@public
def enter(token: str) -> Response:
    """Open a link with its code; the key comes from the link itself and goes back to the browser, never to the disk."""
    form = EnterForm()
    try:
        with attempt(form):
            visit, key = receiving.enter(
                token, form.name.data or "", form.passcode.data or "", form.link.data or "", visitor()
            )
            response = to(f"/partage/{token}")
            _keep(response, f"{visit}.{key}")
            return response
    except NotFoundError:
        return _dead()
    if not receiving.is_open(token):
        return _dead()
    return page("documents/shared_enter.html", form, token=token)


@pages.post("/partage/<token>/quitter")
@public
def leave(token: str) -> Response:
    """End a visit: this browser forgets the key."""
    visit, _, _ = request.cookies.get(own_cookie_name(COOKIE), "").partition(".")
    if visit:
        receiving.leave(visit)
    response = render("documents/shared_left.html", token=token)
    _keep(response, "")
    return response


@pages.get("/partage/<token>/pouls")
@public
@quiet
def pulse(token: str) -> Response:
    """Whether an open page may stay on the screen (security.md R16)."""
    return Response(status=204 if _guest(token) is not None else 404, mimetype="text/plain")


@pages.get("/partage/<token>/documents/<uuid:document_id>")
@public
def document(token: str, document_id: UUID) -> Response:
    """One document: its pages drawn here, its words, the way to take it away."""
    found = _guest(token)
    if found is None:
        return _dead()
    content = receiving.opened(found, document_id)
    return render(
        "documents/shared_one.html",
        token=token,
        document=content.document,
        shown=shown(content, max(request.args.get("page", 1, int), 1), drawing.GROUP),
        is_cut=is_cut,
        file_kind=kind_word(content.media),
    )


@pages.get("/partage/<token>/documents/<uuid:document_id>/pages/<int:number>")
@public
def sheet(token: str, document_id: UUID, number: int) -> Response:
    """A picture of one page: nothing of the file reaches the browser (R33)."""
    content = receiving.opened(_here(token), document_id)
    try:
        drawn = drawing.picture(content, number, wide=request.args.get("zoom", 1, int) > 1)
    except DrawingError:
        abort(404)
    return _sandboxed(Response(drawn, mimetype=WEBP))


@pages.get("/partage/<token>/documents/<uuid:document_id>/images/<int:number>")
@public
def image(token: str, document_id: UUID, number: int) -> Response:
    """A picture inside a clinical document, drawn anew; another file inside it is only saved."""
    content = receiving.opened(_here(token), document_id)
    if content.media != media.XML:
        raise NotFoundError
    try:
        kind, inner = cda_view.attachment(content.reader.read_all(), number)
    except (CdaError, LookupError):
        raise NotFoundError from None
    if kind not in media.IMAGES:
        return _saved(inner, kind, f"{content.document.title} {number}")
    drawn = drawer.draw(inner, kind, pictures=[1]).pictures.get(1)
    if drawn is None:
        raise NotFoundError
    return _sandboxed(Response(drawn, mimetype=WEBP))


@pages.get("/partage/<token>/documents/<uuid:document_id>/fichier")
@public
def file(token: str, document_id: UUID) -> Response:
    """One document, taken away: what the key of the link opens."""
    found, content = receiving.downloaded(_here(token), document_id)
    return _saved(content, found.body_media, found.title)


@pages.route("/partage/<token>/manifeste", methods=["POST", "OPTIONS"])
@public
@foreign
def manifest(token: str) -> Response:
    """The manifest that applications ask for (SMART Health Links): any site's viewer may, there is no session here."""
    if request.method == "OPTIONS":
        return _preflight()
    asked = _question()
    if asked is None:
        return _machine({"error": "a JSON object with recipient and passcode is expected"}, 400)
    try:
        given = receiving.manifest(token, *asked, visitor())
    except WrongPasscodeError as wrong:
        return _machine({"remainingAttempts": wrong.left}, 401)
    except NotFoundError:
        return _machine({"error": "not found"}, 404)
    files = [
        {"contentType": shlink.FHIR, way: what.decode() if isinstance(what, bytes) else what} for way, what in given
    ]
    return _machine({"files": files}, 200)


@pages.get("/partage/fichiers/<ticket>")
@public
@foreign
def fetched(ticket: str) -> Response:
    """A sealed file of a manifest, for an hour."""
    try:
        sealed = receiving.fetched(ticket)
    except NotFoundError:
        return _machine({"error": "not found"}, 404)
    return _open_to_viewers(Response(sealed, mimetype=shlink.JOSE))


@pages.get("/depot/<token>")
@public
def drop(token: str) -> Response:
    """The form by which a guest leaves files."""
    return _leaving(token, LeaveForm(formdata=None))


@pages.post("/depot/<token>")
@public
def dropped(token: str) -> Response:
    """Leave files; a second time there is nothing here any more."""
    form = LeaveForm()
    try:
        name = guests.first_name(token)
        with attempt(form):
            refused = guests.leave(token, form.command(), visitor())
            if not refused:
                return render("documents/drop_done.html", name=name)
            form.refuse_files([(one.name, one.why) for one in refused])
    except NotFoundError:
        return _dead()
    return _leaving(token, form)


def _leaving(token: str, form: LeaveForm) -> Response:
    try:
        name = guests.first_name(token)
    except NotFoundError:
        return _dead()
    return page("documents/drop_leave.html", form, token=token, name=name, accept=ACCEPT, most=guests.MAX_FILES)


def _dead() -> Response:
    """A link that opens nothing: expired, closed, used, refused too often or never made, one answer for all."""
    return render("documents/link_dead.html", status=404)


def _guest(token: str) -> Guest | None:
    visit, _, key = request.cookies.get(own_cookie_name(COOKIE), "").partition(".")
    try:
        return receiving.guest(token, visit, key) if visit and key else None
    except NotFoundError:
        return None


def _here(token: str) -> Guest:
    found = _guest(token)
    if found is None:
        raise NotFoundError
    return found


def _keep(response: Response, value: str) -> None:
    response.set_cookie(
        own_cookie_name(COOKIE),
        value,
        max_age=int(receiving.VISIT.total_seconds()) if value else 0,
        httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        samesite="Strict",
        path="/",
    )


def _question() -> tuple[str, str, int | None] | None:
    """Recipient, passcode and the largest embedded file of a manifest request; None for what is none."""
    if not request.is_json or (request.content_length or 0) > _BIGGEST_QUESTION:
        return None
    try:
        asked: Any = orjson.loads(request.get_data(cache=False))  # bounded in depth, and every text in it is one
    except orjson.JSONDecodeError:
        return None
    if not isinstance(asked, dict):
        return None
    recipient, passcode, most = asked.get("recipient"), asked.get("passcode", ""), asked.get("embeddedLengthMax")
    if not isinstance(recipient, str) or not clean_title(recipient) or not isinstance(passcode, str):
        return None
    return (recipient, passcode, most if isinstance(most, int) and not isinstance(most, bool) and most >= 0 else None)


def _machine(said: dict[str, Any], status: int) -> Response:
    return _open_to_viewers(make_response(orjson.dumps(said), status, {"Content-Type": "application/json"}))


def _open_to_viewers(response: Response) -> Response:
    """Let the page of another site read this: nothing it holds opens without the key of the link."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def _preflight() -> Response:
    """What browsers ask before the page of another site may ask for a manifest; every link answers alike."""
    response = _open_to_viewers(Response(status=204, mimetype="text/plain"))
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    return response


def _saved(content: bytes, kind: str, title: str) -> Response:
    response = _sandboxed(Response(content, mimetype=kind))
    response.headers["Content-Disposition"] = disposition(title, kind)
    response.headers["Cache-Control"] = "no-store, no-transform"
    return response


def _sandboxed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = SANDBOX
    return response
