"""The provisional code of a person's letter: made, checked, used once (rules.md AC-5)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from espace import clock, crypto, db, settings
from espace.accounts.models import ActivationCode
from espace.identifiers import PROVISIONAL_CODE_LENGTH


def new_activation_code(person_id: UUID) -> str:
    """Make a person's provisional code and give it, for the letter: 8 clear characters, stored as a keyed digest.

    An earlier code of the same person stops working. It lives `settings.activation_code_life` days.
    """
    code = crypto.new_code(PROVISIONAL_CODE_LENGTH)
    now = clock.now()
    with db.write() as tx:
        tx.execute(delete(ActivationCode).where(ActivationCode.person_id == person_id))
        tx.execute(
            insert(ActivationCode).values(
                person_id=person_id,
                code_hash=_digest(person_id, code),
                made_at=now,
                expires_at=now + timedelta(days=settings.current().activation_code_life),
                used_at=None,
            )
        )
    return code


@dataclass(frozen=True, slots=True)
class Found:
    """A provisional code that is the person's: until when it works, and whether it was used."""

    expires_at: datetime
    is_used: bool


def find(person_id: UUID, code: str) -> Found | None:
    """The person's provisional code if it is `code`, expired and used ones included; None otherwise."""
    digest = _digest(person_id, _normal(code))
    with db.read() as tx:
        row = tx.execute(
            select(ActivationCode.code_hash, ActivationCode.expires_at, ActivationCode.used_at).where(
                ActivationCode.person_id == person_id
            )
        ).first()
    # The same comparison is made for a person without a code (R5).
    fits = crypto.same(row.code_hash if row else bytes(32), digest)
    return Found(row.expires_at, row.used_at is not None) if row and fits else None


def has_valid_code(person_id: UUID) -> bool:
    """Whether the person holds a code that is neither spent nor expired."""
    with db.read() as tx:
        row = tx.execute(
            select(ActivationCode.person_id).where(
                ActivationCode.person_id == person_id,
                ActivationCode.used_at.is_(None),
                ActivationCode.expires_at > clock.now(),
            )
        ).first()
    return row is not None


def use(person_id: UUID) -> bool:
    """Spend the person's code, if it is neither spent nor expired; of two at once, one gets True."""
    now = clock.now()
    with db.write() as tx:
        spent = tx.execute(
            update(ActivationCode)
            .where(
                ActivationCode.person_id == person_id,
                ActivationCode.used_at.is_(None),
                ActivationCode.expires_at > now,
            )
            .values(used_at=now)
        )
        return spent.rowcount == 1


def _normal(code: str) -> str:
    return re.sub(r"[\s\-.\u00a0\u202f]", "", code).upper()


def _digest(person_id: UUID, code: str) -> bytes:
    return crypto.blind("activation-code", f"{person_id}:{code}")
