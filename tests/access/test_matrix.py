"""The matrix as versioned data: what is packaged, what may replace it, what is refused."""

import csv
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import func, select

from espace import db
from espace.access import services as access
from espace.access.models import MatrixCell, MatrixVersion
from espace.access.services import matrix
from espace.errors import InvalidError
from espace.machines import Machines

HEADER = "profession_code,document_type_code,read,deposit,confidence\n"


def table(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    """A table of these lines."""
    path = tmp_path / "matrix.csv"
    path.write_text(header + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_the_packaged_table_is_loaded_once_with_its_confidence(machines: Machines) -> None:
    for _ in range(2):
        access.ensure_matrix()
    with db.read() as tx:
        assert tx.execute(select(func.count()).select_from(MatrixVersion)).scalar_one() == 1
        sure = dict(tx.execute(select(MatrixCell.confidence, func.count()).group_by(MatrixCell.confidence)).all())
    assert sure == {"reported": 135, "inferred": 2690}
    assert len(access.readable_types("G15_10")) == 111
    assert "57833-6" in access.readable_types("G15_10/SM26")


def test_another_table_counts_from_the_next_request_on_and_the_old_one_is_kept(
    machines: Machines, tmp_path: Path
) -> None:
    access.ensure_matrix()
    path = table(tmp_path, "G15_60,57833-6,yes,no,official", "G15_60,11488-4,no,yes,official")
    assert access.load_matrix(path) == (2, True)
    assert access.load_matrix(path) == (2, False)
    assert access.readable_types("G15_60") == {"57833-6"}
    assert access.may_deposit("G15_60") == access.usually_deposits("G15_60") == {"11488-4"}
    assert access.readable_types("G15_10") == frozenset()
    with db.read() as tx:
        assert tx.execute(select(MatrixVersion.active).order_by(MatrixVersion.id)).scalars().all() == [False, True]


WRONG = {
    "read is no yes or no": "G15_60,57833-6,maybe,no,official",
    "deposit is none of three": "G15_60,57833-6,yes,perhaps,official",
    "confidence is none of three": "G15_60,57833-6,yes,no,certain",
    "a profession is missing": ",57833-6,yes,no,official",
    "a type is missing": "G15_60,,yes,no,official",
    "a code is too long": f"{'G' * 21},57833-6,yes,no,official",
    "a column is missing": "G15_60,57833-6,yes",
    "a cell stands twice": "G15_10,A,no,no,official",
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_line_refuses_the_whole_table_and_names_itself(machines: Machines, tmp_path: Path, why: str) -> None:
    access.ensure_matrix()
    before = access.readable_types("G15_60")
    with pytest.raises(InvalidError) as refused:
        access.load_matrix(table(tmp_path, "G15_10,A,yes,no,official", WRONG[why]))
    assert "3" in refused.value.problems["file"]
    assert access.readable_types("G15_60") == before


def test_a_file_that_is_no_table_is_refused(machines: Machines, tmp_path: Path) -> None:
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    for path in (table(tmp_path, header="a,b\n"), binary, tmp_path / "missing.csv"):
        with pytest.raises(InvalidError):
            access.load_matrix(path)
    with pytest.raises(InvalidError):
        access.load_matrix(table(tmp_path))


def test_every_type_of_the_table_has_the_category_that_documents_give_it() -> None:
    with (files("espace.documents") / "data" / "document_types.csv").open(encoding="utf-8") as file:
        known = {row["type_code"]: row["class_code"] for row in csv.DictReader(file)}
    assert matrix.type_categories() == known


def test_a_profession_s_categories_say_whether_all_of_them_is_read(machines: Machines) -> None:
    access.ensure_matrix()
    doctor, optician = access.sight("G15_10"), access.sight("G15_28")
    assert not doctor["42"].unseen
    assert doctor["95"].unseen == {"ATTEST-RESID"}
    assert all(optician[code].seen <= doctor[code].seen for code in doctor)
    assert not any(each.seen for each in access.sight("71").values())
