"""The key file, and the digests under which things are looked up (security.md R18, R21, R24, R56)."""

import base64
import hashlib
import json
import string
from collections import Counter
from pathlib import Path

import pytest

from espace import crypto, db
from espace.crypto.owners import refuse_wrong_keys
from espace.errors import SettingsError
from espace.machines import Machines

INS = "279035121518989"


def test_a_new_key_file_is_its_owners_alone_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "keys.json"
    ring = crypto.new_ring()
    crypto.write_ring(ring, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert crypto.read_ring(path).keys == ring.keys
    every = [key for versions in ring.keys.values() for key in versions.values()]
    assert len(set(every)) == len(every) == 4
    assert {len(key) for key in every} == {32}


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    crypto.write_ring(crypto.new_ring(), path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        crypto.write_ring(crypto.new_ring(), path)
    assert path.read_bytes() == before


def test_a_key_file_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    crypto.write_ring(crypto.new_ring(), path)
    for mode in (0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666):
        path.chmod(mode)
        with pytest.raises(SettingsError, match="0600"):
            crypto.read_ring(path)
    path.chmod(0o400)
    crypto.read_ring(path)


def test_what_is_no_key_file_is_refused_without_showing_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    crypto.write_ring(crypto.new_ring(), path)
    whole = json.loads(path.read_text())
    short = {**whole, "master": {"1": base64.b64encode(b"secret word").decode()}}
    without = {kind: keys for kind, keys in whole.items() if kind != "audit"}
    wrong: list[object] = [
        short,
        without,
        {**whole, "index": {}},
        {**whole, "index": {"x": "y"}},
        [],
        "secret word",
        None,
    ]
    for content in [*map(json.dumps, wrong), "", "secret word", "{"]:
        path.write_text(content)
        with pytest.raises(SettingsError) as told:
            crypto.read_ring(path)
        assert "secret" not in str(told.value)
    path.unlink()
    with pytest.raises(SettingsError, match="espace init"):
        crypto.read_ring(path)


def test_a_house_does_not_start_with_another_houses_keys(machines: Machines) -> None:
    with db.read() as tx:
        refuse_wrong_keys(tx)
    crypto.bind(crypto.Vault(crypto.new_ring()))
    with db.read() as tx, pytest.raises(SettingsError, match="key file"):
        refuse_wrong_keys(tx)


def test_an_empty_database_takes_any_keys(tmp_path: Path) -> None:
    database = db.Database(f"sqlite:///{tmp_path / 'empty.db'}")
    db.bind(database)
    crypto.bind(crypto.Vault(crypto.new_ring()))
    with db.read() as tx:
        refuse_wrong_keys(tx)
    database.close()


def test_a_number_is_found_under_a_key_and_under_no_common_digest(machines: Machines) -> None:
    found = crypto.blind("ins", INS)
    assert found == crypto.blind("ins", INS)
    assert len(found) == 32
    common = {hashlib.new(name, INS.encode()).digest()[:32] for name in ("md5", "sha1", "sha256", "sha512", "sha3_256")}
    assert found not in common
    ring = machines.vault.ring
    for key in (ring.newest("master"), ring.newest("audit"), ring.newest("signing"), ring.newest("index"), b""):
        assert found != hashlib.sha256(key + INS.encode()).digest()


def test_each_column_and_each_house_has_its_own_digests(machines: Machines) -> None:
    columns = ("ins", "rpps", "structure", "email", "unique-id", "content", "vitale", "device", "throttle")
    mine = {crypto.blind(column, INS) for column in columns}
    assert len(mine) == len(columns)
    crypto.bind(crypto.Vault(crypto.new_ring()))
    assert mine.isdisjoint(crypto.blind(column, INS) for column in columns)


def test_tokens_and_codes_are_random_long_enough_and_readable() -> None:
    tokens = {crypto.new_token() for _ in range(2000)}
    assert len(tokens) == 2000
    assert {len(base64.urlsafe_b64decode(token + "=")) for token in tokens} == {32}
    letters = Counter("".join(crypto.new_code(12) for _ in range(2000)))
    assert set(letters) == set(string.ascii_uppercase + string.digits) - set("01IO")
    assert max(letters.values()) < 2 * min(letters.values())
    digits = [crypto.new_digits(6) for _ in range(2000)]
    assert {len(one) for one in digits} == {6}
    assert any(one.startswith("0") for one in digits)
    assert crypto.token_hash("x") == hashlib.sha256(b"x").digest()
    assert crypto.same(b"a", b"a")
    assert not crypto.same(b"a", b"b")
