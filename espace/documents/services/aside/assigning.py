"""Filing what two operators gave to a record: read leniently, as its own header may be what kept it out (R41).

Who it belongs to was decided by people; what it is and shows is still judged by its decoders, the scanner too.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from espace import clock
from espace.audit.services import Action
from espace.documents.services.adding import scanning
from espace.documents.services.adding.scanning import ScanError
from espace.documents.services.arriving.claimed import (
    AsideError,
    RefusedFileError,
    body_of,
    check_open,
    check_type,
    folded,
    looks_like_xml,
    new_document,
)
from espace.documents.services.arriving.importing import Filed, Told, filed_once
from espace.documents.services.entries.checks import MAX_TITLE, clean_title
from espace.documents.services.entries.filing import Body, NewDocument, content_digest
from espace.documents.services.entries.folding import Source
from espace.documents.services.types import type_label
from espace.interop import cda, cda_view, media
from espace.interop.cda import CdaError
from espace.people import services as people
from espace.records import services as records

from . import claims

DESK = Source("import")
_HIDDEN, _AWAITS, _SECRET = "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"
_ANY_TYPE = "11488-4"
_ALREADY_USED = frozenset({"unique-id-reused", "version-reused"})


class NotFilableError(Exception):
    """Why a file cannot become a document of any record; `kind` is a code."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Wish:
    """What operators say a file is: its type, and the day of the care."""

    type_code: str
    day: date


@dataclass(frozen=True, slots=True)
class Ready:
    """A document ready to be filed, and the bytes it came as."""

    content: bytes
    new: NewDocument


def ready(content: bytes, wish: Wish) -> list[Ready]:
    """The documents of a file as they would be filed: several for an archive.

    Raises:
        NotFilableError: when there is none, or one of them cannot be shown to anybody.
    """
    try:
        scanning.scan(content)
    except ScanError as error:
        raise NotFilableError(error.kind) from None
    return _read(content, wish)


def marks(documents: list[Ready]) -> list[dict[str, str]]:
    """Of each document, the marks by which its record's trail tells nothing of it to who may not know of it (R13)."""
    names = ("patient_invisible", "representatives_invisible")
    return [{name: "yes" for name in names if getattr(one.new, name)} for one in documents]


def _read(content: bytes, wish: Wish) -> list[Ready]:
    try:
        check_type(wish.type_code)
        if media.sniff(content) != media.ZIP:
            return [Ready(content, _one(content, wish))]
        found = [Ready(each, _one(each, wish)) for each in claims.packed(content).values()]
    except (AsideError, CdaError) as error:
        raise NotFilableError(error.reason if isinstance(error, AsideError) else error.kind) from None
    if not found:
        raise NotFilableError("no-document")
    return found


def trouble(content: bytes) -> str:
    """Why a file can be filed in no record, in a code; nothing when it can. The scanner is not asked."""
    try:
        _read(content, Wish(_ANY_TYPE, clock.today()))
    except NotFilableError as error:
        return error.kind
    return ""


def takes_documents(record_id: UUID) -> bool:
    """Whether documents may enter this record now."""
    try:
        check_open(records.record(record_id))
    except (AsideError, RefusedFileError):
        return False
    return True


def file_assigned(
    record_id: UUID, documents: list[Ready], also: Callable[[Connection, bool, bool], None]
) -> list[Filed]:
    """File documents in the record that operators gave them to; those that are there already gain a source.

    `also` belongs to the unit of work of each document; it learns whether this is the first, and the last one.

    Raises:
        NotFilableError: when the record takes nothing any more.
    """
    told = Told()
    found = []
    for number, one in enumerate(documents):
        first, last = number == 0, number == len(documents) - 1
        found.append(_filed(record_id, one, told, lambda tx, f=first, e=last: also(tx, f, e)))  # type: ignore[misc]
    return found


def _filed(record_id: UUID, one: Ready, told: Told, also: Callable[[Connection], None]) -> Filed:
    record = records.record(record_id)
    new = replace(one.new, names_other=_names_other(one.content, people.person(record.person_id)))
    try:
        for _try in range(2):
            try:
                return filed_once(record, new, Action.DOCUMENT_IMPORTED, one.content, source=DESK, told=told, also=also)
            except AsideError as aside:
                if aside.reason not in _ALREADY_USED:
                    raise
                # Another document bears its number: this one stands by itself, under a number of its own.
                new = replace(new, unique_id=_own_number(one.content), set_id="", version=1, replaces="")
        raise NotFilableError("unique-id-reused")
    except (AsideError, RefusedFileError) as error:
        raise NotFilableError(error.reason) from None


def _names_other(content: bytes, holder: people.Person) -> bool:
    """Whether a file names somebody else: by the number it carries, else by a name or a day of birth."""
    names = {folded(holder.birth_name), folded(holder.use_name)}

    def other(said: claims.Traits) -> bool:
        if said.ins:
            return said.ins != holder.ins
        return bool(said.birth_name and folded(said.birth_name) not in names) or (
            said.birth_date is not None and said.birth_date != holder.birth_date
        )

    return any(other(one) for one in claims.claims(content).people)


def _one(content: bytes, wish: Wish) -> NewDocument:
    if not looks_like_xml(content):
        return _bare(content, wish)
    try:
        document = cda.parse(content)
        chosen = replace(document, header=replace(document.header, type_code=wish.type_code))
        found = new_document(content, chosen)
    except (CdaError, AsideError):
        found = _lenient(content, wish)
    return replace(found, date=wish.day)


def _bare(content: bytes, wish: Wish) -> NewDocument:
    """A file that says nothing of itself: a picture, a PDF, a text."""
    return NewDocument(
        title=clean_title(type_label(wish.type_code))[:MAX_TITLE],
        date=wish.day,
        type_code=wish.type_code,
        origin="import",
        unique_id=_own_number(content),
        body=body_of(content),
    )


def _lenient(content: bytes, wish: Wish) -> NewDocument:
    """A clinical document that no import files by itself: of another country, without identity, damaged."""
    head = cda_view.head(content)
    inside = cda_view.body(content)
    author = head.authors[0] if head.authors else None
    codes = set(head.confidentiality)
    name = clean_title(author.name)[:MAX_TITLE] if author else ""
    return NewDocument(
        title=clean_title(head.title or type_label(wish.type_code))[:MAX_TITLE],
        date=wish.day,
        type_code=wish.type_code,
        origin="import",
        unique_id=head.unique_id or _own_number(content),
        body=body_of(inside) if inside else Body(content, media.XML),
        content=content if inside else None,
        author=name,
        structure=clean_title(author.organisation)[:MAX_TITLE] if author else "",
        depositor=name,
        # One cannot be both (rules.md AR-16): what was not announced stays so.
        hidden=_HIDDEN in codes and _AWAITS not in codes,
        patient_invisible=_AWAITS in codes,
        representatives_invisible=_SECRET in codes,
        set_id=head.set_id,
        version=head.version,
    )


def _own_number(content: bytes) -> str:
    """A unique id of our own for a file that has none, the same each time."""
    return f"2.25.{int.from_bytes(content_digest(content)[:16])}"
