"""What the gateway asks of the house, in threads of its own: senders, recipients, and messages, taken or refused.

A message is taken once it lies in every box it goes to, durably (security.md L6). Whatever keeps the house from it for
a while, a locked database, a full disk, is answered so that the other side comes back.
"""

import errno
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime

import structlog
from sqlalchemy.exc import DBAPIError

from espace import clock, crypto, settings
from espace.accounts.services import throttle
from espace.errors import BusyError, ThrottledError
from espace.identifiers import new_id
from espace.interop import mail_read
from espace.interop.mail_letter import Letter, MailError
from espace.messaging.services.incoming import delivering
from espace.messaging.services.incoming.delivering import RefusedLetterError
from espace.messaging.services.operators.trust import Operators, active_operators
from espace.messaging.services.places import Place, PlaceKind, Refusal, RefusedAddressError, place_of
from espace.messaging.services.practice import tokens

from . import replies, submission
from .intake import is_strict
from .peers import Peer, check_letter, check_sender
from .replies import ReplyError

MOST_HOPS = 25
_LONGEST_HEAD = 256 * 1024
_HOUR = timedelta(hours=1)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SQLITE_FULL = 13
_PLAIN = re.compile(r"[^A-Za-z0-9.:\[\]_-]")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message's way: who brings it, under which sender, to where. `helo` is how the other side called itself."""

    peer: Peer
    sender: str
    places: Sequence[Place]
    helo: str


def admit_sender(peer: Peer, sender: str) -> None:
    """See that `peer` may send under this address now. Raises ReplyError."""
    _check_token(peer)
    check_sender(peer, active_operators(), sender)


def admit_recipient(peer: Peer, sender: str, address: str) -> Place:
    """Where a recipient's copy goes.

    Who named too many unknown addresses within the hour learns nothing more, of known ones neither (security.md R42).

    Raises:
        ReplyError: saying why it goes nowhere.
    """
    called = peer.called(active_operators())
    if _misses(called) >= settings.current().mail_misses_per_hour:
        raise ReplyError(replies.PROBED)
    try:
        place = place_of(address)
    except RefusedAddressError as error:
        raise ReplyError(_refused(called, error.refusal)) from None
    if peer.mailbox is None:
        if place.kind is PlaceKind.OUTSIDE:
            raise ReplyError(replies.RELAY)
        if sender and delivering.refusal(sender, place) is not None:
            raise ReplyError(replies.REFUSED)
    return place


def take(envelope: Envelope, content: bytes) -> str:
    """Take a message in; gives the answer, which is only a good one when it lies in every box.

    Raises:
        ReplyError: saying why it is not taken.
    """
    if not is_strict(content):
        raise ReplyError(replies.BARE_MESSAGE)
    _check_token(envelope.peer)
    if _own_traces(content) > 1:
        raise ReplyError(replies.LOOP)
    operators = active_operators()
    content = _trace(envelope, operators) + content
    try:
        letter = mail_read.read(content, null_sender=not envelope.sender)
    except MailError:
        raise ReplyError(replies.BROKEN) from None
    if letter.hops > MOST_HOPS + 1:
        raise ReplyError(replies.LOOP)
    check_letter(envelope.peer, operators, envelope.sender, letter)
    try:
        _deliver(envelope, letter)
    except RefusedLetterError:
        raise ReplyError(replies.REFUSED) from None
    except RefusedAddressError as error:  # it took mail a moment ago
        raise ReplyError(replies.REFUSED_ADDRESSES[error.refusal]) from None
    return replies.TAKEN


def _deliver(envelope: Envelope, letter: Letter) -> None:
    if envelope.peer.mailbox is not None:
        submission.submit(envelope.peer.mailbox, letter, [place.address for place in envelope.places])
    else:
        delivering.deliver(letter, envelope.places, sender=envelope.sender)


def sign_in(peer: Peer, address: str, secret: str, network: str) -> Peer:
    """`peer` as a mailbox's program, who shows its address and a token. Raises ReplyError."""
    names = throttle.names_for("mail-token", address.lower(), network)
    try:
        throttle.admit(names)
    except ThrottledError:
        raise ReplyError(replies.TRIES) from None
    found = tokens.mailbox_with_token(address, secret)
    if found is None:
        raise ReplyError(replies.WRONG_SECRET)
    throttle.clear(names)
    return replace(peer, mailbox=found, shown=crypto.token_hash(secret))


def _check_token(peer: Peer) -> None:
    """A token that ended since it was shown sends nothing more, however long its program stays (security.md R48)."""
    if peer.mailbox is not None and tokens.mailbox_with_hash(peer.mailbox.address, peer.shown) is None:
        raise ReplyError(replies.WRONG_SECRET)


def answer_to(error: Exception) -> str:
    """What is said when something else went wrong: come back later. Logged by its type, as its text may hold words."""
    if isinstance(error, ReplyError):
        return error.reply
    if _is_full(error):
        _log.error("mail_no_space")
        return replies.FULL
    is_expected = isinstance(error, BusyError | DBAPIError | OSError)
    (_log.warning if is_expected else _log.error)("mail_put_off", error=_kinds(error))
    return replies.BUSY


def _kinds(error: BaseException | None) -> list[str]:
    found: list[str] = []
    while error is not None and len(found) < 5:
        found.append(type(error).__qualname__)
        error = error.__cause__ or error.__context__
    return found


def _is_full(error: BaseException | None) -> bool:
    """Whether there is no space left, for a file or for the database (SQLite says so, PostgreSQL by its state)."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if isinstance(error, DBAPIError):
            told = error.orig
            code = getattr(told, "sqlite_errorcode", None)
            if (code is not None and code & 0xFF == _SQLITE_FULL) or getattr(told, "sqlstate", "") == "53100":
                return True
        error = error.__cause__ or error.__context__
    return False


def _refused(called: str, refusal: Refusal) -> str:
    """Why nothing is taken for an address; who asked for too many unknown ones is not told any more."""
    if refusal is not Refusal.UNKNOWN:
        return replies.REFUSED_ADDRESSES[refusal]
    throttle.fail((_bucket(called, 0),))
    # Counted first and looked at then: a hundred guesses at once are told of no more than the hour allows.
    is_over = _misses(called) > settings.current().mail_misses_per_hour
    return replies.PROBED if is_over else replies.REFUSED_ADDRESSES[refusal]


def _misses(called: str) -> int:
    """Unknown addresses named within the last hour: those of this hour, and the part of the last that still counts."""
    now, before = throttle.failures((_bucket(called, 0), _bucket(called, 1)))
    left = 1 - (clock.now().minute * 60 + clock.now().second) / 3600
    return now + int(before * left)


def _bucket(called: str, back: int) -> str:
    return f"mail-misses:{called}:{clock.now() - back * _HOUR:%Y%m%d%H}"


def _trace(envelope: Envelope, operators: Operators) -> bytes:
    """The line that says the message passed here, with nothing about its recipients."""
    peer = envelope.peer
    who = "mailbox" if peer.mailbox is not None else _PLAIN.sub("-", min(peer.names & _trusted(operators), default="-"))
    name, helo = _PLAIN.sub("-", settings.current().mail_name), _PLAIN.sub("-", envelope.helo)[:100]
    when = format_datetime(clock.now())
    way = "ESMTPSA" if peer.mailbox is not None else "ESMTPS"
    return (
        f"Received: from {helo} ({who})\r\n\tby {name} (espace) with {way} id {new_id().hex};\r\n\t{when}\r\n".encode()
    )


def _trusted(operators: Operators) -> frozenset[str]:
    return frozenset(name for names in operators.certificates.values() for name in names)


def _own_traces(content: bytes) -> int:
    """How often a message passed here already."""
    head = re.sub(rb"\r\n[ \t]+", b" ", content.partition(b"\r\n\r\n")[0][:_LONGEST_HEAD]).lower()
    own = f" by {_PLAIN.sub('-', settings.current().mail_name)} (espace) ".lower().encode()
    return sum(line.startswith(b"received:") and own in line for line in head.split(b"\r\n"))
