"""An authenticator in software: makes passkeys and shows them as a browser hands their answers over (WebAuthn 6, 7)."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN, RP_ID = "http://localhost:8000", "localhost"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(value: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def octets(value: str) -> bytes:
    """The bytes of base64url."""
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclass
class Key:
    """One passkey, secret included. `count` is its counter; 0 for a device that keeps none."""

    credential_id: bytes
    private: ec.EllipticCurvePrivateKey
    user: bytes
    count: int = 1

    @property
    def public(self) -> bytes:
        """The public key as COSE."""
        numbers = self.private.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})

    def copy(self) -> "Key":
        """What a thief has of it."""
        return Key(self.credential_id, self.private, self.user, self.count)


@dataclass
class Authenticator:
    """A device with its passkeys. What it says of where it is and what it saw may be changed, as an attacker would."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    flags: int = PRESENT | VERIFIED
    keys: list[Key] = field(default_factory=list)

    def create(self, options_json: str, *, count: int = 1, kind: str = "webauthn.create") -> str:
        """Make a passkey for these options; gives what the page sends."""
        options = json.loads(options_json)
        key = Key(token_bytes(16), ec.generate_private_key(ec.SECP256R1()), octets(options["user"]["id"]), count)
        self.keys.append(key)
        attested = bytes(16) + len(key.credential_id).to_bytes(2) + key.credential_id + key.public
        data = self._data(key.count, ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = {"attestationObject": text(attestation), "transports": ["internal", "hybrid", "unheard-of"]}
        return self._answer(key, self._client_data(kind, options["challenge"]), said)

    def get(
        self, options_json: str, key: Key | None = None, *, kind: str = "webauthn.get", user: bytes | None = None
    ) -> str:
        """Show a passkey (the last one made) for these options; gives what the page sends."""
        options = json.loads(options_json)
        key = key or self.keys[-1]
        if key.count:
            key.count += 1
        client, data = self._client_data(kind, options["challenge"]), self._data(key.count)
        signature = key.private.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        handle = key.user if user is None else user
        said = {"authenticatorData": text(data), "signature": text(signature), "userHandle": text(handle)}
        return self._answer(key, client, said)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, count: int, flags: int = 0) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([self.flags | flags]) + count.to_bytes(4)

    def _answer(self, key: Key, client: bytes, said: dict[str, Any]) -> str:
        whole = {
            "id": text(key.credential_id),
            "rawId": text(key.credential_id),
            "type": "public-key",
            "response": {"clientDataJSON": text(client), **said},
            "authenticatorAttachment": "platform",
        }
        return json.dumps(whole)
