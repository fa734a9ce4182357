"""The key file: master, index, audit and signing keys, each random and of its own version.

The file is JSON, readable by its owner only, and lies outside the data directory (security.md R18, R56).
"""

import json
import os
import secrets
import stat
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from hmac import digest as hmac_digest
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from espace.errors import SettingsError

KINDS = ("master", "index", "audit", "signing")


@dataclass(frozen=True)
class KeyRing:
    """The house's own keys, by kind and version. The newest version seals; older ones still open."""

    keys: dict[str, dict[int, bytes]] = field(repr=False)

    @cached_property
    def masters(self) -> dict[int, AESGCM]:
        """Version -> cipher that wraps data keys."""
        return {version: AESGCM(key) for version, key in self.keys["master"].items()}

    @cached_property
    def master_version(self) -> int:
        """The version that wraps new data keys."""
        return max(self.keys["master"])

    def newest(self, kind: str) -> bytes:
        """The key of `kind` in use."""
        return self.keys[kind][max(self.keys[kind])]

    def derived(self, kind: str, purpose: str) -> bytes:
        """A 32-byte key for one purpose, derived from the newest key of `kind`."""
        return _derive(self.newest(kind), purpose)

    def all_derived(self, kind: str, purpose: str) -> tuple[bytes, ...]:
        """The same from every version of the key, newest first: to check what older ones made."""
        versions = self.keys[kind]
        return tuple(_derive(versions[version], purpose) for version in sorted(versions, reverse=True))

    @cached_property
    def signer(self) -> Ed25519PrivateKey:
        """Signs checkpoints of the trail."""
        return Ed25519PrivateKey.from_private_bytes(self.newest("signing"))

    @cached_property
    def verifiers(self) -> tuple[Ed25519PublicKey, ...]:
        """Check checkpoints, those signed by older versions of the key too; newest first."""
        versions = self.keys["signing"]
        newest_first = sorted(versions, reverse=True)
        return tuple(Ed25519PrivateKey.from_private_bytes(versions[v]).public_key() for v in newest_first)


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac_digest(key, b"espace/" + purpose.encode(), sha256)


def new_ring() -> KeyRing:
    """A ring of fresh random keys, all at version 1."""
    return KeyRing({kind: {1: secrets.token_bytes(32)} for kind in KINDS})


def write_ring(ring: KeyRing, path: Path) -> None:
    """Write a new key file, readable by its owner only; an existing one is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps(
        {kind: {str(v): b64encode(k).decode() for v, k in versions.items()} for kind, versions in ring.keys.items()},
        indent=1,
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)  # the name must last as well: without this file nothing can be read
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_ring(path: Path) -> KeyRing:
    """Read the key file.

    Raises:
        SettingsError: when it is missing, readable by others, or not a key file.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text()
    except OSError:
        raise SettingsError(f"no key file at {path}: run `espace init` first, or set ESPACE_KEY_FILE") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(f"the key file {path} can be read by others: set its mode to 0600")
    try:
        found = json.loads(text)
        keys = {kind: {int(v): b64decode(k) for v, k in found[kind].items()} for kind in KINDS}
    except (ValueError, KeyError, AttributeError, TypeError):
        raise SettingsError(f"{path} is not a key file of espace") from None
    if any(len(k) != 32 for versions in keys.values() for k in versions.values()) or not all(keys.values()):
        raise SettingsError(f"{path} holds a key of the wrong size")
    return KeyRing(keys)
