"""The insurer's lines of the demo: two years of care that agree with the documents, sent every three months.

Prices are invented. What a young person keeps secret is marked so, as an insurer would: those lines never enter.
"""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from espace.documents.services import care_history
from espace.documents.services.care_history import COLUMNS

from .acting import BuildError, Stage
from .cast import DIRECTORY, Pro, Someone
from .lives import papers
from .papers import Paper, every
from .story import ALL, Event

_DAYS = 725
_QUARTER = 91
_LATEST = 2  # days the newest lines take to come
_SPECIALISTS = frozenset({"endocrinologist", "ophthalmologist", "radiologist", "surgeon", "paediatrician"})
Row = dict[str, str]
Act = tuple[str, str, int, int]
"""Kind, label, price and reimbursement in cents."""
_SEEN = frozenset({"11488-4", "78513-9", "89233-1", "34749-2"})  # what is written when a patient is seen
_ACTS: dict[str, Act] = {
    "59283-2": ("consultation", "Examen de l'enfant", 3900, 3900),
    "87273-9": ("procedure", "Injection d'un vaccin", 960, 672),
    "15507-7": ("hospital", "Passage aux urgences", 6140, 4912),
}
_FOLLOWED: dict[str, Act] = {
    "physio": ("paramedical", "Séances de kinésithérapie", 9720, 5832),
    "nurse": ("nursing", "Soins infirmiers à domicile", 1780, 1780),
}
# What comes again and again without a document: whose, every how many days, by whom, what.
_REGULAR: tuple[tuple[str, int, str, Act], ...] = (
    ("retired", 30, "nurse", ("nursing", "Surveillance à domicile", 890, 890)),
    ("retired", 88, "pharmacist", ("equipment", "Bandelettes pour lecteur de glycémie", 3890, 3890)),
    ("retired", 182, "dentist", ("dental", "Contrôle et détartrage", 4320, 2592)),
    ("mother", 236, "dentist", ("dental", "Contrôle et détartrage", 4320, 2592)),
    ("second_parent", 300, "dentist", ("dental", "Soin d'une carie", 5060, 3036)),
    ("child", 190, "gp", ("consultation", "Consultation, médecine générale", 3000, 1900)),
    ("child", 330, "dentist", ("dental", "Examen des dents de 9 ans", 3000, 3000)),
    ("teen", 250, "second_gp", ("consultation", "Consultation, médecine générale", 3000, 1900)),
    ("carer", 270, "second_gp", ("consultation", "Consultation, médecine générale", 3000, 1900)),
    ("newcomer", 210, "second_gp", ("consultation", "Consultation, médecine générale", 3000, 1900)),
)
# What happened once: whose, how many days ago, by whom, what.
_ONCE: tuple[tuple[str, int, str, Act], ...] = (
    ("retired", 512, "second_gp", ("hearing", "Appareil auditif, oreille droite", 145000, 24000)),
    ("retired", 395, "ophthalmologist", ("optical", "Verres et monture", 29000, 290)),
    ("retired", 301, "radiologist", ("transport", "Transport assis professionnel", 4870, 2630)),
    ("mother", 330, "ophthalmologist", ("optical", "Verres et monture", 21000, 210)),
    ("mother", 404, "midwife", ("hospital", "Séjour à la maternité", 284000, 284000)),
    ("mother", 53, "second_gp", ("consultation", "Consultation, entretien de suivi", 3000, 1900)),
)


def events(stage: Stage, scratch: Path, someone: Someone, since: int) -> Iterator[Event]:
    """The insurer's sendings about one person, whose space exists `since` so many days."""
    rows = sorted(lines(someone, stage.today), key=lambda row: row["date"])
    sent = 0
    for ago in (*range(_DAYS - _QUARTER, _LATEST, -_QUARTER), _LATEST):
        until = (stage.today - timedelta(days=ago)).isoformat()
        ready = [row for row in rows[sent:] if row["date"] <= until]
        if not ready or ago >= since:
            continue
        sent += len(ready)
        path = scratch / f"care-{someone.key}-{ago}.csv"
        yield Event(stage.moment(ago, 6, 40), partial(_bring, path, ready))


def lines(someone: Someone, today: date) -> list[Row]:
    """Every line about somebody, in the columns of `espace import care-history`."""
    found = [*_of_papers(someone, today), *_others(someone, today)]
    for number, row in enumerate(found):
        row["reference"] = f"{row['date'][2:].replace('-', '')}{number:04}"
    return found


def hide_one(stage: Stage) -> None:
    """The mother keeps a talk to herself: no professional sees that line any more."""
    standing = stage.as_patient(ALL["mother"])
    shown = care_history.history(standing).visits
    visit = next(each for each in shown if "entretien de suivi" in each.lines[0].label)
    care_history.hide(standing, visit.id)


def keep_one_secret(stage: Stage) -> None:
    """The teen keeps the care of one day from his mother, by himself."""
    standing = stage.as_patient(ALL["teen"])
    visit = next(each for each in care_history.history(standing).visits if each.lines[0].kind == "consultation")
    care_history.keep_secret(standing, visit.id)


def _bring(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, COLUMNS)
        sheet.writeheader()
        sheet.writerows(rows)
    report = care_history.import_care_history(path)
    if len(report.refused) != sum(row["secret"] == "yes" for row in rows):
        raise BuildError("; ".join(f"{entry.where}: {entry.reason}" for entry in report.refused))


def _of_papers(someone: Someone, today: date) -> Iterator[Row]:
    first = today - timedelta(days=_DAYS)
    for paper in papers(someone.key, today):
        if paper.author and paper.version == 1 and first <= paper.day <= today - timedelta(days=_LATEST):
            for act in _acts(paper):
                yield _row(someone, today, paper.day, paper.author, act, secret=paper.secret)


def _others(someone: Someone, today: date) -> Iterator[Row]:
    for key, days, author, act in _REGULAR:
        if key == someone.key:
            for day in every(today, days, since=_DAYS, until=_LATEST + 1):
                yield _row(someone, today, day, author, act)
    for key, ago, author, act in _ONCE:
        if key == someone.key:
            yield _row(someone, today, today - timedelta(days=ago), author, act)


def _acts(paper: Paper) -> Iterator[Act]:
    role = DIRECTORY[paper.author].role
    if paper.type_code in _SEEN:
        price = 6000 if paper.author in _SPECIALISTS else 3000
        yield "consultation", f"Consultation, {role[0].lower()}{role[1:]}", price, price * 7 // 10 - 200
    elif paper.type_code == "60593-1":
        for name in (name for block in paper.blocks for name in block.get("items", ())):
            yield "medicines", f"{name[0].upper()}{name[1:]}", 420 + 37 * len(name), 210 + 22 * len(name)
    elif paper.type_code == "11502-2":
        yield "laboratory", "Prélèvement de sang", 480, 288
        yield "laboratory", f"Analyses : {paper.title[0].lower()}{paper.title[1:]}", 3240, 1944
    elif paper.type_code == "18748-4":
        yield "imaging", paper.title, 5670, 3969
    elif paper.type_code == "11506-3":
        yield _FOLLOWED[paper.author]
    elif paper.type_code in _ACTS:
        yield _ACTS[paper.type_code]


def _row(someone: Someone, today: date, day: date, author: str, act: Act, *, secret: bool = False) -> Row:
    kind, label, price, reimbursed = act
    pro: Pro = DIRECTORY[author]
    return {
        "ins": someone.ins(today),
        "birth_date": someone.born(today).isoformat(),
        "reference": "",
        "visit": "",
        "date": day.isoformat(),
        "kind": kind,
        "label": label,
        "quantity": "6" if kind == "paramedical" else "",
        "professional": "" if kind in ("medicines", "equipment", "hospital", "transport") else pro.name,
        "place": pro.place.name,
        "amount": f"{price / 100:.2f}",
        "base": f"{min(price, reimbursed * 10 // 7) / 100:.2f}",
        "reimbursed": f"{reimbursed / 100:.2f}",
        "secret": "yes" if secret else "",
    }
