"""The matrix of professions and document types."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Id, Instant


class MatrixVersion(Base):
    """One loaded table of entitlements; exactly one is active."""

    __tablename__ = "matrix_versions"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    loaded_at: Mapped[datetime] = mapped_column(Instant)
    active: Mapped[bool] = mapped_column(Boolean)


class MatrixCell(Base):
    """May this profession read, or naturally deposit, this type of document?"""

    __tablename__ = "matrix_cells"

    version_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    profession: Mapped[str] = mapped_column(Code(20), primary_key=True)
    type_code: Mapped[str] = mapped_column(Code(40), primary_key=True)
    may_read: Mapped[bool] = mapped_column(Boolean)
    deposit: Mapped[str] = mapped_column(Code(8))  # yes, no, unknown
    confidence: Mapped[str] = mapped_column(Code(10))  # official, reported, inferred
