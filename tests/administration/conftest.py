"""A house with one operator of each role; administrators need no passkey here, which tests/accounts prove apart."""

from dataclasses import replace
from pathlib import Path

import pytest

from espace import crypto
from espace.permissions import Role
from espace.settings import Settings
from tests.support import build, office
from tests.support.office import Officer


@pytest.fixture
def settings(tmp_path: Path, database_url: str, ring: crypto.KeyRing) -> Settings:
    """The house's settings, without the passkey of administrators, which only a browser can make."""
    crypto.write_ring(ring, tmp_path / "keys" / "keys.json")
    given = Settings(
        data_dir=tmp_path / "data",
        key_file=tmp_path / "keys" / "keys.json",
        checkpoint_dir=tmp_path / "checkpoints",
        database_url=database_url,
        base_url="http://localhost:8000",
    )
    return replace(given, administrator_passkey=False)


@pytest.fixture
def counter(app: object) -> Officer:
    """Who works at the counter."""
    return office.officer(Role.COUNTER)


@pytest.fixture
def privacy(app: object) -> Officer:
    """The privacy officer."""
    return office.officer(Role.PRIVACY_OFFICER)


@pytest.fixture
def administrator(app: object) -> Officer:
    """An administrator."""
    return office.officer(Role.ADMINISTRATOR)


@pytest.fixture
def second(app: object) -> Officer:
    """Another operator of the desk, of the other role."""
    return office.officer(Role.ADMINISTRATOR, "Ghislain Bouvet")


@pytest.fixture
def person(app: object) -> build.Citizen:
    """Whose the document is."""
    return build.citizen("Claire", "Fontenay")
