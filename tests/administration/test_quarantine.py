"""The quarantine desk: one operator proposes, another confirms; neither reads a document (R17, R41)."""

from datetime import timedelta
from threading import Thread

import pytest
from flask import Flask

from espace.administration.services import quarantine
from espace.administration.services.quarantine import Act
from espace.audit import services as audit
from espace.audit.services import Action
from espace.crypto.owners import OFFICE
from espace.documents import services as documents
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.permissions import Actor, Role
from tests.support import build, office
from tests.support.clock import FakeClock
from tests.support.office import Officer

from .aside import SECRET, aside, filed, lying, refused, seen, strange, target, titles


def test_two_operators_give_a_document_to_its_record_and_it_is_read_there(
    app: Flask, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(strange())
    first = privacy.browser(app)
    page = first.get("/admin/quarantaine")
    page = first.get(f"/admin/quarantaine/{aside_id}")
    page = first.get(f"/admin/quarantaine/{aside_id}/ranger")
    values = {
        "ins": person.ins,
        "birth_name": "fontenay",
        "birth_date": f"{person.birth_date:%d/%m/%Y}",
        "sex": "F",
        "type_code": "11502-2",
        "words": "Le laboratoire a confirmé.",
    }
    page = first.submit(page.form("ins"), values, expect=200)
    assert page.path == f"/admin/quarantaine/{aside_id}"
    assert filed() == 0
    other = second.browser(app)
    page = other.get(f"/admin/quarantaine/{aside_id}/confirmer")
    page = other.submit(page.form("seen"), {}, expect=200)
    assert titles(person) == [f"Bilan {SECRET}"]
    assert lying() == 0
    [row] = documents.page(person.standing()).rows
    holder = person.browser(app)
    assert SECRET in holder.get(f"/dossiers/{person.record_id}/documents/{row.id}").text
    assert "Ghislain Bouvet" in holder.get(f"/dossiers/{person.record_id}/historique").text


def test_the_one_who_proposed_never_confirms(privacy: Officer, person: build.Citizen) -> None:
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    with refused("two persons"):
        quarantine.confirm(privacy.actor, aside_id, seen(privacy.actor, aside_id))
    quarantine.propose_discard(privacy.actor, aside_id, "twice", "")
    with refused("two persons"):
        quarantine.confirm(privacy.actor, aside_id, seen(privacy.actor, aside_id))
    assert (filed(), lying()) == (0, 1)


def test_what_was_proposed_anew_is_not_confirmed_unseen(
    privacy: Officer, second: Officer, person: build.Citizen, clock: FakeClock
) -> None:
    third = office.officer(Role.PRIVACY_OFFICER, "Maud Delorme")
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    looked = seen(second.actor, aside_id)
    clock.advance(timedelta(seconds=5))
    quarantine.propose_discard(third.actor, aside_id, "not-ours", "")
    with pytest.raises(ConflictError):
        quarantine.confirm(second.actor, aside_id, looked)
    quarantine.withdraw(privacy.actor, aside_id)
    with refused("Nothing awaits"):
        quarantine.confirm(second.actor, aside_id, looked)
    assert (filed(), lying()) == (0, 1)


def test_a_proposal_ends_with_its_author(
    privacy: Officer, second: Officer, administrator: Officer, person: build.Citizen
) -> None:
    from espace.accounts.services import operators

    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    looked = seen(second.actor, aside_id)
    operators.disable(administrator.actor, privacy.id)
    with refused("no longer works here"):
        quarantine.confirm(second.actor, aside_id, looked)
    assert filed() == 0


def test_confirming_asks_for_a_fresh_proof_and_withdrawing_for_none(
    privacy: Officer, second: Officer, person: build.Citizen, clock: FakeClock
) -> None:
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    stale = second.actor
    looked = seen(stale, aside_id)
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        quarantine.confirm(stale, aside_id, looked)
    quarantine.withdraw(stale, aside_id)


def test_of_two_who_confirm_at_once_one_files(
    machines: object, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    third = office.officer(Role.PRIVACY_OFFICER, "Maud Delorme")
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    looked = seen(second.actor, aside_id)
    outcomes: list[str] = []

    def confirm(actor: Actor) -> None:
        machines.bind()  # type: ignore[attr-defined]
        try:
            outcomes.append(quarantine.confirm(actor, aside_id, looked).value)
        except (NotFoundError, InvalidError, ConflictError) as error:
            outcomes.append(type(error).__name__)

    threads = [Thread(target=confirm, args=(officer.actor,)) for officer in (second, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "assign" in outcomes
    assert len(outcomes) == 2
    assert titles(person) == [f"Bilan {SECRET}"]


def test_discarding_takes_two_and_leaves_nothing(privacy: Officer, second: Officer) -> None:
    aside_id = aside(strange())
    with pytest.raises(InvalidError):
        quarantine.propose_discard(privacy.actor, aside_id, "", "")
    with pytest.raises(InvalidError):
        quarantine.propose_discard(privacy.actor, aside_id, "other", " ")
    with pytest.raises(InvalidError):
        quarantine.propose_discard(privacy.actor, aside_id, "other", "x" * 501)
    quarantine.propose_discard(privacy.actor, aside_id, "other", "Envoyé par erreur.")
    assert quarantine.confirm(second.actor, aside_id, seen(second.actor, aside_id)) is Act.DISCARD
    assert (filed(), lying()) == (0, 0)
    with pytest.raises(NotFoundError):
        quarantine.case(privacy.actor, aside_id)


def test_every_act_stands_in_the_house_s_trail_and_in_the_record_s(
    privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    quarantine.confirm(second.actor, aside_id, seen(second.actor, aside_id))
    house = [entry.action for entry in audit.entries(OFFICE, mine=False, holder_actor_ids=(), before=None)]
    assert house.count(Action.QUARANTINE_PROPOSED) == house.count(Action.QUARANTINE_ASSIGNED) == 1
    own = audit.entries(person.record_id, mine=False, holder_actor_ids=(), before=None)
    told = [entry.action for entry in own]
    assert {Action.QUARANTINE_PROPOSED, Action.QUARANTINE_ASSIGNED, Action.DOCUMENT_IMPORTED} <= set(told)
    assert SECRET not in "".join(
        str(entry.detail) + str(entry.objects) for entry in own if "quarantine" in entry.action
    )
