"""Change of what one is reached by and signs in with: e-mail address, telephone, password (security.md R2, R5, R8, R9).

Each change asks for a fresh proof, ends the other sessions, stands in the account's trail, and is told at every
address on file, those just left included.
"""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from espace import crypto, db
from espace.accounts.models import Account
from espace.audit.services import Action
from espace.crypto.passwords import MAX_LENGTH
from espace.errors import ConflictError, InvalidError
from espace.notifications.services import can_send
from espace.people import services as people
from espace.permissions import Actor, Visitor, demand_fresh_proof
from espace.words import N_

from . import account_rows, one_time, passwords, throttle
from .account_rows import Held
from .second_steps import keep_one_way
from .security_change import settle
from .sign_in import email_index

NEW_EMAIL = "new-email"
NEW_PHONE = "new-phone"

_TAKEN = N_("Another space already uses this address. Give an address of your own.")
_NO_SMS = N_("No SMS can be sent from here at the moment. Your number stays as it is.")


def ask_new_email(actor: Actor, email: str) -> None:
    """Send a code to a new address. Whether another account uses it is not told here (R5).

    Raises:
        StepUpError: without a fresh proof.
        InvalidError: for `email`, when it is the present address.
        ThrottledError: when codes are asked for too fast.
    """
    demand_fresh_proof(actor)
    account = account_rows.held(actor.id)
    if email_index(email) == email_index(account.email):
        raise InvalidError({"email": N_("This is your address already. Write another one.")})
    one_time.send(
        NEW_EMAIL,
        account.id,
        account.id,
        channel="email",
        address=email,
        locale=account.locale,
        held={"email": email},
    )


def check_new_email(actor: Actor, typed: str, visitor: Visitor) -> None:
    """Take the new address once its code is shown. That it is taken is told only to who reads its mailbox (R5).

    Raises:
        StepUpError: without a fresh proof; the code stays good.
        InvalidError: for `code`, or for `email` when another account uses the address.
        ThrottledError: when the next try is not due yet.
    """
    demand_fresh_proof(actor)
    email = one_time.check(NEW_EMAIL, actor.id, typed, visitor)["email"]
    index = email_index(email)
    try:
        with db.write() as tx:
            account = account_rows.locked(tx, actor.id)
            if tx.execute(select(Account.id).where(Account.email_index == index)).first():
                raise InvalidError({"email": _TAKEN})
            tx.execute(update(Account).where(Account.id == account.id).values(email_index=index))
            changed = account_rows.change(tx, account, email=email)
            settle(actor, changed, Action.EMAIL_CHANGED, also_email=account.email)
    except IntegrityError:  # taken between the look and the change
        raise InvalidError({"email": _TAKEN}) from None


def ask_new_phone(actor: Actor, phone: str) -> None:
    """Send a code to a new number (E.164).

    Raises:
        StepUpError: without a fresh proof.
        InvalidError: for `phone`, when it is the present number, or when the house has no gateway for SMS.
        ThrottledError: when codes are asked for too fast.
    """
    demand_fresh_proof(actor)
    account = account_rows.held(actor.id)
    if phone == account.phone:
        raise InvalidError({"phone": N_("This is your number already. Write another one.")})
    if not can_send():
        raise InvalidError({"phone": _NO_SMS})
    one_time.send(
        NEW_PHONE, account.id, account.id, channel="sms", address=phone, locale=account.locale, held={"phone": phone}
    )


def check_new_phone(actor: Actor, typed: str, visitor: Visitor) -> None:
    """Take the new number once its code is shown; where SMS are a second lock they go there from now on.

    Raises:
        StepUpError: without a fresh proof; the code stays good.
        InvalidError: for `code`.
        ThrottledError: when the next try is not due yet.
    """
    demand_fresh_proof(actor)
    phone = one_time.check(NEW_PHONE, actor.id, typed, visitor)["phone"]
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        changed = account_rows.change(tx, account, phone=phone)
        settle(actor, changed, Action.PHONE_CHANGED, also_phone=account.phone)


def send_again(actor: Actor, purpose: str) -> bool:
    """Send another code to the address under way; False when nothing is under way any more.

    Raises:
        StepUpError: without a fresh proof.
        ThrottledError: when codes are asked for too fast.
    """
    under_way = one_time.waiting(purpose, actor.id)
    if under_way is None:
        return False
    if purpose == NEW_EMAIL:
        ask_new_email(actor, under_way["email"])
    else:
        ask_new_phone(actor, under_way["phone"])
    return True


def address_under_way(actor: Actor, purpose: str) -> str:
    """The address or number whose code is awaited; "" for none."""
    under_way = one_time.waiting(purpose, actor.id) or {}
    return str(under_way.get("email") or under_way.get("phone") or "")


def remove_phone(actor: Actor) -> None:
    """Forget the number, and SMS as a second lock with it.

    Raises:
        StepUpError: without a fresh proof.
        InvalidError: when SMS are the last second lock left.
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        if not account.phone:
            return
        if account.facts.get("sms"):
            keep_one_way(account, "sms")
        changed = account_rows.change(tx, account, phone="", sms=False)
        one_time.drop(NEW_PHONE, account.id)
        settle(actor, changed, Action.PHONE_REMOVED, also_phone=account.phone)


def change_password(actor: Actor, current: str, new: str, visitor: Visitor) -> None:
    """Take a new password. Knowing the present one is asked for besides the fresh proof: neither alone is enough.

    Raises:
        StepUpError: without a fresh proof.
        InvalidError: for `current` when it is wrong, for `password` when the new one is refused.
        ThrottledError: when the next try is not due yet.
        BusyError: when too many passwords are being hashed.
        ConflictError: when the password was changed elsewhere meanwhile.
    """
    demand_fresh_proof(actor)
    account = account_rows.held(actor.id)
    problems = _problems_of(account, new, actor.name)
    names = throttle.names_for("password-again", str(account.id), visitor.address)
    throttle.admit(names)
    stored: str = account.facts["password_hash"]
    if len(current) > MAX_LENGTH or not crypto.hasher().verify(current, stored):
        problems["current"] = N_("This is not your present password. Check it, then type it again.")
    else:
        with db.write():
            throttle.clear(names)
        if current == new:
            problems["password"] = N_("This is your present password. Choose another one.")
    if problems:
        raise InvalidError(problems)
    hashed = crypto.hasher().hash(new)
    with db.write() as tx:
        locked = account_rows.locked(tx, account.id)
        if locked.facts["password_hash"] != stored:
            raise ConflictError
        settle(actor, account_rows.change(tx, locked, password_hash=hashed), Action.PASSWORD_CHANGED)


def _problems_of(account: Held, password: str, name: str) -> dict[str, Any]:
    person = people.person(account.person_id) if account.person_id else None
    try:
        passwords.check(password, person, account.email, name)
    except InvalidError as refused:
        return dict(refused.problems)
    return {}
