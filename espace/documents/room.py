"""What the documents room contributes."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from espace.permissions import Permission
from espace.web.rooms import Card, NavEntry, Room
from espace.web.viewpoint import Veiled

from .services.care_history import may_read
from .views import adding, care, contents, listing, one


def _readable(name: str) -> Blueprint:
    """The pages that only read, for every viewpoint."""
    pages = Blueprint(name, __name__)
    pages.get("/documents")(listing.listing)
    pages.get("/documents/<uuid:document_id>")(one.one)
    pages.get("/documents/<uuid:document_id>/pages/<int:number>")(one.sheet)
    pages.get("/documents/<uuid:document_id>/contenu")(contents.content)
    pages.get("/soins")(care.listing)
    pages.get("/soins/recherche")(care.ask)
    pages.post("/soins/recherche")(care.found)
    pages.get("/soins/<uuid:visit_id>")(care.one)
    return pages


def _with_adding() -> Blueprint:
    pages = _readable("documents")
    pages.get("/documents/ajouter")(adding.add)
    pages.post("/documents/ajouter")(adding.added)
    pages.post("/soins/<uuid:visit_id>/masquer")(care.hide)
    pages.get("/soins/<uuid:visit_id>/montrer")(care.confirm_show)
    pages.post("/soins/<uuid:visit_id>/montrer")(care.show)
    return pages


ROOM = Room(
    name="documents",
    record_pages=_with_adding(),
    professional_record_pages=_readable("patient_documents"),
    navigation=(
        NavEntry("/documents", _l("Record"), "folder", Permission.DOCUMENTS_READ, 20),
        NavEntry("/documents", _l("Documents"), "file", Permission.DOCUMENTS_READ, 21, under="/documents"),
        NavEntry(
            "/soins", _l("Care history"), "heart", Permission.DOCUMENTS_READ, 25, under="/documents", serves=may_read
        ),
    ),
    cards=(Card("documents/_latest_card.html", 20, Permission.DOCUMENTS_READ, listing.latest_card, Veiled.MASKED),),
)
