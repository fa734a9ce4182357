"""A reading access at fifteen, with a parent's agreement; whole only once its holder proved it is theirs (MI-3)."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from espace.access import services as access
from espace.accounts import services as accounts
from espace.accounts.services import activation
from espace.accounts.services.letter_proof import Letter, LetterError
from espace.documents import services as documents
from espace.errors import InvalidError, NotFoundError, StepUpError
from espace.family.services.growing import own_reading
from espace.machines import Machines
from espace.permissions import Permission
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

READS = {Permission.RECORD_HOME, Permission.DOCUMENTS_READ, Permission.MESSAGES_READ}


@pytest.fixture
def mother(app: Flask) -> Citizen:
    return build.citizen("Claire")


@pytest.fixture
def father(app: Flask) -> Citizen:
    return build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))


@pytest.fixture
def teen(mother: Citizen, father: Citizen) -> Citizen:
    """Fifteen and a half, without an account."""
    return build.citizen("Léa", birth=date(2011, 6, 1), parents=(mother, father), activated=False)


def _activated(whom: Citizen, code: str) -> Citizen:
    token, _ = activation.begin(Letter(whom.ins, code, whom.birth_date), build.VISITOR)
    return build.finish_activation(token, whom, "lea@exemple.test")


def _secret(teen: Citizen) -> Any:
    access.ensure_matrix()
    doctor = build.caregiver()
    access.note_encounter(doctor.actor, teen.record_id)
    standing = doctor.standing(teen.record_id)
    assert standing is not None
    kind = min(access.may_deposit(doctor.actor.profession))
    command = documents.DepositDocument(
        title="Entretien", date=date(2026, 11, 2), type_code=kind, content=b"Bien.", representatives_see=False
    )
    return documents.deposit(standing, command)


def test_without_an_agreement_nobody_activates_before_sixteen(app: Flask, teen: Citizen) -> None:
    code = accounts.new_activation_code(teen.person_id)
    with pytest.raises(LetterError, match="minor"):
        activation.begin(Letter(teen.ins, code, teen.birth_date), build.VISITOR)


@pytest.mark.parametrize(
    ("born", "is_fine"), [(date(2012, 6, 1), False), (date(2011, 6, 1), True), (date(2010, 6, 1), False)]
)
def test_a_parent_agrees_for_a_child_of_that_age_only(
    mother: Citizen,
    born: date,
    is_fine: bool,
) -> None:
    child = build.citizen("Léa", birth=born, parents=(mother,), activated=False)
    standing = mother.standing(child.record_id)
    if is_fine:
        assert own_reading.agree(standing)
        return
    with pytest.raises(NotFoundError):
        own_reading.agree(standing)


def test_the_account_reads_what_the_parents_read_and_nothing_else(
    app: Flask, clock: FakeClock, mother: Citizen, father: Citizen, teen: Citizen
) -> None:
    secret = _secret(teen)
    shown = build.document(mother.standing(teen.record_id), "Radio")
    reader = _activated(teen, own_reading.agree(mother.standing(teen.record_id)))
    assert reader.standing().rights == READS
    browser = reader.browser(app)
    listed = browser.get(f"/dossiers/{teen.record_id}/documents").text
    assert "Radio" in listed
    assert "Entretien" not in listed
    assert browser.get(f"/dossiers/{teen.record_id}/documents/{secret}", expect=None).status == 404
    assert browser.get(f"/dossiers/{teen.record_id}/documents/{shown}").status == 200
    for place in ("acces", "historique", "documents/ajouter", f"documents/{shown}/secret"):
        assert browser.get(f"/dossiers/{teen.record_id}/{place}", expect=None).status == 404
    assert "Ce compte permet de lire" in browser.get(f"/dossiers/{teen.record_id}/grandir").text
    assert [one["message"] for one in build.mails_to(father.email)].count("link-changed") == 1


def test_of_secret_care_such_an_account_is_told_nothing(mother: Citizen, teen: Citizen) -> None:
    reader = _activated(teen, own_reading.agree(mother.standing(teen.record_id)))
    before = len(build.mails_to(reader.email))
    _secret(teen)
    assert len(build.mails_to(reader.email)) == before


def test_either_parent_takes_it_back_and_the_next_request_is_refused(
    app: Flask, mother: Citizen, father: Citizen, teen: Citizen
) -> None:
    reader = _activated(teen, own_reading.agree(mother.standing(teen.record_id)))
    browser = reader.browser(app)
    browser.get(f"/dossiers/{teen.record_id}/documents")
    fathers = father.browser(app)
    page = fathers.get(f"/dossiers/{teen.record_id}/grandir")
    assert "Accord donné le 23/11/2026" in page.text
    fathers.submit(next(form for form in page.forms if form.action.endswith("/lecture/fin")))
    assert browser.get(f"/dossiers/{teen.record_id}/documents", expect=None).status == 404
    own_reading.agree(mother.standing(teen.record_id))
    assert browser.get(f"/dossiers/{teen.record_id}/documents").status == 200


def test_agreeing_asks_for_a_fresh_proof_and_shows_the_code_once(
    app: Flask, clock: FakeClock, mother: Citizen, teen: Citizen
) -> None:
    browser = mother.browser(app)
    page = browser.get(f"/dossiers/{teen.record_id}/grandir/lecture")
    shown = browser.submit(page.forms[-1])
    [code] = shown.tree.xpath("//p[contains(@class, 'code-shown')]//text()[normalize-space()]")
    assert code.strip() not in browser.get(f"/dossiers/{teen.record_id}/grandir").text
    standing = mother.standing(teen.record_id)
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        own_reading.agree(standing)
    assert _activated(teen, code).standing().rights == READS


def test_at_sixteen_it_stays_reading_until_its_holder_proves_it_is_theirs(
    app: Flask, clock: FakeClock, mother: Citizen, teen: Citizen
) -> None:
    secret = _secret(teen)
    reader = _activated(teen, own_reading.agree(mother.standing(teen.record_id)))
    with pytest.raises(NotFoundError):
        own_reading.prove(reader.standing(), "AAAA2222")
    clock.now = clock.now.replace(year=2027, month=6, day=2)
    assert reader.standing().rights == READS
    with pytest.raises(NotFoundError):
        own_reading.agree(mother.standing(teen.record_id))
    with pytest.raises(InvalidError):
        own_reading.prove(reader.standing(), "AAAA2222")
    browser = reader.browser(app)
    page = browser.get(f"/dossiers/{teen.record_id}/grandir")
    code = accounts.new_activation_code(teen.person_id)
    wrong = browser.submit(page.form("code"), {"code": "ZZZZ9999"}, expect=422)
    assert "Ce code n'est pas le bon" in wrong.text
    done = browser.submit(wrong.form("code"), {"code": code})
    assert "Ce compte n'est plus qu'à vous" in done.text
    assert reader.standing().may(Permission.DOCUMENTS_KEEP)
    assert browser.get(f"/dossiers/{teen.record_id}/documents/{secret}").status == 200
    again = accounts.new_activation_code(teen.person_id)
    with pytest.raises(NotFoundError):
        own_reading.prove(reader.standing(), again)


@on_sqlite
def test_no_stranger_and_no_holder_agrees(app: Flask, machines: Machines, mother: Citizen, teen: Citizen) -> None:
    stranger = build.citizen("Odile", "Marchand")
    assert stranger.browser(app).get(f"/dossiers/{teen.record_id}/grandir", expect=None).status == 404
    reader = _activated(teen, own_reading.agree(mother.standing(teen.record_id)))
    with pytest.raises(NotFoundError):
        own_reading.agree(reader.standing())
    with pytest.raises(NotFoundError):
        own_reading.take_back(reader.standing())


@on_sqlite
@pytest.mark.parametrize(("taken_back", "year"), [(True, 2027), (True, 2030), (False, 2029)])
def test_an_account_that_nobody_agrees_to_any_more_still_can_be_made_ones_own(
    app: Flask, clock: FakeClock, mother: Citizen, teen: Citizen, *, taken_back: bool, year: int
) -> None:
    """It shows nothing of the record, as a parent may hold it, and is no dead end."""
    reader = _activated(teen, own_reading.agree(mother.standing(teen.record_id)))
    document = build.document(mother.standing(teen.record_id), "Certificat")
    if taken_back:
        own_reading.take_back(mother.standing(teen.record_id))
    clock.now = clock.now.replace(year=year, month=6, day=2)
    browser, base = reader.browser(app), f"/dossiers/{teen.record_id}"
    assert reader.standing().rights == {Permission.RECORD_HOME}
    home = browser.get(f"{base}/")
    assert "Certificat" not in home.text
    assert "un code du guichet" in home.text
    for place in ("documents", f"documents/{document}", "soins", "historique", "acces"):
        assert browser.get(f"{base}/{place}", expect=None).status in (403, 404), place
    page = browser.get(f"{base}/grandir")
    browser.submit(page.form("code"), {"code": accounts.new_activation_code(teen.person_id)})
    assert reader.standing().may(Permission.ACCESS_MANAGE)
    assert "Certificat" in browser.get(f"{base}/documents").text
