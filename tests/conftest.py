"""Fixtures of every test: the machines of one house on both databases, its clock, its application, a browser."""

import gc
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import espace
from espace import assembly, crypto
from espace.machines import Machines
from espace.settings import Settings

from .support import databases, log
from .support.browser_client import Browser
from .support.clock import FakeClock
from .support.figures import figure, pytest_terminal_summary  # noqa: F401 - found by their names

if (memory := databases.memory_folder()) is not None:  # pytest's folders, before it chooses where
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))

LIGHT_HASHER = crypto.Hasher(memory_kib=64, time_cost=1, lanes=1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several processes, keep tests together that share a demo, a browser or a wheel."""
    if config.getvalue("dist") != "load":
        return None  # another order was asked for by name
    from .support.schedule import Schedule

    return Schedule(config, log)


def pytest_collection_finish() -> None:
    """Let the collector of circles look at what tests make, less often, and never again at what was there before.

    Programs, templates and thousands of tests are hundreds of thousands of objects: looking at them again and again
    was a tenth of the tests' time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def ring() -> crypto.KeyRing:
    """The house's keys, one ring for all tests: the templates' data keys are wrapped by it."""
    return crypto.new_ring()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, ring: crypto.KeyRing) -> databases.SqliteTemplate:
    """A SQLite file with the schema, made once."""
    return databases.SqliteTemplate(tmp_path_factory.mktemp("template"), ring)


@pytest.fixture(scope="session")
def bare_cluster() -> Iterator[databases.Cluster]:
    """A private PostgreSQL cluster, empty; absent programs fail in CI and skip on a laptop."""
    programs = databases.postgresql_programs()
    if programs is None:
        why = "PostgreSQL's server programs are not installed (apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with databases.cluster(programs) as running:
        yield running


@pytest.fixture(scope="session")
def cluster(bare_cluster: databases.Cluster, ring: crypto.KeyRing) -> databases.Cluster:
    """The private cluster, with the template every test's database is cloned from."""
    bare_cluster.make_template(ring)
    return bare_cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with the schema and the house's keys, on each engine in turn."""
    if request.param == "sqlite":
        with request.getfixturevalue("sqlite_template").new(tmp_path / "data") as url:
            yield url
    else:
        with request.getfixturevalue("cluster").lend() as url:
            yield url


@pytest.fixture(autouse=True)
def _own_log() -> None:
    """No test's log goes where the application of the test before sent its own."""
    log.configure()


@pytest.fixture
def clock() -> FakeClock:
    """The house's clock: `clock.now = …`, `clock.advance(timedelta)`."""
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path, database_url: str, ring: crypto.KeyRing) -> Settings:
    """The house's settings; a test that needs others overrides this fixture with `dataclasses.replace`."""
    crypto.write_ring(ring, tmp_path / "keys" / "keys.json")
    return Settings(
        data_dir=tmp_path / "data",
        key_file=tmp_path / "keys" / "keys.json",
        checkpoint_dir=tmp_path / "checkpoints",
        database_url=database_url,
        base_url="http://localhost:8000",
        patient_domain="patient.espace.example",
        mailbox_domains="cabinets.espace.example",
        mail_name="mail.espace.example",
    )


@pytest.fixture
def machines(settings: Settings, clock: FakeClock) -> Iterator[Machines]:
    """The machines of one house, bound: services may be called at once."""
    opened = Machines.open(settings, hasher=LIGHT_HASHER, clock=clock)
    databases.share_compiled(opened.database)
    opened.bind()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def web() -> Callable[[bool], Flask]:
    """The pages of every room, of a house or of a demo, laid out once: doing it takes a tenth of a second."""
    return cache(lambda is_demo: assembly.lay_out(is_demo=is_demo))


@pytest.fixture
def app(machines: Machines, web: Callable[[bool], Flask]) -> Flask:
    """The application, with its locks and CSRF as in a real house.

    Its pages are those of the tests before: a test that adds a route takes `own_app`.
    """
    assembly.open_house(machines)
    made = assembly.serve(web(machines.settings.demo_dir is not None), machines)
    log.configure()
    return made


@pytest.fixture
def own_app(machines: Machines) -> Flask:
    """An application no other test uses."""
    made = espace.create_app(machines=machines)
    log.configure()
    return made


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser at the application's door: it checks every page it gets."""
    return Browser(app)
