"""What ends while a page stands open: refused at the very next request, off the screen within 30 s (security.md R16).

A house of the test's own, whose hours pass when the test says so; a real browser; the heartbeat as it is shipped.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from espace.access import services as access
from espace.access.services import Answer, EmergencyMode, Window
from espace.access.services.emergencies import emergency, ending
from espace.access.services.emergencies.emergency import Why
from espace.access.services.passing import codes, counter
from espace.accounts.services import sessions
from espace.documents.services.passing import sharing
from espace.documents.services.passing.sharing import NewShare
from espace.family.services import freezing
from espace.family.services.asking import proofs
from espace.family.services.carers import links as carers
from espace.family.services.orders import Order
from espace.permissions import Role, Task
from espace.records.services import closing
from espace.settings import Settings
from tests.access.emergencies import FINESS
from tests.support import build, office, readers
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite
from tests.support.papers import pdf

from .hands import DESK, PATIENCE, Hands
from .living import House, living

pytestmark = on_sqlite
TITLE = "Bilan du printemps"
CLOSED, CHANGED, OVER = "Cette page s'est refermée", "Cette page a changé", "Votre session est terminée"
BEAT = 21_000
"""Milliseconds of the page's own time: a beat of the shipped settings, and well within thirty seconds."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The doctor's place answers calls to the centre 15."""
    return replace(settings, regulation_structures=f"1{FINESS}")


@pytest.fixture
def house(app: Flask, chromium: Browser) -> Iterator[House]:
    with living(app, chromium) as made:
        yield made


@pytest.fixture
def mother(app: Flask) -> Citizen:
    access.ensure_matrix()
    return build.citizen("Claire")


@pytest.fixture
def child(mother: Citizen) -> Citizen:
    return build.citizen("Jules", sex="M", birth=date(2017, 9, 14), parents=(mother,), activated=False)


@pytest.fixture
def doctor(mother: Citizen) -> Caregiver:
    return build.caregiver(finess=FINESS)


@dataclass
class Opened:
    """A page with a document on it that somebody looks at, the answers to its beats, and what else they may ask for."""

    hands: Hands
    place: str
    others: tuple[str, ...]

    def __post_init__(self) -> None:
        self.answers: list[int] = []
        self.hands.page.on("response", lambda one: self.answers.append(one.status) if "/pouls" in one.url else None)
        stop_time(self.hands)
        assert self.hands.open(self.place) == 200
        expect(self.hands.main()).to_contain_text(TITLE)
        self.beats()
        assert self.answers == [204], "while the right stands, the page does"
        expect(self.hands.main()).to_contain_text(TITLE)

    def beats(self) -> None:
        """Let a beat of the page's time pass."""
        with self.hands.page.expect_response("**/pouls*"):
            self.hands.page.clock.run_for(BEAT)

    def refuses(self) -> None:
        """The very next request, of the page or of anything of it, gives nothing of the document."""
        for place in (self.place, *self.others):
            answer = self.hands.context.request.get(self.hands.base_url + place, max_redirects=0)
            assert answer.status != 200, place
            assert TITLE.encode() not in answer.body()
            assert not answer.headers.get("content-type", "").startswith(("image/", "application/pdf"))

    def goes(self, status: int, title: str, then: int | None = 200) -> None:
        """At the next beat nothing is left on the screen; its one link leads somewhere (`then` is what it answers)."""
        self.beats()
        expect(self.hands.page.get_by_role("heading", level=1)).to_have_text(title, timeout=PATIENCE)
        assert self.answers == [204, status]
        assert TITLE not in self.hands.page.content()
        assert self.hands.page.locator("img, form, nav, header").count() == 0
        self.hands.page.clock.run_for(3 * BEAT)
        assert self.answers == [204, status], "what is off the screen asks no more"
        self.hands.shot(f"gone-{status}")
        if then is not None:
            with self.hands.page.expect_navigation() as left:
                self.hands.page.get_by_role("link").first.click()
            assert left.value is not None
            assert left.value.status == then
            assert TITLE not in self.hands.page.content()


def stop_time(hands: Hands) -> None:
    """From now on the time of the page's own timers passes only when the test lets it."""
    hands.page.clock.install()
    hands.page.clock.pause_at(datetime.now(tz=UTC) + timedelta(seconds=5))


def of_patient(hands: Hands, holder: Citizen, document_id: object) -> Opened:
    """One of a person's documents, open before a professional."""
    base = f"/pro/patients/{holder.record_id}/documents"
    return Opened(hands, f"{base}/{document_id}", (base, f"{base}/{document_id}/pages/1"))


def of_record(hands: Hands, holder: Citizen, document_id: object) -> Opened:
    """The same before somebody who acts for the person."""
    base = f"/dossiers/{holder.record_id}/documents"
    return Opened(hands, f"{base}/{document_id}", (base, f"{base}/{document_id}/pages/1"))


def answers(holder: Citizen, answer: Answer) -> None:
    """The holder's new answer about their only professional."""
    own = holder.standing()
    [line] = access.consents(own)
    access.answer(own, line.id, answer, version=line.version)


def passes(clock: FakeClock, until_before_the_end: timedelta) -> None:
    """Most of what was given passes: who looks then signs in anew."""
    clock.advance(until_before_the_end)


@pytest.mark.parametrize("answer", [Answer.REVOKE, Answer.BLOCK])
def test_a_professional_whose_access_was_taken_back(
    house: House, mother: Citizen, doctor: Caregiver, answer: Answer
) -> None:
    document_id = build.document(mother.standing(), TITLE)
    build.consent(mother, doctor, Answer.GRANT)
    page = of_patient(house.signed_in(doctor, "ended-doctor", DESK), mother, document_id)
    answers(mother, answer)
    page.refuses()
    page.goes(410, CLOSED)
    page.hands.title_is("Page du patient")


def test_a_professional_whose_access_ran_out(
    house: House, clock: FakeClock, mother: Citizen, doctor: Caregiver
) -> None:
    document_id = build.document(mother.standing(), TITLE)
    build.consent(mother, doctor, Answer.GRANT, days=1)
    passes(clock, timedelta(hours=23, minutes=55))
    page = of_patient(house.signed_in(doctor, "ended-days", DESK), mother, document_id)
    clock.advance(timedelta(minutes=6))
    page.refuses()
    page.goes(404, CLOSED)
    page.hands.title_is("Mes patients")


@pytest.mark.parametrize("by", ["holder", "hours"])
def test_a_carer_whose_tasks_ended(house: House, clock: FakeClock, mother: Citizen, by: str) -> None:
    document_id = build.document(mother.standing(), TITLE)
    carer = build.citizen("Zoé", "Lopez")
    carer_id = readers.carer(mother, carer, Task.READ_DOCUMENTS, days=1)
    passes(clock, timedelta(hours=23, minutes=55))
    page = of_record(house.signed_in(carer, f"ended-carer-{by}"), mother, document_id)
    if by == "holder":
        carers.end(mother.standing(), carer_id)
    else:
        clock.advance(timedelta(minutes=6))
    page.refuses()
    page.goes(404, CLOSED)


@pytest.mark.parametrize("by", ["professional", "holder", "hours"])
@pytest.mark.parametrize("mode", EmergencyMode)
def test_an_emergency_that_is_over(
    house: House, clock: FakeClock, mother: Citizen, doctor: Caregiver, mode: EmergencyMode, by: str
) -> None:
    document_id = build.document(mother.standing(), TITLE)
    actor = doctor.actor
    access.note_encounter(actor, mother.record_id)
    opening = readers.emergency(mother, doctor, mode.value)
    passes(clock, timedelta(hours=3, minutes=55))
    page = of_patient(house.signed_in(doctor, f"ended-{mode.value}-{by}", DESK), mother, document_id)
    if by == "hours":
        clock.advance(timedelta(minutes=6))
    elif by == "holder":
        assert ending.stop(mother.standing(), opening)
    else:
        standing = doctor.standing(mother.record_id)
        assert standing is not None
        assert ending.end(standing)
    page.refuses()
    page.goes(410, CLOSED)
    page.hands.title_is("Page du patient")


def test_an_emergency_opened_with_its_reason_ends_with_its_four_hours(
    house: House, clock: FakeClock, mother: Citizen, doctor: Caregiver
) -> None:
    document_id = build.document(mother.standing(), TITLE)
    actor = doctor.actor
    access.note_encounter(actor, mother.record_id)
    standing = access.standing(actor, mother.record_id)
    assert standing is not None
    until = emergency.open_record(
        standing, EmergencyMode.BREAK_GLASS, Why.UNCONSCIOUS.value, "Trouvée inconsciente dans la rue."
    )
    assert until - clock.now == timedelta(hours=4)
    passes(clock, timedelta(hours=3, minutes=59))
    page = of_patient(house.signed_in(doctor, "ended-glass", DESK), mother, document_id)
    expect(page.hands.page.get_by_text("Trouvée inconsciente dans la rue.")).to_be_visible()
    clock.now = until
    page.refuses()
    page.goes(410, CLOSED)


@pytest.mark.parametrize("urgent", [True, False])
def test_a_parent_stopped_by_a_court(
    house: House, mother: Citizen, child: Citizen, clock: FakeClock, urgent: bool
) -> None:
    document_id = build.document(mother.standing(child.record_id), TITLE)
    page = of_record(house.signed_in(mother, "ended-parent"), child, document_id)
    first, second = office.officer(Role.PRIVACY_OFFICER), office.officer(Role.PRIVACY_OFFICER, "Lou Marin")
    order = Order("RG 26/01234", date(2026, 11, 20), "", urgent=urgent)
    proof = proofs.judge(pdf("Ordonnance du juge"))
    limit_id = freezing.enter(first.actor, child.record_id, mother.person_id, order, proof)
    if not urgent:  # it counts once a second person confirmed it
        page.beats()
        expect(page.hands.main()).to_contain_text(TITLE)
        assert page.answers.pop() == 204
        seen = freezing.limit(second.actor, child.record_id, limit_id).version
        freezing.confirm(second.actor, child.record_id, limit_id, seen)
    page.refuses()
    page.goes(404, CLOSED)


def test_a_parent_whom_a_court_leaves_only_the_past(house: House, mother: Citizen, child: Citizen) -> None:
    document_id = build.document(mother.standing(child.record_id), TITLE)
    page = of_record(house.signed_in(mother, "ended-narrowed"), child, document_id)
    first = office.officer(Role.PRIVACY_OFFICER)
    order = Order("RG 26/01234", date(2026, 11, 20), "", sees_before=date(2026, 11, 20), urgent=True)
    freezing.enter(first.actor, child.record_id, mother.person_id, order, proofs.judge(pdf("Ordonnance")))
    answer = page.hands.context.request.get(page.hands.base_url + page.place, max_redirects=0)
    assert answer.status == 404
    page.goes(409, CHANGED)
    page.hands.title_is("Le dossier de Jules")


@pytest.mark.parametrize("by", ["person", "hours"])
def test_a_counter_code_whose_window_closed(
    house: House, clock: FakeClock, mother: Citizen, doctor: Caregiver, by: str
) -> None:
    document_id = build.document(mother.standing(), TITLE)
    own = mother.standing()
    code_id = codes.make(own, Window.READ, 60)
    counter.use(doctor.actor, codes.code(own, code_id).digits, mother.birth_date)
    passes(clock, timedelta(minutes=55))
    page = of_patient(house.signed_in(doctor, f"ended-code-{by}", DESK), mother, document_id)
    if by == "person":
        codes.close(mother.standing(), code_id)
    else:
        clock.advance(timedelta(minutes=6))
    page.refuses()
    page.goes(404, CLOSED)
    page.hands.title_is("Mes patients")


@pytest.mark.parametrize("by", ["person", "hours", "maker"])
def test_a_share_link_that_was_withdrawn(house: House, clock: FakeClock, mother: Citizen, by: str) -> None:
    own = mother.standing()
    document_id = build.document(own, TITLE)
    asked = NewShare(document_ids=[document_id], classes=(), label="Un frère", passcode="482915", hours=24, most=3)
    share = sharing.share(own, asked, "Documents de santé")
    passes(clock, timedelta(hours=23, minutes=55))
    guest = house.visitor(f"ended-link-{by}")
    guest.page.goto(house.base_url + "/partage/" + share.address.partition("/partage/")[2])
    guest.main().locator("[name=name]").fill("Luc")
    guest.main().locator("[name=passcode]").fill("482915")
    with guest.page.expect_navigation():
        guest.main().locator("form button[type=submit]").last.click()
    place = guest.page.url.removeprefix(house.base_url).partition("#")[0]
    page = Opened(guest, place, tuple(f"{place}/documents/{document_id}{end}" for end in ("", "/pages/1", "/fichier")))
    if by == "person":
        sharing.close(mother.standing(), share.id)
    elif by == "hours":
        clock.advance(timedelta(minutes=6))
    else:  # the link was made by who may decide no more
        closing.close(mother.actor, mother.record_id)
    gone = guest.context.request.get(house.base_url + place)
    assert TITLE.encode() not in gone.body()
    for other in page.others:
        assert TITLE.encode() not in guest.context.request.get(house.base_url + other).body()
    page.goes(404, CLOSED, then=None)


_OWN = {"holder": "/compte/proches", "professional": "/pro/", "operator": "/admin/"}
_NAMED = {"holder": "Jules", "professional": "Claire", "operator": "Bastien Korber"}


@pytest.mark.parametrize("who", _OWN)
def test_a_page_of_no_record_when_its_session_ended_elsewhere(
    house: House, mother: Citizen, child: Citizen, doctor: Caregiver, who: str
) -> None:
    """Accounts, the list of patients and the desk of operators name people as well."""
    build.consent(mother, doctor, Answer.GRANT)
    people: dict[str, Citizen | Caregiver] = {"holder": mother, "professional": doctor}
    person = people.get(who) or office.officer(Role.PRIVACY_OFFICER)
    hands = house.signed_in(person, f"ended-{who}", DESK)
    stop_time(hands)
    assert hands.open(_OWN[who]) == 200
    expect(hands.page.locator("body")).to_contain_text(_NAMED[who])
    sessions.end_all(person.actor.kind, person.actor.id)
    with hands.page.expect_response("**/pouls*"):
        hands.page.clock.run_for(BEAT)
    expect(hands.page.get_by_role("heading", level=1)).to_have_text(OVER)
    assert _NAMED[who] not in hands.page.content()
    hands.shot("over")
    hands.follow("Se reconnecter")
    hands.page.wait_for_url("**/connexion")
