"""Who may write to whom, cell by cell, against the rules written another way (rules.md MS-2 to MS-5)."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import product

import pytest

from espace.messaging.services.rights import Exchange, Why, may_write

WROTE, ENDED = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
CELLS = [
    Exchange(
        from_patient=sender,
        to_patient=receiver,
        may_write=may,
        wrote_at=wrote,
        closed_at=ended,
        known_pharmacy=known,
        pharmacy_exception=excepted,
        with_prescription=prescribed,
    )
    for wrote, ended in product((None, WROTE), (None, ENDED))
    for sender, receiver, may, known, excepted, prescribed in product((True, False), repeat=6)
]


def expected(cell: Exchange) -> bool:
    """The rules as one reads them: a list of what lets through, nothing else does."""
    if not cell.may_write:
        return False
    answers = bool(cell.wrote_at)
    orders = cell.known_pharmacy and cell.pharmacy_exception and cell.with_prescription
    patient_to_professional = cell.from_patient and not cell.to_patient
    return not cell.from_patient or (patient_to_professional and not cell.closed_at and (answers or orders))


def test_every_cell_is_there() -> None:
    assert len({tuple(asdict(cell).values()) for cell in CELLS}) == 256


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_cell_is_decided_as_the_rules_say(cell: Exchange) -> None:
    assert may_write(cell).allowed is expected(cell)


def test_the_reason_is_the_one_a_person_can_do_something_about() -> None:
    asked = Exchange(from_patient=True, to_patient=False)
    assert may_write(asked).why is Why.NEVER_WROTE
    assert may_write(replace(asked, wrote_at=WROTE)).why is Why.WROTE_BEFORE
    assert may_write(replace(asked, wrote_at=WROTE, closed_at=ENDED)).why is Why.CLOSED
    assert may_write(replace(asked, to_patient=True)).why is Why.PATIENT
    assert may_write(replace(asked, may_write=False)).why is Why.ONLY_READS
    assert may_write(replace(asked, known_pharmacy=True)).why is Why.NEVER_WROTE, "only with a prescription"
    assert may_write(replace(asked, known_pharmacy=True, with_prescription=True)).why is Why.KNOWN_PHARMACY
    assert may_write(Exchange(from_patient=False, to_patient=True)).why is Why.PROFESSIONAL
