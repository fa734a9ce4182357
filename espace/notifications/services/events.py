"""What people are told about: which events, by which channels, and how long each may wait."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID


class Channel(StrEnum):
    """A way to somebody."""

    EMAIL = "email"
    SMS = "sms"


class Urgency(StrEnum):
    """How long news may wait."""

    NOW = "now"
    """Security: at once, at any hour."""
    PROMPT = "prompt"
    """Something to answer or look at: waits for the end of the quiet hours, never for the gathered message."""
    GATHERED = "gathered"
    """May wait for the message of the day or of the week."""
    WEEKLY = "weekly"
    """Once a week, at the person's day and hour, whatever else waits for."""


class Event(StrEnum):
    """What somebody may be told. The word is stored: it may be added to, never changed."""

    NEW_DOCUMENT = "new-document"
    NEW_MESSAGE = "new-message"
    UNREAD_MESSAGE = "unread-message"
    FAILED_MESSAGE = "failed-message"
    ACCESS_ASKED = "access-asked"
    FIRST_ACCESS = "first-access"
    CONSENT_COLLECTED = "consent-collected"
    VISIT_ANSWER = "visit-answer"
    VISIT_QUESTION = "visit-question"
    WEEK_OF_VISITS = "week-of-visits"
    LINKED_NEWS = "linked-news"
    CARER_FIRST_ACT = "carer-first-act"
    CARER_ENDING = "carer-ending"
    CARER_RECEIPT = "carer-receipt"
    COUNTER_CODE = "counter-code"
    SHARE_OPENED = "share-opened"
    GUEST_FILE = "guest-file"
    NEW_DEVICE = "new-device"
    SECURITY_CHANGE = "security-change"
    PASSKEY_COPIED = "passkey-copied"
    ACCOUNT_RECOVERY = "account-recovery"
    EMERGENCY_ACCESS = "emergency-access"
    RECORD_STATE = "record-state"
    LINK_ANNOUNCED = "link-announced"
    LINK_CHANGED = "link-changed"
    REQUEST_DECIDED = "request-decided"
    CARER_RIGHTS = "carer-rights"
    CARER_MANDATE = "carer-mandate"
    CODE_PRINTED = "code-printed"
    CODE = "code"
    TRIAL = "trial"

    @property
    def is_mandatory(self) -> bool:
        """Whether it protects the account or the record, and so cannot be switched off, held or gathered."""
        return RULES[self].urgency is Urgency.NOW


@dataclass(frozen=True, slots=True)
class Rule:
    """How an event is told: channels always used, those used until the person chooses, those offered beside."""

    urgency: Urgency
    fixed: frozenset[Channel] = frozenset()
    default: frozenset[Channel] = frozenset()
    offered: frozenset[Channel] = frozenset(Channel)
    apart: timedelta = timedelta(0)
    """What says nothing new while the same was told so lately: it is told once more after that, not each time."""


_EMAIL, _BOTH = frozenset({Channel.EMAIL}), frozenset(Channel)

RULES: dict[Event, Rule] = {
    Event.NEW_DOCUMENT: Rule(Urgency.GATHERED, default=_EMAIL),
    # Several letters of one visit come together: one message says as much.
    Event.NEW_MESSAGE: Rule(Urgency.PROMPT, default=_EMAIL, apart=timedelta(minutes=10)),
    # By SMS too, as the first message may not have been seen; once a day whatever waits.
    Event.UNREAD_MESSAGE: Rule(Urgency.PROMPT, default=_BOTH, apart=timedelta(hours=24)),
    Event.FAILED_MESSAGE: Rule(Urgency.PROMPT, default=_EMAIL, apart=timedelta(minutes=10)),
    Event.ACCESS_ASKED: Rule(Urgency.PROMPT, default=_EMAIL),
    Event.CONSENT_COLLECTED: Rule(Urgency.NOW, fixed=_EMAIL, default=_BOTH),
    # A hospital's ward reads for the first time by dozens in a day: one message an hour says as much.
    Event.FIRST_ACCESS: Rule(Urgency.PROMPT, default=_EMAIL, apart=timedelta(hours=1)),
    Event.VISIT_ANSWER: Rule(Urgency.PROMPT, default=_EMAIL),
    Event.VISIT_QUESTION: Rule(Urgency.PROMPT, default=_EMAIL),
    Event.WEEK_OF_VISITS: Rule(Urgency.WEEKLY, default=_EMAIL),
    Event.LINKED_NEWS: Rule(Urgency.GATHERED, default=_EMAIL),
    Event.COUNTER_CODE: Rule(Urgency.PROMPT, default=_EMAIL),
    Event.SHARE_OPENED: Rule(Urgency.PROMPT, default=_EMAIL),
    Event.GUEST_FILE: Rule(Urgency.PROMPT, default=_EMAIL),
    Event.CARER_FIRST_ACT: Rule(Urgency.PROMPT, default=_EMAIL),
    Event.CARER_ENDING: Rule(Urgency.PROMPT, default=_EMAIL),
    Event.CARER_RECEIPT: Rule(Urgency.GATHERED, default=_EMAIL),
    Event.NEW_DEVICE: Rule(Urgency.NOW, fixed=_EMAIL, default=_BOTH),
    # Whoever took over the mailbox must not be the only one to read these.
    Event.SECURITY_CHANGE: Rule(Urgency.NOW, fixed=_BOTH),
    Event.PASSKEY_COPIED: Rule(Urgency.NOW, fixed=_BOTH),
    Event.ACCOUNT_RECOVERY: Rule(Urgency.NOW, fixed=_BOTH),
    Event.EMERGENCY_ACCESS: Rule(Urgency.NOW, fixed=_EMAIL, default=_BOTH),
    Event.RECORD_STATE: Rule(Urgency.NOW, fixed=_EMAIL),
    Event.LINK_ANNOUNCED: Rule(Urgency.NOW, fixed=_EMAIL, default=_BOTH),
    Event.LINK_CHANGED: Rule(Urgency.NOW, fixed=_EMAIL),
    Event.REQUEST_DECIDED: Rule(Urgency.NOW, fixed=_EMAIL),
    Event.CARER_RIGHTS: Rule(Urgency.NOW, fixed=_EMAIL),
    Event.CARER_MANDATE: Rule(Urgency.NOW, fixed=_BOTH),
    Event.CODE_PRINTED: Rule(Urgency.NOW, fixed=_BOTH),
    Event.CODE: Rule(Urgency.NOW, offered=frozenset()),
    Event.TRIAL: Rule(Urgency.NOW, fixed=_BOTH, offered=frozenset()),
}

FREE = tuple(event for event in Event if not event.is_mandatory)
"""What a person may switch on and off, in the order of the page."""
PROTECTIVE = tuple(event for event in Event if event.is_mandatory and RULES[event].offered)
"""What is always sent."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody is reached. `subject_id` is whose preferences count; None for who has no account.

    `email` and `phone` (E.164) are "" when there is none; `locale` is `fr` or `en`.
    """

    subject_id: UUID | None
    email: str
    phone: str
    locale: str

    def address(self, channel: Channel) -> str:
        """The address for a channel, or ""."""
        return self.email if channel is Channel.EMAIL else self.phone
