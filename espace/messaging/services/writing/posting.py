"""From what was written to a message sent: once, however often its form is sent, and then its draft is gone."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from espace.interop.mail_letter import Part
from espace.messaging.services.boxes import Box
from espace.messaging.services.outgoing import sending
from espace.messaging.services.outgoing.sending import Outgoing, Sent
from espace.messaging.services.practice.assigning import signed

from . import draft_files, drafts
from .drafts import Typed


def post(box: Box, draft_id: UUID, typed: Typed, conversation_id: UUID | None = None, *, subject: str = "") -> Sent:
    """Send what was typed with the files of its draft; `subject` is used where none was typed.

    Raises: as `sending.send`.
    """
    drafts.may_write(box)
    found = drafts.find(box, draft_id)
    parts: Sequence[Part] = draft_files.parts(box, found) if found else ()
    sent = sending.send(
        box,
        Outgoing(
            to=typed.to,
            key=_key(draft_id, typed),
            subject=typed.subject or subject,
            text=signed(box, typed.text),
            parts=parts,
            documents=typed.documents,
            conversation_id=conversation_id,
            secret=typed.secret,
        ),
    )
    drafts.drop(box, draft_id)
    return sent


def _key(draft_id: UUID, typed: Typed) -> UUID:
    """The same press gives the same key; words that were changed after going back give another."""
    said = "\0".join((*sorted(one.lower() for one in typed.to), typed.subject, typed.text.replace("\r\n", "\n")))
    return uuid5(draft_id, said)
