"""What makes a password acceptable: length, no common or personal one, 50 bits at least (security.md R2)."""

import math
import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

from espace.crypto.passwords import MAX_LENGTH
from espace.errors import InvalidError
from espace.people.services import Person
from espace.words import N_, Message

MIN_LENGTH = 12
MIN_BITS = 50.0
PRODUCT = "espace"
_ESTIMATED_LENGTH = 72  # the estimate grows fast with length; 72 characters decide any case
_CLASSES = (str.islower, str.isupper, str.isdigit)


def check(password: str, person: Person | None, email: str, name: str = "") -> None:
    """Refuse a password that is too short, too long, common, personal or easy to guess, and say what to change.

    An operator is no person of the register: they are known by their `name` alone.

    Raises:
        InvalidError: with one sentence for the field `password`.
    """
    problem = _problem(password, personal_words(person, email, name))
    if problem is not None:
        raise InvalidError({"password": problem})


def personal_words(person: Person | None, email: str, name: str = "") -> list[str]:
    """What someone who knows the person would try first: names, birth date, e-mail, the product's name."""
    names = [name, *((*person.first_names, person.birth_name, person.use_name) if person else ())]
    words = {part for one in names for part in re.split(r"[\s'\u2019-]+", one.casefold())} | {PRODUCT}
    words |= set(re.split(r"[^\w]+|_", email.casefold()))
    if person:
        words |= _dates(person.birth_date) | {person.ins}
    return sorted(word for word in words if len(word) >= 3)


def _problem(password: str, personal: Collection[str]) -> Message | None:
    length = len(password)
    if length < MIN_LENGTH:
        return N_(
            "You have written %(count)d characters: it takes at least %(least)d. Add a word or two.",
            count=length,
            least=MIN_LENGTH,
        )
    if length > MAX_LENGTH:
        return N_("This password is too long: write at most %(most)d characters.", most=MAX_LENGTH)
    folded = password.casefold()
    if folded in _common() or re.sub(r"[\W\d_]+$", "", folded) in _common():
        return N_("Many people use this password, so it is tried first. Choose another one.")
    bits, patterns = _estimate(password, personal)
    if bits >= MIN_BITS:
        return None
    if any(word in folded for word in personal):
        return N_(
            "This password holds your name, your birth date, your e-mail or “espace”. Replace them by other words."
        )
    return _ADVICE.get(next((p for p in patterns if p in _ADVICE), ""), _ADD_WORDS)


_ADD_WORDS = N_("This password can be guessed. Add one or two words that have nothing to do with each other.")
_ADVICE: Mapping[str, Message] = {
    "spatial": N_("Keys that lie side by side, like “azerty”, are tried first. Put words in their place."),
    "repeat": N_("Repeating the same characters protects little. Put other words in their place."),
    "sequence": N_("Rows like “abcd” or “1234” are tried first. Put words in their place."),
    "date": N_("A date is quickly guessed. Put one or two words in its place."),
}


@cache
def _common() -> frozenset[str]:
    """Some 30,000 passwords found most often in leaks; loaded at the first use, not at start."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

    return frozenset(FREQUENCY_LISTS["passwords"])


def _estimate(password: str, personal: Collection[str]) -> tuple[float, list[str]]:
    """How many bits a guesser needs, and which patterns they would follow."""
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]

    found = zxcvbn(password[:_ESTIMATED_LENGTH], user_inputs=list(personal))["sequence"]
    return sum(_bits(match) for match in found), [str(match["pattern"]) for match in found]


def _bits(match: Mapping[str, Any]) -> float:
    """Bits of one part. What no list knows counts 10 guesses a character: it may be a word of another language.

    Only a part whose kinds of characters keep changing, as from a password manager, counts as drawn at random.
    """
    token: str = match["token"]
    if match["pattern"] != "bruteforce":
        return math.log2(max(1, match["guesses"]))
    kinds = [_kind(character) for character in re.sub(r"[\s\-'.,_]", "", token)]  # what joins words is no change
    changes = sum(left != right for left, right in pairwise(kinds))
    looks_random = changes * 3 >= len(token) >= 8
    alphabet = sum({0: 26, 1: 26, 2: 10, 3: 33}[kind] for kind in set(kinds)) if looks_random else 10
    return len(token) * math.log2(alphabet)


def _kind(character: str) -> int:
    return next((number for number, belongs in enumerate(_CLASSES) if belongs(character)), len(_CLASSES))


def _dates(birth: date) -> set[str]:
    day, month, year = f"{birth:%d}", f"{birth:%m}", f"{birth:%Y}"
    orders = ((day, month, year), (year, month, day), (month, day, year), (day, month, year[2:]), (day, month))
    return {mark.join(parts) for parts in orders for mark in ("", "/", "-", ".", " ")} | {year}
