"""What operators did is said in words of its own for each act: that somebody acted tells a privacy officer nothing."""

import ast
from pathlib import Path

import pytest

import espace
from espace.administration.views.words import act_lines
from espace.audit import services as audit
from espace.audit.services import Action
from espace.machines import Machines
from espace.permissions import Role
from tests.support import build, office
from tests.support.marks import on_sqlite

_TOLD_BY = {"record_office", "note_office"}


def written() -> set[str]:
    """The acts that some line of the code writes to the house's trail by their names."""
    found = set()
    for file in Path(espace.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TOLD_BY:
                named = [each for argument in node.args for each in ast.walk(argument)]
                found |= {
                    each.attr
                    for each in named
                    if isinstance(each, ast.Attribute)
                    and isinstance(each.value, ast.Name)
                    and each.value.id == "Action"
                }
    return found


FAMILY = {each.name for each in Action if each.name.startswith("FAMILY_REQUEST_")}
PEOPLE = {"FAMILY_REQUEST_MADE", "FAMILY_REQUEST_WITHDRAWN"}  # acts of who asks, in the record's trail alone


@on_sqlite
@pytest.mark.parametrize("name", sorted((written() | FAMILY) - PEOPLE))
def test_each_act_of_an_operator_has_words_of_its_own(machines: Machines, name: str) -> None:
    officer = office.officer(Role.PRIVACY_OFFICER).actor
    audit.note_office(officer, Action[name], build.citizen().record_id, {"operator": "Anne"})
    (line,) = act_lines(audit.office_acts(limit=1))
    assert " acted." not in line.sentence
    assert " a agi." not in line.sentence
