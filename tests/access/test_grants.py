"""Access given without being asked: from the directory, to one or to a team; and what opens from then on."""

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from flask import Flask

from espace import clock as clocks
from espace.access import services as access
from espace.access.services import Answer, ConsentState, Did, Scope, Sees
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Permission
from tests.access.together import reads
from tests.documents.house import statements
from tests.support import build
from tests.support.browser_client import Page
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite


def hits(page: Page) -> list[object]:
    """The professionals a search shows."""
    return list(page.tree.xpath("//main//a[contains(@href, '/acces/donner/')]"))


def test_one_professional_reads_from_the_next_request_and_nobody_beside(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    access.give(holder.standing(), doctor.id, days=90)
    assert (reads(holder, doctor), reads(holder, nurse)) == (True, False)
    (line,) = access.consents(holder.standing())
    assert (line.name, line.state, line.asked_at) == ("Dr Karim Belhadj", ConsentState.VALID, None)
    assert line.decided is not None
    assert (line.decided.did, line.decided.by, line.decided.how.value) == (Did.GIVEN, holder.name, "space")


def test_a_team_reads_each_within_its_profession_until_it_ends(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver, clock: FakeClock
) -> None:
    elsewhere = build.caregiver("Roux", "Paul")
    assert not reads(holder, doctor), "no team reads before a consent is recorded"
    line_id = access.give(holder.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)
    assert (reads(holder, doctor), reads(holder, nurse), reads(holder, elsewhere)) == (True, True, False)
    own, other = doctor.standing(holder.record_id), nurse.standing(holder.record_id)
    assert own is not None
    assert other is not None
    assert other.readable_types < own.readable_types
    line = access.consent(holder.standing(), line_id)
    assert (line.kind, line.name, line.structure) == ("team", "Maison du Parc", "Rennes")
    clock.advance(timedelta(days=90))
    assert (reads(holder, doctor), reads(holder, nurse)) == (False, False)


def test_who_was_refused_by_name_stays_out_of_the_team_s_access(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    build.consent(holder, nurse, Answer.REFUSE)
    access.give(holder.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)
    assert (reads(holder, doctor), reads(holder, nurse)) == (True, False)


@pytest.mark.parametrize("no", [Answer.REFUSE, Answer.REVOKE])
def test_asking_again_after_a_no_opens_nothing_by_the_team(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver, clock: FakeClock, no: Answer
) -> None:
    build.consent(holder, nurse, Answer.REFUSE if no is Answer.REFUSE else Answer.GRANT)
    if no is Answer.REVOKE:
        (line,) = access.consents(holder.standing())
        access.answer(holder.standing(), line.id, no, version=line.version)
    access.give(holder.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)
    clock.advance(timedelta(days=2))
    for _ in range(2):
        access.note_encounter(nurse.actor, holder.record_id)
        meeting = nurse.standing(holder.record_id)
        assert meeting is not None
        access.ask(meeting, "Encore une fois")
        assert not reads(holder, nurse), "a question is no answer"
        assert [one.record_id for one in access.my_patients(nurse.actor) if one.state is ConsentState.VALID] == []
        seen = access.eyes(holder.standing(), str(nurse.id))
        assert seen is not None
        assert seen.sees is Sees.IF_GIVEN
        assert nurse.id not in {one.grantee_id for one in access.everyone(holder.standing())}
        clock.advance(timedelta(days=2))
    line = next(one for one in access.consents(holder.standing()) if one.grantee_id == nurse.id)
    access.answer(holder.standing(), line.id, Answer.GRANT, version=line.version, days=1)
    assert reads(holder, nurse)
    clock.advance(timedelta(days=2))
    assert reads(holder, nurse), "what ended by itself is no refusal: the team's access counts again"
    access.note_encounter(nurse.actor, holder.record_id)
    meeting = nurse.standing(holder.record_id)
    assert meeting is not None
    access.ask(meeting, "Suivi")
    assert reads(holder, nurse)


def test_giving_to_a_team_counts_for_the_one_it_was_given_through(holder: Citizen, doctor: Caregiver) -> None:
    build.consent(holder, doctor, Answer.REFUSE)
    access.give(holder.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)
    assert reads(holder, doctor)
    assert [line.kind for line in access.consents(holder.standing())] == ["team"]


@on_sqlite
def test_what_cannot_be_given(holder: Citizen, doctor: Caregiver, clock: FakeClock) -> None:
    standing = holder.standing()
    for days in (None, 0, 7, 366):
        with pytest.raises(InvalidError):
            access.give(standing, doctor.id, days=days)
    with pytest.raises(InvalidError):
        access.give(standing, doctor.id, days=90, place_id=new_id())
    with pytest.raises(NotFoundError):
        access.give(standing, new_id(), days=90)
    access.give(standing, doctor.id, days=90)
    with pytest.raises(InvalidError):
        access.give(standing, doctor.id, days=365)
    (line,) = access.consents(standing)
    access.answer(standing, line.id, Answer.BLOCK, version=line.version)
    for place in (None, doctor.facts.structures[0].id):
        with pytest.raises(InvalidError):
            access.give(standing, doctor.id, days=90, place_id=place)
    clock.advance(timedelta(minutes=5))
    with pytest.raises(StepUpError):
        access.give(standing, doctor.id, days=90)


@on_sqlite
def test_only_who_manages_the_record_gives(holder: Citizen, doctor: Caregiver) -> None:
    stranger = build.citizen("Lou")
    narrowed = replace(stranger.standing(), record_id=holder.record_id, rights=frozenset({Permission.DOCUMENTS_READ}))
    with pytest.raises(NotFoundError):
        access.give(narrowed, doctor.id, days=90)
    access.give(holder.standing(), doctor.id, days=90)
    reader = doctor.standing(holder.record_id)
    assert reader is not None
    with pytest.raises(NotFoundError):
        access.give(reader, doctor.id, days=90)


@pytest.mark.parametrize("scope", Scope)
def test_a_request_is_answered_for_one_or_for_the_team_whatever_was_asked(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver, scope: Scope
) -> None:
    access.note_encounter(doctor.actor, holder.record_id)
    asking = doctor.standing(holder.record_id)
    assert asking is not None
    access.ask(asking, "Suivi", scope=Scope.TEAM)
    (line,) = access.consents(holder.standing())
    assert line.scope is Scope.TEAM
    access.answer(holder.standing(), line.id, Answer.GRANT, version=line.version, days=90, scope=scope)
    assert reads(holder, doctor)
    assert reads(holder, nurse) is (scope is Scope.TEAM)
    (line,) = access.consents(holder.standing())
    assert [step.did for step in line.steps] == [Did.ASKED, Did.GIVEN]
    with pytest.raises((ConflictError, NotFoundError)):
        access.answer(holder.standing(), line.id, Answer.REFUSE, version=0)


def test_an_access_is_shortened_without_a_proof_and_never_lengthened_so(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    access.give(holder.standing(), doctor.id, days=90)
    standing = holder.standing()
    clock.advance(timedelta(hours=2))
    (line,) = access.consents(holder.standing())
    assert access.shorter(line) == (1, 7, 30)
    for days in (None, 90, 365, 0):
        with pytest.raises(InvalidError):
            access.answer(standing, line.id, Answer.LIMIT, version=line.version, days=days)
    access.answer(standing, line.id, Answer.LIMIT, version=line.version, days=7)
    (after,) = access.consents(holder.standing())
    assert after.valid_until == clock.now + timedelta(days=7)
    with pytest.raises(ConflictError):
        access.answer(standing, line.id, Answer.LIMIT, version=line.version, days=1)
    clock.advance(timedelta(days=7))
    assert not reads(holder, doctor)


def test_a_team_is_ended_for_everybody_there(holder: Citizen, doctor: Caregiver) -> None:
    line_id = access.give(holder.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)
    line = access.consent(holder.standing(), line_id)
    access.answer(holder.standing(), line_id, Answer.REVOKE, version=line.version)
    assert not reads(holder, doctor)


def test_a_gp_is_given_access_in_three_presses_from_home(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/")
    page = browser.get(page.link("Accès"))  # 1
    page = browser.submit(page.form("name", "where"), {"name": "belhadj", "where": "rennes"}, expect=200)  # 2
    assert page.path.endswith(str(doctor.id)), "the only one of this name is led to at once"
    assert "presque tous les documents" in page.text
    form = page.form("scope", "days")
    page = browser.submit(form, {"days": "365"}, expect=200)  # 3
    assert page.path.endswith("/acces")
    assert "Dr Karim Belhadj voit ce dossier" in page.text
    assert reads(holder, doctor)


def test_a_stale_proof_is_asked_for_before_the_form_and_leads_back(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    browser = holder.browser(app)
    place = f"/dossiers/{holder.record_id}/acces/donner/{doctor.id}"
    clock.advance(timedelta(minutes=6))
    page = browser.get(place)
    assert page.path == "/connexion/preuve"
    page = browser.submit(page.form("code"), {"code": pyotp.TOTP(holder.totp_secret).at(clocks.now())}, expect=200)
    assert page.path == place
    clock.advance(timedelta(minutes=6))
    page = browser.submit(page.form("scope", "days"), {"days": "90"}, expect=200)
    assert page.path == "/connexion/preuve"
    assert not access.consents(holder.standing())


@on_sqlite
def test_the_directory_is_searched_by_post_in_a_constant_number_of_statements(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    browser = holder.browser(app)
    counts = []
    for number in (3, 40):
        for _ in range(number):
            build.caregiver("Lefèvre-Dumas", "Jean", city="Brest")
        page = browser.get(f"/dossiers/{holder.record_id}/acces/donner")
        with statements() as sent:
            page = browser.submit(page.form("name", "where"), {"name": "LEFEVRE", "where": "brest"}, expect=200)
        counts.append(len(sent))
        assert "LEFEVRE" not in page.path
    assert counts[0] == counts[1]
    assert len(hits(page)) == 15
    more = page.form("after")
    page = browser.submit(more, expect=200)
    assert len(hits(page)) == 15


@on_sqlite
def test_a_number_that_is_not_whole_is_said_beside_its_field_and_kept(app: Flask, holder: Citizen) -> None:
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/acces/donner")
    answer = browser.submit(page.form("name", "where"), {"name": "1000 1234", "where": "Brest"}, expect=422)
    assert "Un numéro RPPS a 11 chiffres. Vous en avez écrit 8." in answer.text
    assert answer.form("name", "where").values["name"] == ["1000 1234"]
    assert answer.form("name", "where").values["where"] == ["Brest"]


def test_one_of_a_team_is_blocked_by_name_from_its_page_without_a_proof(
    app: Flask, holder: Citizen, doctor: Caregiver, nurse: Caregiver, clock: FakeClock
) -> None:
    line_id = access.give(holder.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)
    assert (reads(holder, doctor), reads(holder, nurse)) == (True, True)
    clock.advance(timedelta(minutes=6))
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/acces/{line_id}")
    form = next(one for one in page.forms if one.action.endswith(f"/donner/{nurse.id}"))
    page = browser.submit(form, expect=200)
    assert f"Accès bloqué dès maintenant : {nurse.facts.display_name}" in page.text.replace("\xa0", " ")
    assert (reads(holder, doctor), reads(holder, nurse)) == (True, False)


def test_somebody_of_whom_nothing_was_decided_is_blocked_beforehand(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/acces/donner/{doctor.id}")
    form = next(one for one in page.forms if one.values.get("decision") == ["block"])
    page = browser.submit(form, expect=200)
    assert "Débloquer" in page.text
    (line,) = access.consents(holder.standing())
    assert line.state is ConsentState.BLOCKED
    with pytest.raises(InvalidError):
        access.give(holder.standing(), doctor.id, days=90)


@on_sqlite
@pytest.mark.parametrize("typed", ["", "  ", "'; drop table", "%", "*", "x" * 5000, "日本"])
def test_odd_searches_find_nobody_and_break_nothing(app: Flask, holder: Citizen, typed: str) -> None:
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/acces/donner")
    answer = browser.submit(page.form("name", "where"), {"name": typed}, expect=None)
    assert answer.status in (200, 422)
    assert "Dr " not in answer.text


@on_sqlite
def test_strangers_professionals_and_parents_who_may_not_are_not_served(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    access.give(holder.standing(), doctor.id, days=90)
    (line,) = access.consents(holder.standing())
    base = f"/dossiers/{holder.record_id}/acces"
    ways = ("", "/donner", f"/donner/{doctor.id}", "/professions", f"/{line.id}", f"/{line.id}/preuve")
    for browser in (build.citizen("Lou").browser(app), doctor.browser(app)):
        for way in ways:
            assert browser.get(base + way, expect=None).status == 404
        for way in ("/donner", f"/donner/{doctor.id}", f"/{line.id}", f"/{line.id}/preuve"):
            assert browser.post(base + way, {}).status in (400, 404)


@on_sqlite
def test_giving_is_told_in_the_trail_with_the_names(holder: Citizen, doctor: Caregiver) -> None:
    access.give(holder.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)
    entries = audit.entries(holder.record_id, mine=True, holder_actor_ids=[holder.actor.id], before=None)
    given = next(one for one in entries if one.action is Action.CONSENT_GIVEN)
    assert (given.actor_name, given.objects[0]["name"]) == (holder.name, "Maison du Parc")


@on_sqlite
def test_a_team_s_patients_are_on_the_list_of_who_met_them_only(
    holder: Citizen, doctor: Caregiver, nurse: Caregiver
) -> None:
    access.give(holder.standing(), doctor.id, days=90, place_id=doctor.facts.structures[0].id)
    assert access.my_patients(nurse.actor) == []
    access.note_encounter(nurse.actor, holder.record_id)
    (line,) = access.my_patients(nurse.actor)
    assert line.state is ConsentState.VALID


def test_accesses_that_are_over_push_no_patient_off_the_list(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    access.give(holder.standing(), doctor.id, days=365)
    access.give(build.citizen("Lou").standing(), doctor.id, days=1)
    clock.advance(timedelta(days=2))
    assert [one.record_id for one in access.my_patients(doctor.actor, limit=1)] == [holder.record_id]


def test_the_declared_attending_doctor_is_offered_at_once_until_something_was_decided(
    app: Flask, machines: Machines
) -> None:
    access.ensure_matrix()
    number = build.rpps()
    attending = build.caregiver("Morvan", "Hélène", number=number)
    person = build.citizen("Lou", attending_rpps=number)
    browser = person.browser(app)
    place = f"/dossiers/{person.record_id}/acces/donner"
    page = browser.get(browser.get(place).link("Dr Hélène Morvan"))
    assert page.path.endswith(str(attending.id))
    browser.submit(page.form("scope", "days"), expect=200)
    assert reads(person, attending)
    assert "Dr Hélène Morvan" not in browser.get(place).text


def test_an_access_that_ends_soon_is_prolonged_with_one_press(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    access.give(holder.standing(), doctor.id, days=90)
    clock.advance(timedelta(days=80))
    page = holder.browser(app).get(f"/dossiers/{holder.record_id}/acces")
    assert "Plus que 10 jours" in page.text
    browser = holder.browser(app)
    page = browser.get(f"/dossiers/{holder.record_id}/acces")
    prolong = next(form for form in page.forms if "Prolonger l'accès" in form.element.text_content())
    browser.submit(prolong, expect=200)
    (line,) = access.consents(holder.standing())
    assert line.valid_until == clock.now + timedelta(days=90)
    assert [step.did for step in line.steps] == [Did.GIVEN, Did.PROLONGED]


def test_an_access_is_not_prolonged_until_the_day_on_which_it_ends_already(
    holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    line_id = access.give(holder.standing(), doctor.id, days=90)
    clock.advance(timedelta(minutes=3))
    assert 90 not in access.longer(access.consent(holder.standing(), line_id))
    clock.advance(timedelta(days=1))
    assert 90 in access.longer(access.consent(holder.standing(), line_id))
