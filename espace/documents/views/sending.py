"""A document's other versions and where it came from, on its page; and the document packed for other software."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, render_template
from flask_babel import gettext

from espace.documents.services import DocumentFacts
from espace.documents.services.arriving import sending_out
from espace.documents.services.viewing import lineage
from espace.interop.xdm_write import file_names
from espace.permissions import Permission
from espace.web.files import SANDBOX
from espace.web.forms import translated
from espace.web.guards import requires, viewpoint
from espace.web.viewpoint import Viewpoint
from espace.words import N_

_WAYS = {
    "patient": (N_("Added by the person"), N_("Added by %(name)s")),
    "professional": (N_("Deposited by a professional"), N_("Deposited by %(name)s")),
    "import": (N_("Received with files from elsewhere"), N_("Received with files from elsewhere")),
    "mail": (N_("Received by secure mail"), N_("Received by secure mail from %(name)s")),
}
_ICONS = {"patient": "person", "professional": "steth", "import": "download", "mail": "mail"}


@dataclass(frozen=True, slots=True)
class Way:
    """One way by which a document came, in words. `title` is what it was called there, if otherwise."""

    words: str
    icon: str
    title: str
    at: datetime


def told(here: Viewpoint, document: DocumentFacts) -> dict[str, Any]:
    """What `documents/_versions.html` shows: versions, ways, and whether its reader may put a newer one there."""
    found = lineage.history(here.standing, document)
    own = document.origin == "professional" and document.professional_id == here.actor.id
    return {
        "versions": found.versions if len(found.versions) > 1 else (),
        "newest": found.newest,
        "ways": [_way(one.kind, one.name, one.title, one.received_at) for one in found.sources],
        "replaceable": document.id == found.newest.id and _may_replace(document, here, own=own),
    }


def _may_replace(document: DocumentFacts, here: Viewpoint, *, own: bool) -> bool:
    """Whether the reader may put a new version: of their own deposit, or of what the person's side added (AR-19)."""
    if here.is_professional:
        return own and here.may(Permission.DOCUMENTS_DEPOSIT)
    return document.by_patient and document.state in ("current", "archived") and here.may(Permission.DOCUMENTS_ADD)


def _way(kind: str, name: str, title: str, at: datetime) -> Way:
    nobody, somebody = _WAYS.get(kind, _WAYS["import"])
    words = gettext(somebody, name=name) if name else translated(nobody)
    return Way(words, _ICONS.get(kind, "download"), title, at)


@requires(Permission.DOCUMENTS_READ)
def packed(document_id: UUID) -> Response:
    """The document as an XDM archive, which care software and other records file (interop.md section 2)."""
    parcel = sending_out.parcel(viewpoint().standing, document_id)
    about = {"document": parcel.document, "outgoing": parcel.outgoing, "name": file_names([parcel.outgoing])[0]}
    archive = parcel.packed(
        render_template("documents/xdm_index.html", **about), "\n".join(map(translated, sending_out.README))
    )
    response = Response(archive, mimetype="application/zip")
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Content-Disposition"] = 'attachment; filename="IHE_XDM.ZIP"'
    response.headers["Cache-Control"] = "no-store, no-transform"
    return response
