"""What the home room contributes."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from espace.permissions import Permission
from espace.web.rooms import Card, NavEntry, Room

from .views import activity, explaining, exporting, history, mailbox_trail, public, receipts, records, see_as


def _mirrored() -> Blueprint:
    """What is theirs to do, said so to who looks through their eyes."""
    pages = Blueprint("mirrored_home", __name__)
    pages.get("/<path:rest>")(see_as.elsewhere)
    return pages


records.record_pages.get("/voir-comme/")(see_as.choosing)
records.record_pages.get("/voir-comme/<string:person>")(see_as.why)

_ROUTES = (exporting, history, receipts)  # importing them hangs their pages on the records' blueprint

ROOM = Room(
    name="home",
    pages=(public.pages, records.pages, activity.pages, explaining.pages, mailbox_trail.pages),
    record_pages=records.record_pages,
    mirrored_pages=_mirrored(),
    navigation=(
        NavEntry("/", _l("Home"), "home", Permission.RECORD_HOME, 0),
        NavEntry("/historique", _l("History"), "clock", Permission.HISTORY_READ, 29, under="/documents"),
        NavEntry("/voir-comme/", _l("See as"), "eye", Permission.ACCESS_MANAGE, 41, under="/documents"),
        NavEntry("/plus", _l("More"), "more", Permission.RECORD_HOME, 90),
    ),
    cards=(Card("home/_visits_card.html", 80, Permission.HISTORY_READ, history.visits_card),),
)
