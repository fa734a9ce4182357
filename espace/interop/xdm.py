"""XDM archives as they come: unpacked within limits, every document checked against what the metadata says of it.

IHE ITI-32, interop.md section 2. What a careless sender does and harms nobody is noted as a fault and passed over;
what leaves a doubt about which document is whose stops the archive, and every fault found is named. Nothing of it is
written to disk, no link is followed, no style sheet is used.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha1
from io import BytesIO

from lxml import etree

from espace.clock import HOME_ZONE
from espace.identifiers import INS_OIDS, WrongInsError, parse_ins

from . import xdm_names as names
from .archive import ArchiveError, has_too_many, packed_files
from .cda import CDA, CdaAuthor, CdaError, CdaPatient, harmless_tree, instant

_MAX_DOCUMENTS = 100
_BESIDE = (".XSL", ".CSS", ".HTM", ".HTML", ".TXT", ".PDF", ".PNG", ".JPG", ".JPEG", ".GIF")
"""What may lie beside the documents without being described: style sheets, their pictures, readable copies."""
_STYLES = (".XSL", ".CSS")

Element = etree._Element  # noqa: SLF001 - lxml's own name for its type


class XdmError(Exception):
    """Why an archive is not taken apart: `kind` is the first grave fault, `faults` all that were found, in codes."""

    def __init__(self, kind: str, faults: tuple[str, ...] = ()) -> None:
        super().__init__(kind)
        self.kind = kind
        self.faults = faults or (kind,)


@dataclass(frozen=True, slots=True)
class XdmEntry:
    """One document and what the metadata says of it; what they do not say is empty.

    `patient` is None when they name nobody by an INS. `date` is the civil day of the care, or of the document.
    """

    name: str
    content: bytes = field(repr=False)
    media: str
    unique_id: str
    title: str
    type_code: str
    type_system: str
    confidentiality: tuple[str, ...]
    date: date | None
    patient: CdaPatient | None
    author: CdaAuthor


@dataclass(frozen=True, slots=True)
class XdmArchive:
    """The documents of an archive, and the faults of it that harm nobody, in codes."""

    entries: tuple[XdmEntry, ...]
    faults: tuple[str, ...]


def is_xdm(content: bytes) -> bool:
    """Whether a ZIP has the parts of an exchange; nothing is unpacked."""
    try:
        if has_too_many(BytesIO(content)):
            return names.FOLDER.encode() in content.upper()
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return any(name.upper().startswith(names.FOLDER) for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return names.FOLDER.encode() in content.upper()


def read(content: bytes) -> XdmArchive:
    """Take an archive apart: every document it describes is there, whole, of the right size and hash.

    Raises:
        XdmError: when it is not so, with every fault that was found.
    """
    return _Reading(content).archive()


class _Reading:
    """One archive being read: faults gather, and the first grave one is what it is refused for."""

    def __init__(self, content: bytes) -> None:
        self._faults: dict[str, bool] = {}
        try:
            self._files = self._unpacked(content)
        except ArchiveError as error:
            raise XdmError(f"archive-{error.kind}") from None

    def _note(self, fault: str, *, grave: bool) -> None:
        self._faults[fault] = self._faults.get(fault, False) or grave

    def _stop(self, fault: str) -> XdmError:
        self._note(fault, grave=True)
        return XdmError(next(each for each, grave in self._faults.items() if grave), tuple(self._faults))

    def _unpacked(self, content: bytes) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for name, each in packed_files(content):
            key = name.upper()
            if key in found:
                self._note("same-name-twice", grave=True)
            if name != key:
                self._note("mixed-case-names", grave=False)
            found[key] = each
        return found

    def archive(self) -> XdmArchive:
        base = self._base()
        root = self._metadata(base)
        described = [one for one in root.iter(f"{{{names.RIM}}}ExtrinsicObject") if _is_entry(one)]
        if not described:
            raise self._stop("no-document")
        if len(described) > _MAX_DOCUMENTS:
            raise self._stop("too-many-documents")
        entries = [self._entry(base, one) for one in described]
        self._check_whose(root, entries)
        self._check_beside(base, {one.name.upper() for one in entries})
        if any(self._faults.values()):
            raise self._stop(next(each for each, grave in self._faults.items() if grave))
        return XdmArchive(tuple(entries), tuple(self._faults))

    def _base(self) -> str:
        """What stands before the names of the one subset's files."""
        for name, fault in ((names.INDEX, "no-index"), (names.README, "no-readme")):
            if name not in self._files:
                self._note(fault, grave=False)
        inside = [name for name in self._files if name.startswith(f"{names.FOLDER}/")]
        subsets = {name.split("/")[1] for name in inside if name.count("/") > 1}
        placed = [name for name in inside if name.split("/")[-1] == names.METADATA and name.count("/") > 1]
        if len(subsets) > 1 or len(placed) > 1:
            self._note("several-subsets", grave=True)
        if placed:
            return placed[0].removesuffix(names.METADATA)
        lost = [name for name in self._files if name.endswith(names.METADATA)]
        if len(lost) != 1:
            raise self._stop("no-metadata")
        self._note("metadata-misplaced", grave=True)  # read on all the same: whoever asks again names every fault
        return lost[0].removesuffix(names.METADATA)

    def _metadata(self, base: str) -> Element:
        try:
            return harmless_tree(self._files[base + names.METADATA])
        except CdaError as error:
            raise self._stop(f"metadata-{error.kind}") from None

    def _entry(self, base: str, described: Element) -> XdmEntry:
        slots = _slots(described)
        name, content = self._content(base, slots)
        self._check_content(slots, content)
        author = next((_author(_slots(one)) for one in _classified(described, names.ENTRY_AUTHOR)), CdaAuthor())
        type_code, type_system = _code(next(_classified(described, names.TYPE), None))
        unique_id = _external(described, names.ENTRY_UNIQUE_ID)
        patient = self._patient(_external(described, names.ENTRY_PATIENT), slots.get("sourcePatientInfo", []))
        for missing, fault in ((type_code, "no-type"), (unique_id, "no-unique-id"), (patient, "no-patient")):
            if not missing:
                self._note(fault, grave=False)
        return XdmEntry(
            name=name,
            content=content,
            media=described.get("mimeType", ""),
            unique_id=unique_id,
            title=_localized(described),
            type_code=type_code,
            type_system=type_system,
            confidentiality=tuple(_code(one)[0] for one in _classified(described, names.CONFIDENTIALITY)),
            date=self._day(slots),
            patient=patient,
            author=author,
        )

    def _content(self, base: str, slots: dict[str, list[str]]) -> tuple[str, bytes]:
        parts = sorted(slots.get("URI", []))
        if len(parts) > 1:  # a long name comes in numbered pieces
            parts = [part.partition("|")[2] or part for part in parts]
        uri = "".join(parts)
        if not uri:
            self._note("no-uri", grave=True)
        elif ".." in uri.split("/") or "\\" in uri or ":" in uri or uri.startswith("/"):
            self._note("bad-uri", grave=True)
        elif (base + uri.upper()) not in self._files:
            self._note("missing-file", grave=True)
        else:
            if uri != uri.upper():
                self._note("mixed-case-names", grave=False)
            return base + uri.upper(), self._files[base + uri.upper()]
        return "", b""

    def _check_content(self, slots: dict[str, list[str]], content: bytes) -> None:
        size, digest = _one(slots, "size"), _one(slots, "hash")
        if not size or not digest:
            self._note("no-hash" if not digest else "no-size", grave=True)
        if size and size != str(len(content)):
            self._note("bad-size", grave=True)
        if digest and digest.lower() != sha1(content, usedforsecurity=False).hexdigest():  # the standard's own
            self._note("bad-hash", grave=True)

    def _patient(self, patient_id: str, info: list[str]) -> CdaPatient | None:
        number, oid = _identifier(patient_id)
        if oid not in INS_OIDS or not number:
            return None
        try:
            ins = parse_ins(number).number
        except WrongInsError:
            self._note("bad-ins", grave=True)
            return None
        told = dict(line.split("|", 1) for line in info if "|" in line)
        family, given = _legal_name(told.get("PID-5", ""))
        return CdaPatient(
            ins=ins,
            ins_oid=oid,
            birth_name=family,
            first_names=given,
            birth_date=_birth_date(told.get("PID-7", "")),
            sex=told.get("PID-8", "").strip(),
        )

    def _day(self, slots: dict[str, list[str]]) -> date | None:
        for name in ("serviceStartTime", "creationTime"):
            if value := _one(slots, name):
                try:
                    return _civil_day(value)
                except CdaError:
                    self._note("bad-time", grave=False)
        return None

    def _check_whose(self, root: Element, entries: list[XdmEntry]) -> None:
        """One archive is about one person: its documents and its submission set name nobody else."""
        named = {one.patient.ins for one in entries if one.patient}
        for package in root.iter(f"{{{names.RIM}}}RegistryPackage"):
            number, oid = _identifier(_external(package, names.SET_PATIENT))
            if oid in INS_OIDS and number:
                named.add(number[:15])
        if len(named) > 1:
            self._note("several-patients", grave=True)
        if len({one.name for one in entries}) < len(entries):
            self._note("same-document-twice", grave=True)

    def _check_beside(self, base: str, described: set[str]) -> None:
        """A document that nobody describes is not passed over in silence."""
        for name, content in self._files.items():
            if not name.startswith(f"{names.FOLDER}/") or name in described or name == base + names.METADATA:
                continue
            begins = content[:4096]
            is_document = not name.endswith(_STYLES) and (CDA.encode() in begins or b"ClinicalDocument" in begins)
            if is_document or not name.endswith(_BESIDE):
                self._note("undescribed-document" if is_document else "undescribed-file", grave=is_document)


def _is_entry(element: Element) -> bool:
    return element.get("objectType") in (names.ENTRY, names.ENTRY_ON_DEMAND)


def _r(name: str) -> str:
    return f"{{{names.RIM}}}{name}"


def _slots(element: Element) -> dict[str, list[str]]:
    """The values of an element's own slots, by their name."""
    found: dict[str, list[str]] = {}
    for slot in element.findall(_r("Slot")):
        values = [(value.text or "").strip() for value in slot.findall(f"{_r('ValueList')}/{_r('Value')}")]
        found.setdefault(slot.get("name", ""), []).extend(value for value in values if value)
    return found


def _one(slots: dict[str, list[str]], name: str) -> str:
    return next(iter(slots.get(name, [])), "")


def _classified(element: Element, scheme: str) -> Iterator[Element]:
    return (one for one in element.findall(_r("Classification")) if one.get("classificationScheme") == scheme)


def _code(element: Element | None) -> tuple[str, str]:
    """A code and its system."""
    if element is None:
        return "", ""
    return (element.get("nodeRepresentation") or "").strip(), _one(_slots(element), "codingScheme")


def _external(element: Element, scheme: str) -> str:
    for one in element.findall(_r("ExternalIdentifier")):
        if one.get("identificationScheme") == scheme:
            return (one.get("value") or "").strip()
    return ""


def _localized(element: Element) -> str:
    text = element.find(f"{_r('Name')}/{_r('LocalizedString')}")
    return " ".join((text.get("value") or "").split()) if text is not None else ""


def _identifier(value: str) -> tuple[str, str]:
    """`number^^^&oid&ISO^NH` (HL7 CX) -> number and oid."""
    parts = value.split("^")
    scope = parts[3].split("&") if len(parts) > 3 else []
    return parts[0].strip(), scope[1] if len(scope) > 1 else ""


def _legal_name(value: str) -> tuple[str, str]:
    """`FAMILY^GIVEN^^^^^L~USED^GIVEN^^^^^D` (HL7 XPN) -> birth name and first names."""
    read = [[*name.split("^"), *[""] * 7] for name in value.split("~")]
    chosen = next((name for name in read if name[6] == "L"), read[0])
    return chosen[0].strip(), chosen[1].strip()


def _birth_date(value: str) -> date | None:
    digits = value.strip()[:8]
    if not re.fullmatch(r"\d{8}", digits, re.ASCII):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _civil_day(value: str) -> date:
    """The day of a time of XDS (UTC when it carries no zone), as a CDA's is read."""
    moment = instant(value if len(value) <= 8 or re.search(r"[+-]\d{4}$", value) else f"{value}+0000")
    return moment.astimezone(HOME_ZONE).date()


def _author(slots: dict[str, list[str]]) -> CdaAuthor:
    """`8RPPS^FAMILY^GIVEN^^^TITLE^^^&oid&ISO` (XCN), `NAME^^^^^&oid&ISO^^^^number` (XON)."""
    person, place, specialty = (
        [*_one(slots, name).split("^"), *[""] * 10] for name in ("authorPerson", "authorInstitution", "authorSpecialty")
    )
    oid = person[8].split("&")[1] if "&" in person[8] else ""
    is_own = oid in INS_OIDS
    return CdaAuthor(
        professional_id="" if is_own else person[0],
        family_name=person[1],
        given_name=person[2],
        title=person[5],
        specialty_code=specialty[0],
        specialty_label=specialty[1],
        structure_id=place[9],
        structure_name=place[0],
        ins=person[0] if is_own else "",
        ins_oid=oid if is_own else "",
    )
