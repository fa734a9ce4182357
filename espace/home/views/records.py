"""The records one may open, and the pages every record starts from."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, current_app, redirect, request
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from espace import crypto
from espace.access import services as access
from espace.audit.services import Action
from espace.home import services
from espace.permissions import Permission
from espace.web.guards import requires, signed_in, viewpoint
from espace.web.i18n import at_moment, moment, near_day
from espace.web.rendering import render
from espace.web.rooms import Card
from espace.web.viewpoint import Veiled, Viewpoint, veiled

from . import sentences

pages = Blueprint("records", __name__)
record_pages = Blueprint("home", __name__)

_PLACE = "history-place"
_ASIDE = 50
"""Cards of this order and beyond stand beside the others where the screen is wide."""


@pages.get("/dossiers/")
@requires(Permission.ACCOUNT)
def my_records() -> AnyResponse:
    """The records this account may open, one's own first; who may open one only is led there."""
    actor = signed_in()
    cards, own = access.my_records(actor), services.own_state(actor)
    if len(cards) == 1 and not own:
        return redirect(f"/dossiers/{cards[0].record_id}/", 303)
    if own and not cards:
        return redirect("/compte/cloture", 303)
    return render("home/records.html", records=cards, own_state=own)


@record_pages.get("/")
@requires(Permission.RECORD_HOME)
@veiled(Veiled.HARMLESS)
def home() -> Response:
    """What is new in this record, what waits for an answer, who sees it."""
    here = viewpoint()
    shown = services.traced(
        here.standing,
        Action.RECORD_HOME_OPENED,
        lambda: _fill(here),
        lambda cards: [{"name": card.template} for card, _ in cards],
    )
    cards = [(card.order, _written(card, data, here)) for card, data in shown]
    return render(
        "home/home.html",
        main=[card for order, card in cards if order < _ASIDE],
        aside=[card for order, card in cards if order >= _ASIDE],
        given_name=here.standing.holder_name.split()[0],
    )


def _fill(here: Viewpoint) -> list[tuple[Card, dict[str, object]]]:
    cards: Sequence[Card] = current_app.extensions["cards"]
    filled = [(card, card.fill(here)) for card in cards if here.may(card.permission) and here.shows(card.veiled)]
    return [(card, data) for card, data in filled if data is not None]


def _written(card: Card, data: dict[str, object], here: Viewpoint) -> Markup:
    template = current_app.jinja_env.get_template(card.template)
    return Markup(template.render(viewpoint=here, actor=here.actor, **data))  # noqa: S704 - a template's own output


@record_pages.get("/plus")
@requires(Permission.RECORD_HOME)
@veiled(Veiled.HARMLESS)
def more() -> Response:
    """The other records, the other pages of this one, the account, the way out."""
    here = viewpoint()
    return render("home/more.html", records=access.my_records(here.actor))


@record_pages.get("/historique")
@requires(Permission.HISTORY_READ)
def history() -> Response:
    """Who did what in this record: the others, or oneself (`?qui=moi`)."""
    here = viewpoint()
    mine = request.args.get("qui") == "moi"
    # The number of an act would tell how many there are, those one must not know of included.
    before = crypto.unveil(_PLACE, str(here.record_id), request.args.get("avant", ""))
    page = services.history(here.standing, mine=mine, before=before)
    return render(
        "home/history.html",
        fragments={"history": "home/_history_days.html"},
        mine=mine,
        days=_by_day(page.acts, here, mine=mine),
        before=crypto.veil(_PLACE, str(here.record_id), page.before) if page.before else "",
        is_first="avant" not in request.args,
    )


def _by_day(acts: Sequence[services.Shown], here: Viewpoint, *, mine: bool) -> list[tuple[str, list[dict[str, Any]]]]:
    lines = [_line(act, here, mine=mine) for act in acts]
    return [(title, list(group)) for title, group in groupby(lines, key=lambda line: line["day"])]


def during(since: datetime, until: datetime) -> str:
    """« À 14 h 02 », or « De 14 h 02 à 14 h 20 »."""
    first, last = moment(since), moment(until)
    return at_moment(until) if first == last else gettext("From %(first)s to %(last)s", first=first, last=last)


def _line(act: services.Shown, here: Viewpoint, *, mine: bool) -> dict[str, Any]:
    entry = act.entry
    own = mine and entry.actor_id == here.actor.id
    return {
        "day": near_day(entry.at),
        "when": during(act.since, entry.at),
        "sentence": sentences.sentence(entry, mine=own),
        "kind": entry.actor_kind,
        "name": entry.actor_name,
        "colour": "prune" if entry.actor_id == here.actor.id else "nobody",
        "place": ", ".join(part for part in (act.profession, entry.actor_structure) if part),
        "for_whom": sentences.for_whom(entry, here.standing.holder_name),
        "helped": sentences.helped(entry),
        "tone": sentences.tone(entry).value,
        "reason": entry.detail.get("reason", ""),
        "titles": [name for thing in entry.objects[1:] and entry.objects if (name := sentences.named(thing))],
    }


def visits_card(here: Viewpoint) -> dict[str, object] | None:
    """The home's own card: the latest visits of others."""
    visits = services.last_visits(here.standing)
    return {"visits": [(sentences.sentence(act.entry, mine=False), act.entry.at) for act in visits]} if visits else None
