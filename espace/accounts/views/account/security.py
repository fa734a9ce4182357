"""How one signs in, and how safe that is: each part at a glance, leading to its page."""

from flask import Response

from espace import settings
from espace.accounts.services import account_rows, factors, passkeys
from espace.identifiers import readable_phone
from espace.notifications.services import can_send
from espace.permissions import Permission
from espace.web.guards import requires, signed_in
from espace.web.rendering import render

from .blueprint import SECURITY, pages
from .words import advice


@pages.get(SECURITY)
@requires(Permission.SECURITY)
def security() -> Response:
    """Addresses, second locks, recovery codes, password."""
    actor = signed_in()
    account = account_rows.held(actor.id)
    ways = factors.ways(actor.id)
    return render(
        "accounts/account/security.html",
        email=account.email,
        phone=readable_phone(account.phone) if account.phone else "",
        ways=ways,
        passkeys=passkeys.of(actor.id),
        sms_on=bool(account.facts.get("sms")),
        sms_possible=can_send(),
        email_code_shown=settings.current().email_code_allowed or bool(account.facts.get("email_code")),
        email_code_on=bool(account.facts.get("email_code")),
        advice=advice(ways),
    )
