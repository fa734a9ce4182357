import pytest

from espace.machines import Machines

from . import house


@pytest.fixture
def home(machines: Machines) -> house.House:
    return house.build()
