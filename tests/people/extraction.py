"""The public extraction for tests: invented professionals in the real format."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from espace.people.services import rpps_columns as c

Values = dict[str, str]


def situation(number: int = 1, **others: str) -> Values:
    """A general practitioner in a practice; `others` are constants of `rpps_columns` to set otherwise."""
    rpps = f"1{number:010d}"
    row = {
        c.ID_TYPE: "8",
        c.ID: rpps,
        c.NATIONAL_ID: f"8{rpps}",
        c.PRACTICE_TITLE: "DR",
        "Libellé civilité d'exercice": "Docteur",
        c.CIVILITY: "MME",
        "Libellé civilité": "Madame",
        c.FAMILY_NAME: "MORVAN",
        c.GIVEN_NAME: "HÉLÈNE",
        c.PROFESSION: "10",
        c.PROFESSION_LABEL: "Médecin",
        c.SKILL_TYPE: "S",
        c.SKILL: "SM26",
        c.SKILL_LABEL: "Qualifié en Médecine Générale",
        c.FINESS: "750000018",
        c.COMPANY: "CABINET DES LILAS",
        c.POSTCODE: "75011",
        c.CITY: "Paris 11e Arrondissement",
        c.EMAIL: "Helene.Morvan@medecin.mssante.fr",
        c.SECTOR: "SA07",
        "Libellé secteur d'activité": "Cabinet individuel",
    }
    return row | {getattr(c, name): value for name, value in others.items()}


def write(path: Path, rows: Iterable[Values], *, columns: Sequence[str] = c.COLUMNS, encoding: str = "utf-8") -> Path:
    """An extraction of these lines, its columns in the order given."""
    with path.open("w", encoding=encoding, newline="") as file:
        file.write("|".join(columns) + "|\n")
        file.writelines("|".join(row.get(name, "") for name in columns) + "|\n" for row in rows)
    return path
