"""The table that says which test proves which requirement names tests that exist, and every requirement due so far."""

import ast
import re
from functools import cache
from pathlib import Path

import tests

_HERE = Path(tests.__file__).parent
_TABLE = _HERE.parent / "docs" / "security-tests.md"
_NAMED = re.compile(r"(?P<file>(?:\w+/)+test_\w+\.py)|::(?P<test>test_\w+)")
_LATER = {22, 24, 43, 44, 45, 46, 54, 55, 57, 58}
"""What later steps answer for: rotation, kits, feeds, applications, a record taken away, operations."""


@cache
def _tests_of(file: str) -> frozenset[str]:
    path = _HERE / file
    found = ast.walk(ast.parse(path.read_text())) if path.is_file() else ()
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef))


def _faults(line: str) -> list[str]:
    """What a line of the table names and is not there."""
    faults, file = [], ""
    for found in _NAMED.finditer(line):
        if found["file"]:
            file = found["file"]
            faults += [] if _tests_of(file) else [file]
        elif found["test"] not in _tests_of(file):
            faults.append(f"{file}::{found['test']}")
    return faults


def test_every_test_that_is_named_exists() -> None:
    lines = [line for line in _TABLE.read_text().splitlines() if line.startswith("|")]
    assert [fault for line in lines for fault in _faults(line)] == []
    assert sum(len(_NAMED.findall(line)) for line in lines) > 250


def test_every_requirement_that_is_due_has_a_line() -> None:
    heads = [line.split("|")[1] for line in _TABLE.read_text().splitlines() if line.startswith("| R")]
    there = {int(number) for head in heads for number in re.findall(r"\bR(\d+)\b", head)}
    assert set(range(1, 60)) - there <= _LATER


def test_a_test_that_is_gone_would_be_noticed() -> None:
    row = "| R1 | house/test_security_table.py::test_gone, ::test_every_test_that_is_named_exists; house/test_gone.py |"
    assert _faults(row) == ["house/test_security_table.py::test_gone", "house/test_gone.py"]
