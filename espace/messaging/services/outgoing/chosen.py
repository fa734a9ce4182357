"""Documents of the record that go with a message: those its writer sees and that nobody is kept from."""

from collections.abc import Sequence
from uuid import UUID

from espace import db
from espace.access.services import visible
from espace.documents.services import DocumentFacts, visibility
from espace.documents.services.passing import choosing
from espace.messaging.services.boxes import Box
from espace.permissions import Permission


def documents(box: Box, ids: Sequence[UUID]) -> list[DocumentFacts]:
    """Those of these documents that may go with a message of this box, newest first; none for a mailbox."""
    if not ids or box.standing is None or not box.standing.may(Permission.DOCUMENTS_READ):
        return []
    with db.read() as tx:
        return choosing.by_id(tx, box.standing, ids)


def is_free(box: Box, ids: Sequence[UUID]) -> bool:
    """Whether nobody is kept from any of these documents, as far as the reader of a box sees them (rules.md MS-16).

    They may have been chosen before they were hidden, or by no page of ours.
    """
    if not ids or box.standing is None:
        return True
    rule = visible(box.standing)
    values = {"record": box.id, "ids": list(ids), **visibility.parameters(rule)}
    with db.read() as tx:
        return tx.execute(visibility.kept_statement(visibility.shape(rule)), values).first() is None
