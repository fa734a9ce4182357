"""A message comes into boxes of this house: from another operator, or from a box here; durable before this returns.

The same letter again changes nothing: one Message-ID that says one thing lies once in each box (security.md L6).
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from espace import db, outbox
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services.entries.filing import stored
from espace.documents.services.entries.folding import Source
from espace.errors import BusyError, ConflictError, NotFoundError
from espace.interop.mail_letter import Address, Letter, NewLetter
from espace.messaging.services import apart, telling
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import CALENDAR, RECEIVED, WAITING, MessageFacts, Party
from espace.messaging.services.places import Place, PlaceKind, Refusal, RefusedAddressError
from espace.messaging.services.reading.attachments import Looked, look
from espace.messaging.services.rights import Exchange, Why, may_write
from espace.permissions import SYSTEM, Relation
from espace.words import N_, Message

from . import archives, correspondents, storing
from .correspondents import is_patient
from .storing import KeptFile, NewMessage, Stored, closes

RECEIVED_TOPIC, INVITATION_TOPIC = "messaging.received", "messaging.invitation"
MAX_TEXT = 500_000
"""Characters of a message that are kept; who writes more sends a file."""
_TRIES = 5
_WORDS = {
    Why.PATIENT: N_("Patients cannot write to each other here."),
    Why.CLOSED: N_("This professional has ended the exchange. A new message from them opens it again."),
}


class RefusedLetterError(Exception):
    """A place takes nothing from this sender; `why` as `rights.may_write` says, `words` for people."""

    def __init__(self, why: Why, words: Message) -> None:
        super().__init__(why.value)
        self.why = why
        self.words = words


@dataclass(frozen=True, slots=True)
class Delivered:
    """One copy of a letter in a box. `new` is false when it was there; the ids are None for a report that was taken
    up by the message it tells of.
    """

    place: Place
    conversation_id: UUID | None
    message_id: UUID | None
    new: bool


@dataclass(frozen=True, slots=True)
class StoredOwn:
    """The own copy of a message that leaves; `new` is false when the same was sent before."""

    conversation_id: UUID
    message_id: UUID
    new: bool
    secret: bool


Hook = Callable[[Connection, Place, Letter, Stored], None]
"""What else is written in the unit of work in which a new message comes in."""
_reporters: list[Callable[[UUID, Letter], bool]] = []
_hooks: list[Hook] = []


def on_report(handler: Callable[[UUID, Letter], bool]) -> None:
    """Register who takes up reports (at assembly): box and letter -> whether it tells of a message of that box."""
    _reporters[:] = [handler]


def on_new(*hooks: Hook) -> None:
    """Register what else happens in the unit of work of a new message (at assembly)."""
    _hooks[:] = hooks


def refusal(sender: str, place: Place, *, secret: bool = False) -> Why | None:
    """Why a place takes nothing from this address, openly or secretly; None when it does (rules.md MS-4, MS-5)."""
    if not is_patient(sender) or place.box_id is None:
        return None
    if place.kind is PlaceKind.PERSON:
        decision = may_write(Exchange(from_patient=True, to_patient=True))
        return None if decision.allowed else decision.why
    return Why.CLOSED if correspondents.has_ended(place.box_id, sender, secret=secret) else None


def deliver(letter: Letter, places: Sequence[Place], *, sender: str, secret: bool = False) -> list[Delivered]:
    """Put a letter into every place of this house; all of them, or none.

    `sender` is that of the envelope, "" for none. `secret`: a minor keeps it from their parents, or the professional
    works in secret connection.

    Raises:
        RefusedLetterError: when a place takes nothing from this sender.
        RefusedAddressError: when a place takes nothing any more.
        BusyError: when nothing could be written now.
    """
    inside = list({place.box_id: place for place in places if place.box_id is not None}.values())
    reported = [place for place in inside if letter.report is not None and _is_reported(place, letter)]
    left = [place for place in inside if place not in reported]
    for place in left:
        told = (refusal(one, place, secret=secret) for one in dict.fromkeys((letter.sender.address, sender)) if one)
        why = next(filter(None, told), None)
        if why is not None:
            raise RefusedLetterError(why, _WORDS[why])
    found = {place: Delivered(place, None, None, new=False) for place in reported}
    found |= _deliver(letter, left, secret=secret) if left else {}
    return [found[place] for place in inside]


def store_own(
    tx: Connection,
    box: Box,
    letter: NewLetter,
    *,
    conversation_id: UUID | None,
    author: UUID | None,
    files: Sequence[UUID],
    secret: bool = False,
) -> StoredOwn:
    """Write the own copy of a message that leaves; `files` are the stored files of its parts, in their order.

    The calendar of a letter is no part: its file comes last where there is one. The same Message-ID again gives what
    was written before.

    Raises:
        NotFoundError: when the box has no such conversation, or takes nothing any more.
        ConflictError: when the same is being written.
    """
    parts = [*letter.parts, *((letter.calendar,) if letter.calendar else ())]
    looked = [look(part, calendar=part is letter.calendar) for part in parts]
    facts = MessageFacts(
        message_id=letter.message_id,
        sender=_party(letter.sender),
        to=_parties(letter.to),
        cc=_parties(letter.cc),
        subject=letter.subject,
        text=letter.text,
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        written_at=letter.date.isoformat(),
        automatic=letter.automatic,
        closes=not box.is_person and closes(letter.subject),
        receipt_to=letter.sender.address if letter.wants_receipt else "",
        signed="" if letter.automatic or _is_own(box) else box.actor.name,
        mss={name: tuple(values) for name, values in letter.mss.items()},
    )
    new = NewMessage(
        facts=facts,
        digest=b"own",
        size=len(letter.text.encode()) + sum(len(part.content) for part in parts),
        outgoing=True,
        state=WAITING,
        files=tuple(KeptFile(one, seen.kind, seen.facts) for one, seen in zip(files, looked, strict=True)),
        secret=secret,
        author_id=author,
        conversation_id=conversation_id,
    )
    storing.hold(tx, box.id, is_person=box.is_person)
    written = storing.store(tx, box.id, new, is_person=box.is_person)
    return StoredOwn(written.conversation_id, written.message_id, written.new, written.secret)


def _is_own(box: Box) -> bool:
    """Whether who writes is the person whose box it is: then nothing more is to be said of who held the pen."""
    return box.standing is not None and not box.standing.acts_for_other


def _is_reported(place: Place, letter: Letter) -> bool:
    return place.box_id is not None and any(handler(place.box_id, letter) for handler in _reporters)


def _deliver(letter: Letter, places: Sequence[Place], *, secret: bool) -> dict[Place, Delivered]:
    """Every new copy in one unit of work. Who wrote the same in the same moment is met by looking again."""
    for _ in range(_TRIES):
        found = {place: known for place in places if (known := _known(letter, place)) is not None}
        left = sorted((place for place in places if place not in found), key=_order)
        if not left:
            return found
        try:
            return found | _write(letter, left, secret=secret)
        except (IntegrityError, ConflictError):
            continue
        except OperationalError:
            raise BusyError from None
    raise BusyError


def _order(place: Place) -> bytes:
    """Boxes are held in one order, or two letters to the same people would wait for each other."""
    return _box(place).bytes


def _box(place: Place) -> UUID:
    if place.box_id is None:
        raise NotFoundError
    return place.box_id


def _known(letter: Letter, place: Place) -> Delivered | None:
    same = storing.known(_box(place), letter.message_id, letter.digest)
    return Delivered(place, same.conversation_id, same.message_id, new=False) if same else None


def _write(letter: Letter, places: Sequence[Place], *, secret: bool) -> dict[Place, Delivered]:
    looked = [look(part, coming=True) for part in letter.parts]
    looked += [look(part, calendar=True) for part in letter.calendars]
    found: dict[Place, Delivered] = {}
    with ExitStack() as stack:
        copies = [_copy(stack, letter, place, looked) for place in places]
        tx = stack.enter_context(db.write())
        for copy in copies:
            found[copy.place] = _write_one(tx, letter, copy, secret=secret)
    return found


@dataclass(frozen=True, slots=True)
class _Copy:
    """What goes into one box: its files are durable before its rows, and taken away when these are not written."""

    place: Place
    files: tuple[KeptFile, ...]
    secret: bool


def _copy(stack: ExitStack, letter: Letter, place: Place, looked: Sequence[Looked]) -> _Copy:
    box_id = _box(place)
    arranged = archives.arrange(looked, box_id, is_person=place.kind is PlaceKind.PERSON)
    archives.take_apart(arranged.apart, box_id, Source("mail", letter.sender.name))
    ids = stack.enter_context(stored(box_id, *(one.content for one in arranged.files)))
    kept = tuple(KeptFile(one, seen.kind, seen.facts) for one, seen in zip(ids, arranged.files, strict=True))
    return _Copy(place, kept, arranged.secret)


def _write_one(tx: Connection, letter: Letter, copy: _Copy, *, secret: bool) -> Delivered:
    place, files = copy.place, copy.files
    box_id, is_person = _box(place), place.kind is PlaceKind.PERSON
    secret = secret or copy.secret
    try:
        storing.hold(tx, box_id, is_person=is_person)
    except NotFoundError:
        raise RefusedAddressError(Refusal.ENDED) from None
    new = NewMessage(
        facts=_facts(letter),
        digest=letter.digest,
        size=letter.size,
        outgoing=False,
        state=RECEIVED,
        files=files,
        secret=secret and (not is_person or telling.keeps_secrets(box_id)),
    )
    written = storing.store(tx, box_id, new, is_person=is_person)
    if not written.new:  # written while the files were being stored: theirs are named, ours go
        raise ConflictError
    if is_person:
        _leave_rows(box_id, new.facts, written)
        telling.tell(tx, box_id, written)
    _post(box_id, written.message_id, files)
    for hook in _hooks:
        hook(tx, place, letter, written)
    return Delivered(place, written.conversation_id, written.message_id, new=True)


_TURNS = {None: (), True: (Action.EXCHANGE_CLOSED,), False: (Action.EXCHANGE_REOPENED,)}


def _leave_rows(record_id: UUID, facts: MessageFacts, written: Stored) -> None:
    """A message came in; with it an exchange may have ended, or opened again (rules.md MS-5)."""
    marks = {"representatives_invisible": "yes"} if written.secret else {}
    for action in (Action.MESSAGE_RECEIVED, *_TURNS[written.turn]):
        audit.record(
            SYSTEM,
            record_id,
            action,
            relation=Relation.SYSTEM,
            objects=[{"id": str(written.message_id), "title": storing.plain_subject(facts.subject), **marks}],
            detail=apart.whom([written.other or facts.sender]),
        )


def _post(box_id: UUID, message_id: UUID, files: Sequence[KeptFile]) -> None:
    """What is done about a new message once it is there, by the worker."""
    about = {"box_id": str(box_id), "message_id": str(message_id)}
    if any(one.kind != CALENDAR for one in files):
        outbox.post(RECEIVED_TOPIC, about)
    for one in files:
        if one.kind == CALENDAR:
            outbox.post(INVITATION_TOPIC, {**about, "attachment_id": str(one.id)})


def _facts(letter: Letter) -> MessageFacts:
    cut = len(letter.text) > MAX_TEXT
    return MessageFacts(
        message_id=letter.message_id,
        sender=_party(letter.sender),
        to=_parties(letter.to),
        cc=_parties(letter.cc),
        reply_to=letter.reply_to.address if letter.reply_to else "",
        subject=letter.subject,
        text=letter.text[:MAX_TEXT],
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        written_at=letter.date.isoformat() if letter.date else "",
        automatic=letter.automatic or letter.report is not None,
        closes=closes(letter.subject) and not letter.automatic,
        receipt_to=letter.wants_receipt,
        faults=(*letter.faults, *(("text-cut",) if cut else ())),
        mss={name: tuple(values) for name, values in letter.mss.items()},
    )


def _party(address: Address) -> Party:
    return Party(address.address, address.name)


def _parties(addresses: Sequence[Address]) -> tuple[Party, ...]:
    return tuple(_party(one) for one in addresses)
