"""Whom a consent is for: a professional, or the team of one place."""

import sqlalchemy as sa
from alembic import op

from espace.db.types import Code

revision = "r0004"
down_revision = "r0003"


def upgrade() -> None:
    """Bring the schema up."""
    op.drop_index("ix_access_consents_professional_id", "access_consents")
    op.drop_index("uq_access_consents_record_id_professional_id", "access_consents")
    op.execute("ALTER TABLE access_consents RENAME COLUMN professional_id TO grantee_id")
    kind = sa.Column("grantee_kind", Code(12), server_default="professional", nullable=False)
    op.add_column("access_consents", kind)
    op.create_index("ix_access_consents_grantee_id", "access_consents", ["grantee_id", "state"])
    op.create_index(
        "uq_access_consents_record_id_grantee_id", "access_consents", ["record_id", "grantee_id"], unique=True
    )


def downgrade() -> None:
    """Bring the schema back down: what was decided about a team is nobody's there."""
    op.drop_index("uq_access_consents_record_id_grantee_id", "access_consents")
    op.drop_index("ix_access_consents_grantee_id", "access_consents")
    op.drop_column("access_consents", "grantee_kind")
    op.execute("ALTER TABLE access_consents RENAME COLUMN grantee_id TO professional_id")
    op.create_index(
        "uq_access_consents_record_id_professional_id", "access_consents", ["record_id", "professional_id"], unique=True
    )
    op.create_index("ix_access_consents_professional_id", "access_consents", ["professional_id", "state"])
