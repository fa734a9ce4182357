"""How a name is written for people to read."""

import re

_PARTICLES = frozenset({"de", "du", "des", "la", "le", "les", "d", "l", "et", "en", "à", "au", "aux"})
_ACRONYMS = frozenset(
    {"AP-HP", "CH", "CHR", "CHRU", "CHU", "CPTS", "EHPAD", "GHT", "HAD", "MSP", "SAMU", "SCM", "SCP", "SELARL", "SSIAD"}
)


def readable(name: str) -> str:
    """A name as people write it: registers give capitals (`LE GOFF-MARTIN` becomes `Le Goff-Martin`).

    A name that already has small letters is left as it is.
    """
    if not name.isupper():
        return name
    return re.sub(r"[^\W\d_]+", lambda word: word.group().capitalize(), name)


def readable_place(name: str) -> str:
    """The name of a structure as people write it: `CABINET DES LILAS` becomes `Cabinet des Lilas`, `CHU` stays.

    A name that already has small letters is left as it is.
    """
    if not name.isupper():
        return name
    words = [word if word in _ACRONYMS else readable(word) for word in name.split(" ")]
    return " ".join(word.lower() if at and word.lower() in _PARTICLES else word for at, word in enumerate(words))


def initials(given: str, family: str) -> str:
    """The two letters of the round badge: `CF`. Particles do not count when something follows them."""
    words = re.findall(r"[^\W\d_]+", family)
    main = [word for word in words if word.lower() not in _PARTICLES] or words
    return (given[:1] + (main[0][:1] if main else "")).upper()
