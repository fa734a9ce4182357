"""Stored files: read by any range, opened only whole and in their place, never left half-written (R18, R19, R20)."""

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete

from espace import crypto, db, storage
from espace.crypto.models import DataKey
from espace.errors import SettingsError, TamperedError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.storage import CHUNK

# Files are the same whatever the database: one engine is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SEALED = 12 + CHUNK + 16
HEAD = 2
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 17)


@pytest.fixture
def owner(machines: Machines) -> UUID:
    made = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, made)
    return made


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def put(owner: UUID, data: bytes | Iterator[bytes]) -> UUID:
    file_id = new_id()
    with db.read() as tx:
        size = storage.current().put(tx, owner, file_id, data)
    if isinstance(data, bytes):
        assert size == len(data)
    return file_id


def reader(owner: UUID, file_id: UUID) -> storage.Reader:
    with db.read() as tx:
        return storage.current().open(tx, owner, file_id)


def opens(owner: UUID, file_id: UUID) -> bool:
    try:
        reader(owner, file_id).read_all()
    except TamperedError:
        return False
    return True


def on_disk() -> list[Path]:
    return [path for path in storage.current().root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", SIZES)
def test_every_range_at_every_boundary_equals_the_slice(owner: UUID, size: int) -> None:
    data = content(size)
    opened = reader(owner, put(owner, data))
    assert opened.size == size
    assert opened.read_all() == data
    edges = {edge + by for edge in (0, CHUNK, 2 * CHUNK, size) for by in (-1, 0, 1)}
    places = sorted(place for place in edges if place >= 0)
    for start in places:
        for end in (*places, None):
            assert b"".join(opened.read(start, end)) == data[start:end], (start, end)


def test_pieces_of_any_size_make_the_same_file(owner: UUID) -> None:
    data = content(2 * CHUNK + 17)
    chance = random.Random(7)
    for _ in range(5):
        cuts = sorted(chance.sample(range(len(data)), 6))
        pieces = (data[start:end] for start, end in pairwise([0, *cuts, len(data)]))
        opened = reader(owner, put(owner, pieces))
        assert (opened.size, opened.read_all()) == (len(data), data)
    assert reader(owner, put(owner, iter([]))).read_all() == b""


def test_nothing_readable_is_on_disk_and_only_the_owner_may_look(owner: UUID) -> None:
    put(owner, b"Ordonnance de Claire Fontenay" * 100)
    (path,) = on_disk()
    assert b"Claire" not in path.read_bytes()
    assert storage.current().root.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def damaged(owner: UUID, whole: bytes) -> dict[str, bytes]:
    """The ways to cut, swap and join three chunks (the last one short)."""
    head, one, two, last = (
        whole[:HEAD],
        whole[HEAD:][:SEALED],
        whole[HEAD + SEALED :][:SEALED],
        whole[HEAD + 2 * SEALED :],
    )
    return {
        "cut at a chunk": head + one + two,
        "cut to one chunk": head + one,
        "cut inside the last chunk": whole[:-1],
        "cut inside the last tag": whole[: HEAD + 2 * SEALED + 20],
        "cut to the head": head,
        "cut to nothing": b"",
        "cut to half a nonce": head + one[:6],
        "cut to less than a tag": head + one[:20],
        "chunks swapped": head + two + one + last,
        "first chunk removed": head + two + last,
        "middle chunk removed": head + one + last,
        "chunk doubled": head + one + one + two + last,
        "last chunk doubled": whole + last,
        "bytes added": whole + b"\x00",
        "another key version": b"\x00\x02" + whole[HEAD:],
    }


def test_a_file_cut_swapped_or_joined_does_not_open(owner: UUID) -> None:
    file_id = put(owner, content(2 * CHUNK + 17))
    (path,) = on_disk()
    whole = path.read_bytes()
    for name, bad in damaged(owner, whole).items():
        path.write_bytes(bad)
        assert not opens(owner, file_id), name
    for place in (0, 1, HEAD, HEAD + 12, HEAD + SEALED - 1, HEAD + SEALED, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(TamperedError):
            reader(owner, file_id).read_all()
    path.write_bytes(whole)
    assert reader(owner, file_id).read_all() == content(2 * CHUNK + 17)


def test_a_range_never_gives_bytes_of_a_chunk_that_was_changed(owner: UUID) -> None:
    file_id = put(owner, content(2 * CHUNK + 17))
    (path,) = on_disk()
    whole = path.read_bytes()
    path.write_bytes(whole[: HEAD + SEALED + 100] + b"!" + whole[HEAD + SEALED + 101 :])
    opened = reader(owner, file_id)
    assert b"".join(opened.read(0, CHUNK)) == content(2 * CHUNK + 17)[:CHUNK]
    for start, end in [(CHUNK, CHUNK + 1), (CHUNK - 1, CHUNK + 1), (2 * CHUNK - 1, 2 * CHUNK)]:
        with pytest.raises(TamperedError):
            list(opened.read(start, end))


def test_files_and_chunks_swapped_between_files_or_owners_do_not_open(owner: UUID) -> None:
    other_owner = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, other_owner)
    data = content(CHUNK + 5)
    mine, also_mine, theirs = put(owner, data), put(owner, data), put(other_owner, data)
    paths = {file_id: path for path in on_disk() for file_id in (mine, also_mine, theirs) if path.name == file_id.hex}
    kept = paths[mine].read_bytes()
    for source in (also_mine, theirs):
        foreign = paths[source].read_bytes()
        for bad in (
            foreign,
            kept[: HEAD + SEALED] + foreign[HEAD + SEALED :],
            foreign[: HEAD + SEALED] + kept[HEAD + SEALED :],
        ):
            paths[mine].write_bytes(bad)
            with pytest.raises(TamperedError):
                reader(owner, mine).read_all()


def test_an_upload_that_breaks_off_leaves_no_file(owner: UUID) -> None:
    def broken(error: BaseException) -> Iterator[bytes]:
        yield content(CHUNK + 1)
        raise error

    for error in (ConnectionError(), KeyboardInterrupt(), GeneratorExit()):
        with pytest.raises(type(error)):
            put(owner, broken(error))
        assert on_disk() == []


def test_a_file_is_removed_and_then_missing(owner: UUID) -> None:
    file_id = put(owner, b"x")
    storage.current().delete(owner, file_id)
    storage.current().delete(owner, file_id)
    assert on_disk() == []
    with pytest.raises(TamperedError):
        reader(owner, file_id)


def test_a_destroyed_key_takes_the_files_with_it(owner: UUID, machines: Machines) -> None:
    file_id = put(owner, b"x")
    with db.write() as tx:
        tx.execute(delete(DataKey).where(DataKey.owner_id == owner))
    machines.vault.forget()
    with pytest.raises(TamperedError):
        reader(owner, file_id)


def test_only_a_local_folder_is_taken(machines: Machines) -> None:
    with pytest.raises(SettingsError):
        storage.Storage("s3://bucket")
