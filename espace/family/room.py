"""What the family contributes to the house: the pages of the people one acts for, and of who acts for a holder."""

from espace.permissions import Permission
from espace.web.rooms import Card, Room
from espace.web.viewpoint import Veiled

from .views import carers, growing, helped, parents, relatives, requests
from .views.blueprints import record_pages

_ROUTES = (carers, growing, parents)  # importing them hangs their pages on the blueprint

ROOM = Room(
    "family",
    pages=(relatives.pages, requests.pages, helped.pages),
    record_pages=record_pages,
    cards=(Card("family/_growing_card.html", 70, Permission.RECORD_HOME, growing.card, Veiled.HARMLESS),),
)
