"""What the rooms above may ask of accounts. Tasks of this room's own pages are imported from their modules."""

from .facts import AccountFacts, account_of, mail_addresses
from .letters import has_valid_code, new_activation_code
from .sessions import close_session, identify, open_session

__all__ = [
    "AccountFacts",
    "account_of",
    "close_session",
    "has_valid_code",
    "identify",
    "mail_addresses",
    "new_activation_code",
    "open_session",
]
