"""Persons: one per INS, found by it alone, rewritten only when something changed."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, update

from espace import db
from espace.errors import NotFoundError, TamperedError
from espace.identifiers import OID_NIR, WrongInsError, new_id
from espace.people.models import Person as PersonRow
from espace.people.services import Traits, find_person, person, persons, save_person
from tests.family.lists import ins_of

pytestmark = pytest.mark.usefixtures("machines")

CLAIRE = Traits(
    ins="279035121518989",
    birth_name="FONTENAY",
    first_names=("Claire", "Marie"),
    use_name="",
    sex="F",
    birth_date=date(1979, 3, 21),
    birth_place="51215",
    email="claire@exemple.fr",
    phone="+33612345678",
    vitale_serial="0123456789",
)


def test_a_person_is_kept_whole_and_found_by_ins() -> None:
    person_id, changed = save_person(CLAIRE)
    assert changed
    found = person(person_id)
    assert found == find_person("2 79 03 51 215 189 89") == persons([person_id, new_id()])[person_id]
    assert (found.id, found.oid, found.birth_date, found.first_names) == (
        person_id,
        OID_NIR,
        date(1979, 3, 21),
        ("Claire", "Marie"),
    )
    assert (found.email, found.phone, found.vitale_serial) == (CLAIRE.email, CLAIRE.phone, CLAIRE.vitale_serial)


def test_saving_the_same_traits_writes_nothing() -> None:
    person_id, _ = save_person(CLAIRE)
    with db.read() as tx:
        before = tx.execute(select(PersonRow.payload)).scalars().all()
    assert save_person(CLAIRE) == (person_id, False)
    assert save_person(person(person_id)) == (person_id, False)
    with db.read() as tx:
        assert tx.execute(select(PersonRow.payload)).scalars().all() == before


def test_other_traits_of_the_same_number_change_the_same_person() -> None:
    person_id, _ = save_person(CLAIRE)
    changed = Traits(
        ins=CLAIRE.ins, birth_name="FONTENAY", first_names=("Claire",), sex="F", birth_date=CLAIRE.birth_date
    )
    assert save_person(changed) == (person_id, True)
    assert person(person_id).email == ""


def test_a_wrong_number_is_neither_kept_nor_found() -> None:
    wrong = Traits(ins="279035121518988", birth_name="X", first_names=("Y",), sex="F", birth_date=CLAIRE.birth_date)
    with pytest.raises(WrongInsError):
        save_person(wrong)
    assert find_person(wrong.ins) is None
    assert find_person(CLAIRE.ins) is None
    assert find_person("") is None
    assert persons([]) == {}
    with pytest.raises(NotFoundError):
        person(new_id())


def test_traits_do_not_open_in_another_persons_row() -> None:
    first, _ = save_person(CLAIRE)
    other, _ = save_person(replace(CLAIRE, ins=ins_of("M", date(1980, 1, 2)), sex="M"))
    with db.write() as tx:
        moved = tx.execute(select(PersonRow.payload).where(PersonRow.id == first)).scalar_one()
        tx.execute(update(PersonRow).where(PersonRow.id == other).values(payload=moved))
    assert person(first).ins == CLAIRE.ins
    with pytest.raises(TamperedError):
        person(other)


@pytest.mark.parametrize(
    ("first", "birth", "use", "shown", "badge"),
    [
        ("Claire", "FONTENAY", "", "Claire Fontenay", "CF"),
        ("CLAIRE", "FONTENAY", "Le Goff", "Claire Le Goff", "CG"),
        ("ANNE-LISE", "D'ARGENT", "", "Anne-Lise D'Argent", "AA"),
        ("Éloïse", "de la Tour", "", "Éloïse de la Tour", "ÉT"),
        ("Yu", "LE", "", "Yu Le", "YL"),
    ],
)
def test_names_are_shown_as_people_write_them(first: str, birth: str, use: str, shown: str, badge: str) -> None:
    named = replace(CLAIRE, first_names=(first, "Marie"), birth_name=birth, use_name=use)
    assert (named.display_name, named.initials) == (shown, badge)


@pytest.mark.parametrize(
    ("day", "years"),
    [(date(1997, 3, 20), 17), (date(1997, 3, 21), 18), (date(1979, 3, 21), 0), (date(2026, 11, 23), 47)],
)
def test_age_is_counted_in_whole_years(day: date, years: int) -> None:
    assert CLAIRE.age_on(day) == years
