"""What Alembic runs for every command: the revisions, on the connection that `espace.db.schema` hands in."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
context.run_migrations()
