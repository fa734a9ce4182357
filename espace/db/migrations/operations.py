"""What revisions share."""

from typing import Any

from alembic import op
from sqlalchemy.schema import SchemaItem

from espace.db.schema import partitions


def create_record_table(name: str, *items: SchemaItem, **options: Any) -> None:
    """Create a record's table: clustered by record on SQLite, in hash partitions on PostgreSQL (design 3.1).

    `items` are its columns and constraints; the primary key starts with `record_id`. `op.drop_table` drops it.
    """
    op.create_table(name, *items, sqlite_with_rowid=False, postgresql_partition_by="HASH (record_id)", **options)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(partitions(name))
