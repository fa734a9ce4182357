"""What a database's schema is, as plain data: two databases are alike when their descriptions are equal."""

import re
from typing import Any

from sqlalchemy import Connection, inspect

PARTITION = re.compile(r"_p\d\d$")
_PARTITIONED = """
    SELECT c.relname, p.partstrat, a.attname,
           (SELECT count(*) FROM pg_inherits i WHERE i.inhparent = c.oid) AS parts
    FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
"""


def describe(connection: Connection) -> dict[str, Any]:
    """Table -> its columns, keys, indexes and way of being stored."""
    found = inspect(connection)
    names = [n for n in found.get_table_names() if n != "alembic_version" and not PARTITION.search(n)]
    storage = _storage(connection)
    return {name: {**_table(found, name), "storage": storage.get(name)} for name in names}


def _table(found: Any, name: str) -> dict[str, Any]:
    return {
        "columns": {c["name"]: (str(c["type"]), bool(c["nullable"]), c["default"]) for c in found.get_columns(name)},
        "primary key": tuple(found.get_pk_constraint(name)["constrained_columns"]),
        "unique": sorted((str(u["name"]), tuple(u["column_names"])) for u in found.get_unique_constraints(name)),
        "indexes": sorted(
            (str(i["name"]), tuple(i["column_names"]), bool(i["unique"])) for i in found.get_indexes(name)
        ),
        "foreign keys": sorted(str(f["name"]) for f in found.get_foreign_keys(name)),
        "checks": sorted((str(c["name"]), str(c["sqltext"])) for c in found.get_check_constraints(name)),
    }


def _storage(connection: Connection) -> dict[str, tuple[Any, ...]]:
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("PRAGMA table_list").all()
        return {row[1]: ("without rowid",) for row in rows if row[4]}
    rows = connection.exec_driver_sql(_PARTITIONED).all()
    return {row[0]: (str(row[1]), row[2], row[3]) for row in rows}


def differences(left: dict[str, Any], right: dict[str, Any]) -> list[str]:
    """Where two descriptions differ, in words."""
    found = [f"{name} is missing on one side" for name in sorted(left.keys() ^ right.keys())]
    return found + [
        f"{name}, {part}: {left[name][part]} against {right[name][part]}"
        for name in sorted(left.keys() & right.keys())
        for part in left[name]
        if left[name][part] != right[name][part]
    ]
