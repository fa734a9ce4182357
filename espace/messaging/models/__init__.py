"""The tables of messaging."""

from .conversations import Attachment, Conversation, Correspondent, Message, Sending
from .drafts import Draft, DraftFile
from .mailboxes import Mailbox, MailboxMember, MailboxPreference, MailboxTemplate, MailboxToken, MailboxWord
from .trust import TrustList
from .words import ConversationWord

__all__ = [
    "Attachment",
    "Conversation",
    "ConversationWord",
    "Correspondent",
    "Draft",
    "DraftFile",
    "Mailbox",
    "MailboxMember",
    "MailboxPreference",
    "MailboxTemplate",
    "MailboxToken",
    "MailboxWord",
    "Message",
    "Sending",
    "TrustList",
]
