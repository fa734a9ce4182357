"""What accounts contributes to the house: the pages of the door, and first steps on a new record's home."""

from espace.permissions import Permission
from espace.web.rooms import Card, Room
from espace.web.viewpoint import Veiled

from .views import (
    account,
    activation,
    assistance,
    first_steps,
    key_entry,
    lost_access,
    lost_access_letter,
    notifications,
    outside_identity,
    private_mode,
    second_factor,
    sign_in,
    steps,
)

ROOM = Room(
    "accounts",
    pages=(
        activation.pages,
        steps.pages,
        second_factor.pages,
        sign_in.pages,
        key_entry.pages,
        account.pages,
        notifications.pages,
        assistance.pages,
        private_mode.pages,
        lost_access.pages,
        lost_access_letter.pages,
        outside_identity.pages,
    ),
    cards=(Card("accounts/_first_steps_card.html", 20, Permission.RECORD_HOME, first_steps.card, Veiled.HARMLESS),),
)
