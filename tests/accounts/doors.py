"""Accounts with one or another way to show the second factor, and the presses a browser's script would make."""

from typing import Any
from uuid import UUID

import pyotp
from flask import Flask
from sqlalchemy import insert, select

from espace import clock, crypto, db
from espace.accounts.models import Account
from espace.accounts.services import account_rows, passkeys
from espace.accounts.services.sign_in import email_index
from espace.crypto.owners import OUTBOX
from espace.identifiers import new_id
from espace.outbox.models import Delivery
from espace.permissions import Role
from tests.support.browser_client import Browser, Page
from tests.support.build import PASSWORD, Citizen, citizen

from .authenticator import Authenticator

PHONE = "+33612345647"
SECRET = pyotp.random_base32()


def account_of(person: Citizen) -> UUID:
    """Their account's id."""
    assert person.account_id is not None
    return person.account_id


def set_facts(account_id: UUID, **facts: Any) -> None:
    """Write over what an account holds: its phone, its ways."""
    with db.write() as tx:
        account_rows.change(tx, account_rows.locked(tx, account_id), **facts)


def with_sms(**facts: Any) -> Citizen:
    """Someone whose only second factor is a code by SMS, unless told otherwise."""
    person = citizen()
    set_facts(account_of(person), **{"totp_secret": "", "phone": PHONE, "sms": True} | facts)
    return person


def add_passkey(account_id: UUID, device: Authenticator, name: str = "Téléphone") -> UUID:
    """Add a passkey of a device to an account."""
    options, _challenge = passkeys.registration(account_id, "claire@exemple.fr", passkeys.credential_ids(account_id))
    made = passkeys.verify_registration(account_id, device.create(options), name)
    with db.write() as tx:
        return passkeys.keep(tx, account_id, made)


def with_passkey() -> tuple[Citizen, Authenticator]:
    """Someone with an app and a passkey, and the device that holds it."""
    person, device = citizen(), Authenticator()
    add_passkey(account_of(person), device)
    return person, device


def operator(role: Role, email: str = "agnes.morel@exemple.fr") -> UUID:
    """An operator with a password and an app."""
    return bare_account(email, role=role.value, name="Agnès Morel")


def bare_account(email: str, *, role: str = "", **facts: str) -> UUID:
    """An account with a password and an app, without the walk through activation; nobody stands behind it."""
    account_id = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, account_id)
        held = {"email": email, "totp_secret": SECRET, "password_hash": crypto.hasher().hash(PASSWORD)} | facts
        tx.execute(
            insert(Account).values(
                id=account_id,
                person_id=None if role else new_id(),
                role=role,
                email_index=email_index(email),
                locale="fr",
                created_at=clock.now(),
                last_totp_step=0,
                provider_index=None,
                payload=crypto.seal(tx, account_id, "accounts", account_id, held),
            )
        )
    return account_id


def sms_to(number: str) -> list[dict[str, Any]]:
    """What waits to be sent to a number, oldest first."""
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == "sms").order_by(Delivery.id))
        opened = [crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload) for row in rows.all()]
    return [payload for payload in opened if payload["to"] == number]


def options(browser: Browser, page: str, base: str) -> str:
    """What the script asks for when the button of `page` is pressed."""
    form = next(form for form in browser.get(page).forms if form.action == base)
    answer = browser.post(f"{base}/defi", {"csrf_token": form.values["csrf_token"][0]}, expect=200)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.body.decode()


def touch(browser: Browser, device: Authenticator, page: str, base: str, expect: int | None = None) -> Page:
    """Press the passkey's button of `page`, and touch the device."""
    return send(browser, page, base, device.get(options(browser, page, base)), expect)


def send(browser: Browser, page: str, base: str, answer: str, expect: int | None = None) -> Page:
    """Send what a device answered."""
    form = next(form for form in browser.get(page).forms if form.action == base)
    return browser.submit(form, {"credential": answer}, expect=expect, follow=False)


def give_password(browser: Browser, email: str, password: str = PASSWORD, expect: int | None = None) -> Page:
    """The first page of signing in."""
    form = browser.get("/connexion").form("email", "password")
    return browser.submit(form, {"email": email, "password": password}, expect=expect)


def waiting(app: Flask, person: Citizen) -> Browser:
    """A browser whose password was right."""
    browser = Browser(app)
    give_password(browser, person.email, expect=200)
    return browser


def code_of(secret: str) -> str:
    """What an app shows now."""
    return pyotp.TOTP(secret).at(clock.now())
