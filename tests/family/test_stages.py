"""Growing up: the table of the stages against ages written by hand, in houses with other ages (rules.md MI-3)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from espace import settings as house
from espace.errors import SettingsError
from espace.family.services.growing import stages
from espace.family.services.growing.stages import Change
from espace.machines import Machines
from espace.people.services import age_on
from espace.settings import Settings
from tests.support.marks import on_sqlite

C = Change
# By hand from the rules, apart from the table: from which age up to which (without it).
_USUAL = {
    C.PARENTS_ARE_TOLD: (12, 18),
    C.SECRET_CONNECTION: (12, 18),
    C.MAY_READ: (15, 16),
    C.OWN_ACCOUNT: (16, 200),
    C.KEEPS_SECRET: (16, 18),
    C.PARENTS_END: (18, 200),
}
_OTHER = {
    C.PARENTS_ARE_TOLD: (10, 21),
    C.SECRET_CONNECTION: (10, 21),
    C.MAY_READ: (13, 14),
    C.OWN_ACCOUNT: (14, 200),
    C.KEEPS_SECRET: (14, 21),
    C.PARENTS_END: (21, 200),
}
_OTHER_AGES = {"secret_care_age": 10, "own_reading_age": 13, "autonomy_age": 14, "majority_age": 21}


@on_sqlite
@pytest.mark.parametrize("age", range(26))
def test_what_holds_at_each_age(machines: Machines, settings: Settings, age: int) -> None:
    for given, expected in ((settings, _USUAL), (replace(settings, **_OTHER_AGES), _OTHER)):  # type: ignore[arg-type]
        house.bind(given)
        assert stages.holding(age) == {change for change, (first, end) in expected.items() if first <= age < end}


@on_sqlite
@pytest.mark.parametrize("born", [date(2010, 6, 1), date(2008, 2, 29), date(2011, 12, 31), date(2012, 1, 1)])
def test_each_stage_begins_on_the_birthday(machines: Machines, born: date) -> None:
    for step in stages.steps(born):
        eve = step.day - timedelta(days=1)
        assert age_on(born, step.day) == step.age
        assert age_on(born, eve) == step.age - 1
        brought = stages.holding(age_on(born, step.day)) - stages.holding(age_on(born, eve))
        assert brought == step.stage.brings


@pytest.mark.parametrize(
    "ages",
    [
        {"secret_care_age": 0},
        {"secret_care_age": 16},
        {"own_reading_age": 11},
        {"own_reading_age": 17},
        {"autonomy_age": 14},
        {"autonomy_age": 19},
        {"majority_age": 15},
    ],
)
def test_ages_out_of_order_stop_the_start(ages: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="AGE"):
        Settings(**ages)  # type: ignore[arg-type]


def test_equal_ages_are_no_disorder() -> None:
    Settings(secret_care_age=16, own_reading_age=16)
    Settings(secret_care_age=1, own_reading_age=1, autonomy_age=1, majority_age=1)


@on_sqlite
def test_every_stage_names_its_rule_and_its_setting(machines: Machines) -> None:
    assert {one.setting for one in stages.STAGES} == set(_OTHER_AGES)
    assert all("rules.md MI-" in one.source for one in stages.STAGES)
    assert [one.verified for one in stages.STAGES] == ["(U)" not in one.source for one in stages.STAGES]
    assert {change for one in stages.STAGES for change in one.brings} == set(Change)
