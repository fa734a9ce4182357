"""Keyset cursors in addresses: the place of the last row seen, as a short opaque text. A bad text is page one."""

import base64
import binascii
import struct
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHAPE = struct.Struct(">q16s")
_MICROSECOND = timedelta(microseconds=1)


def to_text(at: date | datetime, row_id: UUID) -> str:
    """The cursor after the row of date (or instant) `at` and id `row_id`."""
    instant = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=UTC)
    packed = _SHAPE.pack((instant - _EPOCH) // _MICROSECOND, row_id.bytes)
    return base64.urlsafe_b64encode(packed).decode()


def instant_from(text: str | None) -> tuple[datetime, UUID] | None:
    """The instant and id inside a cursor; None for no cursor, or for one we did not write."""
    if not text:
        return None
    try:
        ticks, row = _SHAPE.unpack(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
        return _EPOCH + ticks * _MICROSECOND, UUID(bytes=row)
    except (binascii.Error, struct.error, OverflowError, UnicodeEncodeError):
        return None


def day_from(text: str | None) -> tuple[date, UUID] | None:
    """Like `instant_from`, for lists ordered by civil date."""
    found = instant_from(text)
    return (found[0].date(), found[1]) if found else None
