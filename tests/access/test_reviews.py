"""The queue of openings: looked at once, nothing clinical, explained by a day, never settled by who took part."""

from datetime import timedelta
from typing import Any

import pytest

from espace.access import services as access
from espace.access.services.emergencies import reviews
from espace.access.services.emergencies.reviews import Review, Reviewed
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as papers
from espace.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from espace.machines import Machines
from espace.permissions import Role
from tests.support import build, office
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.office import Officer

from .emergencies import WORDS, opened


@pytest.fixture
def privacy(machines: Machines) -> Officer:
    """The privacy officer."""
    access.ensure_matrix()
    return office.officer(Role.PRIVACY_OFFICER)


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with two documents."""
    access.ensure_matrix()
    made = build.citizen()
    for title in ("Dépression, suivi", "Radiographie"):
        build.document(made.standing(), title)
    return made


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor with a secure address."""
    return build.caregiver("Aubry", "Lucie", mssante="lucie.aubry@chu.mssante.fr")


def one(privacy: Officer, *, settled: bool = False) -> Reviewed:
    """The one opening of the queue."""
    (found,), older = reviews.queue(privacy.actor, settled=settled)
    assert older is None
    return found


def decide(privacy: Officer, found: Reviewed, review: Review, words: str = "Vu avec le service.") -> None:
    """Decide on what was read."""
    reviews.decide(privacy.actor, found.record_id, found.id, review, words, version=found.version)


def test_an_opening_is_looked_at_with_counts_and_no_content(
    privacy: Officer, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    standing = opened(doctor, holder)
    for row in papers.page(standing).rows:
        clock.advance(timedelta(minutes=1))
        papers.document(standing, row.id)
    found = one(privacy)
    seen, read = reviews.look(privacy.actor, found.record_id, found.id)
    assert (seen.review, seen.name, seen.is_contested) == (Review.NEW, doctor.facts.display_name, False)
    assert read.documents == 2
    assert sum(number for _, number in read.kinds) == 2
    everything = str(seen) + str(read)
    for secret in (WORDS, "Dépression", "Radiographie", holder.name, holder.ins):
        assert secret not in everything
    trail = audit.entries(holder.record_id, mine=True, holder_actor_ids=[privacy.id], before=None)
    assert [entry.action for entry in trail] == [Action.EMERGENCY_LOOKED_AT]
    assert Action.EMERGENCIES_READ in {entry.action for entry in audit.office_acts()}


def test_expected_settles_it(privacy: Officer, holder: Citizen, doctor: Caregiver) -> None:
    opened(doctor, holder)
    decide(privacy, one(privacy), Review.EXPECTED, "")
    assert reviews.queue(privacy.actor, settled=False) == ([], None)
    settled = one(privacy, settled=True)
    assert (settled.review, settled.by) == (Review.EXPECTED, privacy.name)
    with pytest.raises(ConflictError):
        decide(privacy, settled, Review.REPORTED)


def test_an_explanation_has_a_day_and_comes_back(
    privacy: Officer, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    opened(doctor, holder)
    decide(privacy, one(privacy), Review.ASKED, "Pourquoi sans attendre son accord ?")
    assert [mail["message"] for mail in build.mails_to(doctor.facts.mssante)] == ["practice-explanation"]
    (asked,) = reviews.asked_of(doctor.actor)
    assert asked.asked == "Pourquoi sans attendre son accord ?"
    assert asked.answer_by == clock.now + timedelta(days=15)
    clock.advance(timedelta(days=15))
    assert one(privacy).is_late
    stranger = build.caregiver("Renard", "Thomas")
    for who in (stranger.actor, holder.actor):
        assert reviews.asked_of(who) == []
        with pytest.raises(NotFoundError):
            reviews.explain(who, asked.id, "Moi")
    with pytest.raises(InvalidError):
        reviews.explain(doctor.actor, asked.id, "  ")
    reviews.explain(doctor.actor, asked.id, "Elle était inconsciente, seule aux urgences.")
    assert reviews.asked_of(doctor.actor) == []
    answered = one(privacy)
    assert (answered.review, answered.is_late) == (Review.ANSWERED, False)
    assert answered.answer == "Elle était inconsciente, seule aux urgences."
    with pytest.raises(NotFoundError):
        reviews.explain(doctor.actor, asked.id, "Encore")
    decide(privacy, answered, Review.EXPECTED)


def test_who_took_part_does_not_decide(privacy: Officer, holder: Citizen, doctor: Caregiver) -> None:
    audit.record_office(privacy.actor, Action.OPERATOR_PAGE_OPENED, record_id=holder.record_id)
    opened(doctor, holder)
    found = one(privacy)
    assert reviews.took_part(privacy.actor, found)
    with pytest.raises(RefusedError):
        decide(privacy, found, Review.EXPECTED)
    other = office.officer(Role.PRIVACY_OFFICER, "Anne Leroux")
    reviews.look(other.actor, found.record_id, found.id)
    assert not reviews.took_part(other.actor, found)
    decide(other, found, Review.EXPECTED)


def test_two_officers_at_once_the_second_is_told(privacy: Officer, holder: Citizen, doctor: Caregiver) -> None:
    opened(doctor, holder)
    found = one(privacy)
    decide(privacy, found, Review.ASKED)
    with pytest.raises(ConflictError):
        decide(privacy, found, Review.REPORTED)


@pytest.mark.parametrize(
    ("review", "words", "field"),
    [
        (Review.NEW, "x", "decision"),
        (Review.ANSWERED, "x", "decision"),
        (Review.REPORTED, "", "words"),
        (Review.ASKED, " ", "words"),
        (Review.EXPECTED, "x" * 501, "words"),
    ],
)
def test_a_decision_says_why(
    privacy: Officer, holder: Citizen, doctor: Caregiver, review: Review, words: str, field: str
) -> None:
    opened(doctor, holder)
    with pytest.raises(InvalidError) as wrong:
        decide(privacy, one(privacy), review, words)
    assert wrong.value.problems.keys() == {field}


def test_only_the_privacy_officer_looks(privacy: Officer, holder: Citizen, doctor: Caregiver) -> None:
    opened(doctor, holder)
    found = one(privacy)
    others: list[Any] = [doctor.actor, holder.actor, office.officer(Role.COUNTER).actor]
    for who in others:
        for act in (
            lambda who=who: reviews.queue(who, settled=False),
            lambda who=who: reviews.look(who, found.record_id, found.id),
            lambda who=who: reviews.decide(who, found.record_id, found.id, Review.EXPECTED, "", version=1),
        ):
            with pytest.raises(NotFoundError):
                act()
    with pytest.raises(NotFoundError):
        reviews.look(privacy.actor, doctor.id, found.id)


def test_the_queue_goes_on_page_by_page(privacy: Officer, doctor: Caregiver, clock: FakeClock) -> None:
    for number in range(reviews.PAGE + 1):
        opened(doctor, build.citizen(f"Claire{number}", "Fontenay", activated=False))
        clock.advance(timedelta(seconds=1))
    first, place = reviews.queue(privacy.actor, settled=False)
    rest, end = reviews.queue(privacy.actor, settled=False, before=place)
    assert (len(first), len(rest), end) == (reviews.PAGE, 1, None)
    assert reviews.waiting() == reviews.PAGE + 1
