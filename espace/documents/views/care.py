"""The care history: the insurer's lines by visit, their totals, a search, and lines one hides from professionals."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext, ngettext

from espace import settings
from espace.access.services import Reason
from espace.documents.services import care_history
from espace.documents.services.care_history import KINDS, Cursor, History, Visit
from espace.permissions import Permission, demand_fresh_proof
from espace.web import paging
from espace.web.attempts import to
from espace.web.forms import translated
from espace.web.guards import asks, requires, viewpoint
from espace.web.i18n import full_day, near_days
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint

from .reasons import why_unseen
from .unseen import Line, Shown

_ICONS = {
    "consultation": "steth",
    "procedure": "steth",
    "medicines": "pill",
    "laboratory": "flask",
    "imaging": "scan",
    "nursing": "syringe",
    "hospital": "pulse",
}
_PERIODS = (3, 6, 12)
"""Months one may look back, beside the whole window."""
_LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What the list is narrowed to: a kind of care, a number of months; "" and 0 for neither."""

    kind: str = ""
    months: int = 0


@requires(Permission.DOCUMENTS_READ)
def listing() -> Response:
    """Visits, newest first: `sorte` is a kind of care, `depuis` a number of months, `avant` the last visit seen."""
    here = viewpoint()
    kind, months = request.args.get("sorte", ""), request.args.get("depuis", 0, int)
    chosen = _Chosen(kind if kind in KINDS else "", months if months in _PERIODS else 0)
    before = paging.day_from(request.args.get("avant"))
    found = care_history.history(
        here.standing,
        kind=chosen.kind or None,
        months=chosen.months or None,
        before=Cursor(*before) if before else None,
    )
    return _page(here, found, chosen, goes_on=before[0] if before else None)


@requires(Permission.DOCUMENTS_READ)
def ask() -> Response:
    """The page of a search that was left: what was typed is in no address."""
    return to(f"{viewpoint().base}/soins")


@requires(Permission.DOCUMENTS_READ)
@asks
def found() -> Response:
    """The visits that hold the words typed."""
    here = viewpoint()
    words = " ".join(request.form.get("mots", "").split())[:_LONGEST_SEARCH]
    if not words:
        return to(f"{here.base}/soins")
    kinds = {kind: translated(label) for kind, label in KINDS.items()}
    return _page(here, care_history.search(here.standing, words, kinds), words=words)


@requires(Permission.DOCUMENTS_READ)
def one(care_id: UUID) -> Response:
    """One visit, line by line, and who sees it."""
    here = viewpoint()
    visit = care_history.visit(here.standing, care_id)
    return render(
        "documents/care_visit.html",
        visit=visit,
        kinds=KINDS,
        icon_of=icon_of,
        heading=days(visit),
        keeps_secret=care_history.may_keep_secret(here.standing),
    )


@requires(Permission.DOCUMENTS_KEEP)
def hide(care_id: UUID) -> Response:
    """Hide a line (`ligne`) or the whole visit from professionals; the page says before what that does."""
    here = viewpoint()
    count = care_history.hide(here.standing, care_id, line_of(request.form.get("ligne")))
    if count:
        flash(
            ngettext(
                "No professional sees this line any more. You still see it.",
                "No professional sees these %(num)d lines any more. You still see them.",
                count,
            ),
            "ok",
        )
    return to(f"{here.base}/soins/{care_id}")


@requires(Permission.DOCUMENTS_KEEP)
def confirm_show(care_id: UUID) -> Response:
    """Before a line (`ligne`) or the visit is shown to professionals again."""
    here = viewpoint()
    demand_fresh_proof(here.actor)
    line_id = line_of(request.args.get("ligne"))
    visit = care_history.visit(here.standing, care_id)
    lines = [line for line in visit.lines if line.hidden and line_id in (None, line.id)]
    if not lines:
        return to(f"{here.base}/soins/{care_id}")
    return render("documents/care_show.html", visit=visit, lines=lines, line_id=line_id, heading=days(visit))


@requires(Permission.DOCUMENTS_KEEP)
def show(care_id: UUID) -> Response:
    """Show them to professionals again."""
    here = viewpoint()
    count = care_history.show(here.standing, care_id, line_of(request.form.get("ligne")))
    if count:
        flash(
            ngettext(
                "Professionals may see this line again.", "Professionals may see these %(num)d lines again.", count
            ),
            "ok",
        )
    return to(f"{here.base}/soins/{care_id}")


def icon_of(kind: str) -> str:
    """The icon of a kind of care."""
    return _ICONS.get(kind, "file")


def _page(
    here: Viewpoint, history: History, chosen: _Chosen = _Chosen(), *, words: str = "", goes_on: date | None = None
) -> Response:
    kept = settings.current().care_history_months
    return render(
        "documents/care.html",
        fragments={"soins": "documents/_care_months.html"},
        history=history,
        months=_months(history),
        icon_of=icon_of,
        kinds=KINDS,
        chosen=chosen,
        words=words,
        kept=kept,
        periods=[months for months in _PERIODS if months < kept],
        goes_on=(goes_on.year, goes_on.month) if goes_on else None,
        more="" if words else _more(here, history, chosen),
        unseen=None if words or chosen != _Chosen() or goes_on else _unseen(here),
        count=sum(total.count for total in history.totals),
    )


def _unseen(here: Viewpoint) -> Shown | None:
    """What stands under the care history as somebody else sees it: the lines that are hidden from them."""
    if here.own is None or here.is_veiled:
        return None
    found = care_history.unseen(here.standing)
    days = near_days([one.date for one in found])
    own = here.frame.base
    told = zip(found, days, strict=True)
    return Shown(
        [Line(one.label, day, why_unseen(Reason.HIDDEN), f"{own}/soins/{one.visit_id}") for one, day in told], ""
    )


def _months(history: History) -> list[tuple[tuple[int, int], list[Visit]]]:
    return [
        (month, list(visits))
        for month, visits in groupby(history.visits, key=lambda visit: (visit.last.year, visit.last.month))
    ]


def _more(here: Viewpoint, history: History, chosen: _Chosen) -> str:
    if history.next is None:
        return ""
    kept = {"sorte": chosen.kind, "depuis": chosen.months, "avant": paging.to_text(*history.next)}
    return f"{here.base}/soins?{urlencode({name: value for name, value in kept.items() if value})}"


def days(visit: Visit) -> str:
    """What the page of a visit is called: its day, or its first and its last."""
    if visit.first == visit.last:
        return str(gettext("Care of %(day)s", day=full_day(visit.last)))
    return str(gettext("Care from %(first)s to %(last)s", first=full_day(visit.first), last=full_day(visit.last)))


def line_of(text: str | None) -> UUID | None:
    """The line that is meant, None for the whole visit; a text that is no id names a line that does not exist."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
