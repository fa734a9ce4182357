"""A passkey in software: what a device answers to `navigator.credentials.create`, as the page's script writes it."""

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _WITH_KEY = 0x01, 0x04, 0x40


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class SoftPasskey:
    """One device holding one key, used from one origin."""

    origin: str = "http://localhost:8000"
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    is_verified: bool = True

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: str) -> str:
        """The answer to the options of a page: the key without attestation."""
        asked = json.loads(options)
        client = {"type": "webauthn.create", "challenge": asked["challenge"], "origin": self.origin}
        flags = _PRESENT | _WITH_KEY | (_VERIFIED if self.is_verified else 0)
        known = len(self.credential_id).to_bytes(2) + self.credential_id + self._public_key()
        data = hashlib.sha256(asked["rp"]["id"].encode()).digest() + bytes([flags]) + bytes(4) + bytes(16) + known
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"clientDataJSON": _text(json.dumps(client).encode()), "attestationObject": _text(attestation)}
        name = _text(self.credential_id)
        response_told = response | {"transports": ["internal"]}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response_told})

    def _public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
