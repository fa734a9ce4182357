"""Activation of a person's space, step by step (rules.md AC-5; security.md R2, R3, R5, R6)."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, outbox, settings
from espace.accounts.models import Account
from espace.audit import services as audit
from espace.errors import ConflictError, EspaceError, InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.notifications.services import send_mail
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Visitor
from espace.words import N_

from . import devices, drafts, factors, letters, passwords, sessions, throttle
from .drafts import ORDER, Draft, Step
from .letter_proof import Letter, LetterError, recognise
from .sign_in import SignedIn, email_index

ACTIVATED_TOPIC = "accounts.activated"
CODE_ASKED_TOPIC = "accounts.code-asked"
EMAIL_CODE_LIFE = timedelta(minutes=10)
TERMS_VERSION = "1"

_EMAIL_TAKEN = N_("Another space already uses this address. Give an address of your own.")


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
    if person.age_on(clock.today()) < settings.current().autonomy_age:
        raise LetterError("minor")
    return drafts.start(person.id, found.expires_at)


def ask_new_code(ins: str, birth_date: date, visitor: Visitor) -> None:
    """Ask for a new provisional code, by e-mail to the address on file. The worker looks the person up, not this.

    Raises:
        ThrottledError: when the next try is not due yet.
    """
    throttle.admit(throttle.names_for("new-code", ins, visitor.address))
    outbox.post(CODE_ASKED_TOPIC, {"ins": ins, "birth_date": birth_date.isoformat()})


def give_email(token: str, email: str, locale: str) -> Draft:
    """Take the e-mail address and send it a code of six digits; a verified address that did not change stays so.

    Raises:
        NotFoundError: when the activation is no more.
        ThrottledError: when codes are asked for too fast.
    """
    draft = _current(token)
    if draft.is_verified and draft.email == email:
        return draft
    throttle.admit(throttle.names_for("email-sending", str(draft.person_id), "unknown")[:1])
    code = crypto.new_digits(6)
    with db.write() as tx:
        draft = replace(
            drafts.locked(tx, token),
            step=Step.EMAIL_CODE,
            email=email,
            is_verified=False,
            code_hash=_code_digest(draft.person_id, email, code),
            code_sent_at=clock.now().isoformat(),
        )
        drafts.keep(tx, draft)
        send_mail(email, locale, "email-verification", code=code)
    return draft


def check_email_code(token: str, code: str, visitor: Visitor) -> Draft:
    """Check the six digits sent by e-mail: they work once, for ten minutes.

    Raises:
        InvalidError: for `code` when it is wrong or too old; for `email` when the address opens another space, said
            only to who reads that mailbox.
        ThrottledError: when the next try is not due yet.
        NotFoundError: when the activation is no more.
    """
    draft = _current(token)
    if draft.is_verified:
        return draft
    names = throttle.names_for("email-code", str(draft.person_id), visitor.address)
    throttle.admit(names)
    if not draft.code_hash or datetime.fromisoformat(draft.code_sent_at) + EMAIL_CODE_LIFE <= clock.now():
        raise InvalidError({"code": N_("This code is more than 10 minutes old. Have a new one sent.")})
    digest = _code_digest(draft.person_id, draft.email, code)
    if not crypto.same(digest.encode(), draft.code_hash.encode()):
        raise InvalidError({"code": N_("This code is not the one we sent. Check the last message you received.")})
    with db.write() as tx:
        throttle.clear(names)
        held = drafts.locked(tx, token)
        if held.code_hash != draft.code_hash:
            raise ConflictError
        is_taken = tx.execute(select(Account.id).where(Account.email_index == email_index(held.email))).first()
        verified = replace(held, code_hash="", is_verified=not is_taken)
        verified = replace(verified, step=Step.EMAIL if is_taken else _after(verified))
        drafts.keep(tx, verified)
    if is_taken:
        raise InvalidError({"email": _EMAIL_TAKEN})
    return verified


def choose_password(token: str, password: str) -> Draft:
    """Take the password, as a hash.

    Raises:
        InvalidError: with the sentence of `passwords.check`.
        BusyError: when too many passwords are being hashed.
        NotFoundError: when the activation is no more.
    """
    draft = _current(token)
    passwords.check(password, people.person(draft.person_id), draft.email)
    stored = crypto.hasher().hash(password)
    with db.write() as tx:
        held = drafts.locked(tx, token)
        secret = held.totp_secret or factors.new_secret()
        draft = replace(held, password_hash=stored, totp_secret=secret)
        draft = replace(draft, step=_after(draft))
        drafts.keep(tx, draft)
    return draft


def check_app_code(token: str, code: str, visitor: Visitor) -> Draft:
    """Check that the authenticator app counts like us; the ten recovery codes are made then.

    Raises:
        InvalidError: when the code is not the app's of this minute.
        ThrottledError: when the next try is not due yet.
        NotFoundError: when the activation is no more.
    """
    draft = _current(token)
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
        codes = held.recovery_codes or tuple(factors.new_recovery_codes())
        draft = replace(held, totp_step=step, recovery_codes=codes)
        draft = replace(draft, step=_after(draft))
        drafts.keep(tx, draft)
    return draft


def finish(token: str, locale: str, visitor: Visitor) -> SignedIn:
    """Make the account, spend the provisional code and sign in: all of it, once, or nothing.

    Raises:
        AlreadyActiveError: when the same space was activated meanwhile.
        InvalidError: when the e-mail address opens another space since.
        NotFoundError: when the activation is no more, or not complete.
    """
    draft = _current(token)
    person = people.person(draft.person_id)
    try:
        with db.write() as tx:
            draft = drafts.locked(tx, token)
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
        if is_active(draft.person_id):
            raise AlreadyActiveError from None
        raise InvalidError({"email": _EMAIL_TAKEN}) from None


def is_active(person_id: UUID) -> bool:
    """Whether a person has an account."""
    with db.read() as tx:
        return tx.execute(select(Account.id).where(Account.person_id == person_id)).first() is not None


def _spend_letter(draft: Draft) -> None:
    if draft.step is not Step.CODES:
        raise NotFoundError
    if not letters.use(draft.person_id):
        raise AlreadyActiveError


def _make_account(draft: Draft, locale: str) -> UUID:
    account_id = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, account_id)
        payload = {
            "email": draft.email,
            "password_hash": draft.password_hash,
            "totp_secret": draft.totp_secret,
            "terms": {"version": TERMS_VERSION, "at": clock.now().isoformat()},
        }
        tx.execute(
            insert(Account).values(
                id=account_id,
                person_id=draft.person_id,
                role="",
                provider_index=None,
                email_index=email_index(draft.email),
                locale=locale,
                created_at=clock.now(),
                last_totp_step=draft.totp_step,
                payload=crypto.seal(tx, account_id, "accounts", account_id, payload),
            )
        )
        factors.keep_recovery_codes(tx, account_id, list(draft.recovery_codes))
    return account_id


def _current(token: str) -> Draft:
    draft = drafts.current(token)
    if draft is None:
        raise NotFoundError
    return draft


def _after(draft: Draft) -> Step:
    """The first step that is not done: going back to one changes nothing of those that follow."""
    missing = {
        Step.EMAIL: not draft.email,
        Step.EMAIL_CODE: not draft.is_verified,
        Step.PASSWORD: not draft.password_hash,
        Step.APP: not draft.recovery_codes,
    }
    return next((step for step in ORDER if missing.get(step)), Step.CODES)


def _code_digest(person_id: UUID, email: str, code: str) -> str:
    return crypto.blind("email-code", f"{person_id}:{email}:{code}").hex()
