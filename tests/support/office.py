"""Operators of a test's house, made through the services that make real ones."""

from dataclasses import dataclass
from itertools import count
from uuid import UUID

import pyotp
from flask import Flask

from espace import clock
from espace.accounts import services as accounts
from espace.accounts.services import invitations, operator_rows, operators
from espace.accounts.services.operators import NewOperator
from espace.permissions import SYSTEM, Actor, ActorKind, Role, Visitor
from espace.web.guards import cookie_name

from .browser_client import Browser

PASSWORD = "sept parapluies au grenier"
VISITOR = Visitor("192.0.2.44")
_numbers = count(1)
_NAMES = {
    Role.COUNTER: "Nadège Ollivier",
    Role.PRIVACY_OFFICER: "Bastien Korber",
    Role.ADMINISTRATOR: "Irène Vasseur",
}


@dataclass(frozen=True)
class Officer:
    """An operator who signed in once."""

    id: UUID
    name: str
    email: str
    role: Role
    totp_secret: str

    def sign_in(self) -> str:
        """The token of a new session."""
        return accounts.open_session(ActorKind.OPERATOR, self.id, payload={"name": self.name})

    @property
    def actor(self) -> Actor:
        """This operator as an actor, whose proof is fresh."""
        found = accounts.identify(self.sign_in())
        assert found is not None
        return found

    def browser(self, app: Flask) -> Browser:
        """A browser this operator is signed in with."""
        browser = Browser(app)
        browser.set_cookie(cookie_name(app), self.sign_in())
        return browser


def officer(role: Role, name: str = "") -> Officer:
    """An operator, invited from the host, who went through the first sign-in."""
    email = f"operateur{next(_numbers)}@maison.exemple.fr"
    code = operators.make_from_host(SYSTEM, NewOperator(name or _NAMES[role], email, role))
    secret = join(email, code)
    made = next(each for each in operator_rows.operators() if each.email == email)
    return Officer(made.id, made.name, email, role, secret)


def join(email: str, code: str) -> str:
    """Go through the first sign-in; gives the secret of the authenticator app."""
    token = invitations.begin(email, code, VISITOR)
    invitations.choose_password(token, PASSWORD)
    found = invitations.current(token)
    assert found is not None
    invitations.check_app_code(token, pyotp.TOTP(found.totp_secret).at(clock.now()), VISITOR)
    invitations.finish(token)
    return found.totp_secret
