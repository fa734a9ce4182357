"""Documents that leave as letters: to a colleague, with a copy to the patient, in the form that software files (MS-12).

One archive `IHE_XDM.ZIP` under a subject that begins with `XDM/1.0/DDM`, a paper people can read beside it. What is
hidden from the patient is never mailed to them, nor what is hidden from professionals to a professional (MS-16).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services import DocumentFacts
from espace.documents.services.arriving import handing_on
from espace.documents.services.arriving.sending_out import Parcel
from espace.errors import InvalidError, NotFoundError
from espace.interop import cda_view, media
from espace.interop.cda import CdaError
from espace.interop.mail_letter import XDM_NAME, Address, Part
from espace.interop.media import MediaError
from espace.interop.photos import as_one_pdf
from espace.interop.rtf import rtf_text
from espace.interop.typeset import typeset
from espace.messaging.services import apart
from espace.messaging.services.boxes import Box, patient_address
from espace.messaging.services.facts import Party
from espace.messaging.services.incoming import correspondents
from espace.messaging.services.names import file_name
from espace.messaging.services.places import RefusedAddressError, place_of
from espace.people import services as people
from espace.permissions import Standing
from espace.records import services as records
from espace.words import N_, Message

from .sending import MOST_SUBJECT, Outgoing, Sent, send

SUBJECT = "XDM/1.0/DDM"
IDENTITY_PROVED = "O"
"""The status of an identity that the national service confirmed, as X-MSS-INS has it (rules.md MS-13)."""
MOST_PAPER = 8 * 1024 * 1024
NOT_FOR_PATIENT = N_("The patient does not see this document yet: it cannot be sent to them.")
NOT_FOR_PROFESSIONALS = N_("The patient hid this document from professionals: it cannot be sent to one.")
NO_SPACE = N_("This space takes no message. Reach the patient in another way.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """To whom a document is sent: the patient, colleagues, or both; `words` is the letter. One key sends once."""

    to_patient: bool
    to: Sequence[Address | str]
    words: str
    key: UUID


def why_not_patient(document: DocumentFacts) -> Message | None:
    """Why a document is not mailed to its patient."""
    return NOT_FOR_PATIENT if document.patient_invisible else None


def why_not_professionals(document: DocumentFacts) -> Message | None:
    """Why a document is not mailed to a professional."""
    return NOT_FOR_PROFESSIONALS if document.hidden else None


def send_copies(box: Box, standing: Standing, parcel: Parcel, archive: bytes, copies: Copies) -> list[Sent]:
    """Send a document that this standing reads or has just deposited, packed as `archive`, from their mailbox.

    The patient and the colleagues get messages of their own: neither sees to whom else it went.

    Raises:
        InvalidError: `patient`, `to`, `words`, or a field of `sending.send`.
        NotFoundError: when the mailbox, or the standing, is somebody else's.
    """
    if box.is_person or box.actor.id != standing.actor.id:
        raise NotFoundError
    document = parcel.document
    patient = patient_address(people.person(records.record(standing.record_id).person_id).ins)
    _check(document, copies, patient)
    letter = Outgoing(
        to=(),
        key=copies.key,
        subject=f"{SUBJECT} {document.title}"[:MOST_SUBJECT],
        text=copies.words,
        parts=(Part(XDM_NAME, "application/zip", archive), _paper(standing, parcel)),
        secret=document.representatives_invisible or standing.is_secret,
        mss={"X-MSS-CODECDA": (parcel.outgoing.header.type_code,), "X-MSS-INS": (IDENTITY_PROVED,)},
    )
    sent = []
    if copies.to:
        sent.append(send(box, replace(letter, to=copies.to)))
        if sent[0].new:
            _tell(standing, document, copies.to)
    if copies.to_patient:
        whom = [Address(patient, standing.holder_name)]
        sent.append(send(box, replace(letter, to=whom, key=uuid5(copies.key, "patient"))))
    return sent


def _check(document: DocumentFacts, copies: Copies, patient: str) -> None:
    problems: dict[str, str] = {}
    refused = why_not_patient(document) or _away(patient) if copies.to_patient else None
    if refused:
        problems["patient"] = refused
    hidden = why_not_professionals(document) if copies.to else None
    if hidden:
        problems["to"] = hidden
    elif any(correspondents.is_patient(_address(one)) for one in copies.to):
        problems["to"] = N_("This is the address of a patient. Choose colleagues here.")
    elif not copies.to and not copies.to_patient:
        problems["to"] = N_("Choose to whom the copy goes: the patient, a colleague, or both.")
    if not copies.words.strip():
        problems["words"] = N_("Write a few words with it.")
    if problems:
        raise InvalidError(problems)


def _away(patient: str) -> Message | None:
    try:
        place_of(patient)
    except RefusedAddressError:
        return NO_SPACE
    return None


def _paper(standing: Standing, parcel: Parcel) -> Part:
    """The document as people read it: a PDF, made from what is none."""
    content = handing_on.pages(standing, parcel.document.id)
    raw = content.reader.read_all()
    return Part(file_name(parcel.document.title, media.PDF), media.PDF, _pdf(parcel, content.media, raw))


def _pdf(parcel: Parcel, kind: str, raw: bytes) -> bytes:
    if kind == media.PDF:
        return raw
    if kind in (media.JPEG, media.PNG):
        return as_one_pdf([(kind, raw)], MOST_PAPER)
    return typeset("messaging/paper", _told(parcel, _lines(kind, raw)))


def _lines(kind: str, raw: bytes) -> list[str]:
    if kind == media.XML:
        try:
            return [line for block in cda_view.plain_text(raw) for line in block.splitlines()]
        except CdaError:
            return []
    if kind == media.RTF:
        try:
            return rtf_text(raw).splitlines()
        except MediaError:
            return []
    return raw.decode("utf-8", "replace").splitlines() if kind == media.TEXT else []


def _told(parcel: Parcel, lines: Sequence[str]) -> dict[str, object]:
    document, about = parcel.document, parcel.outgoing.header.patient
    facts = [
        ("Patient", f"{about.first_names} {about.use_name or about.birth_name}"),
        ("Numéro INS", about.ins),
        ("Date", f"{document.date:%d/%m/%Y}"),
        ("Auteur", ", ".join(filter(None, (document.author, document.structure)))),
    ]
    return {
        "title": document.title,
        "facts": [pair for pair in facts if pair[1]],
        "lines": list(lines) or ["Le document entier est dans l'archive jointe IHE_XDM.ZIP."],
    }


def _tell(standing: Standing, document: DocumentFacts, to: Sequence[Address | str]) -> None:
    """The patient reads in their own trail that a document of theirs went to somebody, and to whom."""
    thing = {"id": str(document.id), "title": document.title}
    for mark in ("patient_invisible", "representatives_invisible"):
        if getattr(document, mark):
            thing[mark] = "yes"
    parties = [Party(_address(one), one.name if isinstance(one, Address) else "") for one in to]
    detail = apart.whom(parties)
    relation = standing.relation
    audit.record(
        standing.actor, standing.record_id, Action.MESSAGE_SENT, relation=relation, objects=[thing], detail=detail
    )


def _address(one: Address | str) -> str:
    return one.address if isinstance(one, Address) else one
