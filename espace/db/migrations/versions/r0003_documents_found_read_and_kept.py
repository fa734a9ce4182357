"""Documents found, read and kept."""

import sqlalchemy as sa
from alembic import op

from espace.db.migrations.operations import create_record_table
from espace.db.types import Code, Digest, Id, Instant, Sealed

revision = "r0003"
down_revision = "r0002"


def upgrade() -> None:
    """Bring the schema up."""
    _make_adding_and_care()
    _make_readers_and_words()
    _make_other_tables()
    _change_old_tables()


def downgrade() -> None:
    """Bring the schema back down."""
    _restore_old_tables()
    _drop_other_tables()
    _drop_readers_and_words()
    _drop_adding_and_care()


def _make_adding_and_care() -> None:
    create_record_table(
        "adding_drafts",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("touched_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_adding_drafts")),
    )

    with op.batch_alter_table("adding_drafts", schema=None) as batch_op:
        batch_op.create_index("ix_adding_drafts_account_id", ["record_id", "account_id"], unique=False)
        batch_op.create_index("ix_adding_drafts_touched", ["touched_at"], unique=False)

    create_record_table(
        "adding_pieces",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("draft_id", Id(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_adding_pieces")),
    )

    with op.batch_alter_table("adding_pieces", schema=None) as batch_op:
        batch_op.create_index("ix_adding_pieces_draft_id", ["record_id", "draft_id", "place"], unique=False)

    create_record_table(
        "care_lines",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("kind", Code(12), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("visit_id", Id(), nullable=False),
        sa.Column("line_index", Digest(32), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_care_lines")),
    )

    with op.batch_alter_table("care_lines", schema=None) as batch_op:
        batch_op.create_index("ix_care_lines_age", ["date"], unique=False)
        batch_op.create_index("ix_care_lines_date", ["record_id", "date", "id"], unique=False)
        batch_op.create_index("uq_care_lines_line_index", ["record_id", "line_index"], unique=True)


def _make_readers_and_words() -> None:
    create_record_table(
        "document_folders",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("reader_id", Id(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_document_folders")),
    )

    with op.batch_alter_table("document_folders", schema=None) as batch_op:
        batch_op.create_index("ix_document_folders_reader_id", ["record_id", "reader_id"], unique=False)

    create_record_table(
        "document_marks",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("reader_id", Id(), nullable=False),
        sa.Column("document_id", Id(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("folder_id", Id(), nullable=True),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_document_marks")),
    )

    with op.batch_alter_table("document_marks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_document_marks_favourite",
            ["record_id", "reader_id", "date", "document_id"],
            unique=False,
            sqlite_where=sa.text("favourite"),
            postgresql_where=sa.text("favourite"),
        )
        batch_op.create_index(
            "ix_document_marks_folder",
            ["record_id", "reader_id", "folder_id", "date", "document_id"],
            unique=False,
            sqlite_where=sa.text("folder_id IS NOT NULL"),
            postgresql_where=sa.text("folder_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_document_marks_reader_document", ["record_id", "reader_id", "document_id"], unique=True
        )

    create_record_table(
        "document_readers",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("reader_id", Id(), nullable=False),
        sa.Column("visited_at", Instant(), nullable=False),
        sa.Column("previous_visit_at", Instant(), nullable=True),
        sa.Column("read_up_to", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_document_readers")),
    )

    with op.batch_alter_table("document_readers", schema=None) as batch_op:
        batch_op.create_index("uq_document_readers_record_id_reader_id", ["record_id", "reader_id"], unique=True)

    create_record_table(
        "document_texts",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_document_texts")),
    )

    create_record_table(
        "document_words",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("word", Digest(8), nullable=False),
        sa.Column("document_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "word", "document_id", name=op.f("pk_document_words")),
    )


def _make_other_tables() -> None:
    create_record_table(
        "document_authors",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("name_index", Digest(32), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_document_authors")),
    )

    with op.batch_alter_table("document_authors", schema=None) as batch_op:
        batch_op.create_index("uq_document_authors_record_id_name_index", ["record_id", "name_index"], unique=True)

    create_record_table(
        "document_sources",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("document_id", Id(), nullable=False),
        sa.Column("kind", Code(12), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("source_index", Digest(32), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_document_sources")),
    )

    with op.batch_alter_table("document_sources", schema=None) as batch_op:
        batch_op.create_index("ix_document_sources_document_id", ["record_id", "document_id"], unique=False)

    create_record_table(
        "document_word_keys",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_document_word_keys")),
    )

    create_record_table(
        "result_delays",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", Code(12), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_result_delays")),
    )

    with op.batch_alter_table("result_delays", schema=None) as batch_op:
        batch_op.create_index("uq_result_delays_record_id_kind", ["record_id", "kind"], unique=True)


def _change_old_tables() -> None:
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("series_index", Digest(16), nullable=True))
        batch_op.add_column(sa.Column("folded_into", Id(), nullable=True))
        batch_op.add_column(sa.Column("author_id", Id(), nullable=True))
        batch_op.add_column(sa.Column("held_until", Instant(), nullable=True))
        batch_op.add_column(sa.Column("arrived_at", Instant(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("choices", sa.Integer(), server_default="0", nullable=False))
        batch_op.drop_index(batch_op.f("ix_documents_class"))
        batch_op.create_index("ix_documents_class", ["record_id", "state", "class_code", "date", "id"], unique=False)
        batch_op.drop_index(batch_op.f("ix_documents_date"))
        batch_op.create_index("ix_documents_date", ["record_id", "state", "date", "id"], unique=False)
        batch_op.create_index("ix_documents_arrived", ["record_id", "state", "arrived_at", "id"], unique=False)
        batch_op.create_index(
            "ix_documents_author",
            ["record_id", "state", "author_id", "date", "id"],
            unique=False,
            sqlite_where=sa.text("author_id IS NOT NULL"),
            postgresql_where=sa.text("author_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_documents_awaiting",
            ["created_at", "record_id", "id"],
            unique=False,
            sqlite_where=sa.text("patient_invisible"),
            postgresql_where=sa.text("patient_invisible"),
        )
        batch_op.create_index("ix_documents_content", ["record_id", "content_index"], unique=False)
        batch_op.create_index(
            "ix_documents_held",
            ["record_id", "held_until"],
            unique=False,
            sqlite_where=sa.text("held_until IS NOT NULL"),
            postgresql_where=sa.text("held_until IS NOT NULL"),
        )
        batch_op.create_index("ix_documents_series", ["record_id", "series_index", "version"], unique=False)
        batch_op.create_index("ix_documents_type", ["record_id", "state", "type_code", "date", "id"], unique=False)

    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.add_column(sa.Column("record_id", Id(), nullable=True))
        batch_op.add_column(sa.Column("proposed_by", Id(), nullable=True))
        batch_op.add_column(sa.Column("proposed_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("proposal", Sealed(), nullable=True))


def _restore_old_tables() -> None:
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_column("proposal")
        batch_op.drop_column("proposed_at")
        batch_op.drop_column("proposed_by")
        batch_op.drop_column("record_id")

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index("ix_documents_type")
        batch_op.drop_index("ix_documents_series")
        batch_op.drop_index(
            "ix_documents_held",
            sqlite_where=sa.text("held_until IS NOT NULL"),
            postgresql_where=sa.text("held_until IS NOT NULL"),
        )
        batch_op.drop_index("ix_documents_content")
        batch_op.drop_index(
            "ix_documents_awaiting",
            sqlite_where=sa.text("patient_invisible"),
            postgresql_where=sa.text("patient_invisible"),
        )
        batch_op.drop_index(
            "ix_documents_author",
            sqlite_where=sa.text("author_id IS NOT NULL"),
            postgresql_where=sa.text("author_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_documents_arrived")
        batch_op.drop_index("ix_documents_date")
        batch_op.create_index(batch_op.f("ix_documents_date"), ["record_id", "date", "id"], unique=False)
        batch_op.drop_index("ix_documents_class")
        batch_op.create_index(batch_op.f("ix_documents_class"), ["record_id", "class_code", "date", "id"], unique=False)
        batch_op.drop_column("choices")
        batch_op.drop_column("arrived_at")
        batch_op.drop_column("held_until")
        batch_op.drop_column("author_id")
        batch_op.drop_column("folded_into")
        batch_op.drop_column("series_index")
        batch_op.drop_column("version")


def _drop_other_tables() -> None:
    with op.batch_alter_table("result_delays", schema=None) as batch_op:
        batch_op.drop_index("uq_result_delays_record_id_kind")

    op.drop_table("result_delays")

    op.drop_table("document_word_keys")

    with op.batch_alter_table("document_sources", schema=None) as batch_op:
        batch_op.drop_index("ix_document_sources_document_id")

    op.drop_table("document_sources")

    with op.batch_alter_table("document_authors", schema=None) as batch_op:
        batch_op.drop_index("uq_document_authors_record_id_name_index")

    op.drop_table("document_authors")


def _drop_readers_and_words() -> None:
    op.drop_table("document_words")

    op.drop_table("document_texts")

    with op.batch_alter_table("document_readers", schema=None) as batch_op:
        batch_op.drop_index("uq_document_readers_record_id_reader_id")

    op.drop_table("document_readers")

    with op.batch_alter_table("document_marks", schema=None) as batch_op:
        batch_op.drop_index("uq_document_marks_reader_document")
        batch_op.drop_index(
            "ix_document_marks_folder",
            sqlite_where=sa.text("folder_id IS NOT NULL"),
            postgresql_where=sa.text("folder_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_document_marks_favourite", sqlite_where=sa.text("favourite"), postgresql_where=sa.text("favourite")
        )

    op.drop_table("document_marks")

    with op.batch_alter_table("document_folders", schema=None) as batch_op:
        batch_op.drop_index("ix_document_folders_reader_id")

    op.drop_table("document_folders")


def _drop_adding_and_care() -> None:
    with op.batch_alter_table("care_lines", schema=None) as batch_op:
        batch_op.drop_index("uq_care_lines_line_index")
        batch_op.drop_index("ix_care_lines_date")
        batch_op.drop_index("ix_care_lines_age")

    op.drop_table("care_lines")

    with op.batch_alter_table("adding_pieces", schema=None) as batch_op:
        batch_op.drop_index("ix_adding_pieces_draft_id")

    op.drop_table("adding_pieces")

    with op.batch_alter_table("adding_drafts", schema=None) as batch_op:
        batch_op.drop_index("ix_adding_drafts_touched")
        batch_op.drop_index("ix_adding_drafts_account_id")

    op.drop_table("adding_drafts")
