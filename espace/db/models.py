"""The base of every room's models, and the shape of a record's tables (design 3.1)."""

from typing import Any
from uuid import UUID

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .types import Id

PARTITIONS = 16

# Constraint names are the same on both engines, so that migrations can name them.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of the house hangs here. Models are used through Core statements; no row is ever tracked."""

    metadata = MetaData(naming_convention=_NAMES)


def record_table(*constraints: Any) -> tuple[Any, ...]:
    """`__table_args__` of a record's table: clustered by record on SQLite, hash-partitioned on PostgreSQL."""
    return (*constraints, {"sqlite_with_rowid": False, "postgresql_partition_by": "HASH (record_id)"})


class RecordRow:
    """Mixin of a record's table: its primary key is `(record_id, id)`, and nothing finds it otherwise."""

    record_id: Mapped[UUID] = mapped_column(Id, primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True, sort_order=-1)
