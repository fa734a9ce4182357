"""Files inside a clinical document: pictures drawn here, others only ever saved (security.md R33)."""

from uuid import UUID

from flask import Response

from espace.documents.services.viewing.cda_reading import inner
from espace.permissions import Permission
from espace.web.files import SANDBOX, disposition
from espace.web.guards import requires, viewpoint


@requires(Permission.DOCUMENTS_READ)
def image(document_id: UUID, number: int) -> Response:
    """The file of this number: nothing of it runs, and a picture holds nothing but its points."""
    found = inner(viewpoint().standing, document_id, number)
    response = Response(found.content, mimetype=found.media)
    headers = response.headers
    headers["Content-Security-Policy"] = SANDBOX
    if not found.is_picture:
        named = disposition(f"{found.title} {number}", found.media)
        headers["Content-Disposition"] = f"attachment;{named.partition(';')[2]}"
        headers["Cache-Control"] = "no-store, no-transform"
    return response
