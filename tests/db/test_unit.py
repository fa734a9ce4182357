"""Units of work, and what may as well not be written."""

import pytest
from sqlalchemy import func, select

from espace import db, outbox
from espace.machines import Machines
from espace.outbox.models import Delivery


def test_what_may_as_well_not_be_written_joins_the_unit_of_work_it_stands_in(machines: Machines) -> None:
    with db.write() as mine, db.write_if_free() as free:
        assert free is mine, "on SQLite it would wait for itself"


def test_it_goes_with_its_unit(machines: Machines) -> None:
    def fails() -> None:
        with db.write(), db.write_if_free():
            outbox.post("mail", {})
            raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        fails()
    with db.read() as tx:
        assert tx.execute(select(func.count()).select_from(Delivery)).scalar_one() == 0
