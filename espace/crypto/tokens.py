"""Tokens, blind indexes and one-time codes."""

import secrets
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest

from .sealing import current

# Letters and digits that no one mistakes for another when read on paper.
_CLEAR = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def blind(column: str, value: str) -> bytes:
    """The keyed digest (HMAC-SHA-256, one key per column) under which `value` is looked up (security.md R21)."""
    return hmac_digest(current().ring.derived("index", column), value.encode(), sha256)


def new_token() -> str:
    """A fresh 256-bit token, safe in a cookie or an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token: its SHA-256 (a random token needs no key)."""
    return sha256(token.encode()).digest()


def new_code(length: int) -> str:
    """A fresh code to type from paper: `length` clear capitals and digits (5 bits each)."""
    return "".join(secrets.choice(_CLEAR) for _ in range(length))


def new_digits(length: int) -> str:
    """A fresh numeric code."""
    return f"{secrets.randbelow(10**length):0{length}d}"


def same(left: bytes, right: bytes) -> bool:
    """Compare two digests in constant time."""
    return compare_digest(left, right)
