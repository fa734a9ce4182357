"""Somebody comes by a share link: the passcode is compared, the key tried, the opening written down; then they read.

The key comes with each request and is never kept: a visit is a token of thirty minutes, and the key stays with the
visitor. Every way in which a link opens nothing is answered alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from espace import crypto, db, settings, storage
from espace.access.services import tell
from espace.access.services.passing import links
from espace.access.services.passing.links import LinkKind, LinkLine, LinkState
from espace.accounts.services import held, throttle
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services.entries import checks
from espace.documents.services.viewing.reading import Content, DocumentFacts, snapshot
from espace.errors import InvalidError, NotFoundError
from espace.interop import shlink
from espace.interop.fhir_documents import content_of
from espace.interop.shlink import ShlinkError
from espace.notifications.services import Event
from espace.permissions import SYSTEM, Relation, Standing, Visitor
from espace.words import N_, Message

from . import sharing

VISIT = timedelta(minutes=30)
TICKET = timedelta(hours=1)
"""How long the address of one sealed file may be fetched (SMART Health Links: an hour at most)."""
EMBEDDED = 1024 * 1024
"""Octets of a sealed file that is put into the manifest when nobody says how large it may be."""
MAX_NAME = 80
_VISIT, _TICKET = "share-visit", "share-file"
PAGE, APP = "page", "app"
INCOMPLETE = N_("The link is not complete. Copy all of it, up to its last character, and paste it here.")


@dataclass(frozen=True, slots=True)
class Guest:
    """Who came by a link and may read now. `maker` is how who made it stands to the record."""

    line: LinkLine
    maker: Standing
    visit_id: UUID
    key: str


class WrongPasscodeError(Exception):
    """The passcode is another one; `left` tries remain before the link is over for good."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left


def is_open(token: str) -> bool:
    """Whether a link may be opened now. Asking writes nothing and counts nothing."""
    found = links.found(LinkKind.SHARE, token)
    return found is not None and found[0].state is LinkState.OPEN


def enter(token: str, name: str, passcode: str, written: str, visitor: Visitor) -> tuple[str, str]:
    """Open a link on its page: `written` is the link, or its part that holds the key. Gives the visit's token and key.

    Raises:
        NotFoundError: when the link opens nothing.
        InvalidError: when the passcode or the key is another, beside its field.
        ThrottledError: when tries come too fast.
    """
    name = _checked_name(name)
    try:
        key = shlink.key_in(written)
    except ShlinkError:
        raise InvalidError({"link": INCOMPLETE}) from None
    line, maker = _found(token)
    try:
        _pass(line, passcode, visitor)
    except WrongPasscodeError as wrong:
        raise InvalidError({"passcode": wrong_passcode(wrong.left)}) from None
    _try_key(line, maker, key)
    device = ", ".join(filter(None, (visitor.browser, visitor.system)))
    with db.write() as tx:
        visit_id = _opened(tx, line, (name, PAGE, device), [one for _, one in sharing.files(tx, line, maker)])
    visit = crypto.new_token()
    facts = {"record": str(line.record_id), "link": str(line.id), "visit": str(visit_id)}
    held.hold(_VISIT, visit, facts, VISIT)
    return visit, key


def wrong_passcode(left: int) -> Message:
    """What is said of a wrong passcode: how many tries are left."""
    return N_("This is not the code of this link. Tries left: %(num)d.", num=left)


def guest(token: str, visit: str, key: str) -> Guest:
    """Who comes back within a visit.

    Raises:
        NotFoundError: when the visit is over, or the link opens nothing any more.
    """
    found, facts = links.found(LinkKind.SHARE, token), held.look(_VISIT, visit) if visit else None
    if found is None or facts is None or facts["link"] != str(found[0].id):
        raise NotFoundError
    return Guest(*found, UUID(facts["visit"]), key)


def leave(visit: str) -> None:
    """End a visit."""
    held.take(_VISIT, visit)


def documents(one: Guest) -> list[DocumentFacts]:
    """What the link shows now."""
    with db.read() as tx:
        return [document for _, document in sharing.files(tx, one.line, one.maker)]


def opened(one: Guest, document_id: UUID) -> Content:
    """One document, to be read on its page: its row of the trail is written before anything is shown (R25).

    Raises:
        NotFoundError: when the link does not show it now, or the key does not open it.
    """
    document, _ = _unsealed(one, document_id)
    _note(one, document)
    with db.read() as tx:
        reader = storage.current().open(tx, one.line.record_id, document.body_file_id)
        return Content(document, document.body_media, reader, one.maker.places_kept)


def downloaded(one: Guest, document_id: UUID) -> tuple[DocumentFacts, bytes]:
    """One document, to be taken away: what the key opens. Raises as `opened`."""
    document, content = _unsealed(one, document_id)
    _note(one, document)
    return document, content


def manifest(
    token: str, recipient: str, passcode: str, limit: int | None, visitor: Visitor
) -> list[tuple[str, bytes | str]]:
    """The files of a link for an application: each embedded, or the address where it can be fetched for an hour.

    Raises:
        NotFoundError: when the link opens nothing.
        WrongPasscodeError: with the tries left.
        ThrottledError: when tries come too fast.
    """
    name = checks.clean_title(recipient)[:MAX_NAME]
    line, maker = _found(token)
    _pass(line, passcode, visitor)
    with db.write() as tx:
        shown = sharing.files(tx, line, maker)
        visit_id = _opened(tx, line, (name, APP, ""), [one for _, one in shown])
        links.note_opened(tx, line, visit_id, [document.id for _, document in shown])
        _leave_row(line, Action.SHARE_DOCUMENT_OPENED, [document for _, document in shown])
        sealed = [(file_id, sharing.sealed_file(tx, line.record_id, file_id)) for file_id, _ in shown]
    return [_given(line, file_id, content, EMBEDDED if limit is None else limit) for file_id, content in sealed]


def fetched(ticket: str) -> bytes:
    """A sealed file of a manifest.

    Raises:
        NotFoundError: when its hour is over, or the link shows it no more.
    """
    facts = held.look(_TICKET, ticket)
    found = links.found_again(UUID(facts["record"]), UUID(facts["link"])) if facts else None
    if facts is None or found is None:
        raise NotFoundError
    line, maker = found
    with db.read() as tx:
        if UUID(facts["file"]) not in {file_id for file_id, _ in sharing.files(tx, line, maker)}:
            raise NotFoundError
        return sharing.sealed_file(tx, line.record_id, UUID(facts["file"]))


def _found(token: str) -> tuple[LinkLine, Standing]:
    found = links.found(LinkKind.SHARE, token)
    if found is None or found[0].state is not LinkState.OPEN:
        raise NotFoundError
    return found


def _pass(line: LinkLine, passcode: str, visitor: Visitor) -> None:
    names = throttle.names_for("share", str(line.id), visitor.address)
    throttle.admit(names)
    left = links.check_passcode(line, passcode[: sharing.MAX_PASSCODE + 1].strip())
    if left < 0:
        raise NotFoundError
    if left:
        raise WrongPasscodeError(left)
    throttle.clear(names)


def _try_key(line: LinkLine, maker: Standing, key: str) -> None:
    """See that the key is the link's, before an opening is counted."""
    with db.read() as tx:
        shown = sharing.files(tx, line, maker)
        if shown:
            try:
                shlink.unseal(sharing.sealed_file(tx, line.record_id, shown[0][0]), key)
            except ShlinkError:
                raise InvalidError({"link": INCOMPLETE}) from None


def _opened(tx: Connection, line: LinkLine, who: tuple[str, str, str], shown: Sequence[DocumentFacts]) -> UUID:
    """Count one opening, in the open unit of work, with what its page lists; the people of the record are told."""
    links.use_once(tx, line)
    _leave_row(line, Action.SHARE_OPENED, shown)
    tell(line.record_id, Event.SHARE_OPENED)
    return links.note_visit(tx, line, *who)


def _unsealed(one: Guest, document_id: UUID) -> tuple[DocumentFacts, bytes]:
    with db.read() as tx:
        for file_id, document in sharing.files(tx, one.line, one.maker):
            if document.id == document_id:
                try:
                    return document, content_of(
                        shlink.unseal(sharing.sealed_file(tx, one.line.record_id, file_id), one.key)
                    )
                except (ShlinkError, ValueError):
                    break
    raise NotFoundError


def _note(one: Guest, document: DocumentFacts) -> None:
    """Once for each document of a visit."""
    if links.opened_before(one.line, one.visit_id, document.id):
        return
    with db.write() as tx:
        if links.note_opened(tx, one.line, one.visit_id, [document.id]):
            _leave_row(one.line, Action.SHARE_DOCUMENT_OPENED, [document])


def _leave_row(line: LinkLine, action: Action, shown: Sequence[DocumentFacts]) -> None:
    audit.record(
        SYSTEM,
        line.record_id,
        action,
        relation=Relation.SYSTEM,
        objects=[snapshot(one) for one in shown],
        detail={"link": str(line.id)},
    )


def _given(line: LinkLine, file_id: UUID, content: bytes, limit: int) -> tuple[str, bytes | str]:
    if len(content) <= limit:
        return "embedded", content
    ticket = crypto.new_token()
    held.hold(_TICKET, ticket, {"record": str(line.record_id), "link": str(line.id), "file": str(file_id)}, TICKET)
    return "location", f"{settings.current().base_url.rstrip('/')}/partage/fichiers/{ticket}"


def _checked_name(name: str) -> str:
    name = checks.clean_title(name)
    if not name:
        raise InvalidError({"name": N_("Write your name: the person sees who opened the link.")})
    if len(name) > MAX_NAME:
        raise InvalidError({"name": N_("Write at most %(limit)d characters.", limit=MAX_NAME)})
    return name
