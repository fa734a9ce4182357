"""What a minor keeps from their parents by themself, and shows them for good (rules.md MI-5, MI-9, MI-10)."""

from datetime import date, timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.services import care_history
from espace.documents.services.deciding import announcing, secrecy
from espace.errors import ConflictError, NotFoundError, StepUpError
from espace.machines import Machines
from espace.permissions import Standing
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .care_files import bring, line

TITLE, LABEL = "Entretien Zibeline", "Consultation Zibeline"


@pytest.fixture
def mother(machines: Machines) -> build.Citizen:
    access.ensure_matrix()
    return build.citizen("Claire")


@pytest.fixture
def teen(mother: build.Citizen) -> build.Citizen:
    return build.citizen("Léa", birth=date(2009, 12, 1), parents=(mother,))


@pytest.fixture
def doctor(teen: build.Citizen) -> build.Caregiver:
    made = build.caregiver()
    build.consent(teen, made, Answer.GRANT)
    return made


@pytest.fixture
def shown(teen: build.Citizen, doctor: build.Caregiver) -> UUID:
    """A document that the professional left visible to the parents."""
    standing = doctor.standing(teen.record_id)
    assert standing is not None
    kind = min(access.may_deposit(doctor.actor.profession) & access.readable_types(doctor.actor.profession))
    command = documents.DepositDocument(
        title=TITLE, date=date(2026, 11, 2), type_code=kind, content=b"Bien.", representatives_see=True
    )
    return documents.deposit(standing, command)


def sees(standing: Standing, document_id: UUID) -> bool:
    """Whether a document exists for a standing."""
    try:
        documents.document(standing, document_id)
    except NotFoundError:
        return False
    return True


def test_a_document_is_kept_shown_and_then_never_kept_again(
    teen: build.Citizen, mother: build.Citizen, doctor: build.Caregiver, shown: UUID
) -> None:
    own, parent = teen.standing(), mother.standing(teen.record_id)
    professional = doctor.standing(teen.record_id)
    assert professional is not None
    before = len(build.mails_to(mother.email))
    secrecy.keep_secret(own, shown, choices=0)
    assert (sees(own, shown), sees(parent, shown), sees(professional, shown)) == (True, False, True)
    assert len(build.mails_to(mother.email)) == before, "nobody is told"
    announcing.open_to_parents(own, shown, choices=1)
    assert sees(parent, shown)
    with pytest.raises(NotFoundError):
        secrecy.keep_secret(own, shown, choices=2)


def test_nobody_but_the_minor_keeps_it(
    teen: build.Citizen, mother: build.Citizen, doctor: build.Caregiver, shown: UUID
) -> None:
    professional = doctor.standing(teen.record_id)
    assert professional is not None
    for standing in (mother.standing(teen.record_id), professional):
        with pytest.raises(NotFoundError):
            secrecy.keep_secret(standing, shown, choices=0)
    adults = build.document(mother.standing(), "Bilan")
    with pytest.raises(NotFoundError):
        secrecy.keep_secret(mother.standing(), adults, choices=0)


def test_what_a_parent_added_is_not_taken_from_them(teen: build.Citizen, mother: build.Citizen) -> None:
    added = build.document(mother.standing(teen.record_id), "Radio")
    with pytest.raises(NotFoundError):
        secrecy.keep_secret(teen.standing(), added, choices=0)
    own = build.document(teen.standing(), "Mon carnet")
    secrecy.keep_secret(teen.standing(), own, choices=0)
    assert not sees(mother.standing(teen.record_id), own)


def test_an_old_page_decides_nothing(teen: build.Citizen, mother: build.Citizen, shown: UUID) -> None:
    with pytest.raises(ConflictError):
        secrecy.keep_secret(teen.standing(), shown, choices=7)
    assert sees(mother.standing(teen.record_id), shown)


def test_showing_asks_for_a_fresh_proof_keeping_never(
    teen: build.Citizen, mother: build.Citizen, clock: FakeClock, shown: UUID
) -> None:
    own = teen.standing()
    clock.advance(timedelta(minutes=6))
    secrecy.keep_secret(own, shown, choices=0)
    with pytest.raises(StepUpError):
        announcing.open_to_parents(own, shown, choices=1)


def test_on_the_pages_it_is_said_before_it_is_done(
    app: Flask, teen: build.Citizen, mother: build.Citizen, shown: UUID
) -> None:
    browser, place = teen.browser(app), f"/dossiers/{teen.record_id}/documents/{shown}"
    mothers = mother.browser(app)
    mothers.get(place)
    page = browser.get(browser.get(place).link("Le garder secret pour mes parents"))
    assert "Ils ne sont pas avertis" in page.text
    done = browser.submit(page.form("choices"))
    assert "Vos parents ne voient plus ce document." in done.text
    assert mothers.get(place, expect=None).status == 404
    for rest in ("", "documents", "historique", "acces", "grandir"):
        assert "Zibeline" not in mothers.get(f"/dossiers/{teen.record_id}/{rest}").text
    assert "Zibeline" in browser.get(f"/dossiers/{teen.record_id}/historique?qui=moi").text
    page = browser.get(done.link("Le montrer à mes parents"))
    refused = browser.submit(page.form("sure"), {"sure": None}, expect=422)
    browser.submit(refused.form("sure"), {"sure": "y"})
    assert "Zibeline" in mothers.get(place).text
    assert "Le garder secret" not in browser.get(place).text


@pytest.fixture
def visit(teen: build.Citizen) -> UUID:
    """A visit of two lines."""
    bring(
        line(teen, "R1", "2026-09-14", visit="V1", label=LABEL),
        line(teen, "R2", "2026-09-14", visit="V1", kind="medicines", label="Pilule Zibeline"),
        line(teen, "R3", "2026-10-02", label="Vaccin"),
    )
    return next(one.id for one in care_history.history(teen.standing()).visits if len(one.lines) == 2)


def _labels(standing: Standing) -> set[str]:
    return {one.label for visit in care_history.history(standing).visits for one in visit.lines}


def test_lines_of_care_are_kept_by_the_minor_and_count_nowhere(
    teen: build.Citizen, mother: build.Citizen, doctor: build.Caregiver, visit: UUID
) -> None:
    parent, professional = mother.standing(teen.record_id), doctor.standing(teen.record_id)
    assert professional is not None
    care_history.visit(parent, visit)
    assert care_history.keep_secret(teen.standing(), visit) == 2
    assert care_history.keep_secret(teen.standing(), visit) == 0
    assert _labels(parent) == {"Vaccin"}
    found = care_history.history(parent)
    assert [(total.kind, total.count) for total in found.totals] == [("consultation", 1)]
    assert found.kinds == ("consultation",)
    assert not care_history.search(parent, "zibeline", {}).visits
    with pytest.raises(NotFoundError):
        care_history.visit(parent, visit)
    assert len(_labels(teen.standing())) == 3
    assert care_history.may_read(professional) == (len(_labels(professional)) == 3)
    bring(line(teen, "R1", "2026-09-14", visit="V1", label=LABEL, amount="31.00"))
    assert _labels(parent) == {"Vaccin"}, "a correction of the insurer opens nothing"


def test_lines_shown_to_the_parents_stay_shown(teen: build.Citizen, mother: build.Citizen, visit: UUID) -> None:
    first = care_history.visit(teen.standing(), visit).lines[0].id
    assert care_history.keep_secret(teen.standing(), visit, first) == 1
    assert care_history.open_to_parents(teen.standing(), visit) == 1
    assert len(_labels(mother.standing(teen.record_id))) == 3
    assert care_history.keep_secret(teen.standing(), visit) == 1, "the other line only"


@on_sqlite
@pytest.mark.parametrize(("age", "who"), list(product((9, 13, 17, 19), ("holder", "parent"))))
def test_who_keeps_lines_by_age_and_relation(mother: build.Citizen, age: int, who: str) -> None:
    child = build.citizen("Léa", birth=date(2026 - age, 6, 1), parents=(mother,) if age < 18 else ())
    bring(line(child, "R1", "2026-09-14"))
    if who == "parent" and age >= 18:
        assert access.standing(mother.actor, child.record_id) is None
        return
    standing = child.standing() if who == "holder" else mother.standing(child.record_id)
    visit = care_history.history(standing).visits[0].id
    assert care_history.may_keep_secret(standing) is (who == "holder" and age < 18)
    if not care_history.may_keep_secret(standing):
        for act in (care_history.keep_secret, care_history.open_to_parents):
            with pytest.raises(NotFoundError):
                act(standing, visit)


def test_the_pages_of_care_and_their_attackers(
    app: Flask, teen: build.Citizen, mother: build.Citizen, doctor: build.Caregiver, visit: UUID
) -> None:
    place = f"/dossiers/{teen.record_id}/soins/{visit}"
    browser, mothers = teen.browser(app), mother.browser(app)
    for other in (mothers, build.citizen("Odile", "Marchand").browser(app)):
        _refused(other, teen, visit)
    page = browser.get(place)
    done = browser.submit(next(form for form in page.forms if form.action.endswith("/secret")))
    assert "Vos parents ne voient plus ces 2 lignes." in done.text
    assert mothers.get(place, expect=None).status == 404
    assert "Zibeline" not in mothers.get(f"/dossiers/{teen.record_id}/historique").text
    page = browser.get(done.link("Le montrer à mes parents"))
    refused = browser.submit(page.form("sure"), {"sure": None}, expect=422)
    shown = browser.submit(refused.form("sure"), {"sure": "y"})
    assert "Vous leur avez montré ces soins" in shown.text
    assert "Zibeline" in mothers.get(place).text
    assert browser.send("POST", f"/dossiers/{teen.record_id}/soins/{uuid4()}/secret", expect=None).status == 400


def _refused(browser: Browser, teen: build.Citizen, visit: UUID) -> None:
    token = browser.get("/compte/proches").csrf_token if browser.get("/compte/proches").forms else ""
    for place in (f"soins/{visit}/secret", f"soins/{visit}/parents"):
        answer = browser.send(
            "POST", f"/dossiers/{teen.record_id}/{place}", expect=None, data={"csrf_token": token, "sure": "y"}
        )
        assert answer.status in (403, 404), place
