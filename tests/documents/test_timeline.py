"""The timeline: the same documents as the list, what one day brought from one hand as one moment of care."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from espace.documents import services as documents
from espace.documents.services import Cursor, Filter
from tests.support.browser_client import Browser, Page

from .house import House, addition, change, deposited, statements

REPORT, LABORATORY = "11488-4", "11502-2"
DAY = date(2026, 11, 17)


def own(home: House, rest: str = "") -> str:
    return f"/dossiers/{home.mother.record_id}/documents?forme=frise{rest}"


def seen_by_doctor(home: House, rest: str = "") -> str:
    return f"/pro/patients/{home.mother.record_id}/documents?forme=frise{rest}"


def _words(page: Page, path: str) -> list[str]:
    return [" ".join(found.text_content().split()) for found in page.tree.xpath(path)]


def _months(page: Page) -> list[str]:
    return _words(page, "//section[.//ol[@class='rail']]/h2")


def _moments(page: Page) -> list[str]:
    return _words(page, "//ol[@class='rail']/li/div[2]/h3")


def _titles(page: Page) -> list[str]:
    return _words(page, "//ul[contains(@class,'docs')]//li//a")


@pytest.fixture
def visit(home: House) -> dict[str, UUID]:
    """A consultation of two documents, another day's paper and what the mother added on the day of the visit."""
    return {
        "Ordonnance": deposited(home.doctor_here, "Ordonnance", date=DAY),
        "Compte rendu": deposited(home.doctor_here, "Compte rendu", type_code=REPORT, date=DAY),
        "Radio": documents.add(home.holder, addition("Radio", date=DAY)).id,
        "Ancienne": deposited(home.doctor_here, "Ancienne", date=date(2024, 2, 1)),
    }


def test_what_one_day_brought_from_one_hand_is_one_moment(
    home: House, mother: Browser, doctor: Browser, visit: dict[str, UUID]
) -> None:
    page = mother.get(own(home))
    assert _months(page) == ["Novembre 2026", "Février 2024"]
    assert _moments(page) == ["Consultation du 17 novembre 2026, Dr Hélène Morvan"]
    assert sorted(_titles(page)) == ["Ancienne", "Compte rendu", "Ordonnance", "Radio"]
    assert _moments(doctor.get(seen_by_doctor(home))) == ["Consultation du 17/11/2026, Dr Hélène Morvan"]


def test_what_a_reader_may_not_see_makes_no_moment_and_names_none(
    home: House, mother: Browser, visit: dict[str, UUID]
) -> None:
    deposited(home.doctor_here, "Analyses", type_code=LABORATORY, date=DAY)
    change(visit["Compte rendu"], patient_invisible=True)
    page = mother.get(own(home))
    assert _moments(page) == ["Analyses du 17 novembre 2026, Dr Hélène Morvan"]
    change(visit["Ordonnance"], patient_invisible=True)
    assert _moments(mother.get(own(home))) == []
    change(visit["Ancienne"], patient_invisible=True)
    page = mother.get(own(home))
    assert _months(page) == ["Novembre 2026"]
    assert not page.tree.xpath("//select[@name='annee']"), "the years tell nothing of what is not seen"


def test_a_year_is_opened_without_a_script_and_keeps_the_filter(
    home: House, mother: Browser, visit: dict[str, UUID]
) -> None:
    page = mother.get(own(home, "&sorte=42"))
    assert page.tree.xpath("//select[@name='annee']/option/text()") == ["2026", "2025", "2024"]
    there = mother.submit(page.form("annee"), {"annee": "2025"})
    assert _months(there) == ["Février 2024"]
    assert _titles(there) == ["Ancienne"]
    assert "Ordonnances" in there.text
    assert _titles(mother.get(there.link("Revenir aux documents les plus récents"))) == ["Ordonnance", "Ancienne"]
    for nonsense in ("0000", "9999", "20x5", "-001", "٢٠٢٥", "12345"):
        assert mother.get(own(home, f"&annee={nonsense}")).status == 200


def test_both_forms_lead_to_each_other_with_the_same_filter_and_nothing_is_kept(
    home: House, mother: Browser, visit: dict[str, UUID]
) -> None:
    plain = own(home).split("?")[0]
    page = mother.get(f"{plain}?sorte=42")
    rail = mother.get(page.link("Frise"))
    assert _titles(rail) == ["Ordonnance", "Ancienne"]
    assert sorted(_titles(mother.get(rail.link("Liste")))) == ["Ancienne", "Ordonnance"]
    assert not mother.get(plain).tree.xpath("//ol[@class='rail']")
    narrowed = mother.submit(mother.get(rail.link("Filtrer par sorte, auteur ou date")).form("sorte"), {"sorte": "10"})
    assert narrowed.tree.xpath("//ol[@class='rail']")
    assert _titles(narrowed) == ["Compte rendu"]


@pytest.mark.parametrize("view", ["nouveaux", "non-lus", "favoris", "archives", "versions"])
def test_each_way_to_look_stands_on_the_rail_too(
    home: House, mother: Browser, visit: dict[str, UUID], view: str
) -> None:
    page = mother.get(own(home, f"&vue={view}"))
    listed = mother.get(f"{own(home).split('?')[0]}?vue={view}")
    assert sorted(_titles(page)) == sorted(_titles(listed))


def test_a_page_ends_between_days_and_the_walk_misses_nothing(home: House) -> None:
    for number in range(9):
        deposited(home.doctor_here, f"Papier {number}", date=DAY - timedelta(days=number // 3))
    walked: list[str] = []
    before: Cursor | None = None
    for days in (1, 1, 1):
        page = documents.page(home.holder, Filter(), before=before, limit=5, whole_days=True)
        assert len({row.date for row in page.rows}) == days
        walked += [row.title for row in page.rows]
        before = page.next
    assert before is None
    assert sorted(walked) == [f"Papier {number}" for number in range(9)]


def test_a_day_longer_than_a_page_is_cut(home: House) -> None:
    for number in range(7):
        deposited(home.doctor_here, f"Papier {number}", date=DAY)
    first = documents.page(home.holder, Filter(), limit=5, whole_days=True)
    assert len(first.rows) == 5
    rest = documents.page(home.holder, Filter(), before=first.next, limit=5, whole_days=True)
    assert len({row.id for row in (*first.rows, *rest.rows)}) == 7


def test_the_rail_costs_what_the_list_costs(
    home: House, mother: Browser, doctor: Browser, visit: dict[str, UUID]
) -> None:
    for browser, path in ((mother, own(home)), (doctor, seen_by_doctor(home))):
        plain = path.split("?")[0] + "?ordre=date"
        browser.get(plain)
        with statements() as listed:
            browser.get(plain)
        with statements() as railed:
            browser.get(path)
        assert len(railed) == len(listed)
