import pytest
from flask import Flask

from espace.machines import Machines
from tests.support.browser_client import Browser

from .house import House, new_house


@pytest.fixture
def home(machines: Machines) -> House:
    return new_house()


@pytest.fixture
def mother(home: House, app: Flask) -> Browser:
    return home.mother.browser(app)


@pytest.fixture
def doctor(home: House, app: Flask) -> Browser:
    return home.doctor.browser(app)
