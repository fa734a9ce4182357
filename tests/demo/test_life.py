"""What the lives of the demo hold beyond files: clinical documents with their own words, versions, lines of care."""

from datetime import date, timedelta

import pytest

from espace.demo import care
from espace.demo.cast import PEOPLE, Someone
from espace.demo.filing import header
from espace.demo.lives import LIVES, papers
from espace.demo.papers import Form, Paper
from espace.demo.structured import document
from espace.documents.services.care_history import COLUMNS, KINDS
from espace.documents.services.care_history.lines import told
from espace.interop import cda, cda_view
from espace.machines import Machines

TODAY = date(2026, 11, 23)  # that of the tests' clock
BY_KEY = {someone.key: someone for someone in PEOPLE}


def _structured() -> list[tuple[Someone, Paper]]:
    return [(BY_KEY[key], p) for key in LIVES for p in papers(key, TODAY) if p.form is Form.CDA]


def test_clinical_documents_are_read_whole_by_our_own_reader(machines: Machines) -> None:
    assert machines
    found = _structured()
    assert len(found) >= 40
    coded = 0
    for someone, paper in found:
        content = document(header(someone, paper, TODAY, unique_id="2.25.7"), paper)
        parsed = cda.parse(content)
        assert parsed.structured
        assert parsed.header.patient.ins == someone.ins(TODAY)
        words = "\n".join(cda_view.plain_text(content))
        for block in paper.blocks:
            for line in block.get("rows", ()):
                assert all(cell in words for cell in line)
            for code, name, value, _unit in block.get("codes", ()):
                assert name in words
                assert code in content.decode()
                assert value in content.decode()
                coded += 1
        cda_view.read(content)
    assert coded >= 150


def test_every_coded_value_has_a_code_of_the_table() -> None:
    codes = {line[0] for _who, paper in _structured() for block in paper.blocks for line in block.get("codes", ())}
    assert codes
    assert all(code.replace("-", "").isdigit() for code in codes)


def test_some_documents_have_versions_and_some_came_twice() -> None:
    everything = [(key, paper) for key in LIVES for paper in papers(key, TODAY)]
    series: dict[tuple[str, str], list[int]] = {}
    for key, paper in everything:
        if paper.series:
            series.setdefault((key, paper.series), []).append(paper.version)
    assert len(series) >= 2
    assert all(versions == list(range(1, len(versions) + 1)) for versions in series.values())
    assert any(paper.again for _key, paper in everything)
    assert any(paper.awaits for _key, paper in everything)


@pytest.mark.parametrize("someone", [s for s in PEOPLE if s.key in LIVES], ids=lambda someone: someone.key)
def test_lines_of_care_are_as_the_insurer_would_send_them(machines: Machines, someone: Someone) -> None:
    assert machines
    rows = care.lines(someone, TODAY)
    assert len({row["reference"] for row in rows}) == len(rows)
    for row in rows:
        line = told(1, list(COLUMNS), ",".join(f'"{row[name]}"' for name in COLUMNS))
        assert line.kind in KINDS or line.is_secret
        assert row["date"] <= (TODAY - timedelta(days=1)).isoformat()


def test_care_is_of_many_kinds_over_two_years_and_secrets_are_marked() -> None:
    rows = {someone.key: care.lines(someone, TODAY) for someone in PEOPLE if someone.key in LIVES}
    everything = [row for lines in rows.values() for row in lines]
    assert len({row["kind"] for row in everything}) >= 10
    assert len(rows["retired"]) >= 60
    assert min(row["date"] for row in rows["retired"]) < (TODAY - timedelta(days=600)).isoformat()
    secret = {(key, paper.day) for key in LIVES for paper in papers(key, TODAY) if paper.secret}
    assert {(key, date.fromisoformat(row["date"])) for key in rows for row in rows[key] if row["secret"]} <= secret
    assert any(row["secret"] for row in rows["teen"])
