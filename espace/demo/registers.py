"""The files a real house is given, here for the invented people: the insurer's list and the RPPS extraction."""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from espace.people.services import rpps_columns as columns

from .cast import DIRECTORY, PEOPLE, Pro, Someone

_BENEFICIARY = (
    "ins", "birth_name", "first_names", "use_name", "sex", "birth_date", "birth_place", "email", "phone",
    "vitale_serial", "attending_doctor_rpps", "parent_ins",
)  # fmt: skip


def write_beneficiaries(path: Path, people: Iterable[Someone], today: date) -> None:
    """The insurer's list of these people, in the format of `espace import beneficiaries`."""
    by_key = {someone.key: someone for someone in PEOPLE}
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_BENEFICIARY)
        for someone in people:
            parents = "|".join(by_key[key].ins(today) for key in someone.parents)
            is_child = someone.years < 16
            rows.writerow(
                (
                    someone.ins(today), someone.family, " ".join(someone.given), someone.use_name, someone.sex,
                    someone.born(today).isoformat(), someone.birth_place, "" if is_child else someone.email,
                    "", "" if is_child else someone.vitale_serial,
                    DIRECTORY[someone.attending].rpps if someone.attending else "", parents,
                )
            )  # fmt: skip


def write_professionals(path: Path) -> None:
    """The extraction of the register, with everybody who writes in the demo."""
    lines = [columns.HEADER, *(columns.extraction_line(_situation(pro)) for pro in DIRECTORY.values())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _situation(pro: Pro) -> dict[str, str]:
    place = pro.place
    return {
        columns.ID_TYPE: "8",
        columns.ID: pro.rpps,
        columns.NATIONAL_ID: f"8{pro.rpps}",
        columns.PRACTICE_TITLE if pro.civility == "DR" else columns.CIVILITY: pro.civility,
        columns.FAMILY_NAME: pro.family.upper(),
        columns.GIVEN_NAME: pro.given,
        columns.PROFESSION: pro.profession,
        columns.PROFESSION_LABEL: pro.label,
        columns.SKILL_TYPE: "S" if pro.skill else "",
        columns.SKILL: pro.skill,
        columns.FINESS: place.finess,
        columns.COMPANY: place.name,
        columns.POSTCODE: place.postcode,
        columns.CITY: place.city,
        columns.EMAIL: pro.mssante,
        columns.SECTOR: place.sector,
    }
