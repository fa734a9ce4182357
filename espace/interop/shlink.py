"""SMART Health Links: the link that carries a key, and files sealed with it (HL7 SMART Health Cards and Links, 1.0).

A link is `shlink:/` and the base64url of a small JSON object: where the manifest is asked for, the key, the end, the
flags. A page that shows it puts the link behind its own address and a `#`, which browsers never send. Files are JWE
(RFC 7516) in compact form, `dir` with A256GCM.
"""

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from dataclasses import dataclass
from datetime import datetime

import orjson

PREFIX = "shlink:/"
JOSE = "application/jose"
FHIR = "application/fhir+json"
MAX_URL = 128
MAX_SEALED = 64 * 1024 * 1024
"""Octets of a sealed file that is opened here, far above the largest document."""
_KEY = 32
_KEY_TEXT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_MAX_TEXT = 4000


class ShlinkError(Exception):
    """A text is no link of this kind, or a file does not open with a key."""


@dataclass(frozen=True, slots=True)
class Shlink:
    """A link. `url` is where its manifest is asked for, `key` the base64url of 32 octets."""

    url: str
    key: str
    expires: datetime
    label: str
    flags: str = "P"


def new_key() -> str:
    """A fresh key: 32 octets in base64url."""
    return _text(os.urandom(_KEY))


def write(link: Shlink) -> str:
    """The link as it is given away.

    Raises:
        ValueError: when its address is longer than others accept.
    """
    if len(link.url) > MAX_URL:
        raise ValueError(f"the address of a link has at most {MAX_URL} characters")
    payload = {
        "url": link.url,
        "key": link.key,
        "exp": int(link.expires.timestamp()),
        "flag": link.flags,
        "label": link.label,
        "v": 1,
    }
    return PREFIX + _text(orjson.dumps(payload))


def key_in(text: str) -> str:
    """The key inside a link, a page's address that carries one, or the key alone.

    Raises:
        ShlinkError: when there is none.
    """
    given = "".join(text.split())[:_MAX_TEXT]
    if _KEY_TEXT.fullmatch(given):
        return given
    _, found, packed = given.rpartition(PREFIX)
    if not found:
        raise ShlinkError
    try:
        key = orjson.loads(_octets(packed))["key"]
    except (NotBase64Error, orjson.JSONDecodeError, KeyError, TypeError, UnicodeEncodeError, ValueError):
        raise ShlinkError from None
    if not isinstance(key, str) or not _KEY_TEXT.fullmatch(key):
        raise ShlinkError
    return key


def seal(content: bytes, key: str, media: str = FHIR) -> str:
    """A file sealed with the key of a link, in compact form."""
    from joserfc import jwe
    from joserfc.jwk import OctKey

    header = {"alg": "dir", "enc": "A256GCM", "cty": media}
    return jwe.encrypt_compact(header, content, OctKey.import_key(_octets(key)))


def unseal(sealed: bytes, key: str) -> bytes:
    """What a sealed file holds.

    Raises:
        ShlinkError: when the key is another, or the file was changed.
    """
    from joserfc import jwe
    from joserfc.errors import JoseError
    from joserfc.jwk import OctKey

    registry = jwe.JWERegistry(algorithms=["dir", "A256GCM"])
    for limit in ("max_ciphertext_length", "max_content_length", "max_compact_length"):
        if hasattr(registry, limit):
            setattr(registry, limit, MAX_SEALED)
    try:
        opened = jwe.decrypt_compact(sealed, OctKey.import_key(_octets(key)), registry=registry)
    except (JoseError, ValueError):
        raise ShlinkError from None
    return opened.plaintext or b""


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
