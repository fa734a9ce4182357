"""An activation under way: kept sealed under the person's key, so that it can be left and taken up again."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db
from espace.accounts.models import Enrolment
from espace.errors import ConflictError, NotFoundError

TOKEN_LIFE = timedelta(hours=24)
"""How long the same browser continues without the letter; with it, as long as the provisional code lives."""


class Step(StrEnum):
    """What is to be done next."""

    EMAIL = "email"
    EMAIL_CODE = "email-code"
    PASSWORD = "password"
    APP = "app"
    CODES = "codes"


ORDER = tuple(Step)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an activation holds so far. Codes sent by mail are kept as keyed digests, instants as ISO text."""

    person_id: UUID
    step: Step
    email: str = ""
    is_verified: bool = False
    code_hash: str = ""
    code_sent_at: str = ""
    password_hash: str = field(default="", repr=False)
    totp_secret: str = field(default="", repr=False)
    totp_step: int = 0
    recovery_codes: tuple[str, ...] = field(default=(), repr=False)

    def reached(self, step: Step) -> bool:
        """Whether `step` may be shown: it is the next one, or lies behind."""
        return ORDER.index(step) <= ORDER.index(self.step)


_COLUMNS = (Enrolment.person_id, Enrolment.step, Enrolment.changed_at, Enrolment.expires_at, Enrolment.payload)
_BY_TOKEN = select(*_COLUMNS).where(Enrolment.token_hash == bindparam("token_hash"))
_KEPT = tuple(f.name for f in fields(Draft) if f.name not in ("person_id", "step"))


def current(token: str) -> Draft | None:
    """The activation this browser holds, or None when there is none, or it lay too long."""
    with db.read() as tx:
        return _opened(tx, _BY_TOKEN, token)


def locked(tx: Connection, token: str) -> Draft:
    """The same, held against a second request until the unit of work ends.

    Raises:
        NotFoundError: when there is none any more.
    """
    draft = _opened(tx, _BY_TOKEN.with_for_update(), token)
    if draft is None:
        raise NotFoundError
    return draft


def start(person_id: UUID, expires_at: datetime) -> tuple[str, Draft]:
    """Begin an activation, or take it up where it was left; gives a new token (an older one stops working).

    Raises:
        ConflictError: when another browser begins with the same letter at the same instant.
    """
    token = crypto.new_token()
    now = clock.now()
    with db.write() as tx:
        row = tx.execute(select(*_COLUMNS).where(Enrolment.person_id == person_id).with_for_update()).first()
        if row is not None and row.expires_at > now:
            draft = _draft(tx, row)
            tx.execute(
                update(Enrolment)
                .where(Enrolment.person_id == person_id)
                .values(token_hash=crypto.token_hash(token), changed_at=now, expires_at=expires_at)
            )
            return token, draft
        tx.execute(delete(Enrolment).where(Enrolment.person_id == person_id))
        draft = Draft(person_id, Step.EMAIL)
        values = {
            "person_id": person_id,
            "token_hash": crypto.token_hash(token),
            "step": draft.step.value,
            "changed_at": now,
            "expires_at": expires_at,
            "payload": _sealed(tx, draft),
        }
        try:
            tx.execute(insert(Enrolment).values(values))
        except IntegrityError:
            raise ConflictError from None
    return token, draft


def keep(tx: Connection, draft: Draft) -> None:
    """Write what the activation holds now."""
    tx.execute(
        update(Enrolment)
        .where(Enrolment.person_id == draft.person_id)
        .values(step=draft.step.value, changed_at=clock.now(), payload=_sealed(tx, draft))
    )


def drop(tx: Connection, person_id: UUID) -> None:
    """Forget an activation: it is done."""
    tx.execute(delete(Enrolment).where(Enrolment.person_id == person_id))


def sweep() -> int:
    """Forget activations whose letter is over: nobody can take them up again; gives how many."""
    with db.write() as tx:
        return tx.execute(delete(Enrolment).where(Enrolment.expires_at <= clock.now())).rowcount


def _opened(tx: Connection, statement: Select[*tuple[Any, ...]], token: str) -> Draft | None:
    row = tx.execute(statement, {"token_hash": crypto.token_hash(token)}).first()
    now = clock.now()
    if row is None or row.expires_at <= now or row.changed_at + TOKEN_LIFE <= now:
        return None
    return _draft(tx, row)


def _draft(tx: Connection, row: Any) -> Draft:
    held = crypto.unseal(tx, row.person_id, "enrolments", row.person_id, row.payload)
    return Draft(row.person_id, Step(row.step), **{**held, "recovery_codes": tuple(held["recovery_codes"])})


def _sealed(tx: Connection, draft: Draft) -> bytes:
    facts = asdict(draft)
    return crypto.seal(tx, draft.person_id, "enrolments", draft.person_id, {name: facts[name] for name in _KEPT})
