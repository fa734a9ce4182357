"""From files to a document: they are looked at, kept as a draft with what their content proposes, then filed as one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from espace import clock
from espace.accounts.services import throttle
from espace.documents.services.finding import proposing
from espace.errors import BusyError, InvalidError, NotFoundError
from espace.interop.media import PDF
from espace.permissions import Permission, Standing
from espace.words import N_

from . import adding_drafts, pieces
from . import own as adding
from .adding_drafts import Draft, Typed
from .own import Added, Described, Ready
from .pieces import WORDS, Judged, Refused, Upload
from .replacing import Replaced, replaced


@dataclass(frozen=True, slots=True)
class Begun:
    """The draft that files made, if one of them could be kept, and those that could not."""

    draft_id: UUID | None
    refused: list[Refused]


def begin(standing: Standing, uploads: Sequence[Upload], replaces: UUID | None = None) -> Begun:
    """Keep files as a draft, with what their content proposes.

    Raises:
        InvalidError: when too many drafts wait already (beside `file`).
        NotFoundError: when this standing may not add, or there is no such document of theirs to replace.
        ThrottledError: when this account sends more than anybody would by hand.
    """
    if not standing.may(Permission.DOCUMENTS_ADD):
        raise NotFoundError
    throttle.admit_upload(str(standing.actor.id))
    former = replaced(standing, replaces) if replaces else None
    taken, refused = pieces.judge(standing, uploads)
    if not taken:
        return Begun(None, refused)
    proposed = _proposed(standing, taken)
    typed = _with_former(proposed, former)
    return Begun(adding_drafts.start(standing, taken, typed, proposed, replaces), refused)


def more(
    standing: Standing, draft_id: UUID, uploads: Sequence[Upload], instead_of: UUID | None = None
) -> list[Refused]:
    """Add files to a draft, or one in the place of another; gives those that could not be kept. Raises as `begin`."""
    draft = adding_drafts.draft(standing, draft_id)
    throttle.admit_upload(str(standing.actor.id))
    beside = [piece for piece in draft.pieces if piece.id != instead_of]
    taken, refused = pieces.judge(standing, uploads, beside)
    if taken:
        adding_drafts.append(standing, draft_id, taken, instead_of)
        _propose_more(standing, draft, taken)
    return refused


def complete(standing: Standing, draft_id: UUID, said: Described) -> Added:
    """File a draft with what was said of it. A second click, or another window, leads to the same document.

    Raises:
        InvalidError: with a sentence for each field at fault; the draft stays as it was.
        NotFoundError: when there is no such draft of the actor's, or the record takes nothing any more.
    """
    draft = adding_drafts.draft(standing, draft_id)
    if draft.done is not None:
        return draft.done
    problems = adding.faults(standing, said)
    if not draft.pieces:
        problems["file"] = N_("Choose a file first: a PDF, a picture or a text.")
    if problems:
        raise InvalidError(problems)
    ready = Ready(
        body=pieces.joined(draft.pieces, adding_drafts.contents(standing, draft)),
        received=pieces.received(draft.pieces),
        cleared=all(piece.cleared for piece in draft.pieces),
        mark=draft.id,
    )
    try:
        former = _former(standing, draft)
        return adding.file(
            standing, said, ready, former, lambda tx, added: adding_drafts.finish(tx, standing, draft_id, added)
        )
    except NotFoundError:
        done = adding_drafts.draft(standing, draft_id).done  # a second click was quicker
        if done is None:
            raise
        return done


def _former(standing: Standing, draft: Draft) -> Replaced | None:
    """The document whose place a draft takes. When it is gone, or has a newer version, the draft stands by itself."""
    if draft.replaces is None:
        return None
    try:
        return replaced(standing, draft.replaces)
    except NotFoundError:
        adding_drafts.stand_alone(standing, draft.id)
        raise InvalidError(
            {"": N_("The document to replace was deleted or replaced meanwhile. This one will be added beside it.")}
        ) from None


def _with_former(proposed: Typed, former: Replaced | None) -> Typed:
    """A new version is named as the former one; its day is its own."""
    if former is None:
        return proposed
    return replace(proposed, title=former.title, type_code=former.type_code)


def _proposed(standing: Standing, taken: Sequence[Judged]) -> Typed:
    """What the first file that tells something proposes; a photo tells the day it was taken."""
    born = date.fromisoformat(standing.holder_birth) if standing.holder_birth else None
    found = Typed()
    for one in taken:
        if one.piece.media == PDF or one.piece.media in WORDS:
            try:
                said = proposing.propose(one.content, one.piece.media, born=born)
            except BusyError:  # too much is being read now: nothing is proposed, nothing is lost
                continue
            day = said.date if said.date and said.date <= clock.today() else None
            found = Typed(
                title=found.title or said.title or "",
                date=found.date or (day.isoformat() if day else ""),
                type_code=found.type_code or said.type_code or "",
            )
    taken_on = next((one.piece.taken for one in taken if one.piece.taken), "")
    if not found.date and taken_on and taken_on <= clock.today().isoformat():
        found = replace(found, date=taken_on)
    return found


def _propose_more(standing: Standing, before: Draft, taken: Sequence[Judged]) -> None:
    """Fill what is still empty with what new files propose; nothing typed is changed."""
    told = _proposed(standing, taken)
    if not (told.title or told.date or told.type_code):
        return
    adding_drafts.offer(standing, before.id, told)
