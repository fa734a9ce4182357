"""The records one may open, and the pages every record starts from."""

from collections.abc import Sequence

from flask import Blueprint, Response, current_app, redirect
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from espace.access import services as access
from espace.audit.services import Action
from espace.home import services
from espace.permissions import Permission
from espace.web.guards import requires, signed_in, viewpoint
from espace.web.rendering import render
from espace.web.rooms import Card
from espace.web.viewpoint import Veiled, Viewpoint, veiled

pages = Blueprint("records", __name__)
record_pages = Blueprint("home", __name__)

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
    return render("home/records.html", records=cards, own_state=own, unread=services.unread(actor, cards))


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
    cards = access.my_records(here.actor)
    return render("home/more.html", records=cards, unread=services.unread(here.actor, cards))
