"""A professional deposits a document: wrapped as CDA R2 level 1, filed, traced, and the person told (CO-3, AR-25)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import clock, crypto, db, settings, storage
from espace.access import services as access
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.documents.models import Document
from espace.documents.services.adding import pieces, scanning, waiting
from espace.documents.services.adding.scanning import ScanError
from espace.documents.services.deciding.telling import tell_readable
from espace.documents.services.entries import checks
from espace.documents.services.entries.filing import (
    Body,
    Known,
    NewDocument,
    content_digest,
    judge,
    known,
    stored,
    write_row,
)
from espace.documents.services.entries.likeness import SUPERSEDED
from espace.documents.services.types import types
from espace.documents.services.viewing.reading import SHARED, DocumentFacts, leave, open_row, snapshot
from espace.documents.services.visibility import COLUMNS, NOWHERE
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.interop import cda
from espace.interop import media as medias
from espace.interop.cda import CdaHeader
from espace.interop.cda_write import wrap
from espace.interop.media import MediaError
from espace.people import services as people
from espace.permissions import Permission, Standing
from espace.words import N_, Message

from . import heading

_OWN = select(*COLUMNS).where(
    Document.record_id == bindparam("record", type_=Id),
    Document.id == bindparam("id", type_=Id),
    Document.professional_id == bindparam("own", type_=Id),
    Document.origin == "professional",
    Document.state.not_in(NOWHERE),
)
DEPOSITABLE = frozenset({medias.PDF, medias.JPEG, medias.PNG, medias.TIFF, medias.TEXT})


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositDocument:
    """What the professional confirmed.

    `representatives_see` must be answered for a minor (rules.md MI-8) and says nothing for an adult.
    `patient_invisible`: withheld until announced in person (AR-15). `replaces`: their own document that it is a newer
    version of.
    """

    title: str
    date: date
    type_code: str
    content: bytes
    representatives_see: bool | None = None
    patient_invisible: bool = False
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Former:
    """The version before: what it is called, and the series it stands in."""

    unique_id: str
    set_id: str
    version: int
    hidden: bool


@dataclass(frozen=True, slots=True)
class _Parties:
    holder: people.Person
    author: people.Professional
    structure: people.Structure | None


def holder_is_minor(standing: Standing) -> bool:
    """Whether the depositor must say if the legal representatives will see the document (rules.md MI-8)."""
    return _is_minor(heading.holder_of(standing))


def deposit(standing: Standing, command: DepositDocument) -> UUID:
    """File a professional's document and tell the person; the same deposit sent twice is filed once. Gives its id.

    While the scanner is away it waits, and is filed by itself: the id is then that of what waits (`waiting.waiting`).

    Raises:
        InvalidError: with a sentence for each field at fault.
        NotFoundError: when this standing may not deposit.
    """
    if not standing.may(Permission.DOCUMENTS_DEPOSIT):
        raise NotFoundError
    author = people.professional(standing.actor.id)
    parties = _Parties(heading.holder_of(standing), author, _structure(author, standing.actor.structure))
    title = checks.clean_title(command.title)
    unique_id, twin = _unique_id(standing, command, title)
    if twin:
        return twin.id
    former = _former(standing, command.replaces) if command.replaces else None
    body = _checked(standing, command, title, parties, former)
    header = _header(parties, command, title, unique_id, former)
    new = NewDocument(
        title=title,
        date=command.date,
        type_code=command.type_code,
        origin="professional",
        unique_id=unique_id,
        body=body,
        content=wrap(header, body.content, body.media),
        author=author.display_name,
        structure=parties.structure.display_name if parties.structure else standing.actor.structure,
        depositor=author.display_name,
        professional_id=author.id,
        patient_invisible=command.patient_invisible,
        representatives_invisible=_is_minor(parties.holder) and command.representatives_see is False,
        set_id=header.set_id,
        version=header.version,
        replaces=header.replaces,
    )
    try:
        scanning.scan(command.content)
        return _file(standing, new)
    except ScanError as error:
        if error.kind == scanning.DOWN:
            return waiting.set_aside(standing, new, error.kind)
        waiting.set_aside_harmful(standing, title, command.content)
        raise InvalidError({"file": pieces.INFECTED}) from None
    except ConflictError:
        twin = known(standing.record_id, unique_id)
        if twin is None:
            raise
        return twin.id


def replaceable(standing: Standing, document_id: UUID) -> DocumentFacts:
    """A document that this professional deposited here, to be replaced by a newer version (rules.md AR-19).

    Depositing needs no right to read (AR-20): one's own deposit is enough.

    Raises:
        NotFoundError: when it is not theirs, or is gone.
        InvalidError: when it is an older version: the newest is replaced.
    """
    if not standing.may(Permission.DOCUMENTS_DEPOSIT):
        raise NotFoundError
    with db.read() as tx:
        row = tx.execute(_OWN, {"record": standing.record_id, "id": document_id, "own": standing.actor.id}).first()
        if row is None:
            raise NotFoundError
        found = open_row(tx, standing.record_id, row)
    if found.state == SUPERSEDED:
        raise InvalidError({"": N_("A newer version of this document exists already. Replace that one.")})
    return found


def shown_to_replace(standing: Standing, document_id: UUID) -> DocumentFacts:
    """As `replaceable`, to be shown to its depositor: who may not even read here leaves a row of it too (R25)."""
    found = replaceable(standing, document_id)
    act = Action.DOCUMENTS_LISTED
    if not audit.seen_lately(standing.actor, standing.record_id, act, document_id, SHARED):
        with db.write():
            leave(standing, act, [found], beside=found)
    return found


def _former(standing: Standing, document_id: UUID) -> _Former:
    found = replaceable(standing, document_id)
    with db.read() as tx:
        content = storage.current().open(tx, standing.record_id, found.file_id).read_all()
    return _Former(found.unique_id, cda.parse(content).header.set_id, found.version, found.hidden)


def scanned(standing: Standing, content: bytes, name: str) -> None:
    """Have the scanner look at a file to be deposited (R38). What it knows as harmful is set aside, and traced.

    Where nobody can say now, the draft goes on: it is looked at again when it is deposited.

    Raises:
        InvalidError: when the file is harmful.
    """
    try:
        scanning.scan(content)
    except ScanError as error:
        if error.kind == scanning.VIRUS:
            waiting.set_aside_harmful(standing, name, content)
            raise InvalidError({"file": pieces.INFECTED}) from None


def _checked(
    standing: Standing, command: DepositDocument, title: str, parties: _Parties, former: _Former | None
) -> Body:
    problems: dict[str, Message | None] = {
        "title": checks.check_title(title),
        "date": checks.check_day(command.date, parties.holder.birth_date.isoformat()),
        "type_code": None
        if command.type_code in types() and command.type_code in access.may_deposit(standing.actor.profession)
        else N_("Choose a kind of document that your profession may deposit."),
        "representatives_see": _what_of_parents(standing, command, parties),
        # Not both (rules.md AR-16).
        "patient_sees": N_(
            "The patient hides this document from professionals: it cannot be kept from the patient too."
        )
        if former and former.hidden and command.patient_invisible
        else None,
    }
    body = None
    if len(command.content) > checks.MAX_UPLOAD:
        problems["file"] = checks.too_heavy(len(command.content), checks.MAX_UPLOAD)
    else:
        try:
            body = judge_deposit(command.content)
        except MediaError as error:
            problems["file"] = checks.why_refused(error)
    found = {name: problem for name, problem in problems.items() if problem}
    if found or body is None:
        raise InvalidError(found)
    return body


def _what_of_parents(standing: Standing, command: DepositDocument, parties: _Parties) -> Message | None:
    """What is wrong with what is said of a minor's representatives: it must be (MI-8), and "no" when secret (MI-7)."""
    if not _is_minor(parties.holder):
        return None
    if command.representatives_see is None:
        return N_("Say whether the legal representatives will see this document.")
    if standing.is_secret and command.representatives_see:
        return N_("In secret connection only documents that the parents do not see may be deposited.")
    return None


def judge_deposit(content: bytes) -> Body:
    """Have the decoder look at a professional's file, which stays as it is, bit by bit (security.md R37).

    Raises:
        MediaError: when it cannot be deposited.
    """
    body = judge(content)
    if body.media not in DEPOSITABLE:
        raise MediaError("unknown-type")
    return body


def _file(standing: Standing, new: NewDocument) -> UUID:
    record_id = standing.record_id
    with stored(record_id, new.content or b"", new.body.content) as files, db.write() as tx:
        filed = write_row(tx, record_id, new, files)
        audit.record(
            standing.actor,
            record_id,
            Action.DOCUMENT_DEPOSITED,
            relation=standing.relation,
            objects=[snapshot(filed)],
        )
        if filed.unique_id == new.unique_id:  # a copy of what is here is no news
            tell_readable(record_id, filed)
    return filed.id


def _is_minor(holder: people.Person) -> bool:
    return holder.age_on(clock.today()) < settings.current().majority_age


def _structure(author: people.Professional, name: str) -> people.Structure | None:
    """The place the professional signed in from, else their first."""
    here = (place for place in author.structures if name in (place.name, place.display_name))
    return next(here, author.structures[0] if author.structures else None)


def _unique_id(standing: Standing, command: DepositDocument, title: str) -> tuple[str, Known | None]:
    """The id of a deposit, and the document that has it already: the same deposit sent again.

    What its depositor deleted may be deposited again: it gets the next id.
    """
    again = 0
    while True:
        unique_id = _id_of(standing, command, title, again)
        twin = known(standing.record_id, unique_id)
        if twin is None or not twin.deleted:
            return unique_id, twin
        again += 1


def _id_of(standing: Standing, command: DepositDocument, title: str, again: int) -> str:
    """An id of the ITU's UUID arc, the same for the same deposit, and telling nothing of it."""
    said = "|".join(
        (
            str(standing.record_id),
            str(standing.actor.id),
            command.type_code,
            command.date.isoformat(),
            title,
            content_digest(command.content).hex(),
            *((str(command.replaces),) if command.replaces else ()),
            *((f"again {again}",) if again else ()),
        )
    )
    return f"2.25.{int.from_bytes(crypto.blind('deposit', said)[:16])}"


def _header(
    parties: _Parties, command: DepositDocument, title: str, unique_id: str, former: _Former | None
) -> CdaHeader:
    kind = types()[command.type_code]
    secret = _is_minor(parties.holder) and command.representatives_see is False
    return CdaHeader(
        unique_id=unique_id,
        type_code=kind.code,
        type_system=kind.system,
        type_label=kind.label,
        title=title,
        effective=clock.now().replace(microsecond=0),
        confidentiality=heading.marks(patient_invisible=command.patient_invisible, representatives_invisible=secret),
        set_id=(former.set_id or former.unique_id) if former else unique_id,
        version=former.version + 1 if former else 1,
        replaces=former.unique_id if former else "",
        patient=heading.patient(parties.holder),
        author=heading.professional_author(parties.author, parties.structure),
        service_start=heading.noon(command.date),
    )
