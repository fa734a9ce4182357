"""Who may write to whom: facts in, decisions out. Pure, like `access.policy` (rules.md MS-2 to MS-5, MS-9)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Why(StrEnum):
    """Why one may write, or not; shown to people and tested cell by cell."""

    PROFESSIONAL = "professional"
    WROTE_BEFORE = "wrote-before"
    KNOWN_PHARMACY = "known-pharmacy"
    ONLY_READS = "only-reads"
    NEVER_WROTE = "never-wrote"
    CLOSED = "closed"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Two sides, one of whom wants to write.

    `from_patient` and `to_patient` say who is a patient. `may_write`: the actor may write for this box at all.
    `wrote_at`: the other wrote first then; `closed_at`: the other ended the exchange since. `known_pharmacy`: the other
    is the mailbox of a pharmacy (ORG) that this person knows; `pharmacy_exception`: in a house where
    it may be written to first (MS-3). `with_prescription`: what is written brings a prescription.
    """

    from_patient: bool
    to_patient: bool
    may_write: bool = True
    wrote_at: datetime | None = None
    closed_at: datetime | None = None
    known_pharmacy: bool = False
    pharmacy_exception: bool = True
    with_prescription: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why."""

    allowed: bool
    why: Why


def may_write(exchange: Exchange) -> Decision:
    """Whether a message may go from one side to the other.

    The professional starts; the patient answers, or writes anew to one who wrote before (MS-2), unless that one ended
    the exchange (MS-5). A prescription may go to a pharmacy that the patient knows (MS-3). Patients never write to each
    other (MS-4).
    """
    if not exchange.may_write:
        return Decision(allowed=False, why=Why.ONLY_READS)
    if not exchange.from_patient:
        return Decision(allowed=True, why=Why.PROFESSIONAL)
    if exchange.to_patient:
        return Decision(allowed=False, why=Why.PATIENT)
    return _judge_patient(exchange)


def _judge_patient(exchange: Exchange) -> Decision:
    if exchange.closed_at is not None:
        return Decision(allowed=False, why=Why.CLOSED)
    if exchange.wrote_at is not None:
        return Decision(allowed=True, why=Why.WROTE_BEFORE)
    is_order = exchange.known_pharmacy and exchange.pharmacy_exception and exchange.with_prescription
    return Decision(allowed=is_order, why=Why.KNOWN_PHARMACY if is_order else Why.NEVER_WROTE)
