"""The secret connection: for minors old enough, marked all along, only for what parents do not see (MI-6 to MI-8)."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from uuid import UUID

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.accounts.services import sessions
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.errors import InvalidError, NotFoundError
from espace.machines import Machines
from espace.permissions import Actor, Permission
from espace.professional.services import secrecy
from espace.professional.services.search import PatientSearch, find_patient
from tests.support import build
from tests.support.browser_client import Browser, Page, Upload
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite
from tests.support.papers import pdf

TODAY = date(2026, 11, 23)


def born(age: int) -> date:
    """Somebody who is so old today."""
    return date(TODAY.year - age, 6, 1)


@pytest.fixture
def mother(machines: Machines) -> build.Citizen:
    access.ensure_matrix()
    return build.citizen("Claire")


@pytest.fixture
def teen(mother: build.Citizen) -> build.Citizen:
    return build.citizen("Léa", birth=born(14), parents=(mother,), activated=False)


@pytest.fixture
def doctor(machines: Machines) -> build.Caregiver:
    return build.caregiver()


def search(browser: Browser, whom: build.Citizen, *, secret: bool) -> Page:
    """Open a record by its number, in secret connection or not."""
    form = browser.get("/pro/patients").forms[-1]
    given = {"ins": whom.ins, "birth_date": whom.birth_date.strftime("%d/%m/%Y")}
    return browser.submit(form, given | ({"secret": "y"} if secret else {}))


@pytest.mark.parametrize("age", [5, 11, 12, 15, 17, 18, 40])
def test_it_is_offered_from_twelve_to_majority(doctor: build.Caregiver, mother: build.Citizen, age: int) -> None:
    child = build.citizen("Léa", birth=born(age), parents=(mother,) if age < 18 else (), activated=age >= 18)
    access.note_encounter(doctor.actor, child.record_id)
    standing = doctor.standing(child.record_id)
    assert standing is not None
    is_offered = 12 <= age < 18
    assert secrecy.is_offered(standing) is is_offered
    wanted = PatientSearch(ins=child.ins, birth_date=child.birth_date, secret=True)
    if is_offered:
        assert find_patient(doctor.actor, wanted) == child.record_id
        return
    with pytest.raises(NotFoundError):
        secrecy.begin(standing)
    with pytest.raises(InvalidError) as refused:
        find_patient(doctor.actor, wanted)
    assert set(refused.value.problems) == {"secret"}


def test_a_refused_search_looks_nobody_up(doctor: build.Caregiver, mother: build.Citizen) -> None:
    absent = PatientSearch(ins=build.ins(birth=born(40)), birth_date=born(40), secret=True)
    present = PatientSearch(ins=mother.ins, birth_date=mother.birth_date, secret=True)
    said = []
    for one in (absent, present):
        with pytest.raises(InvalidError) as refused:
            find_patient(doctor.actor, one)
        said.append(dict(refused.value.problems))
    assert said[0] == said[1]


def test_from_the_search_to_the_end_every_row_is_marked(
    app: Flask, doctor: build.Caregiver, teen: build.Citizen, mother: build.Citizen
) -> None:
    browser = doctor.browser(app)
    page = search(browser, teen, secret=True)
    assert page.status == 200
    assert "Les parents n'apprennent rien de cette visite." in page.text
    page = browser.get(f"/pro/patients/{teen.record_id}/deposer")
    assert "Connexion secrète" in page.text
    rows = audit.entries(teen.record_id, mine=False, holder_actor_ids=[], before=None)
    acts = {row.action: row.is_secret for row in rows if row.actor_id == doctor.id}
    assert acts == {Action.PATIENT_FOUND: True, Action.PATIENT_PAGE_OPENED: True}
    mothers = mother.browser(app)
    for place in ("", "historique", "acces"):
        assert "Morvan" not in mothers.get(f"/dossiers/{teen.record_id}/{place}").text


def test_leaving_is_explicit_and_leads_out_of_the_record(
    app: Flask, doctor: build.Caregiver, teen: build.Citizen, mother: build.Citizen
) -> None:
    browser = doctor.browser(app)
    page = search(browser, teen, secret=True)
    left = browser.submit(next(form for form in page.forms if form.action.endswith("/connexion-secrete/fin")))
    assert left.path == "/pro/"
    assert "Vous avez quitté la connexion secrète" in left.text
    rows = audit.entries(teen.record_id, mine=False, holder_actor_ids=[], before=None)
    assert [row.is_secret for row in rows if row.actor_id == doctor.id] == [True] * 3
    page = browser.get(f"/pro/patients/{teen.record_id}/")
    assert "Les parents n'apprennent rien" not in page.text
    assert "Morvan" in mother.browser(app).get(f"/dossiers/{teen.record_id}/historique").text


def test_another_session_of_the_same_professional_is_not_secret(
    app: Flask, doctor: build.Caregiver, teen: build.Citizen
) -> None:
    search(doctor.browser(app), teen, secret=True)
    assert "Les parents n'apprennent rien" not in doctor.browser(app).get(f"/pro/patients/{teen.record_id}/").text


def test_going_on_secretly_from_the_patient_s_page(app: Flask, doctor: build.Caregiver, teen: build.Citizen) -> None:
    browser = doctor.browser(app)
    page = search(browser, teen, secret=False)
    page = browser.get(page.links["Continuer en connexion secrète"])
    assert "Ce que vous avez déjà fait dans ce dossier reste écrit" in page.text
    page = browser.submit(next(form for form in page.forms if form.action.endswith("/connexion-secrete")))
    assert "Les parents n'apprennent rien de cette visite." in page.text
    # Nobody is asked now, as the parents would be told: the page says what is left, and leads there.
    assert "Demander à lire le dossier" not in page.links
    assert page.links["Taper un code de comptoir"] == "/pro/patients/code"
    assert browser.get(f"/pro/patients/{teen.record_id}/connexion-secrete").path.endswith(f"{teen.record_id}/")


def test_it_neither_asks_nor_announces(doctor: build.Caregiver, teen: build.Citizen) -> None:
    access.note_encounter(doctor.actor, teen.record_id)
    before = doctor.standing(teen.record_id)
    assert before is not None
    actor = doctor.actor
    find_patient(actor, PatientSearch(teen.ins, teen.birth_date, secret=True))
    after = access.standing(_again(actor), teen.record_id)
    assert after is not None
    assert after.is_secret
    assert before.rights - after.rights == {Permission.ACCESS_ASK}
    with pytest.raises(NotFoundError):
        access.ask(after, "Suivi")


def _again(actor: Actor) -> Actor:
    """The same session at its next request."""
    noted = sessions.facts_of(actor).get("secret", "")
    return replace(actor, secret_in=frozenset(UUID(one) for one in noted.split()))


SAID = [
    case
    for case in product((9, 13, 17, 30), (True, False), (True, False, None))
    if 12 <= case[0] < 18 or not case[1]  # younger or of age, a secret connection is not offered
]


@on_sqlite
@pytest.mark.parametrize(("age", "secret", "said"), SAID)
def test_what_must_be_said_of_the_parents_for_each_document(
    doctor: build.Caregiver, mother: build.Citizen, age: int, said: bool | None, secret: bool
) -> None:
    child = build.citizen("Léa", birth=born(age), parents=(mother,) if age < 18 else (), activated=age >= 18)
    actor = doctor.actor
    find_patient(actor, PatientSearch(child.ins, child.birth_date, secret=secret))
    standing = access.standing(_again(actor), child.record_id)
    assert standing is not None
    kind = min(access.may_deposit(actor.profession) & access.readable_types(actor.profession))
    command = documents.DepositDocument(
        title="Compte rendu", date=TODAY, type_code=kind, content=b"Bien.", representatives_see=said
    )
    is_fine = age >= 18 or (said is False if secret else said is not None)
    if is_fine:
        assert documents.deposit(standing, command)
        return
    with pytest.raises(InvalidError) as refused:
        documents.deposit(standing, command)
    assert set(refused.value.problems) == {"representatives_see"}


def test_a_normal_deposit_for_a_minor_says_it_beside_the_field(
    app: Flask, doctor: build.Caregiver, teen: build.Citizen
) -> None:
    browser = doctor.browser(app)
    search(browser, teen, secret=False)
    page = _sent(browser, teen)
    form = next(form for form in page.forms if "representatives_see" in form.names)
    assert "representatives_see" not in form.values, "nothing is chosen beforehand"
    page = browser.submit(form, expect=422)
    box = page.tree.xpath("//fieldset[@id='representatives_see']")[0]
    assert "has-error" in box.get("class")
    page = browser.submit(next(form for form in page.forms if "title" in form.names), {"representatives_see": "no"})
    assert "Les parents ne le voient pas" in page.text


def test_a_secret_deposit_asks_nothing_of_the_parents(app: Flask, doctor: build.Caregiver, teen: build.Citizen) -> None:
    browser = doctor.browser(app)
    search(browser, teen, secret=True)
    page = _sent(browser, teen)
    form = next(form for form in page.forms if "title" in form.names)
    assert "representatives_see" not in form.names
    assert "Les parents ne le voient pas" in browser.submit(form).text


def _sent(browser: Browser, teen: build.Citizen) -> Page:
    page = browser.get(f"/pro/patients/{teen.record_id}/deposer")
    form = next(form for form in page.forms if form.action.endswith("/deposer"))
    return browser.submit(form, {"file": Upload("ordonnance.pdf", pdf("Ordonnance"), "application/pdf")})


def test_a_file_read_openly_after_a_secret_reading_is_told(
    app: Flask, clock: FakeClock, doctor: build.Caregiver, teen: build.Citizen, mother: build.Citizen
) -> None:
    """Requests for one file share a row for ten minutes, but not one that the parents do not see."""
    shown = build.document(mother.standing(teen.record_id), "Bilan")
    access.note_encounter(doctor.actor, teen.record_id)
    standing = doctor.standing(teen.record_id)
    assert standing is not None
    access.ask(standing, "Suivi")
    own = mother.standing(teen.record_id)
    line = next(one for one in access.consents(own) if one.grantee_id == doctor.id)
    access.answer(own, line.id, Answer.GRANT, version=line.version, days=365)
    browser = doctor.browser(app)
    search(browser, teen, secret=True)
    place = f"/pro/patients/{teen.record_id}/documents/{shown}"
    browser.get(f"{place}/contenu")
    mothers, history = mother.browser(app), f"/dossiers/{teen.record_id}/historique"
    assert "téléchargé" not in mothers.get(history).text
    page = browser.get(f"/pro/patients/{teen.record_id}/deposer")
    browser.submit(next(form for form in page.forms if form.action.endswith("/connexion-secrete/fin")))
    clock.advance(timedelta(minutes=2))
    browser.get(f"{place}/contenu")
    assert "Bilan" in mothers.get(history).text


def test_the_young_person_reads_that_the_visit_was_secret(
    app: Flask, doctor: build.Caregiver, mother: build.Citizen
) -> None:
    teen = build.citizen("Léa", birth=born(16), parents=(mother,))
    search(doctor.browser(app), teen, secret=True)
    assert "vos parents ne la voient pas" in teen.browser(app).get(f"/dossiers/{teen.record_id}/historique").text
    assert "Connexion secrète" not in mother.browser(app).get(f"/dossiers/{teen.record_id}/historique").text


def test_the_depositor_shows_it_later_as_the_minor_asks_for_good(
    app: Flask, clock: FakeClock, doctor: build.Caregiver, teen: build.Citizen, mother: build.Citizen
) -> None:
    browser = doctor.browser(app)
    search(browser, teen, secret=False)
    page = _sent(browser, teen)
    form = next(form for form in page.forms if "title" in form.names)
    receipt = browser.submit(form, {"representatives_see": "no", "title": "Entretien Zibeline"})
    mothers, listed = mother.browser(app), f"/dossiers/{teen.record_id}/documents"
    assert "Zibeline" not in mothers.get(listed).text
    page = browser.get(receipt.link("Le montrer aux parents"))
    assert "Faites-le seulement si le patient vous le demande" in page.text
    refused = browser.submit(page.form("sure"), {"sure": None}, expect=422)
    done = browser.submit(refused.form("sure"), {"sure": "y"})
    assert "n'est plus caché aux parents" in done.text or "parents" in done.text
    assert "Zibeline" in mothers.get(listed).text
    assert browser.get(f"{receipt.path.removesuffix('/recu')}/parents").path.endswith("/recu"), "once"
    other = build.caregiver("Aubin", "Luce")
    access.note_encounter(other.actor, teen.record_id)
    theirs = other.browser(app).get(f"{receipt.path.removesuffix('/recu')}/parents", expect=None)
    assert theirs.status == 404


def test_in_secret_connection_nothing_is_shown_to_the_parents(
    app: Flask, doctor: build.Caregiver, teen: build.Citizen
) -> None:
    browser = doctor.browser(app)
    search(browser, teen, secret=True)
    page = _sent(browser, teen)
    receipt = browser.submit(next(form for form in page.forms if "title" in form.names))
    assert "/parents" not in " ".join(receipt.links.values())
    assert browser.get(f"{receipt.path.removesuffix('/recu')}/parents").path.endswith("/recu")
