"""Who may act for a child, and until when (rules.md MI-1, MI-2, MI-4)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from espace import db
from espace.audit.services import Action, entries
from espace.clock import HOME_ZONE
from espace.errors import NotFoundError
from espace.family.models import Link
from espace.family.services import link_parent, records_represented, representatives, represents
from espace.identifiers import new_id
from espace.machines import Machines
from espace.people.services import Traits, save_person
from espace.records.services import open_record
from espace.settings import Settings
from tests.support.clock import FakeClock

from .lists import ins_of

BORN = date(2012, 3, 14)


def someone(birth: date, order: int = 1) -> UUID:
    traits = Traits(
        ins=ins_of("F", birth, order=order), birth_name="FONTENAY", first_names=("Zoé",), sex="F", birth_date=birth
    )
    return save_person(traits)[0]


@pytest.fixture
def mother(machines: Machines) -> UUID:
    return someone(date(1984, 5, 17))


@pytest.fixture
def record_id(machines: Machines) -> UUID:
    return open_record(someone(BORN, 2), delay=timedelta(0))


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=HOME_ZONE).astimezone(UTC)


def test_a_linked_parent_acts_for_the_child_and_nobody_else_does(mother: UUID, record_id: UUID) -> None:
    stranger = someone(date(1984, 5, 17), 3)
    assert not represents(mother, record_id)
    assert link_parent(record_id, mother)
    assert represents(mother, record_id)
    assert not represents(stranger, record_id)
    assert records_represented(mother) == [record_id]
    assert records_represented(stranger) == []
    assert representatives(record_id) == [mother]


def test_the_same_link_is_made_once_and_leaves_one_line_in_the_trail(mother: UUID, record_id: UUID) -> None:
    assert link_parent(record_id, mother)
    assert not link_parent(record_id, mother)
    acts = entries(record_id, mine=False, holder_actor_ids=[], before=None)
    made = [entry for entry in acts if entry.action == Action.LINK_MADE]
    assert [list(entry.objects) for entry in made] == [[{"kind": "person", "id": str(mother)}]]


def test_a_second_parent_has_the_same_right(mother: UUID, record_id: UUID) -> None:
    father = someone(date(1980, 1, 2), 4)
    link_parent(record_id, mother)
    link_parent(record_id, father)
    assert representatives(record_id) == [mother, father]
    assert represents(father, record_id)


def test_a_parent_of_several_children_sees_each_of_them(mother: UUID, record_id: UUID) -> None:
    twin = open_record(someone(BORN, 5), delay=timedelta(0))
    link_parent(record_id, mother)
    link_parent(twin, mother)
    assert records_represented(mother) == sorted([record_id, twin])


def test_the_right_ends_at_midnight_of_the_eighteenth_birthday(mother: UUID, record_id: UUID, clock: FakeClock) -> None:
    link_parent(record_id, mother)
    clock.now = midnight(date(2030, 3, 14)) - timedelta(seconds=1)
    assert represents(mother, record_id)
    clock.now = midnight(date(2030, 3, 14))
    assert not represents(mother, record_id)
    assert records_represented(mother) == []
    assert representatives(record_id) == []


def test_a_child_of_29_february_comes_of_age_on_1_march(mother: UUID, clock: FakeClock) -> None:
    leap = open_record(someone(date(2012, 2, 29), 6), delay=timedelta(0))
    link_parent(leap, mother)
    clock.now = midnight(date(2030, 3, 1)) - timedelta(seconds=1)
    assert represents(mother, leap)
    clock.now = midnight(date(2030, 3, 1))
    assert not represents(mother, leap)


class TestOtherAge:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, majority_age=21)

    def test_the_age_of_majority_is_a_setting(self, mother: UUID, record_id: UUID, clock: FakeClock) -> None:
        link_parent(record_id, mother)
        clock.now = midnight(date(2030, 3, 14))
        assert represents(mother, record_id)
        clock.now = midnight(date(2033, 3, 14))
        assert not represents(mother, record_id)


def test_an_ended_link_gives_nothing_and_an_import_does_not_make_it_again(
    mother: UUID, record_id: UUID, clock: FakeClock
) -> None:
    link_parent(record_id, mother)
    with db.write() as tx:
        tx.execute(update(Link).values(until=clock.now + timedelta(hours=1)))
    assert represents(mother, record_id)
    clock.advance(timedelta(hours=1))
    assert not represents(mother, record_id)
    assert records_represented(mother) == []
    assert representatives(record_id) == []
    assert not link_parent(record_id, mother)
    assert not represents(mother, record_id)


def test_nobody_represents_themself(record_id: UUID) -> None:
    holder = someone(BORN, 2)
    with pytest.raises(ValueError, match="own parent"):
        link_parent(record_id, holder)


def test_a_record_that_does_not_exist_links_nobody(mother: UUID) -> None:
    absent = new_id()
    with pytest.raises(NotFoundError):
        link_parent(absent, mother)
    assert not represents(mother, absent)
    assert representatives(absent) == []
