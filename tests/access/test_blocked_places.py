"""A whole place blocked: who practises there sees nothing by any right, but whom an access names (rules.md AR-5)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from espace.access import services as access
from espace.access.services import Answer, Collected, ConsentLine, ConsentState, Did, Scope
from espace.access.services.decisions import blocking
from espace.access.services.seeing.eyes import place_of as place_at
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.identifiers import new_id
from tests.access.test_proofs import words_of
from tests.access.together import reads
from tests.support import build, readers
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite


def place_of(professional: Caregiver) -> UUID:
    """Where they practise."""
    return professional.facts.structures[0].id


def team_line(holder: Citizen, professional: Caregiver) -> ConsentLine:
    """What was decided about their place."""
    return next(one for one in access.consents(holder.standing()) if one.grantee_id == place_of(professional))


def block(holder: Citizen, professional: Caregiver) -> ConsentLine:
    """Block everybody at their place; gives its line."""
    blocking.block_place(holder.standing(), place_of(professional))
    return team_line(holder, professional)


def test_a_place_given_access_is_blocked_and_unblocked_from_its_line(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    line_id = access.give(holder.standing(), doctor.id, days=90, place_id=place_of(doctor))
    assert (reads(holder, doctor), reads(holder, nurse)) == (True, True)
    line = access.consent(holder.standing(), line_id)
    access.answer(holder.standing(), line_id, Answer.BLOCK, version=line.version)
    assert (reads(holder, doctor), reads(holder, nurse)) == (False, False)
    with pytest.raises(ConflictError):
        access.answer(holder.standing(), line_id, Answer.REVOKE, version=line.version + 1)
    access.answer(holder.standing(), line_id, Answer.UNBLOCK, version=line.version + 1)
    assert (reads(holder, doctor), reads(holder, nurse)) == (False, False), "unblocking shows nothing yet"
    line = access.consent(holder.standing(), line_id)
    assert (line.state, [one.did for one in line.steps]) == (
        ConsentState.REVOKED,
        [Did.GIVEN, Did.BLOCKED, Did.UNBLOCKED],
    )


@pytest.mark.parametrize("way", ["read", "deposit", "break-glass"])
def test_what_stood_open_to_who_practises_there_closes_at_once_and_for_good(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver, way: str
) -> None:
    elsewhere = build.caregiver("Roux", "Paul")
    for one in (nurse, elsewhere):
        readers.emergency(holder, one, way) if way == "break-glass" else readers.window(holder, one, way)
    line = block(holder, doctor)
    assert (reads(holder, nurse), reads(holder, elsewhere)) == (False, True)
    access.answer(holder.standing(), line.id, Answer.UNBLOCK, version=line.version)
    assert (reads(holder, nurse), reads(holder, elsewhere)) == (False, True), "nothing that was closed opens again"


def test_who_is_named_goes_on_reading_with_what_was_open_to_them_and_can_be_blocked_too(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver, clock: FakeClock
) -> None:
    access.give(holder.standing(), doctor.id, days=1)
    readers.window(holder, doctor, "deposit")
    block(holder, nurse)
    assert (reads(holder, doctor), reads(holder, nurse)) == (True, False)
    kept = blocking.kept_by_name(access.consents(holder.standing()), [place_of(doctor)])
    assert [one.name for one in kept[place_of(doctor)]] == ["Dr Karim Belhadj"]
    clock.advance(timedelta(hours=25))
    assert not reads(holder, doctor), "once their own access is over they are blocked with the others"
    assert not any(blocking.kept_by_name(access.consents(holder.standing()), [place_of(doctor)]).values())
    access.give(holder.standing(), doctor.id, days=90)
    assert reads(holder, doctor)
    blocking.block(holder.standing(), doctor.id)
    assert not reads(holder, doctor)


def test_a_blocked_place_is_given_nothing_and_its_requests_are_answered_by_name_only(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    block(holder, doctor)
    with pytest.raises(InvalidError):
        access.give(holder.standing(), nurse.id, days=90, place_id=place_of(nurse))
    access.note_encounter(nurse.actor, holder.record_id)
    met = nurse.standing(holder.record_id)
    assert met is not None
    access.ask(met, "Suivi", scope=Scope.TEAM)
    assert "access-asked" not in [mail["message"] for mail in build.mails_to(holder.email)], "it wakes nobody"
    asked = next(one for one in access.consents(holder.standing()) if one.grantee_id == nurse.id)
    assert asked.state is ConsentState.ASKED
    with pytest.raises(InvalidError):
        access.answer(holder.standing(), asked.id, Answer.GRANT, version=asked.version, days=90, scope=Scope.TEAM)
    assert not reads(holder, nurse)
    access.answer(holder.standing(), asked.id, Answer.GRANT, version=asked.version, days=90)
    assert (reads(holder, nurse), reads(holder, doctor)) == (True, False)
    assert team_line(holder, doctor).state is ConsentState.BLOCKED


def test_no_agreement_is_written_down_for_a_blocked_place_nor_by_who_practises_there(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    elsewhere = build.caregiver("Roux", "Paul")
    block(holder, doctor)
    for writer, about in ((nurse, nurse), (nurse, elsewhere), (elsewhere, nurse)):
        for place_id in (None, place_of(about)):
            access.note_encounter(writer.actor, holder.record_id)
            met = writer.standing(holder.record_id)
            assert met is not None
            given = Collected(about.id, access.How.SAID, 90, told=True, place_id=place_id)
            with pytest.raises(InvalidError):
                access.collect(met, given)
    assert [one.grantee_id for one in access.consents(holder.standing())] == [place_of(doctor)]
    access.note_encounter(elsewhere.actor, holder.record_id)
    met = elsewhere.standing(holder.record_id)
    assert met is not None
    access.collect(met, Collected(elsewhere.id, access.How.SAID, 90, told=True))
    assert reads(holder, elsewhere)


def test_blocking_a_place_asks_for_no_proof_leaves_a_row_and_is_done_once(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    clock.advance(timedelta(hours=1))
    assert blocking.block_place(holder.standing(), place_of(doctor))
    assert not blocking.block_place(holder.standing(), place_of(doctor))
    entries = audit.entries(holder.record_id, mine=True, holder_actor_ids=[holder.actor.id], before=None)
    rows = [one for one in entries if one.action is Action.CONSENT_BLOCKED]
    assert [one.objects[0]["name"] for one in rows] == ["Maison du Parc"]


@on_sqlite
def test_only_who_manages_the_record_blocks_a_place_that_exists(holder: Citizen, doctor: Caregiver) -> None:
    with pytest.raises(NotFoundError):
        blocking.block_place(holder.standing(), new_id())
    access.give(holder.standing(), doctor.id, days=90)
    reader = doctor.standing(holder.record_id)
    assert reader is not None
    with pytest.raises(NotFoundError):
        blocking.block_place(reader, place_of(doctor))


@on_sqlite
def test_the_proof_says_that_a_place_is_blocked_and_for_whom_it_is_not(holder: Citizen, doctor: Caregiver) -> None:
    line = block(holder, doctor)
    said = words_of(access.proof(holder.standing(), line.id, version=line.version).paper)
    for expected in ("Lieu bloqué", "Maison du Parc", "sauf pour qui a un accès à son propre nom"):
        assert expected in said
    assert "Professionnel bloqué" not in said


def test_who_practises_at_two_places_is_looked_through_at_the_one_that_is_not_blocked(
    holder: Citizen, doctor: Caregiver
) -> None:
    """A code opens the record from there: looked through at the blocked place, they would seem to see nothing."""
    elsewhere = build.caregiver("Petit", "Anne", structure="Cabinet des Lices", finess="350000777").facts.structures
    teams = {place_of(doctor): block(holder, doctor)}
    for places in (doctor.facts.structures + elsewhere, elsewhere + doctor.facts.structures):
        both = replace(doctor.facts, structures=places)
        found = place_at(both, None, teams)
        assert found is not None
        assert found.display_name == "Cabinet des Lices"
    assert place_at(doctor.facts, None, teams) == doctor.facts.structures[0], "no other place"
