"""Sending a message: the copy in its own box, everybody it is to reach, and what the worker carries out, all at once.

Who may write to whom is asked here, for every recipient, whatever a page offered (rules.md MS-2 to MS-5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from espace import clock, db, outbox, settings, storage
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Digest, Id
from espace.documents.services import DocumentFacts, download
from espace.documents.services.adding.scanning import VIRUS, ScanError, scan
from espace.errors import InvalidError, NotFoundError
from espace.family import services as family
from espace.identifiers import new_id
from espace.interop.mail_letter import Address, NewLetter, Part
from espace.interop.mail_write import write
from espace.messaging.models import Message
from espace.messaging.services import apart, rights
from espace.messaging.services.boxes import Box, mailbox_at, own_address, own_name
from espace.messaging.services.facts import Party, open_message
from espace.messaging.services.incoming import correspondents, storing
from espace.messaging.services.incoming.delivering import store_own
from espace.messaging.services.names import file_name, patient_name
from espace.messaging.services.operators import trust
from espace.messaging.services.operators.trust_files import domain_of, is_ours
from espace.messaging.services.pharmacies import knows
from espace.messaging.services.places import RefusedAddressError, place_of
from espace.messaging.services.rights import Decision, Why
from espace.messaging.services.sight import conditions, parameters, shape
from espace.people.services import directory
from espace.permissions import Permission, Task
from espace.words import N_, one_line
from espace.words import Message as Words

from . import chosen, sendings
from .relay import is_plain
from .rewriting import mss_of, same

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
    A program that sends brings its own `message_id`, `in_reply_to` and `references`; no header tells of `hidden`.
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
    message_id: str = ""
    in_reply_to: str = ""
    references: Sequence[str] = ()
    hidden: Sequence[Address | str] = ()


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
    message_id = outgoing.message_id or _message_id(outgoing.key)
    before = _sent_before(box, message_id)
    if before is not None and not outgoing.message_id:
        return before
    outgoing = _tidied(outgoing)
    if before is not None and not same(box, before.message_id, outgoing.subject, outgoing.text, outgoing.parts):
        message_id = _message_id(outgoing.key)  # a program gave two messages one Message-ID: both leave
        before = _sent_before(box, message_id)
    answered = _thread(box, outgoing.conversation_id)
    recipients = _recipients(box, outgoing)
    documents = _documents(box, outgoing.documents)
    _check(box, outgoing, recipients, with_prescription=any(one.class_code == PRESCRIPTION for one, _ in documents))
    if before is not None:
        return _to_others(box, before, recipients)
    outgoing = replace(outgoing, parts=(*outgoing.parts, *(part for _, part in documents)), documents=())
    letter = _letter(box, outgoing, recipients, [*answered, message_id])
    _see_that_it_goes(letter)
    return _write(box, letter, outgoing, recipients)


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


@dataclass(frozen=True, slots=True)
class _Recipients:
    """Everybody a message goes to, each once, under the name they are known by here."""

    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    hidden: tuple[Address, ...]

    @property
    def every(self) -> tuple[Address, ...]:
        return (*self.to, *self.cc, *self.hidden)


def _recipients(box: Box, outgoing: Outgoing) -> _Recipients:
    """To whom it goes. Who writes to themself beside others has their own copy anyway."""
    own = own_address(box)
    once: dict[str, Address] = {own.lower(): Address(own)}
    lists = [
        tuple(found for one in given if (found := _recipient(box, one, once)))
        for given in (outgoing.to, outgoing.cc, outgoing.hidden)
    ]
    to, cc, hidden = lists
    return _Recipients(to, cc, hidden) if to else _Recipients(cc, (), hidden)


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
        return patient_name(box, address)
    facts = mailbox_at(address)
    if facts is not None:
        return facts.name
    listed = directory.at_address(address)
    return listed[0].display_name if len(listed) == 1 else ""


def _check(box: Box, outgoing: Outgoing, whom: _Recipients, *, with_prescription: bool) -> None:
    problems: dict[str, str] = {}
    recipients = whom.every
    if not recipients:
        problems["to"] = N_("Choose to whom you write, other than yourself.")
    elif len(recipients) > MOST_RECIPIENTS:
        problems["to"] = N_("Write to %(limit)d people at most.", limit=MOST_RECIPIENTS)
    else:
        refusal = _refusal(box, recipients, with_prescription=with_prescription)
        if refusal:
            problems["to"] = refusal
    if len(outgoing.subject) > MOST_SUBJECT:
        problems["subject"] = N_("At most %(limit)d characters.", limit=MOST_SUBJECT)
    if not outgoing.text and not outgoing.parts and not outgoing.documents:
        problems["text"] = N_("Write your message first.")
    elif len(outgoing.text) > MOST_TEXT:
        problems["text"] = N_("At most %(limit)d characters.", limit=MOST_TEXT)
    if len(outgoing.parts) + len(outgoing.documents) > MOST_FILES:
        problems["files"] = N_("Add %(limit)d files at most.", limit=MOST_FILES)
    if problems:
        raise InvalidError(problems)


def _refusal(box: Box, recipients: Sequence[Address], *, with_prescription: bool) -> str:
    """Why one of these cannot be written to, "" for no reason."""
    for one in recipients:
        if not is_plain(one.address):
            return N_("“%(address)s” is not the address of a mailbox.", address=one_line(one.address)[:80])
        if not is_ours(domain_of(one.address)) and not trust.is_reached(one.address):
            return N_("“%(address)s” is outside the secure mail of health.", address=one_line(one.address)[:80])
        decision = why(box, one.address, with_prescription=with_prescription)
        if not decision.allowed:
            is_pharmacy = decision.why is Why.NEVER_WROTE and why(box, one.address, with_prescription=True).allowed
            return ONLY_PRESCRIPTIONS if is_pharmacy else REFUSALS[decision.why]
    return ""


def _documents(box: Box, document_ids: Sequence[UUID]) -> list[tuple[DocumentFacts, Part]]:
    """Documents of the record, as their reader takes them away: each leaves its row of the trail (MS-16)."""
    if not document_ids:
        return []
    if box.standing is None or not box.standing.may(Permission.DOCUMENTS_READ):
        raise NotFoundError
    if not chosen.is_free(box, document_ids):
        raise InvalidError({"files": _KEPT_BACK})
    found = []
    for one in dict.fromkeys(document_ids):
        content = download(box.standing, one)
        name = file_name(content.document.title, content.media)
        found.append((content.document, Part(name, content.media, content.reader.read_all())))
    return found


def _letter(box: Box, outgoing: Outgoing, whom: _Recipients, thread: Sequence[str]) -> NewLetter:
    """The letter, its own Message-ID last in the thread it goes on with."""
    *before, message_id = thread
    own = Address(own_address(box), own_name(box))
    return NewLetter(
        message_id=message_id,
        sender=own,
        to=whom.to or (own,),  # it goes to hidden recipients only: none of them is named to another
        cc=whom.cc,
        subject=outgoing.subject,
        text=outgoing.text,
        date=clock.now().replace(microsecond=0),
        in_reply_to=before[-1] if before else outgoing.in_reply_to,
        references=tuple(before or outgoing.references),
        parts=tuple(outgoing.parts),
        wants_receipt=outgoing.wants_receipt,
        automatic=outgoing.automatic,
        mss=mss_of(outgoing.mss, outgoing.parts),
    )


def _thread(box: Box, conversation_id: UUID | None) -> list[str]:
    """The Message-IDs of what a message answers, the oldest first: the latest of its conversation that are seen."""
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
        return [open_message(tx, box.id, row.id, row.payload).message_id for row in reversed(rows)]


def _see_that_it_goes(letter: NewLetter) -> None:
    """Nothing leaves that no mail service takes, nor what harms who opens it."""
    try:
        size = len(write(letter))
    except ValueError:
        raise InvalidError({"to": N_("One of these addresses cannot be written to.")}) from None
    limit = settings.current().mail_message_mb
    if size > limit * 1024 * 1024:
        raise InvalidError({"files": N_("These files are too large together: %(limit)d MB at most.", limit=limit)})
    for part in letter.parts:
        try:
            scan(part.content)
        except ScanError as error:
            raise InvalidError({"files": _HARMFUL if error.kind == VIRUS else _NOT_SCANNED}) from None


_KEPT_BACK = N_("Somebody is kept from one of these documents: it cannot go with a message. Take it out.")
_HARMFUL = N_("The antivirus found something harmful in one of the files. The message was not sent.")
_NOT_SCANNED = N_("The antivirus does not answer now. Send your message again in a few minutes.")


def _write(box: Box, letter: NewLetter, outgoing: Outgoing, whom: _Recipients) -> Sent:
    files = _stored(box, letter)
    with db.write() as tx:
        stored = store_own(
            tx,
            box,
            letter,
            conversation_id=outgoing.conversation_id,
            author=None if outgoing.automatic else box.actor.id,
            files=files,
            secret=_is_secret(box, whom, outgoing),
        )
        if stored.new:  # else the form was sent twice at once
            _set_out(tx, box, stored.message_id, whom.every)
            thing = {"id": str(stored.message_id), "title": storing.plain_subject(letter.subject)}
            _leave_row(box, thing, whom.every, secret=stored.secret)
    return Sent(stored.conversation_id, stored.message_id, stored.new)


def _to_others(box: Box, before: Sent, whom: _Recipients) -> Sent:
    """The same message for those it was not sent to yet: a program may bring one message in several pieces."""
    with db.write() as tx:
        storing.hold(tx, box.id, is_person=box.is_person)
        had = {one.address.lower() for one in sendings.held(tx, box.id, before.message_id)}
        new = [one for one in whom.every if one.address.lower() not in had]
        if new:
            _set_out(tx, box, before.message_id, new)
            sendings.judge(tx, box.id, before.message_id)
            _leave_row(box, {"id": str(before.message_id)}, new, secret=False)
    return before


def _set_out(tx: Connection, box: Box, message_id: UUID, whom: Sequence[Address]) -> None:
    sendings.begin(tx, box.id, message_id, [Party(one.address, one.name) for one in whom], clock.now())
    outbox.post(TOPIC, {"box_id": str(box.id), "message_id": str(message_id)})


def _is_secret(box: Box, whom: _Recipients, outgoing: Outgoing) -> bool:
    """Whether parents see nothing of it: a minor chose so, or a professional works in secret connection (MI-7)."""
    if box.is_person:
        return outgoing.secret and box.sees_secret
    patients = [one.address for one in whom.every if correspondents.is_patient(one.address)]
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


def _leave_row(box: Box, thing: dict[str, str], whom: Sequence[Address], *, secret: bool) -> None:
    if secret:
        thing = thing | {"representatives_invisible": "yes"}
    relation = box.standing.relation if box.standing else None
    detail = apart.whom([Party(one.address, one.name) for one in whom])
    audit.record(box.actor, box.id, Action.MESSAGE_SENT, relation=relation, objects=[thing], detail=detail)
    if box.standing is not None:
        family.note_act(box.standing, Task.WRITE_MESSAGES)


def _message_id(key: UUID) -> str:
    return f"<{key}@{settings.current().mail_name}>"


def _sent_before(box: Box, message_id: str) -> Sent | None:
    values: dict[str, Any] = {"box": box.id, "index": storing.message_index(box.id, message_id)}
    with db.read() as tx:
        row = tx.execute(_BY_INDEX, values).first()
    return None if row is None else Sent(row.conversation_id, row.id, new=False)
