"""Who one is: the strict identity traits, what each is for, and how to have them corrected (rules.md ID-1, ID-13)."""

from flask import Response
from flask_babel import gettext

from espace import settings
from espace.accounts.services import account_rows
from espace.errors import NotFoundError
from espace.identifiers import OID_NIA, OID_NIR, parse_ins, readable_phone
from espace.people import services as people
from espace.permissions import Permission
from espace.web.guards import requires, signed_in
from espace.web.rendering import render

from .blueprint import pages

_ABROAD = "99"
_OVERSEAS = ("97", "98")


@pages.get("/compte/identite")
@requires(Permission.ACCOUNT)
def identity() -> Response:
    """The traits, to be read only."""
    actor = signed_in()
    if actor.person_id is None:
        raise NotFoundError
    person = people.person(actor.person_id)
    account = account_rows.held(actor.id)
    given = settings.current()
    return render(
        "accounts/account/identity.html",
        person=person,
        number=parse_ins(person.ins).grouped,
        number_kind=number_kind(person.oid),
        birth_place=birth_place(person.birth_place),
        email=account.email,
        phone=readable_phone(account.phone) if account.phone else "",
        contact=given.contact,
        contact_phone=given.contact_phone,
    )


def number_kind(oid: str) -> str:
    """What sort of number it is, told by the authority that gave it (rules.md ID-5)."""
    if oid == OID_NIR:
        return str(gettext("This is your final number, called NIR. It is the one of social security."))
    if oid == OID_NIA:
        return str(gettext("This is a waiting number, called NIA. It will change once your registration is complete."))
    return str(gettext("This is a number for trials. It is worth nothing outside this site."))


def birth_place(code: str) -> str:
    """What an INSEE code of a birthplace says; "" for none."""
    if not code:
        return ""
    if code.startswith(_ABROAD):
        return str(gettext("Born outside France: 99 stands for abroad, %(country)s for the country.", country=code[2:]))
    size = 3 if code.startswith(_OVERSEAS) else 2
    return str(
        gettext(
            "%(department)s stands for the department or territory, %(town)s for the town.",
            department=code[:size],
            town=code[size:],
        )
    )
