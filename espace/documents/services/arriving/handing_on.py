"""A document sent on by who deposited it, though they may not read here: a hospital's letter to the patient's doctor.

Depositing needs no right to read (rules.md AR-20), and what was deposited is often owed to a colleague and to the
patient at once. One's own deposit is at hand for a day, as long as its receipt; later only who reads sends it on.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from espace import clock, db, storage
from espace.audit.services import Action
from espace.documents.services.viewing.reading import Content, DocumentFacts, body, document, leave, original
from espace.errors import InvalidError, NotFoundError
from espace.people import services as people
from espace.people.services import Professional
from espace.permissions import Permission, Standing
from espace.records import services as records

from . import sending_out
from .depositing import replaceable, shown_to_replace

AT_HAND = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ToSend:
    """A document that may be sent on; `is_read` is False for a deposit whose depositor does not read it here."""

    document: DocumentFacts
    is_read: bool


def to_send(standing: Standing, document_id: UUID) -> ToSend:
    """A document about to be sent on, shown to who sends it; leaves a row of the trail.

    Raises:
        NotFoundError: when this standing neither reads it nor deposited it today.
    """
    try:
        return ToSend(document(standing, document_id), is_read=True)
    except NotFoundError:
        _at_hand(standing, document_id)
        return ToSend(shown_to_replace(standing, document_id), is_read=False)


def parcel(standing: Standing, document_id: UUID) -> sending_out.Parcel:
    """The same, made ready to leave. Raises as `to_send`, and TamperedError when the stored file does not open."""
    try:
        found = original(standing, document_id)
    except NotFoundError:
        found = _opened(standing, _at_hand(standing, document_id), whole=True)
        with db.write():
            leave(standing, Action.DOWNLOADED, [found.document])
    return sending_out.made(standing, found)


def pages(standing: Standing, document_id: UUID) -> Content:
    """What people read of it. Raises as `parcel`."""
    try:
        return body(standing, document_id)
    except NotFoundError:
        return _opened(standing, _at_hand(standing, document_id), whole=False)


def attending(standing: Standing) -> Professional | None:
    """The attending doctor that the holder declared, for who reads the record; None for themselves, or nobody."""
    index = records.record(standing.record_id).attending_index if standing.may(Permission.DOCUMENTS_READ) else None
    found = people.professional_under(index) if index is not None else None
    return found if found is not None and found.active and found.id != standing.actor.id else None


def _at_hand(standing: Standing, document_id: UUID) -> DocumentFacts:
    """What this professional deposited within the day and nobody took away since."""
    try:
        found = replaceable(standing, document_id)
    except InvalidError:  # a newer version took its place
        raise NotFoundError from None
    if found.arrived_at <= clock.now() - AT_HAND:
        raise NotFoundError
    return found


def _opened(standing: Standing, found: DocumentFacts, *, whole: bool) -> Content:
    file_id, media = (found.file_id, found.media) if whole else (found.body_file_id, found.body_media)
    with db.read() as tx:
        return Content(found, media, storage.current().open(tx, standing.record_id, file_id))
