"""How each relation stands to a record, judged anew at every request, on both engines."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete

from espace import db, settings
from espace.access import policy
from espace.access import services as access
from espace.access.models import MatrixVersion
from espace.access.services import Answer
from espace.family import services as family
from espace.identifiers import new_id
from espace.machines import Machines
from espace.people import services as people
from espace.permissions import SYSTEM, Permission, Relation, Standing
from espace.records import services as records
from tests.documents.house import statements
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

READS = Permission.DOCUMENTS_READ
DEPOSITS = Permission.DOCUMENTS_DEPOSIT


@pytest.fixture
def mother(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen(birth=date(1988, 3, 14))


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor of the directory."""
    return build.caregiver()


def test_the_holder_manages_everything_and_deposits_nothing(mother: Citizen) -> None:
    own = mother.standing()
    assert own.relation is Relation.HOLDER
    assert own.holder_name == mother.name
    assert own.colour == "prune"
    assert policy.visible(own).readable_types is None, "no limit by type"
    assert own.rights == access.standing(mother.actor, mother.record_id).rights  # type: ignore[union-attr]
    assert {READS, Permission.ACCESS_MANAGE, Permission.HISTORY_READ} <= own.rights
    assert DEPOSITS not in own.rights


def test_both_parents_stand_for_the_child_and_a_stranger_for_nobody(mother: Citizen) -> None:
    father = build.citizen("Hugo", "Lemaire", sex="M", birth=date(1986, 1, 2))
    stranger = build.citizen("Zoé", "Carpentier")
    child = build.citizen(
        "Jules", "Fontenay", sex="M", birth=date(2017, 9, 3), parents=[mother, father], activated=False
    )
    for parent in (mother, father):
        found = parent.standing(child.record_id)
        assert found.relation is Relation.REPRESENTATIVE
        assert found.acts_for_other
        assert (found.holder_name, found.colour) == ("Jules Fontenay", "miel")
    assert access.standing(stranger.actor, child.record_id) is None
    assert access.standing(stranger.actor, mother.record_id) is None
    assert access.standing(father.actor, mother.record_id) is None


def test_a_child_who_turns_eighteen_is_no_longer_represented(mother: Citizen, clock: FakeClock) -> None:
    child = build.citizen("Lina", "Fontenay", birth=date(2008, 11, 24), parents=[mother], activated=False)
    assert access.standing(mother.actor, child.record_id) is not None
    clock.now = datetime(2026, 11, 23, 22, 59, tzinfo=clock.now.tzinfo)  # one minute before midnight in Paris
    assert access.standing(mother.actor, child.record_id) is not None
    clock.advance(timedelta(minutes=1))
    assert access.standing(mother.actor, child.record_id) is None
    assert [card.record_id for card in access.my_records(mother.actor)] == [mother.record_id]


def test_my_records_show_oneself_first_then_each_child_in_a_colour_of_its_own(mother: Citizen) -> None:
    children = [
        build.citizen(name, "Fontenay", birth=date(2015 + n, 2, 3), parents=[mother], activated=False)
        for n, name in enumerate(("Jules", "Lina", "Paul", "Anna", "Marc"))
    ]
    cards = access.my_records(mother.actor)
    assert [card.record_id for card in cards] == [mother.record_id, *(child.record_id for child in children)]
    assert [card.colour for card in cards] == ["prune", "miel", "ocean", "mousse", "brique", "miel"]
    assert [card.relation for card in cards] == [Relation.HOLDER] + [Relation.REPRESENTATIVE] * 5
    assert [mother.standing(card.record_id).colour for card in cards] == [card.colour for card in cards]


def test_an_announced_record_is_reached_by_nobody(mother: Citizen, doctor: Caregiver) -> None:
    child = build.citizen("Jules", "Fontenay", birth=date(2017, 9, 3), parents=[mother], activated=False)
    waiting = records.open_record(
        people.save_person(
            people.Traits(
                ins=build.ins(birth=date(2019, 5, 6)),
                birth_name="Fontenay",
                first_names=("Lina",),
                sex="F",
                birth_date=date(2019, 5, 6),
            )
        )[0],
        delay=timedelta(days=42),
    )
    family.link_parent(waiting, mother.person_id)
    access.note_encounter(doctor.actor, waiting)
    assert access.standing(mother.actor, waiting) is None
    assert doctor.standing(waiting) is None
    assert waiting not in {card.record_id for card in access.my_records(mother.actor)}
    assert access.standing(mother.actor, child.record_id) is not None


def test_nobody_stands_before_a_record_that_does_not_exist(mother: Citizen, doctor: Caregiver) -> None:
    for actor in (mother.actor, doctor.actor, SYSTEM):
        assert access.standing(actor, new_id()) is None
    assert access.standing(SYSTEM, mother.record_id) is None
    assert access.my_records(doctor.actor) == []


# --- professionals, state by state


def _none(_mother: Citizen, _doctor: Caregiver) -> None:
    """Nothing ever happened."""


def _met(mother: Citizen, doctor: Caregiver) -> None:
    access.note_encounter(doctor.actor, mother.record_id)


def _answered(*answers: Answer) -> Callable[[Citizen, Caregiver], None]:
    def act(mother: Citizen, doctor: Caregiver) -> None:
        build.consent(mother, doctor, answers[0] if answers else None)
        for answer in answers[1:]:
            decide(mother, doctor, answer)

    return act


def decide(holder: Citizen, doctor: Caregiver, answer: Answer) -> None:
    """Answer about the doctor, who is on the holder's list already."""
    own = holder.standing()
    line = next(line for line in access.consents(own) if line.grantee_id == doctor.id)
    access.answer(own, line.id, answer, version=line.version, days=365 if answer is Answer.GRANT else None)


STATES: dict[str, tuple[Callable[[Citizen, Caregiver], None], bool, bool]] = {
    # how it came about, whether the record is reached, whether it is read
    "none": (_none, False, False),
    "encounter": (_met, True, False),
    "asked": (_answered(), True, False),
    "valid": (_answered(Answer.GRANT), True, True),
    "refused": (_answered(Answer.REFUSE), True, False),
    "revoked": (_answered(Answer.GRANT, Answer.REVOKE), True, False),
    "blocked": (_answered(Answer.BLOCK), True, False),
    "blocked after access": (_answered(Answer.GRANT, Answer.BLOCK), True, False),
    "unblocked": (_answered(Answer.BLOCK, Answer.UNBLOCK), True, False),
}


@pytest.mark.parametrize("state", STATES)
def test_a_professional_in_each_state(mother: Citizen, doctor: Caregiver, state: str) -> None:
    act, reached, reads = STATES[state]
    act(mother, doctor)
    found = doctor.standing(mother.record_id)
    assert (found is not None) is reached
    if found is None:
        return
    assert found.relation is Relation.PROFESSIONAL
    assert found.may(READS) is reads
    assert found.may(DEPOSITS)
    assert found.may(Permission.PATIENT_PAGE)
    assert bool(found.readable_types) is reads
    assert not found.sees_hidden
    assert not found.rights & {Permission.ACCESS_MANAGE, Permission.HISTORY_READ, Permission.RECORD_HOME}


@on_sqlite
@pytest.mark.parametrize("state", STATES)
def test_a_day_later_only_a_valid_consent_remains(
    mother: Citizen, doctor: Caregiver, clock: FakeClock, state: str
) -> None:
    act, _, reads = STATES[state]
    act(mother, doctor)
    clock.advance(timedelta(hours=12))
    found = doctor.standing(mother.record_id)
    assert (found is not None) is reads
    clock.advance(timedelta(days=366))
    assert doctor.standing(mother.record_id) is None


def test_an_access_for_a_day_ends_after_a_day(mother: Citizen, doctor: Caregiver, clock: FakeClock) -> None:
    build.consent(mother, doctor, Answer.GRANT, days=1)
    clock.advance(timedelta(days=1) - timedelta(seconds=1))
    assert _reads(doctor.standing(mother.record_id))
    clock.advance(timedelta(seconds=1))
    assert doctor.standing(mother.record_id) is None
    access.note_encounter(doctor.actor, mother.record_id)
    assert not _reads(doctor.standing(mother.record_id))


def _reads(standing: Standing | None) -> bool:
    return standing is not None and standing.may(READS) and bool(standing.readable_types)


def test_a_revoked_access_is_gone_at_the_very_next_request(mother: Citizen, doctor: Caregiver) -> None:
    build.consent(mother, doctor, Answer.GRANT)
    actor = doctor.actor
    assert _reads(access.standing(actor, mother.record_id))
    decide(mother, doctor, Answer.REVOKE)
    assert not _reads(access.standing(actor, mother.record_id))


def test_one_record_opens_no_other(mother: Citizen, doctor: Caregiver) -> None:
    other = build.citizen("Zoé", "Carpentier")
    colleague = build.caregiver("Belhadj", "Karim")
    build.consent(mother, doctor, Answer.GRANT)
    assert doctor.standing(other.record_id) is None
    assert colleague.standing(mother.record_id) is None


@on_sqlite
@pytest.mark.parametrize("profession", ["10", "21", "40", "60", "70", "91"])
def test_each_profession_reads_what_the_matrix_says(mother: Citizen, profession: str) -> None:
    who = build.caregiver("Diarra", "Awa", profession=profession)
    build.consent(mother, who, Answer.GRANT)
    found = who.standing(mother.record_id)
    assert found is not None
    assert found.readable_types == access.readable_types(f"G15_{profession}") != frozenset()


def test_an_osteopath_or_an_unknown_profession_reads_and_deposits_nothing(mother: Citizen) -> None:
    for code in ("71", "G15_10#SAMU/none", "G15_99", ""):
        assert access.readable_types(code) == access.may_deposit(code) == frozenset() or code.startswith("G15_10#SAMU")


def _with(machines: Machines, **changes: object) -> None:
    settings.bind(replace(machines.settings, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("blocked_may_deposit", [True, False])
def test_whether_a_blocked_professional_may_still_deposit_is_a_setting(
    machines: Machines, mother: Citizen, doctor: Caregiver, blocked_may_deposit: bool
) -> None:
    build.consent(mother, doctor, Answer.BLOCK)
    _with(machines, blocked_may_deposit=blocked_may_deposit)
    found = doctor.standing(mother.record_id)
    assert found is not None
    assert found.may(DEPOSITS) is blocked_may_deposit
    assert not found.may(READS)


@pytest.mark.parametrize("sees", [True, False])
def test_whether_the_attending_doctor_sees_the_hidden_is_a_setting(
    machines: Machines, doctor: Caregiver, sees: bool
) -> None:
    access.ensure_matrix()
    holder = build.citizen(attending_rpps=doctor.facts.rpps)
    colleague = build.caregiver("Belhadj", "Karim")
    for who in (doctor, colleague):
        build.consent(holder, who, Answer.GRANT)
    _with(machines, attending_doctor_sees_hidden=sees)
    seen = {who: who.standing(holder.record_id) for who in (doctor, colleague)}
    assert [standing is not None and standing.sees_hidden for standing in seen.values()] == [sees, False]


@pytest.mark.parametrize("role_based", [True, False])
def test_columns_of_functions_apply_only_when_the_setting_says_so(machines: Machines, role_based: bool) -> None:
    access.ensure_matrix()
    _with(machines, role_based_access=role_based)
    for code in ("41", "ROLE_SOIN"):
        assert bool(access.readable_types(code)) is role_based
        assert bool(access.may_deposit(code)) is role_based


@on_sqlite
@pytest.mark.parametrize("hours", [1, 12])
def test_an_encounter_lasts_as_long_as_the_setting_says(
    machines: Machines, mother: Citizen, doctor: Caregiver, clock: FakeClock, hours: int
) -> None:
    _with(machines, encounter_hours=hours)
    access.note_encounter(doctor.actor, mother.record_id)
    clock.advance(timedelta(hours=hours) - timedelta(seconds=1))
    assert doctor.standing(mother.record_id) is not None
    access.note_encounter(doctor.actor, mother.record_id)  # found again: it begins anew
    clock.advance(timedelta(hours=hours) - timedelta(seconds=1))
    assert doctor.standing(mother.record_id) is not None
    clock.advance(timedelta(seconds=1))
    assert doctor.standing(mother.record_id) is None


def test_without_a_matrix_no_professional_reaches_anything(machines: Machines, doctor: Caregiver) -> None:
    holder = build.citizen()
    access.note_encounter(doctor.actor, holder.record_id)
    assert doctor.standing(holder.record_id) is not None
    with db.write() as tx:
        tx.execute(delete(MatrixVersion))
    assert doctor.standing(holder.record_id) is None


def test_one_statement_judges_a_request(mother: Citizen, doctor: Caregiver) -> None:
    """performance.md: a professional's list has five statements, one of them for all of this."""
    build.consent(mother, doctor, Answer.GRANT)
    for actor in (mother.actor, doctor.actor):
        access.standing(actor, mother.record_id)  # the matrix is read once per process
        with statements() as sent:
            assert access.standing(actor, mother.record_id) is not None
        assert len(sent) == 1
