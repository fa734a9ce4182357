"""One document as a FHIR R4 bundle: whose it is, what it is, and its bytes."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

import orjson

LOINC = "2.16.840.1.113883.6.1"
_ENTRIES = UUID("6f1f7f0e-8a52-4d0b-9d0c-6a4f4a6f5d11")


@dataclass(frozen=True, slots=True)
class SharedDocument:
    """What a bundle says of a document. `type_system` is the object identifier of its code's system."""

    id: UUID
    title: str
    type_code: str
    type_system: str
    type_label: str
    day: date
    filed: str
    author: str
    media: str
    content: bytes
    holder_name: str
    holder_birth: date


def bundle(document: SharedDocument) -> bytes:
    """The bundle (`collection`): Patient, DocumentReference, Binary."""
    binary = _address(document, "binary")
    patient = _address(document, "patient")
    reference = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"coding": [_coding(document)], "text": document.type_label},
        "subject": {"reference": patient},
        "date": document.filed,
        "description": document.title,
        **({"author": [{"display": document.author}]} if document.author else {}),
        "content": [
            {
                "attachment": {
                    "contentType": document.media,
                    "url": binary,
                    "size": len(document.content),
                    "title": document.title,
                    "creation": document.day.isoformat(),
                }
            }
        ],
    }
    person = {
        "resourceType": "Patient",
        "name": [{"text": document.holder_name}],
        "birthDate": document.holder_birth.isoformat(),
    }
    held = {
        "resourceType": "Binary",
        "contentType": document.media,
        "data": b64encode(document.content).decode(),
    }
    entries = [
        {"fullUrl": patient, "resource": person},
        {"fullUrl": _address(document, "reference"), "resource": reference},
        {"fullUrl": binary, "resource": held},
    ]
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def content_of(written: bytes) -> bytes:
    """The bytes of the document inside a bundle written here.

    Raises:
        ValueError: when it holds none.
    """
    from base64 import b64decode

    for entry in orjson.loads(written)["entry"]:
        if entry["resource"]["resourceType"] == "Binary":
            return b64decode(entry["resource"]["data"])
    raise ValueError("no document in this bundle")


def _coding(document: SharedDocument) -> dict[str, str]:
    system = "http://loinc.org" if document.type_system == LOINC else f"urn:oid:{document.type_system}"
    return {"system": system, "code": document.type_code, "display": document.type_label}


def _address(document: SharedDocument, part: str) -> str:
    return f"urn:uuid:{uuid5(_ENTRIES, f'{document.id} {part}')}"
