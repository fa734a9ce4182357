"""The ways to show a second factor: added, changed, removed by their owner, never below one (security.md R3, R4, R9).

Each change asks for a fresh proof, ends the other sessions, stands in the account's trail and is told at every
address on file (`security_change.settle`). What a change needs until it is confirmed is kept sealed for half an hour,
so that a page reloaded in the middle goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, update

from espace import db, settings
from espace.accounts.models import Account, RecoveryCode
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.notifications.services import can_send
from espace.permissions import Actor, Visitor, demand_fresh_proof
from espace.words import N_

from . import account_rows, factors, one_time, passkeys, throttle
from .account_rows import Held
from .factors import Way
from .security_change import settle

UNDER_WAY = timedelta(minutes=30)
_NEW_APP = "new-app"
_NEW_CODES = "new-recovery-codes"

_LAST_WAY = N_("This is your only second lock. Add another one first, then remove this one.")
_LAST_PASSKEY = N_("An administrator signs in with a passkey. Add another one first, then remove this one.")
_APP_OVER = N_("This key is more than 30 minutes old. Begin again.")
_WRONG_APP_CODE = N_("This is not the code of this moment. Wait for the next one, then type it.")


@dataclass(frozen=True, slots=True)
class AppOffer:
    """What an authenticator app is given: the secret to type, and the otpauth: address of link and square."""

    secret: str
    address: str


def keep_one_way(account: Held, way: Way) -> None:
    """Refuse to take away the last way to show the second factor. The account is locked by the caller.

    Raises:
        InvalidError: when nothing would be left.
    """
    there = factors.ways(account.id)
    left = there.count - (way in there.all)
    if left < 1:
        raise InvalidError({"": _LAST_WAY})


def offer_app(actor: Actor) -> None:
    """Begin to link an authenticator app; one begun before goes on with the same key.

    Raises:
        StepUpError: without a fresh proof.
    """
    demand_fresh_proof(actor)
    if one_time.waiting(_NEW_APP, actor.id) is None:
        one_time.hold(_NEW_APP, actor.id, actor.id, {"secret": factors.new_secret()}, UNDER_WAY)


def app_under_way(actor: Actor) -> AppOffer | None:
    """The app being linked, None when none is.

    Raises:
        StepUpError: without a fresh proof: the key is shown.
    """
    demand_fresh_proof(actor)
    under_way = one_time.waiting(_NEW_APP, actor.id)
    if under_way is None:
        return None
    return AppOffer(under_way["secret"], factors.app_address(under_way["secret"], account_rows.held(actor.id).email))


def link_app(actor: Actor, code: str, visitor: Visitor) -> None:
    """Link the app under way once it counts like us; it takes the place of the one before.

    Raises:
        StepUpError: without a fresh proof.
        InvalidError: for `code`, when it is not the app's of this minute, or the key is too old.
        ThrottledError: when the next try is not due yet.
    """
    demand_fresh_proof(actor)
    names = throttle.names_for("app-code", str(actor.id), visitor.address)
    throttle.admit(names)
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        under_way = one_time.waiting(_NEW_APP, account.id)
        if under_way is None:
            raise InvalidError({"code": _APP_OVER})
        step = factors.fitting_step(under_way["secret"], code, 0)
        if step is None:
            raise InvalidError({"code": _WRONG_APP_CODE})
        throttle.clear(names)
        one_time.drop(_NEW_APP, account.id)
        # The code that linked the app opens nothing more.
        tx.execute(update(Account).where(Account.id == account.id).values(last_totp_step=step))
        changed = account_rows.change(tx, account, totp_secret=under_way["secret"])
        settle(actor, changed, Action.APP_LINKED)


def remove_app(actor: Actor) -> None:
    """Unlink the authenticator app: its codes open nothing any more.

    Raises:
        StepUpError: without a fresh proof.
        InvalidError: when it is the last second lock.
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        if account.facts.get("totp_secret"):
            keep_one_way(account, "app")
            settle(actor, account_rows.change(tx, account, totp_secret=""), Action.APP_REMOVED)


def switch_sms(actor: Actor, *, on: bool) -> None:
    """Take a code by SMS as a second lock, or no longer.

    Raises:
        StepUpError: without a fresh proof.
        InvalidError: when there is no number, no gateway, or no other second lock to go back to.
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        if on == bool(account.facts.get("sms")):
            return
        if on and not account.phone:
            raise InvalidError({"": N_("Give your mobile number first.")})
        if on and not can_send():
            raise InvalidError({"": N_("No SMS can be sent from here at the moment. Choose another second lock.")})
        if not on:
            keep_one_way(account, "sms")
        changed = account_rows.change(tx, account, sms=on)
        settle(actor, changed, Action.SMS_CODE_ON if on else Action.SMS_CODE_OFF)


def switch_email_code(actor: Actor, *, on: bool) -> None:
    """Take a code by e-mail as a second lock, or no longer; only where the operator of the house allows it (R3).

    Raises:
        StepUpError: without a fresh proof.
        NotFoundError: when it is not allowed here.
        InvalidError: when there is no other second lock to go back to.
    """
    demand_fresh_proof(actor)
    if on and not settings.current().email_code_allowed:
        raise NotFoundError
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        if on == bool(account.facts.get("email_code")):
            return
        if not on:
            keep_one_way(account, "email")
        changed = account_rows.change(tx, account, email_code=on)
        settle(actor, changed, Action.EMAIL_CODE_ON if on else Action.EMAIL_CODE_OFF)


def passkey_options(actor: Actor) -> str:
    """What the browser needs to make a passkey for the actor's account, as JSON.

    Raises:
        StepUpError: without a fresh proof.
    """
    demand_fresh_proof(actor)
    account = account_rows.held(actor.id)
    options, _challenge = passkeys.registration(account.id, account.email, passkeys.credential_ids(account.id))
    return options


def add_passkey(actor: Actor, answer: str, name: str) -> None:
    """Keep the passkey a browser made.

    Raises:
        StepUpError: without a fresh proof.
        InvalidError: when it is not right, came late, is kept already, or its name is too long.
    """
    demand_fresh_proof(actor)
    made = passkeys.verify_registration(actor.id, answer, name)
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        passkeys.keep(tx, account.id, made)
        settle(actor, account, Action.PASSKEY_ADDED, objects=[{"name": made.name}])


def rename_passkey(actor: Actor, passkey_id: UUID, name: str) -> None:
    """Give one of the actor's passkeys another name. It opens nothing: sessions go on, nobody is told.

    Raises:
        StepUpError: without a fresh proof.
        NotFoundError: when the actor has no such passkey.
        InvalidError: for `name`.
    """
    demand_fresh_proof(actor)
    with db.write():
        passkeys.rename(actor.id, passkey_id, name)
        audit.record(actor, actor.id, Action.PASSKEY_RENAMED, objects=[{"id": str(passkey_id), "name": name.strip()}])


def remove_passkey(actor: Actor, passkey_id: UUID) -> None:
    """Take a passkey away: it opens nothing any more.

    Raises:
        StepUpError: without a fresh proof.
        NotFoundError: when the actor has no such passkey.
        InvalidError: when it is the last second lock, or an administrator's last passkey.
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        lines = passkeys.of(account.id)
        name = next((line.name for line in lines if line.id == passkey_id), None)
        if name is None:
            raise NotFoundError
        if len(lines) == 1 and account.is_administrator and settings.current().administrator_passkey:
            raise InvalidError({"": _LAST_PASSKEY})
        keep_one_way(account, "passkey")
        passkeys.drop(tx, account.id, passkey_id)
        settle(actor, account, Action.PASSKEY_REMOVED, objects=[{"id": str(passkey_id), "name": name}])


def draw_codes(actor: Actor) -> None:
    """Draw ten new recovery codes. Those one has stay good until the new ones are kept.

    Raises:
        StepUpError: without a fresh proof.
    """
    demand_fresh_proof(actor)
    if one_time.waiting(_NEW_CODES, actor.id) is None:
        one_time.hold(_NEW_CODES, actor.id, actor.id, {"codes": factors.new_recovery_codes()}, UNDER_WAY)


def codes_under_way(actor: Actor) -> Sequence[str]:
    """The codes drawn and not kept yet; none when there are none.

    Raises:
        StepUpError: without a fresh proof: they are shown.
    """
    demand_fresh_proof(actor)
    under_way = one_time.waiting(_NEW_CODES, actor.id)
    return tuple(under_way["codes"]) if under_way else ()


def keep_codes(actor: Actor) -> None:
    """Have the codes drawn take the place of those before: from now on they work, and are never shown again.

    Raises:
        StepUpError: without a fresh proof.
        NotFoundError: when none are under way any more.
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        under_way = one_time.waiting(_NEW_CODES, account.id)
        if under_way is None:
            raise NotFoundError
        one_time.drop(_NEW_CODES, account.id)
        tx.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
        factors.keep_recovery_codes(tx, account.id, under_way["codes"])
        settle(actor, account, Action.RECOVERY_CODES_RENEWED)
