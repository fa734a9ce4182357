"""What a holder may keep from a carer, in everyday words: a few subjects, and the categories of the record.

A subject is the list of kinds of documents that stands in `data/subjects.csv` (kinds and categories are those of the
documents' own table, NOS JDV_J06 and JDV_J07). What is kept is the subject, never its kinds: one added to the table
later is withheld too.
"""

import csv
from collections.abc import Collection, Iterable
from functools import cache
from importlib.resources import files

from espace.words import N_, Message

_TABLE = files("espace.family") / "data" / "subjects.csv"

TOPICS: dict[str, Message] = {
    "psychiatry": N_("psychiatry and psychology"),
    "pregnancy": N_("pregnancy and birth"),
    "genetics": N_("genetics"),
    "social": N_("social care"),
}
"""Subjects of a few kinds each, as they stand in a sentence: « sauf la psychiatrie et la psychologie »."""

MEANT: dict[str, Message] = {
    "psychiatry": N_("Psychiatric summaries and psychological assessments."),
    "pregnancy": N_("Reports of pregnancy, of birth, and of the days after, for mother and child."),
    "genetics": N_("Reports of molecular genetics."),
    "social": N_("Papers of social services and homes, and assessments of their needs."),
}
"""Which kinds each of them means, exactly."""

CATEGORIES: dict[str, Message] = {
    "42": N_("the prescriptions"),
    "10": N_("the reports and results"),
    "31": N_("the medical pictures"),
    "11": N_("the summaries and letters"),
    "43": N_("the medicines handed over"),
    "45": N_("the treatments given"),
    "44": N_("the care plans"),
    "52": N_("the certificates"),
    "60": N_("the reimbursements"),
    "90": N_("the personal documents"),
    "95": N_("the administrative papers"),
}
"""Whole categories of the record, by their code of JDV_J06, in the order in which they are offered."""

SUBJECTS: dict[str, Message] = {**TOPICS, **CATEGORIES}


@cache
def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    with _TABLE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["subject"], set()).add(row["document_type_code"])
    return {subject: frozenset(types) for subject, types in found.items()}


def types_of(subjects: Iterable[str]) -> frozenset[str]:
    """The kinds of documents these subjects mean; one we do not know any more means none."""
    return frozenset[str]().union(*(_table().get(subject, frozenset()) for subject in subjects))


def leaves_something(subjects: Collection[str]) -> bool:
    """Whether any kind of document is left to be read."""
    return bool(types_of(CATEGORIES) - types_of(subjects))


def in_order(subjects: Collection[str]) -> list[str]:
    """Those of the subjects we know, in the order in which they are offered."""
    return [subject for subject in SUBJECTS if subject in subjects]
