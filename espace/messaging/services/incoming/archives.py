"""Archives of documents that come by mail: checked when they come, then offered, filed, or set aside (MS-12 to MS-16).
A clinical document without an archive is judged as one inside: it says as well whose it is and who must not see it.

What an archive says is believed where it agrees with its documents, these with the record's person, and that person
with who the message was written to; X-MSS headers are never asked (security.md R41). A faulty one still lets the
message in, with what was wrong. Nothing that its person must not see yet is shown to them, and nothing they hide from
professionals to one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from espace import db, storage
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services.adding import scanning
from espace.documents.services.adding.scanning import ScanError
from espace.documents.services.arriving import archives, claimed
from espace.documents.services.arriving.archives import Packed
from espace.documents.services.arriving.claimed import AsideError, RefusedFileError
from espace.documents.services.arriving.importing import Outcome, Taken, Told, taken_in, taken_of
from espace.documents.services.aside.quarantine import put_aside
from espace.documents.services.entries.filing import NewDocument
from espace.documents.services.entries.folding import Source
from espace.errors import InvalidError, NotFoundError
from espace.import_report import named
from espace.interop.archive import ArchiveError, packed_files
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import (
    ARCHIVE,
    ASIDE,
    CALENDAR,
    FILE,
    FILED,
    NOT_FOR_READER,
    OFFERED,
    OTHER_PERSON,
    REFUSED,
    PackedFacts,
)
from espace.messaging.services.reading import attachments
from espace.messaging.services.reading.attachments import AttachmentLine, Looked
from espace.permissions import SYSTEM, Permission, Relation
from espace.records.services import RecordFacts
from espace.words import N_, Message

OTHER_RECIPIENT = "other-recipient"
_DOUBTS_WHOSE = frozenset(
    {
        OTHER_RECIPIENT,
        "unknown-patient",
        "traits-mismatch",
        "contradictory-patients",
        "several-patients",
        "xdm-several-patients",
        "bad-ins",
        "xdm-bad-ins",
        "no-record",
    }
)
"""Reasons to doubt that what came is about the person it was written to."""
_AWAITS, _HIDDEN = "INVISIBLE_PATIENT", "MASQUE_PS"
_FLAGS = (_AWAITS, _HIDDEN, *sorted(claimed.SECRET_FLAGS))
_WRONG: dict[str, Message] = {
    OTHER_RECIPIENT: N_("It is about somebody else. It was set aside and will be checked."),
    "unknown-patient": N_("It is about somebody whom this site does not know. It was set aside and will be checked."),
    "traits-mismatch": N_("Its name, birth date or sex is not that of this space. It was set aside to be checked."),
    "no-identity": N_("It does not say whose it is. It was set aside and will be checked."),
    "bad-hash": N_("It was changed on its way: its seal does not fit. It was set aside."),
    "bad-size": N_("A part of it is missing. It was set aside."),
    "missing-file": N_("A document that it announces is not in it. It was set aside."),
    "no-metadata": N_("The list of its documents is missing. It was set aside."),
    "several-patients": N_("It speaks of several people. It was set aside and will be checked."),
    "metadata-mismatch": N_("Its list and its documents say different things. It was set aside."),
    "unknown-type": N_("Its kind is not known here. It was set aside and will be checked."),
    "bad-date": N_("Its date is wrong or still to come. It was set aside."),
}
_WRONG |= dict.fromkeys(
    ("broken", "unreadable", "metadata-not-xml", "not-xml"),
    N_("It is damaged: it cannot be opened. It was set aside."),
)
_WRONG |= dict.fromkeys(
    ("too-large", "ratio", "too-many-entries", "too-many-documents", "too-deep"),
    N_("It is larger than what can be opened here. It was set aside."),
)
_WRONG["locked"] = N_("It is locked by a password. It was set aside.")
_WRONG_SOMEHOW = N_("It is not built as it should be. It was set aside and will be checked.")


@dataclass(frozen=True, slots=True)
class Judged:
    """What an archive is, for one box. `flags` are the codes of who must not see its documents, `doubtful`: it may be
    about somebody else.
    """

    faults: tuple[str, ...]
    documents: tuple[PackedFacts, ...]
    flags: frozenset[str]
    doubtful: bool

    @property
    def is_secret(self) -> bool:
        """Whether a minor's parents must not learn of it."""
        return not self.flags.isdisjoint(claimed.SECRET_FLAGS)


@dataclass(frozen=True, slots=True)
class Arranged:
    """The attachments of one copy of a letter. `apart`: archives and documents that its person must not see; they are
    filed or set aside by themselves, and leave no trace in the message.
    """

    files: tuple[Looked, ...]
    secret: bool = False
    apart: tuple[bytes, ...] = ()


def wrong(code: str) -> Message:
    """What was wrong with an archive or a document of one, in words, by the code of its fault."""
    return _WRONG.get(code.removeprefix("xdm-").removeprefix("archive-"), _WRONG_SOMEHOW)


def wrongs(codes: Iterable[str]) -> list[Message]:
    """What was wrong, in words, each sentence once."""
    return list(dict.fromkeys(wrong(code) for code in codes if code))


def arrange(looked: Sequence[Looked], box_id: UUID, *, is_person: bool) -> Arranged:
    """Judge the archives of a letter for one box, and its clinical documents, before anything of it is written."""
    whose = box_id if is_person else None
    judged = {place: _judge(one.content, whose) for place, one in _archives(looked)}
    judged |= {place: _judge_document(one.content, whose) for place, one in enumerate(looked) if _is_document(one)}
    if not judged:
        return Arranged(tuple(looked))
    flags = frozenset[str]().union(*(one.flags for one in judged.values()))
    secret = any(one.is_secret for one in judged.values())
    if is_person and _AWAITS in flags:
        # The readable copies beside an archive say the same as it (MS-12): none of them is shown.
        shown = tuple(one for one in looked if one.kind == CALENDAR)
        return Arranged(shown, secret, tuple(looked[place].content for place in judged))
    withheld = ""
    if not is_person and _HIDDEN in flags:
        withheld = NOT_FOR_READER
    elif is_person and any(one.doubtful for one in judged.values()):
        withheld = OTHER_PERSON
    files = [_described(one, judged.get(place), withheld) for place, one in enumerate(looked)]
    return Arranged(tuple(files), secret)


def take_apart(contents: Iterable[bytes], record_id: UUID, source: Source) -> None:
    """File what its person must not see yet, marked so; set aside what cannot be. Doing it twice changes nothing."""
    told = Told(silent=True)
    for content in contents:
        try:
            scanning.scan(content)
            packed = [_alone(content)] if is_clinical(content) else archives.unpacked(content)
        except (AsideError, RefusedFileError, ScanError):
            taken_in(content, source, "mail", told)
            continue
        for one in packed:
            if _outcome(one, record_id)[0].reason == OTHER_RECIPIENT:
                put_aside(one.content, OTHER_RECIPIENT, named(one.name))
            else:
                taken_of(one, source, "mail", told)


def set_aside(content: bytes, facts: Sequence[PackedFacts], faults: Sequence[str]) -> None:
    """Keep for operators what could not be offered: the whole archive, or the documents of it that were refused."""
    if faults:
        put_aside(content, faults[0], "mail", faults[1:])
        return
    packed = archives.unpacked(content)
    for one, said in zip(packed, facts, strict=True):
        if said.outcome == ASIDE:
            put_aside(one.content, said.reason, named(one.name), said.faults)


def set_document_aside(content: bytes, record_id: UUID) -> tuple[str, ...]:
    """Keep for operators a clinical document that came without an archive, where it may be about somebody else.

    Gives the code of the doubt, if any.
    """
    said = _outcome(_alone(content), record_id)[0] if is_clinical(content) else None
    if said is None or said.reason not in _DOUBTS_WHOSE:
        return ()
    put_aside(content, said.reason, "mail", said.faults)
    return (said.reason,)


def is_clinical(content: bytes) -> bool:
    """Whether a file is a clinical document (CDA): it says itself whose it is, and who must not see it."""
    return claimed.looks_like_xml(content) and b"ClinicalDocument" in content.replace(b"\x00", b"")  # UTF-16 too


def file_document(box: Box, attachment_id: UUID, number: int) -> PackedFacts:
    """File one document of an archive into the record: « Ranger dans mon dossier ». Twice files it once.

    Raises:
        NotFoundError: when there is no such document for this reader, or they may add none.
        InvalidError: when it cannot be filed, with why.
    """
    standing = box.standing
    if standing is None or not standing.may(Permission.DOCUMENTS_ADD):
        raise NotFoundError
    found = attachments.line(box, attachment_id)
    if found.is_withheld or found.kind != ARCHIVE or not 0 <= number < len(found.facts.documents):
        raise NotFoundError
    said = found.facts.documents[number]
    if said.outcome == FILED:
        return said
    if said.outcome != OFFERED:
        raise InvalidError({"": wrong(said.reason)})
    with db.read() as tx:
        content = storage.current().open(tx, box.id, attachment_id).read_all()
    filed = _file(box.id, content, found, number, Source("mail"))
    with db.write() as tx:
        audit.record(
            box.actor,
            box.id,
            Action.ATTACHMENT_FILED,
            relation=standing.relation,
            objects=[_told(filed, secret=found.secret)],
        )
    return filed


def file_all(box_id: UUID, content: bytes, found: AttachmentLine, source: Source, *, every: bool) -> None:
    """File the documents of an archive by themselves: all that are offered, or those destined for the record."""
    for number, said in enumerate(found.facts.documents):
        if said.outcome == OFFERED and (every or said.destined):
            filed = _file(box_id, content, found, number, source)
            if filed.outcome == FILED:
                with db.write():
                    thing = _told(filed, secret=found.secret)
                    audit.record(SYSTEM, box_id, Action.ATTACHMENT_FILED, relation=Relation.SYSTEM, objects=[thing])


def _file(box_id: UUID, content: bytes, found: AttachmentLine, number: int, source: Source) -> PackedFacts:
    try:
        packed = archives.unpacked(content)[number]
    except (AsideError, RefusedFileError):
        raise InvalidError({"": _WRONG_SOMEHOW}) from None
    taken = taken_of(_for(packed, box_id, secret=found.secret), source, "mail", Told(silent=True))
    with db.write() as tx:
        facts = attachments.known(tx, box_id, found.id)
        documents = list(facts.documents)
        documents[number] = _after(documents[number], taken)
        attachments.change(tx, box_id, found.id, documents=tuple(documents))
    return documents[number]


def _after(said: PackedFacts, taken: Taken) -> PackedFacts:
    if taken.outcome in (Outcome.FILED, Outcome.KNOWN):
        return replace(said, outcome=FILED, document_id=str(taken.document_id), reason="")
    outcome = ASIDE if taken.outcome is Outcome.ASIDE else REFUSED
    return replace(said, outcome=outcome, reason=taken.reason.partition(" ")[0])


def _for(packed: Packed, record_id: UUID, *, secret: bool) -> Packed:
    """A document that may only enter this record, and is secret where its message is."""

    def prepared() -> tuple[RecordFacts, NewDocument]:
        record, new = packed.prepared()
        if record.id != record_id:
            raise AsideError(OTHER_RECIPIENT)
        return record, replace(new, representatives_invisible=new.representatives_invisible or secret)

    return replace(packed, prepared=prepared)


def _archives(looked: Sequence[Looked]) -> list[tuple[int, Looked]]:
    return [(place, one) for place, one in enumerate(looked) if one.kind == ARCHIVE]


def _judge(content: bytes, record_id: UUID | None) -> Judged:
    try:
        packed = archives.unpacked(content)
    except AsideError as aside:
        reasons = tuple(dict.fromkeys((aside.reason, *(f"xdm-{code}" for code in aside.faults))))
        return Judged(reasons, (), _flags_inside(content), not _DOUBTS_WHOSE.isdisjoint(reasons))
    except RefusedFileError as refused:
        return Judged((refused.reason,), (), frozenset(), doubtful=False)
    found = [_outcome(one, record_id) for one in packed]
    flags = frozenset[str]().union(*(each for _, each in found))
    documents = tuple(said for said, _ in found)
    return Judged((), documents, flags, any(said.reason in _DOUBTS_WHOSE for said in documents))


def _is_document(one: Looked) -> bool:
    return one.kind == FILE and is_clinical(one.content)


def _alone(content: bytes) -> Packed:
    """A clinical document without an archive around it."""
    return Packed("", content, partial(claimed.prepared, content))


def _judge_document(content: bytes, record_id: UUID | None) -> Judged:
    said, flags = _outcome(_alone(content), record_id)
    return Judged((), (), flags, said.reason in _DOUBTS_WHOSE)


def _outcome(packed: Packed, record_id: UUID | None) -> tuple[PackedFacts, frozenset[str]]:
    """What becomes of one document of an archive, and who must not see it."""
    said = PackedFacts(packed.name, packed.title, destined=claimed.TO_RECORD in packed.marks)
    flags = frozenset(packed.marks) & frozenset(_FLAGS)
    try:
        record, new = packed.prepared()
    except AsideError as aside:
        unread = replace(said, outcome=ASIDE, reason=aside.reason, faults=aside.faults)
        return unread, flags | _flags_in(packed.content)
    except RefusedFileError as refused:
        return replace(said, outcome=REFUSED, reason=refused.reason), flags | _flags_in(packed.content)
    told = replace(said, title=new.title, type_code=new.type_code, date=new.date.isoformat())
    marked = {_AWAITS: new.patient_invisible, _HIDDEN: new.hidden, "CONNEXION_SECRETE": new.representatives_invisible}
    flags |= frozenset(code for code, is_so in marked.items() if is_so)
    if record_id is not None and record.id != record_id:
        return replace(told, outcome=ASIDE, reason=OTHER_RECIPIENT), flags
    return replace(told, outcome=OFFERED), flags


def _flags_inside(content: bytes) -> frozenset[str]:
    """The flags that stand anywhere in an archive that cannot be read: they close, whatever else is wrong."""
    found: frozenset[str] = frozenset()
    try:
        for _, each in packed_files(content):
            found |= _flags_in(each)
    except ArchiveError:
        pass
    return found


def _flags_in(content: bytes) -> frozenset[str]:
    return frozenset(code for code in _FLAGS if code.encode() in content)


def _described(one: Looked, judged: Judged | None, withheld: str) -> Looked:
    if one.kind == CALENDAR:
        return one
    facts = replace(one.facts, withheld=withheld or one.facts.withheld)
    if judged is not None and one.kind == ARCHIVE:
        facts = replace(facts, faults=judged.faults, documents=judged.documents)
    return replace(one, facts=facts)


def _told(filed: PackedFacts, *, secret: bool) -> dict[str, str]:
    marks = {"representatives_invisible": "yes"} if secret else {}
    return {"id": filed.document_id, "title": filed.title, "type": filed.type_code, **marks}
