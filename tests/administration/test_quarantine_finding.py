"""The quarantine desk: whose a document is, by exact traits alone, and what may be filed where (R41, R50)."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace.administration.services import quarantine
from espace.administration.services.visits import Identity
from espace.documents import services as documents
from espace.errors import InvalidError, ThrottledError
from espace.interop import cda_view
from espace.settings import Settings
from tests.support import build
from tests.support.clinical import clinical, patient, sample_folder, section
from tests.support.office import Officer
from tests.support.papers import pdf

from .aside import DAY, aside, filed, lying, refused, seen, strange, target


@pytest.mark.parametrize(
    "changed",
    [
        {"birth_name": "Fontenai"},
        {"sex": "M"},
        {"sex": ""},
        {"birth_name": ""},
        {"identity": "other-day"},
        {"identity": "other-number"},
    ],
)
def test_traits_that_are_not_exact_find_nobody_and_all_misses_look_alike(
    privacy: Officer, person: build.Citizen, changed: dict[str, object]
) -> None:
    aside_id = aside(strange())
    if changed.get("identity") == "other-day":
        changed = {"identity": Identity(person.ins, person.birth_date + timedelta(days=1))}
    elif changed.get("identity") == "other-number":
        changed = {"identity": Identity("177127512345646", person.birth_date)}
    with pytest.raises(InvalidError) as refused:
        quarantine.propose_assignment(privacy.actor, aside_id, target(person, **changed))
    assert refused.value.problems == {
        "": "Nobody is known under these four traits. Check the number, the name, the birth date and the sex.",
    }
    assert quarantine.case(privacy.actor, aside_id).proposal is None


def test_guessing_traits_is_counted(settings: Settings, privacy: Officer, person: build.Citizen) -> None:
    aside_id = aside(strange())
    wrong = target(person, birth_name="Autre")
    for _ in range(settings.search_misses_per_hour):
        with pytest.raises(InvalidError):
            quarantine.propose_assignment(privacy.actor, aside_id, wrong)
    with pytest.raises(ThrottledError):
        quarantine.propose_assignment(privacy.actor, aside_id, target(person))


def test_a_document_that_names_somebody_else_known_here_is_never_given_to_another(
    privacy: Officer, person: build.Citizen
) -> None:
    twin = build.citizen("Inès", "Fontenay", birth=person.birth_date)
    named = patient(twin.ins, "FONTENAY", f"{twin.birth_date:%Y%m%d}", "M")
    aside_id = aside(clinical(section("x"), named))
    with refused("another person"):
        quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    quarantine.propose_assignment(privacy.actor, aside_id, target(twin))


def test_a_closed_record_takes_nothing_even_confirmed(privacy: Officer, second: Officer, person: build.Citizen) -> None:
    from espace.administration.services import persons, visits
    from espace.administration.services.visits import Purpose

    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    looked = seen(second.actor, aside_id)
    visit = visits.find(privacy.actor, Purpose.PRIVACY, Identity(person.ins, person.birth_date))
    persons.suspend(privacy.actor, visit, "mixed-up", "Deux personnes mélangées.")
    with pytest.raises(InvalidError):
        quarantine.confirm(second.actor, aside_id, looked)
    with pytest.raises(InvalidError):
        quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    assert (filed(), lying()) == (0, 1)


def test_a_picture_without_a_name_takes_its_kind_from_the_operators(
    privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(pdf("Scanner"), "radio.pdf")
    quarantine.propose_assignment(privacy.actor, aside_id, target(person, type_code="18748-4"))
    quarantine.confirm(second.actor, aside_id, seen(second.actor, aside_id))
    [row] = documents.page(person.standing()).rows
    assert (row.type_code, row.date, row.body_media) == ("18748-4", DAY, "application/pdf")


def test_every_real_sample_goes_that_way_and_is_read_whole(
    app: Flask, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    folder = sample_folder()
    samples = sorted([*(folder / "fr_cda").glob("*.xml"), *(folder / "ccda").glob("*.xml"), folder / "xdm" / "xdm.zip"])
    assert len(samples) >= 9
    holder = person.browser(app)
    read: set[UUID] = set()
    for sample in samples:
        content = sample.read_bytes()
        aside_id = aside(content, sample.name)
        quarantine.propose_assignment(privacy.actor, aside_id, target(person))
        quarantine.confirm(second.actor, aside_id, seen(second.actor, aside_id))
        [new] = [row for row in documents.page(person.standing()).rows if row.id not in read]
        read.add(new.id)
        page = holder.get(f"/dossiers/{person.record_id}/documents/{new.id}")
        if sample.suffix == ".xml":
            said = "".join(page.text.split())
            for words in cda_view.plain_text(content)[1:]:
                assert all("".join(line.split()) in said for line in words.split("\n")), sample.name
    assert lying() == 0
