"""A deposit in three gestures: nothing or all, once, by whom it is due, with every refusal beside its field."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import db, storage
from espace.access import services as access
from espace.access.services import Answer
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document
from espace.errors import InvalidError, NotFoundError
from espace.machines import Machines
from espace.permissions import Standing
from espace.professional.models import Draft
from espace.professional.services import drafts
from espace.professional.services.drafts import Confirmation
from tests.support import build
from tests.support.browser_client import Browser, Page, Upload
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite
from tests.support.papers import jpeg, pdf

TODAY = date(2026, 11, 23)


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen()


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor."""
    return build.caregiver()


def before(holder: Citizen, doctor: Caregiver) -> Standing:
    """The doctor before the record, without any consent."""
    access.note_encounter(doctor.actor, holder.record_id)
    found = doctor.standing(holder.record_id)
    assert found is not None
    return found


def deposited() -> int:
    """How many documents there are."""
    with db.read() as tx:
        return int(tx.execute(select(func.count()).select_from(Document)).scalar_one())


def files() -> int:
    """How many stored files there are."""
    return sum(1 for path in storage.current().root.rglob("*") if path.is_file())


SAID = Confirmation(type_code="57833-6", title="Ordonnance d'antalgiques", date=TODAY)


# --- pages


def send_file(browser: Browser, holder: Citizen, content: bytes, *, expect: int = 200) -> Page:
    """The second gesture."""
    form = browser.get(f"/pro/patients/{holder.record_id}/deposer").form("file")
    return browser.submit(form, {"file": Upload("ordonnance.pdf", content, "application/pdf")}, expect=expect)


def test_the_three_gestures(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    browser = doctor.browser(app)
    search = browser.get("/pro/").form("ins", "birth_date")
    page = browser.submit(search, {"ins": holder.ins, "birth_date": holder.birth_date.strftime("%d/%m/%Y")}, expect=200)
    form = browser.get(page.link("Déposer un document")).form("file")
    page = browser.submit(form, {"file": Upload("o.pdf", pdf("Ordonnance", 2), "application/pdf")}, expect=200)
    form = page.form("type_code", "title", "date")
    assert form.values["type_code"] == ["57833-6"]
    assert form.values["date"] == ["23/11/2026"]
    assert form.values["title"][0]
    assert "2 pages" in page.text
    page = browser.submit(form, {"title": "Ordonnance d'antalgiques"}, expect=200)
    assert page.h1 == "Document déposé"
    assert "Ordonnance d'antalgiques" in page.text

    (row,) = documents.page(holder.standing()).rows
    assert (row.title, row.type_code, row.date) == ("Ordonnance d'antalgiques", "57833-6", TODAY)
    content = documents.original(holder.standing(), row.id)
    assert b"ClinicalDocument" in b"".join(content.reader.read())
    assert [mail["message"] for mail in build.mails_to(holder.email)].count("new-document") == 1
    entries = audit.entries(holder.record_id, mine=False, holder_actor_ids=[holder.actor.id], before=None)
    assert Action.DOCUMENT_DEPOSITED in [entry.action for entry in entries]
    assert files() == 2  # the CDA and its body; the draft's file is gone


def test_confirming_twice_or_elsewhere_ends_with_one_document(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    browser, other_window = (doctor.browser(app) for _ in range(2))
    before(holder, doctor)
    page = send_file(browser, holder, pdf("Ordonnance"))
    form = page.form("type_code")
    again = other_window.get(page.path).form("type_code")
    first = browser.submit(form, {"title": "Une ordonnance"}, expect=200)
    second = browser.submit(form, {"title": "Une ordonnance"}, expect=200)
    third = other_window.submit(again, {"title": "Un autre titre"}, expect=200)
    assert first.path == second.path == third.path
    assert browser.get(page.path).path == first.path
    assert deposited() == 1
    assert "Une ordonnance" in third.text


def test_wrong_answers_stand_beside_their_fields_and_nothing_typed_is_lost(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    browser = doctor.browser(app)
    before(holder, doctor)
    page = send_file(browser, holder, pdf("Ordonnance"))
    for values, field in (
        ({"date": "31/02/2026"}, "date"),
        ({"date": "24/11/2026"}, "date"),
        ({"date": "01/01/1900"}, "date"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 200}, "title"),
        ({"type_code": "REMB"}, "type_code"),
        ({"type_code": "<b>"}, "type_code"),
    ):
        form = page.form("type_code", "title", "date")
        typed = {"title": "Un titre à garder", "date": "20/11/2026", "type_code": "57833-6"} | values
        wrong = browser.submit(form, typed, expect=422)
        assert wrong.tree.xpath(f"//*[@name='{field}' and @aria-invalid='true']"), field
        kept = wrong.form("type_code", "title", "date").values
        assert kept["title"] == [typed["title"]]
        assert kept["date"] == [typed["date"]]
    assert deposited() == 0


@on_sqlite
def test_an_offered_title_follows_the_kind_and_a_typed_one_stays(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    browser = doctor.browser(app)
    before(holder, doctor)
    for number, (typed, kept) in enumerate(((None, documents.plain_title("11502-2")), ("Bilan", "Bilan"))):
        form = send_file(browser, holder, pdf(f"Bilan {number}")).form("type_code", "title", "date")
        values = {"type_code": "11502-2"} | ({"title": typed} if typed else {})
        receipt = browser.submit(form, values, expect=200)
        assert kept in receipt.text
        assert form.values["title"] == ["Ordonnance"]  # and its official label stays in the list of kinds
        assert form.values["title"][0] not in receipt.text


@on_sqlite
def test_what_a_file_says_it_is_is_proposed_and_left_to_the_professional(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    before(holder, doctor)
    browser = doctor.browser(app)
    words = "Compte rendu d'analyses de biologie. Saumur, le 3 novembre 2026"
    page = send_file(browser, holder, pdf(words))
    form = page.form("type_code", "title", "date")
    assert (form.values["type_code"], form.values["date"]) == (["11502-2"], ["03/11/2026"])
    assert form.values["title"] == [documents.plain_title("11502-2")]
    assert "Proposé d'après les mots du document" in page.text
    browser.submit(form, {"type_code": "57833-6"}, expect=200)
    (row,) = documents.page(holder.standing()).rows
    assert (row.type_code, row.title, row.date) == ("57833-6", "Ordonnance", date(2026, 11, 3))


@on_sqlite
def test_a_file_that_cannot_be_deposited_is_refused_beside_its_field(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    browser = doctor.browser(app)
    before(holder, doctor)
    for content in (b"", b"<html><script>alert(1)</script>", pdf("x")[:200], b"MZ\x90\x00", b"PK\x03\x04zip"):
        page = send_file(browser, holder, content, expect=422)
        assert page.tree.xpath("//input[@name='file' and @aria-invalid='true']")
    form = page.form("file")
    browser.submit(form, {}, expect=422)
    with db.read() as tx:
        assert tx.execute(select(func.count()).select_from(Draft)).scalar_one() == 0
    assert files() == 0
    assert send_file(browser, holder, jpeg()).form("type_code")


def test_for_a_minor_it_must_be_said_whether_the_parents_see_it(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    child = build.citizen("Jules", "Fontenay", birth=date(2012, 9, 3), parents=[holder], activated=False)
    before(child, doctor)
    browser = doctor.browser(app)
    page = send_file(browser, child, pdf("Ordonnance"))
    form = page.form("type_code", "representatives_see")
    page = browser.submit(form, {"representatives_see": None}, expect=422)
    assert deposited() == 0
    page = browser.submit(page.form("representatives_see"), {"representatives_see": "no"}, expect=200)
    assert page.h1 == "Document déposé"
    assert "Les parents ne le voient pas" in page.text
    assert documents.page(holder.standing(child.record_id)).rows == ()
    assert "new-document" not in [mail["message"] for mail in build.mails_to(holder.email)]
    with db.read() as tx:
        assert tx.execute(select(Document.representatives_invisible)).scalar_one() is True


@on_sqlite
def test_what_the_patient_must_not_see_yet_tells_them_nothing(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    before(holder, doctor)
    browser = doctor.browser(app)
    page = send_file(browser, holder, pdf("Compte rendu"))
    page = browser.submit(page.form("patient_sees"), {"patient_sees": "no"}, expect=200)
    assert "pas encore" in page.text
    assert documents.page(holder.standing()).rows == ()
    assert "new-document" not in [mail["message"] for mail in build.mails_to(holder.email)]


@on_sqlite
def test_neither_yes_nor_no_is_no_answer(app: Flask, holder: Citizen, doctor: Caregiver) -> None:
    before(holder, doctor)
    browser = doctor.browser(app)
    page = send_file(browser, holder, pdf("Compte rendu"))
    page = browser.submit(page.form("patient_sees"), {"patient_sees": "maybe"}, expect=422)
    assert "Choisissez oui ou non." in page.text
    assert deposited() == 0


# --- drafts


def test_a_draft_left_and_found_again_can_be_finished_or_given_up(
    app: Flask, holder: Citizen, doctor: Caregiver
) -> None:
    before(holder, doctor)
    browser = doctor.browser(app)
    page = send_file(browser, holder, pdf("Ordonnance"))
    assert page.path in browser.get("/pro/").links.values()
    assert page.path in browser.get(f"/pro/patients/{holder.record_id}/").links.values()
    removal = next(form for form in browser.get(page.path).forms if form.action.endswith("/abandon"))
    browser.submit(removal, expect=200)
    browser.get(page.path, expect=404)
    assert (deposited(), files()) == (0, 0)


def test_a_draft_is_its_author_s_only_and_ends_after_a_day(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock
) -> None:
    standing = before(holder, doctor)
    draft_id = drafts.start(standing, pdf("Ordonnance"), "o.pdf")
    colleague = build.caregiver("Belhadj", "Karim")
    theirs = before(holder, colleague)
    other = before(build.citizen("Zoé", "Carpentier"), doctor)
    for stranger in (theirs, other):
        for act in (
            lambda who: drafts.draft(who, draft_id),
            lambda who: drafts.confirm(who, draft_id, SAID),
            lambda who: drafts.drop(who, draft_id),
        ):
            with pytest.raises(NotFoundError):
                act(stranger)
    assert drafts.unfinished(colleague.actor, [holder.record_id]) == []
    assert [one.id for one in drafts.unfinished(doctor.actor, [holder.record_id])] == [draft_id]
    assert drafts.unfinished(doctor.actor, [other.record_id]) == []  # nothing of other records is opened
    clock.advance(timedelta(hours=24))
    build.consent(holder, doctor, Answer.GRANT)
    late = before(holder, doctor)
    with pytest.raises(NotFoundError):
        drafts.confirm(late, draft_id, SAID)
    assert drafts.sweep() == 1
    assert (drafts.sweep(), files(), deposited()) == (0, 0, 0)


def test_a_cut_between_filing_and_the_draft_s_mark_leaves_one_document(
    holder: Citizen, doctor: Caregiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = before(holder, doctor)
    draft_id = drafts.start(standing, pdf("Ordonnance"), "o.pdf")
    real, calls = drafts._save, []  # noqa: SLF001

    def cut(tx: object, facts: drafts.DraftFacts) -> None:
        calls.append(facts)
        if facts.deposited is not None:
            raise ConnectionError
        real(tx, facts)  # type: ignore[arg-type]

    monkeypatch.setattr(drafts, "_save", cut)
    with pytest.raises(ConnectionError):
        drafts.confirm(standing, draft_id, SAID)
    monkeypatch.undo()
    assert deposited() == 1
    document_id = drafts.confirm(standing, draft_id, Confirmation("57833-6", "Un autre titre", TODAY))
    assert deposited() == 1
    assert drafts.draft(standing, draft_id).deposited == document_id
    assert drafts.confirm(standing, draft_id, SAID) == document_id
    with pytest.raises(InvalidError):
        drafts.drop(standing, draft_id)


def test_a_cut_before_filing_leaves_nothing_but_the_draft(
    holder: Citizen, doctor: Caregiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = before(holder, doctor)
    draft_id = drafts.start(standing, pdf("Ordonnance"), "o.pdf")

    def cut(*_given: object, **_more: object) -> UUID:
        raise ConnectionError

    monkeypatch.setattr(audit, "record", cut)
    with pytest.raises(ConnectionError):
        drafts.confirm(standing, draft_id, SAID)
    monkeypatch.undo()
    assert (deposited(), files()) == (0, 1)
    drafts.confirm(standing, draft_id, SAID)
    assert (deposited(), files()) == (1, 2)


@on_sqlite
def test_each_profession_is_offered_what_it_may_deposit_prescriptions_first(machines: Machines) -> None:
    access.ensure_matrix()
    usual, others = drafts.deposit_types("G15_10/SM26")
    assert usual[0] == "57833-6"
    assert {*usual, *others} == access.may_deposit("G15_10") & documents.types().keys()
    assert drafts.deposit_types("G15_60")[1][0] == "57833-6"
    assert drafts.deposit_types("71") == ([], [])
