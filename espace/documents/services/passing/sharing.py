"""Share links: chosen documents, each sealed with a key that stands in the link alone, for who has its passcode.

Making one seals a copy of each document with the link's key (SMART Health Links: JWE) and keeps neither the key nor the
token. What was chosen is judged again whenever somebody comes by the link: a document hidden, kept secret or deleted
since, and everything its maker may not see any more, is not shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select

from espace import crypto, db, settings, storage
from espace.access.services.passing import links
from espace.access.services.passing.links import LinkKind, LinkLine, NewLink
from espace.db import Id
from espace.documents.models import SharedFile
from espace.documents.services.entries import checks
from espace.documents.services.entries.filing import stored
from espace.documents.services.types import type_label, types
from espace.documents.services.viewing.reading import DocumentFacts, snapshot
from espace.errors import InvalidError
from espace.identifiers import new_id
from espace.interop import shlink
from espace.interop.fhir_documents import SharedDocument, bundle
from espace.permissions import Standing
from espace.words import N_, Message

from . import choosing

LIVES = (1, 24, 72, 168, 720)
"""Hours a link may live: one hour to thirty days."""
OPENINGS = (1, 3, 10, 50)
MAX_DOCUMENTS = 40
MAX_BYTES = 40 * 1024 * 1024
MIN_PASSCODE, MAX_PASSCODE = 6, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShare:
    """A link to be made: which documents, one by one or by category, its name for oneself, passcode, life, openings.

    `once` is the id of the form it was asked by: sent twice, it makes one link.
    """

    document_ids: Sequence[UUID]
    classes: Sequence[str]
    label: str
    passcode: str
    hours: int
    most: int
    once: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class MadeShare:
    """A link that was made. `address` carries the key and is shown once: it cannot be found again."""

    id: UUID
    address: str
    count: int


_FILES = (
    select(SharedFile.id, SharedFile.document_id)
    .where(SharedFile.record_id == bindparam("record", type_=Id), SharedFile.link_id == bindparam("link", type_=Id))
    .order_by(SharedFile.id)
)


def share(standing: Standing, new: NewShare, words: str) -> MadeShare:
    """Make a link. `words` is what an application says of it to whoever opens it there: nothing of ours stands in it.

    Raises:
        NotFoundError: for who does not decide about the record.
        StepUpError: without a proof younger than five minutes (R9).
        InvalidError: with a sentence for each field at fault.
        ConflictError: when this very form made a link already.
    """
    links.demand_making(standing)
    problems = _faults(standing, new)
    with db.read() as tx:
        documents = choosing.chosen(tx, standing, new.document_ids, new.classes)
    problems |= _too_much(documents)
    if problems:
        raise InvalidError(problems)
    key = shlink.new_key()
    asked = NewLink(
        LinkKind.SHARE,
        checks.clean_title(new.label),
        timedelta(hours=new.hours),
        new.most,
        crypto.hasher().hash(new.passcode),
        new.once,
    )
    with stored(standing.record_id, *(_sealed(standing, one, key) for one in documents)) as files, db.write() as tx:
        still = {one.id for one in choosing.by_id(tx, standing, [one.id for one in documents])}
        if len(still) != len(documents):  # something was hidden in this very moment
            raise InvalidError({"documents": _GONE})
        link_id, token = links.make(tx, standing, asked, tuple(snapshot(one) for one in documents))
        for file_id, document in zip(files, documents, strict=True):
            tx.execute(
                insert(SharedFile).values(
                    record_id=standing.record_id, id=file_id, link_id=link_id, document_id=document.id
                )
            )
        line = links.link(standing, LinkKind.SHARE, link_id)
    given = shlink.Shlink(f"{_place(token)}/manifeste", key, line.until, words)
    return MadeShare(link_id, f"{_place(token)}#{shlink.write(given)}", len(documents))


def shared(standing: Standing, line: LinkLine) -> list[DocumentFacts]:
    """What a link shows now, newest first, as this standing may know of it."""
    with db.read() as tx:
        rows = tx.execute(_FILES, {"record": line.record_id, "link": line.id}).all()
        return choosing.by_id(tx, standing, [row.document_id for row in rows])


def files(tx: Connection, line: LinkLine, maker: Standing) -> list[tuple[UUID, DocumentFacts]]:
    """The sealed files of a link and what each holds, newest document first, as its maker may show them now."""
    rows = tx.execute(_FILES, {"record": line.record_id, "link": line.id}).all()
    kept = {row.document_id: row.id for row in rows}
    return [(kept[one.id], one) for one in choosing.by_id(tx, maker, list(kept))]


def sealed_file(tx: Connection, record_id: UUID, file_id: UUID) -> bytes:
    """A sealed file, as it is given to applications. Raises TamperedError when it does not open."""
    return storage.current().open(tx, record_id, file_id).read_all()


def close(standing: Standing, link_id: UUID) -> None:
    """Close a share link at once; what was sealed for it is deleted. Raises NotFoundError for no such link."""
    with db.write() as tx:
        links.close(standing, LinkKind.SHARE, link_id)
        _drop(tx, standing.record_id, link_id)


def sweep() -> int:
    """Delete what was sealed for links that are over; gives for how many."""
    with db.read() as tx:
        every = tx.execute(select(SharedFile.record_id, SharedFile.link_id).distinct()).all()
    over = [row for row in every if links.is_over(row.record_id, row.link_id)]
    for row in over:
        with db.write() as tx:
            _drop(tx, row.record_id, row.link_id)
    return len(over)


def _drop(tx: Connection, record_id: UUID, link_id: UUID) -> None:
    own = (SharedFile.record_id == record_id, SharedFile.link_id == link_id)
    house = storage.current()
    for file_id in tx.execute(select(SharedFile.id).where(*own)).scalars().all():
        db.after_commit(partial(house.delete, record_id, file_id))
    tx.execute(delete(SharedFile).where(*own))


def _place(token: str) -> str:
    return f"{settings.current().base_url.rstrip('/')}/partage/{token}"


def _sealed(standing: Standing, document: DocumentFacts, key: str) -> bytes:
    with db.read() as tx:
        content = storage.current().open(tx, standing.record_id, document.body_file_id).read_all()
    kind = types().get(document.type_code)
    said = SharedDocument(
        id=document.id,
        title=document.title,
        type_code=document.type_code,
        type_system=kind.system if kind else "",
        type_label=type_label(document.type_code),
        day=document.date,
        filed=document.created_at.isoformat(),
        author=document.author or document.structure,
        media=document.body_media,
        content=content,
        holder_name=standing.holder_name,
        holder_birth=date.fromisoformat(standing.holder_birth),
    )
    return shlink.seal(bundle(said), key).encode()


_GONE = N_("A document was hidden or deleted meanwhile. Look at your choice, then try again.")


def _faults(standing: Standing, new: NewShare) -> dict[str, str]:
    label = checks.clean_title(new.label)
    problems: dict[str, Message | None] = {
        "label": _wrong_label(label),
        "passcode": _wrong_passcode(new.passcode, standing.holder_birth),
        "hours": None if new.hours in LIVES else N_("Choose for how long."),
        "most": None if new.most in OPENINGS else N_("Choose how many times."),
    }
    return {name: problem for name, problem in problems.items() if problem}


def _wrong_label(label: str) -> Message | None:
    if not label:
        return N_("Write a name for yourself, for example “Doctor in Lisbon”.")
    if len(label) > links.MAX_LABEL:
        return N_("Write at most %(limit)d characters.", limit=links.MAX_LABEL)
    return None


def _wrong_passcode(passcode: str, birth: str) -> Message | None:
    """A short code is enough, as few tries are allowed; not one that somebody close would try first."""
    if not MIN_PASSCODE <= len(passcode) <= MAX_PASSCODE:
        return N_("The code has %(least)d to %(most)d characters.", least=MIN_PASSCODE, most=MAX_PASSCODE)
    year, month, day = birth.split("-")
    digits = "".join(one for one in passcode if one.isdigit())
    steps = {ord(after) - ord(before) for before, after in pairwise(passcode)}
    dates = {day + month + year, year + month + day, day + month + year[2:], year[2:] + month + day}
    if (len(steps) == 1 and steps <= {-1, 0, 1}) or digits in dates:
        return N_("This code is too easy to guess. Choose another one, or keep the one proposed.")
    return None


def _too_much(documents: Sequence[DocumentFacts]) -> dict[str, str]:
    if not documents:
        return {"documents": N_("Choose at least one document.")}
    if len(documents) > MAX_DOCUMENTS:
        return {
            "documents": N_(
                "You chose %(count)d documents, a link shows %(limit)d at most. Remove some.",
                count=len(documents),
                limit=MAX_DOCUMENTS,
            )
        }
    if sum(one.body_size for one in documents) > MAX_BYTES:
        return {"documents": N_("Together these documents are too heavy for a link. Remove some.")}
    return {}
