"""Signed-in browsers: our own rows, found by the hash of an opaque token (design 3, security.md R7)."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import OperationalError

from espace import clock, crypto, db, settings
from espace.accounts.models import Account, Passkey, Recovery, Session
from espace.crypto.owners import DIRECTORY
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.permissions import PROOF_AGE, Actor, ActorKind, Role

Stage = Literal["password", "full"]

IDLE = {
    ActorKind.PATIENT: timedelta(minutes=30),
    ActorKind.PROFESSIONAL: timedelta(minutes=15),
    ActorKind.OPERATOR: timedelta(minutes=15),
}
LIFE = timedelta(hours=12)
SECOND_FACTOR_WAIT = timedelta(minutes=10)
LONGEST_UNVEILED = timedelta(minutes=5)
_TOUCH = timedelta(minutes=1)
_CLOCK_SLACK = timedelta(minutes=5)
_NO_SESSION = UUID(int=0)

_OPEN = insert(Session)
_BY_TOKEN = (
    select(
        Session.id,
        Session.kind,
        Session.subject_id,
        Session.stage,
        Session.created_at,
        Session.seen_at,
        Session.proved_at,
        Session.ends_at,
        Session.payload,
        Account.person_id,
        Account.locale,
        Account.role,
        Account.created_at.label("joined_at"),
        Recovery.ready_at.label("recovery_at"),
    )
    .outerjoin(Account, Account.id == Session.subject_id)
    .outerjoin(Recovery, Recovery.account_id == Session.subject_id)
    .where(Session.token_hash == bindparam("token_hash"))
)


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in whose password was right and whose second factor is awaited."""

    session_id: UUID
    account_id: UUID
    kind: ActorKind = ActorKind.PATIENT


@dataclass(frozen=True, slots=True)
class LiveSession:
    """One open session, as its owner sees it. `browser` and `system` are names, or empty when unknown."""

    id: UUID
    browser: str
    system: str
    created_at: datetime
    seen_at: datetime
    is_current: bool


def open_session(
    kind: ActorKind,
    subject_id: UUID,
    *,
    payload: Mapping[str, str],
    stage: Stage = "full",
    device_id: UUID | None = None,
) -> str:
    """Open a session and give the token for its cookie; the token itself is stored nowhere.

    `payload` holds what each page needs of the person: name, profession, structure, browser, system, `private` ("1"
    in private mode), and in an assisted session `helper` (who sits beside them). `unveiled_until` (ISO) says until
    when clinical content may be shown in either. `secret`: the records in which a professional works in secret
    connection, between blanks.
    """
    token = crypto.new_token()
    session_id = new_id()
    now = clock.now()
    with db.write() as tx:
        tx.execute(
            _OPEN,
            {
                "token_hash": crypto.token_hash(token),
                "id": session_id,
                "kind": kind.value,
                "subject_id": subject_id,
                "stage": stage,
                "created_at": now,
                "seen_at": now,
                "proved_at": now,
                "ends_at": now + (LIFE if stage == "full" else SECOND_FACTOR_WAIT),
                "device_id": device_id,
                "payload": crypto.seal(tx, _owner(kind, subject_id), "sessions", session_id, payload),
            },
        )
    return token


def identify(token: str, *, touch: bool = True) -> Actor | None:
    """Who a session token speaks for; None when it is unknown, over, idle too long or lacks its second factor.

    With `touch` it was used just now, noted once a minute at most: a page that only asks whether it may stay open is
    no use of it (security.md R7).
    """
    token_hash = crypto.token_hash(token)
    with db.read() as tx:
        row = tx.execute(_BY_TOKEN, {"token_hash": token_hash}).first()
        if row is None or row.stage != "full" or not _is_live(row):
            return None
        kind = ActorKind(row.kind)
        payload = crypto.unseal(tx, _owner(kind, row.subject_id), "sessions", row.id, row.payload)
    if touch and clock.now() - row.seen_at >= _TOUCH and not db.in_write():
        _touch(token_hash)
    return Actor(
        kind=kind,
        id=row.subject_id,
        name=payload["name"],
        person_id=row.person_id,
        profession=payload.get("profession", ""),
        structure=payload.get("structure", ""),
        structure_id=UUID(payload["structure_id"]) if payload.get("structure_id") else None,
        session_id=row.id,
        proved_at=row.proved_at,
        locale=row.locale or "fr",
        role=Role(row.role) if row.role else None,
        helper=payload.get("helper", ""),
        is_private=bool(payload.get("private")),
        is_veiled=_is_veiled(payload),
        assisted_until=row.ends_at if payload.get("helper") else None,
        recovery_at=row.recovery_at,
        joined_at=row.joined_at,
        is_enrolling=bool(row.role) and _lacks_passkey(row.subject_id, Role(row.role)),
        secret_in=frozenset(UUID(one) for one in payload.get("secret", "").split()),
    )


def change_facts(actor: Actor, **facts: str) -> None:
    """Change what the actor's own session holds for each page (see `open_session`); "" takes a fact away.

    Raises:
        NotFoundError: when the session is over.
    """
    owner = _owner(actor.kind, actor.id)
    with db.write() as tx:
        row = tx.execute(
            select(Session.id, Session.payload).where(Session.id == actor.session_id).with_for_update()
        ).first()
        if row is None:
            raise NotFoundError
        held = crypto.unseal(tx, owner, "sessions", row.id, row.payload) | facts
        sealed = crypto.seal(tx, owner, "sessions", row.id, {name: fact for name, fact in held.items() if fact})
        tx.execute(update(Session).where(Session.id == row.id).values(payload=sealed))


def facts_of(actor: Actor) -> dict[str, str]:
    """What the actor's own session holds for each page.

    Raises:
        NotFoundError: when the session is over.
    """
    with db.read() as tx:
        row = tx.execute(select(Session.id, Session.payload).where(Session.id == actor.session_id)).first()
        if row is None:
            raise NotFoundError
        return crypto.unseal(tx, _owner(actor.kind, actor.id), "sessions", row.id, row.payload)


def forget_proof(actor: Actor) -> None:
    """Have the next act of the actor's own session that opens something ask for the second factor again."""
    with db.write() as tx:
        long_ago = clock.now() - PROOF_AGE
        tx.execute(update(Session).where(Session.id == actor.session_id).values(proved_at=long_ago))


def shorten(actor: Actor, ends_at: datetime) -> None:
    """Have the actor's own session end at `ends_at` at the latest."""
    with db.write() as tx:
        tx.execute(
            update(Session).where(Session.id == actor.session_id, Session.ends_at > ends_at).values(ends_at=ends_at)
        )


def _is_veiled(payload: Mapping[str, str]) -> bool:
    """Whether clinical content must not be shown: private or assisted, and not unlocked for the moment."""
    if not (payload.get("private") or payload.get("helper")):
        return False
    until = payload.get("unveiled_until", "")
    # A clock set back must not lengthen it (L7).
    return not until or not timedelta(0) < datetime.fromisoformat(until) - clock.now() <= LONGEST_UNVEILED


def pending(token: str) -> Pending | None:
    """The sign-in behind a one-factor token, or None. Such a token opens nothing else (security.md R3)."""
    with db.read() as tx:
        row = tx.execute(_BY_TOKEN, {"token_hash": crypto.token_hash(token)}).first()
    if row is None or row.stage != "password" or not _is_live(row):
        return None
    return Pending(row.id, row.subject_id, ActorKind(row.kind))


def rotate(actor: Actor) -> str:
    """Give the actor's session a new token, and note that both factors were just shown (step-up)."""
    token = crypto.new_token()
    now = clock.now()
    with db.write() as tx:
        changed = tx.execute(
            update(Session)
            .where(Session.id == actor.session_id, Session.stage == "full")
            .values(token_hash=crypto.token_hash(token), proved_at=now, seen_at=now)
        )
        if changed.rowcount != 1:
            raise NotFoundError
    return token


def close_session(actor: Actor) -> None:
    """End the session the actor speaks through, at once."""
    with db.write() as tx:
        tx.execute(delete(Session).where(Session.id == actor.session_id))


def close_pending(session_id: UUID) -> None:
    """End a sign-in that waits for its second factor."""
    with db.write() as tx:
        tx.execute(delete(Session).where(Session.id == session_id, Session.stage == "password"))


def drop(token: str) -> None:
    """End the session of a token, full or waiting, if there is one: its browser gets another (R7)."""
    if token:
        with db.write() as tx:
            tx.execute(delete(Session).where(Session.token_hash == crypto.token_hash(token)))


def end_session(actor: Actor, session_id: UUID) -> None:
    """End one of the actor's own sessions, here or elsewhere.

    Raises:
        NotFoundError: when the actor has no such session.
    """
    with db.write() as tx:
        ended = tx.execute(delete(Session).where(Session.id == session_id, Session.subject_id == actor.id))
        if ended.rowcount != 1:
            raise NotFoundError


def end_others(actor: Actor) -> int:
    """End every other session of the actor, waiting ones too: a factor or the password changed (R8); gives how many."""
    with db.write() as tx:
        ended = tx.execute(
            delete(Session).where(Session.subject_id == actor.id, Session.id != (actor.session_id or _NO_SESSION))
        )
        return ended.rowcount


def end_all(kind: ActorKind, subject_id: UUID) -> int:
    """End every session of somebody whose access is stopped, as of their next request; gives how many."""
    with db.write() as tx:
        ended = tx.execute(delete(Session).where(Session.kind == kind.value, Session.subject_id == subject_id))
        return ended.rowcount


def needs_passkey(role: Role | None) -> bool:
    """Whether an operator of this role must hold a passkey (R3); not where no browser would allow one."""
    given = settings.current()
    return role is Role.ADMINISTRATOR and given.administrator_passkey and given.passkeys_possible


def live_sessions(actor: Actor) -> list[LiveSession]:
    """The actor's open sessions, the latest seen first."""
    columns = (Session.id, Session.kind, Session.created_at, Session.seen_at, Session.ends_at, Session.payload)
    found = []
    with db.read() as tx:
        rows = tx.execute(
            select(*columns)
            .where(Session.subject_id == actor.id, Session.stage == "full", Session.ends_at > clock.now())
            .order_by(Session.seen_at.desc(), Session.id)
        ).all()
        for row in rows:
            if not _is_live(row):
                continue
            payload = crypto.unseal(tx, _owner(actor.kind, actor.id), "sessions", row.id, row.payload)
            found.append(
                LiveSession(
                    id=row.id,
                    browser=payload.get("browser", ""),
                    system=payload.get("system", ""),
                    created_at=row.created_at,
                    seen_at=row.seen_at,
                    is_current=row.id == actor.session_id,
                )
            )
    return found


def sweep() -> int:
    """Delete the rows of sessions that are over; gives how many."""
    with db.write() as tx:
        return tx.execute(delete(Session).where(Session.ends_at <= clock.now())).rowcount


def _lacks_passkey(account_id: UUID, role: Role) -> bool:
    if not needs_passkey(role):
        return False
    with db.read() as tx:
        return tx.execute(select(Passkey.id).where(Passkey.account_id == account_id).limit(1)).first() is None


def _is_live(row: Any) -> bool:
    """Not past its end, not idle too long, and not from the future: a clock set back must not lengthen it (L7)."""
    now = clock.now()
    seen_at: datetime = row.seen_at
    ends_at: datetime = row.ends_at
    return seen_at - _CLOCK_SLACK <= now < min(ends_at, seen_at + IDLE[ActorKind(row.kind)])


def _touch(token_hash: bytes) -> None:
    # The holder's reading must neither depend on this write nor wait for it: untouched, the session only ends a
    # little earlier.
    with suppress(OperationalError), db.write_if_free() as tx:
        tx.execute(update(Session).where(Session.token_hash == token_hash).values(seen_at=clock.now()))


def _owner(kind: ActorKind, subject_id: UUID) -> UUID:
    """Whose key seals a session: the account's; the directory's for a professional, who stands in it."""
    return DIRECTORY if kind is ActorKind.PROFESSIONAL else subject_id
