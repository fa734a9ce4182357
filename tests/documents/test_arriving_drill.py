"""Ten thousand documents with something wrong in them: each is understood, set aside or refused, never a crash (L8)."""

import random
import re
from contextlib import suppress

import pytest

from espace.documents.services.arriving.claimed import (
    AsideError,
    RefusedFileError,
    check_type,
    new_document,
    parsed,
    record_of,
)
from espace.interop.cda_write import wrap

from .house import House, header, pdf, structured

_VALUE = re.compile(rb'"[^"]*"')
_ODD = (
    b'""',
    b'"-1"',
    b'"99999999999999999999"',
    b'"\xe2\x80\xae"',
    b'"\xf0\x9f\x98\x80"',
    b'"&#0;"',
    b'"&amp;^&amp;"',
)


def _mutated(chance: random.Random, plain: bytes) -> bytes:
    """Bytes changed at random, or an attribute given an odd value, or a part repeated, dropped or moved."""
    made = bytearray(plain)
    for _ in range(chance.randrange(1, 5)):
        match chance.randrange(5):
            case 0:
                for _ in range(chance.randrange(1, 40)):
                    made[chance.randrange(len(made))] = chance.randrange(256)
            case 1:
                found = chance.choice(list(_VALUE.finditer(made)) or [None])
                if found:
                    made[found.start() : found.end()] = chance.choice(_ODD)
            case 2:
                at = chance.randrange(len(made))
                del made[at : at + chance.randrange(1, 300)]
            case 3:
                at = chance.randrange(len(made))
                made[at:at] = made[chance.randrange(len(made)) :][: chance.randrange(400)]
            case _:
                tags = [one.start() for one in re.finditer(rb"<[a-zA-Z/]", made)] or [0]
                start, end = sorted((chance.choice(tags), chance.choice(tags)))
                part = bytes(made[start:end])
                made[start:end] = part * chance.choice((0, 2))
        made = made or bytearray(b" ")
    return bytes(made)


def _survives(home: House, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    given = header(home.mother, "1.2.3", set_id="1.2.9", version=2, replaces="1.2.1")
    plain = (wrap(given, pdf("Ordonnance"), "application/pdf"), structured(given, "Motif", "Conclusion"))
    for number in range(rounds):
        content = _mutated(chance, plain[number % 2])
        with suppress(AsideError, RefusedFileError):
            document = parsed(content)
            check_type(document.header.type_code, document.header.type_system)
            assert record_of(document.header.patient).id == home.mother.record_id, number
            new_document(content, document)


def test_three_hundred_mutations(home: House) -> None:
    _survives(home, 300, seed=21)


@pytest.mark.drill
def test_ten_thousand_mutations(home: House) -> None:
    _survives(home, 10_000, seed=22)
