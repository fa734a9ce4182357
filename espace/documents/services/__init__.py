"""What other rooms may ask of the documents of a record."""

from .adding.own import AddDocument, Added, add
from .arriving.depositing import DEPOSITABLE, DepositDocument, deposit, holder_is_minor, judge_deposit
from .aside.quarantine import quarantined
from .deciding.telling import Telling, tellings
from .library.browsing import PAGE_SIZE, Cursor, Filter, Page, Seen, latest, page
from .types import (
    CLASS_WORDS,
    CLASSES,
    PATIENT_TYPES,
    DocumentType,
    plain_title,
    plain_titles,
    type_label,
    type_words,
    types,
)
from .viewing.reading import BESIDE, Content, DocumentFacts, body, document, download, opened, original

__all__ = [
    "BESIDE",
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
    "Filter",
    "Page",
    "Seen",
    "Telling",
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
    "tellings",
    "type_label",
    "type_words",
    "types",
]
