"""CDA R2 as France constrains it (interop.md section 1): bytes -> a plain header and a body, or a named refusal.

Nothing of the document runs: no document type, no entity, no style sheet, no script, no network (security.md R36).
"""

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from xml.parsers import expat

from lxml import etree

from espace.clock import HOME_ZONE
from espace.identifiers import INS_OIDS, OID_PROFESSIONAL, OID_STRUCTURE, WrongInsError, parse_ins

CDA = "urn:hl7-org:v3"
ROOT = f"{{{CDA}}}ClinicalDocument"
OID_VISIBILITY = "1.2.250.1.213.1.1.4.13"
OID_CONFIDENTIALITY = "2.16.840.1.113883.5.25"

MAX_BYTES = 36 * 1024 * 1024
"""A body of 25 MB in base64, its header and some room (design 9)."""
_MAX_DEPTH = 200
_MAX_ELEMENTS = 200_000
_MAX_ATTRIBUTES = 100
"""Of one element: putting them in order takes the square of their number."""
_MAX_SCOPES = 500
"""Namespaces declared around one element: it is looked up among them."""
# libxml2 refuses a text longer than 10 MB unless told otherwise; only a document already found harmless may be larger.
_ORDINARY_BYTES = 9 * 1024 * 1024


class CdaError(Exception):
    """Why bytes are no document that can be filed: `kind` is one of `KINDS`."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


KINDS = frozenset(
    {
        "too-large",
        "not-xml",
        "dtd",
        "too-deep",
        "not-cda",
        "no-id",
        "no-code",
        "bad-date",
        "several-patients",
        "no-ins",
        "bad-ins",
        "no-body",
        "body-broken",
    }
)


@dataclass(frozen=True, slots=True)
class CdaPatient:
    """Whose document it says it is. `first_names` are those of the birth certificate, as written."""

    ins: str
    ins_oid: str
    birth_name: str
    first_names: str = ""
    use_name: str = ""
    birth_date: date | None = None
    sex: str = ""
    birth_place: str = ""


@dataclass(frozen=True, slots=True)
class CdaAuthor:
    """Who wrote it. `professional_id` is 8 followed by the RPPS number, `structure_id` 1 followed by the FINESS one.

    A person who wrote it themself has their INS in its place.
    """

    professional_id: str = ""
    family_name: str = ""
    given_name: str = ""
    title: str = ""
    specialty_code: str = ""
    specialty_label: str = ""
    structure_id: str = ""
    structure_name: str = ""
    ins: str = ""
    ins_oid: str = ""


@dataclass(frozen=True, slots=True)
class CdaHeader:
    """What a document says of itself. Instants are UTC, to the second; `unique_id` is `root` or `root^extension`.

    `replaces` is the unique id of the version before, where the document names it.
    """

    unique_id: str
    type_code: str
    type_system: str
    type_label: str
    title: str
    effective: datetime
    confidentiality: tuple[str, ...]
    set_id: str
    version: int
    patient: CdaPatient
    author: CdaAuthor
    service_start: datetime | None = None
    replaces: str = ""

    @property
    def care_day(self) -> date:
        """The civil day of the care: that of the act documented, else of the document itself."""
        return (self.service_start or self.effective).astimezone(HOME_ZONE).date()


@dataclass(frozen=True, slots=True)
class CdaDocument:
    """A header and its body: bytes of one media type (level 1), or `structured` (level 3).

    The body of a structured document is its canonical XML: two that say the same have the same one.
    """

    header: CdaHeader
    media: str
    body: bytes
    structured: bool = False


def parse(content: bytes) -> CdaDocument:
    """Read a CDA R2 document.

    Raises:
        CdaError: for anything that is not such a document, with its kind.
    """
    root = harmless_tree(content)
    if root.tag != ROOT:
        raise CdaError("not-cda")
    header = _header(root)
    structured = root.find(_p("component/structuredBody"))
    if structured is not None:
        canonical = etree.tostring(structured, method="c14n", exclusive=True)
        return CdaDocument(header, "text/xml", canonical, structured=True)
    media, body = _body(root)
    return CdaDocument(header, media, body)


def harmless_tree(content: bytes) -> etree._Element:
    """The tree of an XML document of which nothing can act: no document type, no entity, no style sheet (R36).

    Raises:
        CdaError: `too-large`, `not-xml`, `dtd` or `too-deep`.
    """
    if len(content) > MAX_BYTES:
        raise CdaError("too-large")
    _check_harmless(content)
    return _tree(content)


def _check_harmless(content: bytes) -> None:
    """Stream through the document once, building nothing: a document type stops it at its first character."""
    parser = expat.ParserCreate()
    count, scopes = 0, [0]  # namespaces around each element that is open

    def start(_name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        scopes.append(scopes[-1] + sum(name.startswith("xmlns") for name in attributes))
        is_deep = len(scopes) > _MAX_DEPTH + 1 or scopes[-1] > _MAX_SCOPES
        if is_deep or count > _MAX_ELEMENTS or len(attributes) > _MAX_ATTRIBUTES:
            raise CdaError("too-deep")

    def end(_name: str) -> None:
        scopes.pop()

    def refuse(*_declaration: object) -> None:
        raise CdaError("dtd")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003 - the standard library's own signature
    except (expat.ExpatError, ValueError, LookupError):
        raise CdaError("not-xml") from None


def _tree(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=len(content) > _ORDINARY_BYTES,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise CdaError("not-xml") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise CdaError("dtd")
    return root


def _p(path: str) -> str:
    """`author/time` -> the same path with every step in the CDA namespace."""
    return "/".join(f"{{{CDA}}}{step}" for step in path.split("/"))


def _header(root: etree._Element) -> CdaHeader:
    code = root.find(_p("code"))
    type_code = _attribute(code, "code")
    if not type_code:
        raise CdaError("no-code")
    unique_id = _identifier(root.find(_p("id")))
    if not unique_id:
        raise CdaError("no-id")
    effective = instant(_attribute(root.find(_p("effectiveTime")), "value"))
    return CdaHeader(
        unique_id=unique_id,
        type_code=type_code,
        type_system=_attribute(code, "codeSystem"),
        type_label=_attribute(code, "displayName"),
        title=_text(root.find(_p("title"))),
        effective=effective,
        confidentiality=tuple(_attribute(e, "code") for e in root.findall(_p("confidentialityCode"))),
        set_id=_identifier(root.find(_p("setId"))),
        version=_version(root.find(_p("versionNumber"))),
        patient=_patient(root),
        author=_author(root.find(_p("author"))),
        service_start=_service_start(root),
        replaces=_replaced(root),
    )


def _patient(root: etree._Element) -> CdaPatient:
    targets = root.findall(_p("recordTarget"))
    if len(targets) != 1:
        raise CdaError("several-patients" if targets else "no-ins")
    roles = targets[0].findall(_p("patientRole"))
    if len(roles) != 1 or len(roles[0].findall(_p("patient"))) > 1:
        raise CdaError("several-patients" if roles else "no-ins")
    oid, number = _ins(roles[0])
    patient = roles[0].find(_p("patient"))
    birth_name, first_names, use_name = _names(patient)
    return CdaPatient(
        ins=number,
        ins_oid=oid,
        birth_name=birth_name,
        first_names=first_names,
        use_name=use_name,
        birth_date=_birth_date(patient),
        sex=_attribute(_below(patient, "administrativeGenderCode"), "code"),
        birth_place=_text(_below(patient, "birthplace/place/addr/county")),
    )


def _ins(role: etree._Element) -> tuple[str, str]:
    found = {
        (_attribute(e, "root"), _attribute(e, "extension"))
        for e in role.findall(_p("id"))
        if _attribute(e, "root") in INS_OIDS
    }
    if not found:
        raise CdaError("no-ins")
    if len({number for _, number in found}) > 1:
        raise CdaError("several-patients")
    oid, number = min(found)
    try:
        return oid, parse_ins(number).number
    except WrongInsError:
        raise CdaError("bad-ins") from None


def _names(patient: etree._Element | None) -> tuple[str, str, str]:
    """Birth name, birth first names, name in use: told apart by their qualifiers."""
    families = patient.findall(_p("name/family")) if patient is not None else []
    givens = patient.findall(_p("name/given")) if patient is not None else []
    birth = _first(families, "BR") or _first(families, "")
    first_names = _first(givens, "") or _first(givens, "BR")
    return birth, first_names, _first(families, "CL")


def _first(elements: list[etree._Element], qualifier: str) -> str:
    return next((_text(e) for e in elements if _attribute(e, "qualifier") == qualifier), "")


def _birth_date(patient: etree._Element | None) -> date | None:
    digits = _attribute(_below(patient, "birthTime"), "value")[:8]
    if not re.fullmatch(r"\d{8}", digits, re.ASCII):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _author(author: etree._Element | None) -> CdaAuthor:
    assigned = _below(author, "assignedAuthor")
    organisation = _below(assigned, "representedOrganization")
    specialty = _below(assigned, "code")
    oid, number = _own_ins(assigned)
    return CdaAuthor(
        professional_id=_extension(assigned, OID_PROFESSIONAL),
        family_name=_text(_below(assigned, "assignedPerson/name/family")),
        given_name=_text(_below(assigned, "assignedPerson/name/given")),
        title=_text(_below(assigned, "assignedPerson/name/suffix")),
        specialty_code=_attribute(specialty, "code"),
        specialty_label=_attribute(specialty, "displayName"),
        structure_id=_extension(organisation, OID_STRUCTURE),
        structure_name=_text(_below(organisation, "name")),
        ins=number,
        ins_oid=oid,
    )


def _own_ins(assigned: etree._Element | None) -> tuple[str, str]:
    """The INS of an author who is a person of the national register, as written."""
    for one in assigned.findall(_p("id")) if assigned is not None else []:
        if _attribute(one, "root") in INS_OIDS:
            return _attribute(one, "root"), _attribute(one, "extension")
    return "", ""


def _service_start(root: etree._Element) -> datetime | None:
    for time in root.findall(_p("documentationOf/serviceEvent/effectiveTime")):
        value = _attribute(_below(time, "low"), "value") or _attribute(time, "value")
        if value:
            return instant(value)
    return None


def _replaced(root: etree._Element) -> str:
    for related in root.findall(_p("relatedDocument")):
        if _attribute(related, "typeCode") == "RPLC":
            return _identifier(related.find(_p("parentDocument/id")))
    return ""


def _body(root: etree._Element) -> tuple[str, bytes]:
    text = root.find(_p("component/nonXMLBody/text"))
    if text is None:
        raise CdaError("no-body")
    if len(text) or text.get("compression"):
        raise CdaError("body-broken")  # a reference to elsewhere, or a packed body: neither is filed unseen
    media = _attribute(text, "mediaType") or "text/plain"
    content = text.text or ""
    if _attribute(text, "representation") != "B64":
        return media, content.strip().encode()
    try:
        body = b64decode(re.sub(r"\s+", "", content), validate=True)
    except (binascii.Error, ValueError):
        raise CdaError("body-broken") from None
    if not body:
        raise CdaError("no-body")
    return media, body


def instant(value: str) -> datetime:
    """`20230414111500+0200` -> UTC. A value without a zone is taken in the zone of the house."""
    found = re.fullmatch(r"(\d{8})(\d{2})?(\d{2})?(\d{2})?(?:\.\d+)?([+-]\d{4})?", value, re.ASCII)
    if found is None:
        raise CdaError("bad-date")
    day, hour, minute, second, zone = found.groups()
    try:
        where = HOME_ZONE if zone is None else _offset(zone)
        year, month, of_month = int(day[:4]), int(day[4:6]), int(day[6:])
        local = datetime(year, month, of_month, int(hour or 0), int(minute or 0), int(second or 0), tzinfo=where)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise CdaError("bad-date") from None


def _offset(zone: str) -> timezone:
    span = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return timezone(-span if zone[0] == "-" else span)


def _version(element: etree._Element | None) -> int:
    value = _attribute(element, "value")
    return int(value) if re.fullmatch(r"[1-9]\d{0,5}", value, re.ASCII) else 1


def _identifier(element: etree._Element | None) -> str:
    root, extension = _attribute(element, "root"), _attribute(element, "extension")
    return f"{root}^{extension}" if root and extension else root


def _extension(element: etree._Element | None, root: str) -> str:
    if element is None:
        return ""
    return next((_attribute(e, "extension") for e in element.findall(_p("id")) if _attribute(e, "root") == root), "")


def _below(element: etree._Element | None, path: str) -> etree._Element | None:
    return None if element is None else element.find(_p(path))


def _attribute(element: etree._Element | None, name: str) -> str:
    return "" if element is None else (element.get(name) or "").strip()


def _text(element: etree._Element | None) -> str:
    """The words inside an element, spaces folded."""
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())
