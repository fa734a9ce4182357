"""The header of a CDA document as it is shown: for whom, by whom, when, about which care (interop.md section 1)."""

import re
from dataclasses import dataclass

from lxml import etree

from espace.identifiers import INS_OIDS

from .cda_xml import (
    Element,
    When,
    address_lines,
    attribute,
    below,
    moment,
    name_of,
    person_name,
    telecoms,
    text_of,
    when_of,
    wording,
)

_MAX_ACTORS = 60
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom the document names. `ins` is empty when it carries no national identity; `sex` is M, F or another code."""

    name: str
    birth_name: str = ""
    first_names: str = ""
    birth: When | None = None
    sex: str = ""
    ins: str = ""
    ins_oid: str = ""
    birth_place: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who took part. `role` is one of `ROLES`; `function` and `organisation` are as written."""

    role: str
    name: str
    function: str = ""
    organisation: str = ""
    when: When | None = None
    address: tuple[str, ...] = ()
    telecoms: tuple[str, ...] = ()


ROLES = (
    "author",
    "legal",
    "signer",
    "custodian",
    "recipient",
    "enterer",
    "informant",
    "performer",
    "responsible",
    "staff",
    "participant",
)


@dataclass(frozen=True, slots=True)
class Service:
    """An act that the document is about."""

    label: str
    when: When | None


@dataclass(frozen=True, slots=True)
class Order:
    """A prescription or request that the document answers, by its number."""

    number: str


@dataclass(frozen=True, slots=True)
class CdaHead:
    """What a document says of itself. `encounter` is the stay or visit: what kind, when, where."""

    title: str
    kind: str
    code: str
    system: str
    unique_id: str
    set_id: str
    version: int
    language: str
    country: str
    when: When | None
    confidentiality: tuple[str, ...]
    patients: tuple[Patient, ...]
    actors: tuple[Actor, ...]
    services: tuple[Service, ...]
    orders: tuple[Order, ...]
    encounter: str
    encounter_when: When | None
    place: str

    @property
    def authors(self) -> tuple[Actor, ...]:
        """Who wrote it."""
        return tuple(actor for actor in self.actors if actor.role == "author")


def head_of(root: Element) -> CdaHead:
    """The header of a document; that of a part of one is empty."""
    code = root.find("code")
    language = attribute(root.find("languageCode"), "code")
    encounter = root.find("componentOf/encompassingEncounter")
    version = attribute(root.find("versionNumber"), "value")
    return CdaHead(
        title=text_of(root.find("title"), 300) or wording(code),
        kind=wording(code),
        code=attribute(code, "code"),
        system=attribute(code, "codeSystem"),
        unique_id=_identifier(root.find("id")),
        set_id=_identifier(root.find("setId")),
        version=int(version) if re.fullmatch(r"[1-9]\d{0,5}", version, re.ASCII) else 1,
        language=language if _LANGUAGE.fullmatch(language) else "",
        country=attribute(root.find("realmCode"), "code")[:2],
        when=_stamp(root.find("effectiveTime")),
        confidentiality=tuple(filter(None, (attribute(e, "code") for e in root.findall("confidentialityCode")))),
        patients=tuple(_patient(role) for role in root.findall("recordTarget/patientRole")[:_MAX_ACTORS]),
        actors=tuple(_actors(root)[:_MAX_ACTORS]),
        services=_services(root),
        orders=_orders(root),
        encounter=wording(below(encounter, "code")),
        encounter_when=when_of(below(encounter, "effectiveTime")),
        place=_place(encounter),
    )


def _patient(role: Element) -> Patient:
    patient = role.find("patient")
    name = below(patient, "name")
    families = [] if name is None else name.findall("family")
    givens = [] if name is None else name.findall("given")
    ins = next((each for each in role.findall("id") if attribute(each, "root") in INS_OIDS), None)
    return Patient(
        name=person_name(name),
        birth_name=_qualified(families, "BR") or _qualified(families, ""),
        first_names=_qualified(givens, "") or _qualified(givens, "BR"),
        birth=_stamp(below(patient, "birthTime")),
        sex=attribute(below(patient, "administrativeGenderCode"), "code")[:4],
        ins=attribute(ins, "extension")[:40],
        ins_oid=attribute(ins, "root"),
        birth_place=_birth_place(below(patient, "birthplace/place/addr")),
    )


def _qualified(parts: list[Element], qualifier: str) -> str:
    return next((text_of(part) for part in parts if attribute(part, "qualifier") == qualifier), "")


def _birth_place(address: Element | None) -> str:
    if address is None:
        return ""
    return ", ".join(filter(None, (text_of(address.find(each)) for each in ("city", "county", "state", "country"))))


def _actors(root: Element) -> list[Actor]:
    """Everybody the header names, whoever wrote it first."""
    found = [_assigned("author", each, "assignedAuthor") for each in root.findall("author")]
    found += [_assigned("legal", each, "assignedEntity") for each in root.findall("legalAuthenticator")]
    found += [_assigned("signer", each, "assignedEntity") for each in root.findall("authenticator")]
    kept = root.find("custodian/assignedCustodian/representedCustodianOrganization")
    found += [] if kept is None else [_organisation("custodian", kept)]
    found += [_recipient(each) for each in root.findall("informationRecipient")]
    found += [_assigned("enterer", each, "assignedEntity") for each in root.findall("dataEnterer")]
    found += [_informant(each) for each in root.findall("informant")]
    performers = root.findall("documentationOf/serviceEvent/performer")
    found += [_assigned("performer", each, "assignedEntity") for each in performers]
    encounter = root.find("componentOf/encompassingEncounter")
    if encounter is not None:
        found += [_assigned("responsible", each, "assignedEntity") for each in encounter.findall("responsibleParty")]
        found += [_assigned("staff", each, "assignedEntity") for each in encounter.findall("encounterParticipant")]
    found += [_participant(each) for each in root.findall("participant")]
    said = [actor for actor in found if actor.name or actor.organisation]
    return list(dict.fromkeys(said))


def _assigned(role: str, holder: Element, path: str) -> Actor:
    one = holder.find(path)
    organisation = below(one, "representedOrganization")
    name = person_name(below(one, "assignedPerson/name"))
    device = below(one, "assignedAuthoringDevice")
    if device is not None and not name:
        named = (text_of(device.find(each)) for each in ("softwareName", "manufacturerModelName"))
        name = " ".join(dict.fromkeys(filter(None, named)))
    functions = (wording(each) for each in holder.iterchildren(etree.Element) if name_of(each).endswith("functionCode"))
    return Actor(
        role,
        name,
        ", ".join(dict.fromkeys(filter(None, [*functions, wording(below(one, "code"))]))),
        text_of(below(organisation, "name")),
        when_of(holder.find("time")),
        address_lines(below(one, "addr")) or address_lines(below(organisation, "addr")),
        telecoms(one) or telecoms(organisation),
    )


def _organisation(role: str, one: Element) -> Actor:
    return Actor(role, "", "", text_of(one.find("name")), None, address_lines(one.find("addr")), telecoms(one))


def _recipient(holder: Element) -> Actor:
    one = holder.find("intendedRecipient")
    organisation = below(one, "receivedOrganization")
    return Actor(
        "recipient",
        person_name(below(one, "informationRecipient/name")),
        "",
        text_of(below(organisation, "name")),
        None,
        address_lines(below(one, "addr")) or address_lines(below(organisation, "addr")),
        telecoms(one) or telecoms(organisation),
    )


def _informant(holder: Element) -> Actor:
    if holder.find("assignedEntity") is not None:
        return _assigned("informant", holder, "assignedEntity")
    one = holder.find("relatedEntity")
    return Actor(
        "informant",
        person_name(below(one, "relatedPerson/name")),
        wording(below(one, "code")),
        "",
        None,
        address_lines(below(one, "addr")),
        telecoms(one),
    )


def _participant(holder: Element) -> Actor:
    one = holder.find("associatedEntity")
    organisation = below(one, "scopingOrganization")
    functions = (wording(holder.find("functionCode")), wording(below(one, "code")))
    return Actor(
        "participant",
        person_name(below(one, "associatedPerson/name")),
        ", ".join(dict.fromkeys(filter(None, functions))),
        text_of(below(organisation, "name")),
        when_of(holder.find("time")),
        address_lines(below(one, "addr")),
        telecoms(one),
    )


def _services(root: Element) -> tuple[Service, ...]:
    events = root.findall("documentationOf/serviceEvent")[:_MAX_ACTORS]
    found = (Service(wording(event.find("code")), when_of(event.find("effectiveTime"))) for event in events)
    return tuple(service for service in found if service.label or service.when)


def _orders(root: Element) -> tuple[Order, ...]:
    numbers = (attribute(each, "extension")[:80] for each in root.findall("inFulfillmentOf/order/id")[:_MAX_ACTORS])
    return tuple(Order(number) for number in dict.fromkeys(filter(None, numbers)))


def _place(encounter: Element | None) -> str:
    facility = below(encounter, "location/healthCareFacility")
    named = text_of(below(facility, "location/name")) or text_of(below(facility, "serviceProviderOrganization/name"))
    code = below(facility, "code")
    kind = wording(below(code, "translation")) or wording(code)
    return ", ".join(filter(None, [named, kind]))


def _stamp(element: Element | None) -> When | None:
    value = attribute(element, "value")
    return moment(value) if value else None


def _identifier(element: Element | None) -> str:
    root, extension = attribute(element, "root"), attribute(element, "extension")
    return f"{root}^{extension}" if root and extension else root
