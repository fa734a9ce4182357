"""What the access room contributes."""

from flask_babel import lazy_gettext as _l

from espace.permissions import Permission
from espace.web.rooms import Card, NavEntry, Room

from .views import accesses, emergencies, giving, professions, proofs
from .views.blueprints import record_pages

_ROUTES = (accesses, emergencies, giving, professions, proofs)  # importing hangs their pages on the blueprint

ROOM = Room(
    name="access",
    record_pages=record_pages,
    navigation=(NavEntry("/acces", _l("Access"), "key", Permission.ACCESS_MANAGE, 40),),
    cards=(Card("access/_requests_card.html", 10, Permission.ACCESS_MANAGE, accesses.requests_card),),
)
