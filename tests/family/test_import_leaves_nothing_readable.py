"""After both imports, nothing of the lists lies readable in the database, its journal or a log (R20, R21, R28)."""

import hashlib
import logging
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from espace import db
from espace.family.services.arriving.beneficiaries import import_beneficiaries
from espace.family.services.arriving.letters import Letter
from espace.machines import Machines
from espace.people.services import find_person, find_professional, import_professionals
from tests.people import extraction
from tests.support import canaries

from .lists import ins_of, person, write

PARENT, CHILD = ins_of("F", date(1984, 5, 17)), ins_of("M", date(2019, 2, 28))
RPPS, FINESS = "19876543210", "750987654"
WORDS = (
    *(PARENT, PARENT[:13], CHILD, CHILD[:13], "Zqxvbirth", "Zqxvfirst", "Zqxvuse", "zqxvmail", "6987654321"),
    *("ZQXVSERIAL", "1984-05-17", "2019-02-28", RPPS, FINESS, "Zqxvpro", "Zqxvgiven", "Zqxvplace", "Zqxvtown"),
)


@pytest.fixture
def codes(machines: Machines, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Both imports, twice, one of them with a line that is refused; gives the codes of the letters."""
    caplog.set_level(logging.DEBUG)
    letters: list[Letter] = []
    named = {"birth_name": "Zqxvbirth", "first_names": "Zqxvfirst", "use_name": "Zqxvuse"}
    reached = {"email": "zqxvmail@exemple.fr", "phone": "0698765432", "vitale_serial": "ZQXVSERIAL"}
    rows = [
        person("F", "1984-05-17", 1, **named, **reached, attending_doctor_rpps=RPPS),
        person("M", "2019-02-28", 1, **named, parent_ins=PARENT),
        person("F", "1984-05-17", 2, **named, email="zqxvmail"),
    ]
    professional = extraction.situation(
        ID=RPPS,
        NATIONAL_ID=f"8{RPPS}",
        FINESS=FINESS,
        FAMILY_NAME="Zqxvpro",
        GIVEN_NAME="Zqxvgiven",
        COMPANY="Zqxvplace",
        CITY="Zqxvtown",
        EMAIL="zqxvmail@pro.mssante.fr",
    )
    for _ in range(2):
        report = import_beneficiaries(write(tmp_path / "list.csv", rows), letters=letters.append)
        assert len(report.refused) == 1
        assert canaries.found_in(report.as_json().encode(), WORDS) == []
        import_professionals(
            extraction.write(tmp_path / "ps.txt", [professional, professional | {"Code profession": ""}])
        )
    assert find_person(CHILD)
    assert find_professional(RPPS)
    return [letter.code for letter in letters]


def test_no_row_holds_a_word_or_a_common_digest(codes: list[str]) -> None:
    words = [*WORDS, *codes]
    plain = {hashlib.new(kind, word.encode()).digest() for kind in ("sha256", "sha1", "md5") for word in words}
    rows = 0
    with db.read() as tx:
        for table in db.Base.metadata.sorted_tables:
            for row in tx.execute(select(table)).all():
                rows += 1
                content = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
                assert canaries.found_in(content, words) == [], table.name
                assert not [digest for digest in plain if digest in content], f"{table.name}: a plain hash"
    assert rows > 10, "nothing was stored: nothing is proved"


def test_neither_the_database_file_nor_its_journal_holds_a_word(codes: list[str], machines: Machines) -> None:
    words = [*WORDS, *codes]
    folder = machines.settings.data_dir
    if machines.database.is_sqlite:
        assert (folder / "espace.db-wal").stat().st_size > 0
        content = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
        digests = [hashlib.new(kind, PARENT.encode()).digest() for kind in ("sha256", "sha1", "md5")]
        assert not [digest for digest in digests if digest in content]
    assert canaries.found_under(folder, words) == {}


def test_no_log_holds_a_word(
    codes: list[str], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    told = capsys.readouterr()
    logs = told.out + told.err + caplog.text
    assert canaries.found_in(logs.encode(), [*WORDS, *codes]) == []
