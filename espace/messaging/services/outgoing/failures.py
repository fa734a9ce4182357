"""Why a message did not reach somebody, in everyday words: from the codes of mail (RFC 3463, RFC 5321) and our own."""

import re
from enum import StrEnum

from espace.messaging.services.places import PlaceKind, Refusal
from espace.words import N_, Message


class Failure(StrEnum):
    """Why; the word is stored with the recipient it happened to."""

    NO_ADDRESS = "no-address"
    NO_OPERATOR = "no-operator"
    BAD_ADDRESS = "bad-address"
    MOVED = "moved"
    CLOSED_BOX = "closed-box"
    FULL = "full"
    TOO_LARGE = "too-large"
    SILENT = "silent"
    BUSY = "busy"
    LOOP = "loop"
    TOO_MANY = "too-many"
    FORM = "form"
    NOT_ALLOWED = "not-allowed"
    SENDER = "sender"
    REFUSED = "refused"
    NO_SPACE = "no-space"
    SPACE_OPPOSED = "space-opposed"
    SPACE_ENDED = "space-ended"
    EXCHANGE_ENDED = "exchange-ended"
    PATIENTS = "patients"
    NOT_FILED = "not-filed"
    UNREADABLE = "unreadable"


WORDS: dict[Failure, Message] = {
    Failure.NO_ADDRESS: N_("This address does not exist."),
    Failure.NO_OPERATOR: N_("No secure mail service answers for this address."),
    Failure.BAD_ADDRESS: N_("This address is not written as an address is."),
    Failure.MOVED: N_("This mailbox has moved. Ask for the new address."),
    Failure.CLOSED_BOX: N_("This mailbox takes no messages any more."),
    Failure.FULL: N_("The mailbox of this correspondent is full."),
    Failure.TOO_LARGE: N_("The message is too large for this mailbox."),
    Failure.SILENT: N_("The mail service of this correspondent did not answer in time."),
    Failure.BUSY: N_("The mail service of this correspondent could not take the message in time."),
    Failure.LOOP: N_("The message went round in circles between mail services."),
    Failure.TOO_MANY: N_("The message has too many recipients for this mail service."),
    Failure.FORM: N_("The mail service of this correspondent does not accept the form of this message."),
    Failure.NOT_ALLOWED: N_("The mail service of this correspondent does not let this message through."),
    Failure.SENDER: N_("The mail service of this correspondent does not accept your address."),
    Failure.REFUSED: N_("The mail service of this correspondent refused the message."),
    Failure.NO_SPACE: N_("No health space has this address."),
    Failure.SPACE_OPPOSED: N_("This person wants no health space. Reach them in another way."),
    Failure.SPACE_ENDED: N_("The health space of this person is closed. Reach them in another way."),
    Failure.EXCHANGE_ENDED: N_("Your correspondent ended this exchange."),
    Failure.PATIENTS: N_("Patients cannot write to each other here."),
    Failure.NOT_FILED: N_("The message arrived, but the correspondent's software could not file it."),
    Failure.UNREADABLE: N_("A file of this message cannot be read any more. Write the message again."),
}
"""What people are told."""

_LASTING = frozenset(
    {
        Failure.NO_ADDRESS,
        Failure.BAD_ADDRESS,
        Failure.MOVED,
        Failure.CLOSED_BOX,
        Failure.TOO_LARGE,
        Failure.LOOP,
        Failure.NO_SPACE,
        Failure.SPACE_OPPOSED,
        Failure.SPACE_ENDED,
        Failure.EXCHANGE_ENDED,
        Failure.PATIENTS,
        Failure.NOT_FILED,
        Failure.UNREADABLE,
    }
)

# Subject and detail of an enhanced code (RFC 3463 and the registry of RFC 5248), whatever its class.
_ENHANCED: dict[tuple[int, int], Failure] = {
    (1, 0): Failure.NO_ADDRESS,
    (1, 1): Failure.NO_ADDRESS,
    (1, 2): Failure.NO_OPERATOR,
    (1, 3): Failure.BAD_ADDRESS,
    (1, 4): Failure.BAD_ADDRESS,
    (1, 6): Failure.MOVED,
    (1, 7): Failure.SENDER,
    (1, 8): Failure.SENDER,
    (1, 10): Failure.NO_ADDRESS,
    (2, 1): Failure.CLOSED_BOX,
    (2, 2): Failure.FULL,
    (2, 3): Failure.TOO_LARGE,
    (3, 1): Failure.FULL,
    (3, 2): Failure.BUSY,
    (3, 4): Failure.TOO_LARGE,
    (4, 1): Failure.SILENT,
    (4, 2): Failure.SILENT,
    (4, 3): Failure.NO_OPERATOR,
    (4, 4): Failure.NO_OPERATOR,
    (4, 5): Failure.BUSY,
    (4, 6): Failure.LOOP,
    (4, 7): Failure.SILENT,
    (5, 3): Failure.TOO_MANY,
    (7, 13): Failure.CLOSED_BOX,
}
_SUBJECTS: dict[int, Failure] = {
    3: Failure.BUSY,
    4: Failure.SILENT,
    6: Failure.FORM,
    7: Failure.NOT_ALLOWED,
}
# Replies without an enhanced code (RFC 5321 section 4.2.3).
_REPLIES: dict[int, Failure] = {
    421: Failure.BUSY,
    450: Failure.BUSY,
    451: Failure.BUSY,
    452: Failure.FULL,
    523: Failure.TOO_LARGE,
    550: Failure.NO_ADDRESS,
    551: Failure.MOVED,
    552: Failure.FULL,
    553: Failure.BAD_ADDRESS,
    556: Failure.NO_OPERATOR,
}
_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REFUSALS: dict[tuple[PlaceKind, Refusal], Failure] = {
    (PlaceKind.PERSON, Refusal.UNKNOWN): Failure.NO_SPACE,
    (PlaceKind.PERSON, Refusal.OPPOSED): Failure.SPACE_OPPOSED,
    (PlaceKind.PERSON, Refusal.ENDED): Failure.SPACE_ENDED,
    (PlaceKind.MAILBOX, Refusal.UNKNOWN): Failure.NO_ADDRESS,
    (PlaceKind.MAILBOX, Refusal.ENDED): Failure.CLOSED_BOX,
}


def of_reply(code: int, text: str = "") -> Failure:
    """What a mail service's reply means: its enhanced code if it says one, else its number (0: none came)."""
    found = _CODE.search(text)
    if found is None:
        return _REPLIES.get(code, Failure.SILENT if code < 400 else Failure.REFUSED)
    subject, detail = int(found[2]), int(found[3])
    return _ENHANCED.get((subject, detail)) or _SUBJECTS.get(subject) or _REPLIES.get(code, Failure.REFUSED)


def of_refusal(kind: PlaceKind, refusal: Refusal) -> Failure:
    """Why an address of this house took nothing."""
    return _REFUSALS.get((kind, refusal), Failure.REFUSED)


def may_try_again(failure: Failure) -> bool:
    """Whether trying the same message again makes sense; an address that does not exist will not exist then either."""
    return failure not in _LASTING
