"""Kinds of documents and the categories people know them by, from the packaged table (NOS JDV_J06, JDV_J07)."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from espace.words import N_, Message

_TABLE = files("espace.documents") / "data" / "document_types.csv"
_PLAIN_TITLES = files("espace.documents") / "data" / "plain_titles.csv"

CLASSES: dict[str, Message] = {
    "42": N_("Prescriptions"),
    "10": N_("Reports"),
    "31": N_("Imaging"),
    "11": N_("Summaries and letters"),
    "43": N_("Medicines handed over"),
    "45": N_("Treatments given"),
    "44": N_("Care plans"),
    "52": N_("Certificates"),
    "60": N_("Reimbursements"),
    "90": N_("Personal documents"),
    "95": N_("Administrative papers"),
}
"""The categories of the record, in the order they are offered: code of JDV_J06 -> plain name, to be translated."""

CLASS_WORDS: dict[str, Message] = {
    "42": N_("Prescription"),
    "10": N_("Report"),
    "31": N_("Imaging"),
    "11": N_("Summary or letter"),
    "43": N_("Medicines handed over"),
    "45": N_("Treatment given"),
    "44": N_("Care plan"),
    "52": N_("Certificate"),
    "60": N_("Reimbursement"),
    "90": N_("Personal document"),
    "95": N_("Administrative paper"),
}
"""The same, of one document."""

ICONS: dict[str, str] = {"42": "pill", "10": "steth", "31": "scan", "43": "pill"}

PATIENT_TYPES: dict[str, Message] = {
    "DOCPAT02": N_("A prescription or a treatment"),
    "DOCPAT05": N_("A laboratory result"),
    "DOCPAT03": N_("A report or a letter"),
    "DOCPAT04": N_("A picture of the body (X-ray, ultrasound, MRI)"),
    "DOCPAT06": N_("Prevention or vaccination"),
    "DOCPAT07": N_("A certificate"),
    "DOCPAT01": N_("A summary of my health"),
    "DOCPAT09": N_("An administrative paper"),
    "EXPPAT_2": N_("Something else"),
}
"""What people may say of the document they add -> its type (rules.md CO-12, document types of the patient)."""

PATIENT_TITLES: dict[str, Message] = {
    "DOCPAT02": N_("Prescription or treatment"),
    "DOCPAT05": N_("Laboratory result"),
    "DOCPAT03": N_("Report or letter"),
    "DOCPAT04": N_("Medical picture"),
    "DOCPAT06": N_("Prevention or vaccination"),
    "DOCPAT07": N_("Medical certificate"),
    "DOCPAT01": N_("Summary of my health"),
    "DOCPAT09": N_("Administrative paper"),
}
"""The title of a document whose person wrote none: what it is. Something else has no name of its own."""


@dataclass(frozen=True, slots=True)
class DocumentType:
    """One kind: its code, the system of that code, its official French label, its category and that one's label."""

    code: str
    system: str
    label: str
    class_code: str
    class_label: str


@cache
def types() -> dict[str, DocumentType]:
    """Every known kind by its code, those of technical documents left out."""
    with _TABLE.open(encoding="utf-8") as file:
        found = (
            DocumentType(
                row["type_code"],
                row["code_system_oid"],
                row["type_label_fr"],
                row["class_code"],
                row["class_label_fr"],
            )
            for row in csv.DictReader(file)
        )
        return {kind.code: kind for kind in found if kind.class_code in CLASSES}


@cache
def plain_titles() -> dict[str, str]:
    """The usual kinds, most usual first, and the short title by which patients know each: `Ordonnance`."""
    with _PLAIN_TITLES.open(encoding="utf-8") as file:
        return {row["type_code"]: row["plain_title_fr"] for row in csv.DictReader(file)}


def plain_title(code: str) -> str:
    """The title offered for a document of this kind; its label when it has no plainer one."""
    return plain_titles().get(code) or type_label(code)


def type_words(code: str) -> str:
    """How people who are not of the trade call a kind: its plain title, else its label with its short forms written."""
    return plain_titles().get(code) or re.sub(r"^CR\b", "Compte rendu", type_label(code))


def type_label(code: str) -> str:
    """The French label of a kind; the code itself when it is not known any more."""
    kind = types().get(code)
    return kind.label if kind else code
