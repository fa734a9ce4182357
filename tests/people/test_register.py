"""The register's extraction: found by column names, grouped, kept small in memory, written only when it changed."""

import random
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, select
from stdnum import luhn

from espace import db
from espace.crypto.models import DataKey
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.import_report import Entry, Report, UnreadableError
from espace.machines import Machines
from espace.people import services as people
from espace.people.models import Practice, Professional, Structure
from espace.people.services import rpps_columns as c
from espace.settings import Settings

from .extraction import Values, situation, write

pytestmark = pytest.mark.usefixtures("machines")


def bring_in(path: Path, *rows: Values) -> Report:
    return people.import_professionals(write(path / "ps.txt", rows))


def rows_of(*tables: type[db.Base]) -> list[list[tuple[object, ...]]]:
    with db.read() as tx:
        return [[tuple(row) for row in tx.execute(select(*table.__table__.columns)).all()] for table in tables]


def one(rpps: str = "10000000001") -> people.Professional:
    found = people.find_professional(rpps)
    assert found is not None
    return found


def test_a_professional_is_read_from_the_real_format(tmp_path: Path) -> None:
    report = bring_in(tmp_path, situation())
    assert (report.read, report.done, report.unchanged, report.refused) == (1, 1, 0, [])
    doctor = one()
    assert doctor.display_name == "Dr Hélène Morvan"
    assert doctor.initials == "HM"
    assert (doctor.profession_code, doctor.profession_label) == ("G15_10", "médecin")
    assert (doctor.specialty_code, doctor.specialty_label) == ("G15_10/SM26", "médecin généraliste")
    assert doctor.mssante == "helene.morvan@medecin.mssante.fr"
    assert doctor.active
    (place,) = doctor.structures
    assert (place.number, place.sector_code) == ("1750000018", "SA07")
    assert (place.display_name, place.city) == ("Cabinet des Lilas", "Paris 11e Arrondissement")
    assert people.professional(doctor.id) == doctor == people.professionals([doctor.id, new_id()])[doctor.id]
    assert people.find_professional("8 10000000001".replace(" ", "")) == doctor


def test_the_writer_of_the_format_and_its_reader_agree(tmp_path: Path) -> None:
    path = tmp_path / "ps.txt"
    path.write_text(c.HEADER + "\n" + c.extraction_line(situation()) + "\n")
    assert people.import_professionals(path).done == 1
    with pytest.raises(ValueError, match="Prenom"):
        c.extraction_line({"Prenom": "x"})


@pytest.mark.parametrize(
    ("register", "matrix", "label"),
    [
        ("10", "G15_10", "médecin"),
        ("21", "G15_21", "pharmacien"),
        ("40", "G15_40", "chirurgien-dentiste"),
        ("50", "G15_50", "sage-femme"),
        ("60", "G15_60", "infirmier"),
        ("70", "G15_70", "masseur-kinésithérapeute"),
        ("93", "93", "psychologue"),
        ("71", "71", "ostéopathe"),
        ("69", "69", "Infirmier Psychiatrique"),
    ],
)
def test_professions_get_the_codes_of_the_matrix(tmp_path: Path, register: str, matrix: str, label: str) -> None:
    bring_in(tmp_path, situation(PROFESSION=register, PROFESSION_LABEL="INFIRMIER PSYCHIATRIQUE", SKILL=""))
    assert (one().profession_code, one().profession_label) == (matrix, label)
    assert one().specialty_code == ""


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("LES TILLEULS", "Les Tilleuls"),
        ("CHU DE SAINT-ÉTIENNE", "CHU de Saint-Étienne"),
        ("MAISON DE LA SANTÉ ET DU SPORT", "Maison de la Santé et du Sport"),
        ("Pharmacie DU Centre", "Pharmacie DU Centre"),
        ("SELARL MORVAN", "SELARL Morvan"),
    ],
)
def test_places_are_shown_as_people_write_them(tmp_path: Path, written: str, shown: str) -> None:
    bring_in(tmp_path, situation(COMPANY="LONG LEGAL NAME", SIGN=written))
    assert one().structures[0].display_name == shown


@pytest.mark.parametrize(
    ("title", "civility", "profession", "name"),
    [
        ("DR", "M", "10", "Dr Hélène Morvan"),
        ("PR", "MME", "10", "Pr Hélène Morvan"),
        ("", "", "10", "Dr Hélène Morvan"),
        ("", "MME", "60", "Mme Hélène Morvan"),
        ("", "", "60", "Hélène Morvan"),
    ],
)
def test_people_are_called_as_the_register_says(
    tmp_path: Path, title: str, civility: str, profession: str, name: str
) -> None:
    bring_in(tmp_path, situation(PRACTICE_TITLE=title, CIVILITY=civility, PROFESSION=profession))
    assert one().display_name == name


@pytest.mark.parametrize(
    ("title", "civility", "profession", "skill", "label"),
    [
        ("DR", "MME", "10", "SM26", "médecin de famille"),
        ("", "MME", "10", "", "médecin"),
        ("", "MME", "10", "SM14", "chirurgienne du ventre"),
        ("", "MME", "21", "", "pharmacienne"),
        ("", "M", "21", "", "pharmacien"),
        ("", "MME", "60", "", "infirmière"),
        ("", "M", "60", "", "infirmier"),
        ("", "MME", "60", "SI01", "infirmière spécialisée"),
        ("", "MME", "41", "", "assistante sociale"),
        ("", "MME", "36", "", "transport sanitaire"),
        ("", "MME", "72", "", "thérapeute par la parole"),
        ("", "MME", "69", "", "Infirmier Psychiatrique"),
    ],
)
def test_professions_are_said_in_everyday_words_of_the_right_gender(
    tmp_path: Path, title: str, civility: str, profession: str, skill: str, label: str
) -> None:
    said = {"PRACTICE_TITLE": title, "CIVILITY": civility, "PROFESSION": profession, "SKILL": skill}
    bring_in(tmp_path, situation(1, PROFESSION_LABEL="INFIRMIER PSYCHIATRIQUE", **said))
    assert one().plain_label == label
    if profession != "69":  # the table does not name it
        assert people.plain_label(one().specialty_code or one().profession_code, one().display_name) == label


def test_several_situations_make_one_professional_wherever_their_lines_stand(tmp_path: Path) -> None:
    clinic = {"FINESS": "", "SIRET": "49940088500020", "COMPANY": "CLINIQUE DU PARC"}
    office = {"FINESS": "", "TECHNICAL_ID": "C75912415900", "COMPANY": "CABINET 2"}
    report = bring_in(
        tmp_path,
        situation(1, SKILL="", EMAIL=""),
        situation(2, FAMILY_NAME="DURAND"),
        situation(1, SKILL="CAPA05", **clinic),
        situation(3, FINESS="", COMPANY=""),
        situation(1, SKILL="SM04", **office),
        situation(1, SKILL="SM04", **office),
    )
    assert (report.read, report.done, report.refused) == (6, 6, [])
    doctor = one()
    assert {place.number for place in doctor.structures} == {"1750000018", "349940088500020", "C75912415900"}
    assert doctor.specialty_code == "G15_10/SM04"
    assert doctor.mssante
    found = doctor.in_structure("349940088500020")
    assert found is not None
    assert found.display_name == "Clinique du Parc"
    assert doctor.in_structure("1") is None
    assert one("10000000003").structures == ()
    assert [len(rows) for rows in rows_of(Professional, Structure)] == [3, 3]


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    columns = list(c.COLUMNS)
    random.Random(7).shuffle(columns)
    path = write(tmp_path / "ps.txt", [situation()], columns=columns)
    assert people.import_professionals(path).done == 1
    assert one().display_name == "Dr Hélène Morvan"
    assert len(one().structures) == 1


def test_columns_that_are_not_needed_may_be_missing(tmp_path: Path) -> None:
    columns = [c.NATIONAL_ID, c.GIVEN_NAME, c.PROFESSION, c.FAMILY_NAME]
    path = write(tmp_path / "ps.txt", [situation()], columns=columns, encoding="utf-8-sig")
    assert people.import_professionals(path).done == 1
    assert one().structures == ()


def test_an_unchanged_professional_is_not_rewritten(tmp_path: Path, machines: Machines) -> None:
    lines = [situation(1), situation(2, FAMILY_NAME="DURAND"), situation(3)]
    bring_in(tmp_path, *lines)
    tables = (Professional, Structure, Practice, DataKey)
    before = rows_of(*tables)
    written: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        written.append(statement)

    event.listen(machines.database.writer, "before_cursor_execute", note)
    report = bring_in(tmp_path, *reversed(lines))
    assert (report.done, report.unchanged) == (0, 3)
    assert rows_of(*tables) == before
    assert not [statement for statement in written if not statement.startswith(("SELECT", "PRAGMA"))]
    event.remove(machines.database.writer, "before_cursor_execute", note)


def test_what_changed_is_brought_up_to_date_under_the_same_id(tmp_path: Path) -> None:
    bring_in(tmp_path, situation(1), situation(2))
    before = one()
    moved = situation(1, FAMILY_NAME="MORVAN-LE GOFF", FINESS="690000019", COMPANY="MAISON DE SANTÉ")
    renamed = situation(2, COMPANY="CENTRE DES LILAS")
    assert bring_in(tmp_path, moved, renamed).done == 2
    after = one()
    assert after.id == before.id
    assert after.display_name == "Dr Hélène Morvan-Le Goff"
    assert [place.name for place in after.structures] == ["MAISON DE SANTÉ"]
    assert one("10000000002").structures[0].id == before.structures[0].id
    assert one("10000000002").structures[0].name == "CENTRE DES LILAS"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ID_TYPE": "0"}, "the identifier is not an RPPS number"),
        ({"ID": "", "NATIONAL_ID": ""}, "the RPPS number is missing"),
        ({"ID": "1234"}, "an RPPS number has 11 digits"),
        ({"ID": "10000000009"}, "the two identifiers name different numbers"),
        ({"FAMILY_NAME": ""}, "the name is missing"),
        ({"GIVEN_NAME": " "}, "the name is missing"),
        ({"PROFESSION": ""}, "the profession code is missing or wrong"),
        ({"PROFESSION": "G15_10"}, "the profession code is missing or wrong"),
        ({"COMPANY": "X" * 201}, "the value of 'Raison sociale site' is too long"),
    ],
)
def test_a_bad_line_is_reported_and_the_others_kept(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    report = bring_in(tmp_path, situation(2), situation(1, **change), situation(3))
    assert (report.read, report.done) == (3, 2)
    assert report.refused == [Entry("line 3", reason)]
    assert people.find_professional("10000000001") is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"8|1|2\n", "3 fields where the header has 52"),
        (b"8|\xe9|\n", "the line is not UTF-8 text"),
        (b"8|\0|\n", "the line holds NUL bytes"),
        (b"x" * 40_000 + b"\n", "the line is too long"),
        (b"x" * 16_384 + b"\n", "the line is too long"),
        (c.extraction_line(situation(5)).encode() + b"x|\n", "more fields than the header: a value holds a separator"),
    ],
)
def test_a_spoilt_line_spoils_nothing_else(tmp_path: Path, line: bytes, reason: str) -> None:
    path = write(tmp_path / "ps.txt", [situation(1)])
    path.write_bytes(path.read_bytes() + line + b"\n\r\n" + c.extraction_line(situation(2)).encode())
    report = people.import_professionals(path)
    assert (report.read, report.done) == (3, 2)
    assert report.refused == [Entry("line 3", reason)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b"\n", "the file is empty"),
        (b"ins,birth_name\n", "no column 'Identifiant PP', 'Code profession'"),
        ("Identifiant PP|Prénom d'exercice\n".encode("latin-1"), "not UTF-8"),
        ("Identifiant PP|\n".encode("utf-16"), "NUL bytes"),
    ],
)
def test_a_file_that_is_no_extraction_says_why(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "ps.txt"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=why):
        people.import_professionals(path)
    with pytest.raises(UnreadableError, match="No such file"):
        people.import_professionals(tmp_path / "absent.txt")


class TestKeys:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, rpps_checked=True)

    def test_the_key_of_the_number_is_checked_when_the_setting_asks(self, tmp_path: Path) -> None:
        good = "1000000001"
        good += luhn.calc_check_digit(good)
        lines = [situation(1), situation(2, ID=good, NATIONAL_ID=f"8{good}")]
        report = bring_in(tmp_path, *lines)
        assert report.done == 1
        assert report.refused == [Entry("line 2", "the key of this RPPS number is wrong")]


def test_unknown_professionals_are_not_found() -> None:
    assert people.find_professional("10000000001") is None
    assert people.find_professional("not a number") is None
    assert people.professionals([]) == {}
    with pytest.raises(NotFoundError):
        people.professional(new_id())


def many(lines: int) -> Iterator[Values]:
    """Lines of half as many professionals, the second situation of each far from the first."""
    for number in range(lines):
        yield situation(number % (lines // 2) + 1, FINESS=f"75{number % 500:07d}")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    lines = 20_000
    path = write(tmp_path / "ps.txt", many(lines))
    started = time.perf_counter()
    assert people.import_professionals(path).done == lines
    print(f"{lines} lines, all new: {time.perf_counter() - started:.1f} s")
    tracemalloc.start()
    assert people.import_professionals(path).unchanged == lines
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"peak {peak / 1e6:.1f} MB for a file of {path.stat().st_size / 1e6:.1f} MB")
    assert peak < 1_500_000
