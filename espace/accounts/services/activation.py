"""Activation of a person's space: its beginning and its end; `enrolling` takes the steps between (rules.md AC-5)."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, outbox
from espace.accounts.models import Account
from espace.audit import services as audit
from espace.errors import EspaceError, InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.notifications.services import send_mail
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Visitor

from . import ages, devices, drafts, enrolling, entering, factors, letters, passkeys, recovery, sessions, throttle
from .account_rows import Held
from .drafts import Draft, Step
from .letter_proof import Letter, LetterError, recognise
from .new_code import Channel
from .outside import TripRefusedError
from .sign_in import SignedIn, email_index

ACTIVATED_TOPIC = "accounts.activated"
CODE_ASKED_TOPIC = "accounts.code-asked"
TERMS_VERSION = "2"
PROVEN_LIFE = timedelta(days=7)
"""How long an activation begun with an identity proved elsewhere can be taken up with it again."""


class AlreadyActiveError(EspaceError):
    """The space has been activated meanwhile: what remains is to sign in."""


def begin(letter: Letter, visitor: Visitor) -> tuple[str, Draft]:
    """Recognise a person by their letter; gives the token of the activation and what it holds already.

    Raises:
        LetterError: see there; the same question is asked and the same error raised for an unknown person.
        ThrottledError: when the next try is not due yet.
    """
    person, found = recognise(letter, visitor, "activation")
    if found.is_used:
        raise LetterError("used")
    if found.expires_at <= clock.now():
        raise LetterError("expired", found.expires_at)
    if not ages.may_hold_account(person):
        raise LetterError("minor")
    if is_active(person.id) and not recovery.is_ready(person.id):
        raise LetterError("used")
    return drafts.start(person.id, found.expires_at)


def begin_proven(person: people.Person, provider_index: bytes) -> tuple[str, Draft]:
    """Begin the activation of somebody who proved their identity elsewhere; it will open their account afterwards.

    Raises:
        TripRefusedError: `active` or `minor`, said only to who proved to be this person.
    """
    if is_active(person.id):
        raise TripRefusedError("active")
    if not ages.may_hold_account(person):
        raise TripRefusedError("minor")
    token, draft = drafts.start(person.id, clock.now() + PROVEN_LIFE)
    with db.write() as tx:
        draft = replace(drafts.locked(tx, token), provider_index=provider_index.hex())
        drafts.keep(tx, draft)
    return token, draft


def ask_new_code(ins: str, birth_date: date, visitor: Visitor, channel: Channel = "email") -> None:
    """Ask for a new provisional code, to the address or the telephone on file. The worker looks the person up.

    Raises:
        ThrottledError: when the next try is not due yet.
    """
    throttle.admit(throttle.names_for("new-code", ins, visitor.address))
    outbox.post(CODE_ASKED_TOPIC, {"ins": ins, "birth_date": birth_date.isoformat(), "channel": channel})


def finish(token: str, locale: str, visitor: Visitor) -> SignedIn:
    """Make the account, spend the provisional code and sign in: all of it, once, or nothing.

    Where a lost access has waited long enough, the account there is gets these keys in place of its own (R4).

    Raises:
        AlreadyActiveError: when the same space was activated meanwhile.
        InvalidError: when the e-mail address, or a passkey, opens another space since.
        NotFoundError: when the activation is no more, or not complete.
    """
    draft = enrolling.current(token)
    person = people.person(draft.person_id)
    try:
        with db.write() as tx:
            draft = drafts.locked(tx, token)
            renewed = _renewed(tx, draft)
            if renewed is not None:
                return entering.enter(renewed, visitor, ())
            _spend_letter(draft)
            account_id = _make_account(draft, locale)
            drafts.drop(tx, draft.person_id)
            actor = Actor(ActorKind.PATIENT, account_id, person.display_name, person_id=person.id)
            audit.record(actor, account_id, audit.Action.ACTIVATED, detail={"terms": TERMS_VERSION})
            outbox.post(ACTIVATED_TOPIC, {"person_id": str(person.id), "account_id": str(account_id)})
            send_mail(draft.email, locale, "space-active")
            facts = {"name": person.display_name, "browser": visitor.browser, "system": visitor.system}
            device, device_id = devices.remember(tx, account_id, visitor.device, facts)
            token = sessions.open_session(ActorKind.PATIENT, account_id, payload=facts, device_id=device_id)
            return SignedIn(token, device)
    except NotFoundError:
        if is_active(person.id):  # another browser finished first
            raise AlreadyActiveError from None
        raise
    except IntegrityError:
        # Only two keys can be taken: the person's and the address's.
        if is_active(draft.person_id) and not recovery.is_ready(draft.person_id):
            raise AlreadyActiveError from None
        raise InvalidError({"email": enrolling.EMAIL_TAKEN}) from None


def is_active(person_id: UUID) -> bool:
    """Whether a person has an account."""
    with db.read() as tx:
        return tx.execute(select(Account.id).where(Account.person_id == person_id)).first() is not None


def _renewed(tx: Connection, draft: Draft) -> Held | None:
    """The account whose lost access is made anew with these keys; None for an activation."""
    if draft.step is not Step.CODES:
        raise NotFoundError
    renewed = recovery.renew(tx, draft, email_index(draft.email), _facts(draft))
    if renewed is not None:
        _keep_factors(tx, renewed.id, draft)
        drafts.drop(tx, draft.person_id)
    return renewed


def _spend_letter(draft: Draft) -> None:
    is_spent = letters.use(draft.person_id)
    if not is_spent and (not draft.provider_index or is_active(draft.person_id)):
        raise AlreadyActiveError


def _make_account(draft: Draft, locale: str) -> UUID:
    account_id = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, account_id)
        tx.execute(
            insert(Account).values(
                id=account_id,
                person_id=draft.person_id,
                role="",
                provider_index=bytes.fromhex(draft.provider_index) or None,
                email_index=email_index(draft.email),
                locale=locale,
                created_at=clock.now(),
                last_totp_step=draft.totp_step,
                payload=crypto.seal(tx, account_id, "accounts", account_id, _facts(draft)),
            )
        )
        _keep_factors(tx, account_id, draft)
    return account_id


def _keep_factors(tx: Connection, account_id: UUID, draft: Draft) -> None:
    factors.keep_recovery_codes(tx, account_id, list(draft.recovery_codes))
    for made in draft.passkeys:
        passkeys.keep(tx, account_id, made)


def _facts(draft: Draft) -> dict[str, object]:
    """What the account's payload holds: only factors that were proven open it."""
    return {
        "email": draft.email,
        "phone": draft.phone if draft.is_phone_verified else "",
        "password_hash": draft.password_hash,
        "totp_secret": draft.totp_secret if draft.has_app else "",
        "sms": draft.is_phone_verified,
        "email_code": draft.email_code,
        "terms": {"version": TERMS_VERSION, "at": clock.now().isoformat()},
    }
