"""Opening and keeping a space."""

import sqlalchemy as sa
from alembic import op

from espace.db.migrations.operations import create_record_table
from espace.db.types import Code, Digest, Id, Instant, Sealed

revision = "r0002"
down_revision = "r0001"


def upgrade() -> None:
    """Bring the schema up."""
    _make_new_tables()
    with op.batch_alter_table("professional_sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_professional_sign_ins_expires_at"))

    op.drop_table("professional_sign_ins")
    op.drop_table("devices")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role", Code(20), server_default="", nullable=False))
        batch_op.add_column(sa.Column("provider_index", Digest(32), nullable=True))
        batch_op.add_column(sa.Column("disabled_at", Instant(), nullable=True))
        batch_op.alter_column("person_id", existing_type=Id(), nullable=True)
        batch_op.create_unique_constraint(batch_op.f("uq_accounts_provider_index"), ["provider_index"])

    with op.batch_alter_table("records", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state_since", Instant(), nullable=True))
        batch_op.add_column(sa.Column("state_before", Code(12), server_default="", nullable=False))
        batch_op.add_column(sa.Column("ends_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("erase_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("payload", Sealed(), nullable=True))

    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device_id", Id(), nullable=True))


def downgrade() -> None:
    """Bring the schema back down."""
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("device_id")

    with op.batch_alter_table("records", schema=None) as batch_op:
        batch_op.drop_column("payload")
        batch_op.drop_column("erase_at")
        batch_op.drop_column("ends_at")
        batch_op.drop_column("state_before")
        batch_op.drop_column("state_since")

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_accounts_provider_index"), type_="unique")
        batch_op.alter_column("person_id", existing_type=Id(), nullable=False)
        batch_op.drop_column("disabled_at")
        batch_op.drop_column("provider_index")
        batch_op.drop_column("role")

    op.create_table(
        "devices",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("token_hash", Digest(32), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "token_hash", name=op.f("pk_devices")),
    )
    op.create_table(
        "professional_sign_ins",
        sa.Column("state_hash", Digest(32), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_professional_sign_ins")),
    )
    with op.batch_alter_table("professional_sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_professional_sign_ins_expires_at"), ["expires_at"], unique=False)
    _drop_new_tables()


def _make_new_tables() -> None:
    op.create_table(
        "channel_states",
        sa.Column("channel", Code(8), nullable=False),
        sa.Column("failed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_states")),
    )
    create_record_table(
        "family_awaited_parents",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("ins_index", Digest(32), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_family_awaited_parents")),
    )
    with op.batch_alter_table("family_awaited_parents", schema=None) as batch_op:
        batch_op.create_index("ix_family_awaited_parents_ins_index", ["ins_index"], unique=False)
        batch_op.create_index("uq_family_awaited_parents_record_id_ins_index", ["record_id", "ins_index"], unique=True)

    create_record_table(
        "family_majority_notices",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_family_majority_notices")),
    )
    with op.batch_alter_table("family_majority_notices", schema=None) as batch_op:
        batch_op.create_index("uq_family_majority_notices_record_id_days", ["record_id", "days"], unique=True)

    create_record_table(
        "former_records",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_former_records")),
    )
    with op.batch_alter_table("former_records", schema=None) as batch_op:
        batch_op.create_index("uq_former_records_record_id", ["record_id"], unique=True)

    op.create_table(
        "invitations",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("code_hash", Digest(32), nullable=False),
        sa.Column("token_hash", Digest(32), nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "known_devices",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("token_hash", Digest(32), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "token_hash", name=op.f("pk_known_devices")),
        sa.UniqueConstraint("id", name=op.f("uq_known_devices_id")),
    )
    op.create_table(
        "notices",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("state", Code(10), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("delivery_id", Id(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_notices")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_made_at"), ["made_at"], unique=False)

    op.create_table(
        "notification_preferences",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("gathered_at", Instant(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_notification_preferences")),
    )
    op.create_table(
        "office_visits",
        sa.Column("id", Id(), nullable=False),
        sa.Column("operator_id", Id(), nullable=False),
        sa.Column("visited_id", Id(), nullable=False),
        sa.Column("purpose", Code(10), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("printed", sa.Integer(), nullable=False),
        sa.Column("printed_at", Instant(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_visits")),
    )
    with op.batch_alter_table("office_visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_office_visits_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index("ix_office_visits_operator", ["operator_id", "made_on"], unique=False)

    op.create_table(
        "one_time_codes",
        sa.Column("key", Digest(32), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("owner_id", Id(), nullable=False),
        sa.Column("code_hash", Digest(32), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_one_time_codes")),
    )
    with op.batch_alter_table("one_time_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_codes_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "passkeys",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("credential_index", Digest(32), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_index", name=op.f("uq_passkeys_credential_index")),
    )
    op.create_table(
        "password_resets",
        sa.Column("token_hash", Digest(32), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_password_resets")),
    )
    with op.batch_alter_table("password_resets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_password_resets_expires_at"), ["expires_at"], unique=False)

    create_record_table(
        "record_heirs",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("state", Code(10), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_record_heirs")),
    )
    with op.batch_alter_table("record_heirs", schema=None) as batch_op:
        batch_op.create_index("ix_record_heirs_person_id", ["person_id", "state"], unique=False)

    op.create_table(
        "recoveries",
        sa.Column("account_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("ready_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("counted_at", Instant(), nullable=False),
        sa.Column("waited", sa.BigInteger(), nullable=False),
        sa.Column("reminded_at", Instant(), nullable=True),
        sa.Column("cancel_hash", Digest(32), nullable=False),
        sa.Column("reminder_hash", Digest(32), nullable=True),
        sa.Column("resume_hash", Digest(32), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_recoveries")),
        sa.UniqueConstraint("cancel_hash", name=op.f("uq_recoveries_cancel_hash")),
        sa.UniqueConstraint("id", name=op.f("uq_recoveries_id")),
        sa.UniqueConstraint("reminder_hash", name=op.f("uq_recoveries_reminder_hash")),
        sa.UniqueConstraint("resume_hash", name=op.f("uq_recoveries_resume_hash")),
    )
    with op.batch_alter_table("recoveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recoveries_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "sms_counts",
        sa.Column("key", Digest(32), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sms_counts")),
    )
    with op.batch_alter_table("sms_counts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_counts_since"), ["since"], unique=False)


def _drop_new_tables() -> None:
    with op.batch_alter_table("sms_counts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sms_counts_since"))

    op.drop_table("sms_counts")
    with op.batch_alter_table("recoveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recoveries_expires_at"))

    op.drop_table("recoveries")
    with op.batch_alter_table("record_heirs", schema=None) as batch_op:
        batch_op.drop_index("ix_record_heirs_person_id")

    op.drop_table("record_heirs")
    with op.batch_alter_table("password_resets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_password_resets_expires_at"))

    op.drop_table("password_resets")
    op.drop_table("passkeys")
    with op.batch_alter_table("one_time_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_one_time_codes_expires_at"))

    op.drop_table("one_time_codes")
    with op.batch_alter_table("office_visits", schema=None) as batch_op:
        batch_op.drop_index("ix_office_visits_operator")
        batch_op.drop_index(batch_op.f("ix_office_visits_ends_at"))

    op.drop_table("office_visits")
    op.drop_table("notification_preferences")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notices_made_at"))

    op.drop_table("notices")
    op.drop_table("known_devices")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitations_expires_at"))

    op.drop_table("invitations")
    with op.batch_alter_table("former_records", schema=None) as batch_op:
        batch_op.drop_index("uq_former_records_record_id")

    op.drop_table("former_records")
    with op.batch_alter_table("family_majority_notices", schema=None) as batch_op:
        batch_op.drop_index("uq_family_majority_notices_record_id_days")

    op.drop_table("family_majority_notices")
    with op.batch_alter_table("family_awaited_parents", schema=None) as batch_op:
        batch_op.drop_index("uq_family_awaited_parents_record_id_ins_index")
        batch_op.drop_index("ix_family_awaited_parents_ins_index")

    op.drop_table("family_awaited_parents")
    op.drop_table("channel_states")
