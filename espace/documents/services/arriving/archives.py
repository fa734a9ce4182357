"""The documents of an XDM archive, each beside what the archive says of it; contradictions stop them (interop.md 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from espace import clock
from espace.documents.services.entries.checks import MAX_TITLE, clean_title
from espace.documents.services.entries.filing import NewDocument
from espace.documents.services.entries.likeness import PATIENT
from espace.documents.services.types import types
from espace.interop import xdm
from espace.interop.cda import CdaDocument, CdaPatient
from espace.interop.xdm import XdmEntry, XdmError
from espace.records.services import RecordFacts

from .claimed import (
    AsideError,
    RefusedFileError,
    author_of,
    body_of,
    check_type,
    folded,
    looks_like_xml,
    new_document,
    parsed,
    record_of,
    visibility_of,
)


@dataclass(frozen=True, slots=True)
class Packed:
    """One document of an archive: its name there, its bytes, and how it is read when its turn comes.

    `marks` are the codes of confidentiality and of routing that the metadata give it, `title` what they call it.
    """

    name: str
    content: bytes
    prepared: Callable[[], tuple[RecordFacts, NewDocument]]
    marks: tuple[str, ...] = ()
    title: str = ""


def unpacked(content: bytes) -> list[Packed]:
    """The documents of an XDM archive.

    Raises:
        AsideError: when it is one and cannot be trusted, with every fault that was found.
        RefusedFileError: when it is another archive.
    """
    if not xdm.is_xdm(content):
        raise RefusedFileError("not-a-health-document")
    try:
        found = xdm.read(content)
    except XdmError as error:
        raise AsideError(f"xdm-{error.kind}", error.faults) from None
    return [
        Packed(one.name, one.content, partial(_prepared, one), one.confidentiality, one.title) for one in found.entries
    ]


def _prepared(entry: XdmEntry) -> tuple[RecordFacts, NewDocument]:
    """A document of an archive read, and the open record of exactly the person it is about. Raises as `prepared`."""
    if looks_like_xml(entry.content):
        document = parsed(entry.content)
        _check_agrees(entry, document)
        check_type(document.header.type_code, document.header.type_system)
        return record_of(document.header.patient), new_document(entry.content, document, entry.confidentiality)
    if entry.patient is None:
        raise AsideError("no-identity")
    if not entry.unique_id:
        raise AsideError("no-id")
    check_type(entry.type_code, entry.type_system)
    return record_of(entry.patient), _described(entry)


def _check_agrees(entry: XdmEntry, document: CdaDocument) -> None:
    """See that the metadata and the document say the same (security.md R41: neither overrules the other).

    Raises:
        AsideError: when they contradict each other, with what they disagree about.
    """
    header = document.header
    if entry.patient and not _same_person(entry.patient, header.patient):
        raise AsideError("contradictory-patients")
    faults = [
        fault
        for fault, said, written in (
            ("unique-id", entry.unique_id, header.unique_id),
            ("type", entry.type_code, header.type_code),
        )
        if said and said != written
    ]
    if faults:
        raise AsideError("metadata-mismatch", tuple(faults))


def _same_person(said: CdaPatient, written: CdaPatient) -> bool:
    """Whether what the metadata say of the person agrees with the document, as far as they say it."""
    return (
        said.ins == written.ins
        and said.birth_date in (None, written.birth_date)
        and said.sex in ("", "U", "O", written.sex)
        and folded(said.birth_name) in ("", folded(written.birth_name))
    )


def _described(entry: XdmEntry) -> NewDocument:
    """A document that does not say itself what it is: the metadata do."""
    if entry.date is None or entry.date > clock.today():
        raise AsideError("bad-date")
    visibility = visibility_of(entry.confidentiality)
    professional, author = author_of(entry.author)
    own = entry.patient is not None and entry.author.ins == entry.patient.ins
    return NewDocument(
        title=clean_title(entry.title or types()[entry.type_code].label)[:MAX_TITLE],
        date=entry.date,
        type_code=entry.type_code,
        origin=PATIENT if own else "import",
        unique_id=entry.unique_id,
        body=body_of(entry.content),
        author="" if own else author,
        structure=clean_title(entry.author.structure_name)[:MAX_TITLE],
        depositor=author,
        professional_id=professional.id if professional else None,
        hidden=visibility.hidden,
        patient_invisible=visibility.patient_invisible,
        representatives_invisible=visibility.representatives_invisible,
    )
