"""Documents leaving as others can file them: CDA R2 packed in an XDM archive (interop.md sections 1 and 2).

A document that came as CDA leaves as it came, bit by bit. Any other, a person's own too, is put into a CDA of level 1
under an id that is the same each time, so that whoever gets it twice, ourselves included, keeps it once.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from espace import clock
from espace.documents.services.entries.filing import sent_id, sent_series
from espace.documents.services.types import types
from espace.documents.services.viewing.reading import Content, DocumentFacts, original
from espace.interop import cda, media
from espace.interop.cda import CdaAuthor, CdaError, CdaHeader
from espace.interop.cda_write import wrap
from espace.interop.xdm_write import Outgoing, pack
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Standing
from espace.words import N_

from . import heading

README = (
    N_("This archive comes from espace, a health record."),
    N_("It holds one health document in the XDM exchange format (IHE, CDA R2)."),
    N_("Open INDEX.HTM to see what it holds. Care software files the archive as a whole."),
    N_("It is health data: keep it where nobody else reads it."),
)
"""The lines of README.TXT in an archive, to be translated."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A document made ready to leave; its view writes the pages that people read, then packs it."""

    document: DocumentFacts
    outgoing: Outgoing

    def packed(self, index: str, readme: str) -> bytes:
        """The XDM archive."""
        return pack([self.outgoing], at=clock.now(), index=index, readme=readme)


def parcel(standing: Standing, document_id: UUID) -> Parcel:
    """A document made ready to leave; leaves a row of the trail as any download.

    Raises:
        NotFoundError: when it does not exist for this standing.
        TamperedError: when the stored file does not open.
    """
    return made(standing, original(standing, document_id))


def made(standing: Standing, found: Content) -> Parcel:
    """A file as it came, made ready to leave."""
    document, content = found.document, found.reader.read_all()
    holder = heading.holder_of(standing)
    header = _own_header(document, holder)
    if document.media == media.XML:
        header = _written(content, header)
    else:
        content = wrap(header, content, document.body_media)
    kind = types()[document.type_code]
    return Parcel(document, Outgoing(content, header, kind.class_code, kind.class_label, document.body_media))


def _written(content: bytes, ours: CdaHeader) -> CdaHeader:
    """What a CDA says of itself; of one from elsewhere that says too little, what is known here."""
    try:
        said = cda.parse(content).header
    except CdaError:
        return ours
    return replace(said, confidentiality=ours.confidentiality)  # as it is decided here, whatever was said when written


def _own_header(document: DocumentFacts, holder: Person) -> CdaHeader:
    kind = types()[document.type_code]
    unique_id = sent_id(document.unique_id)
    return CdaHeader(
        unique_id=unique_id,
        type_code=kind.code,
        type_system=kind.system,
        type_label=kind.label,
        title=document.title,
        effective=document.created_at.replace(microsecond=0),
        confidentiality=heading.marks(
            hidden=document.hidden,
            patient_invisible=document.patient_invisible,
            representatives_invisible=document.representatives_invisible,
        ),
        set_id=sent_series(document.series_index) if document.series_index else unique_id,
        version=document.version,
        patient=heading.patient(holder),
        author=_author(document, holder),
        service_start=heading.noon(document.date),
    )


def _author(document: DocumentFacts, holder: Person) -> CdaAuthor:
    """Who wrote it: the person, who added it for them, a professional of the directory, or the name that stands on it.

    Of who added it for them only the name is said: their number is none of the reader's.
    """
    if document.by_patient:
        return CdaAuthor(family_name=document.depositor) if document.for_other else heading.own_author(holder)
    if document.professional_id:
        author = people.professional(document.professional_id)
        place = next((one for one in author.structures if document.structure in (one.name, one.display_name)), None)
        return heading.professional_author(author, place)
    return CdaAuthor(family_name=document.author, structure_name=document.structure)
