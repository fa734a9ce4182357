"""What a document that comes in says it is: whose, of which kind, who may see it; believed only where it is exact.

Nothing of a file is trusted: its name says nothing, its content decides, and the person it names must be known here
under the same INS, birth date, birth name and sex (security.md R41).
"""

import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from espace import clock
from espace.documents.services.entries.checks import MAX_TITLE, clean_title
from espace.documents.services.entries.filing import Body, NewDocument, content_digest, judge
from espace.documents.services.entries.likeness import PATIENT
from espace.documents.services.types import types
from espace.errors import BusyError
from espace.identifiers import parse_rpps
from espace.interop import cda, cda_view, media
from espace.interop.cda import CdaAuthor, CdaDocument, CdaError, CdaPatient
from espace.interop.media import MediaError
from espace.people import services as people
from espace.records import services as records
from espace.records.services import RecordFacts

_HIDDEN, _AWAITS, _SECRET = "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"
_VISIBILITIES = frozenset({"N", "R", "V", _HIDDEN, _AWAITS, _SECRET})
SECRET_FLAGS = frozenset({_SECRET, "INVISIBLE_REP_LEGAUX", "CONNEXION_SECRETE"})
"""How senders say that a minor's parents must not see a document (rules.md MS-15, AR-17)."""
TO_RECORD = "DESTDMP"
"""How senders say that a document is for the record as well as for who reads it (rules.md MS-15)."""
_ROUTING = frozenset({TO_RECORD, "DESTMSSANTEPS", "DESTMSSANTEPAT"})
"""Codes that say where a document goes, not who may see it (rules.md MS-15)."""
# Feeding needs no consent, only no opposition (rules.md AR-4): what its person refused is not even kept aside. What
# the house holds back, or a death ended, may be corrected: it waits.
_REFUSING = frozenset({records.OPPOSED, records.CLOSED, records.ERASED})
_WAITING = frozenset({records.SUSPENDED, records.DECEASED})
_NOT_BY_IMPORT = frozenset({"60"})  # the insurer's own feed (rules.md CO-4)


class AsideError(Exception):
    """A document to quarantine; `reason` is the code that is kept with it, `faults` what was found wrong, in codes."""

    def __init__(self, reason: str, faults: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.faults = faults


class RefusedFileError(Exception):
    """A file that is not kept at all; `reason` is a code. It is no health document, or its person refused it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def prepared(content: bytes) -> tuple[RecordFacts, NewDocument]:
    """A CDA document read, and the open record of exactly the person it names. Raises as `take_in`."""
    document = parsed(content)
    check_type(document.header.type_code, document.header.type_system)
    return record_of(document.header.patient), new_document(content, document)


def check_type(code: str, system: str = "") -> None:
    """See that this kind of document may be filed by an import.

    Raises:
        AsideError: when it is not known, or comes by another way.
    """
    kind = types().get(code)
    if kind is None or (system and kind.system != system):
        raise AsideError("unknown-type")
    if kind.class_code in _NOT_BY_IMPORT:
        raise AsideError("type-not-accepted")


def parsed(content: bytes) -> CdaDocument:
    """A CDA document read.

    Raises:
        AsideError: when it must wait for someone's decision.
        RefusedFileError: when it is no health document.
    """
    found = media.sniff(content)
    if found in media.IMAGES or found in (media.PDF, media.RTF):
        raise AsideError("no-identity")
    if not looks_like_xml(content):
        raise RefusedFileError("not-a-health-document")
    try:
        return cda.parse(content)
    except CdaError as error:
        if error.kind in ("not-xml", "not-cda") and not _may_be_clinical(content):
            raise RefusedFileError("not-a-health-document") from None
        raise AsideError(error.kind) from None


def _may_be_clinical(content: bytes) -> bool:
    """Whether a file that is no CDA document is a damaged one, or a part of one."""
    return b"ClinicalDocument" in content or b"urn:hl7" in content or cda_view.is_readable(content)


def looks_like_xml(content: bytes) -> bool:
    """Whether bytes begin as XML does, in any of its encodings."""
    return content[:64].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


def record_of(patient: CdaPatient) -> RecordFacts:
    """The open record of exactly the person a document names.

    Raises:
        AsideError: when there is none.
    """
    person = people.find_person(patient.ins)
    if person is None:
        raise AsideError("unknown-patient")
    same = (
        patient.birth_date == person.birth_date
        and patient.sex == person.sex
        and folded(patient.birth_name) == folded(person.birth_name) != ""
    )
    if not same:
        raise AsideError("traits-mismatch")
    record = records.record_of(person.id)
    if record is None:
        raise AsideError("no-record")
    check_open(record)
    return record


def check_open(record: RecordFacts) -> None:
    """See that documents may enter the record.

    Raises:
        AsideError: when it may take them later.
        RefusedFileError: when its holder wants none.
    """
    if record.state in _REFUSING:
        raise RefusedFileError(f"record-{record.state}")
    if record.state in _WAITING:
        raise AsideError(f"record-{record.state}")
    if not (record.is_open or (record.state == records.ANNOUNCED and record.opens_at <= clock.now())):
        raise AsideError("record-not-open")


_LIGATURES = (("œ", "oe"), ("Œ", "OE"), ("æ", "ae"), ("Æ", "AE"))


def folded(name: str) -> str:
    """A name without accents, case or double spaces; hyphens and apostrophes count (rules.md ID-1)."""
    for joined, apart in _LIGATURES:
        name = name.replace(joined, apart)
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return " ".join("".join(letters).casefold().split())


def new_document(content: bytes, document: CdaDocument, marks: Iterable[str] = ()) -> NewDocument:
    """What is filed of a CDA document; `marks` are visibility codes said beside it, which may only close further.

    Raises:
        AsideError: when it cannot be filed as it says.
    """
    header = document.header
    if header.care_day > clock.today():
        raise AsideError("bad-date")
    visibility = visibility_of((*header.confidentiality, *marks))
    professional, author = author_of(header.author)
    own = header.author.ins == header.patient.ins
    return NewDocument(
        title=clean_title(header.title or types()[header.type_code].label)[:MAX_TITLE],
        date=header.care_day,
        type_code=header.type_code,
        origin=PATIENT if own else "import",
        unique_id=header.unique_id,
        body=Body(content, media.XML) if document.structured else body_of(document.body),
        content=None if document.structured else content,
        author="" if own else author,  # who adds a document is not who wrote it
        structure=clean_title(header.author.structure_name)[:MAX_TITLE],
        depositor=author,
        professional_id=professional.id if professional else None,
        hidden=visibility.hidden,
        patient_invisible=visibility.patient_invisible,
        representatives_invisible=visibility.representatives_invisible,
        content_index=_said(document) if document.structured else b"",
        set_id=header.set_id,
        version=header.version,
        replaces=header.replaces,
    )


def _said(document: CdaDocument) -> bytes:
    """What makes two structured documents the same: kind, day and body, however their headers are written."""
    about = f"{document.header.type_code}|{document.header.care_day}|"
    return content_digest(about.encode() + document.body)


@dataclass(frozen=True, slots=True)
class Visibility:
    """Who must not see a document: professionals, its holder before an announcement, a minor's parents."""

    hidden: bool
    patient_invisible: bool
    representatives_invisible: bool


def visibility_of(confidentiality: Iterable[str]) -> Visibility:
    """Who must not see a document, from its codes (rules.md AR-13 to AR-17).

    Raises:
        AsideError: for an unknown code, or two that exclude each other.
    """
    codes = {_SECRET if code in SECRET_FLAGS else code for code in confidentiality} - _ROUTING
    if not codes <= _VISIBILITIES:
        raise AsideError("unknown-visibility")
    if {_HIDDEN, _AWAITS} <= codes:
        raise AsideError("visibility-conflict")  # rules.md AR-16
    return Visibility(_HIDDEN in codes, _AWAITS in codes, _SECRET in codes)


def body_of(content: bytes) -> Body:
    """What people read of a document, judged by its decoder.

    Raises:
        AsideError: when it cannot be filed.
        BusyError: when nobody can look at it now.
    """
    try:
        return judge(content)
    except MediaError as error:
        if error.kind == "busy":
            raise BusyError from None
        raise AsideError(f"body-{error.kind}") from None


def author_of(author: CdaAuthor) -> tuple[people.Professional | None, str]:
    """Who wrote a document, if the directory knows them, and the name it is shown under."""
    professional = _professional(author.professional_id)
    if professional:
        return professional, professional.display_name
    name = " ".join(part for part in (author.title, author.given_name, author.family_name) if part)
    return None, clean_title(name)[:MAX_TITLE]


def _professional(number: str) -> people.Professional | None:
    with suppress(ValueError):
        if number.startswith("8"):
            return people.find_professional(parse_rpps(number))
    return None
