"""A message handed to the operator's relay: who of its recipients was taken, who later, who never (security.md R40)."""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from espace import settings
from espace.notifications.services.relay import connected

from .failures import Failure, of_reply

_BUSY = 421


class Fate(StrEnum):
    """What became of one recipient at the relay."""

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient, and why if it was not taken."""

    fate: Fate
    failure: Failure | None = None


_TAKEN = Outcome(Fate.TAKEN)


def hand_over(content: bytes, sender: str, recipients: Sequence[str]) -> dict[str, Outcome]:
    """Hand a message over for each of these recipients, with `sender` as the envelope's ("": nothing comes back).

    Trouble with the line or with the relay itself puts recipients off; nothing is raised for it. An address that could
    carry more than an address never reaches the line (R40).
    """
    fates = {one: _never(Failure.BAD_ADDRESS) for one in recipients if not is_plain(one)}
    rest = [one for one in dict.fromkeys(recipients) if one not in fates]
    if rest and sender and not is_plain(sender):
        return fates | dict.fromkeys(rest, _never(Failure.SENDER))
    try:
        if rest:
            with connected(settings.current().mail_name) as server:
                _transact(server, content, sender, rest, fates)
    except (OSError, smtplib.SMTPException) as error:
        reply = _replied(error)
        for one in rest:
            fates.setdefault(one, Outcome(Fate.LATER, reply))
    return fates


def is_plain(address: str) -> bool:
    """Whether this is one address and nothing else: it cannot end a command, a header, or name a second one."""
    local, at, domain = address.rpartition("@")
    odd = any(sign.isspace() or not sign.isprintable() or sign in ',<>()[]\\";:' for sign in address)
    return bool(local and at and domain) and "@" not in local and not odd


def _transact(
    server: smtplib.SMTP, content: bytes, sender: str, recipients: Sequence[str], fates: dict[str, Outcome]
) -> None:
    """One transaction for all; what is said of each is put into `fates` as soon as it is known."""
    server.ehlo_or_helo_if_needed()
    if not server.has_extn("smtputf8"):
        # Nobody can be reached, or written from, under an address the relay cannot spell.
        for one in recipients:
            if not (sender + one).isascii():
                fates[one] = _never(Failure.BAD_ADDRESS)
    wanted = [one for one in recipients if one not in fates]
    if not wanted or not _begun(server, content, sender, wanted, fates):
        return
    taken = []
    for one in wanted:
        code, text = server.rcpt(one)
        if code in (250, 251):
            taken.append(one)
            continue
        fates[one] = _put_off(code, text)
        if code == _BUSY:  # it closes the line: whoever was not asked for yet is asked for later
            return
    if not taken:
        server.rset()
        return
    try:
        code, text = server.data(content)
    except smtplib.SMTPDataError as error:  # it wants no message of these, before having seen one
        code, text = error.smtp_code, _bytes(error.smtp_error)
    outcome = _TAKEN if 200 <= code < 300 else _put_off(code, text)
    fates.update(dict.fromkeys(taken, outcome))


def _begun(server: smtplib.SMTP, content: bytes, sender: str, wanted: Sequence[str], fates: dict[str, Outcome]) -> bool:
    options = [f"SIZE={len(content)}"] if server.has_extn("size") else []
    if not all(one.isascii() for one in (sender, *wanted)):
        options.append("SMTPUTF8")
        server.command_encoding = "utf-8"
    if not content.isascii() and server.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    code, text = server.mail(sender, options)
    if code != 250:
        fates.update(dict.fromkeys(wanted, _put_off(code, text)))
        return False
    return True


def _put_off(code: int, text: bytes) -> Outcome:
    fate = Fate.NEVER if 500 <= code < 600 else Fate.LATER
    return Outcome(fate, of_reply(code, text.decode("utf-8", "replace")))


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _never(failure: Failure) -> Outcome:
    return Outcome(Fate.NEVER, failure)


def _replied(error: Exception) -> Failure:
    """Why the line broke. A relay that refuses at its door is ours: no word of it is a correspondent's."""
    if isinstance(error, smtplib.SMTPResponseException) and not isinstance(error, smtplib.SMTPAuthenticationError):
        return Failure.BUSY
    return Failure.SILENT
