"""Engine, unit of work, column types, migrations. Knows no room."""

from .models import PARTITIONS, Base, RecordRow, record_table
from .types import Code, Digest, Id, Instant, Sealed
from .unit import Database, after_commit, bind, current, in_write, read, write, write_apart, write_if_free

__all__ = [
    "PARTITIONS",
    "Base",
    "Code",
    "Database",
    "Digest",
    "Id",
    "Instant",
    "RecordRow",
    "Sealed",
    "after_commit",
    "bind",
    "current",
    "in_write",
    "read",
    "record_table",
    "write",
    "write_apart",
    "write_if_free",
]
