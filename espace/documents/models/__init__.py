"""Rows of documents: the documents themselves, what each reader made of them, their words, and what waits."""

from .care import CareLine
from .documents import Document, DocumentAuthor, DocumentSource, FormerRecord, ResultDelay
from .drafts import AddingDraft, AddingPiece
from .passing import GuestFile, SharedFile
from .quarantine import Quarantined
from .readers import DocumentFolder, DocumentMark, DocumentReader
from .words import DocumentText, DocumentWord, DocumentWordKey

__all__ = [
    "AddingDraft",
    "AddingPiece",
    "CareLine",
    "Document",
    "DocumentAuthor",
    "DocumentFolder",
    "DocumentMark",
    "DocumentReader",
    "DocumentSource",
    "DocumentText",
    "DocumentWord",
    "DocumentWordKey",
    "FormerRecord",
    "GuestFile",
    "Quarantined",
    "ResultDelay",
    "SharedFile",
]
