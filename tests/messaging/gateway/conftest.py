"""A house with a gateway that trusts another operator."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from espace.machines import Machines
from espace.settings import Settings
from tests.messaging.gate import Gate, open_gate, trust, with_gateway
from tests.support.certificates import Certificates


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """The certificates of this test's operators."""
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def settings(settings: Settings, certificates: Certificates) -> Settings:
    """A house with a gateway."""
    return with_gateway(settings, certificates)


@pytest.fixture
def gate(app: Flask, machines: Machines, certificates: Certificates) -> Iterator[Gate]:
    """A gateway that trusts the other operator."""
    trust()
    with open_gate(machines, certificates) as opened:
        yield opened
