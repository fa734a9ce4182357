"""Who most tests of accesses tell of: a person, and a doctor and a nurse who practise together."""

from datetime import date

import pytest

from espace.access import services as access
from espace.machines import Machines
from tests.support import build
from tests.support.build import Caregiver, Citizen

from .together import PLACE


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor in practice with others."""
    return build.caregiver("Belhadj", "Karim", structure="Maison du Parc", finess=PLACE)


@pytest.fixture
def nurse(doctor: Caregiver) -> Caregiver:
    """A nurse at the same place."""
    return build.caregiver("Petit", "Anne", profession=build.NURSE, structure="Maison du Parc", finess=PLACE)
