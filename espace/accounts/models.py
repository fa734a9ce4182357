"""Accounts of people, the sessions of everybody, and what guards their door."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, Sealed


class Account(Base):
    """The account of a person, or of an operator (`role`). The payload lies under the account's own key.

    It holds: email, phone (E.164, proven), password_hash, totp_secret ("" for no app), sms and email_code (whether
    they are second factors), terms, private (private mode, R53), name (operators only).
    """

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    person_id: Mapped[UUID | None] = mapped_column(Id, unique=True)
    role: Mapped[str] = mapped_column(Code(20), server_default="")  # permissions.Role; "" for a person
    email_index: Mapped[bytes] = mapped_column(Digest(32), unique=True)
    locale: Mapped[str] = mapped_column(Code(5))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_totp_step: Mapped[int] = mapped_column(BigInteger)  # a code of this step or before is a replay
    provider_index: Mapped[bytes | None] = mapped_column(Digest(32), unique=True)  # outside identity (issuer, subject)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)  # since when it opens nothing (operators only)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Passkey(Base):
    """A passkey of an account. Payload, under the account's key: credential_id, public_key, name, transports."""

    __tablename__ = "passkeys"

    account_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    credential_index: Mapped[bytes] = mapped_column(Digest(32), unique=True)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)


class OneTimeCode(Base):
    """A code sent to someone, or a challenge given to a browser: works once, until `expires_at`.

    `key` is the blind index of purpose and subject. The payload, under `owner_id`'s key, holds what the code is for
    (a new address, say).
    """

    __tablename__ = "one_time_codes"

    key: Mapped[bytes] = mapped_column(Digest(32), primary_key=True)
    id: Mapped[UUID] = mapped_column(Id)
    owner_id: Mapped[UUID] = mapped_column(Id)
    code_hash: Mapped[bytes] = mapped_column(Digest(32))
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    payload: Mapped[bytes] = mapped_column(Sealed)


class RecoveryCode(Base):
    """One of ten single-use codes that stand in for the second factor (R4)."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(Digest(32))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Session(Base):
    """One signed-in browser, of a person or a professional. The token itself is only in its cookie."""

    __tablename__ = "sessions"

    token_hash: Mapped[bytes] = mapped_column(Digest(32), primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, unique=True)
    kind: Mapped[str] = mapped_column(Code(16))  # permissions.ActorKind
    subject_id: Mapped[UUID] = mapped_column(Id, index=True)  # account or professional; its key seals the payload
    stage: Mapped[str] = mapped_column(Code(10))  # password (second factor awaited), full
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    proved_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    device_id: Mapped[UUID | None] = mapped_column(Id)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Device(Base):
    """A browser an account has signed in from before: it keeps its own throttle and raises no alert (R6, R8).

    The payload, under the account's key, holds the names of browser and system.
    """

    __tablename__ = "known_devices"

    account_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(Digest(32), primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, unique=True)
    first_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Throttle(Base):
    """Failures counted under one keyed name (an account, a /64 network, a device): each slows the next try (R6)."""

    __tablename__ = "throttles"

    key: Mapped[bytes] = mapped_column(Digest(32), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    next_at: Mapped[datetime] = mapped_column(Instant)


class ActivationCode(Base):
    """The one-time provisional code of a person's letter."""

    __tablename__ = "activation_codes"

    person_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(Digest(32))
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Enrolment(Base):
    """An activation under way, kept so that it can be left and resumed. Payload under the person's key."""

    __tablename__ = "enrolments"

    person_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(Digest(32), unique=True)
    step: Mapped[str] = mapped_column(Code(16))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Recovery(Base):
    """A lost access under way: one per account, `services.recovery` says how long it waits (R4).

    `waited` counts the seconds the house was up since, as of `counted_at`: neither a jump of the clock nor a night
    without service shortens what the account's owner has to refuse it. Payload, under the account's key: what the
    person has given again so far.
    """

    __tablename__ = "recoveries"

    account_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, unique=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    ready_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    counted_at: Mapped[datetime] = mapped_column(Instant)
    waited: Mapped[int] = mapped_column(BigInteger)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    cancel_hash: Mapped[bytes] = mapped_column(Digest(32), unique=True)  # of the link in the first message
    reminder_hash: Mapped[bytes | None] = mapped_column(Digest(32), unique=True)  # of the link in the reminder
    resume_hash: Mapped[bytes] = mapped_column(Digest(32), unique=True)  # of the browser that asked last
    payload: Mapped[bytes] = mapped_column(Sealed)


class PasswordReset(Base):
    """A forgotten password under way in one browser, alike for known and unknown addresses (R5).

    Payload, under the house's sign-in key: whose it is (if anybody's), the code that was sent, how far it has come.
    """

    __tablename__ = "password_resets"

    token_hash: Mapped[bytes] = mapped_column(Digest(32), primary_key=True)
    id: Mapped[UUID] = mapped_column(Id)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Invitation(Base):
    """An operator's account that awaits its first sign-in: the code works until it is spent, or `expires_at`.

    Payload, under the account's key: what the enrolment has so far (password_hash, totp_secret, passkey, codes).
    """

    __tablename__ = "invitations"

    account_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(Digest(32))
    token_hash: Mapped[bytes | None] = mapped_column(Digest(32), unique=True)  # of the browser that enrols
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    payload: Mapped[bytes] = mapped_column(Sealed)
