"""Sending a message: the copy in its own box, everybody it is to reach, and what the worker carries out, all at once.

Who may write to whom is asked here, for every recipient, whatever a page offered (rules.md MS-2 to MS-5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import clock, db, outbox, settings, storage
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Digest, Id
from espace.documents.services import DocumentFacts, download
from espace.documents.services.adding.scanning import VIRUS, ScanError, scan
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.interop.mail_letter import Address, NewLetter, Part
from espace.interop.mail_write import write
from espace.messaging.models import Message
from espace.people.services import directory
from espace.permissions import Permission
from espace.words import N_, one_line
from espace.words import Message as Words

from . import correspondents, rights, sendings, storing
from .boxes import Box, mailbox_at, own_address, own_name
from .delivering import store_own
from .facts import MessageFacts, Party, open_message
from .names import file_name
from .pharmacies import knows
from .places import RefusedAddressError, place_of
from .relay import is_plain
from .rights import Decision, Why
from .sight import conditions, parameters, shape

TOPIC = "messaging.leave"
PRESCRIPTION = "42"
"""The category of documents whose sending may begin an exchange with a known pharmacy (MS-3)."""
MOST_RECIPIENTS = 30
MOST_FILES = 50
MOST_SUBJECT = 200
MOST_NAME = 200
MOST_TEXT = 100_000
_THREAD = 20

_BY_INDEX = select(Message.id, Message.conversation_id).where(
    Message.box_id == bindparam("box", type_=Id),
    Message.message_index == bindparam("index", type_=Digest(32)),
    Message.outgoing.is_(True),
)
REFUSALS: dict[Why, Words] = {
    Why.ONLY_READS: N_("You may read these messages, but not write."),
    Why.NEVER_WROTE: N_("This professional has not written to you yet. The first message comes from them."),
    Why.CLOSED: N_("This professional ended the exchange. You can write again once they write to you."),
    Why.PATIENT: N_("Patients cannot write to each other here."),
}
"""Why a message goes to somebody not at all, for who wrote it."""
ONLY_PRESCRIPTIONS = N_("To write to this pharmacy first, add a prescription to your message.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message somebody wrote. `key` is that of its form: the same key sends once.

    `conversation_id` is what it answers. `parts` are files from elsewhere, `documents` are documents of the record
    whose box it is. `mss` are X-MSS headers (rules.md MS-13). `automatic`: a program answers, and expects no answer.
    """

    to: Sequence[Address | str]
    key: UUID
    cc: Sequence[Address | str] = ()
    subject: str = ""
    text: str = ""
    parts: Sequence[Part] = ()
    documents: Sequence[UUID] = ()
    conversation_id: UUID | None = None
    secret: bool = False
    mss: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wants_receipt: bool = False
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """Where the own copy of a message lies. `new`: it was not sent before."""

    conversation_id: UUID
    message_id: UUID
    new: bool = True


def send(box: Box, outgoing: Outgoing) -> Sent:
    """Send a message; it has left this box when this returns, and leaves the house by the worker.

    Raises:
        InvalidError: `to`, `subject`, `text` or `files`, with what to say beside the field.
        NotFoundError: when this reader of the box has no such conversation or document.
    """
    message_id = f"<{outgoing.key}@{settings.current().mail_name}>"
    before = _sent_before(box, message_id)
    if before is not None:
        return before
    to, cc = _recipients(box, outgoing)
    outgoing = _tidied(outgoing)
    documents = _documents(box, outgoing.documents)
    _check(box, outgoing, (*to, *cc), with_prescription=any(one.class_code == PRESCRIPTION for one, _ in documents))
    outgoing = replace(outgoing, parts=(*outgoing.parts, *(part for _, part in documents)), documents=())
    letter = replace(_letter(box, outgoing, message_id), to=to, cc=cc)
    _see_that_it_goes(letter)
    return _write(box, letter, outgoing)


def why(box: Box, address: str, *, with_prescription: bool = False) -> Decision:
    """Whether this box may write to an address, and why or why not."""
    decision = rights.may_write(correspondents.exchange(box, address))
    if decision.why is not Why.NEVER_WROTE or not settings.current().pharmacy_exception:
        return decision
    facts = mailbox_at(address)
    if facts is None or not knows(box, facts):
        return decision
    exchange = correspondents.exchange(box, address, known_pharmacy=True, with_prescription=with_prescription)
    return rights.may_write(exchange)


def _tidied(outgoing: Outgoing) -> Outgoing:
    """What was typed, with one kind of line end and a subject on one line."""
    text = outgoing.text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return replace(outgoing, subject=one_line(outgoing.subject), text=text)


def _recipients(box: Box, outgoing: Outgoing) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """To whom it goes, and who gets a copy: each once, under the name they are known by here."""
    once: dict[str, Address] = {}
    to = [_recipient(box, one, once) for one in outgoing.to]
    cc = [_recipient(box, one, once) for one in outgoing.cc]
    to, cc = [one for one in to if one], [one for one in cc if one]
    return (tuple(to), tuple(cc)) if to else (tuple(cc), ())


def _recipient(box: Box, given: Address | str, once: dict[str, Address]) -> Address | None:
    written = given if isinstance(given, Address) else Address(given)
    address = written.address.strip()
    if not address or address.lower() in once:
        return None
    found = once[address.lower()] = Address(address, one_line(written.name)[:MOST_NAME] or _known_name(box, address))
    return found


def _known_name(box: Box, address: str) -> str:
    """What somebody is called here: as they sign, else as their mailbox or the directory says."""
    for one in correspondents.at_address(box, address):
        if one.name:
            return one.name
    if correspondents.is_patient(address) or not is_plain(address):
        return ""
    facts = mailbox_at(address)
    if facts is not None:
        return facts.name
    listed = directory.at_address(address)
    return listed[0].display_name if len(listed) == 1 else ""


def _check(box: Box, outgoing: Outgoing, recipients: Sequence[Address], *, with_prescription: bool) -> None:
    problems: dict[str, str] = {}
    if not recipients:
        problems["to"] = N_("Choose to whom you write.")
    elif len(recipients) > MOST_RECIPIENTS:
        problems["to"] = Words("Write to %(limit)d people at most.", limit=MOST_RECIPIENTS)
    else:
        refusal = _refusal(box, recipients, with_prescription=with_prescription)
        if refusal:
            problems["to"] = refusal
    if len(outgoing.subject) > MOST_SUBJECT:
        problems["subject"] = Words("At most %(limit)d characters.", limit=MOST_SUBJECT)
    if not outgoing.text and not outgoing.parts and not outgoing.documents:
        problems["text"] = N_("Write your message first.")
    elif len(outgoing.text) > MOST_TEXT:
        problems["text"] = Words("At most %(limit)d characters.", limit=MOST_TEXT)
    if len(outgoing.parts) + len(outgoing.documents) > MOST_FILES:
        problems["files"] = Words("Add %(limit)d files at most.", limit=MOST_FILES)
    if problems:
        raise InvalidError(problems)


def _refusal(box: Box, recipients: Sequence[Address], *, with_prescription: bool) -> str:
    """Why one of these cannot be written to, "" for no reason."""
    own = own_address(box).lower()
    for one in recipients:
        if not is_plain(one.address):
            return Words("“%(address)s” is not the address of a mailbox.", address=one_line(one.address)[:80])
        if one.address.lower() == own:
            return N_("This is your own address.")
        decision = why(box, one.address, with_prescription=with_prescription)
        if not decision.allowed:
            is_pharmacy = decision.why is Why.NEVER_WROTE and why(box, one.address, with_prescription=True).allowed
            return ONLY_PRESCRIPTIONS if is_pharmacy else REFUSALS[decision.why]
    return ""


def _documents(box: Box, document_ids: Sequence[UUID]) -> list[tuple[DocumentFacts, Part]]:
    """Documents of the record, as their reader takes them away: each leaves its row of the trail."""
    if not document_ids:
        return []
    if box.standing is None or not box.standing.may(Permission.DOCUMENTS_READ):
        raise NotFoundError
    found = []
    for one in dict.fromkeys(document_ids):
        content = download(box.standing, one)
        name = file_name(content.document.title, content.media)
        found.append((content.document, Part(name, content.media, content.reader.read_all())))
    return found


def _letter(box: Box, outgoing: Outgoing, message_id: str) -> NewLetter:
    thread = _thread(box, outgoing.conversation_id)
    return NewLetter(
        message_id=message_id,
        sender=Address(own_address(box), own_name(box)),
        to=(),
        subject=outgoing.subject,
        text=outgoing.text,
        date=clock.now().replace(microsecond=0),
        in_reply_to=thread[-1].message_id if thread else "",
        references=tuple(one.message_id for one in thread),
        parts=tuple(outgoing.parts),
        wants_receipt=outgoing.wants_receipt,
        automatic=outgoing.automatic,
        mss=dict(outgoing.mss),
    )


def _thread(box: Box, conversation_id: UUID | None) -> list[MessageFacts]:
    """What a message answers, the oldest first: the latest messages of its conversation that its author sees."""
    if conversation_id is None:
        return []
    statement = (
        select(Message.id, Message.payload)
        .where(*conditions(shape(box)), Message.conversation_id == bindparam("conversation", type_=Id))
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(_THREAD)
    )
    with db.read() as tx:
        rows = tx.execute(statement, {**parameters(box), "conversation": conversation_id}).all()
        if not rows:
            raise NotFoundError
        return [open_message(tx, box.id, row.id, row.payload) for row in reversed(rows)]


def _see_that_it_goes(letter: NewLetter) -> None:
    """Nothing leaves that no mail service takes, nor what harms who opens it."""
    try:
        size = len(write(letter))
    except ValueError:
        raise InvalidError({"to": N_("One of these addresses cannot be written to.")}) from None
    limit = settings.current().mail_message_mb
    if size > limit * 1024 * 1024:
        raise InvalidError({"files": Words("These files are too large together: %(limit)d MB at most.", limit=limit)})
    for part in letter.parts:
        try:
            scan(part.content)
        except ScanError as error:
            raise InvalidError({"files": _HARMFUL if error.kind == VIRUS else _NOT_SCANNED}) from None


_HARMFUL = N_("The antivirus found something harmful in one of the files. The message was not sent.")
_NOT_SCANNED = N_("The antivirus does not answer now. Send your message again in a few minutes.")


def _write(box: Box, letter: NewLetter, outgoing: Outgoing) -> Sent:
    files = _stored(box, letter)
    now = clock.now()
    with db.write() as tx:
        storing.hold(tx, box.id, is_person=box.is_person)
        before = _sent_before(box, letter.message_id)
        if before is not None:  # the form was sent twice at once
            return before
        stored = store_own(
            tx,
            box,
            letter,
            conversation_id=outgoing.conversation_id,
            author=None if outgoing.automatic else box.actor.id,
            files=files,
            secret=_is_secret(box, letter, outgoing),
        )
        parties = [Party(one.address, one.name) for one in (*letter.to, *letter.cc)]
        sendings.begin(tx, box.id, stored.message_id, parties, now)
        outbox.post(TOPIC, {"box_id": str(box.id), "message_id": str(stored.message_id)})
        _leave_row(box, letter, stored.message_id, secret=stored.secret, now=now)
    return Sent(stored.conversation_id, stored.message_id)


def _is_secret(box: Box, letter: NewLetter, outgoing: Outgoing) -> bool:
    """Whether parents see nothing of it: a minor chose so, or a professional works in secret connection (MI-7)."""
    if box.is_person:
        return outgoing.secret and box.sees_secret
    patients = [one.address for one in (*letter.to, *letter.cc) if correspondents.is_patient(one.address)]
    return outgoing.secret or any(_leads_to(one) in box.actor.secret_in for one in patients)


def _leads_to(address: str) -> UUID | None:
    try:
        return place_of(address).box_id
    except RefusedAddressError:
        return None


def _stored(box: Box, letter: NewLetter) -> list[UUID]:
    """The files of a letter, durable before any row names them."""
    ids = [new_id() for _ in letter.parts]
    with db.read() as tx:
        for file_id, part in zip(ids, letter.parts, strict=True):
            storage.current().put(tx, box.id, file_id, part.content)
    return ids


def _leave_row(box: Box, letter: NewLetter, message_id: UUID, *, secret: bool, now: datetime) -> None:
    thing: dict[str, str] = {"id": str(message_id), "title": storing.plain_subject(letter.subject)}
    if secret:
        thing["representatives_invisible"] = "yes"
    whom = ", ".join(one.name or one.address for one in (*letter.to, *letter.cc))
    relation = box.standing.relation if box.standing else None
    detail = {"whom": whom, "at": now.isoformat()}
    audit.record(box.actor, box.id, Action.MESSAGE_SENT, relation=relation, objects=[thing], detail=detail)


def _sent_before(box: Box, message_id: str) -> Sent | None:
    values: dict[str, Any] = {"box": box.id, "index": storing.message_index(box.id, message_id)}
    with db.read() as tx:
        row = tx.execute(_BY_INDEX, values).first()
    return None if row is None else Sent(row.conversation_id, row.id, new=False)
