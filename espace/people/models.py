"""Persons, professionals and structures: found through blind indexes only, sealed otherwise (security.md R21)."""

from uuid import UUID

from sqlalchemy import Boolean, Index
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Digest, Id, Sealed


class Person(Base):
    """A natural person with an INS. The payload, under the person's own key, holds the traits and contacts."""

    __tablename__ = "persons"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    ins_index: Mapped[bytes] = mapped_column(Digest(32), unique=True)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Professional(Base):
    """A professional of the public register, sealed under the directory's key."""

    __tablename__ = "professionals"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    rpps_index: Mapped[bytes] = mapped_column(Digest(32), unique=True)
    active: Mapped[bool] = mapped_column(Boolean)
    fingerprint: Mapped[bytes] = mapped_column(Digest(32))  # of the imported lines: an unchanged one is not rewritten
    payload: Mapped[bytes] = mapped_column(Sealed)


class Structure(Base):
    """A place of practice."""

    __tablename__ = "structures"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    number_index: Mapped[bytes] = mapped_column(Digest(32), unique=True)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Practice(Base):
    """A practice situation: one professional in one structure (rules.md PR-6)."""

    __tablename__ = "practices"
    __table_args__ = (Index("ix_practices_structure_id", "structure_id"),)

    professional_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    structure_id: Mapped[UUID] = mapped_column(Id, primary_key=True)


class DirectoryWord(Base):
    """A word of a professional's name, or of a place where they practise. Its primary key is the index."""

    __tablename__ = "directory_words"

    word: Mapped[bytes] = mapped_column(Digest(8), primary_key=True)  # the beginning of a keyed digest
    professional_id: Mapped[UUID] = mapped_column(Id, primary_key=True, index=True)
