"""An activation under way: kept sealed under the person's key, so that it can be left and taken up again."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db
from espace.accounts.models import Enrolment
from espace.errors import ConflictError, NotFoundError

from .passkeys import NewPasskey

TOKEN_LIFE = timedelta(hours=24)
"""How long the same browser continues without the letter; with it, as long as the provisional code lives."""


class Step(StrEnum):
    """What is to be done next."""

    ADDRESS = "email"
    EMAIL_CODE = "email-code"
    SECURITY = "security"
    APP = "app"
    SMS = "sms"
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class Draft:
    """What an activation holds so far. Instants are ISO text, "" for never; codes sent are not here (`one_time`).

    `chosen` is the second factor whose page was opened last; each factor that was proven counts in the end.
    """

    person_id: UUID
    email: str = ""
    is_verified: bool = False
    code_sent_at: str = ""
    password_hash: str = field(default="", repr=False)
    chosen: str = ""
    totp_secret: str = field(default="", repr=False)
    totp_step: int = 0
    """0 while the app has not shown a good code: its secret opens nothing then."""
    phone: str = ""
    is_phone_verified: bool = False
    sms_sent_at: str = ""
    email_code: bool = False
    passkeys: tuple[NewPasskey, ...] = field(default=(), repr=False)
    recovery_codes: tuple[str, ...] = field(default=(), repr=False)
    provider_index: str = ""
    """Hex digest of the outside identity that began it instead of a letter; "" for none."""
    taken_up: bool = False
    """Whether it was begun elsewhere: what opens the space is then shown at the end, whoever chose it."""

    @property
    def has_app(self) -> bool:
        """Whether an authenticator app has shown a good code."""
        return self.totp_step > 0

    @property
    def has_second_factor(self) -> bool:
        """Whether one second factor at least is proven (rules.md SE-1)."""
        return self.has_app or self.is_phone_verified or self.email_code or bool(self.passkeys)

    @property
    def step(self) -> Step:
        """The first step that is not done: going back to one changes nothing of those that follow."""
        if not self.email or not self.password_hash:
            return Step.ADDRESS
        if not self.is_verified:
            return Step.EMAIL_CODE
        if self.has_second_factor:
            return Step.CODES
        return {"app": Step.APP, "sms": Step.SMS}.get(self.chosen, Step.SECURITY)

    def reached(self, step: Step) -> bool:
        """Whether `step` may be shown: it is the next one, or lies behind."""
        has_address = bool(self.email and self.password_hash)
        match step:
            case Step.ADDRESS:
                return True
            case Step.EMAIL_CODE:
                return has_address
            case Step.SECURITY:
                return has_address and self.is_verified
            case Step.APP:
                return self.reached(Step.SECURITY) and bool(self.totp_secret)
            case Step.SMS:
                return self.reached(Step.SECURITY) and bool(self.phone)
            case Step.CODES:
                return self.step is Step.CODES


_COLUMNS = (Enrolment.person_id, Enrolment.changed_at, Enrolment.expires_at, Enrolment.payload)
_BY_TOKEN = select(*_COLUMNS).where(Enrolment.token_hash == bindparam("token_hash"))
_KEPT = tuple(f.name for f in fields(Draft) if f.name != "person_id")


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
            draft = replace(_draft(tx, row), taken_up=True)
            tx.execute(
                update(Enrolment)
                .where(Enrolment.person_id == person_id)
                .values(
                    token_hash=crypto.token_hash(token),
                    changed_at=now,
                    expires_at=expires_at,
                    payload=_sealed(tx, draft),
                )
            )
            return token, draft
        tx.execute(delete(Enrolment).where(Enrolment.person_id == person_id))
        draft = Draft(person_id)
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
    # A clock set back must not lengthen it (L7).
    if row is None or row.expires_at <= now or abs(now - row.changed_at) >= TOKEN_LIFE:
        return None
    return _draft(tx, row)


def _draft(tx: Connection, row: Any) -> Draft:
    """What was kept; an activation begun under an earlier version has fewer facts, and some nobody asks for."""
    payload: Mapping[str, Any] = crypto.unseal(tx, row.person_id, "enrolments", row.person_id, row.payload)
    facts = {name: payload[name] for name in _KEPT if name in payload}
    facts["recovery_codes"] = tuple(facts.get("recovery_codes", ()))
    facts["passkeys"] = tuple(_passkey(each) for each in facts.get("passkeys", ()))
    return Draft(row.person_id, **facts)


def _sealed(tx: Connection, draft: Draft) -> bytes:
    facts = asdict(draft)
    del facts["person_id"]
    facts["passkeys"] = [_packed(each) for each in draft.passkeys]
    return crypto.seal(tx, draft.person_id, "enrolments", draft.person_id, facts)


_BYTES = ("credential_id", "public_key", "user")


def _packed(made: NewPasskey) -> dict[str, Any]:
    facts = asdict(made)
    return facts | {name: b64encode(facts[name]).decode() for name in _BYTES}


def _passkey(packed: Mapping[str, Any]) -> NewPasskey:
    read = {name: b64decode(packed[name]) for name in _BYTES}
    return NewPasskey(**{**packed, **read, "transports": tuple(packed["transports"])})
