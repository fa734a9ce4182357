"""Reading a record's documents. Whoever is not the holder leaves a row of the trail before anything is shown (R25)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from espace import crypto, db, storage
from espace.access.services import note_visit, visible
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services.visibility import one_statement, parameters, shape
from espace.errors import NotFoundError
from espace.permissions import Permission, Standing

TABLE = "documents"
SHARED = timedelta(minutes=10)
"""How long the requests for one file share one row of the trail (design 3.5)."""


class DocumentFacts(NamedTuple):
    """One document as it is shown. `media` is that of the file as it came, `body_media` that of what people read.

    `adder` is the account through which somebody on the person's side added it; "" where that is not known.
    `for_other`: they acted for the person.
    `names_other`: operators gave it to this record though it names somebody else. `opened_to_parents`: it was secret
    and was shown to a minor's parents, for good (rules.md MI-9). `guest`: somebody without access left it by a link;
    who accepted it added it, nobody verified it.
    """

    id: UUID
    date: date
    type_code: str
    class_code: str
    hidden: bool
    patient_invisible: bool
    representatives_invisible: bool
    origin: str
    professional_id: UUID | None
    created_at: datetime
    arrived_at: datetime
    media: str
    size: int
    file_id: UUID
    body_media: str
    body_size: int
    body_file_id: UUID
    state: str
    version: int
    series_index: bytes | None
    author_id: UUID | None
    held_until: datetime | None
    choices: int
    title: str
    author: str
    structure: str
    depositor: str
    pages: int
    active: bool
    remark: str
    unique_id: str
    adder: str
    for_other: bool
    names_other: bool
    opened_to_parents: bool
    guest: bool

    @property
    def by_patient(self) -> bool:
        """Whether the person or someone acting for them added it (shown apart to professionals, CO-13)."""
        return self.origin == "patient"

    @property
    def wrapped(self) -> bool:
        """Whether what people read came inside another file (a CDA)."""
        return self.file_id != self.body_file_id


SEALED: dict[str, Any] = {
    "title": "",
    "author": "",
    "structure": "",
    "depositor": "",
    "pages": 0,
    "active": False,
    "remark": "",
    "unique_id": "",
    "adder": "",
    "for_other": False,
    "names_other": False,
    "opened_to_parents": False,
    "guest": False,
}
"""The fields of `DocumentFacts` that are kept sealed, in their order, each with what a row means by leaving it out."""


@dataclass(frozen=True, slots=True)
class Content:
    """An opened file of a document, ready to be read by ranges. `places_kept`: see `permissions.Standing`."""

    document: DocumentFacts
    media: str
    reader: storage.Reader
    places_kept: bool = False

    @property
    def size(self) -> int:
        """In bytes."""
        return self.reader.size

    @property
    def pages(self) -> int:
        """How many there are; 0 when that is not known."""
        return self.document.pages


def document(standing: Standing, document_id: UUID) -> DocumentFacts:
    """One document, opened on its page.

    Raises:
        NotFoundError: when it does not exist for this standing.
    """
    if unwatched(standing):
        with db.read() as tx:
            return _visible(tx, standing, document_id)
    with db.write() as tx:
        found = _visible(tx, standing, document_id)
        leave(standing, Action.DOCUMENT_OPENED, [found])
    return found


def opened(standing: Standing, document_id: UUID) -> Content:
    """One document opened on its page, with what people read of it: one statement for both. Raises as `body`."""
    if unwatched(standing):
        with db.read() as tx:
            return _body(tx, standing, _visible(tx, standing, document_id))
    with db.write() as tx:
        found = _body(tx, standing, _visible(tx, standing, document_id))
        leave(standing, Action.DOCUMENT_OPENED, [found.document])
    return found


def body(standing: Standing, document_id: UUID) -> Content:
    """What people read of a document, to be shown on its page; shares the page's row of the trail.

    Raises:
        NotFoundError: when it does not exist for this standing.
        TamperedError: when the stored file does not open.
    """
    return _content(standing, document_id, Action.DOCUMENT_OPENED, whole=False)


def download(standing: Standing, document_id: UUID) -> Content:
    """What people read of a document, to be taken away. Raises as `body`."""
    return _content(standing, document_id, Action.DOWNLOADED, whole=False)


def original(standing: Standing, document_id: UUID) -> Content:
    """The file as it came, bit by bit, to be taken away. Raises as `body`."""
    return _content(standing, document_id, Action.DOWNLOADED, whole=True)


def _body(tx: Connection, standing: Standing, document: DocumentFacts) -> Content:
    reader = storage.current().open(tx, standing.record_id, document.body_file_id)
    return Content(document, document.body_media, reader, standing.places_kept)


def _content(standing: Standing, document_id: UUID, action: Action, *, whole: bool) -> Content:
    if standing.through is not None and action is Action.DOWNLOADED:
        raise NotFoundError  # who looks as somebody else takes nothing away
    with db.read() as tx:
        found = _visible(tx, standing, document_id)
        file_id, media = (found.file_id, found.media) if whole else (found.body_file_id, found.body_media)
        reader = storage.current().open(tx, standing.record_id, file_id)
        seen = unwatched(standing) or audit.seen_lately(
            standing.witness.actor, standing.record_id, action, document_id, SHARED
        )
    if not seen:
        with db.write() as tx:
            leave(standing, action, [_visible(tx, standing, document_id)])
    return Content(found, media, reader, standing.places_kept)


def unwatched(standing: Standing) -> bool:
    """Whether this reading leaves no row: the holder's own page views do not (design 3.5), unless someone helps."""
    return not standing.is_watched


BESIDE = "beside"
"""In the detail of a row: the document beside whose words others were listed; without those there is no such row."""


def leave(
    standing: Standing, action: Action, shown: Sequence[DocumentFacts], *, beside: DocumentFacts | None = None
) -> None:
    """Write what is about to be shown to the trail, in the open unit of work (security.md R25)."""
    audit.record(
        standing.witness.actor,
        standing.record_id,
        action,
        relation=standing.witness.relation,
        objects=[snapshot(one) for one in shown],
        detail={BESIDE: str(beside.id)} if beside else None,
    )
    if beside is None:  # what stands beside a document that was opened belongs to the visit that opened it
        _note_visit(standing, action, shown)


_LOOKS = frozenset({Action.DOCUMENTS_LISTED, Action.DOCUMENTS_SEARCHED})
"""Readings that happen whatever is there to be read."""


def _note_visit(standing: Standing, action: Action, shown: Sequence[DocumentFacts]) -> None:
    """Note the visit, by whatever page they came in (rules.md AR-25), for those who may know what was read (R13)."""
    if not standing.visit_due or not standing.may(Permission.DOCUMENTS_READ):
        return
    known = shown if action in _LOOKS else [one for one in shown if not one.patient_invisible]
    if shown and not known:
        return
    whatever = action in _LOOKS or not shown
    note_visit(standing, secret=not whatever and all(one.representatives_invisible for one in known))


def snapshot(document: DocumentFacts) -> dict[str, str]:
    """What the trail keeps of a document that was shown, with the marks that say who may be told of it."""
    marks = {
        "patient_invisible": document.patient_invisible,
        "representatives_invisible": document.representatives_invisible,
    }
    return {
        "id": str(document.id),
        "title": document.title,
        "type": document.type_code,
        **{name: "yes" for name, marked in marks.items() if marked},
    }


def visible_to(tx: Connection, standing: Standing, document_id: UUID) -> DocumentFacts:
    """One document as this standing sees it, for an act on it: the act leaves the row of the trail.

    Raises:
        NotFoundError: when it does not exist for this standing.
    """
    return _visible(tx, standing, document_id)


def _visible(tx: Connection, standing: Standing, document_id: UUID) -> DocumentFacts:
    rule = visible(standing)
    values = {"record": standing.record_id, "id": document_id, **parameters(rule)}
    row = tx.execute(one_statement(shape(rule)), values).first()
    if row is None:
        raise NotFoundError
    return open_row(tx, standing.record_id, row, places_kept=standing.places_kept)


def seal_row(tx: Connection, record_id: UUID, facts: DocumentFacts) -> bytes:
    """The payload of a document: what goes without saying takes no room in it."""
    said = {name: getattr(facts, name) for name, none in SEALED.items() if getattr(facts, name) != none}
    return crypto.seal(tx, record_id, TABLE, facts.id, said)


def open_row(tx: Connection, record_id: UUID, row: Sequence[Any], *, places_kept: bool = False) -> DocumentFacts:
    """A document from the columns of `visibility.COLUMNS`: its id first, what is sealed last.

    `places_kept`: its reader does not learn at which place of care it was made (security.md R15).
    """
    *plain, payload = row
    facts: dict[str, Any] = crypto.unseal(tx, record_id, TABLE, plain[0], payload)
    if places_kept:
        facts["structure"] = ""
    # The fields of DocumentFacts stand in the order of the columns, then come the sealed ones.
    return DocumentFacts(*plain, *(facts.get(name, none) for name, none in SEALED.items()))
