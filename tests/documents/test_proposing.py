"""What a file seems to be: a kind, a title of that kind, a day. Nothing of it is ever to come, nor a birth."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espace import clock
from espace.documents.services import PATIENT_TYPES, plain_title, types
from espace.documents.services.finding.proposing import Proposal, patient_type, propose, propose_from
from espace.documents.services.finding.stems import MONTHS
from espace.interop import media

from .house import pdf, picture

TODAY = date(2026, 11, 23)
BORN = date(1984, 5, 12)


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with clock.bound(lambda: datetime(2026, 11, 23, 9, tzinfo=UTC)):
        yield


PAPERS: dict[str, tuple[str, str | None, date | None]] = {
    "a laboratory's report": (
        (
            "LABORATOIRE DE BIOLOGIE MEDICALE DES LICES\nMme Claire Fontenay, née le 12/05/1984\n"
            "Prélevé le 03/03/2025 à 8h12\nEdité le 04/03/2025\nBILAN LIPIDIQUE\nCholestérol total 2,31 g/L"
        ),
        "11502-2",
        date(2025, 3, 3),
    ),
    "a prescription": (
        (
            "Dr Hélène MORVAN\nMédecin généraliste\nRennes, le 1er octobre 2026\nORDONNANCE\nParacétamol 1 g\n"
            "Valable jusqu'au 01/12/2026"
        ),
        "57833-6",
        date(2026, 10, 1),
    ),
    "an X-ray": (
        (
            "Centre d'imagerie du Thabor\nRADIOGRAPHIE DU GENOU DROIT\nPatient né le 3 mai 1960\nFait le 12.10.2024\n"
            "Tél. 02.99.12.13.14"
        ),
        "18748-4",
        date(2024, 10, 12),
    ),
    "a letter": (
        "Cher confrère,\nJe vous adresse Mme X, née le 03/04/1955, vue en consultation le 18 sept. 2023.",
        "96349-6",
        date(2023, 9, 18),
    ),
    "a report": ("COMPTE RENDU DE CONSULTATION\nDate : 2024-02-11", "11488-4", date(2024, 2, 11)),
    "a sick note": ("Avis d'arrêt de travail\ndu 3/2/26 au 10/2/26", "PRESC-AAT", date(2026, 2, 3)),
    "an order of tests": ("Ordonnance d'analyses\nFait le 12/12/2019", "PRESC-BIO", date(2019, 12, 12)),
    "a certificate": (
        (
            "CERTIFICAT MEDICAL\nJe soussigné, Dr X, certifie avoir examiné Jules, né le 02/07/2017.\n"
            "Fait à Rennes, le 5 septembre 2026"
        ),
        "89601-9",
        date(2026, 9, 5),
    ),
    "an operation": (
        "Compte-rendu opératoire\nDate d'intervention : 03/06/2022\nAntécédents : opérée le 02/02/1999",
        "34874-8",
        date(2022, 6, 3),
    ),
    "a stay": (
        "Lettre de liaison à la sortie\nHospitalisation du 02/01/2026 au 05/01/2026",
        "11490-0",
        date(2026, 1, 2),
    ),
    "a shopping list": ("Liste : pain, lait, 3 oeufs", None, None),
    "nothing": ("", None, None),
}


@pytest.mark.parametrize("name", list(PAPERS))
def test_usual_papers_are_recognised(name: str) -> None:
    text, kind, day = PAPERS[name]
    found = propose_from([text], born=BORN)
    assert (found.kind, found.date) == (kind, day)
    if kind:
        assert found.type_code in PATIENT_TYPES
        assert found.title


def test_nothing_of_the_text_is_put_into_a_title() -> None:
    known = {plain_title(code) for code in types()}
    for text, _, _ in PAPERS.values():
        title = propose_from([text]).title
        assert title is None or title in known or title.startswith("Compte rendu ")


WRITTEN = {
    "digits": "{d:02d}/{m:02d}/{y}",
    "short digits": "{d}/{m}/{y2}",
    "dots": "{d:02d}.{m:02d}.{y}",
    "dashes": "{d:02d}-{m:02d}-{y}",
    "iso": "{y}-{m:02d}-{d:02d}",
    "words": "{d} {month} {y}",
    "capitals": "{d} {MONTH} {y}",
}


@pytest.mark.parametrize(("form", "month"), list(product(WRITTEN, range(1, 13))))
def test_a_day_is_read_in_every_french_writing(form: str, month: int) -> None:
    day = date(2025, month, 7)
    name = MONTHS[month - 1]
    text = WRITTEN[form].format(d=7, m=month, y=2025, y2="25", month=name, MONTH=name.upper())
    assert propose_from([f"Rennes, le {text}"]).date == day


@given(st.dates(date(1901, 1, 1), date(2099, 12, 31)), st.sampled_from(["le {}", "Date : {}", "{}", "né le {}"]))
def test_no_day_to_come_and_no_birth_is_proposed(day: date, around: str) -> None:
    found = propose_from([around.format(f"{day:%d/%m/%Y}")], born=BORN).date
    assert found is None or found == day
    assert found is None or (found <= TODAY and found > BORN)
    if "né" in around:
        assert found is None


@pytest.mark.parametrize(
    "text", ["31/02/2025", "00/01/2025", "12/13/2025", "01.02.03.04.05", "2 84 05 75 056 012 34", "1/2"]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert propose_from([f"le {text}"]).date is None


def test_the_day_of_the_holder_s_birth_is_never_the_paper_s() -> None:
    text = "Bilan du 12/05/1984"
    assert propose_from([text]).date == BORN
    assert propose_from([text], born=BORN).date is None
    assert propose_from([f"du {BORN - timedelta(days=1):%d/%m/%Y}"], born=BORN).date is None


@given(st.text(max_size=400))
def test_any_text_is_looked_at_without_a_fault(text: str) -> None:
    found = propose_from([text])
    assert (found.kind is None) == (found.title is None) == (found.type_code is None)


def test_every_kind_has_a_place_among_those_of_a_person() -> None:
    assert {patient_type(code) for code in types()} <= PATIENT_TYPES.keys()
    assert patient_type("11502-2") == "DOCPAT05"
    assert patient_type("unknown") == "EXPPAT_2"


def test_a_pdf_is_read_and_a_picture_proposes_nothing() -> None:
    found = propose(pdf("ORDONNANCE", "Fait le 03/03/2025"), media.PDF)
    assert found == Proposal("Ordonnance", "DOCPAT02", date(2025, 3, 3), "57833-6")
    assert propose(picture(), media.JPEG) == Proposal()
    assert propose(b"%PDF broken", media.PDF) == Proposal()
    assert propose("Certificat médical\nle 3 mars 2025".encode(), media.TEXT).kind == "89601-9"


def test_a_very_long_text_is_not_read_to_its_end() -> None:
    assert propose_from(["x\n" * 100_000, "", "", "ORDONNANCE"]) == Proposal()
