"""What the messages' room contributes."""

from collections.abc import Callable

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from espace.permissions import Permission
from espace.web.rooms import Card, NavEntry, Pages, Room
from espace.web.viewpoint import Veiled

from .views import directory, listing, mailboxes, patients, settings, team, templates
from .views.here import View, of_mailbox
from .views.mailbox_pages import pages, patient_pages

_ROUTES = (directory, mailboxes, patients, settings, team, templates)  # importing hangs their pages on the blueprints


def _boxes(pages: Blueprint, at: str, shown: Callable[[View], View]) -> Blueprint:
    """The pages of one box, whosever it is, below `at`."""
    pages.get(at)(shown(listing.listing))
    return pages


def _of_people() -> Blueprint:
    return _boxes(Pages("messages", __name__), "/messages", lambda view: view)


def _of_mailboxes() -> Blueprint:
    return _boxes(Pages("mailbox", __name__), "/pro/messages/<uuid:mailbox_id>", of_mailbox)


ROOM = Room(
    name="messaging",
    pages=(_of_mailboxes(), pages),
    record_pages=_of_people(),
    professional_record_pages=patient_pages,
    navigation=(
        NavEntry("/messages", _l("Messages"), "mail", Permission.MESSAGES_READ, 30, news=listing.unread_badge),
    ),
    cards=(Card("messaging/_unread_card.html", 14, Permission.MESSAGES_READ, listing.unread_card, Veiled.MASKED),),
)
