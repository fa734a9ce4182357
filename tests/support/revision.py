"""Write a migration from the models: `python -m tests.support.revision "why" [--anew]`.

It brings an empty SQLite database to the newest revision, compares it with the models of every room, and writes
the difference as a new file to read, correct and complete by hand. `--anew` writes the first revision again, from
nothing: only until there is a house that has run it.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from espace import db
from espace.db import schema, types

from .databases import import_models

VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"
_PARTITIONED = re.compile(
    r"op\.create_table\(((?:(?!op\.create_).)*?),\s*postgresql_partition_by='HASH \(record_id\)',"
    r"\s*sqlite_with_rowid=False\s*\)",
    re.DOTALL,
)
_COMMENT = re.compile(r"^ *# ###.*\n", re.MULTILINE)
_FILE = '''"""{why}."""

import sqlalchemy as sa
from alembic import op

from espace.db.migrations.operations import create_record_table
from espace.db.types import Code, Digest, Id, Instant, Sealed

revision = "{revision}"
down_revision = {before}


def upgrade() -> None:
    """Bring the schema up."""
{up}


def downgrade() -> None:
    """Bring the schema back down."""
{down}
'''


def _type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    if kind == "type" and type(item).__module__ == types.__name__:
        return f"{type(item).__name__}({getattr(item, 'length', None) or ''})"
    return False


def write(why: str, *, anew: bool) -> Path:
    """Write the revision that brings the schema to the models; gives its file."""
    import_models()
    if anew:
        for path in VERSIONS.glob("r*.py"):
            path.unlink()
    before = schema.newest()
    revision = f"r{int(before[1:] if before else 0) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        database = db.Database(f"sqlite:///{folder}/empty.db")
        schema.upgrade(database)
        with database.reader.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"target_metadata": db.Base.metadata, "render_as_batch": True}
            )
            script = produce_migrations(context, db.Base.metadata)
        database.close()
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    parts = [
        _COMMENT.sub("", _PARTITIONED.sub(r"create_record_table(\1)", code + "\n"))
        for ops in (script.upgrade_ops, script.downgrade_ops)
        for code in [render_python_code(ops, render_item=_type, render_as_batch=True)]
    ]
    path = VERSIONS / f"{revision}_{re.sub(r'[^a-z0-9]+', '_', why.lower()).strip('_')}.py"
    path.write_text(
        _FILE.format(why=why, revision=revision, before=f'"{before}"' if before else "None", up=parts[0], down=parts[1])
    )
    subprocess.run([sys.executable, "-m", "ruff", "check", "--quiet", "--fix", "--select", "F401", path], check=False)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", path], check=True)
    return path


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("why")
    arguments.add_argument("--anew", action="store_true")
    given = arguments.parse_args()
    print(write(given.why, anew=given.anew))
