"""What other rooms may ask of the documents of a record."""

from .adding import AddDocument, Added, add
from .depositing import DEPOSITABLE, DepositDocument, deposit, holder_is_minor, judge_deposit
from .quarantine import quarantined
from .reading import (
    PAGE_SIZE,
    Content,
    Cursor,
    DocumentFacts,
    Page,
    body,
    document,
    download,
    latest,
    opened,
    original,
    page,
)
from .types import CLASS_WORDS, CLASSES, PATIENT_TYPES, DocumentType, plain_title, plain_titles, type_label, types

__all__ = [
    "CLASSES",
    "CLASS_WORDS",
    "DEPOSITABLE",
    "PAGE_SIZE",
    "PATIENT_TYPES",
    "AddDocument",
    "Added",
    "Content",
    "Cursor",
    "DepositDocument",
    "DocumentFacts",
    "DocumentType",
    "Page",
    "add",
    "body",
    "deposit",
    "document",
    "download",
    "holder_is_minor",
    "judge_deposit",
    "latest",
    "opened",
    "original",
    "page",
    "plain_title",
    "plain_titles",
    "quarantined",
    "type_label",
    "types",
]
