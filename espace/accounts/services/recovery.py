"""Lost access, the long way: one's letter, then a delay in which the account's owner may refuse (security.md R4).

Nobody enters here: after the delay the steps of the activation are walked anew, and only then the old keys end.
The delay is lived time (`Recovery.waited`): a clock that jumps gains an hour at most, and while the house is down,
when nobody could refuse, it does not run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, outbox, settings
from espace.accounts.models import Account, Device, OneTimeCode, Passkey, Recovery, RecoveryCode, Session
from espace.audit import services as audit
from espace.errors import ConflictError, EspaceError, NotFoundError
from espace.identifiers import new_id
from espace.permissions import SYSTEM, Actor, ActorKind, Visitor

from . import account_rows, drafts, letters, recovery_notices, throttle
from .account_rows import Held
from .drafts import Draft
from .letter_proof import Letter, LetterError, recognise

CODE_ASKED_TOPIC = "accounts.recovery-code-asked"
KEPT = timedelta(days=30)
"""How long one may come back once the delay is over."""
LONGEST_STEP = timedelta(hours=1)
"""What one look at the clock may add to the delay: the worker looks every minute."""

_TABLE = "recoveries"
_COLUMNS = (
    Recovery.account_id,
    Recovery.id,
    Recovery.made_at,
    Recovery.ready_at,
    Recovery.expires_at,
    Recovery.counted_at,
    Recovery.waited,
    Recovery.reminded_at,
)


class NotActiveError(EspaceError):
    """The letter is right, but the space was never activated: there is no access to find back."""


@dataclass(frozen=True, slots=True)
class State:
    """A lost access under way. `ready_at` is when it may be completed, as far as can be told now."""

    account_id: UUID
    made_at: datetime
    ready_at: datetime
    expires_at: datetime
    is_ready: bool


def ask(letter: Letter, visitor: Visitor) -> str:
    """Begin to wait, or find the request under way again; gives the token by which this browser follows it.

    A second request changes nothing of the first: neither its delay, nor who was told.

    Raises:
        LetterError: see there; the same error whoever is unknown.
        NotActiveError: when the person of the letter has no account.
        ThrottledError: when the next try is not due yet.
        ConflictError: when two browsers ask at the same instant.
    """
    person, found = recognise(letter, visitor, "lost-access")
    if found.is_used:
        raise LetterError("used")
    if found.expires_at <= clock.now():
        raise LetterError("expired", found.expires_at)
    account_id = _account_of(person.id)
    if account_id is None:
        raise NotActiveError
    token = crypto.new_token()
    try:
        with db.write() as tx:
            row = _locked(tx, Recovery.account_id == account_id)
            if row is not None and row.expires_at > clock.now():
                held = Recovery.account_id == account_id
                tx.execute(update(Recovery).where(held).values(resume_hash=crypto.token_hash(token)))
            else:
                _begin(tx, account_id, person.id, token, visitor)
    except IntegrityError:
        raise ConflictError from None
    return token


def followed(token: str) -> State | None:
    """The request this browser follows, or None."""
    with db.read() as tx:
        return _state(_row(tx, Recovery.resume_hash == crypto.token_hash(token)))


def of_actor(actor: Actor) -> State | None:
    """The request under way on the actor's own account, or None."""
    with db.read() as tx:
        return _state(_row(tx, Recovery.account_id == actor.id))


def is_refusable(token: str) -> bool:
    """Whether the link of a message still refuses something."""
    with db.read() as tx:
        return _row(tx, _link(token)) is not None


def is_ready(person_id: UUID) -> bool:
    """Whether the person's access may be made anew now: a request has waited long enough."""
    account_id = _account_of(person_id)
    with db.read() as tx:
        state = _state(_row(tx, Recovery.account_id == account_id)) if account_id else None
    return state is not None and state.is_ready


def go_on(token: str) -> tuple[str, Draft]:
    """Begin to make the access anew, in the browser that asked; gives the token of the steps.

    Raises:
        NotFoundError: when there is no such request, or it has not waited long enough.
    """
    _count()
    state = followed(token)
    if state is None or not state.is_ready:
        raise NotFoundError
    person_id = account_rows.held(state.account_id).person_id
    if person_id is None:
        raise NotFoundError
    return drafts.start(person_id, state.expires_at)


def refuse_by_link(token: str) -> bool:
    """Refuse the request of a message's link; whether there was one. The link can do nothing else, ever."""
    with db.write() as tx:
        row = _locked(tx, _link(token))
        return row is not None and _cancel(tx, SYSTEM, row.account_id)


def give_up(token: str) -> bool:
    """Give the request up in the browser that asked; whether there was one."""
    with db.write() as tx:
        row = _locked(tx, Recovery.resume_hash == crypto.token_hash(token))
        return row is not None and _cancel(tx, SYSTEM, row.account_id)


def refuse(actor: Actor) -> bool:
    """Refuse the request on the actor's own account; whether there was one. No proof is asked for (R9)."""
    with db.write() as tx:
        row = _locked(tx, Recovery.account_id == actor.id)
        return row is not None and _cancel(tx, actor, row.account_id)


def renew(tx: Connection, draft: Draft, email_index: bytes, facts: Mapping[str, Any]) -> Held | None:
    """Give the person's account its new keys, in the open unit of work; None when no request is ready.

    Everything that opened it before ends: password, second factors, recovery codes, sessions, known devices, an
    outside identity, codes on their way.
    """
    account_id = _account_of(draft.person_id)
    row = _locked(tx, Recovery.account_id == account_id) if account_id else None
    state = _state(row)
    if account_id is None or state is None or not state.is_ready:
        return None
    before = account_rows.locked(tx, account_id)
    for table in (Passkey, RecoveryCode, Device):
        tx.execute(delete(table).where(table.account_id == account_id))
    tx.execute(delete(Session).where(Session.subject_id == account_id))
    tx.execute(delete(OneTimeCode).where(OneTimeCode.owner_id == account_id))
    tx.execute(delete(Recovery).where(Recovery.account_id == account_id))
    values = {"email_index": email_index, "last_totp_step": draft.totp_step, "provider_index": None}
    tx.execute(update(Account).where(Account.id == account_id).values(values))
    after = account_rows.change(tx, before, **facts)
    letters.use(draft.person_id)
    recovery_notices.tell_done(before, after)
    actor = Actor(ActorKind.PATIENT, account_id, "", person_id=draft.person_id)
    audit.record(replace(actor, name=recovery_notices.name_of(after)), account_id, audit.Action.RECOVERY_DONE)
    return after


def tick() -> int:
    """Let the time pass for every request, and remind half-way; a task of the worker. Gives how many there are."""
    due = _count()
    for account_id in due:
        try:
            _remind(account_id)
        except NotFoundError:  # the account was erased meanwhile: there is no access to find back
            with db.write() as tx:
                tx.execute(delete(Recovery).where(Recovery.account_id == account_id))
    return len(due)


def sweep() -> int:
    """Forget requests nobody came back for; gives how many."""
    with db.write() as tx:
        return tx.execute(delete(Recovery).where(Recovery.expires_at <= clock.now())).rowcount


def ask_code(ins: str, birth_date: str, visitor: Visitor) -> None:
    """Ask for a new code on paper's behalf, sent to what is on file. The worker looks the person up, not this (R5).

    Raises:
        ThrottledError: when the next try is not due yet.
    """
    throttle.admit(throttle.names_for("new-code", ins, visitor.address))
    outbox.post(CODE_ASKED_TOPIC, {"ins": ins, "birth_date": birth_date})


def _begin(tx: Connection, account_id: UUID, person_id: UUID, token: str, visitor: Visitor) -> None:
    now = clock.now()
    ready_at = now + _delay()
    row_id, link = new_id(), crypto.new_token()
    tx.execute(delete(Recovery).where(Recovery.account_id == account_id))
    drafts.drop(tx, person_id)  # steps begun with another letter are not gone on with
    tx.execute(
        insert(Recovery).values(
            account_id=account_id,
            id=row_id,
            made_at=now,
            ready_at=ready_at,
            expires_at=ready_at + KEPT,
            counted_at=now,
            waited=0,
            reminded_at=None,
            cancel_hash=crypto.token_hash(link),
            reminder_hash=None,
            resume_hash=crypto.token_hash(token),
            payload=crypto.seal(tx, account_id, _TABLE, row_id, {"browser": visitor.browser, "system": visitor.system}),
        )
    )
    recovery_notices.tell_asked(account_rows.held(account_id), link, ready_at)
    detail = {"browser": visitor.browser, "system": visitor.system}
    audit.record(SYSTEM, account_id, audit.Action.RECOVERY_ASKED, detail=detail)


def _count() -> Sequence[UUID]:
    """Add to each request the time since the last look, at most an hour; gives the accounts concerned."""
    now = clock.now()
    with db.read() as tx:
        rows = tx.execute(select(Recovery.account_id, Recovery.counted_at, Recovery.waited)).all()
    for row in rows:
        passed = min(max(now - row.counted_at, timedelta(0)), LONGEST_STEP)
        with db.write() as tx:
            tx.execute(  # of two looks at once one counts
                update(Recovery)
                .where(Recovery.account_id == row.account_id, Recovery.counted_at == row.counted_at)
                .values(counted_at=now, waited=row.waited + int(passed.total_seconds()))
            )
    return [row.account_id for row in rows]


def _remind(account_id: UUID) -> None:
    with db.write() as tx:
        row = _locked(tx, Recovery.account_id == account_id)
        if row is None or row.reminded_at is not None or timedelta(seconds=row.waited) * 2 < _delay():
            return
        link = crypto.new_token()
        values = {"reminded_at": clock.now(), "reminder_hash": crypto.token_hash(link)}
        tx.execute(update(Recovery).where(Recovery.account_id == account_id).values(values))
        state = _state(row)
        recovery_notices.tell_again(account_rows.held(account_id), link, state.ready_at if state else row.ready_at)
        audit.record(SYSTEM, account_id, audit.Action.RECOVERY_REMINDED)


def _cancel(tx: Connection, actor: Actor, account_id: UUID) -> bool:
    """End the request. The letter's code is spent with it: whoever holds it starts nothing more."""
    tx.execute(delete(Recovery).where(Recovery.account_id == account_id))
    account = account_rows.held(account_id)
    if account.person_id is not None:
        letters.use(account.person_id)
        drafts.drop(tx, account.person_id)
    recovery_notices.tell_cancelled(account)
    audit.record(actor, account_id, audit.Action.RECOVERY_CANCELLED)
    return True


def _state(row: Any) -> State | None:
    now = clock.now()
    if row is None or row.expires_at <= now:
        return None
    # What has passed since the last look counts already, as it would at the next.
    waited = timedelta(seconds=row.waited) + min(max(now - row.counted_at, timedelta(0)), LONGEST_STEP)
    left = _delay() - waited
    is_over = left <= timedelta(0) and row.ready_at <= now
    ready_at = row.ready_at if is_over else max(row.ready_at, now + left)
    return State(row.account_id, row.made_at, ready_at, row.expires_at, is_over)


def _delay() -> timedelta:
    return timedelta(hours=settings.current().recovery_delay)


def _account_of(person_id: UUID) -> UUID | None:
    with db.read() as tx:
        found: UUID | None = tx.execute(select(Account.id).where(Account.person_id == person_id)).scalar()
    return found


def _link(token: str) -> ColumnElement[bool]:
    digest = crypto.token_hash(token)
    return or_(Recovery.cancel_hash == digest, Recovery.reminder_hash == digest)


def _row(tx: Connection, where: ColumnElement[bool]) -> Any:
    return tx.execute(select(*_COLUMNS).where(where)).first()


def _locked(tx: Connection, where: ColumnElement[bool]) -> Any:
    return tx.execute(select(*_COLUMNS).where(where).with_for_update()).first()
