"""The second factor: the ways an account has to show it, codes of an app, and ten recovery codes (R3, R4)."""

import re
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Literal
from uuid import UUID

import pyotp
from sqlalchemy import Connection, bindparam, func, insert, select, update

from espace import clock, crypto, db, settings
from espace.accounts.models import Account, Passkey, RecoveryCode
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.notifications.services import can_send

from . import one_time

STEP_SECONDS = 30
RECOVERY_CODES = 10
_RECOVERY_LENGTH = 10  # of 5 bits each

Factor = Literal["app", "sent", "recovery"]
Way = Literal["passkey", "app", "sms", "email"]

_WAYS = select(
    Account.payload,
    select(func.count()).where(Passkey.account_id == Account.id).scalar_subquery().label("passkeys"),
    select(func.count())
    .where(RecoveryCode.account_id == Account.id, RecoveryCode.used_at.is_(None))
    .scalar_subquery()
    .label("recovery_left"),
).where(Account.id == bindparam("account_id"))


@dataclass(frozen=True, slots=True)
class Ways:
    """By what an account may show its second factor. `sms` is the masked number codes go to, or empty."""

    app: bool = False
    sms: str = ""
    email: bool = False
    passkeys: int = 0
    recovery_left: int = 0

    @property
    def all(self) -> tuple[Way, ...]:
        """The ways there are, the best first; recovery codes are for the day there is none."""
        there: dict[Way, bool] = {
            "passkey": bool(self.passkeys),
            "app": self.app,
            "sms": bool(self.sms),
            "email": self.email,
        }
        return tuple(way for way, is_there in there.items() if is_there)

    @property
    def count(self) -> int:
        """How many ways: several passkeys are several."""
        return self.passkeys + self.app + bool(self.sms) + self.email


def ways(account_id: UUID) -> Ways:
    """The account's ways, as they would be taken now: SMS needs a gateway, e-mail the operator's word.

    Raises:
        NotFoundError: when there is no such account.
    """
    with db.read() as tx:
        row = tx.execute(_WAYS, {"account_id": account_id}).first()
        if row is None:
            raise NotFoundError
        return ways_of(crypto.unseal(tx, account_id, "accounts", account_id, row.payload), row)


def ways_of(facts: dict[str, Any], counts: Any) -> Ways:
    """The ways of an account whose payload is open; `counts` tells of `passkeys` and `recovery_left`."""
    return Ways(
        app=bool(facts.get("totp_secret")),
        sms=masked(facts["phone"]) if facts.get("sms") and facts.get("phone") and can_send() else "",
        email=bool(facts.get("email_code")) and settings.current().email_code_allowed,
        passkeys=counts.passkeys,
        recovery_left=counts.recovery_left,
    )


def masked(phone: str) -> str:
    """The end of a number in E.164 form: enough for its owner to know it, too little to call it."""
    return phone[-2:]


def new_secret() -> str:
    """A fresh secret for an authenticator app, in base 32."""
    return pyotp.random_base32()


def app_address(secret: str, email: str) -> str:
    """The otpauth: address an authenticator app reads from a QR code or a link."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="espace")


def fitting_step(secret: str, code: str, after: int) -> int | None:
    """The 30-second step whose code this is, one step of drift allowed either way; none up to `after` (a replay)."""
    app = pyotp.TOTP(secret, interval=STEP_SECONDS)
    present = int(clock.now().timestamp()) // STEP_SECONDS
    fitting = None
    for step in (present - 1, present, present + 1):
        if compare_digest(app.generate_otp(step).encode(), code.encode()) and step > after:
            fitting = step
    return fitting


def new_recovery_codes() -> list[str]:
    """Ten fresh codes, written `XXXXX-XXXXX`."""
    drawn = (crypto.new_code(_RECOVERY_LENGTH) for _ in range(RECOVERY_CODES))
    return [f"{code[:5]}-{code[5:]}" for code in drawn]


def keep_recovery_codes(tx: Connection, account_id: UUID, codes: list[str]) -> None:
    """Store the account's recovery codes, as keyed digests."""
    rows = [
        {"account_id": account_id, "id": new_id(), "code_hash": _digest(account_id, code), "used_at": None}
        for code in codes
    ]
    tx.execute(insert(RecoveryCode), rows)


def recovery_codes_left(account_id: UUID) -> int:
    """How many recovery codes the account has not used."""
    with db.read() as tx:
        return tx.execute(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
        ).scalar_one()


def spend(
    tx: Connection, account_id: UUID, secret: str, typed: str, *, sent: tuple[str, UUID] | None = None
) -> Factor | None:
    """Check what was typed as second factor and make it worthless for the next time; None when it is not right.

    `sent` names the code that may have been sent: its purpose and subject (`one_time.send`). Of two requests with the
    same code at once, one gets through.
    """
    plain = re.sub(r"[\s\-.\u00a0\u202f]", "", typed).upper()
    if re.fullmatch(r"\d{6}", plain, re.ASCII):
        if secret and _spend_step(tx, account_id, secret, plain):
            return "app"
        return "sent" if sent and one_time.spend(*sent, plain) else None
    spent = tx.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_hash == _digest(account_id, plain),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )
    return "recovery" if spent.rowcount == 1 else None


def _spend_step(tx: Connection, account_id: UUID, secret: str, code: str) -> bool:
    last = tx.execute(select(Account.last_totp_step).where(Account.id == account_id)).scalar_one()
    step = fitting_step(secret, code, last)
    if step is None:
        return False
    moved = tx.execute(
        update(Account).where(Account.id == account_id, Account.last_totp_step < step).values(last_totp_step=step)
    )
    return moved.rowcount == 1


def _digest(account_id: UUID, code: str) -> bytes:
    return crypto.blind("recovery-code", f"{account_id}:{code.replace('-', '')}")
