"""Who is at the other end, and in whose name it may write: facts in, decisions out (security.md R39).

Another operator shows a certificate: it must be trusted for the domain of the envelope, and the From header must name
that same domain. A mailbox's own program shows a token: it writes under the mailbox's address and no other, and under
none only that a message was read (RFC 8098).
"""

from dataclasses import dataclass

from espace.interop.mail_letter import Letter
from espace.messaging.services.boxes import MailboxFacts
from espace.messaging.services.operators.trust import Operators
from espace.messaging.services.operators.trust_files import domain_of, is_ours

from . import replies
from .replies import ReplyError


@dataclass(frozen=True, slots=True)
class Peer:
    """One end of a connection: the names of its verified certificate, and the mailbox whose token it showed.

    `shown` is the hash of that token: it is looked at again at each message, as it may end meanwhile.
    """

    names: frozenset[str] = frozenset()
    mailbox: MailboxFacts | None = None
    shown: bytes = b""

    def called(self, operators: Operators) -> str:
        """By what its tries are counted: the mailbox, the operator, or the certificate's name where none is known."""
        if self.mailbox is not None:
            return f"mailbox:{self.mailbox.id}"
        return "operator:" + "+".join(sorted(operators.known(self.names) or self.names))


def check_sender(peer: Peer, operators: Operators, sender: str) -> None:
    """See that `peer` may send under this envelope sender; empty for a report or an automatic message.

    Raises:
        ReplyError: saying why not.
    """
    if peer.mailbox is not None:
        if sender and sender.lower() != peer.mailbox.address.lower():
            raise ReplyError(replies.NOT_THEIR_ADDRESS)
        return
    if not peer.names:
        raise ReplyError(replies.NO_CERTIFICATE)
    if not operators.known(peer.names):
        raise ReplyError(replies.STRANGER)
    if sender:
        _check_domain(peer, operators, domain_of(sender))


def check_letter(peer: Peer, operators: Operators, sender: str, letter: Letter) -> None:
    """See that the From header agrees with the envelope and the certificate.

    Raises:
        ReplyError: saying why not.
    """
    written = letter.sender.address
    if peer.mailbox is not None:
        if written.lower() != peer.mailbox.address.lower():
            raise ReplyError(replies.OTHER_FROM)
        if not sender and (letter.report is None or letter.report.kind != "disposition"):
            raise ReplyError(replies.NULL_SENDER)
        return
    if not sender:
        if letter.report is None and not letter.automatic:
            raise ReplyError(replies.NULL_SENDER)
        _check_domain(peer, operators, domain_of(written))
    elif domain_of(written) != domain_of(sender):
        raise ReplyError(replies.OTHER_FROM)
    else:  # the list may have changed since the envelope was taken
        _check_domain(peer, operators, domain_of(sender))


def _check_domain(peer: Peer, operators: Operators, domain: str) -> None:
    if is_ours(domain):
        raise ReplyError(replies.OUR_DOMAIN)
    if not operators.may_send(peer.names, domain):
        raise ReplyError(replies.NOT_THEIR_DOMAIN)
