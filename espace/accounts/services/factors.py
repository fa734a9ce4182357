"""The second factor: codes of an authenticator app, and ten recovery codes for the day it is lost (R3, R4)."""

import re
from hmac import compare_digest
from typing import Literal
from uuid import UUID

import pyotp
from sqlalchemy import Connection, func, insert, select, update

from espace import clock, crypto, db
from espace.accounts.models import Account, RecoveryCode
from espace.identifiers import new_id

STEP_SECONDS = 30
RECOVERY_CODES = 10
_RECOVERY_LENGTH = 10  # of 5 bits each

Factor = Literal["app", "recovery"]


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


def spend(tx: Connection, account_id: UUID, secret: str, typed: str) -> Factor | None:
    """Check what was typed as second factor and make it worthless for the next time; None when it is not right.

    Of two requests with the same code at once, one gets through.
    """
    plain = re.sub(r"[\s\-.\u00a0\u202f]", "", typed).upper()
    if re.fullmatch(r"\d{6}", plain, re.ASCII):
        return "app" if _spend_step(tx, account_id, secret, plain) else None
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
