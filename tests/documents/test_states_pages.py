"""The pages on which people decide about documents: what they say, whom they refuse, what an old one does."""

from datetime import date, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.services.deciding import delays, states
from espace.documents.services.deciding.delays import ResultKind
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .house import House, deposited

POSTS = ("cacher", "montrer", "remarque", "archiver", "desarchiver", "supprimer", "parents", "attente")
FORMS = ("cacher", "montrer", "remarque", "supprimer", "parents")


def _place(home: House, *parts: object, pro: bool = False) -> str:
    base = f"/pro/patients/{home.mother.record_id}" if pro else f"/dossiers/{home.mother.record_id}"
    return "/".join([f"{base}/documents", *map(str, parts)])


def _now(home: House, one: UUID) -> documents.DocumentFacts:
    return documents.document(home.holder, one)


def _choose(home: House, kind: ResultKind, days: int | None) -> None:
    known = delays.choices(home.holder)
    delays.choose(home.holder, known | {kind: days}, known=known)


@on_sqlite
def test_hiding_says_who_stops_seeing_it_by_name_then_does_it(app: Flask, home: House) -> None:
    others = [build.caregiver(f"Perrin{number}", "Luc") for number in range(6)]
    for other in others:
        build.consent(home.mother, other, Answer.GRANT)
    one = deposited(home.doctor_here, "Compte rendu")
    browser = home.mother.browser(app)
    page = browser.get(browser.get(_place(home, one)).link("Le cacher aux professionnels"))
    assert "6 professionnels ne le voient plus" in page.text
    assert f"{others[3].facts.display_name} et 2 autres professionnels." in page.text
    assert f"{home.doctor.facts.display_name}, qui l'a déposé, le voit toujours." in page.text
    done = browser.submit(page.form("choices"))
    assert _now(home, one).hidden
    assert "Caché aux professionnels" in done.text
    shown = browser.submit(browser.get(done.link("Le montrer aux professionnels")).form("choices"))
    assert not _now(home, one).hidden
    assert "peuvent de nouveau voir ce document" in shown.text


@on_sqlite
def test_showing_leads_to_the_proof_and_hiding_never_does(app: Flask, home: House, clock: FakeClock) -> None:
    one = build.document(home.holder)
    states.hide(home.holder, one, choices=0)
    browser = home.mother.browser(app)
    form = browser.get(_place(home, one, "montrer")).form("choices")
    clock.advance(timedelta(minutes=6))
    for place in (_place(home, one, "montrer"), _place(home, "tout-montrer"), _place(home, one, "supprimer")):
        assert browser.get(place, expect=303, follow=False).headers["Location"] == "/connexion/preuve"
    assert browser.submit(form, expect=303, follow=False).headers["Location"] == "/connexion/preuve"
    assert _now(home, one).hidden
    states.show(home.mother.standing(), one, choices=1)
    page = browser.get(_place(home, one, "cacher"))
    assert browser.submit(page.form("choices")).status == 200
    assert _now(home, one).hidden


@on_sqlite
def test_an_old_page_is_told_and_changes_nothing(app: Flask, home: House) -> None:
    one = build.document(home.holder)
    browser = home.mother.browser(app)
    hide = browser.get(_place(home, one, "cacher")).form("choices")
    page = browser.get(_place(home, one))
    archive = next(form for form in page.forms if form.action.endswith("/archiver"))
    states.remark(home.holder, one, "Gardez-moi", choices=0)
    told = browser.submit(hide, expect=409)
    assert "Autre chose a été décidé entre-temps" in told.text
    assert told.form("choices").values["choices"] == ["1"], "the page now knows of it"
    assert "Autre chose a été décidé entre-temps" in browser.submit(archive).text
    remark = next(form for form in page.forms if form.action.endswith("/remarque"))
    told = browser.submit(remark, {"words": "Mes mots"}, expect=409)
    assert "Gardez-moi" in told.text
    assert told.form("words").values["words"][0].strip() == "Mes mots", "what was typed is kept"
    assert (_now(home, one).hidden, _now(home, one).state, _now(home, one).remark) == (False, "current", "Gardez-moi")
    assert browser.submit(told.form("words")).status == 200
    assert _now(home, one).remark == "Mes mots"


@on_sqlite
def test_a_remark_too_long_is_refused_beside_its_field(app: Flask, home: House) -> None:
    one = build.document(home.holder)
    browser = home.mother.browser(app)
    form = browser.get(_place(home, one, "remarque")).form("words")
    page = browser.submit(form, {"words": "x" * 501}, expect=422)
    assert "Écrivez 500 caractères au plus." in page.text
    assert page.form("words").values["words"][0].strip() == "x" * 501


@on_sqlite
def test_archiving_and_deleting_ones_own(app: Flask, home: House) -> None:
    one = build.document(home.holder, "Ma note")
    browser = home.mother.browser(app)
    page = browser.get(_place(home, one))
    page = browser.submit(next(form for form in page.forms if form.action.endswith("/archiver")))
    assert "Archivé" in page.text
    page = browser.submit(next(form for form in page.forms if form.action.endswith("/desarchiver")))
    page = browser.get(page.link("Supprimer ce document"))
    unsure = browser.submit(page.form("sure"), expect=422)
    assert "Cochez cette case" in unsure.text
    assert _now(home, one).state == "current"
    done = browser.submit(unsure.form("sure"), {"sure": "y"})
    assert "Ma note" not in done.text
    browser.get(_place(home, one), expect=404)


@on_sqlite
def test_the_page_of_a_professionals_document_says_what_one_can_do_instead(app: Flask, home: House) -> None:
    one = deposited(home.doctor_here, "Compte rendu")
    browser = home.mother.browser(app)
    assert "lui seul peut le supprimer" in browser.get(_place(home, one)).text
    assert browser.get(_place(home, one, "supprimer"), expect=303, follow=False).headers["Location"].endswith(str(one))
    form = browser.get(_place(home, one, "cacher")).form("choices")
    browser.send("POST", _place(home, one, "supprimer"), expect=404, data=_sure(form))
    assert _now(home, one).state == "current"


@on_sqlite
def test_a_document_says_first_who_can_read_it_and_what_it_is_in_plain_words(app: Flask, home: House) -> None:
    one = deposited(home.doctor_here, "Compte rendu")
    browser, doctor = home.mother.browser(app), home.doctor.browser(app)
    official = documents.type_label(_now(home, one).type_code)
    name = home.doctor.facts.display_name
    page = browser.get(_place(home, one))
    assert f"Professionnels qui peuvent le lire : {name}. Choisir qui le voit" in page.text
    beside = page.tree.xpath("string(//section[@aria-labelledby='seen-by']/p[1])")
    assert " ".join(beside.split()) == f"Professionnels : {name}."
    assert browser.get(page.link("Voir qui a ouvert des documents")).status == 200
    assert page.text.index("qui peuvent le lire") < page.text.index("Page 1 sur")
    assert page.text.index("Qui peut le voir") < page.text.index("Votre remarque") < page.text.index("Détails")
    assert official not in page.text
    assert documents.type_words(_now(home, one).type_code) in page.text
    theirs = doctor.get(_place(home, one, pro=True))
    assert official in theirs.text
    assert "peuvent le lire" not in theirs.text
    choices = page.form("choices").values["choices"][0]
    archived = browser.send(
        "POST", _place(home, one, "archiver"), data={"csrf_token": page.csrf_token, "choices": choices}
    )
    assert "Vous pouvez le cacher, ou le lui demander." in archived.text


def _sure(form: Any) -> dict[str, str]:
    return {"csrf_token": form.values["csrf_token"][0], "choices": "0", "sure": "y"}


@on_sqlite
def test_a_professional_announces_after_a_confirmation(app: Flask, home: House) -> None:
    one = deposited(home.doctor_here, "Compte rendu", patient_invisible=True)
    browser = home.doctor.browser(app)
    page = browser.get(browser.get(_place(home, one, pro=True)).link("L'annoncer au patient"))
    assert "Rien ne permet de revenir en arrière" in page.text
    page = browser.submit(page.form("sure"), expect=422)
    assert "L'annoncer au patient" in browser.get(_place(home, one, pro=True)).text
    done = browser.submit(page.form("sure"), {"sure": "y"})
    assert "Le patient peut lire ce document dès maintenant" in done.text
    assert not _now(home, one).patient_invisible
    again = browser.get(_place(home, one, "annoncer", pro=True), expect=303, follow=False)
    assert again.headers["Location"].endswith(str(one))


@on_sqlite
def test_a_secret_document_shown_to_the_parents_before_its_announcement_promises_them_nothing_yet(
    app: Flask, home: House
) -> None:
    teen = build.citizen("Lou", "Fontenay", birth=date(2010, 2, 3), parents=[home.mother])
    build.consent(teen, home.doctor, Answer.GRANT)
    parent, here = home.mother.standing(teen.record_id), home.doctor.standing(teen.record_id)
    assert here is not None
    browser = home.doctor.browser(app)
    for awaits in (True, False):
        one = deposited(here, f"Entretien {awaits}", representatives_see=False, patient_invisible=awaits)
        base = f"/pro/patients/{teen.record_id}/documents/{one}"
        page = browser.get(f"{base}/parents")
        assert ("dès que le patient le peut" in page.text) is awaits
        done = browser.submit(page.form("sure"), {"sure": "y"})
        assert "n'est plus caché aux parents" in done.text
        assert (one in {row.id for row in documents.page(parent).rows}) is not awaits


@on_sqlite
def test_a_professional_proves_themself_anew_where_they_sign_in(app: Flask, home: House, clock: FakeClock) -> None:
    one = deposited(home.doctor_here, "Compte rendu")
    browser = home.doctor.browser(app)
    clock.advance(timedelta(minutes=6))
    page = browser.get(_place(home, one, "supprimer", pro=True), expect=303, follow=False)
    assert page.headers["Location"] == "/pro/connexion"
    assert "Ce choix demande une connexion récente" in browser.get("/pro/connexion").text, "deleting opens nothing"


@on_sqlite
def test_a_result_that_waits_is_said_and_can_be_read_at_any_time(app: Flask, home: House) -> None:
    browser = home.mother.browser(app)
    page = browser.get(_place(home, "delais"))
    page = browser.submit(page.form("laboratory"), {"laboratory": "d", "imaging": "7"})
    assert delays.choices(home.holder)[ResultKind.LABORATORY] is None
    titles = {"11502-2": "Bilan Zibeline", "18748-4": "Radio Zibeline"}
    made = [
        documents.deposit(
            home.doctor_here,
            documents.DepositDocument(title=title, date=date(2026, 11, 20), type_code=code, content=title.encode()),
        )
        for code, title in titles.items()
    ]
    for place in ("", "delais"):
        page = browser.get(_place(home, place) if place else _place(home))
        assert "2 résultats attendent" in page.text
        assert "Zibeline" not in page.text
    reading = browser.get(_place(home, made[0], pro=False), expect=404)
    assert "Zibeline" not in reading.text
    their = home.doctor.browser(app).get(_place(home, made[0], pro=True))
    assert "a choisi de lire ces résultats avec un médecin" in their.text
    wait = next(form for form in page.forms if form.action.endswith(f"{made[0]}/attente"))
    assert browser.submit(wait).h1 == "Bilan Zibeline"
    page = browser.submit(next(f for f in their.forms if f.action.endswith("/attente")), expect=None)
    page = browser.get(_place(home, "delais"))
    page = browser.submit(next(form for form in page.forms if form.action.endswith(f"{made[1]}/attente")))
    assert page.h1 == "Radio Zibeline"


@on_sqlite
def test_an_old_page_of_delays_is_told(app: Flask, home: House) -> None:
    browser = home.mother.browser(app)
    form = browser.get(_place(home, "delais")).form("laboratory")
    _choose(home, ResultKind.LABORATORY, 7)
    page = browser.submit(form, {"imaging": "3"}, expect=409)
    assert "Autre chose a été choisi entre-temps" in page.text
    assert page.form("laboratory").values["laboratory"] == ["7"]
    for wrong in ("2", "-1", "9" * 5000, "x", ""):
        browser.send(
            "POST",
            _place(home, "delais"),
            expect=422,
            data={
                "csrf_token": page.csrf_token,
                "known": "7,0,0",
                "laboratory": wrong,
                "imaging": "0",
                "report": "0",
            },
        )
    assert delays.choices(home.holder)[ResultKind.LABORATORY] == 7


@on_sqlite
def test_everything_is_hidden_after_saying_what_that_does(app: Flask, home: House) -> None:
    browser = home.mother.browser(app)
    assert "Rien à cacher" in browser.get(_place(home, "tout-cacher")).text
    own = [build.document(home.holder, f"Note {number}") for number in range(2)]
    page = browser.get(_place(home, "tout-cacher"))
    assert "2 documents sont cachés." in page.text
    assert home.doctor.facts.display_name in page.text
    browser.submit(next(form for form in page.forms if form.action.endswith("tout-cacher")))
    assert all(_now(home, one).hidden for one in own)
    page = browser.get(_place(home, "tout-montrer"))
    browser.submit(next(form for form in page.forms if form.action.endswith("tout-montrer")))
    assert not any(_now(home, one).hidden for one in own)


def _outsiders(app: Flask, home: House) -> dict[str, tuple[Browser, bool]]:
    """Who may decide nothing here, and whether they come as professionals."""
    stranger = build.citizen("Odile", "Marchand", birth=date(1951, 1, 9))
    revoked, asking = build.caregiver("Roy", "Ana"), build.caregiver("Sorel", "Ana")
    build.consent(home.mother, revoked, Answer.GRANT)
    build.consent(home.mother, asking)
    line = next(line for line in access.consents(home.holder) if line.grantee_id == revoked.id)
    access.answer(home.holder, line.id, Answer.REVOKE, version=line.version)
    return {
        "stranger": (stranger.browser(app), False),
        "revoked": (revoked.browser(app), True),
        "asking": (asking.browser(app), True),
        "professional at the people's address": (home.doctor.browser(app), False),
    }


@on_sqlite
def test_outsiders_and_unknown_documents_meet_the_same_nothing(app: Flask, home: House) -> None:
    one = deposited(home.doctor_here, "Compte rendu", patient_invisible=True)
    own = home.mother.browser(app).get("/dossiers/").csrf_token
    for who, (browser, pro) in _outsiders(app, home).items():
        answers = set()
        for document_id, act in product((one, uuid4()), (*POSTS, "annoncer")):
            place = _place(home, document_id, act, pro=pro)
            page = browser.send("POST", place, expect=None, follow=False, data={"csrf_token": own, "choices": "0"})
            answers.add(page.status)
            if act in (*FORMS, "annoncer"):
                answers.add(browser.get(place, expect=None, follow=False).status)
        assert answers <= {400, 404, 405}, who
    assert documents.document(home.doctor_here, one).choices == 0


@on_sqlite
def test_the_doctor_with_an_access_decides_nothing_that_is_the_persons(app: Flask, home: House) -> None:
    one = build.document(home.holder)
    browser = home.doctor.browser(app)
    token = browser.get(_place(home, one, pro=True)).csrf_token
    for act in ("cacher", "montrer", "remarque", "archiver", "desarchiver"):
        page = browser.send("POST", _place(home, one, act, pro=True), expect=None, data={"csrf_token": token})
        assert page.status == 404, act
    assert _now(home, one).choices == 0


@on_sqlite
def test_a_wrong_method_and_bad_input_change_nothing(app: Flask, home: House) -> None:
    one = build.document(home.holder)
    browser = home.mother.browser(app)
    token = browser.get(_place(home, one, "cacher")).csrf_token
    for act in ("archiver", "desarchiver", "attente"):
        assert browser.get(_place(home, one, act), expect=None).status == 405
    for method, act in product(("PUT", "DELETE", "PATCH"), POSTS):
        page = browser.send(method, _place(home, one, act), expect=None, data={"csrf_token": token})
        assert page.status in (400, 405)
    for wrong in ("", "x", "-1", "9" * 5000, "1e3", "\x00"):
        for act in ("cacher", "archiver", "remarque", "supprimer"):
            data = {"csrf_token": token, "choices": wrong, "words": "x", "sure": "y"}
            page = browser.send("POST", _place(home, one, act), expect=None, follow=False, data=data)
            assert page.status in (303, 409, 422), (act, wrong)
    assert _now(home, one).choices == 0


@on_sqlite
@pytest.mark.parametrize("place", ["", "delais", "tout-cacher"])
def test_looking_changes_nothing(app: Flask, home: House, place: str) -> None:
    one = build.document(home.holder)
    browser = home.mother.browser(app)
    page: Page = browser.get(_place(home, place) if place else _place(home, one))
    assert page.status == 200
    assert _now(home, one).choices == 0
