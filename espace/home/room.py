"""What the home room contributes."""

from flask_babel import lazy_gettext as _l

from espace.permissions import Permission
from espace.web.rooms import Card, NavEntry, Room

from .views import activity, public, records

ROOM = Room(
    name="home",
    pages=(public.pages, records.pages, activity.pages),
    record_pages=records.record_pages,
    navigation=(
        NavEntry("/", _l("Home"), "home", Permission.RECORD_HOME, 0),
        NavEntry("/historique", _l("History"), "clock", Permission.HISTORY_READ, 29, under="/documents"),
        NavEntry("/plus", _l("More"), "more", Permission.RECORD_HOME, 90),
    ),
    cards=(Card("home/_visits_card.html", 80, Permission.HISTORY_READ, records.visits_card),),
)
