"""The database's schema: brought up and down by migrations, compared with the models."""

from .models import PARTITIONS


def partitions(table: str) -> str:
    """The PostgreSQL statements that make the hash partitions of a record's table (design 3.1)."""
    return "".join(
        f"CREATE TABLE {table}_p{part:02d} PARTITION OF {table} FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part});"
        for part in range(PARTITIONS)
    )
