"""What the worker makes of a document once it is in its record: its words are read, its first pages drawn."""

from typing import Any
from uuid import UUID

from espace.documents.services.finding import texts
from espace.documents.services.viewing import drawing


def on_filed(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Event `documents.filed`: a document entered its record, or something about it changed. Twice is fine."""
    record_id, document_id = UUID(payload["record_id"]), UUID(payload["document_id"])
    texts.index(record_id, document_id)
    drawing.prepare(record_id, document_id)
