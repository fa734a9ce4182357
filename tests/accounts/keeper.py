"""Somebody in front of the pages of their account, with a mailbox, a telephone and an authenticator app."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
from flask import Flask
from sqlalchemy import insert, select

from espace import clock, crypto, db
from espace.accounts.models import Account
from espace.accounts.services import account_rows, identify, open_session
from espace.audit import services as audit
from espace.crypto.owners import OUTBOX
from espace.identifiers import new_id
from espace.outbox.models import Delivery
from espace.permissions import Actor, ActorKind, Role
from espace.web.guards import cookie_name
from tests.support.browser_client import Browser, Page
from tests.support.build import PASSWORD, Citizen, citizen, mails_to

from .authenticator import Authenticator

SECURITY = "/compte/securite"
PHONE = "+33639980047"


@dataclass
class Keeper:
    """A person or an operator, signed in with a browser."""

    account_id: UUID
    email: str
    browser: Browser
    token: str
    device: Authenticator = field(default_factory=Authenticator)

    @property
    def actor(self) -> Actor:
        """This browser's session, as services see it."""
        found = identify(self.token)
        assert found is not None
        return found

    @property
    def facts(self) -> Any:
        """What the account holds."""
        return account_rows.held(self.account_id).facts

    def elsewhere(self, kind: ActorKind = ActorKind.PATIENT) -> str:
        """The token of another session of the same account."""
        return open_session(kind, self.account_id, payload={"name": "Claire Fontenay"})

    def page(self, name: str) -> Page:
        """A page below the security page."""
        return self.browser.get(f"{SECURITY}/{name}")

    def press(self, name: str, act: str, expect: int | None = 200) -> Page:
        """Press the button of a page that carries the choice `act`."""
        page = self.page(name)
        form = next(f for f in page.forms if f.values.get("act") == [act])
        return self.browser.submit(form, expect=expect)

    def acts(self) -> list[str]:
        """What the account's trail tells, newest first."""
        return [
            entry.action.value for entry in audit.entries(self.account_id, mine=False, holder_actor_ids=(), before=None)
        ]


def keeper(app: Flask, **facts: Any) -> Keeper:
    """Claire Fontenay, who signed in a moment ago; `facts` are put into her account."""
    person = citizen()
    return at_account(app, person, **facts)


def at_account(app: Flask, person: Citizen, **facts: Any) -> Keeper:
    """A person in front of their account's pages."""
    assert person.account_id is not None
    if facts:
        put(person.account_id, **facts)
    return _browsing(app, ActorKind.PATIENT, person.account_id, person.email, person.name)


def operator(app: Flask, role: Role, email: str = "garance.vasseur@exemple.test") -> Keeper:
    """An operator of the house with an authenticator app, in front of the pages of their account."""
    account_id = new_id()
    facts = {
        "email": email,
        "name": "Garance Vasseur",
        "password_hash": crypto.hasher().hash(PASSWORD),
        "totp_secret": pyotp.random_base32(),
    }
    with db.write() as tx:
        crypto.new_owner_key(tx, account_id)
        tx.execute(
            insert(Account).values(
                id=account_id,
                person_id=None,
                role=role.value,
                email_index=crypto.blind("email", email),
                locale="fr",
                created_at=clock.now(),
                last_totp_step=0,
                payload=crypto.seal(tx, account_id, "accounts", account_id, facts),
            )
        )
    return _browsing(app, ActorKind.OPERATOR, account_id, email, "Garance Vasseur")


def put(account_id: UUID, **facts: Any) -> None:
    """Write facts into an account, as activation would have."""
    with db.write() as tx:
        account_rows.change(tx, account_rows.locked(tx, account_id), **facts)


def _browsing(app: Flask, kind: ActorKind, account_id: UUID, email: str, name: str) -> Keeper:
    browser = Browser(app)
    token = open_session(kind, account_id, payload={"name": name})
    browser.set_cookie(cookie_name(app), token)
    return Keeper(account_id, email, browser, token)


def mailed_code(email: str) -> str:
    """The six digits that came last by e-mail."""
    return next(mail["values"]["code"] for mail in reversed(mails_to(email)) if "code" in mail["values"])


def texts_to(number: str) -> list[dict[str, Any]]:
    """What waits to be sent to a telephone, oldest first."""
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == "sms").order_by(Delivery.id))
        opened = [crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload) for row in rows.all()]
    return [payload for payload in opened if payload["to"] == number]


def texted_code(number: str) -> str:
    """The six digits that came last by SMS."""
    return next(text["values"]["code"] for text in reversed(texts_to(number)) if "code" in text["values"])


def app_code(secret: str, ahead: timedelta = timedelta(0)) -> str:
    """What an authenticator app shows."""
    return pyotp.TOTP(secret).at(clock.now() + ahead)
