"""What the rooms above may ask of accounts. Tasks of this room's own pages are imported from their modules."""

from .facts import (
    AccountFacts,
    account_of,
    accounts_of,
    actor_behind,
    mail_addresses,
    notify,
    reach_of,
    tell_what_is_due,
)
from .letters import new_activation_code
from .new_code import send_new_code
from .sessions import close_session, identify, open_session
from .sign_in import note_refused_sign_in

__all__ = [
    "AccountFacts",
    "account_of",
    "accounts_of",
    "actor_behind",
    "close_session",
    "identify",
    "mail_addresses",
    "new_activation_code",
    "note_refused_sign_in",
    "notify",
    "open_session",
    "reach_of",
    "send_new_code",
    "tell_what_is_due",
]
