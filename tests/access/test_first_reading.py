"""The first reading by each professional is told to the people of the record, once, without saying who (AR-25)."""

from datetime import timedelta

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock


def told(person: build.Citizen) -> int:
    """How often somebody was told of a first reading."""
    return [mail["message"] for mail in build.mails_to(person.email)].count("first-access")


def read(browser: Browser, record: build.Citizen, document_id: object, way: str) -> None:
    """Open the record by one of its ways in."""
    base = f"/pro/patients/{record.record_id}"
    ways = {"page": "/", "list": "/documents", "document": f"/documents/{document_id}"}
    browser.get(base + ways[way])


@pytest.mark.parametrize("way", ["page", "list", "document"])
def test_by_whatever_way_a_professional_comes_in_the_first_time_is_told_once(
    app: Flask, clock: FakeClock, way: str
) -> None:
    mother, father = build.citizen(), build.citizen("Paul", sex="M")
    child = build.citizen("Zoé", birth=clock.now.date() - timedelta(days=3000), parents=(mother,), activated=False)
    stranger = build.citizen("Lou")
    document_id = build.document(mother.standing(child.record_id))
    doctor, nurse = build.caregiver(), build.caregiver("Petit", "Anne", profession=build.NURSE)
    access.ensure_matrix()
    for one in (doctor, nurse):
        access.note_encounter(one.actor, child.record_id)
        standing = one.standing(child.record_id)
        assert standing is not None
        access.ask(standing, "Suivi")
        own = mother.standing(child.record_id)
        line = next(line for line in access.consents(own) if line.grantee_id == one.id)
        access.answer(own, line.id, Answer.GRANT, version=line.version, days=365)
    assert told(mother) == 0, "an access given is not a reading"
    for count, one in enumerate((doctor, nurse), start=1):
        browser = one.browser(app)
        for _ in range(3):
            read(browser, child, document_id, way)
            clock.advance(timedelta(minutes=1))
        assert told(mother) == count
        clock.advance(timedelta(hours=1))  # first readings of one hour are told together
    assert (told(father), told(stranger)) == (0, 0)
    assert "Morvan" not in str(build.mails_to(mother.email))
