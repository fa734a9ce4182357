"""What administration contributes: the pages of operators, and of who is invited to be one."""

from espace.web.rooms import Room

from .views import (
    activity,
    alerts,
    contests,
    counter,
    emergencies,
    home,
    invitation,
    mail_lists,
    mandates,
    operators,
    persons,
    quarantine,
    requests,
    restrictions,
)
from .views.blueprints import pages

_ROUTES = (
    activity,
    alerts,
    contests,
    counter,
    emergencies,
    home,
    invitation,
    mail_lists,
    mandates,
    operators,
    persons,
    quarantine,
    requests,
    restrictions,
)  # importing them hangs their pages on the blueprint

ROOM = Room(name="administration", pages=(pages,))
