"""Data keys: one per owner (a record, a person, an account, a professional …), wrapped by the master key."""

from uuid import UUID

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Id, Sealed


class DataKey(Base):
    """One version of one owner's key. Destroying the row destroys everything sealed under it."""

    __tablename__ = "data_keys"

    owner_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    master_version: Mapped[int] = mapped_column(Integer)
    wrapped: Mapped[bytes] = mapped_column(Sealed)
