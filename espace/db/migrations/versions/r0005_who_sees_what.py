"""Who sees what."""

import sqlalchemy as sa
from alembic import op

from espace.db.migrations.operations import create_record_table
from espace.db.types import Code, Digest, Id, Instant, Sealed

revision = "r0005"
down_revision = "r0004"


def upgrade() -> None:
    """Bring the schema up."""
    _make_rights()
    _make_directory()
    _make_relatives()
    _make_documents()
    _make_answers()


def downgrade() -> None:
    """Bring the schema back down."""
    _drop_relatives()
    _drop_documents()
    _drop_answers()
    _drop_rights()
    _drop_directory()


def _make_rights() -> None:
    op.create_table(
        "access_alerts",
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", Code(10), nullable=False),
        sa.Column("state", Code(10), nullable=False),
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("reached_id", Id(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_alerts")),
    )
    with op.batch_alter_table("access_alerts", schema=None) as batch_op:
        batch_op.create_index("ix_access_alerts_state", ["state", "id"], unique=False)
        batch_op.create_index("uq_access_alerts_subject", ["professional_id", "reached_id", "kind", "day"], unique=True)
    create_record_table(
        "access_counter_codes",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("code_index", Digest(32), nullable=False),
        sa.Column("opens", Code(8), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("offered_until", Instant(), nullable=False),
        sa.Column("professional_id", Id(), nullable=True),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_access_counter_codes")),
    )
    with op.batch_alter_table("access_counter_codes", schema=None) as batch_op:
        batch_op.create_index("ix_access_counter_codes_code_index", ["code_index"], unique=False)
        batch_op.create_index("ix_access_counter_codes_open_to", ["professional_id", "until"], unique=False)
        batch_op.create_index(
            "ix_access_counter_codes_professional_id", ["record_id", "professional_id", "until"], unique=False
        )
    create_record_table(
        "access_document_rules",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("document_id", Id(), nullable=False),
        sa.Column("grantee_kind", Code(12), nullable=False),
        sa.Column("grantee_id", Id(), nullable=False),
        sa.Column("effect", Code(4), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_access_document_rules")),
    )
    with op.batch_alter_table("access_document_rules", schema=None) as batch_op:
        batch_op.create_index("ix_access_document_rules_grantee_id", ["record_id", "grantee_id"], unique=False)
        batch_op.create_index(
            "uq_access_document_rules_record_id_document_id_grantee_id",
            ["record_id", "document_id", "grantee_id"],
            unique=True,
        )
    create_record_table(
        "access_emergencies",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("mode", Code(12), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("attending_id", Id(), nullable=True),
        sa.Column("reviewed_at", Instant(), nullable=True),
        sa.Column("review", Code(10), nullable=True),
        sa.Column("answer_by", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_access_emergencies")),
    )
    with op.batch_alter_table("access_emergencies", schema=None) as batch_op:
        batch_op.create_index("ix_access_emergencies_attending_id", ["attending_id", "opened_at"], unique=False)
        batch_op.create_index("ix_access_emergencies_of_professional", ["professional_id", "opened_at"], unique=False)
        batch_op.create_index(
            "ix_access_emergencies_professional_id", ["record_id", "professional_id", "until"], unique=False
        )
        batch_op.create_index("ix_access_emergencies_reviewed_at", ["reviewed_at", "opened_at"], unique=False)
    create_record_table(
        "access_link_visits",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_access_link_visits")),
    )
    with op.batch_alter_table("access_link_visits", schema=None) as batch_op:
        batch_op.create_index("ix_access_link_visits_link_id", ["record_id", "link_id", "id"], unique=False)
    create_record_table(
        "access_links",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", Code(8), nullable=False),
        sa.Column("token_hash", Digest(32), nullable=False),
        sa.Column("maker_id", Id(), nullable=False),
        sa.Column("by_holder", sa.Boolean(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_access_links")),
    )
    with op.batch_alter_table("access_links", schema=None) as batch_op:
        batch_op.create_index("ix_access_links_record_id_kind", ["record_id", "kind", "id"], unique=False)
        batch_op.create_index("ix_access_links_token_hash", ["token_hash"], unique=False)
    create_record_table(
        "access_oppositions",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("break_glass", sa.Boolean(), nullable=False),
        sa.Column("centre_15", sa.Boolean(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_access_oppositions")),
    )
    op.create_table(
        "access_reaches",
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("reached_id", Id(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("professional_id", "reached_id", name=op.f("pk_access_reaches")),
    )
    with op.batch_alter_table("access_reaches", schema=None) as batch_op:
        batch_op.create_index("ix_access_reaches_last_at", ["professional_id", "last_at"], unique=False)
    create_record_table(
        "access_visits",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("structure_id", Id(), nullable=False),
        sa.Column("visited_at", Instant(), nullable=False),
        sa.Column("known_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_access_visits")),
    )
    with op.batch_alter_table("access_visits", schema=None) as batch_op:
        batch_op.create_index(
            "uq_access_visits_record_id_professional_id_structure_id",
            ["record_id", "professional_id", "structure_id"],
            unique=True,
        )
    create_record_table(
        "access_watched",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_access_watched")),
    )
    op.create_table(
        "professional_suspensions",
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("cause", Code(8), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_professional_suspensions")),
    )


def _make_directory() -> None:
    op.create_table(
        "directory_words",
        sa.Column("word", Digest(8), nullable=False),
        sa.Column("professional_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("word", "professional_id", name=op.f("pk_directory_words")),
    )
    with op.batch_alter_table("directory_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_directory_words_professional_id"), ["professional_id"], unique=False)


def _make_relatives() -> None:
    create_record_table(
        "family_carer_invitations",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("for_index", Digest(32), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answer", Code(10), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_family_carer_invitations")),
    )
    with op.batch_alter_table("family_carer_invitations", schema=None) as batch_op:
        batch_op.create_index("ix_family_carer_invitations_for_index", ["for_index"], unique=False)
    create_record_table(
        "family_carer_notices",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=False),
        sa.Column("what", Code(24), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_family_carer_notices")),
    )
    with op.batch_alter_table("family_carer_notices", schema=None) as batch_op:
        batch_op.create_index(
            "uq_family_carer_notices_record_id_link_id_what", ["record_id", "link_id", "what"], unique=True
        )
    create_record_table(
        "family_invitations",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("code_index", Digest(32), nullable=False),
        sa.Column("state", Code(12), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_family_invitations")),
    )
    with op.batch_alter_table("family_invitations", schema=None) as batch_op:
        batch_op.create_index("ix_family_invitations_code_index", ["code_index"], unique=False)
    create_record_table(
        "family_mandates",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("operator_id", Id(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("file_id", Id(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_family_mandates")),
    )
    with op.batch_alter_table("family_mandates", schema=None) as batch_op:
        batch_op.create_index("ix_family_mandates_operator_id", ["operator_id", "entered_at"], unique=False)
        batch_op.create_index("ix_family_mandates_person_id", ["person_id", "entered_at"], unique=False)
    create_record_table(
        "family_own_readings",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("given_by", Id(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("proved_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_family_own_readings")),
    )
    with op.batch_alter_table("family_own_readings", schema=None) as batch_op:
        batch_op.create_index("uq_family_own_readings_record_id", ["record_id"], unique=True)
    op.create_table(
        "family_requests",
        sa.Column("id", Id(), nullable=False),
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("about_id", Id(), nullable=True),
        sa.Column("kind", Code(12), nullable=False),
        sa.Column("state", Code(12), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("effective_at", Instant(), nullable=True),
        sa.Column("proposed_by", Id(), nullable=True),
        sa.Column("proof_id", Id(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_requests")),
    )
    with op.batch_alter_table("family_requests", schema=None) as batch_op:
        batch_op.create_index("ix_family_requests_about_id", ["about_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_family_requests_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_family_requests_state_made_at", ["state", "made_at"], unique=False)
    create_record_table(
        "family_restrictions",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("state", Code(12), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("entered_by", Id(), nullable=False),
        sa.Column("stands_at", Instant(), nullable=True),
        sa.Column("lapses_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("sees_before", Instant(), nullable=True),
        sa.Column("file_id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_family_restrictions")),
    )
    with op.batch_alter_table("family_restrictions", schema=None) as batch_op:
        batch_op.create_index("ix_family_restrictions_state", ["state"], unique=False)
    with op.batch_alter_table("family_links", schema=None) as batch_op:
        batch_op.add_column(sa.Column("frozen_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("sees_before", Instant(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("first_read_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("payload", Sealed(), nullable=True))
        batch_op.drop_index(batch_op.f("uq_family_links_record_id_person_id"))
        batch_op.create_index("ix_family_links_kind_until", ["kind", "until"], unique=False)
        batch_op.create_index(
            "uq_family_links_record_id_person_id_kind", ["record_id", "person_id", "kind"], unique=True
        )


def _make_documents() -> None:
    create_record_table(
        "guest_files",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_guest_files")),
    )
    with op.batch_alter_table("guest_files", schema=None) as batch_op:
        batch_op.create_index("ix_guest_files_link_id", ["record_id", "link_id", "id"], unique=False)
    create_record_table(
        "shared_files",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=False),
        sa.Column("document_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_shared_files")),
    )
    with op.batch_alter_table("shared_files", schema=None) as batch_op:
        batch_op.create_index("ix_shared_files_link_id", ["record_id", "link_id", "id"], unique=False)
    with op.batch_alter_table("care_lines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("secrecy", Code(8), nullable=True))


def _make_answers() -> None:
    create_record_table(
        "visit_answers",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("visitor_kind", Code(16), nullable=False),
        sa.Column("visitor_id", Id(), nullable=False),
        sa.Column("asker_id", Id(), nullable=False),
        sa.Column("side", Code(16), nullable=False),
        sa.Column("first_sequence", sa.BigInteger(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("visited_at", Instant(), nullable=False),
        sa.Column("visited_until", Instant(), nullable=False),
        sa.Column("state", Code(12), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("explain_by", Instant(), nullable=True),
        sa.Column("decide_by", Instant(), nullable=True),
        sa.Column("reminded_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_visit_answers")),
    )
    with op.batch_alter_table("visit_answers", schema=None) as batch_op:
        batch_op.create_index("ix_visit_answers_decide_by", ["decide_by"], unique=False)
        batch_op.create_index("ix_visit_answers_explain_by", ["explain_by"], unique=False)
        batch_op.create_index("ix_visit_answers_visitor_id", ["visitor_id", "explain_by"], unique=False)
        batch_op.create_index(
            "uq_visit_answers_record_id_visit", ["record_id", "visitor_id", "side", "first_sequence"], unique=True
        )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_events_actor_id",
            ["record_id", "actor_id", "sequence", "action", "at", "actor_kind"],
            unique=False,
        )


def _drop_relatives() -> None:
    with op.batch_alter_table("family_links", schema=None) as batch_op:
        batch_op.drop_index("uq_family_links_record_id_person_id_kind")
        batch_op.drop_index("ix_family_links_kind_until")
        batch_op.create_index(batch_op.f("uq_family_links_record_id_person_id"), ["record_id", "person_id"], unique=1)
        batch_op.drop_column("payload")
        batch_op.drop_column("first_read_at")
        batch_op.drop_column("version")
        batch_op.drop_column("sees_before")
        batch_op.drop_column("frozen_at")
    with op.batch_alter_table("family_restrictions", schema=None) as batch_op:
        batch_op.drop_index("ix_family_restrictions_state")
    op.drop_table("family_restrictions")
    with op.batch_alter_table("family_requests", schema=None) as batch_op:
        batch_op.drop_index("ix_family_requests_state_made_at")
        batch_op.drop_index(batch_op.f("ix_family_requests_account_id"))
        batch_op.drop_index("ix_family_requests_about_id")
    op.drop_table("family_requests")
    with op.batch_alter_table("family_own_readings", schema=None) as batch_op:
        batch_op.drop_index("uq_family_own_readings_record_id")
    op.drop_table("family_own_readings")
    with op.batch_alter_table("family_mandates", schema=None) as batch_op:
        batch_op.drop_index("ix_family_mandates_person_id")
        batch_op.drop_index("ix_family_mandates_operator_id")
    op.drop_table("family_mandates")
    with op.batch_alter_table("family_invitations", schema=None) as batch_op:
        batch_op.drop_index("ix_family_invitations_code_index")
    op.drop_table("family_invitations")
    with op.batch_alter_table("family_carer_notices", schema=None) as batch_op:
        batch_op.drop_index("uq_family_carer_notices_record_id_link_id_what")
    op.drop_table("family_carer_notices")
    with op.batch_alter_table("family_carer_invitations", schema=None) as batch_op:
        batch_op.drop_index("ix_family_carer_invitations_for_index")
    op.drop_table("family_carer_invitations")


def _drop_documents() -> None:
    with op.batch_alter_table("care_lines", schema=None) as batch_op:
        batch_op.drop_column("secrecy")
    with op.batch_alter_table("shared_files", schema=None) as batch_op:
        batch_op.drop_index("ix_shared_files_link_id")
    op.drop_table("shared_files")
    with op.batch_alter_table("guest_files", schema=None) as batch_op:
        batch_op.drop_index("ix_guest_files_link_id")
    op.drop_table("guest_files")


def _drop_answers() -> None:
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_events_actor_id")
    with op.batch_alter_table("visit_answers", schema=None) as batch_op:
        batch_op.drop_index("uq_visit_answers_record_id_visit")
        batch_op.drop_index("ix_visit_answers_visitor_id")
        batch_op.drop_index("ix_visit_answers_explain_by")
        batch_op.drop_index("ix_visit_answers_decide_by")
    op.drop_table("visit_answers")


def _drop_rights() -> None:
    op.drop_table("professional_suspensions")
    op.drop_table("access_watched")
    with op.batch_alter_table("access_visits", schema=None) as batch_op:
        batch_op.drop_index("uq_access_visits_record_id_professional_id_structure_id")
    op.drop_table("access_visits")
    with op.batch_alter_table("access_reaches", schema=None) as batch_op:
        batch_op.drop_index("ix_access_reaches_last_at")
    op.drop_table("access_reaches")
    op.drop_table("access_oppositions")
    with op.batch_alter_table("access_links", schema=None) as batch_op:
        batch_op.drop_index("ix_access_links_token_hash")
        batch_op.drop_index("ix_access_links_record_id_kind")
    op.drop_table("access_links")
    with op.batch_alter_table("access_link_visits", schema=None) as batch_op:
        batch_op.drop_index("ix_access_link_visits_link_id")
    op.drop_table("access_link_visits")
    with op.batch_alter_table("access_emergencies", schema=None) as batch_op:
        batch_op.drop_index("ix_access_emergencies_reviewed_at")
        batch_op.drop_index("ix_access_emergencies_professional_id")
        batch_op.drop_index("ix_access_emergencies_of_professional")
        batch_op.drop_index("ix_access_emergencies_attending_id")
    op.drop_table("access_emergencies")
    with op.batch_alter_table("access_document_rules", schema=None) as batch_op:
        batch_op.drop_index("uq_access_document_rules_record_id_document_id_grantee_id")
        batch_op.drop_index("ix_access_document_rules_grantee_id")
    op.drop_table("access_document_rules")
    with op.batch_alter_table("access_counter_codes", schema=None) as batch_op:
        batch_op.drop_index("ix_access_counter_codes_professional_id")
        batch_op.drop_index("ix_access_counter_codes_open_to")
        batch_op.drop_index("ix_access_counter_codes_code_index")
    op.drop_table("access_counter_codes")
    with op.batch_alter_table("access_alerts", schema=None) as batch_op:
        batch_op.drop_index("uq_access_alerts_subject")
        batch_op.drop_index("ix_access_alerts_state")
    op.drop_table("access_alerts")


def _drop_directory() -> None:
    with op.batch_alter_table("directory_words", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_directory_words_professional_id"))
    op.drop_table("directory_words")
