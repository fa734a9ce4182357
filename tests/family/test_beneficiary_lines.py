"""One line of the insurer's list: what is taken, what is refused, and that nothing of it is repeated."""

from datetime import date

import pytest

from espace import clock, settings
from espace.family.services.arriving.beneficiary_lines import COLUMNS, Beneficiary, beneficiary
from espace.identifiers import OID_NIA, OID_NIR
from espace.import_table import LineError, split
from tests.support.clock import FakeClock

from .lists import Row, ins_of, person


@pytest.fixture(autouse=True)
def _house() -> None:
    clock.bind(FakeClock())
    settings.bind(settings.Settings())


def read(row: Row) -> Beneficiary:
    return beneficiary(2, COLUMNS, [row[name] for name in COLUMNS])


def test_a_good_line_is_read_whole() -> None:
    mother, father = ins_of("F", date(1984, 5, 17)), ins_of("M", date(1980, 1, 2))
    found = read(
        person(
            birth="2019-02-28",
            birth_name="  DE  LA TOUR-D'AUVERGNE ",
            first_names="Zoé  Anne-Lise",
            use_name="Martin",
            email="Zoe@Exemple.FR",
            phone="06 12 34 56 78",
            vitale_serial="0123 4567 89",
            attending_doctor_rpps="810001234567",
            parent_ins=f"{mother}| {father}|{mother}",
        )
    )
    assert found.traits.birth_name == "DE LA TOUR-D'AUVERGNE"
    assert found.traits.first_names == ("Zoé", "Anne-Lise")
    assert found.traits.birth_date == date(2019, 2, 28)
    assert found.traits.email == "Zoe@exemple.fr"
    assert found.traits.phone == "+33612345678"
    assert found.traits.vitale_serial == "0123456789"
    assert found.traits.oid == OID_NIR
    assert found.attending_rpps == "10001234567"
    assert found.parents == ((1, mother), (2, father))
    assert not found.wrong_links
    assert not found.notes


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ins": ""}, "ins: it is missing"),
        ({"ins": "28405"}, "ins: 5 characters where an INS has 15, with its key"),
        ({"ins": "584057505600123"}, "ins: it does not have the form of an INS"),
        ({"birth_name": ""}, "birth_name: it is missing"),
        ({"birth_name": "X" * 101}, "birth_name: more than 100 characters"),
        ({"birth_name": "<b>Durand</b>"}, "birth_name: it is not a name"),
        ({"first_names": "Cl4ire"}, "first_names: it is not a name"),
        ({"use_name": "\x1b[31mMartin"}, "use_name: it is not a name"),
        ({"sex": "X"}, "sex: F or M is expected"),
        ({"birth_date": "17/05/1984"}, "birth_date: a date like 1979-03-21 is expected"),
        ({"birth_date": "1984-02-30"}, "birth_date: this day does not exist"),
        ({"birth_date": "2026-11-24"}, "birth_date: it lies in the future"),
        ({"birth_date": "1884-05-17"}, "birth_date: it lies more than 130 years back"),
        ({"birth_date": "1984-06-17"}, "birth_date: it does not agree with the INS number"),
        ({"birth_date": "1985-05-17"}, "birth_date: it does not agree with the INS number"),
        ({"birth_place": "Paris"}, "birth_place: an INSEE code of five characters is expected"),
        ({"birth_place": "2C004"}, "birth_place: an INSEE code of five characters is expected"),
        ({"email": "claire@"}, "email: it is not an e-mail address"),
        ({"email": "a@b.fr\r\nBcc: c@d.fr"}, "email: it is not an e-mail address"),
        ({"phone": "12"}, "phone: it is not a telephone number"),
        ({"vitale_serial": "a-b"}, "vitale_serial: letters and digits are expected, 32 at most"),
        ({"attending_doctor_rpps": "123"}, "attending_doctor_rpps: an RPPS number has 11 digits"),
    ],
)
def test_a_wrong_field_is_named_with_its_reason(change: dict[str, str], problem: str) -> None:
    row = person()
    with pytest.raises(LineError) as refused:
        read(row | change)
    assert problem in str(refused.value)
    for content in (row["ins"], row["birth_name"], *filter(None, change.values())):
        if len(content) > 3:
            assert content not in str(refused.value)


def test_every_wrong_digit_of_a_number_is_noticed() -> None:
    good = person()["ins"]
    for place in range(1, 15):
        for digit in "0123456789":
            wrong = good[:place] + digit + good[place + 1 :]
            if wrong != good:
                with pytest.raises(LineError, match=r"ins: the key|birth_date"):
                    read(person(ins=wrong))


def test_all_the_problems_of_a_line_are_named_at_once() -> None:
    with pytest.raises(LineError, match=r"^birth_date: .*; sex: .*; birth_name: .*; phone: ") as refused:
        read(person(birth_date="soon", sex="", birth_name="", phone="none"))
    assert str(refused.value).count(";") == 3


@pytest.mark.parametrize("place", ["2A004", "2B033", "20004"])
def test_people_born_in_corsica_keep_their_letters(place: str) -> None:
    found = read(person(birth_place=place, birth="1961-08-15"))
    assert found.traits.ins[5:10] == place
    assert found.traits.birth_place == place


@pytest.mark.parametrize("month", [*range(20, 43), *range(50, 100)])
def test_a_month_that_was_not_known_at_registration_is_tolerated(month: int) -> None:
    body = f"284{month:02d}75056001"
    number = body + f"{97 - int(body) % 97:02d}"
    assert read(person(ins=number)).traits.ins == number
    with pytest.raises(LineError, match="birth_date: it does not agree"):
        read(person(ins=number, birth_date="1983-05-17"))


def test_a_pending_number_belongs_to_another_authority_and_tells_no_date() -> None:
    body = "8990175056001"
    number = body + f"{97 - int(body) % 97:02d}"
    assert read(person(ins=number)).traits.oid == OID_NIA


def test_a_sex_that_the_number_does_not_tell_is_noted_not_refused() -> None:
    found = read(person("F") | {"sex": "M"})
    assert found.traits.sex == "M"
    assert found.notes == ("sex: it does not agree with the INS number",)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0612345678", "+33612345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("0690 12 34 56", "+590690123456"),
        ("0692123456", "+262692123456"),
        ("0694 20 12 34", "+594694201234"),
        ("0696 20 12 34", "+596696201234"),
        ("+32 470 12 34 56", "+32470123456"),
    ],
)
def test_telephone_numbers_of_every_part_of_the_country_are_read(typed: str, kept: str) -> None:
    assert read(person(phone=typed)).traits.phone == kept


def test_a_wrong_parent_spoils_the_link_only() -> None:
    row = person(birth="2019-02-28")
    found = read(row | {"parent_ins": f"123||{row['ins']}|{person()['ins']}"})
    assert found.parents == ((4, person()["ins"]),)
    assert found.wrong_links == (
        "parent 1: 3 characters where an INS has 15, with its key",
        "parent 2: 0 characters where an INS has 15, with its key",
        "parent 3: nobody is their own parent",
    )


@pytest.mark.parametrize("count", [0, 1, 11, 13])
def test_a_line_with_another_number_of_fields_is_refused(count: int) -> None:
    with pytest.raises(LineError, match=f"{count} fields where the header has 12"):
        beneficiary(2, COLUMNS, ["x"] * count)


@pytest.mark.parametrize("text", ['"open', 'a,"b"c,d', '"a" "b"'])
def test_quotes_that_make_no_sense_spoil_their_line_only(text: str) -> None:
    with pytest.raises(LineError, match="quotes"):
        split(text)
