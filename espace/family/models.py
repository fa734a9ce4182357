"""Who may act for whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Base, Code, Digest, Id, Instant, RecordRow, Sealed, record_table


class Link(RecordRow, Base):
    """That `person_id` acts for the holder of `record_id`: as a parent, as the guardian of an adult, or as a carer.

    Payload of a carer: the tasks, the types of documents withheld, the words under which the holder made them one. Of
    a parent: whether the child lives in two homes for them. Of a guardian: the measure, which reminders were sent.
    """

    __tablename__ = "family_links"
    __table_args__ = record_table(
        Index("uq_family_links_record_id_person_id_kind", "record_id", "person_id", "kind", unique=True),
        Index("ix_family_links_person_id", "person_id"),
        Index("ix_family_links_kind_until", "kind", "until"),
    )

    person_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Code(12))  # parent, guardian, carer
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    frozen_at: Mapped[datetime | None] = mapped_column(Instant)  # stopped by a decision (security.md R15)
    sees_before: Mapped[datetime | None] = mapped_column(Instant)  # what a frozen one still reads: what came until then
    version: Mapped[int] = mapped_column(Integer, server_default="1")  # two browsers deciding at once
    first_read_at: Mapped[datetime | None] = mapped_column(Instant)  # a carer's first reading, of which people are told
    payload: Mapped[bytes | None] = mapped_column(Sealed)


class AwaitedParent(RecordRow, Base):
    """A parent the insurer named who was not known yet: linked as soon as their own line comes in."""

    __tablename__ = "family_awaited_parents"
    __table_args__ = record_table(
        Index("uq_family_awaited_parents_record_id_ins_index", "record_id", "ins_index", unique=True),
        Index("ix_family_awaited_parents_ins_index", "ins_index"),
    )

    ins_index: Mapped[bytes] = mapped_column(Digest(32))
    since: Mapped[datetime] = mapped_column(Instant)


class Request(Base):
    """What somebody asks about another person's record, with a proof: to act for them, or to have a link limited.

    It is the asker's, and sealed under their account's key: what was typed of somebody who is not known here leaves
    the same row as of somebody who is (security.md R5). Payload: the strict traits as typed, what binds the asker, the
    proof, what operators and relatives said.
    """

    __tablename__ = "family_requests"
    __table_args__ = (
        Index("ix_family_requests_state_made_at", "state", "made_at"),
        Index("ix_family_requests_about_id", "about_id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Id, index=True)
    about_id: Mapped[UUID | None] = mapped_column(
        Id
    )  # the record, once operators said whose it is; it is no part of it
    kind: Mapped[str] = mapped_column(Code(12))  # parent, guardian, restriction
    state: Mapped[str] = mapped_column(Code(12))  # waiting, proposed, announced, contested, accepted, refused, ...
    made_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    effective_at: Mapped[datetime | None] = mapped_column(Instant)  # when an announced link is made, unless contested
    proposed_by: Mapped[UUID | None] = mapped_column(Id)
    proof_id: Mapped[UUID | None] = mapped_column(Id)  # the stored file; gone some days after the decision
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    payload: Mapped[bytes] = mapped_column(Sealed)


class ParentInvitation(RecordRow, Base):
    """A code by which a parent invites the other one (rules.md MI-2). Payload: who invited, the address it went to."""

    __tablename__ = "family_invitations"
    __table_args__ = record_table(Index("ix_family_invitations_code_index", "code_index"))

    person_id: Mapped[UUID] = mapped_column(Id)  # who invites
    code_index: Mapped[bytes] = mapped_column(Digest(32))
    state: Mapped[str] = mapped_column(Code(12))  # sent, used, cancelled
    made_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[bytes] = mapped_column(Sealed)


class Restriction(RecordRow, Base):
    """A decision that stops or narrows one representative: entered by one operator, confirmed by another (R15).

    Payload: the order's reference and date, the words, who entered, confirmed and lifted it, whom to tell.
    """

    __tablename__ = "family_restrictions"
    __table_args__ = record_table(Index("ix_family_restrictions_state", "state"))

    person_id: Mapped[UUID] = mapped_column(Id)  # whom it limits
    state: Mapped[str] = mapped_column(Code(12))  # entered, confirmed, lifting, lifted, dropped
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[UUID] = mapped_column(Id)  # who did the step that waits for the second person
    stands_at: Mapped[datetime | None] = mapped_column(Instant)  # since when it has effect
    lapses_at: Mapped[datetime | None] = mapped_column(Instant)  # an urgent one ends by itself unless it is confirmed
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    sees_before: Mapped[datetime | None] = mapped_column(Instant)
    file_id: Mapped[UUID] = mapped_column(Id)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    payload: Mapped[bytes] = mapped_column(Sealed)


class MajorityNotice(RecordRow, Base):
    """That parents and holder were told, so many days before, that the parents' access ends (rules.md MI-4)."""

    __tablename__ = "family_majority_notices"
    __table_args__ = record_table(
        Index("uq_family_majority_notices_record_id_days", "record_id", "days", unique=True),
    )

    days: Mapped[int] = mapped_column(Integer)
    sent_at: Mapped[datetime] = mapped_column(Instant)


class CarerInvitation(RecordRow, Base):
    """Somebody asked to become a carer: found by whoever it is for, by a keyed hash of their address or number.

    Payload: how they are called by who asks, the address or the identity, the tasks, what is withheld, until when, and
    who asked.
    """

    __tablename__ = "family_carer_invitations"
    __table_args__ = record_table(Index("ix_family_carer_invitations_for_index", "for_index"))

    for_index: Mapped[bytes] = mapped_column(Digest(32))
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[str | None] = mapped_column(Code(10))  # accepted, refused, cancelled
    payload: Mapped[bytes] = mapped_column(Sealed)


class CarerNotice(RecordRow, Base):
    """That people were told of one thing about a carer: the nearing end, a week's acts, a first act. Told once."""

    __tablename__ = "family_carer_notices"
    __table_args__ = record_table(
        Index("uq_family_carer_notices_record_id_link_id_what", "record_id", "link_id", "what", unique=True),
    )

    link_id: Mapped[UUID] = mapped_column(Id)
    what: Mapped[str] = mapped_column(Code(24))  # end-14-<day>, week-<monday>, first-<task>
    sent_at: Mapped[datetime] = mapped_column(Instant)


class Mandate(RecordRow, Base):
    """A signed paper by which somebody was made a carer at the counter (rules.md MI-12).

    Payload: the reference of the paper, the media of its scan, the documents shown by both, the operator's name.
    """

    __tablename__ = "family_mandates"
    __table_args__ = record_table(
        Index("ix_family_mandates_operator_id", "operator_id", "entered_at"),
        Index("ix_family_mandates_person_id", "person_id", "entered_at"),
    )

    link_id: Mapped[UUID] = mapped_column(Id)
    person_id: Mapped[UUID] = mapped_column(Id)  # the carer
    operator_id: Mapped[UUID] = mapped_column(Id)
    entered_at: Mapped[datetime] = mapped_column(Instant)
    file_id: Mapped[UUID | None] = mapped_column(Id)  # the scan
    payload: Mapped[bytes] = mapped_column(Sealed)


class OwnReading(RecordRow, Base):
    """That a parent agreed that a minor reads their record in an account of their own (rules.md MI-3); one a record."""

    __tablename__ = "family_own_readings"
    __table_args__ = record_table(
        Index("uq_family_own_readings_record_id", "record_id", unique=True),
    )

    given_by: Mapped[UUID] = mapped_column(Id)  # a person
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)  # taken back, by whichever parent
    proved_at: Mapped[datetime | None] = mapped_column(Instant)  # old enough, they proved that the account is theirs
