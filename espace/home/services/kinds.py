"""What kind of act each act is, for who looks for one kind."""

from enum import StrEnum

from espace.audit.services import Action


class What(StrEnum):
    """What is looked for, in the word of its address."""

    READING = "lectures"
    DEPOSITS = "depots"
    MESSAGES = "messages"
    RIGHTS = "droits"
    EXPORTS = "exports"
    SIGN_INS = "connexions"


READINGS = frozenset(
    {
        Action.DOCUMENTS_LISTED,
        Action.DOCUMENTS_SEARCHED,
        Action.DOCUMENT_OPENED,
        Action.CARE_READ,
        Action.CARE_SEARCHED,
        Action.PATIENT_FOUND,
        Action.PATIENT_SEARCHED,
        Action.PATIENT_PAGE_OPENED,
        Action.RECORD_HOME_OPENED,
        Action.HISTORY_READ,
        Action.ACCESSES_READ,
        Action.RESULT_DELAYS_READ,
        Action.OPERATOR_FOUND,
        Action.OPERATOR_PAGE_OPENED,
        Action.CONTEST_OPENED,
        Action.MESSAGES_LISTED,
        Action.MESSAGES_SEARCHED,
        Action.MESSAGE_READ,
        Action.ATTACHMENT_OPENED,
    }
)
EXPORTS = frozenset({Action.DOWNLOADED, Action.HISTORY_EXPORTED, Action.MESSAGE_PRINTED, Action.MESSAGE_EXPORTED})
MESSAGES = frozenset(
    {
        Action.MESSAGE_SENT,
        Action.MESSAGE_RECEIVED,
        Action.MESSAGE_REFUSED,
        Action.MESSAGE_ARCHIVED,
        Action.MESSAGE_UNARCHIVED,
        Action.EXCHANGE_CLOSED,
        Action.EXCHANGE_REOPENED,
    }
)
DEPOSITS = frozenset(
    {
        Action.DOCUMENT_ADDED,
        Action.DOCUMENT_SET_ASIDE,
        Action.DOCUMENT_REFUSED,
        Action.DOCUMENT_DEPOSITED,
        Action.DOCUMENT_IMPORTED,
        Action.DOCUMENT_TAKEN_OVER,
        Action.RECORD_TAKEN_OVER,
        Action.CARE_IMPORTED,
        Action.DOCUMENT_ARCHIVED,
        Action.DOCUMENT_UNARCHIVED,
        Action.DOCUMENT_DELETED,
        Action.DOCUMENT_REMARKED,
        Action.DOCUMENT_ANNOUNCED,
        Action.DOCUMENT_RELEASED,
        Action.FORMER_ACT,
        Action.ATTACHMENT_FILED,
    }
)
_ACCOUNT = (
    "sign",
    "password",
    "passkey",
    "app-",
    "sms-code",
    "email",
    "phone",
    "session",
    "other-sessions",
    "recovery",
    "device",
    "identity-linked",
    "identity-unlinked",
    "account",
    "assistance",
    "private-mode",
    "language",
    "notifications",
    "activated",
)
SIGN_INS = frozenset(action for action in Action if action.value.startswith(_ACCOUNT))
RIGHTS = frozenset(Action) - READINGS - EXPORTS - DEPOSITS - MESSAGES - SIGN_INS
"""Who may see what, and how the record stands: all that is nothing else."""

_OF: dict[What, frozenset[Action]] = {
    What.READING: READINGS,
    What.DEPOSITS: DEPOSITS,
    What.MESSAGES: MESSAGES,
    What.RIGHTS: RIGHTS,
    What.EXPORTS: EXPORTS,
    What.SIGN_INS: SIGN_INS,
}


def actions_of(what: What) -> frozenset[Action]:
    """The acts of one kind."""
    return _OF[what]
