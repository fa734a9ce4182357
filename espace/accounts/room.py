"""What accounts contributes to the house: the pages of the door. No record page, so no navigation entry or card."""

from espace.web.rooms import Room

from .views import account, activation, sign_in, steps

ROOM = Room("accounts", pages=(activation.pages, steps.pages, sign_in.pages, account.pages))
