"""What rows take up in the database, with their indexes (performance.md: 350 bytes for a document)."""

from collections.abc import Mapping

from sqlalchemy import bindparam, text
from sqlalchemy.exc import OperationalError

from espace import db

_PAGES = text(
    "SELECT kept.type AS kind, sum(used.pgsize) AS size FROM dbstat AS used JOIN sqlite_master AS kept"
    " ON kept.name = used.name WHERE kept.tbl_name = :of GROUP BY kept.type"
).bindparams(bindparam("of"))
_ROWS = {
    "documents": text("SELECT count(*) FROM documents"),
    "document_words": text("SELECT count(*) FROM document_words"),
    "document_texts": text("SELECT count(*) FROM document_texts"),
    "audit_events": text("SELECT count(*) FROM audit_events"),
}


def measured() -> Mapping[str, float]:
    """Bytes of pages for each row: of the table itself and of its indexes; nothing where SQLite cannot tell."""
    found: dict[str, float] = {}
    with db.read() as tx:
        try:
            for table, counting in _ROWS.items():
                rows = max(tx.execute(counting).scalar() or 0, 1)
                sizes = {row.kind: row.size / rows for row in tx.execute(_PAGES, {"of": table})}
                found |= {f"{table}, {kind}": size for kind, size in sorted(sizes.items(), reverse=True)}
                found[f"{table}, in all"] = sum(sizes.values())
        except OperationalError:  # built without the table that tells
            return {}
    return found
