"""What every change of an account's locks brings along: sessions end, the trail, a notice (security.md R8, R52)."""

from collections.abc import Mapping, Sequence

from espace.audit import services as audit
from espace.audit.services import Action
from espace.notifications.services import Event, Reach, notify
from espace.permissions import Actor

from . import sessions
from .account_rows import Held


def settle(  # one call for every change, so that none forgets a part
    actor: Actor,
    account: Held,
    action: Action,
    *,
    objects: Sequence[Mapping[str, str]] = (),
    also_email: str = "",
    also_phone: str = "",
) -> None:
    """End the other sessions, write the act to the account's trail, tell every address on file.

    `account` is the account after the change; `also_email` and `also_phone` are addresses it just lost.
    """
    sessions.end_others(actor)
    tell(account, also_email=also_email, also_phone=also_phone)
    audit.record(actor, account.id, action, objects=objects)


def tell(account: Held, *, also_email: str = "", also_phone: str = "") -> None:
    """Say, wherever the person can be reached, that the security of their account changed: never what changed."""
    notify(Reach(account.id, account.email, account.phone, account.locale), Event.SECURITY_CHANGE)
    if also_email not in ("", account.email) or also_phone not in ("", account.phone):  # what the account just lost
        notify(Reach(None, also_email, also_phone, account.locale), Event.SECURITY_CHANGE)
