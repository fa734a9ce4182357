"""The arithmetic of a chain: what each digest covers. Pure but for the audit key of the bound key ring."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from espace import crypto

TABLE = "audit_events"  # the name under which payloads are sealed
START = bytes(32)  # the link before the first row
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PURPOSE = "trail"


class Row(NamedTuple):
    """The plain columns of an event, as the commitment covers them."""

    record_id: UUID
    id: UUID
    at: datetime
    action: str
    actor_kind: str
    actor_id: UUID


def audit_key() -> bytes:
    """The key that makes new links."""
    return crypto.current().ring.derived("audit", _PURPOSE)


def audit_keys() -> tuple[bytes, ...]:
    """Every key that may have made a link, newest first."""
    return crypto.current().ring.all_derived("audit", _PURPOSE)


def content_digest(key: bytes, event_id: UUID, payload: dict[str, Any]) -> bytes:
    """The digest of a payload: its salt keeps destroyed content from being guessed, even with the audit key."""
    return _mac(key, b"content", event_id.bytes, orjson.dumps(payload, option=orjson.OPT_SORT_KEYS))


def commitment(key: bytes, row: Row, content: bytes) -> bytes:
    """The digest of a whole row but for its place."""
    at = (row.at - _EPOCH) // timedelta(microseconds=1)
    return _mac(
        key,
        b"row",
        row.record_id.bytes,
        row.id.bytes,
        str(at).encode(),
        row.action.encode(),
        row.actor_kind.encode(),
        row.actor_id.bytes,
        content,
    )


def link(key: bytes, previous: bytes, chain_id: UUID, sequence: int, row_commitment: bytes) -> bytes:
    """The digest that gives a row its place: after `previous`, as number `sequence` of its chain."""
    return _mac(key, b"link", previous, chain_id.bytes, str(sequence).encode(), row_commitment)


def same(left: bytes, right: bytes) -> bool:
    """Compare two digests in constant time."""
    return compare_digest(left, right)


def _mac(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA-256 over the parts, each preceded by its length so that none can flow into the next."""
    return hmac_digest(key, b"".join(len(part).to_bytes(4) + part for part in parts), sha256)
