"""The two ceremonies of WebAuthn: making a passkey and showing it, as the browser's script does them (R3).

A challenge is held here under its own value, bound to what it was given out for: it works once, for five minutes.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from espace import crypto, settings
from espace.errors import EspaceError, InvalidError
from espace.words import N_

from . import held

CHALLENGE_LIFE = timedelta(minutes=5)
NAME_LENGTH = 60
LONGEST_ANSWER = 20_000
"""Characters of a browser's answer; true ones have a tenth of it."""
_CHALLENGE_BYTES = 32
_LONGEST_ID = 1023  # octets, WebAuthn 6.4.1
_TIMEOUT_MS = 300_000

_OVER = N_("The confirmation came too late, or was used already. Nothing was done: press the button again.")
_BAD_NEW = N_("This passkey could not be made: what your device answered is not right. Press the button again.")


class PasskeyError(EspaceError):
    """A passkey was shown and opens nothing; whether it is known is not told (R5)."""


class OverError(PasskeyError):
    """The challenge was never ours, is older than five minutes, or was answered already."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was just made and checked, ready to be kept. `user` is the handle the device files it under."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    user: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser answered to a challenge, read but not believed yet."""

    credential_id: bytes
    challenge: str
    body: dict[str, Any]

    @property
    def index(self) -> bytes:
        """Under what the passkey is found."""
        return credential_index(self.credential_id)

    @property
    def user(self) -> Any:
        """The handle the device filed it under, if it told."""
        return self.body["response"].get("userHandle")


def credential_index(credential_id: bytes) -> bytes:
    """The blind index of a passkey's id."""
    return crypto.blind("passkey", credential_id.hex())


def registration(subject_id: UUID, label: str, taken: Collection[bytes]) -> tuple[str, str]:
    """What the browser needs to make a passkey: its options as JSON, and the challenge within them.

    `subject_id` is the account, or the person before there is one; `label` is what the device shows the passkey
    under (the e-mail address); devices that hold one of `taken` (`credential_ids`) make no second one.
    """
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import structs

    challenge = _challenge()
    held.hold(_purpose("new", subject_id), challenge, {}, CHALLENGE_LIFE)
    options = generate_registration_options(
        rp_id=_host(),
        rp_name="espace",
        user_name=label,
        user_id=_user(subject_id),
        challenge=to_bytes(challenge),
        timeout=_TIMEOUT_MS,
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in taken],
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
    )
    return options_to_json(options), challenge


def verify_registration(subject_id: UUID, response_json: str, name: str = "") -> NewPasskey:
    """Check what the browser made for this subject; the challenge is spent, whatever it is worth.

    Raises:
        InvalidError: for `name` when it is too long; on top of the form when the passkey is not right or came late.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import structs

    name = checked_name(name)
    try:
        shown = read_answer(response_json)
        _spend(_purpose("new", subject_id), shown)
        made = _believed(
            verify_registration_response,
            credential=shown.body,
            expected_challenge=to_bytes(shown.challenge),
            expected_rp_id=_host(),
            expected_origin=_origin(),
            require_user_verification=True,
        )
    except OverError:
        raise InvalidError({"": _OVER}) from None
    except PasskeyError:
        raise InvalidError({"": _BAD_NEW}) from None
    known = {each.value for each in structs.AuthenticatorTransport}
    told = shown.body["response"].get("transports")
    return NewPasskey(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=tuple(each for each in known if each in told) if isinstance(told, list) else (),
        user=_user(subject_id),
        name=name,
    )


def authentication(ceremony: UUID, allowed: Collection[tuple[bytes, Collection[str]]] = ()) -> str:
    """What the browser needs to have a passkey shown, as JSON.

    `ceremony` says where the answer counts: this browser's, this sign-in's or this session's id. `allowed` names the
    passkeys that will do, by id and transports; without, the device offers those it holds for this house.
    """
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers import structs

    descriptors = [
        structs.PublicKeyCredentialDescriptor(
            id=credential_id, transports=[structs.AuthenticatorTransport(each) for each in transports] or None
        )
        for credential_id, transports in allowed
    ]
    challenge = _challenge()
    held.hold(_purpose("use", ceremony), challenge, {}, CHALLENGE_LIFE)
    options = generate_authentication_options(
        rp_id=_host(),
        challenge=to_bytes(challenge),
        timeout=_TIMEOUT_MS,
        allow_credentials=descriptors,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def prove(ceremony: UUID, shown: Shown, public_key: bytes) -> int:
    """See that a passkey answered the challenge of this ceremony, and that its device checked who held it.

    The challenge is spent, whatever the answer is worth. Gives the passkey's counter, for the caller to judge.

    Raises:
        OverError: when the challenge is not ours, too old or used.
        PasskeyError: when it is not right in any other way.
    """
    from webauthn import verify_authentication_response

    _spend(_purpose("use", ceremony), shown)
    proven = _believed(
        verify_authentication_response,
        credential=shown.body,
        expected_challenge=to_bytes(shown.challenge),
        expected_rp_id=_host(),
        expected_origin=_origin(),
        credential_public_key=public_key,
        credential_current_sign_count=0,  # judged by the caller, who can tell a copy from a mistake
        require_user_verification=True,
    )
    count: int = proven.new_sign_count
    return count


def read_answer(response_json: str) -> Shown:
    """What a browser answered, before anything is believed.

    Raises:
        PasskeyError: when it is no answer at all.
    """
    if len(response_json) > LONGEST_ANSWER:
        raise PasskeyError
    try:
        body = orjson.loads(response_json)
        said = orjson.loads(from_text(body["response"]["clientDataJSON"]))
        credential_id, challenge = from_text(body["rawId"]), said["challenge"]
    except (ValueError, KeyError, TypeError):
        raise PasskeyError from None
    if (
        not isinstance(challenge, str)
        or not isinstance(body["response"], dict)
        or not credential_id
        or len(credential_id) > _LONGEST_ID
    ):
        raise PasskeyError
    return Shown(credential_id, challenge, body)


def _spend(purpose: str, shown: Shown) -> None:
    if held.take(purpose, shown.challenge) is None:
        raise OverError


def _believed(check: Callable[..., Any], **facts: Any) -> Any:
    try:
        return check(**facts)
    except Exception as error:  # whatever the library meets in bytes from outside, the passkey is not right
        raise PasskeyError from error


def checked_name(name: str) -> str:
    """A passkey's name as it is kept: blanks reduced, perhaps empty.

    Raises:
        InvalidError: for `name`, when it is too long.
    """
    name = " ".join(name.split())
    if len(name) > NAME_LENGTH:
        raise InvalidError({"name": N_("This name is too long: write at most %(most)d characters.", most=NAME_LENGTH)})
    return name


def _purpose(act: str, subject_id: UUID) -> str:
    return f"passkey-{act}:{subject_id}"


def _user(subject_id: UUID) -> bytes:
    """The handle under which devices file the passkeys of one subject: it tells nothing, not even the subject's id."""
    return crypto.blind("passkey-user", str(subject_id))


def _host() -> str:
    return urlsplit(settings.current().base_url).hostname or ""


def _origin() -> str:
    base = urlsplit(settings.current().base_url)
    return f"{base.scheme}://{base.netloc}"


def _challenge() -> str:
    return to_text(secrets.token_bytes(_CHALLENGE_BYTES))


def to_text(value: bytes) -> str:
    """Bytes as base64url without padding, as WebAuthn writes them."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    """The bytes of what `to_text` wrote."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def from_text(text: Any) -> bytes:
    """The bytes of base64url text from outside.

    Raises:
        ValueError: when it is none.
    """
    if not isinstance(text, str) or not text.isascii():
        raise ValueError
    return to_bytes(text)
