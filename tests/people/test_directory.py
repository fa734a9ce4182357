"""The directory is found by whole words of names and places, however they are written, page by page."""

from uuid import UUID

import pytest

from espace.machines import Machines
from espace.people.services import directory
from tests.documents.house import statements
from tests.support import build
from tests.support.marks import on_sqlite


@pytest.fixture
def known(machines: Machines) -> dict[str, UUID]:
    """Some professionals of two towns."""
    return {
        "le goff": build.caregiver("LE GOFF-MARTIN", "Hélène", city="RENNES").id,
        "goff": build.caregiver("Goff", "Yann", city="Brest").id,
        "noel": build.caregiver("Noël", "Marie-Œdipa", structure="Maison de santé du Port", city="Brest").id,
    }


FOUND: tuple[tuple[str, str, set[str]], ...] = (
    ("le goff martin", "", {"le goff"}),
    ("GOFF", "", {"le goff", "goff"}),
    ("goff", "rennes", {"le goff"}),
    ("Helene Le Goff", "Rennes", {"le goff"}),
    ("noel", "", {"noel"}),
    ("NOËL marie-œdipa", "maison port", {"noel"}),
    ("noel", "rennes", set()),
    ("gof", "", set()),
    ("rennes", "", set()),
    ("", "brest", set()),
    ("%", "", set()),
    ("le goff martin helene yann", "", set()),
)


@pytest.mark.parametrize(("name", "where", "wanted"), FOUND)
def test_every_word_must_fit(known: dict[str, UUID], name: str, where: str, wanted: set[str]) -> None:
    found = directory.search(name, where)
    assert {one.id for one in found.professionals} == {known[key] for key in wanted}
    assert found.after is None


@on_sqlite
def test_pages_follow_each_other_without_a_gap_and_in_three_statements(machines: Machines) -> None:
    everybody = [build.caregiver("Lefèvre", "Jean", city="Brest").id for _ in range(2 * directory.PAGE + 3)]
    seen: list[UUID] = []
    after = None
    while True:
        with statements() as sent:
            page = directory.search("lefevre", "brest", after)
        assert len(sent) <= 3
        seen += [one.id for one in page.professionals]
        after = page.after
        if after is None:
            break
    assert sorted(seen) == sorted(everybody)
    assert len(seen) == len(set(seen))


def test_a_professional_who_moves_is_found_where_they_are_now(machines: Machines) -> None:
    number = build.rpps()
    build.caregiver("Petit", "Anne", number=number, city="Brest")
    moved = build.caregiver("Petit-Roux", "Anne", number=number, city="Lorient")
    assert directory.search("petit", "brest").professionals == ()
    assert [one.id for one in directory.search("roux", "lorient").professionals] == [moved.id]


def test_a_team_is_who_practises_at_one_place(machines: Machines) -> None:
    first = build.caregiver("Roux", "Paul", finess="350000999", structure="Clinique du Port")
    second = build.caregiver("Aubin", "Luce", finess="350000999", structure="Clinique du Port")
    build.caregiver("Petit", "Anne")
    place = first.facts.structures[0]
    assert [one.id for one in directory.team(place.id, 10)] == [second.id, first.id]
    assert len(directory.team(place.id, 1)) == 1
    found = directory.structure(place.id)
    assert found is not None
    assert found.display_name == "Clinique du Port"
    assert directory.structure(first.id) is None
