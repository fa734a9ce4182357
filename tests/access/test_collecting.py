"""Consent written down beside the person: never silent, never against what they decided, undone at once (AR-2)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer, Collected, ConsentState, Did, How
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError, StepUpError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Permission, Standing
from espace.settings import Settings
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

PLACE = "350000778"


@pytest.fixture(params=[True, False], ids=["collected", "asked-only"])
def collected(request: pytest.FixtureRequest) -> bool:
    """Both values of the setting."""
    return bool(request.param)


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay")


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """Who is beside the person."""
    return build.caregiver("Belhadj", "Karim", structure="Maison du Parc", finess=PLACE)


@pytest.fixture
def colleague(doctor: Caregiver) -> Caregiver:
    """Another one, somewhere else."""
    return build.caregiver("Petit", "Anne", profession=build.NURSE)


def beside(holder: Citizen, doctor: Caregiver) -> Standing:
    """The doctor, who identified the person exactly."""
    access.note_encounter(doctor.actor, holder.record_id)
    found = doctor.standing(holder.record_id)
    assert found is not None
    return found


def said(professional: Caregiver, **changes: object) -> Collected:
    """What is written down for a professional."""
    return replace(Collected(professional.id, How.SAID, 90, told=True), **changes)  # type: ignore[arg-type]


def reads(holder: Citizen, professional: Caregiver) -> bool:
    """Whether they read the record now."""
    found = professional.standing(holder.record_id)
    return found is not None and found.may(Permission.DOCUMENTS_READ)


def told(person: Citizen) -> int:
    """How often the person was told of a consent written down."""
    return [mail["message"] for mail in build.mails_to(person.email)].count("consent-collected")


def test_for_oneself_a_colleague_and_a_team(holder: Citizen, doctor: Caregiver, colleague: Caregiver) -> None:
    standing = beside(holder, doctor)
    access.collect(standing, said(colleague, how=How.PHONE))
    assert (reads(holder, colleague), reads(holder, doctor), told(holder)) == (True, False, 1)
    access.collect(standing, said(doctor, place_id=doctor.facts.structures[0].id))
    assert (reads(holder, doctor), told(holder)) == (True, 2)
    lines = {line.name: line for line in access.consents(holder.standing())}
    step = lines[colleague.facts.display_name].decided
    assert step is not None
    assert (step.did, step.by, step.how) == (Did.COLLECTED, doctor.facts.display_name, How.PHONE)
    entries = audit.entries(holder.record_id, mine=False, holder_actor_ids=[holder.actor.id], before=None)
    acts = [one for one in entries if one.action is Action.CONSENT_COLLECTED]
    assert [(one.actor_name, one.objects[0]["name"]) for one in acts] == [
        ("Dr Karim Belhadj", "Maison du Parc"),
        ("Dr Karim Belhadj", colleague.facts.display_name),
    ]


def test_the_person_undoes_it_with_one_press_and_it_cannot_be_written_down_again(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    access.collect(beside(holder, doctor), said(doctor))
    browser = holder.browser(app)
    clock.advance(timedelta(minutes=6))  # narrowing asks for no proof
    page = browser.get(f"/dossiers/{holder.record_id}/acces")
    assert "a noté votre accord" in page.text
    undo = next(form for form in page.forms if "Annuler cet accord" in form.element.text_content())
    page = browser.submit(undo, expect=200)
    assert "ne voit plus rien" in page.text
    assert not reads(holder, doctor)
    with pytest.raises(InvalidError):
        access.collect(beside(holder, doctor), said(doctor))


DENIALS = {
    "refused": (Answer.REFUSE,),
    "revoked": (Answer.GRANT, Answer.REVOKE),
    "blocked": (Answer.BLOCK,),
    "unblocked": (Answer.BLOCK, Answer.UNBLOCK),
}


@pytest.mark.parametrize("asked_since", [False, True], ids=["", "asked-since"])
@pytest.mark.parametrize("denial", DENIALS)
def test_what_the_person_decided_against_is_theirs_whatever_is_tried(
    holder: Citizen, doctor: Caregiver, colleague: Caregiver, clock: FakeClock, denial: str, *, asked_since: bool
) -> None:
    build.consent(holder, doctor)
    for one in DENIALS[denial]:
        (line,) = access.consents(holder.standing())
        access.answer(holder.standing(), line.id, one, version=line.version, days=90 if one is Answer.GRANT else None)
    clock.advance(timedelta(days=2))
    if asked_since:
        access.ask(beside(holder, doctor), "Encore")
    own = beside(holder, doctor)
    other = beside(holder, colleague)
    sentences = set()
    for standing, given in (
        (own, said(doctor)),
        (own, said(doctor, place_id=doctor.facts.structures[0].id)),
        (own, said(colleague)),
        (other, said(doctor)),
        (other, said(doctor, place_id=doctor.facts.structures[0].id)),
    ):
        with pytest.raises(InvalidError) as refused:
            access.collect(standing, given)
        sentences |= set(refused.value.problems.values())
    assert len(sentences) == 1, "a block is not told apart from a refusal"
    assert (told(holder), reads(holder, doctor), reads(holder, colleague)) == (0, False, False)


def test_an_access_that_ran_out_may_be_written_down_again(holder: Citizen, doctor: Caregiver, clock: FakeClock) -> None:
    build.consent(holder, doctor, Answer.GRANT, days=90)
    clock.advance(timedelta(days=91))
    access.collect(beside(holder, doctor), said(doctor))
    assert reads(holder, doctor)


@on_sqlite
def test_it_takes_exact_identity_a_fresh_proof_a_way_a_duration_and_the_confirmation(
    holder: Citizen, doctor: Caregiver, colleague: Caregiver, clock: FakeClock
) -> None:
    standing = beside(holder, doctor)
    for changes in ({"told": False}, {"how": None}, {"how": How.SPACE}, {"days": 7}, {"days": None}):
        with pytest.raises(InvalidError):
            access.collect(standing, said(doctor, **changes))
    with pytest.raises(InvalidError):
        access.collect(standing, said(doctor, place_id=new_id()))
    with pytest.raises(NotFoundError):
        access.collect(standing, replace(said(doctor), professional_id=new_id()))
    with pytest.raises(NotFoundError):
        access.collect(holder.standing(), said(doctor))
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        access.collect(standing, said(doctor))
    access.collect(beside(holder, doctor), said(doctor))
    clock.advance(timedelta(days=1))
    reader = doctor.standing(holder.record_id)  # reads, but met the person yesterday
    assert reader is not None
    with pytest.raises(NotFoundError):
        access.collect(reader, said(colleague))
    assert told(holder) == 1


class TestSetting:
    """`consent_collected`, both values."""

    @pytest.fixture
    def settings(self, settings: Settings, *, collected: bool) -> Settings:
        """The house with the setting on or off."""
        return replace(settings, consent_collected=collected)

    @on_sqlite
    def test_where_consent_is_only_asked_for_there_is_no_such_page(
        self, app: Flask, holder: Citizen, doctor: Caregiver, *, collected: bool
    ) -> None:
        standing = beside(holder, doctor)
        browser = doctor.browser(app)
        base = f"/pro/patients/{holder.record_id}/consentement"
        assert ("Noter un accord" in browser.get(base).text) is collected
        for way in ("/recueillir", f"/recueillir/{doctor.id}"):
            assert browser.get(base + way, expect=None).status == (200 if collected else 404)
        if not collected:
            with pytest.raises(NotFoundError):
                access.collect(standing, said(doctor))
        access.ask(beside(holder, doctor), "Suivi")


def test_the_pages_lead_from_the_patient_to_the_agreement(
    app: Flask, holder: Citizen, doctor: Caregiver, colleague: Caregiver
) -> None:
    beside(holder, doctor)
    browser = doctor.browser(app)
    page = browser.get(f"/pro/patients/{holder.record_id}/consentement")
    page = browser.get(page.link("Noter un accord"))
    page = browser.submit(page.form("name", "where"), {"name": "petit anne"}, expect=200)
    assert page.path.endswith(str(colleague.id))
    form = page.form("who", "how", "told")
    refused = browser.submit(form, expect=422)
    assert "Cochez la case" in refused.text
    page = browser.submit(refused.form("who", "how", "told"), {"how": "said", "told": "y"}, expect=200)
    assert "prévenue maintenant" in page.text
    assert reads(holder, colleague)
    (line,) = access.consents(holder.standing())
    assert line.state is ConsentState.VALID


@on_sqlite
def test_who_did_not_identify_the_person_lately_is_told_to(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    access.collect(beside(holder, doctor), said(doctor))
    clock.advance(timedelta(days=1))
    page = doctor.browser(app).get(f"/pro/patients/{holder.record_id}/consentement/recueillir/{doctor.id}")
    assert page.path.endswith("/consentement")
    assert "identifiez de nouveau le patient" in page.text
