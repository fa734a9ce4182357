"""A cursor leads back to where it was written; anything else leads to the first page."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espace.web import paging


@given(at=st.datetimes(timezones=st.just(UTC)), row=st.uuids())
def test_an_instant_and_its_row_come_back_as_written(at: datetime, row: UUID) -> None:
    text = paging.to_text(at, row)
    assert paging.instant_from(text) == (at, row)
    assert len(text) == 32
    assert text.isascii()


@given(at=st.dates(), row=st.uuids())
def test_a_day_and_its_row_come_back_as_written(at: date, row: UUID) -> None:
    assert paging.day_from(paging.to_text(at, row)) == (at, row)


@given(text=st.text() | st.text("ABCabc019-_=", max_size=48))
def test_no_text_can_do_harm(text: str) -> None:
    found = paging.instant_from(text)
    assert found is None or paging.instant_from(paging.to_text(*found)) == found


@pytest.mark.parametrize("cut", [1, 3, 8, 31])
def test_a_cut_cursor_is_the_first_page(cut: int) -> None:
    assert paging.day_from(paging.to_text(date(2026, 11, 17), uuid4())[:-cut]) is None
    assert paging.day_from(None) is None
