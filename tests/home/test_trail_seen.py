"""The trail as each reader meets it: what a doctor just read and why; and not even a gap of what is secret."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from espace.access.services import Answer
from espace.audit import services as audit
from espace.audit.services import Action
from espace.home import services
from espace.home.services import Decision, Filter, Reply, Wish
from espace.machines import Machines
from espace.permissions import Actor, Relation, Role, Standing
from tests.support import build, office
from tests.support.browser_client import Browser, Page
from tests.support.clock import START, FakeClock
from tests.support.marks import on_sqlite


@on_sqlite
def test_within_the_minute_the_page_says_who_read_what_when_and_why(app: Flask, clock: FakeClock) -> None:
    claire, doctor = build.citizen(), build.caregiver()
    build.consent(claire, doctor, Answer.GRANT)
    given = clock.now
    document_id = build.document(claire.standing(), "Radio du genou")
    clock.advance(timedelta(days=2))
    browser = doctor.browser(app)
    browser.get(f"/pro/patients/{claire.record_id}/")
    browser.get(f"/pro/patients/{claire.record_id}/documents/{document_id}")
    clock.advance(timedelta(seconds=59))
    page = claire.browser(app).get(f"/dossiers/{claire.record_id}/historique")
    first = page.tree.xpath("//main//li[contains(@class, 'row')]")[0]
    told = " ".join(first.text_content().split())
    assert "Dr Hélène Morvan a ouvert le document « Radio du genou »." in told
    assert f"avec votre accord du {given.day} novembre" in told
    assert "Médecin, Cabinet des Tilleuls" in told
    assert "Aujourd'hui" in page.text


_SECRET = {"title": "Consultation Zibeline", "type": "11502-2", "representatives_invisible": "yes"}
_PLAIN = {"title": "Vaccin"}
_Step = tuple[int, int, bool]


def _script(seed: int) -> list[_Step]:
    """Minutes, who of three, and whether it is secret."""
    dice = random.Random(seed)
    return [(dice.choice((0, 5, 20, 29, 31, 90)), dice.randrange(3), dice.random() < 0.4) for _ in range(60)]


def _live(clock: FakeClock, script: list[_Step], *, secrets: bool) -> tuple[Standing, list[build.Caregiver]]:
    clock.now = START
    mother = build.citizen()
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    doctors = [build.caregiver(name) for name in ("Aubin", "Perrin", "Roy")]
    clock.now = START + timedelta(days=1)
    for number, (minutes, who, secret) in enumerate(script):
        clock.advance(timedelta(minutes=minutes))
        if secret and not secrets:
            continue
        thing = {"id": str(number), **(_SECRET if secret else _PLAIN)}
        audit.record(
            doctors[who].actor, teen.record_id, Action.DOCUMENT_OPENED, relation=Relation.PROFESSIONAL, objects=[thing]
        )
    clock.now = START + timedelta(days=30)
    if secrets:  # what the minor made of a visit is nobody else's
        hers = teen.standing()
        newest = services.history(hers, mine=False).visits[0].newest.sequence
        services.answer_visit(hers, newest, Reply(Decision.CONTEST, "Zibeline", Wish.NOTHING))
    return mother.standing(teen.record_id), doctors


def _met(standing: Standing, doctors: list[build.Caregiver]) -> list[Any]:
    """Everything a parent meets of the trail, numbers apart."""
    names = {doctor.id: number for number, doctor in enumerate(doctors)}

    def visits(**wanted: Any) -> list[Any]:
        found, before, pages = [], None, 0
        while True:
            page = services.history(standing, mine=False, wanted=Filter(**wanted), before=before)
            pages += 1
            found += [
                (names.get(one.visitor_id), one.since, one.until, len(one.acts), one.answer is None)
                for one in page.visits
                if one.visitor_id in names
            ]
            if page.before is None:
                return [pages, *found]
            before = page.before

    met: list[Any] = [visits(), visits(unanswered=True)]
    met += [visits(actor_id=doctor.id) for doctor in doctors]
    met.append([one.name for one in services.known(standing)])
    met.append([(names[one.visitor_id], one.since, one.until) for one in services.last_visits(standing)])
    return met


@pytest.mark.parametrize("seed", range(4))
def test_a_parent_meets_the_same_visits_with_and_without_secret_ones(
    machines: Machines, clock: FakeClock, seed: int
) -> None:
    script = _script(seed)
    with_secrets = _met(*_live(clock, script, secrets=True))
    assert with_secrets == _met(*_live(clock, script, secrets=False))


def test_nobody_is_pushed_out_of_the_names_by_what_others_do(machines: Machines, clock: FakeClock) -> None:
    """Who came once may be looked for, whatever others did after; who did nothing a reader may know of may not."""
    mother = build.citizen()
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    once, often, secretly = (build.caregiver("Doc", name) for name in ("Ana", "Bob", "Cyd"))
    _open(once, teen, _PLAIN)
    _open(often, teen, _PLAIN)
    _open(once, teen, *[_SECRET] * 20)
    _open(secretly, teen, *[_SECRET] * 20)
    _open(often, teen, *[_SECRET] * 320)
    names = {doctor.facts.display_name for doctor in (once, often)}
    assert {one.name for one in services.known(mother.standing(teen.record_id))} == names
    names |= {secretly.facts.display_name, "Claire Fontenay"}  # who just looked at these names
    assert {one.name for one in services.known(teen.standing())} == names


def _open(doctor: build.Caregiver, teen: build.Citizen, *things: dict[str, str]) -> None:
    """Have a doctor open these, one after the other."""
    seen = [{"id": str(number), **thing} for number, thing in enumerate(things)]
    shown = Relation.PROFESSIONAL
    opened = [audit.Event(teen.record_id, Action.DOCUMENT_OPENED, relation=shown, objects=[one]) for one in seen]
    audit.record_many(doctor.actor, opened)


def test_a_visit_that_was_all_secret_has_no_address_for_a_parent(app: Flask, clock: FakeClock) -> None:
    mother, doctor = build.citizen(), build.caregiver()
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    audit.record(
        doctor.actor,
        teen.record_id,
        Action.DOCUMENT_OPENED,
        relation=Relation.PROFESSIONAL,
        objects=[{"id": "1", **_SECRET}],
    )
    page = teen.browser(app).get(f"/dossiers/{teen.record_id}/historique")
    link = page.link("Cela m'étonne")
    browser = mother.browser(app)
    absent = browser.get(link[:-6] + "AAAA==", expect=404)
    assert browser.get(link, expect=404).text.split("repère")[0] == absent.text.split("repère")[0]
    token = browser.get(f"/dossiers/{teen.record_id}/").csrf_token
    browser.post(link, {"csrf_token": token, "decision": "contester", "version": "0"}, expect=404)


@pytest.fixture
def contested(app: Flask) -> tuple[Browser, str, Browser, str]:
    """The privacy officer's browser and case, the holder's and the visit."""
    claire, doctor = build.citizen(), build.caregiver()
    _read(doctor.actor, claire)
    standing = claire.standing()
    number = next(one for one in services.history(standing, mine=False).visits if one.is_access).newest.sequence
    services.answer_visit(standing, number, Reply(Decision.CONTEST, "Je ne connais pas ce médecin."))
    officer = office.officer(Role.PRIVACY_OFFICER).browser(app)
    case = officer.get("/admin/contestations").link("Visite du")
    visit = claire.browser(app).get(f"/dossiers/{claire.record_id}/historique").link("Suivre cette visite")
    return officer, case, claire.browser(app), visit


def _read(actor: Actor, claire: build.Citizen) -> None:
    things = [{"id": "1", "title": "Bilan Zibeline"}]
    audit.record(actor, claire.record_id, Action.DOCUMENT_OPENED, relation=Relation.PROFESSIONAL, objects=things)


def test_the_queue_names_nobody_and_the_case_nothing_of_health(
    contested: tuple[Browser, str, Browser, str],
) -> None:
    officer, case, _, _ = contested
    queue = officer.get("/admin/contestations")
    assert "Fontenay" not in queue.response.text.split("<main")[1]
    assert "1 contestation attend" in officer.get("/admin/").text
    page = officer.get(case)
    assert "Claire Fontenay" in page.text
    assert "Dr Hélène Morvan, médecin, Cabinet des Tilleuls" in page.text
    assert "ouvert 1 document" in page.text
    assert "Zibeline" not in page.response.text


def test_the_officers_words_reach_who_contested_and_every_look_is_in_their_history(
    contested: tuple[Browser, str, Browser, str],
) -> None:
    officer, case, holder, visit = contested
    send = _sender(officer, case)
    asked = send({"act": "demander", "words": "", "version": "1"})
    assert "doit répondre avant le" in asked.text
    assert send({"act": "repondre", "outcome": "regulier", "words": "", "version": "2"}).status == 422
    unsaid = send({"act": "repondre", "words": "Tout va bien.", "version": "2"})  # no finding is chosen beforehand
    assert unsaid.status == 422
    assert "Dites ce que vous avez constaté" in unsaid.text
    assert "Tout va bien." in unsaid.text
    assert send({"act": "repondre", "outcome": "regulier", "words": "Tôt", "version": "1"}).status == 409
    assert send({"act": "autre", "version": "2"}).status == 404
    done = send({"act": "repondre", "outcome": "anormal", "words": "Ce médecin s'est trompé.", "version": "2"})
    assert "La visite n'était pas normale" in done.text
    told = holder.get(visit)
    assert "Contestation réglée" in told.text
    assert "« Ce médecin s'est trompé. »" in told.text
    history = holder.get(visit.split("/visites")[0]).text
    assert "Bastien Korber" in history


def _sender(browser: Browser, place: str) -> Callable[[dict[str, str]], Page]:
    token = browser.get(place).csrf_token
    return lambda fields: browser.post(place, {"csrf_token": token, **fields})
