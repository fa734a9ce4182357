"""Documents from files: filed by exact identity, else quarantined with a reason, else refused (security.md R41).

Nothing of a file is trusted: its name says nothing, its content decides, and the person it names must be known here
under the same INS, birth date, birth name and sex.
"""

import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from espace import clock, db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, NotFoundError
from espace.identifiers import parse_rpps
from espace.import_report import Report
from espace.interop import cda, media
from espace.interop.cda import CdaAuthor, CdaDocument, CdaError, CdaPatient
from espace.interop.media import MediaError
from espace.people import services as people
from espace.permissions import SYSTEM, Relation
from espace.records import services as records
from espace.records.services import RecordFacts

from .checks import MAX_TITLE, clean_title
from .filing import Body, NewDocument, content_digest, judge, known, stored, write_row
from .quarantine import put_aside, release
from .reading import snapshot
from .types import types

_HIDDEN, _AWAITS, _SECRET = "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"
_VISIBILITIES = frozenset({"N", "R", "V", _HIDDEN, _AWAITS, _SECRET})
# Feeding needs no consent, only no opposition (rules.md AR-4): what its person refused is not even kept aside. What
# the house holds back, or a death ended, may be corrected: it waits.
_REFUSING = frozenset({records.OPPOSED, records.CLOSED, records.ERASED})
_WAITING = frozenset({records.SUSPENDED, records.DECEASED})
_NOT_BY_IMPORT = frozenset({"60"})  # the insurer's own feed (rules.md CO-4)


class AsideError(Exception):
    """A document to quarantine; `reason` is the code that is kept with it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RefusedFileError(Exception):
    """A file that is not kept at all; `reason` is a code. It is no health document, or its person refused it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def import_paths(paths: Iterable[Path], progress: Callable[[int], None] = lambda _read: None) -> Report:
    """File every document under `paths` (files and folders, links not followed); running it again changes nothing."""
    report = Report()
    for path, where in _files(paths):
        report.read += 1
        progress(report.read)
        try:
            content = _read(path)
        except RefusedFileError as refused:
            report.refuse(where, refused.reason)
            continue
        try:
            if take_in(content):
                report.done += 1
            else:
                report.unchanged += 1
        except RefusedFileError as refused:
            report.refuse(where, refused.reason)
        except AsideError as aside:
            put_aside(content, aside.reason, where)
            report.quarantine(where, aside.reason)
    return report


def take_in(content: bytes) -> bool:
    """File one document; False when it is there already.

    Raises:
        AsideError: when it must wait for someone's decision.
        RefusedFileError: when it is no health document.
    """
    record, new = prepared(content)
    return filed_once(record, new, Action.DOCUMENT_IMPORTED, content)


def prepared(content: bytes) -> tuple[RecordFacts, NewDocument]:
    """A CDA document read, and the open record of exactly the person it names. Raises as `take_in`."""
    document = _parsed(content)
    check_type(document.header.type_code, document.header.type_system)
    record = record_of(document.header.patient)
    if document.structured:
        raise AsideError("level-3")
    return record, _new(content, document)


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


def filed_once(record: RecordFacts, new: NewDocument, action: Action, content: bytes) -> bool:
    """File a document, unless it is there; `content` is the file as it came, no longer in quarantine then.

    Raises:
        AsideError: when another content is filed under the same unique id.
    """
    if _is_there(record, new):
        return False
    files_to_keep = (new.body.content,) if new.content is None else (new.content, new.body.content)
    try:
        with stored(record.id, *files_to_keep) as files, db.write() as tx:
            filed = write_row(tx, record.id, new, files)
            audit.record(SYSTEM, record.id, action, relation=Relation.SYSTEM, objects=[snapshot(filed)])
            release(content)
    except ConflictError:
        if _is_there(record, new):
            return False
        raise
    except NotFoundError:  # closed, or in another state, since it was looked up
        _check_open(records.record(record.id))
        raise
    return True


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        if path.is_dir():
            for found in sorted(path.rglob("*")):
                if not found.is_symlink() and not found.is_dir():
                    yield found, str(found.relative_to(path))
        else:
            yield path, path.name


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise RefusedFileError("not-a-file")
        if path.stat().st_size > cda.MAX_BYTES:
            raise RefusedFileError("too-large")
        content = path.read_bytes()
    except OSError:
        raise RefusedFileError("unreadable") from None
    if not content:
        raise RefusedFileError("empty")
    return content


def _parsed(content: bytes) -> CdaDocument:
    found = media.sniff(content)
    if found == media.ZIP:
        raise AsideError("xdm-archive") if _is_xdm(content) else RefusedFileError("not-a-health-document")
    if found in media.IMAGES or found in (media.PDF, media.RTF):
        raise AsideError("no-identity")
    if not _looks_like_xml(content):
        raise RefusedFileError("not-a-health-document")
    try:
        return cda.parse(content)
    except CdaError as error:
        if error.kind in ("not-xml", "not-cda") and b"ClinicalDocument" not in content and b"urn:hl7" not in content:
            raise RefusedFileError("not-a-health-document") from None
        raise AsideError(error.kind) from None


def _looks_like_xml(content: bytes) -> bool:
    return content[:64].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


def _is_xdm(content: bytes) -> bool:
    """Whether an archive has the parts of an XDM exchange (interop.md section 2); nothing is unpacked."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return any(name.upper().startswith("IHE_XDM") for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False


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
    _check_open(record)
    return record


def _check_open(record: RecordFacts) -> None:
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


def _new(content: bytes, document: CdaDocument) -> NewDocument:
    header = document.header
    if header.care_day > clock.today():
        raise AsideError("bad-date")
    visibility = visibility_of(header.confidentiality)
    professional = _professional(header.author)
    author = _author_name(header.author, professional)
    return NewDocument(
        title=clean_title(header.title or types()[header.type_code].label)[:MAX_TITLE],
        date=header.care_day,
        type_code=header.type_code,
        origin="import",
        unique_id=header.unique_id,
        body=body_of(document.body),
        content=content,
        author=author,
        structure=clean_title(header.author.structure_name)[:MAX_TITLE],
        depositor=author,
        professional_id=professional.id if professional else None,
        hidden=visibility.hidden,
        patient_invisible=visibility.patient_invisible,
        representatives_invisible=visibility.representatives_invisible,
    )


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
    codes = set(confidentiality)
    if not codes <= _VISIBILITIES:
        raise AsideError("unknown-visibility")
    if {_HIDDEN, _AWAITS} <= codes:
        raise AsideError("visibility-conflict")  # rules.md AR-16
    return Visibility(_HIDDEN in codes, _AWAITS in codes, _SECRET in codes)


def body_of(content: bytes) -> Body:
    """What people read of a document, judged by its decoder.

    Raises:
        AsideError: when it cannot be filed.
    """
    try:
        return judge(content)
    except MediaError as error:
        raise AsideError(f"body-{error.kind}") from None


def _professional(author: CdaAuthor) -> people.Professional | None:
    number = author.professional_id
    with suppress(ValueError):
        if number.startswith("8"):
            return people.find_professional(parse_rpps(number))
    return None


def _author_name(author: CdaAuthor, professional: people.Professional | None) -> str:
    if professional:
        return professional.display_name
    name = " ".join(part for part in (author.title, author.given_name, author.family_name) if part)
    return clean_title(name)[:MAX_TITLE]


def _is_there(record: RecordFacts, new: NewDocument) -> bool:
    """Whether this document is filed already; another content under the same unique id is set aside."""
    twin = known(record.id, new.unique_id)
    if twin is None:
        return False
    if twin[1] != content_digest(new.body.content):
        raise AsideError("unique-id-reused")
    return True
