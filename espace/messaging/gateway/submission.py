"""What a mailbox's own program sends: kept as the mailbox's own message, which leaves as any other (rules.md MS-8)."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from espace.errors import InvalidError, NotFoundError
from espace.interop.mail_letter import Address, Letter, Report
from espace.messaging.services.boxes import MailboxFacts, as_box
from espace.messaging.services.outgoing import receipts, sending
from espace.messaging.services.outgoing.sending import Outgoing
from espace.people import services as people
from espace.permissions import Actor, ActorKind

from . import replies
from .replies import ReplyError


def submit(mailbox: MailboxFacts, letter: Letter, recipients: Sequence[str]) -> None:
    """Send a message in the name of a mailbox. The same message to the same people, sent again, leaves once.

    Whom the envelope names and no header does gets a blind copy.

    A receipt is not sent on: it is what the pages do when a reader confirms that they read.

    Raises:
        ReplyError: when somebody may not be written to, or the message cannot leave as it is.
    """
    if letter.report is not None:
        _confirm(mailbox, letter.report)
        return
    wanted = {address.lower(): address for address in recipients}
    to, cc = (_meant(named, wanted) for named in (letter.to, letter.cc))
    shown = {one.address.lower() for one in (*to, *cc)}
    outgoing = Outgoing(
        to=to,
        cc=cc,
        hidden=tuple(address for low, address in wanted.items() if low not in shown),
        key=_key(mailbox.id, letter.message_id, wanted),
        message_id=letter.message_id,
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        subject=letter.subject,
        text=letter.text,
        parts=(*letter.parts, *letter.calendars),
        mss=letter.mss,
        wants_receipt=bool(letter.wants_receipt),
        automatic=letter.automatic,
    )
    try:
        sending.send(as_box(_author(mailbox), mailbox), outgoing)
    except InvalidError as error:
        raise ReplyError(replies.REFUSED if "to" in error.problems else replies.NOT_SENT) from None
    except NotFoundError:
        raise ReplyError(replies.NOT_SENT) from None


def _confirm(mailbox: MailboxFacts, report: Report) -> None:
    """Tell who asked that a message of the mailbox was read there; a program that says so again tells nothing more."""
    if report.kind != "disposition" or not any(line.action == "displayed" for line in report.lines):
        raise ReplyError(replies.NOT_SENT)
    try:
        receipts.confirm_reading_of(as_box(_author(mailbox), mailbox), report.of)
    except NotFoundError:
        raise ReplyError(replies.NOT_SENT) from None


def _meant(named: Sequence[Address], wanted: dict[str, str]) -> tuple[Address, ...]:
    """Those a header names whom the envelope names too."""
    return tuple(one for one in named if one.address.lower() in wanted)


def _key(mailbox_id: UUID, message_id: str, wanted: dict[str, str]) -> UUID:
    """The mark of one sending: a program that splits a message by recipients sends several."""
    return uuid5(mailbox_id, "\n".join((message_id, *sorted(wanted))))


def _author(mailbox: MailboxFacts) -> Actor:
    """In whose name a program acts: whose mailbox it is, or who answers for it. A token works for nobody else."""
    answers = mailbox.professional_id or mailbox.responsible_id
    found = people.professionals([answers]).get(answers) if answers else None
    if found is None:
        raise ReplyError(replies.NOT_THEIR_ADDRESS)
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        id=found.id,
        name=found.display_name,
        profession=found.profession_code,
        structure_id=mailbox.structure_id,
    )
