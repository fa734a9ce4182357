"""Documents of the record that go with a message: those its writer sees and that nobody is kept from."""

from collections.abc import Sequence
from uuid import UUID

from espace import db
from espace.documents.services import DocumentFacts
from espace.documents.services.passing import choosing
from espace.messaging.services.boxes import Box
from espace.permissions import Permission


def documents(box: Box, ids: Sequence[UUID]) -> list[DocumentFacts]:
    """Those of these documents that may go with a message of this box, newest first; none for a mailbox."""
    if not ids or box.standing is None or not box.standing.may(Permission.DOCUMENTS_READ):
        return []
    with db.read() as tx:
        return choosing.by_id(tx, box.standing, ids)
