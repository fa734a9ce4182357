"""What can be made again: sealed like a file, gone with its owner, never in anybody's way."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from espace import crypto, db, storage
from espace.identifiers import new_id
from espace.machines import Machines
from espace.storage import Throwaway
from tests.support.clock import FakeClock

# Files are the same whatever the database: one engine is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CANARY = b"CANARY of somebody's page" * 100
MONTH = timedelta(days=30).total_seconds()


@pytest.fixture
def owner(machines: Machines) -> UUID:
    return new_owner()


@pytest.fixture
def area(machines: Machines) -> Throwaway:
    return storage.current().throwaway


def new_owner() -> UUID:
    made = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, made)
    return made


def put(area: Throwaway, owner: UUID, content: bytes = CANARY) -> UUID:
    key = uuid4()
    with db.read() as tx:
        area.put(tx, owner, key, content)
    return key


def get(area: Throwaway, owner: UUID, key: UUID) -> bytes | None:
    with db.read() as tx:
        return area.get(tx, owner, key)


def on_disk() -> list[Path]:
    return [path for path in storage.current().root.rglob("*") if path.is_file()]


def test_it_is_kept_sealed_and_given_back(owner: UUID, area: Throwaway) -> None:
    key = put(area, owner)
    assert get(area, owner, key) == CANARY
    assert get(area, owner, uuid4()) is None
    assert [b"CANARY" in path.read_bytes() for path in on_disk()] == [False]
    assert storage.current().count(owner) == 0, "it is no file of the owner's"


def test_nothing_is_made_by_looking(owner: UUID, area: Throwaway) -> None:
    assert get(area, owner, uuid4()) is None
    assert list(storage.current().root.iterdir()) == []


@pytest.mark.parametrize("harm", ["cut", "changed", "swapped", "of another", "empty"])
def test_what_does_not_open_is_not_there(harm: str, owner: UUID, area: Throwaway) -> None:
    key, other = put(area, owner), put(area, owner, b"other")
    stranger = new_owner()
    path = next(path for path in on_disk() if path.name == key.hex)
    whole = path.read_bytes()
    match harm:
        case "cut":
            path.write_bytes(whole[:-1])
        case "changed":
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        case "swapped":
            next(found for found in on_disk() if found.name == other.hex).replace(path)
        case "of another":
            owner = stranger
        case "empty":
            path.write_bytes(b"")
    assert get(area, owner, key) is None


def test_it_goes_with_the_files_of_its_owner_and_with_the_key(owner: UUID, area: Throwaway) -> None:
    other = new_owner()
    key, kept = put(area, owner), put(area, other)
    storage.current().delete_all(owner)
    assert get(area, owner, key) is None
    assert get(area, other, kept) == CANARY
    with db.write() as tx:
        crypto.destroy(tx, other)
    with db.read() as tx:
        assert not crypto.current().has_key(tx, other)
    assert get(area, other, kept) is None, "without its key nothing opens it"


def test_what_is_old_goes_and_what_is_used_stays(owner: UUID, area: Throwaway, clock: FakeClock) -> None:
    old, used = put(area, owner), put(area, owner)
    clock.advance(timedelta(days=20))
    assert get(area, owner, used) == CANARY
    clock.advance(timedelta(days=20))
    assert area.sweep(MONTH, 10**9) == 1
    assert (get(area, owner, old), get(area, owner, used)) == (None, CANARY)
    clock.advance(timedelta(days=31))
    assert area.sweep(MONTH, 10**9) == 1
    assert not any((storage.current().root / "drawn").iterdir()), "empty folders go too"


def test_the_oldest_go_when_there_is_too_much(owner: UUID, area: Throwaway, clock: FakeClock) -> None:
    keys = []
    for _ in range(6):
        keys.append(put(area, owner))
        clock.advance(timedelta(hours=1))
    size = on_disk()[0].stat().st_size
    assert area.sweep(MONTH, size * 2) == 4
    assert [get(area, owner, key) is not None for key in keys] == [False] * 4 + [True] * 2


def test_what_was_never_finished_goes_after_an_hour(owner: UUID, area: Throwaway, clock: FakeClock) -> None:
    put(area, owner)
    folder = on_disk()[0].parent
    part = folder / "x-1.part"
    part.write_bytes(b"half")
    os.utime(part, (clock.now.timestamp(),) * 2)
    assert area.sweep(MONTH, 10**9) == 0
    clock.advance(timedelta(hours=2))
    assert area.sweep(MONTH, 10**9) == 1
    assert not part.exists()


def test_a_disk_that_takes_nothing_is_no_trouble(owner: UUID, area: Throwaway) -> None:
    (storage.current().root / "drawn").write_text("no folder")
    key = put(area, owner)
    assert get(area, owner, key) is None
    storage.current().delete_all(owner)
