"""How the databases would answer: a statement as it is really sent, explained."""

from typing import Any

from sqlalchemy import event

from espace import db


def plan(statement: Any, values: dict[str, Any]) -> str:
    """The plan in one line; on PostgreSQL what it would do if it may neither scan nor sort, were there another way."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, text: str, given: Any, *_rest: Any) -> None:
        sent.append((text, given))

    with db.current().reader.connect() as connection:
        is_sqlite = db.current().is_sqlite
        event.listen(connection, "before_cursor_execute", note)
        connection.execute(statement, values)
        event.remove(connection, "before_cursor_execute", note)
        text, given = sent[0]
        if is_sqlite:
            return " ".join(map(str, connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given).all()))
        ways = ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin")
        for way in ways:
            connection.exec_driver_sql(f"SET enable_{way} = off")
        rows = connection.exec_driver_sql(f"EXPLAIN {text}", given).all()
        for way in ways:
            connection.exec_driver_sql(f"RESET enable_{way}")
        return " ".join(map(str, rows))


def faults(found: str) -> list[str]:
    """What a plan of ours never holds: a sort, a whole table read."""
    wrong = [
        way
        for way in (
            "TEMP B-TREE",
            "Seq Scan",
            "Sort Key",
            "SCAN documents",
            "SCAN document_",
            "documents USING PRIMARY KEY (record_id=?)",
        )
        if way in found
    ]
    return [f"{way}: {found}" for way in wrong]
