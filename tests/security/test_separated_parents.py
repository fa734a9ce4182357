"""Separated parents: equal rights and one log; places kept; a decision that stops one, on every way out (R14-R16)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from flask import Flask

from espace import outbox
from espace.access import services as access
from espace.access.policy import Window
from espace.access.services.passing import codes
from espace.access.services.passing import counter as at_counter
from espace.accounts.services.assistance import Helper
from espace.administration.services import restrictions
from espace.administration.services.visits import Identity
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError, ThrottledError
from espace.family import services as family
from espace.family.services import freezing, parents
from espace.family.services.asking import inviting, proofs, requests
from espace.family.services.orders import Order
from espace.permissions import Role
from tests.house.test_routes import addresses
from tests.support import build, office
from tests.support.browser_client import Browser, Upload
from tests.support.clock import FakeClock
from tests.support.crawl import places
from tests.support.office import Officer
from tests.support.papers import pdf

BORN = date(2018, 3, 4)
SCAN = pdf("Ordonnance du juge")
TOWN, PLACE = "Canariville", "Cabinet du Canari"


class Family:
    """Two parents who live apart, and their child; `mother` fears that her address becomes known."""

    def __init__(self) -> None:
        self.mother = build.citizen("Claire", "Fontenay")
        self.father = build.citizen("Mathieu", "Lecomte", sex="M", birth=date(1982, 6, 7))
        both = [self.mother, self.father]
        self.child = build.citizen("Jules", "Lecomte", sex="M", birth=BORN, parents=both, activated=False)

    @property
    def base(self) -> str:
        """Where the child's pages are."""
        return f"/dossiers/{self.child.record_id}"


@pytest.fixture
def home(app: object) -> Family:
    """The family."""
    return Family()


@pytest.fixture
def counter(app: object) -> Officer:
    """Who enters a decision."""
    return office.officer(Role.COUNTER)


@pytest.fixture
def privacy(app: object) -> Officer:
    """Who confirms it."""
    return office.officer(Role.PRIVACY_OFFICER)


def order(**given: object) -> Order:
    """A decision."""
    return Order(**({"reference": "RG 26/01234", "made_on": date(2026, 11, 2), "words": ""} | given))  # type: ignore[arg-type]


def limit(home: Family, by: Officer, **given: object) -> UUID:
    """Enter a decision about the father."""
    proof = proofs.judge(SCAN)
    return freezing.enter(by.actor, home.child.record_id, home.father.person_id, order(**given), proof)


def confirmed(home: Family, counter: Officer, privacy: Officer, **given: object) -> UUID:
    """Enter and confirm one."""
    made = limit(home, counter, **given)
    version = freezing.limit(privacy.actor, home.child.record_id, made).version
    freezing.confirm(privacy.actor, home.child.record_id, made, version)
    return made


def visited(home: Family) -> None:
    """Care near the mother's home, whose place stands wherever a place may stand."""
    doctor = build.caregiver("Canaris", "Paule", structure=PLACE)
    access.ensure_matrix()
    access.note_encounter(doctor.actor, home.child.record_id)
    asking = doctor.standing(home.child.record_id)
    assert asking is not None
    access.ask(asking, "Suivi")
    mother = home.mother.standing(home.child.record_id)
    access.give(mother, doctor.id, days=access.durations()[-1], place_id=doctor.facts.structures[0].id)
    reading = doctor.standing(home.child.record_id)
    assert reading is not None
    build.document(mother, "Certificat")
    documents.page(reading)
    build.care_line(home.child, professional="Dre Paule Canaris", place=f"Pharmacie de {TOWN}")


def everything(browser: Browser, home: Family, *starts: str, limit: int = 150) -> Iterator[str]:
    """Every page that links lead to from the child's home and from the account; other tests see that none is broken."""
    waiting = list(starts) or [f"{home.base}/", "/compte/proches", "/compte/activite"]
    known = set(waiting)
    while waiting and len(known) < limit:
        page = browser.get(waiting.pop(0), expect=None)
        yield f"{page.path}\n{page.body.decode('utf-8', 'ignore')}\n{page.text if page.is_html else ''}"
        found = [one for one in places(page) if one not in known] if page.is_html else []
        known.update(found)
        waiting += found


def test_both_parents_see_the_same_people_and_each_others_acts(app: Flask, home: Family) -> None:
    build.document(home.mother.standing(home.child.record_id), "Certificat de l'école")
    page = home.father.browser(app).get(f"{home.base}/acces/parents")
    assert "Claire Fontenay" in page.text
    for contact in (home.mother.email, home.mother.ins):
        assert contact not in page.body.decode()
    assert "Claire Fontenay" in home.father.browser(app).get(f"{home.base}/historique").text
    names = {one.name for one in parents.representatives_on(home.mother.standing(home.child.record_id))}
    assert names == {"Claire Fontenay", "Mathieu Lecomte"}


def test_contact_data_and_the_place_of_the_other_home_stand_nowhere(app: Flask, home: Family) -> None:
    visited(home)
    open_to_all = "\n".join(everything(home.father.browser(app), home))
    assert TOWN in open_to_all, "the canary would prove nothing"
    assert PLACE in open_to_all
    assert home.mother.email not in open_to_all
    parents.choose_two_homes(home.mother.standing(home.child.record_id), on=True)
    assert parents.has_two_homes(home.mother.standing(home.child.record_id))
    for page in everything(home.father.browser(app), home):
        for secret in (TOWN, PLACE, home.mother.email):
            assert secret not in page, page.partition("\n")[0]
    as_others = f"{home.base}/voir-comme/"
    for page in everything(home.father.browser(app), home, as_others, limit=60):
        assert TOWN not in page, page.partition("\n")[0]
    assert TOWN in "\n".join(everything(home.mother.browser(app), home))
    found = documents.care_history.search(home.father.standing(home.child.record_id), TOWN, {})
    assert found.visits == ()
    assert TOWN not in str(build.mails_to(home.father.email))
    parents.choose_two_homes(home.mother.standing(home.child.record_id), on=False)
    assert TOWN in "\n".join(everything(home.father.browser(app), home))


def test_where_who_helps_a_parent_works_is_a_place_too(app: Flask, home: Family) -> None:
    """A desk near home tells where somebody lives as a pharmacy does (R15)."""
    mother = home.mother.standing(home.child.record_id)
    helper = Helper("Samira", "Haddad", f"France services {TOWN}").display_name
    helped = replace(mother, actor=replace(mother.actor, helper=helper))
    doctor = build.caregiver("Morin", "Luc")
    access.ensure_matrix()
    access.give(helped, doctor.id, days=access.durations()[-1])
    build.document(helped, "Certificat")
    assert [TOWN in told for told in _met(app, home.father, home)] == [True, True]
    parents.choose_two_homes(mother, on=True)
    for told in _met(app, home.father, home):
        assert TOWN not in told
        assert "Samira Haddad" in told
    assert [TOWN in told for told in _met(app, home.mother, home)] == [True, True]


def _met(app: Flask, who: build.Citizen, home: Family) -> tuple[str, str]:
    """Everything on the pages, and the history that is taken away."""
    place = f"{home.base}/historique/exporter"
    browser = who.browser(app)
    taken = browser.post(place, {"csrf_token": browser.get(place).csrf_token, "form": "csv"})
    with ZipFile(BytesIO(taken.body)) as archive:
        table = archive.read(archive.namelist()[0]).decode()
    return "\n".join(everything(browser, home)), table


def test_two_homes_is_ones_own_choice(app: Flask, home: Family) -> None:
    browser = home.mother.browser(app)
    page = browser.get(f"{home.base}/acces/parents")
    form = next(form for form in page.forms if form.action.endswith("/foyers"))
    browser.submit(form, expect=200)
    assert family.places_are_kept(home.child.record_id, home.father.person_id)
    assert not family.places_are_kept(home.child.record_id, home.mother.person_id)
    trail = audit.entries(home.child.record_id, mine=False, holder_actor_ids=(), before=None)
    assert Action.TWO_HOMES_ON not in {one.action for one in trail}
    assert not parents.has_two_homes(home.father.standing(home.child.record_id))
    stranger = build.citizen("Léa", "Autre")
    with pytest.raises(NotFoundError):
        parents.choose_two_homes(stranger.standing(), on=True)


def test_who_keeps_places_is_told_what_files_still_show_and_nobody_else_is(app: Flask, home: Family) -> None:
    """A letterhead is not erased: its parent is told so beside each document, and where they add one (R15)."""
    standing = home.mother.standing(home.child.record_id)
    document = build.document(standing, "Certificat")
    place = f"{home.base}/documents/{document}"
    said = "L'autre parent peut ouvrir ce fichier tel quel."
    assert said not in home.mother.browser(app).get(place).text
    parents.choose_two_homes(standing, on=True)
    assert said in home.mother.browser(app).get(place).text
    father = home.father.browser(app)
    assert said not in father.get(place).text
    sharing = home.mother.browser(app).get(f"{home.base}/acces/parents").text
    assert "Un annuaire public dit où chacun exerce." in sharing
    for eyes in (home.father, home.mother):  # nor is it seen through the other's eyes
        looker = home.mother if eyes is home.father else home.father
        page = looker.browser(app).get(f"{home.base}/voir-comme/{eyes.person_id}/documents/{document}", expect=None)
        assert said not in page.text


def test_an_urgent_decision_closes_every_page_at_once_and_says_nothing(
    app: Flask, home: Family, counter: Officer, privacy: Officer, clock: FakeClock
) -> None:
    father = home.father.browser(app)
    father.get(f"{home.base}/documents")
    made = limit(home, counter, urgent=True)
    father.get(f"{home.base}/documents", expect=404)
    father.fragment(f"{home.base}/documents", "documents-more", expect=404)
    page = father.get("/compte/proches")
    assert "Jules Lecomte" in page.text
    assert "Non disponible" in page.text
    for word in ("décision", "juge", "RG 26", "limit", "suspend"):
        assert word not in page.text.lower().replace("rg 26", "RG 26")
    mother = home.mother.browser(app)
    for place in (f"{home.base}/historique", f"{home.base}/acces", "/compte/proches", "/compte/activite"):
        text = mother.get(place).text
        assert "décision qui" not in text
        assert "décision limite" not in text
        assert "RG 26" not in text
    assert build.mails_to(home.father.email)[-1]["message"] not in ("link-changed", "record-state")
    assert "link-changed" not in [one["message"] for one in build.mails_to(home.mother.email)]
    clock.advance(timedelta(days=3, minutes=1))
    assert (freezing.lapse(), freezing.lapse()) == (1, 0)
    home.father.browser(app).get(f"{home.base}/documents")
    with pytest.raises(ConflictError):
        freezing.confirm(privacy.actor, home.child.record_id, made, 2)


def test_two_operators_are_needed_to_stop_and_to_let_again(
    app: Flask, home: Family, counter: Officer, privacy: Officer, clock: FakeClock
) -> None:
    made = limit(home, counter)
    home.father.browser(app).get(f"{home.base}/documents")  # not urgent: no effect before the second person
    found = freezing.limit(counter.actor, home.child.record_id, made)
    with pytest.raises(InvalidError):
        freezing.confirm(counter.actor, home.child.record_id, made, found.version)
    with pytest.raises(ConflictError):
        freezing.confirm(privacy.actor, home.child.record_id, made, found.version + 1)
    administrator = office.officer(Role.ADMINISTRATOR)
    for actor in (administrator.actor, home.mother.actor):
        with pytest.raises(NotFoundError):
            freezing.confirm(actor, home.child.record_id, made, found.version)
        with pytest.raises(NotFoundError):
            freezing.page(actor)
    assert freezing.confirm(privacy.actor, home.child.record_id, made, found.version) == freezing.CONFIRMED
    home.father.browser(app).get(f"{home.base}/documents", expect=404)
    clock.advance(timedelta(days=40))
    assert freezing.lapse() == 0
    freezing.ask_lift(privacy.actor, home.child.record_id, made, "Nouvelle décision RG 27/1.")
    lifting = freezing.limit(counter.actor, home.child.record_id, made)
    with pytest.raises(InvalidError):
        freezing.confirm(privacy.actor, home.child.record_id, made, lifting.version)
    stale = counter.actor
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        freezing.confirm(stale, home.child.record_id, made, lifting.version)
    home.father.browser(app).get(f"{home.base}/documents", expect=404)
    freezing.confirm(counter.actor, home.child.record_id, made, lifting.version)
    home.father.browser(app).get(f"{home.base}/documents")
    text = home.father.browser(app).get(f"{home.base}/historique").text
    assert "décision" not in text
    assert "Korber" not in text


def test_every_address_of_the_record_is_shut_to_a_frozen_parent(
    app: Flask, home: Family, counter: Officer, privacy: Officer
) -> None:
    document_id = build.document(home.father.standing(home.child.record_id), "Certificat")
    confirmed(home, counter, privacy)
    ids = {"record_id": home.child.record_id, "document_id": document_id}
    father, stranger = home.father.browser(app), build.citizen("Léa", "Autre").browser(app)
    token = father.get("/compte/proches").csrf_token
    other = stranger.get("/compte/proches").csrf_token
    tried = 0
    for method in ("GET", "POST"):
        for rule, place in addresses(app, method=method, ids=ids):
            if not rule.rule.startswith("/dossiers/<uuid:record_id>"):
                continue
            tried += 1
            mine = father.send(method, place, data={"csrf_token": token} if method == "POST" else None, follow=False)
            theirs = stranger.send(
                method, place, data={"csrf_token": other} if method == "POST" else None, follow=False
            )
            assert (mine.status, mine.headers.get("Location")) == (theirs.status, theirs.headers.get("Location")), place
            assert mine.status in (404, 405), place
    print(f"{tried} addresses of the record tried as a frozen parent")
    assert tried > 60


def test_a_narrowed_parent_reads_what_came_before_and_nothing_else(
    app: Flask, home: Family, counter: Officer, privacy: Officer, clock: FakeClock
) -> None:
    mother = home.mother.standing(home.child.record_id)
    build.document(mother, "Certificat d'avant")
    clock.advance(timedelta(days=2))
    limit_day = clock().date() - timedelta(days=1)
    confirmed(home, counter, privacy, made_on=limit_day, sees_before=limit_day)
    build.document(home.mother.standing(home.child.record_id), "Certificat d'après")
    father = home.father.browser(app)
    text = father.get(f"{home.base}/documents").text
    assert "Certificat d'avant" in text
    assert "d'après" not in "\n".join(everything(home.father.browser(app), home))
    for place in ("/acces", "/acces/parents", "/historique", "/documents/ajouter"):
        father.get(f"{home.base}{place}", expect=404)
    page = father.get("/compte/proches")
    assert "Une partie de ce profil n'est pas disponible" in page.text


def test_what_a_frozen_parent_had_given_away_stops(
    app: Flask, home: Family, counter: Officer, privacy: Officer, clock: FakeClock
) -> None:
    standing = home.father.standing(home.child.record_id)
    inviting.invite(standing, "tante@exemple.test")
    code = build.mails_to("tante@exemple.test")[-1]["values"]["code"]
    doctor = build.caregiver()
    access.ensure_matrix()
    digits = codes.code(standing, codes.make(standing, Window.READ, codes.MINUTES[-1])).digits
    at_counter.use(doctor.actor, digits, BORN)
    codes.make(standing, Window.READ, codes.MINUTES[0])
    made = confirmed(home, counter, privacy)
    while outbox.work(limit=20):
        pass
    aunt = build.citizen("Ida", "Lecomte", birth=date(1980, 1, 2))
    with pytest.raises(InvalidError):
        inviting.answer(aunt.actor, code, "parent", SCAN)
    mother = home.mother.standing(home.child.record_id)
    assert [one.state.value for one in codes.codes(mother)] == ["over", "closed"]
    assert inviting.invitations(mother) == []
    freezing.ask_lift(privacy.actor, home.child.record_id, made, "Levée.")
    version = freezing.limit(counter.actor, home.child.record_id, made).version
    freezing.confirm(counter.actor, home.child.record_id, made, version)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(InvalidError):  # it does not come back with the rights
        inviting.answer(aunt.actor, code, "parent", SCAN)
    assert doctor.standing(home.child.record_id) is None


def test_a_frozen_parent_is_told_nothing_more_of_the_child(
    app: Flask, home: Family, counter: Officer, privacy: Officer
) -> None:
    confirmed(home, counter, privacy)
    before = len(build.mails_to(home.father.email))
    doctor = build.caregiver()
    build.consent(home.child, doctor)
    build.document(home.mother.standing(home.child.record_id), "Certificat")
    while outbox.work(limit=20):
        pass
    assert len(build.mails_to(home.father.email)) == before


def test_the_others_are_told_only_where_the_decision_says_so(
    app: Flask, home: Family, counter: Officer, privacy: Officer
) -> None:
    confirmed(home, counter, privacy, tells=True)
    mother = home.mother.browser(app)
    assert "Limité par une décision" in mother.get(f"{home.base}/acces/parents").text
    assert [one["message"] for one in build.mails_to(home.mother.email)][-1] == "link-changed"
    assert "RG 26" not in mother.get(f"{home.base}/historique").text
    assert "décision" in mother.get("/compte/activite").text


def test_looking_as_a_parent_tells_of_a_limit_only_where_the_decision_does(
    app: Flask, home: Family, counter: Officer, privacy: Officer
) -> None:
    mother = home.mother.browser(app)
    place = f"{home.base}/voir-comme/{home.father.person_id}/documents"
    before = mother.get(place).text
    made = confirmed(home, counter, privacy)
    assert mother.get(place).text == before
    freezing.ask_lift(privacy.actor, home.child.record_id, made, "Levée.")
    version = freezing.limit(counter.actor, home.child.record_id, made).version
    freezing.confirm(counter.actor, home.child.record_id, made, version)
    confirmed(home, counter, privacy, tells=True)
    mother.get(place, expect=303, follow=False)


def test_a_parent_sends_a_decision_that_the_other_never_hears_of(
    app: Flask, home: Family, counter: Officer, privacy: Officer
) -> None:
    mother = home.mother.browser(app)
    page = mother.get(f"{home.base}/acces/parents")
    place = page.link("Envoyer une décision de justice")
    page = mother.get(place)
    proof = Upload("decision.pdf", SCAN, "application/pdf")
    mother.submit(page.form("words"), {"words": "", "proof": proof}, expect=422)
    page = mother.submit(page.form("words"), {"words": "Droit de visite suspendu.", "proof": proof}, expect=200)
    [asked] = requests.mine(home.mother.actor)
    for place in (f"{home.base}/historique", f"{home.base}/acces/parents", "/compte/proches", "/compte/activite"):
        assert "décision de justice envoyée" not in home.father.browser(app).get(place).text.lower()
        assert "Décisions que vous avez envoyées" not in home.father.browser(app).get(place).text
    desk = counter.browser(app)
    page = desk.get(f"/admin/demandes/{asked.id}")
    assert "Droit de visite suspendu." in page.text
    page = desk.get(f"/admin/restrictions/saisir?demande={asked.id}")
    values = {"reference": "RG 26/77", "made_on": "2026-11-03", "effect": "freeze", "urgent": "y"}
    page = desk.submit(page.form("reference"), values, expect=200)
    home.father.browser(app).get(f"{home.base}/", expect=404)
    assert requests.one(home.mother.actor, asked.id).state.value == "accepted"
    trail = audit.entries(home.child.record_id, mine=False, holder_actor_ids=(), before=None, limit=100)
    told = {one.action for one in trail}
    assert not [one for one in told if one.startswith(("restriction", "family-request"))]
    house = {one.action for one in audit.office_acts(limit=100)}
    assert {Action.RESTRICTION_ENTERED, Action.FAMILY_REQUEST_OPENED} <= house


def test_a_decision_is_entered_at_the_desk_by_exact_identities(
    app: Flask, home: Family, counter: Officer, privacy: Officer
) -> None:
    desk = counter.browser(app)
    page = desk.get("/admin/restrictions/saisir")
    values: dict[str, Any] = {
        "ins": home.child.ins, "birth_date": f"{BORN:%d/%m/%Y}", "other_ins": home.father.ins,
        "other_birth_date": f"{home.father.birth_date:%d/%m/%Y}", "reference": "RG 26/88", "made_on": "2026-11-03",
        "effect": "narrow", "sees_before": "2026-10-01", "proof": Upload("o.pdf", SCAN, "application/pdf"),
    }  # fmt: skip
    wrongs: list[dict[str, Any]] = [
        {"other_ins": home.mother.ins}, {"sees_before": ""}, {"sees_before": "2099-01-01"}, {"reference": " "},
        {"made_on": "2099-01-01"}, {"effect": ""}, {"proof": Upload("o.txt", b"x", "text/plain")},
    ]  # fmt: skip
    for wrong in wrongs:
        desk.submit(page.form("reference"), {**values, **wrong}, expect=422)
    page = desk.get("/admin/restrictions/saisir")
    page = desk.submit(page.form("reference"), {**values, "reference": "RG 26/89"}, expect=200)
    place = page.path
    assert "Mathieu Lecomte" in page.text
    assert desk.get(f"{place}/preuve/1").headers["Content-Type"] == "image/webp"
    desk.get(f"{place}/confirmer", follow=False, expect=303)
    other = privacy.browser(app)
    page = other.get(f"{place}/confirmer")
    form = next(form for form in page.forms if form.action == f"{place}/confirmer")
    other.submit(form, expect=200)
    listed = other.get("/admin/restrictions").text
    assert "RG 26/89" in listed
    assert "Lecomte" not in listed
    nobody = Identity(build.ins(), date(1990, 1, 1))
    with pytest.raises(InvalidError):
        restrictions.enter(counter.actor, nobody, nobody, order(), SCAN)


def test_the_second_parent_is_invited_and_proves_who_they_are(app: Flask, clock: FakeClock) -> None:
    mother, father = build.citizen("Claire", "Fontenay"), build.citizen("Mathieu", "Lecomte", sex="M")
    child = build.citizen("Jules", "Lecomte", sex="M", birth=BORN, parents=[mother], activated=False)
    browser, base = mother.browser(app), f"/dossiers/{child.record_id}/acces/parents"
    page = browser.get(f"{base}/inviter")
    browser.submit(page.form("email"), {"email": "pas une adresse"}, expect=422)
    known = browser.submit(page.form("email"), {"email": father.email}, expect=200)
    unknown = browser.submit(page.form("email"), {"email": "inconnu@exemple.test"}, expect=200)
    assert (known.status, known.title) == (unknown.status, unknown.title)
    [mail] = [one for one in build.mails_to(father.email) if one["message"] == "parent-invitation"]
    assert set(mail["values"]) == {"code"}
    answering = father.browser(app)
    page = answering.get("/compte/proches/invitation")
    proof = Upload("livret.pdf", SCAN, "application/pdf")
    for typed in ("ABCDEFGHJKLM", "", "x" * 400):
        answering.submit(page.form("code"), {"code": typed, "binds": "parent", "proof": proof}, expect=422)
    clock.advance(timedelta(minutes=1))
    page = answering.submit(
        page.form("code"), {"code": mail["values"]["code"].lower(), "binds": "parent", "proof": proof}, expect=200
    )
    assert "Jules Lecomte" in page.text
    assert family.bond(father.person_id, child.record_id) is None
    clock.advance(timedelta(minutes=1))
    with pytest.raises((InvalidError, ThrottledError)):
        inviting.answer(father.actor, mail["values"]["code"], "parent", SCAN)
    [left] = inviting.invitations(mother.standing(child.record_id))
    form = next(form for form in browser.get(base).forms if str(left.id) in form.action)
    browser.submit(form, expect=200)
    assert inviting.invitations(mother.standing(child.record_id)) == []
