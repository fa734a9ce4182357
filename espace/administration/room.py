"""What administration contributes: the pages of operators, and of who is invited to be one."""

from espace.web.rooms import Room

from .views import activity, counter, home, invitation, operators, persons, quarantine
from .views.blueprints import pages

_ROUTES = (
    activity,
    counter,
    home,
    invitation,
    operators,
    persons,
    quarantine,
)  # importing them hangs their pages on the blueprint

ROOM = Room(name="administration", pages=(pages,))
