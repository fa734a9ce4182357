"""Rules about single documents: one document, one professional, team or carer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Id, Instant, RecordRow, Sealed, record_table


class DocumentRule(RecordRow, Base):
    """That a document is kept from somebody who reads the record, or shown to them though it is hidden."""

    __tablename__ = "access_document_rules"
    __table_args__ = record_table(
        Index(
            "uq_access_document_rules_record_id_document_id_grantee_id",
            "record_id",
            "document_id",
            "grantee_id",
            unique=True,
        ),
        Index("ix_access_document_rules_grantee_id", "record_id", "grantee_id"),
    )

    document_id: Mapped[UUID] = mapped_column(Id)
    grantee_kind: Mapped[str] = mapped_column(Code(12))  # professional, team, carer
    grantee_id: Mapped[UUID] = mapped_column(Id)
    effect: Mapped[str] = mapped_column(Code(4))  # keep, show
    since: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)  # the grantee as shown
