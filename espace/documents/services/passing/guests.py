"""The drop-box: somebody without access leaves files by a link, once; they wait until they are accepted or thrown away.

Each file is judged as those that people add: its type by its content, its size, its decoder in another process, the
scanner. Whoever leaves one learns nothing of the record but its person's first name.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, exists, insert, or_, select

from espace import clock, crypto, db, settings, storage
from espace.access.services import tell
from espace.access.services.passing import codes, links
from espace.access.services.passing.links import LinkKind, LinkLine, LinkState, NewLink
from espace.accounts.services import throttle
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id, Instant
from espace.documents.models import GuestFile
from espace.documents.services.adding import own, pieces, scanning
from espace.documents.services.adding.own import Added, Described, Ready
from espace.documents.services.adding.pieces import Piece, Refused, Upload
from espace.documents.services.adding.scanning import ScanError
from espace.documents.services.entries import checks
from espace.documents.services.entries.filing import Body, content_digest, stored
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.notifications.services import Event
from espace.people import services as people
from espace.permissions import SYSTEM, Permission, Relation, Standing, Visitor
from espace.records import services as records
from espace.words import N_, one_line

TABLE = "guest_files"
LIVES = (24, 168, 720)
"""Hours a link may wait for its guest."""
MAX_FILES = 5
MAX_WAITING = 20
MAX_BYTES = 40 * checks.MEGABYTE
MAX_NAME, MAX_WORDS = 80, 300
LIFE = timedelta(days=90)
_BATCH = 100


@dataclass(frozen=True, slots=True)
class MadeDrop:
    """A link that was made; `address` is shown once: it cannot be found again."""

    id: UUID
    address: str


@dataclass(frozen=True, slots=True)
class Left:
    """A file that waits: who left it, in their own words, and what is known of the file."""

    id: UUID
    link_id: UUID
    received_at: datetime
    name: str
    words: str
    piece: Piece
    secret: bool

    @property
    def until(self) -> datetime:
        """When it is thrown away unless it is accepted."""
        return self.received_at + LIFE


@dataclass(frozen=True, slots=True)
class Deposit:
    """What a guest sends: their name, a few words, their files."""

    name: str
    words: str
    uploads: Sequence[Upload]


_COLUMNS = (GuestFile.id, GuestFile.record_id, GuestFile.link_id, GuestFile.received_at, GuestFile.payload)
_WAITING = (
    select(*_COLUMNS)
    .where(GuestFile.record_id == bindparam("record", type_=Id))
    .order_by(GuestFile.id.desc())
    .limit(MAX_WAITING * 2)
)
_RECORD = bindparam("record", type_=Id)
_IN_USE = select(
    or_(
        codes.stands_open(_RECORD, bindparam("now", type_=Instant)),
        exists().where(GuestFile.record_id == _RECORD),
    )
)
_OVER = select(GuestFile.record_id, GuestFile.id).where(GuestFile.received_at <= bindparam("until")).limit(_BATCH)


def make(standing: Standing, label: str, hours: int, once: UUID | None = None) -> MadeDrop:
    """Make a link by which somebody leaves files, once. `once` is the id of the form it was asked by, if any.

    Raises:
        NotFoundError: for who does not decide about the record.
        StepUpError: without a proof younger than five minutes (R9).
        InvalidError: with a sentence for each field at fault.
        ConflictError: when this very form made a link already.
    """
    links.demand_making(standing)
    label = checks.clean_title(label)
    problems: dict[str, str] = {}
    if not label:
        problems["label"] = N_("Write a name for yourself, for example “My physiotherapist”.")
    elif len(label) > links.MAX_LABEL:
        problems["label"] = N_("Write at most %(limit)d characters.", limit=links.MAX_LABEL)
    if hours not in LIVES:
        problems["hours"] = N_("Choose for how long.")
    if problems:
        raise InvalidError(problems)
    asked = NewLink(LinkKind.DROP, label, timedelta(hours=hours), most=1, id=once or new_id())
    secret = {"representatives_invisible": "yes"} if standing.relation is Relation.HOLDER else {}
    with db.write() as tx:
        link_id, token = links.make(tx, standing, asked, ({"id": "", "name": label, **secret},))
    return MadeDrop(link_id, f"{settings.current().base_url.rstrip('/')}/depot/{token}")


def first_name(token: str) -> str:
    """For whom a file may be left by this link.

    Raises:
        NotFoundError: when nothing may be left by it, for whatever reason.
    """
    line = _found(token)
    return people.person(records.record(line.record_id).person_id).first_names[0].title()


def leave(token: str, deposit: Deposit, visitor: Visitor) -> list[Refused]:
    """Leave files, all or none: gives those that cannot be kept, [] when all wait for the person now.

    Raises:
        NotFoundError: when nothing may be left by this link.
        InvalidError: with a sentence for each field at fault.
        ThrottledError: when tries come too fast.
    """
    line = _found(token)
    name, words = checks.clean_title(deposit.name), one_line(deposit.words)
    _check(name, words, deposit.uploads)
    throttle.admit(throttle.names_for("drop", str(line.id), visitor.address))
    taken: list[tuple[Piece, bytes]] = []
    refused: list[Refused] = []
    for upload in deposit.uploads:
        try:
            taken.append(_judged(line, upload))
        except InvalidError as error:
            refused.append(Refused(checks.clean_title(upload.name), error.problems["file"]))
    if refused:
        return refused
    _check_room(line, taken)
    _keep(line, name, words, taken)
    return []


def waiting(standing: Standing) -> list[Left]:
    """The files that wait, newest first, of the links this reader may know of.

    Raises:
        NotFoundError: for who does not decide about the record.
    """
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError
    with db.read() as tx:
        rows = tx.execute(_WAITING, {"record": standing.record_id}).all()
        found = [_left(tx, row) for row in rows]
    return [one for one in found if not one.secret or standing.relation is Relation.HOLDER]


def in_use(standing: Standing) -> bool:
    """Whether a code stands open, or a guest's file waits: one look, for a page that has little time.

    Raises:
        NotFoundError: for who does not decide about the record.
    """
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError
    with db.read() as tx:
        return bool(tx.execute(_IN_USE, {"record": standing.record_id, "now": clock.now()}).scalar())


def one_left(standing: Standing, file_id: UUID) -> Left:
    """One file that waits. Raises NotFoundError for none such."""
    for one in waiting(standing):
        if one.id == file_id:
            return one
    raise NotFoundError


def content(standing: Standing, file_id: UUID) -> tuple[Left, bytes]:
    """A file that waits, to be looked at. Raises as `one_left`."""
    found = one_left(standing, file_id)
    with db.read() as tx:
        return found, storage.current().open(tx, standing.record_id, file_id).read_all()


def accept(standing: Standing, file_id: UUID, said: Described) -> Added:
    """File what a guest left, as who accepts it describes it; it keeps its mark. A second click finds nothing.

    Raises:
        InvalidError: with a sentence for each field at fault; nothing changed.
        NotFoundError: when it waits no more.
    """
    found, kept = content(standing, file_id)
    problems = own.faults(standing, said)
    if problems:
        raise InvalidError(problems)
    ready = Ready(
        body=Body(kept, found.piece.media, found.piece.pages),
        received=bytes.fromhex(found.piece.digest),
        cleared=found.piece.cleared,
        mark=found.id,
        guest=found.name,
    )
    return own.file(standing, said, ready, also=lambda tx, _added: _take(tx, standing.record_id, file_id))


def throw_away(standing: Standing, file_id: UUID) -> None:
    """Throw a file away for good. Raises as `one_left`."""
    found = one_left(standing, file_id)
    with db.write() as tx:
        _take(tx, standing.record_id, file_id)
        audit.record(
            standing.actor,
            standing.record_id,
            Action.GUEST_FILE_THROWN,
            relation=standing.relation,
            objects=[_named(found.id, found.name, secret=found.secret)],
        )


def sweep() -> int:
    """Throw away what nobody looked at for `LIFE`; gives how many."""
    gone = 0
    while True:
        with db.write() as tx:
            rows = tx.execute(_OVER, {"until": clock.now() - LIFE}).all()
            for row in rows:
                _take(tx, row.record_id, row.id)
        gone += len(rows)
        if len(rows) < _BATCH:
            return gone


def _found(token: str) -> LinkLine:
    found = links.found(LinkKind.DROP, token)
    if found is None or found[0].state is not LinkState.OPEN:
        raise NotFoundError
    return found[0]


def _check(name: str, words: str, uploads: Sequence[Upload]) -> None:
    problems: dict[str, str] = {}
    if not name:
        problems["name"] = N_("Write your name: the person has to know who leaves this.")
    elif len(name) > MAX_NAME:
        problems["name"] = N_("Write at most %(limit)d characters.", limit=MAX_NAME)
    if len(words) > MAX_WORDS:
        problems["words"] = N_("Write at most %(limit)d characters.", limit=MAX_WORDS)
    if not uploads:
        problems["file"] = N_("Choose a file first: a PDF, a picture or a text.")
    elif len(uploads) > MAX_FILES:
        problems["file"] = N_("Leave at most %(limit)d files at once.", limit=MAX_FILES)
    if problems:
        raise InvalidError(problems)


def _judged(line: LinkLine, upload: Upload) -> tuple[Piece, bytes]:
    if len(upload.content) > checks.MAX_UPLOAD:
        raise InvalidError({"file": checks.too_heavy(len(upload.content), checks.MAX_UPLOAD)})
    cleared = True
    try:
        scanning.scan(upload.content)
    except ScanError as error:
        if error.kind == scanning.VIRUS:
            _leave_row(line, Action.GUEST_FILE_REFUSED, UUID(int=0), "")
            raise InvalidError({"file": pieces.INFECTED}) from None
        cleared = False  # it is scanned again when it is accepted
    made = pieces.kept(upload.content)
    piece = Piece(
        id=UUID(int=0),
        place=0,
        name=checks.clean_title(upload.name)[-checks.MAX_TITLE :],
        media=made.media,
        size=len(made.content),
        pages=made.pages,
        digest=content_digest(upload.content).hex(),
        cleared=cleared,
        taken=made.taken_on.isoformat() if isinstance(made.taken_on, date) else "",
        width=made.width,
        height=made.height,
    )
    return piece, made.content


def _check_room(line: LinkLine, taken: Sequence[tuple[Piece, bytes]]) -> None:
    """See that what waits stays bounded. The sentence tells nothing of what else waits."""
    with db.read() as tx:
        there = [_left(tx, row).piece.size for row in tx.execute(_WAITING, {"record": line.record_id}).all()]
    size = sum(there) + sum(len(kept) for _, kept in taken)
    if len(there) + len(taken) > MAX_WAITING or size > MAX_BYTES:
        raise InvalidError({"file": N_("Nothing can be left now. Try again tomorrow, or tell the person.")})


def _keep(line: LinkLine, name: str, words: str, taken: Sequence[tuple[Piece, bytes]]) -> None:
    secret = links.is_for_holder_only(line)
    with stored(line.record_id, *(kept for _, kept in taken)) as files, db.write() as tx:
        links.use_once(tx, line)
        records.hold_open(tx, line.record_id)
        for file_id, (piece, _) in zip(files, taken, strict=True):
            said = {"name": name, "words": words, "secret": secret, "piece": _packed(replace(piece, id=file_id))}
            tx.execute(
                insert(GuestFile).values(
                    record_id=line.record_id,
                    id=file_id,
                    link_id=line.id,
                    received_at=clock.now(),
                    payload=crypto.seal(tx, line.record_id, TABLE, file_id, said),
                )
            )
            _leave_row(line, Action.GUEST_FILE_LEFT, file_id, name)
        tell(line.record_id, Event.GUEST_FILE, holder_only=secret)


def _leave_row(line: LinkLine, action: Action, file_id: UUID, name: str) -> None:
    thing = _named(file_id, name, secret=links.is_for_holder_only(line))
    audit.record(SYSTEM, line.record_id, action, relation=Relation.SYSTEM, objects=[thing])


def _named(file_id: UUID, name: str, *, secret: bool) -> dict[str, str]:
    """What the trail keeps of a guest's file. What came by the holder's own link, their parents know nothing of."""
    marks = {"representatives_invisible": "yes"} if secret else {}
    return {"id": str(file_id or new_id()), "name": name, **marks}


def _packed(piece: Piece) -> dict[str, Any]:
    return asdict(piece) | {"id": str(piece.id)}


def _left(tx: Connection, row: Any) -> Left:
    said = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
    piece = Piece(**said["piece"] | {"id": row.id})
    return Left(row.id, row.link_id, row.received_at, said["name"], said["words"], piece, said["secret"])


def _take(tx: Connection, record_id: UUID, file_id: UUID) -> None:
    """Take a waiting file off the list; of two that take it, one does."""
    gone = tx.execute(delete(GuestFile).where(GuestFile.record_id == record_id, GuestFile.id == file_id)).rowcount
    if not gone:
        raise NotFoundError
    db.after_commit(partial(storage.current().delete, record_id, file_id))
