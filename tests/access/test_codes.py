"""Counter codes: what they open, to whom, for how long; guessing, replay, two at once, a clock that jumps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from espace import clock as clocks
from espace import db
from espace.access import services as access
from espace.access.models import CounterCode
from espace.access.services import Answer, Window, passing_lines
from espace.access.services.passing import codes, counter, windows
from espace.access.services.passing.codes import CodeState
from espace.access.services.seeing.seers import SeerKind, SeerState
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError, StepUpError, ThrottledError
from espace.family.models import Link
from espace.machines import Machines
from espace.notifications.services import Event
from espace.permissions import Permission
from espace.professional.services.search import PatientSearch, find_patient
from espace.records import services as records
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock

BIRTH = date(1988, 3, 14)


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay", birth=BIRTH)


@pytest.fixture
def nurse(machines: Machines) -> Caregiver:
    """A professional outside her circle."""
    return build.caregiver("Diarra", "Awa", profession=build.NURSE)


def shown(holder: Citizen, opens: Window = Window.READ, minutes: int = 20) -> tuple[UUID, str]:
    """A code as its maker sees it on the phone: its id and its digits."""
    standing = holder.standing()
    code_id = codes.make(standing, opens, minutes)
    return code_id, codes.code(standing, code_id).digits


def acts(holder: Citizen) -> list[Action]:
    """What others did on the record, oldest first."""
    found = audit.entries(holder.record_id, mine=False, holder_actor_ids=[holder.account_id], before=None, limit=60)  # type: ignore[list-item]
    return [entry.action for entry in found][::-1]


@pytest.mark.parametrize(("opens", "deposits"), [(Window.READ, False), (Window.DEPOSIT, True)])
def test_a_code_opens_what_was_chosen_and_closes_by_itself(
    holder: Citizen, nurse: Caregiver, clock: FakeClock, opens: Window, deposits: bool
) -> None:
    code_id, digits = shown(holder, opens)
    assert len(digits) == 6
    assert counter.use(nurse.actor, digits, BIRTH) == holder.record_id
    standing = nurse.standing(holder.record_id)
    assert standing is not None
    assert standing.may(Permission.DOCUMENTS_READ)
    assert standing.may(Permission.DOCUMENTS_DEPOSIT) is deposits
    assert standing.ends_at == clock.now + timedelta(minutes=20)
    assert not standing.sees_hidden
    line = codes.code(holder.standing(), code_id)
    assert (line.state, line.name, line.digits) == (CodeState.OPEN, "Awa Diarra", "")
    assert Action.COUNTER_CODE_USED in acts(holder)
    clock.advance(timedelta(minutes=19, seconds=59))
    assert nurse.standing(holder.record_id) is not None
    clock.advance(timedelta(seconds=1))
    assert nurse.standing(holder.record_id) is None
    assert codes.code(holder.standing(), code_id).state is CodeState.CLOSED


def test_who_made_it_and_the_house_are_told(holder: Citizen, nurse: Caregiver) -> None:
    _, digits = shown(holder)
    before = len(build.mails_to(holder.email))
    counter.use(nurse.actor, digits, BIRTH)
    sent = build.mails_to(holder.email)[before:]
    assert [str(one["message"]) for one in sent] == [Event.COUNTER_CODE.value]
    assert not any(word in str(sent) for word in ("Awa", "Diarra", "Claire"))


def _spoil_birth(_holder: Citizen, digits: str) -> tuple[str, date]:
    return digits, BIRTH + timedelta(days=1)


def _spoil_digits(_holder: Citizen, digits: str) -> tuple[str, date]:
    return f"{(int(digits) + 1) % 1_000_000:06d}", BIRTH


@pytest.mark.parametrize("spoil", [_spoil_birth, _spoil_digits])
def test_a_wrong_date_and_a_wrong_code_are_the_same_miss(
    holder: Citizen, nurse: Caregiver, spoil: Callable[[Citizen, str], tuple[str, date]]
) -> None:
    _, digits = shown(holder)
    before = acts(holder)
    with pytest.raises(InvalidError) as refused:
        counter.use(nurse.actor, *spoil(holder, digits))
    assert refused.value.problems == {"": "This code does not open anything. Check the code and the birth date."}
    assert nurse.standing(holder.record_id) is None
    assert acts(holder) == before  # nobody is told of a guess that met nobody
    assert len(audit.own_acts_since(nurse.actor, Action.COUNTER_CODE_MISSED, clocks.now() - counter.SPAN)) == 1


def test_a_used_code_opens_nothing_to_anybody(holder: Citizen, nurse: Caregiver, clock: FakeClock) -> None:
    _, digits = shown(holder)
    counter.use(nurse.actor, digits, BIRTH)
    other = build.caregiver("Le Gall", "Yann")
    for who in (other, nurse):
        with pytest.raises(InvalidError):
            counter.use(who.actor, digits, BIRTH)
    clock.advance(timedelta(minutes=30))
    with pytest.raises(InvalidError):
        counter.use(nurse.actor, digits, BIRTH)
    assert other.standing(holder.record_id) is None


def test_a_code_waits_ten_minutes_and_a_clock_set_back_revives_nothing(
    holder: Citizen, nurse: Caregiver, clock: FakeClock
) -> None:
    code_id, digits = shown(holder)
    actor, standing = nurse.actor, holder.standing()
    clock.advance(timedelta(minutes=10))
    with pytest.raises(InvalidError):
        counter.use(actor, digits, BIRTH)
    assert codes.code(standing, code_id).state is CodeState.OVER
    clock.advance(-timedelta(hours=1))  # before it was made
    with pytest.raises((InvalidError, ThrottledError)):
        counter.use(actor, digits, BIRTH)


@pytest.mark.parametrize("back", [timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)])
def test_a_clock_set_back_lengthens_no_window(
    holder: Citizen, nurse: Caregiver, clock: FakeClock, back: timedelta
) -> None:
    code_id, digits = shown(holder)
    actor = nurse.actor
    counter.use(actor, digits, BIRTH)
    clock.advance(-timedelta(seconds=20))  # two machines need not agree to the second
    assert access.standing(actor, holder.record_id) is not None
    clock.advance(-back)
    assert access.standing(actor, holder.record_id) is None
    assert codes.code(holder.standing(), code_id).state is CodeState.CLOSED


def test_making_a_code_asks_for_a_fresh_proof_closing_never_does(holder: Citizen, clock: FakeClock) -> None:
    standing = holder.standing()
    code_id = codes.make(standing, Window.READ, 20)
    clock.advance(timedelta(minutes=5))
    with pytest.raises(StepUpError):
        codes.make(standing, Window.READ, 20)
    codes.close(standing, code_id)
    assert codes.code(standing, code_id).state is CodeState.OVER


def test_a_new_code_withdraws_the_one_before(holder: Citizen, nurse: Caregiver) -> None:
    _, first = shown(holder)
    _, second = shown(holder)
    with pytest.raises(InvalidError):
        counter.use(nurse.actor, first, BIRTH)
    assert counter.use(nurse.actor, second, BIRTH) == holder.record_id


def test_either_side_closes_at_once(holder: Citizen, nurse: Caregiver) -> None:
    for close in (
        lambda code_id: codes.close(holder.standing(), code_id),
        lambda _: codes.close_own(nurse.standing(holder.record_id)),  # type: ignore[arg-type]
    ):
        code_id, digits = shown(holder)
        counter.use(nurse.actor, digits, BIRTH)
        assert nurse.standing(holder.record_id) is not None
        close(code_id)
        assert nurse.standing(holder.record_id) is None
        assert codes.code(holder.standing(), code_id).state is CodeState.CLOSED
    assert windows.windows_of(nurse.id) == {}


def test_a_blocked_professional_gets_nothing_and_learns_nothing(holder: Citizen, nurse: Caregiver) -> None:
    build.consent(holder, nurse, Answer.BLOCK)
    code_id, digits = shown(holder)
    with pytest.raises(InvalidError) as refused:
        counter.use(nurse.actor, digits, BIRTH)
    assert refused.value.problems == {"": "This code does not open anything. Check the code and the birth date."}
    standing = nurse.standing(holder.record_id)
    assert standing is None or not standing.may(Permission.DOCUMENTS_READ)
    line = codes.code(holder.standing(), code_id)
    assert (line.state, line.name) == (CodeState.OFFERED, "")
    assert acts(holder)[-1] is Action.COUNTER_CODE_REFUSED  # its person is told
    assert len(audit.own_acts_since(nurse.actor, Action.COUNTER_CODE_MISSED, clocks.now() - counter.SPAN)) == 1
    other = build.caregiver("Le Gall", "Yann")
    assert counter.use(other.actor, digits, BIRTH) == holder.record_id


def test_of_two_at_once_one_opens(holder: Citizen, nurse: Caregiver, machines: Machines) -> None:
    _, digits = shown(holder)
    actors = [nurse.actor, *(build.caregiver("Le Gall", f"Yann {number}").actor for number in range(3))]

    def attempt(number: int) -> bool:
        machines.bind()
        try:
            return counter.use(actors[number], digits, BIRTH) == holder.record_id
        except InvalidError:
            return False

    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(attempt, range(4)))
    assert sorted(opened) == [False, False, False, True]
    assert [access.standing(actor, holder.record_id) is not None for actor in actors] == opened


def test_guessing_is_slow_bounded_and_opens_nothing(holder: Citizen, nurse: Caregiver, clock: FakeClock) -> None:
    """An attacker who knows everybody's birth date and never stops: so many looks in an hour, however many accounts."""
    _, digits = shown(holder)
    actor, looks, seconds = nurse.actor, 0, 0
    while seconds < 3600:
        guess = f"{(int(digits) + 1 + looks) % 1_000_000:06d}"
        try:
            counter.use(actor, guess, BIRTH)
        except InvalidError:
            looks += 1
        except ThrottledError as refused:
            if refused.wait > 60:
                break
            seconds += int(refused.wait) + 1
            clock.advance(timedelta(seconds=int(refused.wait) + 1))
    print(f"codes looked at for one professional in an hour: {looks}")
    assert looks == 20  # as for searches by number (security.md R50)
    with pytest.raises(ThrottledError):
        counter.use(actor, digits, BIRTH)  # even the right one is not looked at any more


def miss(professional: Caregiver, *, by_code: bool) -> None:
    """A try that finds nobody, at one door or the other."""
    born = date(1990, 1, 1)
    if by_code:
        counter.use(professional.actor, "000000", born)
    else:
        find_patient(professional.actor, PatientSearch(build.ins(birth=born), born))


def test_searches_and_codes_that_miss_share_one_budget(holder: Citizen, nurse: Caregiver, clock: FakeClock) -> None:
    for number in range(20):
        clock.advance(timedelta(seconds=31))
        with pytest.raises(InvalidError):
            miss(nurse, by_code=number % 2 == 0)
    _, digits = shown(holder)
    with pytest.raises(ThrottledError):
        counter.use(nurse.actor, digits, BIRTH)
    with pytest.raises(ThrottledError):
        find_patient(nurse.actor, PatientSearch(holder.ins, BIRTH))


def test_a_place_of_practice_is_slowed_down_as_a_whole(holder: Citizen, clock: FakeClock) -> None:
    """Thirty accounts of one place do not make thirty times as many guesses."""
    crowd = [build.caregiver("Martin", f"Anne {number}").actor for number in range(12)]
    place = crowd[0].structure_id or UUID(int=7)
    crowd = [replace(actor, structure_id=place) for actor in crowd]
    looks = 0
    for number in range(120):
        try:
            counter.use(crowd[number % len(crowd)], f"{number:06d}", date(1960, 1, 1))
        except InvalidError:
            looks += 1
        except ThrottledError:
            continue
    assert looks <= 31


def test_a_good_code_does_not_wash_away_the_misses_of_others(
    holder: Citizen, nurse: Caregiver, clock: FakeClock
) -> None:
    accomplice = build.citizen("Luc", "Bernard", sex="M", birth=date(1970, 1, 1))
    for _ in range(3):
        with pytest.raises(InvalidError):
            counter.use(nurse.actor, "123456", date(1960, 1, 1))
    _, digits = shown(accomplice)
    clock.advance(timedelta(seconds=31))
    counter.use(nurse.actor, digits, accomplice.birth_date)
    assert len(counter.misses(nurse.actor)) == 3


def test_a_code_dies_with_the_record(holder: Citizen, nurse: Caregiver) -> None:
    _, digits = shown(holder)
    records.close(holder.actor, holder.record_id)
    with pytest.raises(InvalidError):
        counter.use(nurse.actor, digits, BIRTH)


@pytest.mark.parametrize("sees_before", [False, True])
def test_a_code_dies_with_its_makers_right(machines: Machines, nurse: Caregiver, sees_before: bool) -> None:
    access.ensure_matrix()
    mother = build.citizen("Claire", "Fontenay")
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2017, 7, 2), parents=[mother], activated=False)
    _, digits = shown_for(mother, child)
    freeze(child, sees_before)
    with pytest.raises(InvalidError):
        counter.use(nurse.actor, digits, child.birth_date)


@pytest.mark.parametrize("sees_before", [False, True])
def test_an_open_window_closes_with_its_makers_right(machines: Machines, nurse: Caregiver, sees_before: bool) -> None:
    """At the very next request, wherever it is asked, and in the words of a window whose time ran out (R15, R16)."""
    access.ensure_matrix()
    parents = [build.citizen("Claire", "Fontenay"), build.citizen("Mathieu", "Lecomte", sex="M")]
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2017, 7, 2), parents=parents, activated=False)
    code_id, digits = shown_for(parents[0], child)
    counter.use(nurse.actor, digits, child.birth_date)
    other = parents[1].standing(child.record_id)
    assert windows.windows_of(nurse.id).keys() == {child.record_id}
    assert [one.grantee_id for one in access.everyone(other)][:1] == [nurse.id]
    before = acts(child)
    with db.write() as tx:
        stopped = (Link.record_id == child.record_id, Link.person_id == parents[0].person_id)
        tx.execute(update(Link).where(*stopped).values(**frozen(sees_before)))
    assert nurse.standing(child.record_id) is None
    assert windows.windows_of(nurse.id) == {}
    assert nurse.id not in [one.grantee_id for one in access.everyone(other)]
    line = codes.code(other, code_id)
    assert (line.state, line.closed_by) == (CodeState.CLOSED, "")
    assert acts(child) == before


def test_the_window_of_who_decides_still_stays_open(machines: Machines, nurse: Caregiver) -> None:
    access.ensure_matrix()
    parents = [build.citizen("Claire", "Fontenay"), build.citizen("Mathieu", "Lecomte", sex="M")]
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2017, 7, 2), parents=parents, activated=False)
    _, digits = shown_for(parents[0], child)
    counter.use(nurse.actor, digits, child.birth_date)
    with db.write() as tx:
        stopped = (Link.record_id == child.record_id, Link.person_id == parents[1].person_id)
        tx.execute(update(Link).where(*stopped).values(**frozen(False)))
    assert nurse.standing(child.record_id) is not None


def shown_for(parent: Citizen, child: Citizen) -> tuple[UUID, str]:
    """A code that a parent makes for a child."""
    standing = parent.standing(child.record_id)
    code_id = codes.make(standing, Window.READ, 20)
    return code_id, codes.code(standing, code_id).digits


def freeze(child: Citizen, sees_before: bool) -> None:
    """A decision stops who stands in for the child; it may leave them what came before."""
    with db.write() as tx:
        tx.execute(update(Link).where(Link.record_id == child.record_id).values(**frozen(sees_before)))


def frozen(sees_before: bool) -> dict[str, object]:
    """The columns of a link that a decision stops."""
    now = clocks.now()
    return {"frozen_at": now, "sees_before": now if sees_before else None}


def test_the_access_page_gets_its_lines(holder: Citizen, nurse: Caregiver) -> None:
    code_id, digits = shown(holder)
    (line,) = passing_lines(holder.standing())
    assert (line.kind, line.id, line.state) == (SeerKind.CODE, code_id, SeerState.WAITING)
    counter.use(nurse.actor, digits, BIRTH)
    (line,) = passing_lines(holder.standing())
    assert (line.name, line.state, line.place) == ("Awa Diarra", SeerState.OPEN, f"/acces/code/{code_id}")
    codes.close(holder.standing(), code_id)
    (line,) = passing_lines(holder.standing())
    assert line.state is SeerState.ENDED


def test_a_stranger_finds_no_code(holder: Citizen, nurse: Caregiver) -> None:
    code_id, digits = shown(holder)
    counter.use(nurse.actor, digits, BIRTH)
    standing = nurse.standing(holder.record_id)
    assert standing is not None
    for act in (codes.codes, lambda s: codes.code(s, code_id), lambda s: codes.make(s, Window.READ, 20), passing_lines):
        with pytest.raises(NotFoundError):
            act(standing)


def test_digits_stand_nowhere_in_the_clear_and_go_once_used(holder: Citizen, nurse: Caregiver) -> None:
    code_id, digits = shown(holder)
    with db.read() as tx:
        (row,) = tx.execute(CounterCode.__table__.select()).all()
    assert digits.encode() not in b"|".join(bytes(one) for one in row if isinstance(one, bytes))
    counter.use(nurse.actor, digits, BIRTH)
    assert codes.code(holder.standing(), code_id).digits == ""


def test_a_record_erased_takes_its_codes_along(holder: Citizen) -> None:
    shown(holder)
    access.forget_record(holder.record_id)
    with db.read() as tx:
        assert tx.execute(CounterCode.__table__.select()).all() == []
