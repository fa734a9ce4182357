"""Keys, sealed rows and files, blind index, tokens, passwords. Knows no room."""

from .keys import KeyRing, new_ring, read_ring, write_ring
from .passwords import Hasher, hasher
from .sealing import (
    Vault,
    bind,
    current,
    destroy,
    ensure_owner_key,
    new_owner_key,
    seal,
    seal_bytes,
    unseal,
    unseal_bytes,
)
from .tokens import blind, new_code, new_digits, new_token, same, token_hash, unveil, veil

__all__ = [
    "Hasher",
    "KeyRing",
    "Vault",
    "bind",
    "blind",
    "current",
    "destroy",
    "ensure_owner_key",
    "hasher",
    "new_code",
    "new_digits",
    "new_owner_key",
    "new_ring",
    "new_token",
    "read_ring",
    "same",
    "seal",
    "seal_bytes",
    "token_hash",
    "unseal",
    "unseal_bytes",
    "unveil",
    "veil",
    "write_ring",
]
