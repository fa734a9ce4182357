"""« Mes enfants »: who may open a child's profile, object and come back; who is told; strangers find nothing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace import clock as clocks
from espace import outbox
from espace.access import services as access
from espace.assembly import handle_events
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.family import services as family
from espace.family.services import relatives
from espace.family.services.growing import stages
from espace.identifiers import new_id
from espace.machines import Machines
from espace.people import services as people
from espace.permissions import Actor
from espace.records import services as records
from tests.support import build
from tests.support.browser_client import Browser, Form
from tests.support.build import Citizen
from tests.support.clock import FakeClock

BORN = date(2017, 7, 2)


@pytest.fixture
def mother(machines: Machines) -> Citizen:
    return build.citizen("Claire")


@pytest.fixture
def father(machines: Machines) -> Citizen:
    return build.citizen("Paul", sex="M")


@pytest.fixture
def child(mother: Citizen, father: Citizen) -> Citizen:
    """A child whose space is open and whose profile nobody opened."""
    return build.citizen("Jules", sex="M", birth=BORN, parents=[mother, father], activated=False, opened=False)


def state(record_id: UUID) -> str:
    return records.record(record_id).state


def stale(actor: Actor) -> Actor:
    assert actor.proved_at is not None
    return replace(actor, proved_at=actor.proved_at - timedelta(minutes=6))


def acts(record_id: UUID) -> list[tuple[Action, str]]:
    found = audit.entries(record_id, mine=False, holder_actor_ids=[], before=None, limit=50)
    return [(entry.action, entry.actor_name) for entry in reversed(found)]


def mails_about_state(*told: Citizen) -> list[int]:
    """How many messages about the state of a record each got, after carrying out what waits."""
    handle_events()
    outbox.on("mail", lambda _id, _payload: None)
    outbox.on("sms", lambda _id, _payload: None)
    outbox.work()
    return [len([m for m in build.mails_to(one.email) if m["message"] == "record-state"]) for one in told]


class TestOpening:
    def test_each_parent_sees_the_child_and_who_else_acts(self, mother: Citizen, child: Citizen) -> None:
        (one,) = relatives.relatives(mother.actor)
        assert (one.name, one.state, one.colour, one.others) == ("Jules Fontenay", "open", "miel", ("Paul Fontenay",))
        assert one.of_age_on == date(2035, 7, 2)
        assert access.standing(mother.actor, child.record_id) is None  # nothing to read before the profile is open

    def test_opening_is_written_under_the_parents_name_and_both_are_told(
        self, mother: Citizen, father: Citizen, child: Citizen
    ) -> None:
        before = mails_about_state(mother, father)
        relatives.open_profile(mother.actor, child.record_id, accepted=True)
        assert state(child.record_id) == "active"
        assert acts(child.record_id)[-1] == (Action.RECORD_ACTIVATED, "Claire Fontenay")
        assert mails_about_state(mother, father) == [before[0] + 1, before[1] + 1]
        for parent in (mother, father):
            assert access.standing(parent.actor, child.record_id) is not None
            assert relatives.relative(parent.actor, child.record_id).may_be_entered

    def test_it_asks_for_a_fresh_proof_and_for_the_terms(self, mother: Citizen, child: Citizen) -> None:
        with pytest.raises(StepUpError):
            relatives.open_profile(stale(mother.actor), child.record_id, accepted=True)
        with pytest.raises(InvalidError) as refused:
            relatives.open_profile(mother.actor, child.record_id, accepted=False)
        assert "terms" in refused.value.problems
        assert state(child.record_id) == "open"

    def test_two_parents_at_once_open_it_once(
        self, machines: Machines, mother: Citizen, father: Citizen, child: Citizen
    ) -> None:
        start, actors = threading.Barrier(2), [mother.actor, father.actor]

        def run(actor: Actor) -> bool:
            machines.bind()
            start.wait()
            try:
                relatives.open_profile(actor, child.record_id, accepted=True)
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            done = [each.result() for each in [pool.submit(run, actor) for actor in actors]]
        assert sorted(done) == [False, True]
        assert [act for act, _ in acts(child.record_id)].count(Action.RECORD_ACTIVATED) == 1

    def test_an_announced_space_may_be_opened_before_its_day(self, mother: Citizen) -> None:
        baby = _announced(mother)
        assert relatives.relative(mother.actor, baby).state == "announced"
        relatives.open_profile(mother.actor, baby, accepted=True)
        assert state(baby) == "active"

    def test_an_announced_space_whose_day_has_come_is_shown_as_open(self, mother: Citizen, clock: FakeClock) -> None:
        baby = _announced(mother)
        clock.advance(timedelta(days=43))
        assert relatives.relative(mother.actor, baby).state == "open"


def _announced(parent: Citizen) -> UUID:
    traits = people.Traits(
        ins=build.ins(birth=date(2026, 10, 1)),
        birth_name="Fontenay",
        first_names=("Lou",),
        sex="F",
        birth_date=date(2026, 10, 1),
    )
    record_id = records.open_record(people.save_person(traits)[0])
    family.link_parent(record_id, parent.person_id)
    return record_id


class TestObjecting:
    def test_it_needs_no_fresh_proof_and_ends_all_reading(
        self, mother: Citizen, father: Citizen, child: Citizen
    ) -> None:
        relatives.open_profile(mother.actor, child.record_id, accepted=True)
        before = mails_about_state(father)
        relatives.object_for(stale(mother.actor), child.record_id)
        assert state(child.record_id) == "opposed"
        assert acts(child.record_id)[-1] == (Action.RECORD_OPPOSED, "Claire Fontenay")
        assert mails_about_state(father) == [before[0] + 1]
        for parent in (mother, father):
            assert access.standing(parent.actor, child.record_id) is None
            assert relatives.relative(parent.actor, child.record_id).is_opposed

    def test_the_other_parent_may_come_back_and_everything_is_as_before(
        self, mother: Citizen, father: Citizen, child: Citizen
    ) -> None:
        relatives.open_profile(mother.actor, child.record_id, accepted=True)
        relatives.object_for(mother.actor, child.record_id)
        with pytest.raises(StepUpError):
            relatives.come_back(stale(father.actor), child.record_id)
        relatives.come_back(father.actor, child.record_id)
        assert state(child.record_id) == "active"
        assert acts(child.record_id)[-1] == (Action.OPPOSITION_WITHDRAWN, "Paul Fontenay")

    def test_the_parents_own_space_plays_no_part(self, mother: Citizen, child: Citizen) -> None:
        records.close(mother.actor, mother.record_id)
        relatives.object_for(mother.actor, child.record_id)
        assert state(child.record_id) == "opposed"
        relatives.come_back(mother.actor, child.record_id)
        relatives.open_profile(mother.actor, child.record_id, accepted=True)
        assert state(mother.record_id) == "closed"
        assert state(child.record_id) == "active"

    def test_doing_it_twice_says_that_things_changed(self, mother: Citizen, child: Citizen) -> None:
        relatives.object_for(mother.actor, child.record_id)
        for act in (relatives.object_for, lambda *a: relatives.open_profile(*a, accepted=True)):
            with pytest.raises(ConflictError):
                act(mother.actor, child.record_id)
        relatives.come_back(mother.actor, child.record_id)
        with pytest.raises(ConflictError):
            relatives.come_back(mother.actor, child.record_id)


class TestYoungPeople:
    def test_a_teen_with_an_account_decides_while_the_parents_still_see(self, mother: Citizen) -> None:
        teen = build.citizen("Zoé", birth=date(2010, 1, 5), parents=[mother])
        one = relatives.relative(mother.actor, teen.record_id)
        assert one.decides_alone
        assert one.may_be_entered
        assert not one.may_be_opposed
        with pytest.raises(ConflictError):
            relatives.object_for(mother.actor, teen.record_id)
        assert access.standing(mother.actor, teen.record_id) is not None

    @pytest.mark.usefixtures("machines")
    @pytest.mark.parametrize("born", [date(2008, 11, 24), date(2008, 2, 29)])
    def test_at_majority_the_relative_is_gone(self, clock: FakeClock, born: date) -> None:
        clock.now = clock.now.replace(year=2025)
        mother = build.citizen("Claire")
        teen = build.citizen("Zoé", birth=born, parents=[mother], activated=False)
        of_age = stages.of_age_on(born)
        clock.now += of_age - clocks.today() - timedelta(days=1)
        assert relatives.relative(mother.actor, teen.record_id).of_age_on == of_age
        clock.advance(timedelta(days=1))
        assert relatives.relatives(mother.actor) == []
        for act in (relatives.object_for, relatives.come_back):
            with pytest.raises(NotFoundError):
                act(mother.actor, teen.record_id)


PAGES = ("ouvrir", "opposition", "retour")
LIST = "/compte/proches"


def on(browser: Browser, path: str) -> Form:
    """The form of one of the pages."""
    page = browser.get(path)
    return next(form for form in page.forms if form.action == path)


class TestPages:
    def test_the_whole_way_through_the_pages(self, app: Flask, mother: Citizen, child: Citizen) -> None:
        browser, place = mother.browser(app), f"{LIST}/{child.record_id}"
        page = browser.get(LIST)
        assert "Jules Fontenay" in page.text
        assert "Paul Fontenay" in page.text
        refused = browser.submit(on(browser, page.link("Ouvrir le profil")), expect=422)
        opened = browser.submit(refused.form("terms"), {"terms": "y"}, expect=200)
        assert opened.path == f"/dossiers/{child.record_id}/"
        page = browser.submit(on(browser, f"{place}/opposition"), expect=200)
        assert page.path == LIST
        browser.get(f"/dossiers/{child.record_id}/", expect=404)
        page = browser.submit(on(browser, page.link("Revenir sur le refus")), expect=200)
        assert page.path == LIST
        assert state(child.record_id) == "active"
        browser.get(page.link("Ouvrir le dossier"))

    @pytest.mark.parametrize("page", PAGES)
    def test_a_page_that_makes_no_sense_now_leads_to_the_list(
        self, app: Flask, mother: Citizen, child: Citizen, page: str
    ) -> None:
        if page == "retour":
            relatives.open_profile(mother.actor, child.record_id, accepted=True)
        else:
            relatives.object_for(mother.actor, child.record_id)
        assert mother.browser(app).get(f"{LIST}/{child.record_id}/{page}").path == LIST

    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("who", ["stranger", "child's own id", "other record", "nobody's"])
    def test_strangers_find_nothing(self, app: Flask, mother: Citizen, child: Citizen, page: str, who: str) -> None:
        targets: dict[str, Callable[[], tuple[Citizen, UUID]]] = {
            "stranger": lambda: (build.citizen("Ana"), child.record_id),
            "child's own id": lambda: (mother, child.person_id),
            "other record": lambda: (mother, build.citizen("Ana").record_id),
            "nobody's": lambda: (mother, new_id()),
        }
        person, target = targets[who]()
        browser = person.browser(app)
        token = browser.get(LIST).csrf_token
        browser.get(f"{LIST}/{target}/{page}", expect=404)
        browser.post(f"{LIST}/{target}/{page}", {"csrf_token": token, "terms": "y"}, expect=404)
        assert state(child.record_id) == "open"

    @pytest.mark.parametrize("page", ["ouvrir", "retour"])
    def test_a_stale_proof_is_asked_for_before_anything_is_typed(
        self, app: Flask, mother: Citizen, child: Citizen, clock: FakeClock, page: str
    ) -> None:
        if page == "retour":
            relatives.object_for(mother.actor, child.record_id)
        browser = mother.browser(app)
        form = on(browser, f"{LIST}/{child.record_id}/{page}")
        clock.advance(timedelta(minutes=6))
        before = state(child.record_id)
        assert browser.get(f"{LIST}/{child.record_id}/{page}").path == "/connexion/preuve"
        assert browser.submit(form, {"terms": "y"} if page == "ouvrir" else None).path == "/connexion/preuve"
        assert state(child.record_id) == before

    def test_objecting_asks_for_no_proof(self, app: Flask, mother: Citizen, child: Citizen, clock: FakeClock) -> None:
        browser = mother.browser(app)
        clock.advance(timedelta(minutes=6))
        browser.submit(on(browser, f"{LIST}/{child.record_id}/opposition"), expect=200)
        assert state(child.record_id) == "opposed"

    def test_deciding_on_a_page_that_grew_old_changes_nothing(
        self, app: Flask, mother: Citizen, father: Citizen, child: Citizen
    ) -> None:
        browser = mother.browser(app)
        form = on(browser, f"{LIST}/{child.record_id}/ouvrir")
        relatives.object_for(father.actor, child.record_id)
        page = browser.submit(form, {"terms": "y"}, expect=200)
        assert page.path == LIST
        assert state(child.record_id) == "opposed"

    def test_who_acts_for_nobody_reads_what_would_appear(self, app: Flask, mother: Citizen) -> None:
        page = mother.browser(app).get(LIST)
        assert page.tree.xpath("//*[contains(@class, 'empty')]")
        assert "/opposition" in page.links.values()
