"""Counter codes on the phone: choose, show six digits, see it used, close it, read the receipt."""

from uuid import UUID

import segno
from flask import Response, current_app, flash
from flask_babel import gettext

from espace.access.services.passing import codes
from espace.access.services.passing.codes import CodeLine, CodeState
from espace.documents.services.passing import guests, receipts
from espace.errors import InvalidError
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import quiet, requires, viewpoint
from espace.web.rendering import render, wants_fragment
from espace.web.viewpoint import Viewpoint

from .passing_forms import CodeForm, length
from .passing_trace import leave_reading

COUNTER = "/pro/patients/code"


@requires(Permission.ACCESS_MANAGE)
def listing() -> Response:
    """The code that is shown now, windows that are open, receipts."""
    here = viewpoint()
    lines = codes.codes(here.standing)
    leave_reading(here, [one.id for one in lines])
    return render(
        "documents/codes.html",
        current=[one for one in lines if one.state in (CodeState.OFFERED, CodeState.OPEN)],
        past=[one for one in lines if one.state is CodeState.CLOSED],
        length=length,
    )


@requires(Permission.ACCESS_MANAGE)
def choosing() -> Response:
    """Choose what a code opens and for how long."""
    demand_fresh_proof(viewpoint().actor)
    return _choosing(CodeForm(formdata=None))


@requires(Permission.ACCESS_MANAGE)
def make() -> Response:
    """Make a code and show it."""
    here = viewpoint()
    form = CodeForm()
    window = form.window()
    if window is None:
        raise InvalidError({})  # nothing our pages send
    with attempt(form):
        code_id = codes.make(here.standing, window, form.minutes.data or 0, secret=bool(form.secret.data))
        return to(f"{here.base}/acces/code/{code_id}")
    return _choosing(form)


def _choosing(form: CodeForm) -> Response:
    return page("documents/code_new.html", form, secret=codes.may_keep_secret(viewpoint().standing))


@requires(Permission.ACCESS_MANAGE)
def one(code_id: UUID) -> Response:
    """One code: its digits while it waits, then who uses it, then the receipt."""
    here = viewpoint()
    line = codes.code(here.standing, code_id)
    leave_reading(here, [line.id])
    return _shown("documents/code.html", line)


@requires(Permission.ACCESS_MANAGE)
@quiet
def state(code_id: UUID) -> Response:
    """Where a code stands: the page that shows it asks every few seconds, which keeps no session awake."""
    here = viewpoint()
    line = codes.code(here.standing, code_id)
    return _shown("documents/_code_state.html", line) if wants_fragment() else to(f"{here.base}/acces/code/{code_id}")


def given_card(here: Viewpoint) -> dict[str, object] | None:
    """The card of the record's home: who reads by a code now, and what a guest left that waits."""
    if not here.standing.may_have_given or not guests.in_use(here.standing):
        return None
    reading = [one for one in codes.codes(here.standing) if one.state is CodeState.OPEN]
    waiting = guests.waiting(here.standing)
    return {"reading": reading, "waiting": waiting} if reading or waiting else None


def _shown(template: str, line: CodeLine) -> Response:
    origin = current_app.config["ORIGIN"]
    # The digits stand behind the #, which browsers never send: no log on the way holds them.
    picture = segno.make(f"{origin}{COUNTER}#{line.digits}", error="m") if line.digits else None
    return render(
        template,
        line=line,
        qr=picture.svg_data_uri(scale=6, border=4, light="#fff", dark="#000") if picture else "",
        receipt=receipts.receipt(viewpoint().standing, line),
        counter=f"{origin}{COUNTER}".partition("://")[2],
        length=length,
    )


@requires(Permission.ACCESS_MANAGE)
def close(code_id: UUID) -> Response:
    """Close at once: no proof is asked."""
    here = viewpoint()
    before = codes.code(here.standing, code_id)
    codes.close(here.standing, code_id)
    if before.state is CodeState.OPEN:
        flash(gettext("Done. %(name)s sees nothing any more, as of now.", name=before.name), "ok")
        return to(f"{here.base}/acces/code/{code_id}")
    flash(gettext("Done. Nobody can use this code any more."), "ok")
    return to(f"{here.base}/acces/code")
