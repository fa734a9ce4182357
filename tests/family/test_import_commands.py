"""`espace import beneficiaries` and `espace import professionals`, as an operator types them."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from espace.cli import main
from espace.import_report import Progress, Report
from espace.settings import Settings
from tests.people import extraction

from .lists import person, write

MOTHER = person("F", "1984-05-17", 1, email="claire@exemple.fr")
WRONG = person("M", "1980-01-02", 2) | {"sex": "X"}
Espace = Callable[..., Result]


@pytest.fixture
def espace(settings: Settings) -> Espace:
    """Runs the program in an environment that names the test's house."""
    environment = {
        f"ESPACE_{name.upper()}": str(getattr(settings, name))
        for name in ("data_dir", "key_file", "checkpoint_dir", "database_url", "base_url")
    }

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [str(each) for each in arguments], env=environment)

    return run


def test_the_summary_for_programs_is_json_alone(espace: Espace, tmp_path: Path) -> None:
    path = write(tmp_path / "l.csv", [MOTHER, WRONG])
    first = espace("import", "beneficiaries", path, "--json")
    assert first.exit_code == 0, first.output
    refused = [{"where": "line 3", "reason": "sex: F or M is expected"}]
    assert json.loads(first.stdout) == {
        "read": 2,
        "done": 1,
        "unchanged": 0,
        "quarantined": [],
        "refused": refused,
    }
    assert json.loads(espace("import", "beneficiaries", path, "--json").stdout) == {
        "read": 2,
        "done": 0,
        "unchanged": 1,
        "quarantined": [],
        "refused": refused,
    }


def test_the_summary_for_people_is_in_sentences(espace: Espace, tmp_path: Path) -> None:
    alone = person("M", "1970-07-07", 3)
    result = espace("import", "beneficiaries", write(tmp_path / "l.csv", [MOTHER, WRONG, alone]))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Refused:",
        "  line 3: sex: F or M is expected",
        "To know:",
        "  line 4: no e-mail, so no activation code was made: run again with --letters",
        "Read 3, done 2, unchanged 0, quarantined 0, refused 1.",
    ]


def test_letters_go_to_a_new_file_for_its_owner_only(espace: Espace, tmp_path: Path) -> None:
    path, letters = write(tmp_path / "l.csv", [MOTHER]), tmp_path / "letters.csv"
    result = espace("import", "beneficiaries", path, "--letters", letters)
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(letters.stat().st_mode) == 0o600
    header, letter = letters.read_text().splitlines()
    assert header == "line,name,code"
    line, name, code = letter.split(",")
    assert (line, name) == ("2", "Claire Fontenay")
    assert len(code) >= 8
    assert code not in result.output
    assert MOTHER["ins"] not in letters.read_text()
    again = espace("import", "beneficiaries", path, "--letters", letters)
    assert again.exit_code == 1
    assert "File exists" in again.output
    assert letter in letters.read_text()


@pytest.mark.parametrize("command", ["beneficiaries", "professionals"])
def test_a_file_that_cannot_be_read_ends_with_a_sentence_and_a_failure(
    espace: Espace, tmp_path: Path, command: str
) -> None:
    (tmp_path / "empty").touch()
    for name, why in (("empty", "the file is empty"), ("absent", "No such file"), (".", "Is a directory")):
        result = espace("import", command, tmp_path / name, "--json")
        assert result.exit_code == 1
        assert result.stdout == ""
        assert why in result.stderr
        assert "Traceback" not in result.output


def test_professionals_come_in_from_the_extraction(espace: Espace, tmp_path: Path) -> None:
    path = extraction.write(tmp_path / "ps.txt", [extraction.situation(1), extraction.situation(2, GIVEN_NAME="")])
    first = espace("import", "professionals", path, "--json")
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout) == {
        "read": 2,
        "done": 1,
        "unchanged": 0,
        "quarantined": [],
        "refused": [{"where": "line 3", "reason": "the name is missing"}],
    }
    assert "unchanged 1" in espace("import", "professionals", path).stdout


@pytest.mark.parametrize("command", ["beneficiaries", "professionals"])
def test_each_command_explains_itself(espace: Espace, command: str) -> None:
    result = espace("import", command, "--help")
    assert result.exit_code == 0
    assert "--json" in result.output
    assert "UTF-8" in result.output


class _Terminal:
    def __init__(self, *, is_terminal: bool) -> None:
        self.is_terminal = is_terminal
        self.shown = ""

    def isatty(self) -> bool:
        return self.is_terminal

    def write(self, text: str) -> None:
        self.shown += text

    def flush(self) -> None:
        pass


@pytest.mark.parametrize(("is_terminal", "shown"), [(True, "\r2 read\r4 read\r\033[K"), (False, "")])
def test_progress_is_shown_on_a_terminal_only(is_terminal: bool, shown: str) -> None:
    terminal = _Terminal(is_terminal=is_terminal)
    count = Progress(terminal, every=2)  # type: ignore[arg-type]  # the three methods it uses
    for read in range(1, 6):
        count(read)
    count.end()
    assert terminal.shown == shown


def test_entries_are_told_in_the_order_of_the_file() -> None:
    report = Report()
    for line in (10, 9, 2):
        report.refuse(f"line {line}", "x")
    report.quarantine("file 1", "y")
    report.sort()
    assert [entry.where for entry in report.refused] == ["line 2", "line 9", "line 10"]
    assert [line.strip() for line in report.as_text()][:2] == ["Quarantined:", "file 1: y"]
