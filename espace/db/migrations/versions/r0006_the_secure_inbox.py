"""The secure inbox."""

import sqlalchemy as sa
from alembic import op

from espace.db.migrations.operations import create_record_table
from espace.db.types import Code, Digest, Id, Instant, Sealed

revision = "r0006"
down_revision = "r0005"


def upgrade() -> None:
    """Bring the schema up."""
    _make_messages()
    _make_mailboxes()


def downgrade() -> None:
    """Bring the schema back down."""
    _drop_mailboxes()
    _drop_messages()


def _make_messages() -> None:
    create_record_table(
        "mail_attachments",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("message_id", Id(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", Code(8), nullable=False),
        sa.Column("document_id", Id(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_mail_attachments")),
    )
    with op.batch_alter_table("mail_attachments", schema=None) as batch_op:
        batch_op.create_index("ix_mail_attachments_message", ["record_id", "message_id", "place"], unique=False)
    create_record_table(
        "mail_conversations",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("correspondent_id", Id(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("in_at", Instant(), nullable=True),
        sa.Column("out_at", Instant(), nullable=True),
        sa.Column("unread", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("assigned_to", Id(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_mail_conversations")),
    )
    with op.batch_alter_table("mail_conversations", schema=None) as batch_op:
        batch_op.create_index("ix_mail_conversations_assigned", ["record_id", "assigned_to", "last_at"], unique=False)
        batch_op.create_index("ix_mail_conversations_in", ["record_id", "archived", "in_at", "id"], unique=False)
        batch_op.create_index("ix_mail_conversations_last", ["record_id", "archived", "last_at", "id"], unique=False)
        batch_op.create_index("ix_mail_conversations_out", ["record_id", "out_at", "id"], unique=False)
        batch_op.create_index(
            "ix_mail_conversations_unread", ["record_id", "unread", "archived", "in_at"], unique=False
        )
        batch_op.create_index("ix_mail_conversations_with", ["record_id", "correspondent_id", "last_at"], unique=False)
    create_record_table(
        "mail_correspondents",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("address_index", Digest(32), nullable=False),
        sa.Column("professional_id", Id(), nullable=True),
        sa.Column("patient_record_id", Id(), nullable=True),
        sa.Column("wrote_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("absence_told_at", Instant(), nullable=True),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_mail_correspondents")),
    )
    with op.batch_alter_table("mail_correspondents", schema=None) as batch_op:
        batch_op.create_index("ix_mail_correspondents_last", ["record_id", "last_at", "id"], unique=False)
        batch_op.create_index("uq_mail_correspondents_address", ["record_id", "address_index"], unique=True)
    create_record_table(
        "mail_draft_files",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("draft_id", Id(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_mail_draft_files")),
    )
    with op.batch_alter_table("mail_draft_files", schema=None) as batch_op:
        batch_op.create_index("ix_mail_draft_files_draft", ["record_id", "draft_id", "place"], unique=False)
    create_record_table(
        "mail_drafts",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("author_id", Id(), nullable=False),
        sa.Column("conversation_id", Id(), nullable=True),
        sa.Column("touched_at", Instant(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_mail_drafts")),
    )
    with op.batch_alter_table("mail_drafts", schema=None) as batch_op:
        batch_op.create_index("ix_mail_drafts_author", ["record_id", "author_id", "touched_at"], unique=False)
        batch_op.create_index("ix_mail_drafts_touched", ["touched_at"], unique=False)
    create_record_table(
        "mail_messages",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("conversation_id", Id(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("outgoing", sa.Boolean(), nullable=False),
        sa.Column("state", Code(10), nullable=False),
        sa.Column("message_index", Digest(32), nullable=False),
        sa.Column("content_index", Digest(32), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("author_id", Id(), nullable=True),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_mail_messages")),
    )
    with op.batch_alter_table("mail_messages", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mail_messages_conversation", ["record_id", "conversation_id", "at", "id"], unique=False
        )
        batch_op.create_index("ix_mail_messages_message_index", ["record_id", "message_index"], unique=False)
        batch_op.create_index("uq_mail_messages_content_index", ["record_id", "content_index"], unique=True)
    create_record_table(
        "mail_sendings",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("message_id", Id(), nullable=False),
        sa.Column("state", Code(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_mail_sendings")),
    )
    with op.batch_alter_table("mail_sendings", schema=None) as batch_op:
        batch_op.create_index("ix_mail_sendings_message", ["record_id", "message_id", "state"], unique=False)
    op.create_table(
        "mail_trust_lists",
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", Code(10), nullable=False),
        sa.Column("state", Code(10), nullable=False),
        sa.Column("digest", Digest(32), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("proposed_by", Id(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", Id(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_trust_lists")),
    )
    with op.batch_alter_table("mail_trust_lists", schema=None) as batch_op:
        batch_op.create_index("ix_mail_trust_lists_state", ["kind", "state"], unique=False)
    create_record_table(
        "mail_words",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("word", Digest(8), nullable=False),
        sa.Column("message_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "word", "message_id", name=op.f("pk_mail_words")),
    )


def _make_mailboxes() -> None:
    op.create_table(
        "mailbox_members",
        sa.Column("mailbox_id", Id(), nullable=False),
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox_id", "professional_id", name=op.f("pk_mailbox_members")),
    )
    with op.batch_alter_table("mailbox_members", schema=None) as batch_op:
        batch_op.create_index("ix_mailbox_members_professional", ["professional_id"], unique=False)
    op.create_table(
        "mailbox_preferences",
        sa.Column("professional_id", Id(), nullable=False),
        sa.Column("mailbox_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_mailbox_preferences")),
    )
    with op.batch_alter_table("mailbox_preferences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailbox_preferences_mailbox_id"), ["mailbox_id"], unique=False)
    create_record_table(
        "mailbox_templates",
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "id", name=op.f("pk_mailbox_templates")),
    )
    op.create_table(
        "mailbox_tokens",
        sa.Column("id", Id(), nullable=False),
        sa.Column("mailbox_id", Id(), nullable=False),
        sa.Column("token_hash", Digest(32), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_tokens")),
    )
    with op.batch_alter_table("mailbox_tokens", schema=None) as batch_op:
        batch_op.create_index("ix_mailbox_tokens_mailbox", ["mailbox_id"], unique=False)
        batch_op.create_index("uq_mailbox_tokens_token", ["token_hash"], unique=True)
    op.create_table(
        "mailbox_words",
        sa.Column("word", Digest(8), nullable=False),
        sa.Column("mailbox_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("word", "mailbox_id", name=op.f("pk_mailbox_words")),
    )
    with op.batch_alter_table("mailbox_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailbox_words_mailbox_id"), ["mailbox_id"], unique=False)
    op.create_table(
        "mailboxes",
        sa.Column("id", Id(), nullable=False),
        sa.Column("address_index", Digest(32), nullable=False),
        sa.Column("kind", Code(3), nullable=False),
        sa.Column("professional_id", Id(), nullable=True),
        sa.Column("structure_id", Id(), nullable=True),
        sa.Column("responsible_id", Id(), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
    )
    with op.batch_alter_table("mailboxes", schema=None) as batch_op:
        batch_op.create_index("ix_mailboxes_professional", ["professional_id"], unique=False)
        batch_op.create_index("ix_mailboxes_structure", ["structure_id"], unique=False)
        batch_op.create_index("uq_mailboxes_address", ["address_index"], unique=True)


def _drop_mailboxes() -> None:
    with op.batch_alter_table("mailboxes", schema=None) as batch_op:
        batch_op.drop_index("uq_mailboxes_address")
        batch_op.drop_index("ix_mailboxes_structure")
        batch_op.drop_index("ix_mailboxes_professional")
    op.drop_table("mailboxes")
    with op.batch_alter_table("mailbox_words", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mailbox_words_mailbox_id"))
    op.drop_table("mailbox_words")
    with op.batch_alter_table("mailbox_tokens", schema=None) as batch_op:
        batch_op.drop_index("uq_mailbox_tokens_token")
        batch_op.drop_index("ix_mailbox_tokens_mailbox")
    op.drop_table("mailbox_tokens")
    op.drop_table("mailbox_templates")
    with op.batch_alter_table("mailbox_preferences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mailbox_preferences_mailbox_id"))
    op.drop_table("mailbox_preferences")
    with op.batch_alter_table("mailbox_members", schema=None) as batch_op:
        batch_op.drop_index("ix_mailbox_members_professional")
    op.drop_table("mailbox_members")


def _drop_messages() -> None:
    op.drop_table("mail_words")
    with op.batch_alter_table("mail_trust_lists", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_trust_lists_state")
    op.drop_table("mail_trust_lists")
    with op.batch_alter_table("mail_sendings", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_sendings_message")
    op.drop_table("mail_sendings")
    with op.batch_alter_table("mail_messages", schema=None) as batch_op:
        batch_op.drop_index("uq_mail_messages_content_index")
        batch_op.drop_index("ix_mail_messages_message_index")
        batch_op.drop_index("ix_mail_messages_conversation")
    op.drop_table("mail_messages")
    with op.batch_alter_table("mail_drafts", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_drafts_touched")
        batch_op.drop_index("ix_mail_drafts_author")
    op.drop_table("mail_drafts")
    with op.batch_alter_table("mail_draft_files", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_draft_files_draft")
    op.drop_table("mail_draft_files")
    with op.batch_alter_table("mail_correspondents", schema=None) as batch_op:
        batch_op.drop_index("uq_mail_correspondents_address")
        batch_op.drop_index("ix_mail_correspondents_last")
    op.drop_table("mail_correspondents")
    with op.batch_alter_table("mail_conversations", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_conversations_with")
        batch_op.drop_index("ix_mail_conversations_unread")
        batch_op.drop_index("ix_mail_conversations_out")
        batch_op.drop_index("ix_mail_conversations_last")
        batch_op.drop_index("ix_mail_conversations_in")
        batch_op.drop_index("ix_mail_conversations_assigned")
    op.drop_table("mail_conversations")
    with op.batch_alter_table("mail_attachments", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_attachments_message")
    op.drop_table("mail_attachments")
