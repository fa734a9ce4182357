"""What an activation takes step by step: address and password, then a second factor (rules.md AC-5; R2, R3, R6).

Each step can be taken again at any time: what follows it stays.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from espace import clock, crypto, db, settings
from espace.accounts.models import Account
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import WrongPhoneError, parse_mobile
from espace.notifications import services as notifications
from espace.people import services as people
from espace.permissions import Visitor
from espace.words import N_, Message

from . import drafts, factors, one_time, passkeys, passwords, throttle
from .drafts import Draft, Step
from .sign_in import email_index

RESENT_AFTER = timedelta(seconds=30)
"""The same form sent twice within this time sends one code: the first still works."""

EMAIL_TAKEN = N_("Another space already uses this address. Give an address of your own.")
_MAIL, _SMS = "activation-email", "activation-sms"

_PHONE_PROBLEMS = {
    "form": N_("This is not a telephone number. Write it like 06 12 34 56 78."),
    "local": N_("This number is too short to tell its territory. Write its prefix first, for example +687."),
    "fixed": N_("This number receives no SMS. Give the number of a mobile telephone."),
}


def choose_password(token: str, password: str, email: str) -> Draft:
    """Take the password, as a hash; `email` is what was typed beside it, which it may not repeat.

    Raises:
        InvalidError: with the sentence of `passwords.check`.
        BusyError: when too many passwords are being hashed.
        NotFoundError: when the activation is no more.
    """
    draft = current(token)
    passwords.check(password, people.person(draft.person_id), email)
    stored = crypto.hasher().hash(password)
    with db.write() as tx:
        draft = replace(drafts.locked(tx, token), password_hash=stored)
        drafts.keep(tx, draft)
    return draft


def give_email(token: str, email: str, locale: str, *, again: bool = False) -> Draft:
    """Take the e-mail address and send it a code of six digits; a verified address that did not change stays so.

    `again` sends another code on purpose; without it, the same form sent twice sends one.

    Raises:
        NotFoundError: when the activation is no more.
        ThrottledError: when codes are asked for too fast.
    """
    draft = current(token)
    if draft.email == email and (draft.is_verified or (not again and _just_sent(draft.code_sent_at))):
        return draft
    one_time.send(
        _MAIL, draft.person_id, draft.person_id, channel="email", address=email, locale=locale, held={"email": email}
    )
    with db.write() as tx:
        held = drafts.locked(tx, token)
        draft = replace(held, email=email, is_verified=False, code_sent_at=clock.now().isoformat())
        drafts.keep(tx, draft)
    return draft


def check_email_code(token: str, code: str, visitor: Visitor) -> Draft:
    """Check the six digits sent by e-mail: they work once, for ten minutes.

    Raises:
        InvalidError: for `code` when it is wrong or too old; for `email` when the address opens another space, said
            only to who reads that mailbox.
        ThrottledError: when the next try is not due yet.
        NotFoundError: when the activation is no more.
    """
    names = _admitted(_MAIL, current(token), visitor)
    with db.write() as tx:
        draft = drafts.locked(tx, token)
        if draft.is_verified:  # the same code sent twice at once
            return draft
        # What was proven is the address the code went to, whatever was typed since.
        email = _spent(_MAIL, draft, code)["email"]
        throttle.clear(names)
        # One's own address stays one's own where a lost access is made anew.
        others = or_(Account.person_id != draft.person_id, Account.person_id.is_(None))
        taken = select(Account.id).where(Account.email_index == email_index(email), others)
        is_taken = tx.execute(taken).first() is not None
        draft = replace(draft, email="" if is_taken else email, is_verified=not is_taken)
        drafts.keep(tx, draft)
    if is_taken:
        raise InvalidError({"email": EMAIL_TAKEN})
    return draft


def ways() -> dict[str, bool]:
    """Which second factors the house offers now, by name: passkey, sms, app, email."""
    return {
        "passkey": passkeys.possible(),
        "sms": notifications.can_send() and not sms_trouble(),
        "app": True,
        "email": settings.current().email_code_allowed,
    }


def sms_trouble() -> bool:
    """Whether SMS usually go out here, but do not at the moment."""
    return notifications.can_send() and notifications.sms_in_trouble()


def choose_app(token: str) -> Draft:
    """Make the secret of an authenticator app; one that was made before stays.

    Raises:
        NotFoundError: when the activation is no more, or not that far.
    """
    with db.write() as tx:
        held = _ready(drafts.locked(tx, token))
        draft = replace(held, chosen="app", totp_secret=held.totp_secret or factors.new_secret())
        drafts.keep(tx, draft)
    return draft


def check_app_code(token: str, code: str, visitor: Visitor) -> Draft:
    """Check that the authenticator app counts like us; the ten recovery codes are made then.

    Raises:
        InvalidError: when the code is not the app's of this minute.
        ThrottledError: when the next try is not due yet.
        NotFoundError: when the activation is no more.
    """
    draft = current(token)
    names = throttle.names_for("app-code", str(draft.person_id), visitor.address)
    throttle.admit(names)
    with db.write() as tx:
        held = drafts.locked(tx, token)
        step = factors.fitting_step(held.totp_secret, code, held.totp_step) if held.totp_secret else None
        if step is None:
            raise InvalidError(
                {"code": N_("This is not the code of this moment. Wait for the next one, then type it.")}
            )
        throttle.clear(names)
        draft = _proven(replace(held, totp_step=step))
        drafts.keep(tx, draft)
    return draft


def choose_sms(token: str, typed: str, locale: str, *, again: bool = False) -> Draft:
    """Take a mobile number and send it a code; a proven number that did not change stays so.

    Raises:
        InvalidError: for `phone`, when it is no mobile number; on top when no SMS goes out now.
        ThrottledError: when codes are asked for too fast.
        NotFoundError: when the activation is no more, or not that far.
    """
    draft = _ready(current(token))
    try:
        phone = parse_mobile(typed)
    except WrongPhoneError as wrong:
        raise InvalidError({"phone": _PHONE_PROBLEMS[wrong.why]}) from None
    if not ways()["sms"]:
        raise InvalidError({"": no_sms()})
    same = draft.phone == phone
    if same and (draft.is_phone_verified or (not again and _just_sent(draft.sms_sent_at))):
        return _chosen(token, "sms")
    one_time.send(
        _SMS, draft.person_id, draft.person_id, channel="sms", address=phone, locale=locale, held={"phone": phone}
    )
    with db.write() as tx:
        held = drafts.locked(tx, token)
        sent_at = clock.now().isoformat()
        draft = replace(held, chosen="sms", phone=phone, is_phone_verified=False, sms_sent_at=sent_at)
        drafts.keep(tx, draft)
    return draft


def check_sms_code(token: str, code: str, visitor: Visitor) -> Draft:
    """Check the six digits sent by SMS: they work once, for ten minutes.

    Raises:
        InvalidError: for `code` when it is wrong or too old.
        ThrottledError: when the next try is not due yet.
        NotFoundError: when the activation is no more.
    """
    names = _admitted(_SMS, _ready(current(token)), visitor)
    with db.write() as tx:
        draft = _ready(drafts.locked(tx, token))
        if draft.is_phone_verified:
            return draft
        phone = _spent(_SMS, draft, code)["phone"]
        throttle.clear(names)
        draft = _proven(replace(draft, phone=phone, is_phone_verified=True))
        drafts.keep(tx, draft)
    return draft


def choose_email_code(token: str) -> Draft:
    """Take codes by e-mail as second factor, to the address that was just verified.

    Raises:
        NotFoundError: when the operator does not allow it (R3), or the activation is not that far.
    """
    if not settings.current().email_code_allowed:
        raise NotFoundError
    with db.write() as tx:
        draft = _proven(replace(_ready(drafts.locked(tx, token)), chosen="email", email_code=True))
        drafts.keep(tx, draft)
    return draft


def passkey_options(token: str) -> str:
    """What the browser needs to make a passkey, as JSON.

    Raises:
        NotFoundError: when the activation is no more, or not that far.
    """
    draft = _ready(current(token))
    taken = [each.credential_id for each in draft.passkeys]
    options, _challenge = passkeys.registration(draft.person_id, draft.email, taken)
    return options


def add_passkey(token: str, answer: str, name: str) -> Draft:
    """Take the passkey the browser made; sent twice, it counts once.

    Raises:
        InvalidError: when it is not right, or came too late.
        NotFoundError: when the activation is no more, or not that far.
    """
    draft = _ready(current(token))
    made = passkeys.verify_registration(draft.person_id, answer, name)
    with db.write() as tx:
        held = drafts.locked(tx, token)
        others = tuple(each for each in held.passkeys if each.credential_id != made.credential_id)
        draft = _proven(replace(held, chosen="passkey", passkeys=(*others, made)[-passkeys.MOST :]))
        drafts.keep(tx, draft)
    return draft


def current(token: str) -> Draft:
    """The activation of a browser.

    Raises:
        NotFoundError: when it is no more.
    """
    draft = drafts.current(token)
    if draft is None:
        raise NotFoundError
    return draft


def no_sms() -> Message:
    """Why no SMS can be chosen at this moment."""
    if notifications.can_send():
        return N_("Our SMS do not go out at the moment. Choose another way, or come back later.")
    return N_("No SMS goes out from here. Choose another way.")


def _admitted(purpose: str, draft: Draft, visitor: Visitor) -> tuple[str, ...]:
    """The names under which this try at a code was just counted."""
    names = throttle.names_for(purpose, str(draft.person_id), visitor.address)
    throttle.admit(names)
    return names


def _spent(purpose: str, draft: Draft, code: str) -> dict[str, Any]:
    """What was kept beside the code that was sent, which works no more."""
    kept = one_time.waiting(purpose, draft.person_id)
    if kept is None:
        raise InvalidError({"code": N_("This code is more than 10 minutes old. Have a new one sent.")})
    if not one_time.spend(purpose, draft.person_id, code):
        raise InvalidError({"code": N_("This code is not the one we sent. Check the last message you received.")})
    return kept


def _chosen(token: str, way: str) -> Draft:
    with db.write() as tx:
        draft = replace(drafts.locked(tx, token), chosen=way)
        drafts.keep(tx, draft)
    return draft


def _ready(draft: Draft) -> Draft:
    """A draft whose address and password are there: only then a second factor is taken."""
    if not draft.reached(Step.SECURITY):
        raise NotFoundError
    return draft


def _proven(draft: Draft) -> Draft:
    """A draft with a second factor: its recovery codes are made, once."""
    return replace(draft, recovery_codes=draft.recovery_codes or tuple(factors.new_recovery_codes()))


def _just_sent(at: str) -> bool:
    """Whether a code went out a moment ago; an instant to come (a clock set back) is no such moment (L7)."""
    return bool(at) and timedelta() <= clock.now() - datetime.fromisoformat(at) < RESENT_AFTER
