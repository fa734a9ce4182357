"""What the family contributes to the house: the pages of the people one acts for, and of who acts for a holder."""

from espace.web.rooms import Room

from .views import carers, helped, parents, relatives, requests
from .views.blueprints import record_pages

_ROUTES = (carers, parents)  # importing them hangs their pages on the blueprint

ROOM = Room("family", pages=(relatives.pages, requests.pages, helped.pages), record_pages=record_pages)
