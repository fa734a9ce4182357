"""What the family contributes to the house: the pages of the people one acts for."""

from espace.web.rooms import Room

from .views import relatives

ROOM = Room("family", pages=(relatives.pages,))
