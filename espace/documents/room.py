"""What the documents room contributes."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from espace.permissions import Permission
from espace.web.rooms import Card, NavEntry, Pages, Room
from espace.web.viewpoint import Veiled

from .services.care_history import may_read
from .views import (
    adding,
    care,
    cda_images,
    codes,
    contents,
    delays,
    dropbox,
    filtering,
    folders,
    links,
    listing,
    one,
    persons,
    public,
    search,
    secret_care,
    sending,
    states,
    unseen,
)


def _readable(name: str) -> Blueprint:
    """The pages that only read, for every viewpoint."""
    pages = Pages(name, __name__)
    pages.get("/documents")(listing.listing)
    _library(pages)
    _shared_states(pages)
    pages.get("/documents/recherche")(search.ask)
    pages.post("/documents/recherche")(search.asked)
    pages.get("/documents/<uuid:document_id>")(one.one)
    pages.get("/documents/<uuid:document_id>/pages/<int:number>")(one.sheet)
    pages.get("/documents/<uuid:document_id>/contenu")(contents.content)
    pages.get("/documents/<uuid:document_id>/original")(contents.original)
    pages.get("/documents/<uuid:document_id>/xdm")(sending.packed)
    pages.get("/documents/<uuid:document_id>/imprimer")(one.to_print)
    pages.get("/documents/<uuid:document_id>/images/<int:number>")(cda_images.image)
    pages.get("/soins")(care.listing)
    pages.get("/soins/recherche")(care.ask)
    pages.post("/soins/recherche")(care.found)
    pages.get("/soins/<uuid:care_id>")(care.one)
    return pages


def _library(pages: Blueprint) -> None:
    """What each reader keeps for themselves: favourites, folders, what counts as read."""
    pages.get("/documents/filtrer")(filtering.choose)
    pages.post("/documents/lus")(folders.read_everything)
    pages.get("/documents/dossiers")(folders.own)
    pages.post("/documents/dossiers")(folders.make)
    pages.get("/documents/dossiers/<uuid:folder_id>")(folders.folder)
    pages.post("/documents/dossiers/<uuid:folder_id>")(folders.rename)
    pages.post("/documents/dossiers/<uuid:folder_id>/supprimer")(folders.remove)
    pages.post("/documents/<uuid:document_id>/favori")(folders.favourite)
    pages.post("/documents/<uuid:document_id>/dossier")(folders.put)


def _own_states(pages: Blueprint) -> None:
    """What the people of a record decide about its documents."""
    one = "/documents/<uuid:document_id>"
    pages.get("/documents/delais")(delays.choosing)
    pages.post("/documents/delais")(delays.choose)
    pages.post("/documents/delais/lire")(delays.read_all)
    pages.get("/documents/tout-cacher")(delays.hiding_all)
    pages.post("/documents/tout-cacher")(delays.hide_all)
    pages.get("/documents/tout-montrer")(delays.showing_all)
    pages.post("/documents/tout-montrer")(delays.show_all)
    pages.get(f"{one}/personnes")(persons.persons)
    pages.post(f"{one}/personnes")(persons.decide)
    pages.get(f"{one}/cacher")(states.hiding)
    pages.post(f"{one}/cacher")(states.hide)
    pages.get(f"{one}/montrer")(states.showing)
    pages.post(f"{one}/montrer")(states.show)
    pages.get(f"{one}/remarque")(states.remarking)
    pages.post(f"{one}/remarque")(states.remark)
    pages.get(f"{one}/secret")(states.keeping_secret)
    pages.post(f"{one}/secret")(states.keep_secret)
    pages.post(f"{one}/archiver")(states.archive)
    pages.post(f"{one}/desarchiver")(states.unarchive)


def _shared_states(pages: Blueprint) -> None:
    """What the people of a record may decide about a document, and professionals too, each where it is theirs."""
    one = "/documents/<uuid:document_id>"
    pages.post(f"{one}/attente")(delays.read_now)
    pages.get(f"{one}/parents")(states.opening)
    pages.post(f"{one}/parents")(states.open_to_parents)
    pages.get(f"{one}/supprimer")(states.deletion)
    pages.post(f"{one}/supprimer")(states.delete)


def _for_professionals() -> Blueprint:
    pages = _readable("patient_documents")
    pages.get("/documents/<uuid:document_id>/annoncer")(states.announcement)
    pages.post("/documents/<uuid:document_id>/annoncer")(states.announce)
    return pages


def _with_adding() -> Blueprint:
    pages = _readable("documents")
    _own_states(pages)
    _given_away(pages)
    pages.get("/documents/ajouter")(adding.add)
    pages.post("/documents/ajouter")(adding.added)
    pages.get("/documents/ajouter/<uuid:draft_id>")(adding.check)
    pages.post("/documents/ajouter/<uuid:draft_id>")(adding.checked)
    pages.get("/documents/ajouter/<uuid:draft_id>/pages/<uuid:piece_id>")(adding.picture)
    pages.post("/documents/ajouter/<uuid:draft_id>/abandon")(adding.give_up)
    pages.get("/documents/<uuid:document_id>/remplacer")(adding.replace)
    pages.post("/documents/<uuid:document_id>/remplacer")(adding.replaced)
    pages.post("/soins/<uuid:care_id>/masquer")(care.hide)
    pages.get("/soins/<uuid:care_id>/montrer")(care.confirm_show)
    pages.post("/soins/<uuid:care_id>/montrer")(care.show)
    pages.post("/soins/<uuid:care_id>/secret")(secret_care.keep)
    pages.get("/soins/<uuid:care_id>/parents")(secret_care.opening)
    pages.post("/soins/<uuid:care_id>/parents")(secret_care.open_to_parents)
    return pages


def _given_away(pages: Blueprint) -> None:
    """Counter codes, share links, links to receive files: what the people of a record give away themselves."""
    pages.get("/acces/code")(codes.listing)
    pages.get("/acces/code/nouveau")(codes.choosing)
    pages.post("/acces/code/nouveau")(codes.make)
    pages.get("/acces/code/<uuid:code_id>")(codes.one)
    pages.get("/acces/code/<uuid:code_id>/etat")(codes.state)
    pages.post("/acces/code/<uuid:code_id>/fermer")(codes.close)
    pages.get("/acces/liens")(links.listing)
    pages.get("/acces/liens/nouveau")(links.choose)
    pages.post("/acces/liens/nouveau")(links.make)
    pages.get("/acces/liens/<uuid:link_id>")(links.one)
    pages.post("/acces/liens/<uuid:link_id>/fermer")(links.close)
    pages.get("/acces/depots")(dropbox.listing)
    pages.get("/acces/depots/nouveau")(dropbox.choose)
    pages.post("/acces/depots/nouveau")(dropbox.make)
    pages.post("/acces/depots/<uuid:link_id>/fermer")(dropbox.close)
    pages.get("/acces/depots/fichiers/<uuid:file_id>")(dropbox.look)
    pages.post("/acces/depots/fichiers/<uuid:file_id>")(dropbox.accept)
    pages.get("/acces/depots/fichiers/<uuid:file_id>/image")(dropbox.picture)
    pages.post("/acces/depots/fichiers/<uuid:file_id>/jeter")(dropbox.throw_away)


def _mirrored() -> Blueprint:
    """The pages that read, through another's eyes: no file is taken away, nothing of theirs is kept or changed."""
    pages = Pages("mirrored_documents", __name__)
    pages.get("/documents")(listing.listing)
    pages.get("/documents/filtrer")(filtering.choose)
    pages.get("/documents/non-montres")(unseen.listing)
    pages.get("/documents/recherche")(search.ask)
    pages.post("/documents/recherche")(search.asked)
    pages.get("/documents/<uuid:document_id>")(one.one)
    pages.get("/documents/<uuid:document_id>/pages/<int:number>")(one.sheet)
    pages.get("/documents/<uuid:document_id>/imprimer")(one.to_print)
    pages.get("/documents/<uuid:document_id>/images/<int:number>")(cda_images.image)
    pages.get("/soins")(care.listing)
    pages.get("/soins/recherche")(care.ask)
    pages.post("/soins/recherche")(care.found)
    pages.get("/soins/<uuid:care_id>")(care.one)
    return pages


ROOM = Room(
    name="documents",
    pages=(public.pages,),
    record_pages=_with_adding(),
    professional_record_pages=_for_professionals(),
    mirrored_pages=_mirrored(),
    navigation=(
        NavEntry("/documents", _l("Record"), "folder", Permission.DOCUMENTS_READ, 20),
        NavEntry(
            "/documents", _l("Documents"), "file", Permission.DOCUMENTS_READ, 21, under="/documents", mirrored=True
        ),
        NavEntry(
            "/soins",
            _l("Care history"),
            "heart",
            Permission.DOCUMENTS_READ,
            25,
            under="/documents",
            serves=may_read,
            mirrored=True,
        ),
    ),
    cards=(
        Card("documents/_given_card.html", 12, Permission.ACCESS_MANAGE, codes.given_card),
        Card("documents/_latest_card.html", 20, Permission.DOCUMENTS_READ, listing.latest_card, Veiled.MASKED),
    ),
)
