"""Several at once: two clicks open once, a scraper in parallel is halted too, one alert is told once."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from espace.access import services as access
from espace.access.services.emergencies import emergency
from espace.access.services.emergencies.emergency import Why
from espace.access.services.watching import alerts, volume
from espace.errors import StepUpError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Role
from tests.support import build, office

from .emergencies import GLASS, WORDS, found

THREADS = 8


def test_two_clicks_open_once(machines: Machines) -> None:
    access.ensure_matrix()
    holder, doctor = build.citizen(), build.caregiver()
    standing = found(doctor, holder)

    def click(_number: int) -> object:
        machines.bind()
        return emergency.open_record(standing, GLASS, Why.DANGER.value, WORDS)

    with ThreadPoolExecutor(THREADS) as pool:
        until = {done.result() for done in [pool.submit(copy_context().run, click, n) for n in range(THREADS)]}
    assert len(until) == 1
    assert len(emergency.recent(holder.standing())) == 1
    assert [mail["message"] for mail in build.mails_to(holder.email)].count("emergency-access") == 1


def test_a_scraper_that_hurries_is_halted_below_fifty_and_told_once(machines: Machines) -> None:
    access.ensure_matrix()
    privacy, doctor = office.officer(Role.PRIVACY_OFFICER), build.caregiver()
    actor = doctor.actor

    def reach(_number: int) -> bool:
        machines.bind()
        try:
            volume.admit(actor, new_id())
        except StepUpError:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        went = [done.result() for done in [pool.submit(copy_context().run, reach, number) for number in range(120)]]
    print(f"scraper in {THREADS} threads: {sum(went)} records before it was halted")
    assert 30 <= sum(went) <= 50
    assert len(alerts.alerts(privacy.actor, settled=False)[0]) == 1
    assert [mail["message"] for mail in build.mails_to(privacy.email)] == ["abuse-alert"]
