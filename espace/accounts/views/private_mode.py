"""Private mode: the switch, the veil, and the quick way out to a page that says nothing (security.md R53)."""

import calendar
from datetime import date

from babel.dates import format_date
from flask import Blueprint, Response, current_app, request
from flask_babel import gettext

from espace import clock
from espace.accounts.forms.private_mode import PlaceForm, PrivateModeForm
from espace.accounts.services import private_mode, sign_in
from espace.permissions import Permission
from espace.web.attempts import page, to
from espace.web.guards import current_actor, drop_session_cookie, local_place, public, requires, signed_in
from espace.web.i18n import language
from espace.web.rendering import render

pages = Blueprint("private_mode", __name__)
PLACE = "/compte/mode-prive"
OUTSIDE = "/calendrier"


@pages.get(PLACE)
@requires(Permission.ACCOUNT)
def choice() -> Response:
    """What private mode does, and its switch."""
    return page("accounts/private/choice.html", PrivateModeForm(formdata=None), on=private_mode.is_chosen(signed_in()))


@pages.post(PLACE)
@requires(Permission.ACCOUNT)
def choose() -> Response:
    """Switch it on or off, from the next page on."""
    form = PrivateModeForm()
    if form.validate():
        private_mode.choose(signed_in(), on=form.on.data == "1")
        return to(PLACE)
    return page("accounts/private/choice.html", form, on=private_mode.is_chosen(signed_in()))


@pages.post(f"{PLACE}/montrer")
@requires(Permission.ACCOUNT)
def show() -> Response:
    """Lift the veil for five minutes and lead back to the page."""
    private_mode.show(signed_in())
    return _back()


@pages.post(f"{PLACE}/masquer")
@requires(Permission.ACCOUNT)
def hide() -> Response:
    """Put the veil back now."""
    private_mode.hide(signed_in())
    return _back()


@pages.post("/depart")
@public
def leave() -> Response:
    """Out, at once: the session ends and a page follows that says nothing of this site."""
    actor = current_actor()
    if actor is not None:
        sign_in.sign_out(actor)
    response = to(OUTSIDE)
    if actor is not None:
        drop_session_cookie(current_app, response)
    return response


@pages.get(OUTSIDE)
@public
def outside() -> Response:
    """A calendar like any other: `mois` is one of its months, as 2026-11."""
    today = clock.today()
    try:
        first = date.fromisoformat(f"{request.args.get('mois', f'{today:%Y-%m}')}-01")
    except ValueError:
        first = today.replace(day=1)
    first = min(max(first, date(1900, 2, 1)), date(2099, 11, 1))
    code = language()
    before, after = date.fromordinal(first.toordinal() - 1), date.fromordinal(first.toordinal() + 31)
    return render(
        "accounts/private/calendar.html",
        title=gettext("Calendar of %(month)s", month=format_date(first, "MMMM y", locale=code)),
        weekdays=[format_date(date(2024, 1, day), "EEEE", locale=code) for day in range(1, 8)],
        weeks=calendar.Calendar().monthdatescalendar(first.year, first.month),
        month=first.month,
        before=f"{before:%Y-%m}",
        after=f"{after:%Y-%m}",
    )


def _back() -> Response:
    form = PlaceForm()
    return to(local_place(form.place.data or "", "/dossiers/"))
