"""Signed papers at the counter: both people compared, the paper entered, both told; ended for who asks (MI-12, R17)."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace import db, settings
from espace.access import services as access
from espace.administration.services import mandates, visits
from espace.administration.services.counter import Paper
from espace.administration.services.mandates import Both
from espace.administration.services.visits import Identity, Purpose
from espace.audit import services as audit
from espace.errors import InvalidError, NotFoundError, StepUpError, ThrottledError
from espace.family.services.asking import proofs
from espace.family.services.carers import links
from espace.family.services.carers.mandates import SAME_PERSON, SignedPaper, paper_of
from espace.family.services.carers.scope import Scope
from espace.machines import Machines
from espace.permissions import Actor, Relation, Role
from espace.records import services as records
from tests.family.caring import ADD, READ, helped_and_carer, made, scope, told
from tests.support import build
from tests.support.browser_client import Upload
from tests.support.clock import FakeClock
from tests.support.office import officer
from tests.support.papers import pdf

SHOWN = Both(Paper("identity-card", "4T8Z"), Paper("passport", "K2M9"))
PAPER = SignedPaper("2026-114", None, {})


def _identity(person: build.Citizen) -> Identity:
    return Identity(person.ins, person.birth_date)


def _entered(
    actor: Actor, helped: build.Citizen, carer: build.Citizen, given: Scope, paper: SignedPaper = PAPER
) -> UUID:
    """The whole way; gives the visit."""
    visit = visits.find(actor, Purpose.MANDATE, _identity(helped))
    mandates.find_carer(actor, visit, _identity(carer))
    mandates.check_both(actor, visit, SHOWN)
    mandates.enter(actor, visit, given, paper)
    return visit


@pytest.fixture
def counter(machines: Machines) -> Actor:
    """Somebody at the counter, whose proof is fresh."""
    return officer(Role.COUNTER).actor


def test_a_paper_names_a_carer_for_somebody_without_an_account(counter: Actor) -> None:
    helped = build.citizen("Yves", "Quéméner", sex="M", birth=date(1941, 8, 19), activated=False)
    carer = build.citizen("Soazig", "Diallo")
    visit = _entered(counter, helped, carer, scope(READ, ADD, without=["psychiatry"]))
    standing = carer.standing(helped.record_id)
    assert standing.relation is Relation.CARER
    assert records.record(helped.record_id).state == records.OPEN, "the record of who never came in stays as it was"
    assert [card.record_id for card in access.my_records(carer.actor)] == [carer.record_id, helped.record_id]
    letter = mandates.letter(counter, visit)
    assert letter.startswith(b"%PDF")
    (one,) = mandates.desk(counter, visit).present
    assert one.paper
    mandates.end_help(counter, visit, one.id)
    assert access.standing(carer.actor, helped.record_id) is None


def test_both_are_told_by_every_channel_and_the_holder_ends_it_in_one_tap(counter: Actor) -> None:
    helped, carer = helped_and_carer()
    _entered(counter, helped, carer, scope(READ))
    assert told(helped.email, "carer-mandate") == told(carer.email, "carer-mandate") == 1
    (one,) = links.carers(helped.standing())
    assert one.paper
    links.end(helped.standing(), one.id)
    assert access.standing(carer.actor, helped.record_id) is None


def test_everything_stands_in_the_records_trail_and_in_the_houses(counter: Actor) -> None:
    helped, carer = helped_and_carer()
    visit = _entered(counter, helped, carer, scope(READ))
    (one,) = links.carers(helped.standing())
    mandates.end_help(counter, visit, one.id)
    acts = audit.entries(helped.record_id, mine=True, holder_actor_ids=[counter.id], before=None)
    assert [act.action.value for act in acts] == [
        "carer-ended",
        "mandate-entered",
        "identity-checked",
        "operator-found",
    ]
    papers = {thing["title"] for act in acts for thing in act.objects if thing.get("kind") == "paper"}
    assert papers == {"carte d'identité …4T8Z", "passeport …K2M9"}
    office = [act.action.value for act in audit.office_acts()]
    assert office[:2] == ["carer-ended", "mandate-entered"]
    assert carer.name not in str(audit.office_acts())


@pytest.mark.parametrize("role", [Role.PRIVACY_OFFICER, Role.ADMINISTRATOR])
def test_no_other_role_comes_near(app: Flask, machines: Machines, role: Role) -> None:
    helped, carer = helped_and_carer()
    other = officer(role)
    with pytest.raises(NotFoundError):
        visits.find(other.actor, Purpose.MANDATE, _identity(helped))
    visit = _entered(officer(Role.COUNTER).actor, helped, carer, scope(READ))
    browser = other.browser(app)
    for place in ("", f"/{visit}", f"/{visit}/papier"):
        browser.get(f"/admin/mandats{place}", expect=None if role is Role.ADMINISTRATOR else 404)
    with pytest.raises(NotFoundError):
        mandates.desk(other.actor, visit)


def test_a_visit_is_one_operators_one_purposes_and_short(counter: Actor, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    visit = visits.find(counter, Purpose.MANDATE, _identity(helped))
    other = officer(Role.COUNTER, "Pia Kern").actor
    for act in (
        lambda: mandates.desk(other, visit),
        lambda: mandates.find_carer(other, visit, _identity(carer)),
        lambda: visits.visit(counter, Purpose.COUNTER, visit),
    ):
        with pytest.raises(NotFoundError):
            act()
    clock.advance(timedelta(minutes=21))
    with pytest.raises(NotFoundError):
        mandates.desk(counter, visit)


def test_steps_cannot_be_left_out(counter: Actor) -> None:
    helped, carer = helped_and_carer()
    visit = visits.find(counter, Purpose.MANDATE, _identity(helped))
    for act in (
        lambda: mandates.check_both(counter, visit, SHOWN),
        lambda: mandates.enter(counter, visit, scope(READ), PAPER),
        lambda: mandates.letter(counter, visit),
    ):
        with pytest.raises(NotFoundError):
            act()
    mandates.find_carer(counter, visit, _identity(carer))
    with pytest.raises(NotFoundError):
        mandates.enter(counter, visit, scope(READ), PAPER)
    with pytest.raises(InvalidError):
        mandates.check_both(counter, visit, Both(Paper("identity-card", "4T8Z"), Paper("passport", "")))
    mandates.check_both(counter, visit, SHOWN)
    mandates.enter(counter, visit, scope(READ), PAPER)
    with pytest.raises(NotFoundError):
        mandates.enter(counter, visit, scope(READ, ADD), PAPER)


def test_entering_needs_a_fresh_proof_and_ending_none(counter: Actor, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    visit = visits.find(counter, Purpose.MANDATE, _identity(helped))
    mandates.find_carer(counter, visit, _identity(carer))
    mandates.check_both(counter, visit, SHOWN)
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        mandates.enter(counter, visit, scope(READ), PAPER)
    one = made(helped.standing(), carer, scope(READ))
    mandates.end_help(counter, visit, one.id)
    assert links.carers(helped.standing())[0].is_over


def test_who_cannot_be_a_carer_is_said(counter: Actor) -> None:
    helped, carer = helped_and_carer()
    visit = visits.find(counter, Purpose.MANDATE, _identity(helped))
    without_space = build.citizen("Ondine", "Perrot", activated=False)
    for person in (helped, without_space):
        with pytest.raises(InvalidError):
            mandates.find_carer(counter, visit, _identity(person))
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=(helped,), activated=False)
    young = visits.find(counter, Purpose.MANDATE, _identity(child))
    with pytest.raises(NotFoundError):
        mandates.find_carer(counter, young, _identity(carer))


def test_an_operator_enters_nothing_about_themself(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    namesake = officer(Role.COUNTER, carer.name).actor
    visit = visits.find(namesake, Purpose.MANDATE, _identity(helped))
    with pytest.raises(InvalidError):
        mandates.find_carer(namesake, visit, _identity(carer))
    own = visits.find(namesake, Purpose.MANDATE, _identity(carer))
    with pytest.raises(InvalidError):
        mandates.find_carer(namesake, own, _identity(helped))


def test_the_same_person_again_and_again_needs_another_operator(counter: Actor, clock: FakeClock) -> None:
    carer = build.citizen("Soazig", "Diallo")
    people = [build.citizen("Yves", f"Nom{chr(65 + n)}", sex="M") for n in range(SAME_PERSON + 1)]
    for helped in people[:SAME_PERSON]:
        _entered(counter, helped, carer, scope(READ))
    with pytest.raises(InvalidError):
        _entered(counter, people[-1], carer, scope(READ))
    assert access.standing(carer.actor, people[-1].record_id) is None
    _entered(officer(Role.COUNTER, "Pia Kern").actor, people[-1], carer, scope(READ))


def test_a_day_has_its_limit_and_the_privacy_officer_hears_of_it(counter: Actor, machines: Machines) -> None:
    privacy = officer(Role.PRIVACY_OFFICER)
    settings.bind(replace(machines.settings, mandates_per_day=2))
    for _ in range(2):
        _entered(counter, *helped_and_carer(), scope(READ))
    assert told(privacy.email, "mandate-limit") == 1
    assert mandates.papers_left(counter) == 0
    helped, carer = helped_and_carer()
    with pytest.raises(InvalidError):
        _entered(counter, helped, carer, scope(READ))


def test_misses_are_counted_and_slowed(counter: Actor) -> None:
    helped, _ = helped_and_carer()
    visit = visits.find(counter, Purpose.MANDATE, _identity(helped))
    wrong = Identity(build.ins(), date(1979, 5, 7))
    for _ in range(settings.current().search_misses_per_hour):
        with pytest.raises(InvalidError):
            mandates.find_carer(counter, visit, wrong)
    with pytest.raises(ThrottledError):
        mandates.find_carer(counter, visit, wrong)


def test_the_desk_is_walked_from_search_to_letter(app: Flask, machines: Machines) -> None:
    helped = build.citizen("Yves", "Quéméner", sex="M", birth=date(1941, 8, 19), activated=False)
    carer = build.citizen("Soazig", "Diallo")
    browser = officer(Role.COUNTER).browser(app)
    found = browser.submit(
        browser.get("/admin/mandats").form("ins", "birth_date"), {"ins": helped.ins, "birth_date": "19/08/1941"}
    )
    born = f"{carer.birth_date:%d/%m/%Y}"
    both = browser.submit(found.form("ins", "birth_date"), {"ins": carer.ins, "birth_date": born})
    shown = {"own_kind": "identity-card", "own_end": "4T8Z", "carer_kind": "passport", "carer_end": "K2M9"}
    paper = browser.submit(both.form("carer_kind"), {**shown, "face": "y", "traits": "y"})
    wrong = browser.submit(paper.form("reference"), {"tasks": ["read-documents"], "last_day": "2027-03-01"}, expect=422)
    assert "référence" in wrong.text
    scan = Upload("mandat.pdf", pdf("Mandat"), "application/pdf")
    values: dict[str, str | list[str] | Upload | None] = {
        "tasks": ["read-documents"],
        "last_day": "2027-03-01",
        "reference": "2026-114",
        "proof": scan,
    }
    done = browser.submit(paper.form("reference"), values)
    assert "peut agir dès maintenant" in done.text
    letter = browser.submit(next(form for form in done.forms if form.action.endswith("/courrier")))
    assert letter.body.startswith(b"%PDF")
    assert carer.standing(helped.record_id).relation is Relation.CARER
    ended = browser.submit(next(form for form in done.forms if "/aidants/" in form.action))
    assert "ne voit plus rien" in ended.text


def test_the_signed_paper_is_kept_sealed_and_looked_at_by_the_persons_people_only(
    app: Flask, machines: Machines
) -> None:
    helped, carer = helped_and_carer()
    actor = officer(Role.COUNTER).actor
    _entered(actor, helped, carer, scope(READ), replace(PAPER, scan=proofs.judge(pdf("Mandat de Yves"))))
    (one,) = links.carers(helped.standing())
    place = f"/dossiers/{helped.record_id}/acces/aidants/{one.id}"
    page = helped.browser(app).get(place)
    assert "2026-114" in page.text
    assert f"{place}/papier/1" in page.response.get_data(as_text=True)
    kept = paper_of(helped.standing(), one.id)
    assert kept is not None
    assert (kept.pages, kept.file_id is None) == (1, False)
    stored = [path.read_bytes() for path in machines.settings.data_dir.rglob("*") if path.is_file()]
    assert stored
    assert not any(b"Mandat de Yves" in content for content in stored)
    drawn = helped.browser(app).get(f"{place}/papier/1")
    assert drawn.headers["Content-Type"] == "image/webp"
    assert drawn.headers["Cache-Control"] == "no-store"
    helped.browser(app).get(f"{place}/papier/2", expect=404)
    carer.browser(app).get(f"{place}/papier/1", expect=404)
    with db.read() as tx:
        assert kept.file_id in proofs.named_files(tx, helped.record_id), "no orphan to be swept"
