"""What opens for good: documents announced to their person, secret care shown to the parents. Nothing takes it back."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from espace import db
from espace.access import services as access
from espace.access.services import Answer
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services.deciding import announcing, delays, states
from espace.documents.services.deciding.delays import ResultKind
from espace.errors import ConflictError, NotFoundError, StepUpError
from espace.machines import Machines
from espace.permissions import Standing
from espace.settings import Settings
from tests.support import build
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .house import House, deposited, trail


@dataclass(frozen=True)
class Family:
    """A girl of sixteen with an account of her own, her mother, and the doctor who reads her record."""

    teen: Standing
    mother: Standing
    doctor: Standing
    caregiver: build.Caregiver
    person: build.Citizen
    parent: build.Citizen

    def reads(self, standing: Standing, one: UUID) -> bool:
        return one in {row.id for row in documents.page(standing).rows}


@pytest.fixture
def family(machines: Machines) -> Family:
    mother = build.citizen("Claire")
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    doctor = build.caregiver()
    build.consent(teen, doctor, Answer.GRANT)
    theirs = doctor.standing(teen.record_id)
    assert theirs is not None
    return Family(teen.standing(), mother.standing(teen.record_id), theirs, doctor, teen, mother)


def _secret(family: Family, **marks: bool) -> UUID:
    return deposited(family.doctor, "Entretien", **{"representatives_see": False, **marks})


def test_an_announced_document_is_read_by_its_person_as_of_now(home: House) -> None:
    one = deposited(home.doctor_here, patient_invisible=True)
    mails = len(build.mails_to(home.mother.email))
    with pytest.raises(NotFoundError):
        documents.document(home.holder, one)
    announcing.announce(home.doctor_here, one, choices=0)
    announcing.announce(home.doctor_here, one, choices=0)
    assert not documents.document(home.holder, one).patient_invisible
    assert [entry.action for entry in trail(home.holder)].count(Action.DOCUMENT_ANNOUNCED) == 1
    assert len(build.mails_to(home.mother.email)) <= mails + 1


def test_only_a_professional_with_an_access_announces_what_they_read(home: House) -> None:
    one = deposited(home.doctor_here, patient_invisible=True)
    asking, dentist = build.caregiver("Roy", "Ana"), build.caregiver("Vidal", "Noé", profession="26")
    build.consent(home.mother, asking)
    build.consent(home.mother, dentist, Answer.GRANT)
    blind = replace(home.doctor_here, readable_types=frozenset())
    for standing in (home.holder, home.parent, asking.standing(home.mother.record_id), blind):
        assert standing is not None
        with pytest.raises(NotFoundError):
            announcing.announce(standing, one, choices=0)
    line = next(line for line in access.consents(home.holder) if line.grantee_id == home.doctor.id)
    access.answer(home.holder, line.id, Answer.REVOKE, version=line.version)
    revoked = home.doctor.standing(home.mother.record_id)
    assert revoked is not None
    with pytest.raises(NotFoundError):
        announcing.announce(revoked, one, choices=0)


def test_an_old_page_announces_nothing(home: House) -> None:
    one = deposited(home.doctor_here, patient_invisible=True)
    with pytest.raises(ConflictError):
        announcing.announce(home.doctor_here, one, choices=1)


class TestAutomaticRelease:
    """Both values of the setting: never, and after so many days (U, AR-15)."""

    @pytest.fixture(params=[0, 21])
    def settings(self, settings: Settings, request: pytest.FixtureRequest) -> Settings:
        return replace(settings, announcement_days=request.param)

    def test_what_nobody_announced_shows_itself_in_time_or_never(
        self, home: House, clock: FakeClock, machines: Machines
    ) -> None:
        days = machines.settings.announcement_days
        one = deposited(home.doctor_here, patient_invisible=True)
        clock.advance(timedelta(days=21) - timedelta(microseconds=1))
        assert announcing.release_due() == 0
        clock.advance(timedelta(microseconds=1))
        assert announcing.release_due() == (1 if days else 0)
        assert announcing.release_due() == 0
        reader = home.mother.standing()
        if not days:
            clock.advance(timedelta(days=4000))
            assert announcing.release_due() == 0
            with pytest.raises(NotFoundError):
                documents.document(home.mother.standing(), one)
            return
        assert documents.document(reader, one).choices == 1
        assert Action.DOCUMENT_RELEASED in {entry.action for entry in trail(reader)}

    def test_what_its_person_reads_later_still_waits_after_it(self, home: House, clock: FakeClock) -> None:
        known = delays.choices(home.holder)
        delays.choose(home.holder, known | {ResultKind.REPORT: None}, known=known)
        one = deposited(home.doctor_here, "Compte rendu", type_code="11488-4", patient_invisible=True)
        clock.advance(timedelta(days=30))
        released = announcing.release_due()
        assert bool(delays.waiting(home.mother.standing())) is bool(released)
        with pytest.raises(NotFoundError):
            documents.document(home.mother.standing(), one)


def test_the_minor_shows_secret_care_to_the_parents_for_good(family: Family) -> None:
    one = _secret(family)
    assert (family.reads(family.teen, one), family.reads(family.mother, one)) == (True, False)
    announcing.open_to_parents(family.teen, one, choices=0)
    announcing.open_to_parents(family.teen, one, choices=0)
    assert family.reads(family.mother, one)
    assert [entry.action for entry in trail(family.teen)].count(Action.DOCUMENT_OPENED_TO_PARENTS) == 1


def test_the_professional_does_too_and_the_parents_never(family: Family) -> None:
    one = _secret(family)
    for standing in (family.mother, replace(family.doctor, rights=frozenset())):
        with pytest.raises(NotFoundError):
            announcing.open_to_parents(standing, one, choices=0)
    announcing.open_to_parents(family.doctor, one, choices=0)
    assert family.reads(family.mother, one)


def test_showing_to_the_parents_asks_for_a_fresh_proof(family: Family, clock: FakeClock) -> None:
    one = _secret(family)
    clock.advance(timedelta(minutes=6))
    for standing in (family.teen, family.doctor):
        with pytest.raises(StepUpError):
            announcing.open_to_parents(standing, one, choices=0)
    assert not family.reads(family.mother, one)


def test_the_parents_act_on_what_they_see_only(family: Family) -> None:
    """Hiding, deleting or ending a wait: to the parents a secret document does not exist (MI-10)."""
    one, plain = _secret(family), deposited(family.doctor, representatives_see=True)
    for act in (states.hide, states.archive):
        with pytest.raises(NotFoundError):
            act(family.mother, one, choices=0)
    with pytest.raises(NotFoundError):
        delays.lift(family.mother, one)
    assert states.count(family.mother, hidden=False) == 1
    assert states.hide_all(family.mother) == 1
    assert (documents.document(family.teen, one).hidden, documents.document(family.teen, plain).hidden) == (False, True)


def test_of_age_nothing_is_left_to_show(family: Family, clock: FakeClock) -> None:
    one = _secret(family)
    clock.now = clock.now.replace(year=2028, month=6, day=2)
    with pytest.raises(NotFoundError):
        announcing.open_to_parents(family.person.standing(), one, choices=0)


def test_what_waits_or_is_not_announced_is_not_told_to_the_parents_either(family: Family) -> None:
    one = _secret(family, patient_invisible=True)
    mails = len(build.mails_to(family.parent.email))
    announcing.open_to_parents(family.doctor, one, choices=0)
    assert not family.reads(family.mother, one)
    assert len(build.mails_to(family.parent.email)) == mails
    announcing.announce(family.doctor, one, choices=1)
    assert family.reads(family.mother, one)


@on_sqlite
def test_the_worker_finds_what_is_due_by_an_index(machines: Machines) -> None:
    """However many documents there are, few wait (performance.md)."""
    with db.read() as tx:
        for statement, values in (
            (announcing.AWAITING, {"before": machines.clock()}),
            (delays.OVER, {"now": machines.clock()}),
        ):
            compiled = statement.params(**values).compile(tx, compile_kwargs={"literal_binds": True})
            plan = " ".join(str(row) for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}"))
            assert "ix_documents_" in plan, plan
            assert "TEMP B-TREE" not in plan, plan
