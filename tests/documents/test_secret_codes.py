"""A minor's code that their parents know nothing of: no line, no mail, no row, no receipt (rules.md MI-5 to MI-10)."""

from datetime import date

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Window, passing_lines
from espace.access.services.passing import codes, counter
from espace.documents import services as documents
from espace.documents.services.passing import receipts
from espace.errors import NotFoundError
from espace.home.services import history
from espace.machines import Machines
from espace.professional.services import secrecy
from tests.support import build
from tests.support.build import Caregiver, Citizen

BORN = date(2009, 12, 3)  # sixteen


@pytest.fixture
def mother(machines: Machines) -> Citizen:
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay")


@pytest.fixture
def teen(mother: Citizen) -> Citizen:
    return build.citizen("Lou", "Fontenay", birth=BORN, parents=[mother])


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    return build.caregiver("Belhadj", "Karim")


def told(who: Citizen, teen: Citizen) -> str:
    """All that the history of the minor's record tells somebody."""
    standing = who.standing(teen.record_id)
    return " ".join(repr(history(standing, mine=mine)) for mine in (True, False))


def test_a_secret_code_leaves_parents_nothing_and_the_minor_everything(
    teen: Citizen, mother: Citizen, doctor: Caregiver
) -> None:
    own, parent = teen.standing(), mother.standing(teen.record_id)
    document_id = build.document(own, "Bilan")
    mails = len(build.mails_to(mother.email))
    code_id = codes.make(own, Window.DEPOSIT, 20, secret=True)
    digits = codes.code(own, code_id).digits
    actor = doctor.actor
    counter.use(actor, digits, BORN, secrecy.enter)
    standing = access.standing(secrecy.enter(actor, teen.record_id), teen.record_id)
    assert standing is not None
    documents.document(standing, document_id)

    assert codes.codes(parent) == []
    assert passing_lines(parent) == []
    with pytest.raises(NotFoundError):
        codes.code(parent, code_id)
    with pytest.raises(NotFoundError):
        codes.close(parent, code_id)
    assert len(build.mails_to(mother.email)) == mails
    assert "Belhadj" not in told(mother, teen)

    (line,) = codes.codes(own)
    assert line.name == "Dr Karim Belhadj"
    assert [one.title for one in receipts.receipt(own, line).read] == ["Bilan"]
    assert "Belhadj" in told(teen, teen)
    codes.close(own, code_id)
    assert "Belhadj" not in told(mother, teen)


def test_what_a_professional_does_secretly_after_an_open_code_stands_in_no_parents_receipt(
    teen: Citizen, mother: Citizen, doctor: Caregiver
) -> None:
    own, parent = teen.standing(), mother.standing(teen.record_id)
    document_id = build.document(own, "Bilan")
    code_id = codes.make(own, Window.READ, 20)
    actor = doctor.actor
    counter.use(actor, codes.code(own, code_id).digits, BORN)
    standing = access.standing(secrecy.enter(actor, teen.record_id), teen.record_id)
    assert standing is not None
    documents.document(standing, document_id)
    assert [one.title for one in receipts.receipt(own, codes.code(own, code_id)).read] == ["Bilan"]
    assert receipts.receipt(parent, codes.code(parent, code_id)).read == ()


def test_only_a_minor_in_their_own_record_keeps_a_code_secret(teen: Citizen, mother: Citizen) -> None:
    grown = mother.standing()
    assert not codes.may_keep_secret(grown)
    assert not codes.may_keep_secret(mother.standing(teen.record_id))
    for standing in (grown, mother.standing(teen.record_id)):
        assert not codes.code(standing, codes.make(standing, Window.READ, 20, secret=True)).secret


def test_the_minor_is_offered_it_and_the_professional_goes_on_secretly(
    app: Flask, teen: Citizen, mother: Citizen, doctor: Caregiver
) -> None:
    phone, desk = teen.browser(app), doctor.browser(app)
    place = f"/dossiers/{teen.record_id}/acces/code/nouveau"
    assert "secret" not in mother.browser(app).get(place).form("opens").names
    page = phone.get(place)
    page = phone.submit(page.form("opens"), {"secret": "y"}, expect=200)
    digits = "".join(
        one for one in page.tree.xpath("//*[contains(@class,'digits')]")[0].text_content() if one.isdigit()
    )
    typed = {"code": digits, "birth_date": "03/12/2009"}
    here = desk.submit(desk.get("/pro/patients/code").form("code"), typed, expect=200)
    assert "Connexion secrète" in here.text
    assert "Connexion secrète" in doctor.browser(app).get(here.path).text  # from another session too
    home = mother.browser(app).get(f"/dossiers/{teen.record_id}/")
    assert "Belhadj" not in home.text
    assert "Belhadj" not in mother.browser(app).get(f"/dossiers/{teen.record_id}/acces").text
    assert "Belhadj" in phone.get(f"/dossiers/{teen.record_id}/acces/code").text
