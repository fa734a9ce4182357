"""The first schema."""

import sqlalchemy as sa
from alembic import op

from espace.db.migrations.operations import create_record_table
from espace.db.types import Code, Digest, Id, Instant, Sealed

revision = "r0001"
down_revision = None


def upgrade() -> None:
    """Bring the schema up."""
    create_record_table(
        "access_consents",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("state", Code(10), nullable=False),
        sa.Column("asked_at", Instant(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("valid_until", Instant(), nullable=True),
        sa.Column("last_visit_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_access_consents")),
    )
    op.create_index("ix_access_consents_professional_id", "access_consents", ["professional_id", "state"], unique=False)
    op.create_index(
        "uq_access_consents_record_id_professional_id", "access_consents", ["record_id", "professional_id"], unique=True
    )
    create_record_table(
        "access_encounters",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_access_encounters")),
    )
    op.create_index(
        "ix_access_encounters_professional_id", "access_encounters", ["professional_id", "found_at"], unique=False
    )
    op.create_index(
        "uq_access_encounters_record_id_professional_id",
        "access_encounters",
        ["record_id", "professional_id"],
        unique=True,
    )
    op.create_table(
        "accounts",
        sa.Column("id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("email_index", Digest(32), nullable=False),
        sa.Column("locale", Code(5), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_totp_step", sa.BigInteger(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email_index", name=op.f("uq_accounts_email_index")),
        sa.UniqueConstraint("person_id", name=op.f("uq_accounts_person_id")),
    )
    op.create_table(
        "activation_codes",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("code_hash", Digest(32), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_activation_codes")),
    )
    create_record_table(
        "audit_events",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("action", Code(40), nullable=False),
        sa.Column("actor_kind", Code(16), nullable=False),
        sa.Column("actor_id", Id(), nullable=False),
        sa.Column("content_digest", Digest(32), nullable=False),
        sa.Column("commitment", Digest(32), nullable=False),
        sa.Column("link", Digest(32), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "sequence", name=op.f("pk_audit_events")),
    )
    create_record_table(
        "audit_heads",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("link", Digest(32), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_audit_heads")),
    )
    op.create_index(op.f("ix_audit_heads_changed_at"), "audit_heads", ["changed_at"], unique=False)
    op.create_table(
        "data_keys",
        sa.Column("owner_id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("master_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "version", name=op.f("pk_data_keys")),
    )
    create_record_table(
        "deposit_drafts",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("file_id", Id(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_deposit_drafts")),
    )
    op.create_index(
        "ix_deposit_drafts_professional_id", "deposit_drafts", ["professional_id", "created_at"], unique=False
    )
    op.create_table(
        "devices",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("token_hash", Digest(32), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "token_hash", name=op.f("pk_devices")),
    )
    create_record_table(
        "documents",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("type_code", Code(40), nullable=False),
        sa.Column("class_code", Code(4), nullable=False),
        sa.Column("state", Code(12), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("patient_invisible", sa.Boolean(), nullable=False),
        sa.Column("representatives_invisible", sa.Boolean(), nullable=False),
        sa.Column("origin", Code(12), nullable=False),
        sa.Column("professional_id", Id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("media", Code(40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("file_id", Id(), nullable=False),
        sa.Column("body_media", Code(40), nullable=False),
        sa.Column("body_size", sa.Integer(), nullable=False),
        sa.Column("body_file_id", Id(), nullable=False),
        sa.Column("unique_index", Digest(32), nullable=False),
        sa.Column("content_index", Digest(32), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_documents")),
    )
    op.create_index("ix_documents_class", "documents", ["record_id", "class_code", "date", "id"], unique=False)
    op.create_index("ix_documents_date", "documents", ["record_id", "date", "id"], unique=False)
    op.create_index("uq_documents_unique_index", "documents", ["record_id", "unique_index"], unique=True)
    op.create_table(
        "enrolments",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("token_hash", Digest(32), nullable=False),
        sa.Column("step", Code(16), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_enrolments_token_hash")),
    )
    create_record_table(
        "family_links",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("kind", Code(12), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_family_links")),
    )
    op.create_index("ix_family_links_person_id", "family_links", ["person_id"], unique=False)
    op.create_index("uq_family_links_record_id_person_id", "family_links", ["record_id", "person_id"], unique=True)
    op.create_table(
        "matrix_cells",
        sa.Column("version_id", Id(), nullable=False),
        sa.Column("profession", Code(20), nullable=False),
        sa.Column("type_code", Code(40), nullable=False),
        sa.Column("may_read", sa.Boolean(), nullable=False),
        sa.Column("deposit", Code(8), nullable=False),
        sa.Column("confidence", Code(10), nullable=False),
        sa.PrimaryKeyConstraint("version_id", "profession", "type_code", name=op.f("pk_matrix_cells")),
    )
    op.create_table(
        "matrix_versions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("loaded_at", Instant(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matrix_versions")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", Id(), nullable=False),
        sa.Column("topic", Code(60), nullable=False),
        sa.Column("state", Code(10), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", Code(80), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "due_at"], unique=False)
    op.create_table(
        "persons",
        sa.Column("id", Id(), nullable=False),
        sa.Column("ins_index", Digest(32), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
        sa.UniqueConstraint("ins_index", name=op.f("uq_persons_ins_index")),
    )
    op.create_table(
        "practices",
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("structure_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("professional_id", "structure_id", name=op.f("pk_practices")),
    )
    op.create_index("ix_practices_structure_id", "practices", ["structure_id"], unique=False)
    op.create_table(
        "professional_sign_ins",
        sa.Column("state_hash", Digest(32), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_professional_sign_ins")),
    )
    op.create_index(op.f("ix_professional_sign_ins_expires_at"), "professional_sign_ins", ["expires_at"], unique=False)
    op.create_table(
        "professionals",
        sa.Column("id", Id(), nullable=False),
        sa.Column("rpps_index", Digest(32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", Digest(32), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_professionals")),
        sa.UniqueConstraint("rpps_index", name=op.f("uq_professionals_rpps_index")),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", Id(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("reason", Code(40), nullable=False),
        sa.Column("content_index", Digest(32), nullable=False),
        sa.Column("file_id", Id(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("content_index", name=op.f("uq_quarantine_content_index")),
    )
    op.create_table(
        "records",
        sa.Column("id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("state", Code(12), nullable=False),
        sa.Column("attending_index", Digest(32), nullable=True),
        sa.Column("announced_at", Instant(), nullable=False),
        sa.Column("opens_at", Instant(), nullable=False),
        sa.Column("activated_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
        sa.UniqueConstraint("person_id", name=op.f("uq_records_person_id")),
    )
    op.create_index("ix_records_opens_at", "records", ["state", "opens_at"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("code_hash", Digest(32), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", Digest(32), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", Code(16), nullable=False),
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("stage", Code(10), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("proved_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
        sa.UniqueConstraint("id", name=op.f("uq_sessions_id")),
    )
    op.create_index(op.f("ix_sessions_subject_id"), "sessions", ["subject_id"], unique=False)
    op.create_table(
        "structures",
        sa.Column("id", Id(), nullable=False),
        sa.Column("number_index", Digest(32), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_structures")),
        sa.UniqueConstraint("number_index", name=op.f("uq_structures_number_index")),
    )
    op.create_table(
        "throttles",
        sa.Column("key", Digest(32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_index(op.f("ix_throttles_changed_at"), "throttles", ["changed_at"], unique=False)


def downgrade() -> None:
    """Bring the schema back down."""
    op.drop_index(op.f("ix_throttles_changed_at"), table_name="throttles")
    op.drop_table("throttles")
    op.drop_table("structures")
    op.drop_index(op.f("ix_sessions_subject_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_table("recovery_codes")
    op.drop_index("ix_records_opens_at", table_name="records")
    op.drop_table("records")
    op.drop_table("quarantine")
    op.drop_table("professionals")
    op.drop_index(op.f("ix_professional_sign_ins_expires_at"), table_name="professional_sign_ins")
    op.drop_table("professional_sign_ins")
    op.drop_index("ix_practices_structure_id", table_name="practices")
    op.drop_table("practices")
    op.drop_table("persons")
    op.drop_index("ix_outbox_due", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("matrix_versions")
    op.drop_table("matrix_cells")
    op.drop_index("uq_family_links_record_id_person_id", table_name="family_links")
    op.drop_index("ix_family_links_person_id", table_name="family_links")
    op.drop_table("family_links")
    op.drop_table("enrolments")
    op.drop_index("uq_documents_unique_index", table_name="documents")
    op.drop_index("ix_documents_date", table_name="documents")
    op.drop_index("ix_documents_class", table_name="documents")
    op.drop_table("documents")
    op.drop_table("devices")
    op.drop_index("ix_deposit_drafts_professional_id", table_name="deposit_drafts")
    op.drop_table("deposit_drafts")
    op.drop_table("data_keys")
    op.drop_index(op.f("ix_audit_heads_changed_at"), table_name="audit_heads")
    op.drop_table("audit_heads")
    op.drop_table("audit_events")
    op.drop_table("activation_codes")
    op.drop_table("accounts")
    op.drop_index("uq_access_encounters_record_id_professional_id", table_name="access_encounters")
    op.drop_index("ix_access_encounters_professional_id", table_name="access_encounters")
    op.drop_table("access_encounters")
    op.drop_index("uq_access_consents_record_id_professional_id", table_name="access_consents")
    op.drop_index("ix_access_consents_professional_id", table_name="access_consents")
    op.drop_table("access_consents")
