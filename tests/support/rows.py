"""Rows of the right shape for any table, for tests that look at tables and not at what they mean."""

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Boolean, Connection, Date, FromClause, Integer, String, Table, insert

from espace.db import Digest, Id, Instant

_DAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def fill(tx: Connection, tables: Iterable[FromClause]) -> None:
    """Put one row of arbitrary values into each table."""
    for table in tables:
        assert isinstance(table, Table)
        tx.execute(insert(table).values({column.name: _value(column.type) for column in table.columns}))


def _value(kind: Any) -> UUID | bytes | datetime | date | str | int | bool:
    if isinstance(kind, Id):
        return uuid4()
    if isinstance(kind, Digest):
        return os.urandom(32)
    if isinstance(kind, Instant):
        return _DAY
    if isinstance(kind, Date):
        return _DAY.date()
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Integer | BigInteger):
        return int.from_bytes(os.urandom(3))
    if isinstance(kind, String):
        return "x"
    return os.urandom(40)
