"""A CDA R2 level 1 document around a file: header of interop.md section 1, body in base64."""

from base64 import b64encode
from datetime import UTC, datetime

from lxml import etree

from espace.identifiers import OID_PROFESSIONAL, OID_STRUCTURE

from .cda import CDA, OID_CONFIDENTIALITY, OID_VISIBILITY, CdaAuthor, CdaHeader, CdaPatient

_TEMPLATES = ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1", "1.3.6.1.4.1.19376.1.2.20")
_GENDER = "2.16.840.1.113883.5.1"
_SPECIALTY = "1.2.250.1.213.1.1.4.5"
_PLAIN = frozenset({"N", "R", "V"})


def wrap(header: CdaHeader, body: bytes, media: str) -> bytes:
    """Write `header` and `body` as one document; `cda.parse` gives them back unchanged.

    Raises:
        ValueError: when a text holds a character that XML cannot carry.
    """
    root = etree.Element(f"{{{CDA}}}ClinicalDocument", nsmap={None: CDA})  # type: ignore[dict-item]  # None is the default namespace
    _identity(root, header)
    _record_target(root, header.patient)
    author = _add(root, "author")
    _add(author, "time", value=_stamp(header.effective))
    _assigned(author, "assignedAuthor", header.author)
    custodian = _add(_add(root, "custodian"), "assignedCustodian")
    _organisation(custodian, "representedCustodianOrganization", header.author)
    legal = _add(root, "legalAuthenticator")
    _add(legal, "time", value=_stamp(header.effective))
    _add(legal, "signatureCode", code="S")
    _assigned(legal, "assignedEntity", header.author)
    if header.service_start is not None:
        event = _add(_add(root, "documentationOf"), "serviceEvent")
        _add(_add(event, "effectiveTime"), "low", value=_stamp(header.service_start))
    if header.replaces:
        parent = _add(_add(root, "relatedDocument", typeCode="RPLC"), "parentDocument")
        _identifier(parent, "id", header.replaces)
        if header.set_id:
            _identifier(parent, "setId", header.set_id)
        _add(parent, "versionNumber", value=str(max(header.version - 1, 1)))
    text = _add(_add(_add(root, "component"), "nonXMLBody"), "text", mediaType=media, representation="B64")
    text.text = b64encode(body).decode()
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _identity(root: etree._Element, header: CdaHeader) -> None:
    _add(root, "realmCode", code="FR")
    _add(root, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040")
    for template in _TEMPLATES:
        _add(root, "templateId", root=template)
    _identifier(root, "id", header.unique_id)
    _add(root, "code", code=header.type_code, codeSystem=header.type_system, displayName=header.type_label)
    _add(root, "title").text = header.title
    _add(root, "effectiveTime", value=_stamp(header.effective))
    for code in header.confidentiality:
        system = OID_CONFIDENTIALITY if code in _PLAIN else OID_VISIBILITY
        _add(root, "confidentialityCode", code=code, codeSystem=system)
    _add(root, "languageCode", code="fr-FR")
    if header.set_id:
        _identifier(root, "setId", header.set_id)
    _add(root, "versionNumber", value=str(header.version))


def _record_target(root: etree._Element, patient: CdaPatient) -> None:
    role = _add(_add(root, "recordTarget"), "patientRole")
    _add(role, "id", root=patient.ins_oid, extension=patient.ins)
    person = _add(role, "patient")
    name = _add(person, "name")
    if patient.first_names:
        _add(name, "given").text = patient.first_names
    _add(name, "family", qualifier="BR").text = patient.birth_name
    if patient.use_name:
        _add(name, "family", qualifier="CL").text = patient.use_name
    _add(person, "administrativeGenderCode", code=patient.sex, codeSystem=_GENDER)
    if patient.birth_date is not None:
        _add(person, "birthTime", value=patient.birth_date.isoformat().replace("-", ""))
    if patient.birth_place:
        _add(_add(_add(_add(person, "birthplace"), "place"), "addr"), "county").text = patient.birth_place


def _assigned(parent: etree._Element, tag: str, author: CdaAuthor) -> None:
    assigned = _add(parent, tag)
    if author.ins:
        _add(assigned, "id", root=author.ins_oid, extension=author.ins)
    else:
        _known_id(assigned, OID_PROFESSIONAL, author.professional_id)
    if author.specialty_code:
        _add(
            assigned, "code", code=author.specialty_code, codeSystem=_SPECIALTY, displayName=author.specialty_label
        )  # fmt: skip
    name = _add(_add(assigned, "assignedPerson"), "name")
    _add(name, "family").text = author.family_name
    if author.given_name:
        _add(name, "given").text = author.given_name
    if author.title:
        _add(name, "suffix").text = author.title
    _organisation(assigned, "representedOrganization", author)


def _organisation(parent: etree._Element, tag: str, author: CdaAuthor) -> None:
    organisation = _add(parent, tag)
    _known_id(organisation, OID_STRUCTURE, author.structure_id)
    if author.structure_name:
        _add(organisation, "name").text = author.structure_name


def _known_id(parent: etree._Element, root: str, extension: str) -> None:
    """An identifier, or that there is none known."""
    _add(parent, "id", **({"root": root, "extension": extension} if extension else {"nullFlavor": "UNK"}))


def _identifier(parent: etree._Element, tag: str, joined: str) -> None:
    root, _, extension = joined.partition("^")
    _add(parent, tag, root=root, **({"extension": extension} if extension else {}))


def _add(parent: etree._Element, name: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{CDA}}}{name}", attrib={k: v for k, v in attributes.items() if v})


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
