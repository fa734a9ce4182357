"""Where an address leads, and which addresses of ours take nothing (rules.md MS-1, AC-2)."""

import pytest

from espace.identifiers import parse_ins
from espace.machines import Machines
from espace.messaging.services import boxes
from espace.messaging.services.places import Place, PlaceKind, Refusal, RefusedAddressError, place_of
from espace.permissions import SYSTEM, Permission
from espace.records import services as records
from espace.records.services import Part
from tests.support import build
from tests.support.build import Citizen

DOMAIN = "patient.espace.example"


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    return build.citizen("Claire", "Fontenay")


def refused(address: str) -> Refusal:
    """Why nothing is taken for an address."""
    with pytest.raises(RefusedAddressError) as error:
        place_of(address)
    return error.value.refusal


@pytest.mark.parametrize("domain", [DOMAIN, DOMAIN.upper()])
def test_a_number_at_the_patients_domain_is_that_person(holder: Citizen, domain: str) -> None:
    address = f"{holder.ins}@{domain}"
    assert place_of(f" {address} ") == Place(PlaceKind.PERSON, address, holder.record_id)
    assert boxes.own_address(boxes.box_of(holder.standing())) == f"{parse_ins(holder.ins).number}@{DOMAIN}"


def test_a_wrong_key_a_shorter_number_and_a_name_are_nobody(holder: Citizen) -> None:
    last = str((int(holder.ins[-1]) + 1) % 10)
    for local in (holder.ins[:-1] + last, holder.ins[:13], "claire.fontenay", "", build.ins()):
        assert refused(f"{local}@{DOMAIN}") is Refusal.UNKNOWN


def test_an_address_elsewhere_is_anothers(machines: Machines) -> None:
    address = "secretariat@hopital.operateur.example"
    assert place_of(address) == Place(PlaceKind.OUTSIDE, address)


def test_an_address_of_our_mailboxes_that_nobody_has_is_unknown(machines: Machines) -> None:
    assert refused("personne@cabinets.espace.example") is Refusal.UNKNOWN


def test_a_closed_space_takes_nothing_more(holder: Citizen) -> None:
    records.close(holder.actor, holder.record_id)
    assert refused(f"{holder.ins}@{DOMAIN}") is Refusal.ENDED


def test_a_space_that_waits_for_its_person_receives_and_one_they_refused_does_not(machines: Machines) -> None:
    waiting = build.citizen("Paul", "Roux", activated=False)
    assert place_of(f"{waiting.ins}@{DOMAIN}").box_id == waiting.record_id
    records.oppose(SYSTEM, waiting.record_id, Part.LETTER)
    assert refused(f"{waiting.ins}@{DOMAIN}") is Refusal.OPPOSED


def test_a_box_is_opened_by_who_may_read_its_messages(holder: Citizen) -> None:
    box = boxes.box_of(holder.standing())
    assert (box.id, box.kind, box.may_write, box.marks_read) == (holder.record_id, boxes.BoxKind.PERSON, True, True)
    assert Permission.MESSAGES_WRITE in holder.standing().rights
