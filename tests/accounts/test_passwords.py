"""What a password must be, and how many are hashed at once (security.md R1, R2)."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, cast

import pytest

from espace.accounts.services import passwords
from espace.crypto.passwords import Hasher
from espace.errors import BusyError, InvalidError
from espace.identifiers import new_id
from espace.people.services import Person

CLAIRE = Person(
    id=new_id(),
    ins="2" * 15,
    birth_name="FONTENAY-LE ROUX",
    first_names=("Claire", "Marie"),
    use_name="O'Brien",
    sex="F",
    birth_date=date(1988, 3, 14),
)
EMAIL = "claire.dupuis@exemple.fr"

REFUSED = [
    ("", "0 characters"),
    ("onze lettre", "11 characters"),
    ("x" * 129, "at most 128"),
    ("motdepasse123", "Many people"),
    ("password1234", "Many people"),
    ("Password!!!!", "Many people"),
    ("azertyuiop123", "Many people"),
    ("123456789012", "Rows"),
    ("abcdefghijklmnop", "Rows"),
    ("aaaaaaaaaaaaaaaa", "Repeating"),
    ("soleilsoleilsoleil", "Repeating"),
    ("ClaireFontenay1988", "holds your name"),
    ("claire14031988!", "holds your name"),
    ("Roux-Fontenay-88", "holds your name"),
    ("espace espace", "holds your name"),
    ("dupuisdupuis12", "holds your name"),
    ("483920174629", "can be guessed"),
    ("Chaussette42!", "can be guessed"),
]
ACCEPTED = [
    "quatre lampes sous la pluie",
    "correct horse battery staple",
    "xK9#mPq2vL7w",
    "jyqgyN-8tugme-bamxiJ",
    "éléphant bleu sur le toit",
    "girafe tambour 22 nuage",
    "私の猫は夜に魚を食べるのが好きです",
    "Claire aime les tambours violets",
    "le vent tourne sur la colline et nul ne demande pourquoi les barques dorment au bord du lac de novembre",
]


@pytest.mark.parametrize(("password", "words"), REFUSED)
def test_a_weak_password_is_refused_with_what_to_change(password: str, words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        passwords.check(password, CLAIRE, EMAIL)
    sentence = refused.value.problems["password"]
    assert words in sentence
    assert not password or password not in sentence


@pytest.mark.parametrize("password", ACCEPTED)
def test_a_strong_password_is_accepted_without_rules_of_composition(password: str) -> None:
    assert 12 <= len(password) <= 128
    passwords.check(password, CLAIRE, EMAIL)


def test_the_list_of_common_passwords_is_long_enough() -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

    known = FREQUENCY_LISTS["passwords"]
    assert len(known) >= 10_000
    long_enough = [word for word in known if len(word) >= 12]
    assert long_enough
    for word in long_enough:
        with pytest.raises(InvalidError):
            passwords.check(word, CLAIRE, EMAIL)


def test_the_real_hasher_is_argon2id_with_the_bar_s_parameters() -> None:
    stored = Hasher().hash("quatre lampes sous la pluie")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not Hasher().is_outdated(stored)


class Gate:
    """Stands for the costly work behind a hasher: counts how many are inside, and may hold them there."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.most = 0
        self._inside = 0
        self._lock = threading.Lock()

    def verify(self, _stored: str, _password: str) -> bool:
        """Enter, be counted, leave when the gate opens."""
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        self.open.wait(10)
        with self._lock:
            self._inside -= 1
        return True


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """The gate, and little patience in front of it."""
    monkeypatch.setattr("espace.crypto.passwords.WAIT_SECONDS", 0.2)
    return Gate()


def gated(gate: Gate) -> Hasher:
    """A hasher whose work is the gate."""
    made = Hasher()
    made._argon = cast("Any", gate)  # noqa: SLF001 - only the work is replaced, the slots are real
    return made


def test_no_more_passwords_are_hashed_at_once_than_there_are_cores(gate: Gate) -> None:
    hasher = gated(gate)
    gate.open.set()
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: hasher.verify("quatre lampes", "stored"), range(100)))
    assert answers == [True] * 100
    assert gate.most <= (os.cpu_count() or 1)


def test_who_would_wait_too_long_is_told_to_come_back(gate: Gate) -> None:
    hasher = gated(gate)
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores + 5) as pool:
        inside = [pool.submit(hasher.verify, "quatre lampes", "stored") for _ in range(cores)]
        while gate.most < cores:
            pass
        late = [pool.submit(hasher.verify, "quatre lampes", "stored") for _ in range(5)]
        assert all(isinstance(one.exception(), BusyError) for one in late)
        gate.open.set()
        assert all(one.result() for one in inside)
    assert hasher.verify("quatre lampes", "stored"), "every slot was given back"
