"""Requests to act for somebody: sent with a proof, looked at by two, contested, made or refused (MI-2, MI-11)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from espace import clock as house_clock
from espace import db, storage
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.family import services as family
from espace.family.models import Request
from espace.family.services import guardians, parents
from espace.family.services.asking import linking, proofs, request_desk, requests
from espace.family.services.asking.request_rows import State, Traits
from espace.family.services.asking.requests import Ask
from espace.machines import Machines
from espace.permissions import Permission
from tests.support import build
from tests.support.browser_client import Browser, Page, Upload
from tests.support.clock import FakeClock
from tests.support.office import Officer
from tests.support.papers import pdf

BORN = date(2018, 3, 4)
PROOF = Upload("livret.pdf", pdf("Livret de famille"), "application/pdf")


@pytest.fixture
def mother(app: object) -> build.Citizen:
    """Who acts for the child already."""
    return build.citizen("Claire", "Fontenay")


@pytest.fixture
def father(app: object) -> build.Citizen:
    """Who asks to."""
    return build.citizen("Mathieu", "Lecomte", sex="M", birth=date(1982, 6, 7))


@pytest.fixture
def child(mother: build.Citizen) -> build.Citizen:
    """Whom it is about."""
    return build.citizen("Jules", "Fontenay", sex="M", birth=BORN, parents=[mother], activated=False)


def typed(about: build.Citizen, **other: str) -> dict[str, str]:
    """What the form takes for somebody."""
    first, name = about.name.split()
    return {
        "ins": about.ins, "first_name": first, "birth_name": name,
        "birth_date": f"{about.birth_date:%d/%m/%Y}", "binds": "parent",
    } | other  # fmt: skip


def sent(browser: Browser, about: build.Citizen, **other: str) -> Page:
    """A request, sent by its page."""
    page = browser.get("/compte/proches/demande")
    return browser.submit(page.form("binds"), {**typed(about, **other), "proof": PROOF})


def ask(asker: build.Citizen, about: build.Citizen, binds: str = "parent") -> UUID:
    """A request, sent by its service."""
    first, name = about.name.split()
    traits = Traits(about.ins, name, first, about.birth_date)
    return requests.ask(asker.actor, Ask(traits, binds), PROOF.content)


def press(browser: Browser, place: str, act: str, values: dict[str, str] | None = None, expect: int = 200) -> Page:
    """Fill in the form of one act at the desk and send it."""
    page = browser.get(f"{place}/{act}")
    form = next(form for form in page.forms if form.action == f"{place}/{act}")
    return browser.submit(form, values or {}, expect=expect)


def test_a_link_is_asked_for_looked_at_by_two_announced_and_made(
    app: Flask, mother: build.Citizen, father: build.Citizen, child: build.Citizen,
    counter: Officer, privacy: Officer, clock: FakeClock,
) -> None:  # fmt: skip
    asking = father.browser(app)
    page = sent(asking, child)
    assert "Attend une réponse" in page.text
    [made] = requests.mine(father.actor)

    desk, place = counter.browser(app), f"/admin/demandes/{made.id}"
    page = desk.get("/admin/demandes")
    assert "Jules" not in page.text
    assert "Lecomte" not in page.text
    page = desk.get(place)
    assert "Jules" in page.text
    assert page.text.count("Concorde") >= 1
    picture = desk.get(f"{place}/preuve/1")
    assert picture.headers["Content-Type"] == "image/webp"
    desk.get(f"{place}/preuve/2", expect=404)
    desk.get(f"{place}/confirmer", follow=False, expect=303)
    press(desk, place, "proposer", {"words": "Livret de famille, page de l'enfant."})
    with pytest.raises(InvalidError):
        request_desk.confirm(counter.actor, made.id, request_desk.case(counter.actor, made.id).request.version)

    press(privacy.browser(app), place, "confirmer")
    assert family.bond(father.person_id, child.record_id) is None
    assert [mail["message"] for mail in build.mails_to(mother.email)][-1] == "link-announced"
    page = mother.browser(app).get(f"/dossiers/{child.record_id}/acces/parents")
    assert "Mathieu Lecomte" in page.text
    assert requests.one(father.actor, made.id).state is State.WAITING
    assert request_desk.make_due() == 0
    clock.advance(timedelta(days=7, minutes=1))
    assert request_desk.make_due() == 1
    assert request_desk.make_due() == 0
    bond = family.bond(father.person_id, child.record_id)
    assert bond is not None
    assert bond.acts
    assert [mail["message"] for mail in build.mails_to(father.email)][-1] == "request-decided"
    assert "Accepté" in father.browser(app).get(f"/compte/proches/demandes/{made.id}").text
    found = [e.action for e in audit.entries(child.record_id, mine=False, holder_actor_ids=(), before=None)]
    assert {Action.LINK_MADE, Action.LINK_ANNOUNCED, Action.FAMILY_REQUEST_CONFIRMED} <= set(found)


def test_a_proof_looked_at_by_itself_leaves_the_row_of_its_case(
    app: Flask, father: build.Citizen, child: build.Citizen, counter: Officer, clock: FakeClock
) -> None:
    place = f"/admin/demandes/{ask(father, child)}/preuve/1"

    def rows() -> int:
        acts = audit.entries(child.record_id, mine=False, holder_actor_ids=(), before=None)
        return sum(one.action == Action.FAMILY_REQUEST_OPENED for one in acts)

    desk = counter.browser(app)
    desk.get(place)
    desk.get(place)
    assert rows() == 1
    clock.advance(timedelta(hours=1, minutes=1))
    counter.browser(app).get(place)
    assert rows() == 2


def test_somebody_unknown_is_answered_like_somebody_known(
    app: Flask, father: build.Citizen, child: build.Citizen
) -> None:
    known = sent(father.browser(app), child)
    other = build.citizen("Nora", "Belin", birth=BORN)
    stranger = build.Citizen(other.person_id, other.record_id, build.ins(sex="M", birth=BORN), "Jules Fontenay", BORN)
    unknown = sent(father.browser(app), stranger)
    assert (known.status, known.title) == (unknown.status, unknown.title)
    ids = {str(one.id) for one in requests.mine(father.actor)}

    def plain(page: Page) -> str:
        text = page.text
        for one in ids:
            text = text.replace(one, "")
        return text

    assert plain(known) == plain(unknown)
    assert {one.state for one in requests.mine(father.actor)} == {State.WAITING}
    assert family.bonds_of(father.person_id) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ins": "1"}, "ins"),
        ({"ins": "2 84 05 75 056 001 12"}, "ins"),
        ({"birth_date": "32/01/2018"}, "birth_date"),
        ({"birth_date": ""}, "birth_date"),
        ({"binds": "lover"}, "binds"),
        ({"binds": ""}, "binds"),
        ({"binds": "tutor"}, "binds"),
        ({"first_name": " "}, "first_name"),
        ({"birth_name": "x" * 101}, "birth_name"),
        ({"words": "x" * 501}, "words"),
    ],
)
def test_what_is_wrong_in_a_request_is_said_beside_its_field(
    app: Flask, father: build.Citizen, child: build.Citizen, wrong: dict[str, str], field: str
) -> None:
    page = sent(father.browser(app), child, **wrong)
    assert page.status == 422
    assert page.tree.xpath("//*[@id=$id and @aria-invalid]", id=field), page.text
    assert requests.mine(father.actor) == []


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00", b"<svg onload='alert(1)'/>", b"%PDF-1.4 cut", pdf("x", 21)])
def test_a_proof_that_cannot_be_taken_leaves_nothing(
    app: Flask, father: build.Citizen, child: build.Citizen, content: bytes
) -> None:
    browser = father.browser(app)
    page = browser.get("/compte/proches/demande")
    values: dict[str, Any] = {**typed(child), "proof": Upload("preuve.pdf", content, "application/pdf")}
    browser.submit(page.form("binds"), values, expect=422)
    assert requests.mine(father.actor) == []
    assert father.account_id is not None
    assert storage.current().count(father.account_id) == 0


def test_the_proof_is_sealed_and_goes_with_a_withdrawal(
    app: Flask, father: build.Citizen, child: build.Citizen
) -> None:
    made = ask(father, child)
    assert father.account_id is not None
    with db.read() as tx:
        proof_id = tx.execute(select(Request.proof_id).where(Request.id == made)).scalar()
        assert proof_id is not None
        assert proofs.named_files(tx, father.account_id) == {proof_id}
    path = storage.current().path(father.account_id, proof_id)
    assert b"%PDF" not in path.read_bytes()
    browser = father.browser(app)
    page = browser.get(f"/compte/proches/demandes/{made}")
    form = next(form for form in page.forms if form.action.endswith("/retirer"))
    page = browser.submit(form, expect=200)
    assert not path.exists()
    with pytest.raises(ConflictError):
        requests.withdraw(father.actor, made)
    with db.read() as tx:
        assert proofs.named_files(tx, father.account_id) == set()


def test_a_proof_is_destroyed_some_days_after_the_decision(
    app: Flask, father: build.Citizen, child: build.Citizen, counter: Officer, clock: FakeClock
) -> None:
    made = ask(father, child)
    request_desk.refuse(counter.actor, made, "proof", "")
    clock.advance(timedelta(days=29))
    assert request_desk.sweep() == 0
    clock.advance(timedelta(days=2))
    assert request_desk.sweep() == 1
    assert father.account_id is not None
    assert storage.current().count(father.account_id) == 0
    page = father.browser(app).get(f"/compte/proches/demandes/{made}")
    assert "Refusé" in page.text


def test_who_acts_already_contests_and_the_desk_looks_again(
    app: Flask, mother: build.Citizen, father: build.Citizen, child: build.Citizen,
    counter: Officer, privacy: Officer, clock: FakeClock,
) -> None:  # fmt: skip
    made = ask(father, child)
    request_desk.propose(counter.actor, made, "Livret de famille.")
    request_desk.confirm(privacy.actor, made, request_desk.case(privacy.actor, made).request.version)
    stranger = build.citizen("Léa", "Autre")
    with pytest.raises(NotFoundError):
        requests.contest(stranger.actor, child.record_id, made, "Non.")
    browser, place = mother.browser(app), f"/dossiers/{child.record_id}/acces/parents/liens/{made}/contester"
    page = browser.get(place)
    browser.submit(page.form("words"), {"words": " "}, expect=422)
    page = browser.submit(page.form("words"), {"words": "Il n'a plus l'autorité parentale."}, expect=200)
    clock.advance(timedelta(days=30))
    assert request_desk.make_due() == 0
    assert family.bond(father.person_id, child.record_id) is None
    assert "Il n'a plus" in counter.browser(app).get(f"/admin/demandes/{made}").text
    assert "Il n'a plus" not in father.browser(app).get(f"/compte/proches/demandes/{made}").text
    mother.browser(app).get(place, expect=404)
    request_desk.refuse(counter.actor, made, "authority", "Un jugement le dit.")
    page = father.browser(app).get(f"/compte/proches/demandes/{made}")
    assert "Un jugement le dit." in page.text
    with pytest.raises(NotFoundError):
        request_desk.case(counter.actor, made)


@pytest.mark.parametrize("change", ["ins", "first_name", "birth_name", "birth_date"])
def test_other_traits_can_only_be_refused(
    father: build.Citizen, child: build.Citizen, counter: Officer, change: str
) -> None:
    other = {
        "ins": build.ins(sex="M", birth=BORN),
        "first_name": "Paul",
        "birth_name": "Autre",
        "birth_date": BORN - timedelta(days=1),
    }
    traits = Traits(child.ins, "Fontenay", "Jules", BORN)
    wrong = Traits(**{name: other[name] if name == change else getattr(traits, name) for name in other})  # type: ignore[arg-type]
    made = requests.ask(father.actor, Ask(wrong, "parent"), PROOF.content)
    assert request_desk.case(counter.actor, made).trouble
    with pytest.raises(InvalidError):
        request_desk.propose(counter.actor, made, "Vu.")


def test_two_operators_of_the_right_roles_are_needed(
    app: Flask, father: build.Citizen, child: build.Citizen,
    counter: Officer, privacy: Officer, administrator: Officer, clock: FakeClock,
) -> None:  # fmt: skip
    made = ask(father, child)
    acts: list[Callable[[], object]] = [
        lambda: request_desk.case(administrator.actor, made),
        lambda: request_desk.propose(administrator.actor, made, "Vu."),
        lambda: request_desk.refuse(administrator.actor, made, "proof", ""),
        lambda: request_desk.confirm(administrator.actor, made, 1),
        lambda: request_desk.case(father.actor, made),
    ]
    for act in acts:
        with pytest.raises(NotFoundError):
            act()
    administrator.browser(app).get("/admin/demandes", expect=404)
    request_desk.propose(privacy.actor, made, "Vu.")
    version = request_desk.case(counter.actor, made).request.version
    with pytest.raises(ConflictError):
        request_desk.confirm(counter.actor, made, version - 1)
    with pytest.raises(ConflictError):
        request_desk.propose(counter.actor, made, "Vu aussi.")
    stale = counter.actor
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        request_desk.confirm(stale, made, version)
    request_desk.reopen(counter.actor, made)
    with pytest.raises(ConflictError):
        request_desk.confirm(privacy.actor, made, version + 1)


def test_an_asker_is_held_back(father: build.Citizen, child: build.Citizen, clock: FakeClock) -> None:
    for _ in range(requests.MAX_WAITING):
        ask(father, child)
        clock.advance(timedelta(minutes=1))
    with pytest.raises(InvalidError):
        ask(father, child)
    stale = father.actor
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        requests.ask(stale, Ask(Traits(child.ins, "Fontenay", "Jules", BORN), "parent"), PROOF.content)


def test_a_request_is_its_askers_alone(
    app: Flask, mother: build.Citizen, father: build.Citizen, child: build.Citizen
) -> None:
    made = ask(father, child)
    browser = mother.browser(app)
    browser.get(f"/compte/proches/demandes/{made}", expect=404)
    token = browser.get("/compte/proches").csrf_token
    browser.post(f"/compte/proches/demandes/{made}/retirer", {"csrf_token": token}, expect=404)
    assert requests.one(father.actor, made).state is State.WAITING
    assert "Lecomte" not in browser.get(f"/dossiers/{child.record_id}/acces/parents").text


def test_a_guardian_acts_until_the_measure_ends_and_both_are_reminded(
    app: Flask, father: build.Citizen, counter: Officer, privacy: Officer, clock: FakeClock
) -> None:
    adult = build.citizen("Odette", "Lecomte", birth=date(1941, 2, 3))
    made = ask(father, adult, "tutor")
    for until in (None, house_clock.today(), house_clock.today() - timedelta(days=1)):
        with pytest.raises(InvalidError):
            request_desk.propose(counter.actor, made, "Jugement.", until)
    last = house_clock.today() + timedelta(days=60)
    request_desk.propose(counter.actor, made, "Jugement de tutelle.", last)
    version = request_desk.case(privacy.actor, made).request.version
    assert request_desk.confirm(privacy.actor, made, version) is State.ANNOUNCED  # the holder may contest
    page = adult.browser(app).get(f"/dossiers/{adult.record_id}/acces/parents")
    assert "Mathieu Lecomte" in page.text
    clock.advance(timedelta(days=8))
    assert request_desk.make_due() == 1
    standing = father.standing(adult.record_id)
    build.document(standing, "Ordonnance de Plume")
    seen = parents.representatives_on(adult.standing())
    assert [(one.kind, one.measure, one.name) for one in seen] == [("guardian", "tutor", "Mathieu Lecomte")]
    assert "Mathieu Lecomte" in adult.browser(app).get(f"/dossiers/{adult.record_id}/historique").text
    assert guardians.remind() == 0
    clock.advance(timedelta(days=30))
    assert (guardians.remind(), guardians.remind()) == (1, 0)
    assert [mail["message"] for mail in build.mails_to(adult.email)][-1] == "link-changed"
    clock.advance(timedelta(days=17))
    assert (guardians.remind(), guardians.remind()) == (1, 0)
    clock.advance(timedelta(days=7))
    assert family.bond(father.person_id, adult.record_id) is None
    father.browser(app).get(f"/dossiers/{adult.record_id}/", expect=404)
    adult.browser(app).get(f"/dossiers/{adult.record_id}/")


def test_a_house_may_have_the_guardian_decide_alone(
    app: Flask, father: build.Citizen, machines: Machines, clock: FakeClock
) -> None:
    adult = build.citizen("Odette", "Lecomte", birth=date(1941, 2, 3))
    linking.link(adult.record_id, father.person_id, "tutor", house_clock.now() + timedelta(days=90))
    assert adult.standing().may(Permission.ACCESS_MANAGE)
    replace(machines, settings=replace(machines.settings, guardian_decides_alone=True)).bind()
    held = adult.standing()
    assert held.may(Permission.DOCUMENTS_READ)
    assert not held.may(Permission.ACCESS_MANAGE)
    assert not held.may(Permission.DOCUMENTS_ADD)
    assert father.standing(adult.record_id).may(Permission.ACCESS_MANAGE)
    clock.advance(timedelta(days=91))
    assert adult.standing().may(Permission.ACCESS_MANAGE)
