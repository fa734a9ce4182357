"""Signs of curiosity (R49): recall and false alerts on an invented log, then the same through the house's own rows."""

from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest

from espace.access import services as access
from espace.access.services import Answer
from espace.access.services.emergencies import emergency, ending
from espace.access.services.emergencies.emergency import Why
from espace.access.services.watching import alerts, patterns, snooping
from espace.access.services.watching.alerts import AlertFacts, Kind, State
from espace.access.services.watching.patterns import Signal, Tie
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as papers
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.machines import Machines
from espace.permissions import Role
from tests.documents.house import statements as counted
from tests.support import build, office
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.office import Officer

from .emergencies import GLASS, WORDS, found, opened
from .invented_days import Town

SEED = 20261123


def figures(days: int, seed: int = SEED) -> tuple[float, float, int]:
    """Recall, false alerts in a thousand readings, and how many readings there were."""
    town = Town(seed)
    caught = missed = false = reads = 0
    for one in chain.from_iterable(town.day(number) for number in range(days)):
        reads += 1
        is_alert = patterns.is_suspect(patterns.signals(one.reached, one.around), one.around.tie)
        caught += is_alert and one.is_curious
        missed += one.is_curious and not is_alert
        false += is_alert and not one.is_curious
    return caught / (caught + missed), 1000 * false / reads, reads


@pytest.mark.parametrize("days", [40, pytest.param(1000, marks=pytest.mark.exhaustive)])
def test_nine_in_ten_are_caught_and_few_alerts_are_false(days: int) -> None:
    recall, false, reads = figures(days)
    print(f"{days} days, {reads} readings: recall {recall:.1%}, {false:.2f} false alerts in a thousand readings")
    assert recall >= 0.9
    assert false <= 5


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("LE GOFF", "Le Goff", True),
        ("Quéméner", "QUEMENER", True),
        ("Diallo-Ba", "Diallo Ba", True),
        ("Ba", "Bà", True),
        ("Martin", "Martinez", False),
        ("", "", True),
    ],
)
def test_names_are_compared_without_accents_or_hyphens(one: str, other: str, is_same: bool) -> None:
    assert (patterns.folded(one) == patterns.folded(other)) is is_same


def test_a_missing_name_is_nobody_s_namesake() -> None:
    assert patterns.names("A", "").family.isdisjoint(patterns.names("B", "").family)


@pytest.fixture
def privacy(machines: Machines) -> Officer:
    """The privacy officer."""
    access.ensure_matrix()
    return office.officer(Role.PRIVACY_OFFICER)


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor called Aubry, at the hospital."""
    access.ensure_matrix()
    return build.caregiver("AUBRY", "Lucie", structure="CHU de la Loire", finess="499900033")


def waiting(privacy: Officer) -> list[AlertFacts]:
    """The alerts to decide."""
    return alerts.alerts(privacy.actor, settled=False)[0]


def signals_of(privacy: Officer) -> set[str]:
    """What the one alert says."""
    (alert,) = waiting(privacy)
    return set(alert.signals)


def read(doctor: Caregiver, holder: Citizen) -> None:
    """Search, and read by an emergency."""
    standing = opened(doctor, holder)
    audit.record(doctor.actor, holder.record_id, Action.PATIENT_FOUND)
    papers.page(standing)


def test_a_namesake_read_without_any_tie_is_an_alert_once(
    privacy: Officer, doctor: Caregiver, clock: FakeClock
) -> None:
    relative = build.citizen("Gérard", "Aubry", sex="M")
    build.document(relative.standing())
    read(doctor, relative)
    assert snooping.look_through() == 1
    assert snooping.look_through() == 0
    clock.advance(timedelta(days=1))
    assert snooping.look_back() == 0
    (alert,) = waiting(privacy)
    assert (alert.kind, alert.professional_id, alert.reached_id) == (Kind.SNOOPING, doctor.id, relative.record_id)
    assert {Signal.SURNAME, Signal.NO_TIE} <= set(alert.signals)
    assert relative.name not in str(alert)
    mails = [mail["message"] for mail in build.mails_to(privacy.email)]
    assert mails == ["emergency-waits", "abuse-alert"]  # it was read in an emergency


def test_a_patient_who_agreed_is_none(privacy: Officer, doctor: Caregiver) -> None:
    namesake = build.citizen("Gérard", "Aubry", sex="M")
    build.consent(namesake, doctor, Answer.GRANT)
    standing = doctor.standing(namesake.record_id)
    assert standing is not None
    papers.page(standing)
    assert snooping.look_through() == 0


def test_a_question_without_answer_excuses_no_reading_by_another_right(privacy: Officer, doctor: Caregiver) -> None:
    """Who reads a namesake by the team's access, having asked for one of their own beside it, is looked into."""
    namesake = build.citizen("Gérard", "Aubry", sex="M")
    colleague = build.caregiver("Petit", "Anne", structure="CHU de la Loire", finess="499900033")
    access.give(namesake.standing(), colleague.id, days=90, place_id=colleague.facts.structures[0].id)
    build.consent(namesake, doctor)
    assert snooping.look_through() == 0, "whoever only asked is no secret searcher"
    standing = doctor.standing(namesake.record_id)
    assert standing is not None
    papers.page(standing)
    assert snooping.look_through() == 1
    assert signals_of(privacy) == {Signal.SURNAME}


def test_an_emergency_of_an_unknown_person_is_none_even_at_night(
    privacy: Officer, doctor: Caregiver, clock: FakeClock
) -> None:
    clock.now = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    read(doctor, build.citizen())
    assert snooping.look_through() == 0


def test_a_colleague_is_known_by_name_and_place(privacy: Officer, doctor: Caregiver) -> None:
    build.caregiver("HADDAD", "Idriss", structure="CHU de la Loire", finess="499900033")
    build.caregiver("FONTENAY", "Claire", structure="Ailleurs", finess="499900017")
    read(doctor, build.citizen("Idriss", "Haddad", sex="M"))
    read(doctor, build.citizen("Claire", "Fontenay"))
    assert snooping.look_through() == 1
    assert Signal.COLLEAGUE.value in signals_of(privacy)


def test_a_watched_record_is_looked_at_more_closely_and_its_people_read_that(
    privacy: Officer, doctor: Caregiver
) -> None:
    known = build.citizen("Ghjulia", "Santoni")
    alerts.watch(privacy.actor, known.record_id, closely=True)
    alerts.watch(privacy.actor, known.record_id, closely=True)
    found(doctor, known)
    audit.record(doctor.actor, known.record_id, Action.PATIENT_FOUND)
    assert snooping.look_through() == 1
    assert {Signal.WATCHED.value, Signal.UNOPENED.value} <= signals_of(privacy)
    trail = audit.entries(known.record_id, mine=True, holder_actor_ids=[privacy.id], before=None)
    assert [entry.action for entry in trail] == [Action.RECORD_WATCHED]
    alerts.watch(privacy.actor, known.record_id, closely=False)
    assert alerts.watched([known.record_id]) == frozenset()
    with pytest.raises(NotFoundError):
        alerts.watch(doctor.actor, known.record_id, closely=True)


def test_many_searches_that_open_nothing_are_one_alert(privacy: Officer, doctor: Caregiver) -> None:
    for number in range(patterns.MANY_UNOPENED):
        person = build.citizen(f"Claire{number}", "Fontenay", activated=False)
        audit.record(doctor.actor, person.record_id, Action.PATIENT_FOUND)
    assert snooping.look_through() == 1
    (alert,) = waiting(privacy)
    assert (alert.reached_id, alert.facts["records"]) == (None, patterns.MANY_UNOPENED)
    assert alert.signals == (Signal.MANY_UNOPENED.value,)


def test_statements_do_not_grow_with_readings(doctor: Caregiver) -> None:
    def statements(people: int) -> int:
        for number in range(people):
            person = build.citizen(f"Claire{number}", "Fontenay", activated=False)
            audit.record(doctor.actor, person.record_id, Action.DOCUMENTS_LISTED)
        with counted() as made:
            snooping.look_through()
        return len(made)

    assert statements(3) == statements(30)


def test_an_alert_is_decided_with_words_and_once(privacy: Officer, doctor: Caregiver) -> None:
    alerts.raise_alert(Kind.HOUR, doctor.id, datetime(2026, 11, 23).date(), {"records": 30})  # noqa: DTZ001 - a day
    (alert,) = waiting(privacy)
    for state, words in ((State.OPEN, "x"), (State.EXPLAINED, " "), (State.EXPLAINED, "x" * 501)):
        with pytest.raises(InvalidError):
            alerts.decide(privacy.actor, alert.id, state, words, version=alert.version)
    alerts.decide(privacy.actor, alert.id, State.CONTACTED, "Appelée ce matin.", version=alert.version)
    with pytest.raises(ConflictError):
        alerts.decide(privacy.actor, alert.id, State.EXPLAINED, "Remplacement.", version=alert.version)
    alerts.decide(privacy.actor, alert.id, State.EXPLAINED, "Remplacement.", version=2)
    assert waiting(privacy) == []
    (settled,), _ = alerts.alerts(privacy.actor, settled=True)
    assert (settled.state, settled.by, settled.words) == (State.EXPLAINED, privacy.name, "Remplacement.")
    with pytest.raises(ConflictError):
        alerts.decide(privacy.actor, alert.id, State.SUSPENDED, "Encore.", version=3)
    done = {entry.action for entry in audit.office_acts()}
    assert {Action.ALERTS_READ, Action.ALERT_DECIDED} <= done
    for who in (doctor.actor, office.officer(Role.COUNTER).actor):
        with pytest.raises(NotFoundError):
            alerts.alerts(who, settled=False)
        with pytest.raises(NotFoundError):
            alerts.alert(who, alert.id)


def test_an_emergency_ended_leaves_its_readings_to_be_judged(privacy: Officer, doctor: Caregiver) -> None:
    relative = build.citizen("Gérard", "Aubry", sex="M")
    standing = found(doctor, relative)
    emergency.open_record(standing, GLASS, Why.DANGER.value, WORDS)
    ending.end(standing)
    assert snooping.look_through() == 1
    assert Signal.SURNAME.value in signals_of(privacy)
    assert Tie.NONE.value == "none"
