"""What the messages' room contributes."""

from collections.abc import Callable

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from espace.permissions import Permission
from espace.web.rooms import Card, NavEntry, Pages, Room
from espace.web.viewpoint import Veiled

from .views import (
    copies,
    directory,
    endings,
    files,
    listing,
    mailboxes,
    papers,
    patients,
    picking,
    searching,
    settings,
    shelving,
    team,
    templates,
    thread,
    writing,
)
from .views.here import View, of_mailbox
from .views.mailbox_pages import pages, patient_pages

_ROUTES = (
    copies,
    directory,
    endings,
    mailboxes,
    patients,
    settings,
    team,
    templates,
)  # importing hangs their pages on the blueprints


def _boxes(pages: Blueprint, at: str, shown: Callable[[View], View]) -> Blueprint:
    """The pages of one box, whosever it is, below `at`."""
    pages.get(at)(shown(listing.listing))
    pages.get(f"{at}/recherche")(shown(searching.ask))
    pages.post(f"{at}/recherche")(shown(searching.asked))
    pages.get(f"{at}/ecrire")(shown(writing.write))
    pages.post(f"{at}/ecrire")(shown(writing.written))
    pages.get(f"{at}/ecrire/<uuid:draft_id>")(shown(writing.go_on))
    pages.post(f"{at}/ecrire/<uuid:draft_id>")(shown(writing.gone_on))
    pages.get(f"{at}/ecrire/<uuid:draft_id>/envoyer")(shown(writing.confirm))
    pages.post(f"{at}/ecrire/<uuid:draft_id>/envoyer")(shown(writing.confirmed))
    pages.post(f"{at}/brouillons/<uuid:draft_id>/jeter")(shown(writing.throw_away))
    _threads(pages, f"{at}/<uuid:conversation_id>", shown)
    _files(pages, f"{at}/pieces/<uuid:attachment_id>", shown)
    return pages


def _threads(pages: Blueprint, at: str, shown: Callable[[View], View]) -> None:
    """The pages of one conversation."""
    pages.get(at)(shown(thread.thread))
    pages.post(at)(shown(thread.answer))
    pages.post(f"{at}/archiver")(shown(thread.archive))
    pages.post(f"{at}/desarchiver")(shown(thread.unarchive))
    pages.post(f"{at}/non-lu")(shown(thread.mark_unread))
    pages.post(f"{at}/renvoyer")(shown(thread.send_again))
    pages.post(f"{at}/accuse")(shown(thread.confirm_reading))
    pages.get(f"{at}/imprimer")(shown(papers.to_print))
    pages.get(f"{at}/pdf")(shown(papers.as_pdf))
    pages.get(f"{at}/copie")(shown(papers.as_mail))


def _files(pages: Blueprint, at: str, shown: Callable[[View], View]) -> None:
    """The pages of one attachment."""
    pages.get(at)(shown(files.one))
    pages.get(f"{at}/pages/<int:number>")(shown(files.sheet))
    pages.get(f"{at}/images/<int:number>")(shown(files.inner))
    pages.get(f"{at}/contenu")(shown(files.download))


def _of_people() -> Blueprint:
    pages = _boxes(Pages("messages", __name__), "/messages", lambda view: view)
    pages.get("/messages/ecrire/<uuid:draft_id>/documents")(picking.pick)
    pages.post("/messages/ecrire/<uuid:draft_id>/documents")(picking.picked)
    piece = "/messages/pieces/<uuid:attachment_id>"
    pages.get(f"{piece}/ranger")(shelving.describe)
    pages.post(f"{piece}/ranger")(shelving.shelve)
    pages.post(f"{piece}/documents/<int:number>/ranger")(shelving.shelve_one)
    return pages


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
