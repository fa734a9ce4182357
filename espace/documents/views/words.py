"""One document in words, for the one who reads: its line in a list, and what is said of how it is shared."""

from dataclasses import dataclass

from espace.documents.services import CLASS_WORDS, DocumentFacts
from espace.web.viewpoint import Viewpoint
from espace.words import N_, Message

_TYPE_ICONS = {
    "11502-2": "flask",
    "DOCPAT05": "flask",
    "11369-6": "syringe",
    "87273-9": "syringe",
    "96874-3": "syringe",
}
_CLASS_ICONS = {"42": "pill", "43": "pill", "10": "steth", "31": "scan"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A badge: its words, its kind and its icon."""

    word: Message
    kind: str
    icon: str


@dataclass(frozen=True, slots=True)
class Line:
    """One document in a list. `by_reader`: the reader added it themself."""

    document: DocumentFacts
    kind: Message
    icon: str
    by_reader: bool
    marks: tuple[Mark, ...]


def line(document: DocumentFacts, here: Viewpoint) -> Line:
    """A document as `here` sees it."""
    return Line(
        document=document,
        kind=CLASS_WORDS[document.class_code],
        icon=icon_of(document),
        by_reader=document.by_patient and not here.is_professional and document.depositor == here.actor.name,
        marks=marks(document, here),
    )


def icon_of(document: DocumentFacts) -> str:
    """The icon of its kind; what a person added is a person's, whatever it is (rules.md CO-13)."""
    if document.by_patient:
        return "person"
    return _TYPE_ICONS.get(document.type_code) or _CLASS_ICONS.get(document.class_code, "file")


def marks(document: DocumentFacts, here: Viewpoint) -> tuple[Mark, ...]:
    """What must be said before it is opened (rules.md CO-13, AR-15, AR-18)."""
    found = []
    if document.by_patient and here.is_professional:
        found.append(Mark(N_("Added by the patient"), "tip", "person"))
    if document.hidden:
        found.append(Mark(N_("Hidden from professionals"), "", "eye-off"))
    if document.patient_invisible:
        found.append(Mark(N_("Not announced to the patient yet"), "warn", "eye-off"))
    if document.representatives_invisible:
        found.append(Mark(N_("Not visible to the parents"), "", "eye-off"))
    return tuple(found)
