"""An XDM archive of documents, as IHE ITI-32 and interop.md section 2 have it: upper case, 8.3 names, one subset."""

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1
from io import BytesIO
from uuid import uuid4

from lxml import etree

from espace.clock import HOME_ZONE
from espace.identifiers import OID_PROFESSIONAL, OID_STRUCTURE

from . import xdm_names as names
from .cda import OID_CONFIDENTIALITY, OID_VISIBILITY, CdaAuthor, CdaHeader, CdaPatient

_CLASS_SYSTEM = "1.2.250.1.213.1.1.4.1"
_FORMAT_SYSTEM = "1.3.6.1.4.1.19376.1.2.3"
_NOT_A_PROFESSIONAL = "1.2.250.1.213.1.1.4.6"
_PRACTICE_SYSTEM = "1.2.250.1.213.1.1.4.9"
_SPECIALTY = "1.2.250.1.213.1.1.4.5"
_OWN_WORDS = ("EXP_PATIENT", "Expression personnelle du patient")
_UNKNOWN_PLACE = ("SNR", "Secteur non renseigné")  # (U): which kind of place it was is not known here
_OUTSIDE_HOSPITAL = ("AMBULATOIRE", "Ambulatoire")  # (U), as above
_FORMATS = {
    "application/pdf": ("urn:ihe:iti:xds-sd:pdf:2008", "Document PDF"),
    "text/plain": ("urn:ihe:iti:xds-sd:text:2008", "Document texte"),
}
_SUFFICIENT = ("urn:ihe:iti:xds:2017:mimeTypeSufficient", "Type de média suffisant")
_PLAIN = frozenset({"N", "R", "V"})

Element = etree._Element  # noqa: SLF001 - lxml's own name for its type


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A document to pack: a whole CDA, what its header says, its category, and the media of what lies inside."""

    content: bytes = field(repr=False)
    header: CdaHeader
    class_code: str
    class_label: str
    body_media: str

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content)


def file_names(documents: Sequence[Outgoing]) -> list[str]:
    """The names documents get in the archive, from its root."""
    return [f"{names.SUBSET}DOC{number:05}.XML" for number in range(1, len(documents) + 1)]


def pack(documents: Sequence[Outgoing], *, at: datetime, index: str, readme: str) -> bytes:
    """The archive. All documents are of one person; `index` and `readme` are the pages people read.

    Raises:
        ValueError: when there is no document, or they are of several people.
    """
    if len({one.header.patient.ins for one in documents}) != 1:
        raise ValueError("an archive holds documents of one person")
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            (names.INDEX, index.encode()),
            (names.README, "\r\n".join(readme.splitlines()).encode() + b"\r\n"),
            (names.SUBSET + names.METADATA, _metadata(documents, at)),
            *zip(file_names(documents), (one.content for one in documents), strict=True),
        ):
            stamp = at.astimezone(HOME_ZONE)
            info = zipfile.ZipInfo(name, (stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return made.getvalue()


def _metadata(documents: Sequence[Outgoing], at: datetime) -> bytes:
    spaces = {"lcm": names.LCM, "rim": names.RIM}
    root = etree.Element(f"{{{names.LCM}}}SubmitObjectsRequest", nsmap=spaces)
    registry = _add(root, "RegistryObjectList")
    for number, (one, name) in enumerate(zip(documents, file_names(documents), strict=True), start=1):
        _entry(registry, f"Document{number:02}", one, name.removeprefix(names.SUBSET))
    _submission(registry, documents, at)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _entry(registry: Element, entry_id: str, one: Outgoing, uri: str) -> None:
    header = one.header
    entry = _add(registry, "ExtrinsicObject", id=entry_id, objectType=names.ENTRY, mimeType="text/xml")
    entry.set("status", names.APPROVED)
    _slots(entry, _facts(one, uri))
    _name(entry, header.title)
    _author(entry, names.ENTRY_AUTHOR, entry_id, header.author)
    own = bool(header.author.ins)
    media = _FORMATS.get(one.body_media, _SUFFICIENT)
    place = _OWN_WORDS if own else _UNKNOWN_PLACE
    practice = _OWN_WORDS if own else _OUTSIDE_HOSPITAL
    for scheme, code, label, system in (
        (names.CLASS, one.class_code, one.class_label, _CLASS_SYSTEM),
        *((names.CONFIDENTIALITY, code, code, _visibility_system(code)) for code in header.confidentiality),
        (names.FORMAT, *media, _FORMAT_SYSTEM),
        (names.FACILITY, *place, _NOT_A_PROFESSIONAL),
        (names.PRACTICE, *practice, _PRACTICE_SYSTEM),
        (names.TYPE, header.type_code, header.type_label or header.title, header.type_system),
    ):
        _classify(entry, scheme, entry_id, (code, label, system))
    _identify(entry, names.ENTRY_PATIENT, entry_id, _patient_id(header.patient), "XDSDocumentEntry.patientId")
    _identify(entry, names.ENTRY_UNIQUE_ID, entry_id, header.unique_id, "XDSDocumentEntry.uniqueId")


def _facts(one: Outgoing, uri: str) -> Iterable[tuple[str, list[str]]]:
    header, patient = one.header, one.header.patient
    born = patient.birth_date.strftime("%Y%m%d") if patient.birth_date else ""
    yield "creationTime", [_time(header.effective)]
    yield "hash", [sha1(one.content, usedforsecurity=False).hexdigest()]  # the standard's own
    yield "languageCode", ["fr-FR"]
    if not header.author.ins:
        yield "legalAuthenticator", [_person(header.author)]
    if header.service_start:
        yield "serviceStartTime", [_time(header.service_start)]
    yield "size", [str(one.size)]
    yield "sourcePatientId", [_patient_id(patient)]
    yield (
        "sourcePatientInfo",
        [
            f"PID-3|{_patient_id(patient)}",
            f"PID-5|{_plain(patient.birth_name)}^{_plain(patient.first_names)}^^^^^L",
            f"PID-7|{born}",
            f"PID-8|{patient.sex}",
        ],
    )
    yield "URI", [uri]


def _submission(registry: Element, documents: Sequence[Outgoing], at: datetime) -> None:
    set_id, first = "SubmissionSet01", documents[0]
    package = _add(registry, "RegistryPackage", id=set_id)
    _slots(package, [("submissionTime", [_time(at)])])
    _name(package, first.header.title)
    _author(package, names.SET_AUTHOR, set_id, first.header.author)
    _classify(package, names.SET_CONTENT, set_id, (first.class_code, first.class_label, _CLASS_SYSTEM))
    unique = f"2.25.{uuid4().int}"
    for scheme, value, what in (
        (names.SET_UNIQUE_ID, unique, "XDSSubmissionSet.uniqueId"),
        (names.SET_SOURCE, unique, "XDSSubmissionSet.sourceId"),
        (names.SET_PATIENT, _patient_id(first.header.patient), "XDSSubmissionSet.patientId"),
    ):
        _identify(package, scheme, set_id, value, what)
    _add(registry, "Classification", id="Set", classifiedObject=set_id, classificationNode=names.SET)
    ids = {one.header.unique_id: f"Document{number:02}" for number, one in enumerate(documents, start=1)}
    for number, one in enumerate(documents, start=1):
        member = _add(registry, "Association", id=f"Member{number:02}", associationType=names.HAS_MEMBER)
        member.set("sourceObject", set_id)
        member.set("targetObject", f"Document{number:02}")
        _slots(member, [("SubmissionSetStatus", ["Original"])])
        if one.header.replaces in ids:
            older = _add(registry, "Association", id=f"Replaces{number:02}", associationType=names.REPLACES)
            older.set("sourceObject", f"Document{number:02}")
            older.set("targetObject", ids[one.header.replaces])


def _author(parent: Element, scheme: str, object_id: str, author: CdaAuthor) -> None:
    classified = _classify(parent, scheme, object_id, ("", "", ""))
    slots = [("authorPerson", [_person(author)])]
    if author.structure_name or author.structure_id:
        place = f"{_plain(author.structure_name)}^^^^^&{OID_STRUCTURE}&ISO^IDNST^^^{author.structure_id}"
        slots.insert(0, ("authorInstitution", [place]))
    if author.specialty_code:
        slots.append(("authorSpecialty", [f"{author.specialty_code}^{_plain(author.specialty_label)}^{_SPECIALTY}"]))
    _slots(classified, slots)


def _person(author: CdaAuthor) -> str:
    number, oid, kind = author.professional_id, OID_PROFESSIONAL, "IDNPS"
    if author.ins:
        number, oid, kind = author.ins, author.ins_oid, "NH"
    scope = f"&{oid}&ISO" if number else ""
    named = f"{_plain(author.family_name)}^{_plain(author.given_name)}^^^{_plain(author.title)}^"
    return f"{number}^{named}^^{scope}^D^^^{kind if number else ''}"


def _patient_id(patient: CdaPatient) -> str:
    return f"{patient.ins}^^^&{patient.ins_oid}&ISO^NH"


def _plain(words: str) -> str:
    """Words without the signs that part the components of HL7 version 2."""
    return " ".join("".join(" " if sign in "^&|~\\" else sign for sign in words).split())


def _visibility_system(code: str) -> str:
    return OID_CONFIDENTIALITY if code in _PLAIN else OID_VISIBILITY


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def _slots(parent: Element, slots: Iterable[tuple[str, list[str]]]) -> None:
    for name, values in slots:
        listed = _add(_add(parent, "Slot", name=name), "ValueList")
        for value in values:
            _add(listed, "Value").text = value


def _name(parent: Element, words: str) -> None:
    _add(_add(parent, "Name"), "LocalizedString", value=words)


def _classify(parent: Element, scheme: str, object_id: str, coded: tuple[str, str, str]) -> Element:
    code, label, system = coded
    place = f"{object_id}-C{len(parent):02}"
    classified = _add(parent, "Classification", id=place, classificationScheme=scheme, classifiedObject=object_id)
    classified.set("nodeRepresentation", code)
    if code:
        _slots(classified, [("codingScheme", [system])])
        _name(classified, label)
    return classified


def _identify(parent: Element, scheme: str, object_id: str, value: str, what: str) -> None:
    place = f"{object_id}-I{len(parent):02}"
    named = _add(parent, "ExternalIdentifier", id=place, identificationScheme=scheme, registryObject=object_id)
    named.set("value", value)
    _name(named, what)


def _add(parent: Element, name: str, /, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{names.RIM}}}{name}", attrib={k: v for k, v in attributes.items() if v})
