import pytest

from espace.machines import Machines

from .house import House, new_house


@pytest.fixture
def home(machines: Machines) -> House:
    return new_house()
