"""Tokens, blind indexes and one-time codes."""

import secrets
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest

from .sealing import current

# Letters and digits that no one mistakes for another when read on paper.
_CLEAR = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_HALF = 8  # octets of a veiled number, and of what proves it ours


def blind(column: str, value: str) -> bytes:
    """The keyed digest (HMAC-SHA-256, one key per column) under which `value` is looked up (security.md R21)."""
    return hmac_digest(current().ring.derived("index", column), value.encode(), sha256)


def veil(column: str, scope: str, number: int) -> str:
    """A number for an address that must not tell it, nor how far two of them lie apart (security.md R13).

    The same number under the same `column` and `scope` gives the same text; `unveil` reads it back.
    """
    tag = blind(column, f"{scope}:{number}")[:_HALF]
    return urlsafe_b64encode(tag + _masked(column, tag, number.to_bytes(_HALF))).decode()


def unveil(column: str, scope: str, text: str) -> int | None:
    """The number inside a text made by `veil` for the same column and scope; None for anything else."""
    try:
        packed = b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (NotBase64Error, UnicodeEncodeError):
        return None
    if len(packed) != 2 * _HALF:
        return None
    tag, masked = packed[:_HALF], packed[_HALF:]
    number = int.from_bytes(_masked(column, tag, masked))
    return number if same(tag, blind(column, f"{scope}:{number}")[:_HALF]) else None


def _masked(column: str, tag: bytes, number: bytes) -> bytes:
    mask = blind(f"{column}-mask", tag.hex())
    return bytes(left ^ right for left, right in zip(number, mask, strict=False))


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
