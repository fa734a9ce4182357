"""The first administrator and the way back in: from the host, by a code printed once, no default secret (R56)."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from espace.accounts.services import invitations, operator_rows
from espace.accounts.services.operator_rows import OperatorState
from espace.cli import main
from espace.errors import InvalidError
from espace.machines import Machines
from espace.permissions import Role
from espace.settings import Settings
from tests.support import build, office

EMAIL = "zoe.leroux@maison.exemple.fr"


def espace(house: dict[str, str], *words: str) -> Result:
    """Run the program in an environment."""
    return CliRunner().invoke(main, list(words), env=house)


def code_in(output: str) -> str:
    """The code a command printed."""
    (found,) = re.findall(r"\b[2-9A-Z]{4} [2-9A-Z]{4} [2-9A-Z]{4}\b", output)
    return str(found)


@pytest.fixture
def house(tmp_path: Path) -> dict[str, str]:
    """The environment of a house that does not exist yet."""
    return {
        "ESPACE_DATA_DIR": str(tmp_path / "new" / "data"),
        "ESPACE_KEY_FILE": str(tmp_path / "new" / "keys.json"),
        "ESPACE_CHECKPOINT_DIR": str(tmp_path / "new" / "checkpoints"),
    }


def reopened(house: dict[str, str]) -> Machines:
    """The machines of the house a command made, bound."""
    machines = Machines.open(Settings.from_environment(house))
    machines.bind()
    return machines


def test_init_makes_the_first_administrator_once(house: dict[str, str]) -> None:
    made = espace(house, "init", "--admin-email", EMAIL, "--admin-name", "Zoé Leroux")
    assert made.exit_code == 0, made.output
    code = code_in(made.output)
    machines = reopened(house)
    (one,) = operator_rows.operators()
    assert (one.role, one.state, one.email) == (Role.ADMINISTRATOR, OperatorState.INVITED, EMAIL)
    assert build.mails_to(EMAIL) == []
    office.join(EMAIL, code)
    assert operator_rows.operator(one.id).state is OperatorState.ACTIVE
    machines.close()
    again = espace(house, "init", "--admin-email", "autre@maison.exemple.fr")
    assert again.exit_code == 0
    assert "known already" in again.output
    assert not re.search(r"[2-9A-Z]{4} [2-9A-Z]{4} [2-9A-Z]{4}", again.output)


def test_init_without_an_address_says_what_is_missing_and_makes_nobody(house: dict[str, str]) -> None:
    made = espace(house, "init")
    assert made.exit_code == 0
    assert "--admin-email" in made.output
    machines = reopened(house)
    assert operator_rows.operators() == []
    machines.close()


def test_a_lost_code_is_made_anew_from_the_host(house: dict[str, str]) -> None:
    espace(house, "init")
    words = ("operators", "add", "--email", EMAIL, "--name", "Zoé Leroux", "--role", "privacy_officer")
    first, second = code_in(espace(house, *words).output), code_in(espace(house, *words).output)
    machines = reopened(house)
    assert len(operator_rows.operators()) == 1
    with pytest.raises(InvalidError):
        invitations.begin(EMAIL, first, office.VISITOR)
    assert invitations.begin(EMAIL, second, office.VISITOR)
    machines.close()
    listed = espace(house, "operators", "list")
    assert EMAIL in listed.output
    assert "invited" in listed.output


@pytest.mark.parametrize("email", ["", "zoe", "zoe@", "zoe leroux@exemple.fr"])
def test_a_wrong_address_is_refused_in_words(house: dict[str, str], email: str) -> None:
    espace(house, "init")
    answer = espace(house, "operators", "add", "--email", email, "--name", "Zoé", "--role", "counter")
    assert answer.exit_code == 1
    assert "Traceback" not in answer.output
    assert "address" in answer.output
