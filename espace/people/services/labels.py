"""Readable names of professions and specialties, from the packaged table (ANS JDV_J01)."""

import csv
from functools import cache
from importlib import resources

from .names import readable

DOCTOR = "G15_10"
_FEMININE = {
    "aide-soignant": "aide-soignante",
    "assistant": "assistante",
    "chirurgien": "chirurgienne",
    "fabricant": "fabricante",
    "infirmier": "infirmière",
    "manuel": "manuelle",
    "opticien": "opticienne",
    "organisateur": "organisatrice",
    "pharmacien": "pharmacienne",
    "praticien": "praticienne",
    "préparateur": "préparatrice",
    "rééducateur": "rééducatrice",
    "social": "sociale",
    "spécialisé": "spécialisée",
    "technicien": "technicienne",
}
"""The words of the table that change for a woman; they stand first or second in a label, the others are epicene."""


@cache
def _table() -> dict[str, tuple[str, str]]:
    """Code -> (label, the same in everyday words)."""
    source = resources.files("espace.people") / "data" / "specialties.csv"
    with source.open(encoding="utf-8") as file:
        found = {row["ans_code"]: (row["label_fr"], row["plain_label_fr"]) for row in csv.DictReader(file)}
    return {DOCTOR: ("médecin", "médecin"), **found}


def known(code: str) -> bool:
    """Whether the table names this profession or specialty."""
    return code in _table()


def profession_code(register_code: str) -> str:
    """The code of the access matrix for a code of the register: `10` -> `G15_10`, `93` stays `93`.

    An unknown code is kept as it is: the matrix then gives it nothing.
    """
    prefixed = f"G15_{register_code}"
    return prefixed if known(prefixed) else register_code


def profession_label(code: str, otherwise: str = "") -> str:
    """The French name of a profession (`G15_21`) or specialty (`G15_10/SM04`); `otherwise` when unknown."""
    return _table()[code][0] if known(code) else readable(otherwise)


def plain_label(code: str, called: str = "", otherwise: str = "") -> str:
    """The same in everyday words: `médecin du cœur et des vaisseaux`.

    `called` is the professional's display name: « Mme », which the register gives, asks for the feminine form.
    """
    label = _table()[code][1] if known(code) else readable(otherwise)
    if not called.startswith("Mme "):
        return label
    words = label.split(" ")
    return " ".join([*(_FEMININE.get(word, word) for word in words[:2]), *words[2:]])
