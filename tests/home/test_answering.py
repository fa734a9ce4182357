"""What people make of a visit: who may say what, who is asked, by when, and what others learn of it."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from espace import db, settings
from espace.access.services import Answer
from espace.access.services.watching import explaining
from espace.administration.services import contests
from espace.administration.services.contests import Outcome
from espace.assembly import handle_events
from espace.audit import services as audit
from espace.audit.services import Action, answers
from espace.audit.services.answers import AnswerState
from espace.documents.services.deciding import secrecy
from espace.documents.services.viewing import reading
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.family.models import Link
from espace.home import services
from espace.home.services import Decision, Filter, Reply, Wish
from espace.machines import Machines
from espace.permissions import Actor, Relation, Role, Standing
from tests.support import build, office
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

PAPER = {"id": "1", "title": "Bilan Zibeline"}
ASK, EXPECTED, CONTEST = Decision.ASK, Decision.EXPECTED, Decision.CONTEST


@pytest.fixture(autouse=True)
def rooms(machines: Machines) -> None:
    """The rooms know of each other, as in any process of the house."""
    handle_events()


def _act(actor: Actor, person: build.Citizen, action: Action = Action.DOCUMENT_OPENED, **given: Any) -> None:
    relation = given.get("relation", Relation.PROFESSIONAL)
    audit.record(actor, person.record_id, action, relation=relation, objects=given.get("objects", [PAPER]))


def _visited() -> tuple[build.Citizen, build.Caregiver, Standing]:
    claire, doctor = build.citizen(), build.caregiver()
    build.consent(claire, doctor, Answer.GRANT)
    visitor = doctor.standing(claire.record_id)
    assert visitor is not None
    _act(visitor.actor, claire)
    return claire, doctor, claire.standing()


def _newest(standing: Standing) -> int:
    """The last act of the newest visit of somebody else."""
    wanted = Filter()
    visits = services.history(standing, mine=False, wanted=wanted).visits
    return next(one.newest.sequence for one in visits if one.is_access and Action.DOCUMENT_OPENED in one.things)


def _mails(person: build.Citizen, message: str) -> int:
    return [mail["message"] for mail in build.mails_to(person.email)].count(message)


def _officer() -> Actor:
    return office.officer(Role.PRIVACY_OFFICER).actor


def test_asking_has_an_owner_a_deadline_and_an_answer(machines: Machines, clock: FakeClock) -> None:
    claire, doctor, standing = _visited()
    asked = services.answer_visit(standing, _newest(standing), Reply(ASK, "Je ne vous connais pas."))
    assert (asked.state, asked.explain_by) == (AnswerState.ASKED, clock.now + timedelta(days=8))
    found = explaining.asked(doctor.actor)
    assert [one.words_of("asked") for one in found] == ["Je ne vous connais pas."]
    assert "Zibeline" not in str(found)
    explaining.explain(doctor.actor, asked.id, "Votre médecin m'a demandé un avis.", version=asked.version)
    assert explaining.asked(doctor.actor) == []
    assert _mails(claire, "visit-answer") == 1
    visit = services.visit_at(standing, _newest(standing))
    assert visit.answer is not None
    assert visit.answer.state is AnswerState.EXPLAINED
    assert visit.answer.words_of("explained") == "Votre médecin m'a demandé un avis."
    done = services.answer_visit(standing, _newest(standing), Reply(EXPECTED, version=visit.answer.version))
    assert done.state is AnswerState.EXPECTED


def test_who_came_is_told_by_the_secure_mail_without_a_name(machines: Machines) -> None:
    claire, doctor = build.citizen(), build.caregiver()
    _act(doctor.actor, claire)
    services.answer_visit(claire.standing(), _newest(claire.standing()), Reply(ASK))
    told = build.mails_to(doctor.facts.mssante) if doctor.facts.mssante else []
    assert all("Fontenay" not in str(mail) for mail in told)


def test_nobody_else_is_asked_nor_answers_nor_decides(machines: Machines) -> None:
    claire, doctor, standing = _visited()
    asked = services.answer_visit(standing, _newest(standing), Reply(ASK))
    stranger, other = build.citizen("Ada", "Roy"), build.caregiver("Roy", "Ana")
    for actor in (stranger.actor, other.actor, claire.actor):
        assert explaining.asked(actor) == []
        with pytest.raises(NotFoundError):
            explaining.explain(actor, asked.id, "Moi", version=1)
    for role in (Role.COUNTER, Role.ADMINISTRATOR):
        with pytest.raises(NotFoundError):
            contests.waiting(office.officer(role).actor)
    with pytest.raises(NotFoundError):  # it is no contest
        contests.open_contest(_officer(), claire.record_id, asked.id)
    with pytest.raises(NotFoundError):
        services.answer_visit(standing, 10**6, Reply(ASK))
    with pytest.raises(InvalidError):
        explaining.explain(doctor.actor, asked.id, "  ", version=asked.version)
    with pytest.raises(InvalidError):
        services.answer_visit(standing, _newest(standing), Reply(CONTEST, "x" * 601, version=1))


def test_a_second_answer_from_another_window_changes_nothing(machines: Machines) -> None:
    _, doctor, standing = _visited()
    place = _newest(standing)
    first = services.answer_visit(standing, place, Reply(EXPECTED))
    for again in (EXPECTED, ASK, CONTEST):
        with pytest.raises(ConflictError):
            services.answer_visit(standing, place, Reply(again))
    asked = services.answer_visit(standing, place, Reply(ASK, version=first.version))
    explaining.explain(doctor.actor, asked.id, "Une fois", version=asked.version)
    with pytest.raises(NotFoundError):
        explaining.explain(doctor.actor, asked.id, "Deux fois", version=asked.version)


def test_a_visit_that_went_on_is_still_the_one_that_was_answered(machines: Machines, clock: FakeClock) -> None:
    claire, doctor, standing = _visited()
    services.answer_visit(standing, _newest(standing), Reply(EXPECTED))
    clock.advance(timedelta(minutes=5))
    _act(doctor.actor, claire, Action.DOWNLOADED)
    with pytest.raises(ConflictError):
        services.answer_visit(standing, _newest(standing), Reply(ASK))
    clock.advance(timedelta(hours=2))
    _act(doctor.actor, claire)
    wanted = Filter(unanswered=True)
    assert len(services.history(standing, mine=False, wanted=wanted).visits) >= 1
    assert services.visit_at(standing, _newest(standing)).answer is None


def test_silence_hands_the_question_to_the_privacy_officer_and_late_contests_remind(
    machines: Machines, clock: FakeClock
) -> None:
    claire, doctor, standing = _visited()
    officer = office.officer(Role.PRIVACY_OFFICER)
    asked = services.answer_visit(standing, _newest(standing), Reply(ASK))
    clock.advance(timedelta(days=8) - timedelta(seconds=1))
    assert explaining.tick() == 0
    clock.advance(timedelta(seconds=1))
    assert explaining.tick() == 1
    assert explaining.tick() == 0
    moved = contests.waiting(officer.actor)
    assert [(one.id, one.state) for one in moved] == [(asked.id, AnswerState.CONTESTED)]
    assert moved[0].decide_by == clock.now + timedelta(days=settings.current().contest_days)
    assert explaining.asked(doctor.actor) == []
    assert _mails(claire, "visit-answer") == 1
    before = _office_mails(officer.email)
    clock.advance(timedelta(days=30))
    assert [explaining.tick(), explaining.tick()] == [1, 0]
    clock.advance(timedelta(days=1))
    assert explaining.tick() == 1
    assert _office_mails(officer.email) == before + 2


def _office_mails(address: str) -> int:
    return [mail["message"] for mail in build.mails_to(address)].count("contest-waits")


def test_a_contest_is_decided_with_words_and_blocks_only_as_its_holder_wished(machines: Machines) -> None:
    officer = _officer()
    expected = {
        (Wish.NOTHING, Outcome.WRONG): True,
        (Wish.BLOCK_IF_WRONG, Outcome.IN_ORDER): True,
        (Wish.BLOCK_IF_WRONG, Outcome.WRONG): False,
        (Wish.BLOCK_NOW, Outcome.IN_ORDER): False,
    }
    for (wish, outcome), reads in expected.items():
        claire, doctor, standing = _visited()
        made = services.answer_visit(standing, _newest(standing), Reply(CONTEST, "Pourquoi ?", wish))
        opened = contests.open_contest(officer, claire.record_id, made.id)
        assert "Zibeline" not in str(opened.facts)
        with pytest.raises(InvalidError):
            contests.decide(officer, claire.record_id, made.id, outcome, "", version=made.version)
        contests.decide(officer, claire.record_id, made.id, outcome, "Voici.", version=made.version)
        with pytest.raises(ConflictError):
            contests.decide(officer, claire.record_id, made.id, outcome, "Encore.", version=made.version)
        visit = services.visit_at(standing, _newest(standing))
        assert visit.answer is not None
        assert (visit.answer.state, visit.answer.words_of("decided")) == (AnswerState.DECIDED, "Voici.")
        after = doctor.standing(claire.record_id)
        assert (after is not None and "documents:read" in {one.value for one in after.rights}) is reads
        assert _mails(claire, "visit-answer") == 1


def test_the_officer_may_ask_who_came_and_the_answer_joins_the_contest(machines: Machines) -> None:
    claire, doctor, standing = _visited()
    officer = _officer()
    made = services.answer_visit(standing, _newest(standing), Reply(CONTEST))
    contests.forward(officer, claire.record_id, made.id, "Qui vous a adressé ?", version=made.version)
    asked = explaining.asked_one(doctor.actor, made.id)
    assert asked.words_of("forwarded") == "Qui vous a adressé ?"
    explaining.explain(doctor.actor, made.id, "Le SAMU.", version=asked.version)
    found = contests.open_contest(officer, claire.record_id, made.id).facts
    assert (found.state, found.words_of("explained")) == (AnswerState.CONTESTED, "Le SAMU.")


def test_what_a_minor_asks_is_theirs_alone_and_parents_see_each_others(machines: Machines) -> None:
    mother, father = build.citizen(), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother, father))
    doctor = build.caregiver()
    _act(doctor.actor, teen)
    hers, theirs, his = teen.standing(), mother.standing(teen.record_id), father.standing(teen.record_id)
    place = _newest(hers)
    own = services.answer_visit(hers, place, Reply(CONTEST, "Secret Zibeline"))
    contests.decide(_officer(), teen.record_id, own.id, Outcome.IN_ORDER, "Rien.", version=own.version)
    for parent in (theirs, his):
        assert services.visit_at(parent, place).answer is None
        told = services.history(parent, mine=False)
        kept = {Action.VISIT_CONTESTED, Action.CONTEST_DECIDED, Action.CONTEST_OPENED}
        assert not kept & {act.action for act in told.acts}
        assert "Secret" not in str(told)
    asked = services.answer_visit(theirs, place, Reply(ASK))
    shown = services.visit_at(his, place).answer
    assert shown is not None
    assert shown.id == asked.id
    with pytest.raises(ConflictError):
        services.answer_visit(his, place, Reply(ASK))
    mine = services.visit_at(hers, place).answer
    assert mine is not None
    assert mine.id == own.id


def test_a_relative_is_asked_without_a_name_and_not_once_they_reach_the_record_no_more(
    app: Flask, clock: FakeClock
) -> None:
    mother, father = build.citizen(), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    child = build.citizen("Jules", birth=date(2017, 3, 2), parents=(mother, father), activated=False)
    _act(father.actor, child, relation=Relation.REPRESENTATIVE)
    standing = mother.standing(child.record_id)
    asked = services.answer_visit(standing, _newest(standing), Reply(ASK))
    assert _mails(father, "visit-question") == 1
    page = father.browser(app).get(f"/compte/explications/{asked.id}")
    assert "Jules Fontenay" in page.text
    assert "Claire" not in page.response.text
    assert mother.email not in page.response.text
    clock.advance(timedelta(days=365 * 20))  # of age: the parents' access has ended
    assert explaining.asked(father.actor) == []


@pytest.mark.parametrize("sees_before", [False, True])
def test_a_parent_whom_a_decision_stopped_is_told_of_no_answer(
    machines: Machines, clock: FakeClock, sees_before: bool
) -> None:
    """Frozen after they asked: neither the answer nor its mail is theirs, whoever answers (security.md R15)."""
    mother, father = build.citizen(), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    child = build.citizen("Jules", birth=date(2017, 3, 2), parents=(mother, father), activated=False)
    doctor, other = build.caregiver(), build.caregiver("Aubin", "Luce")
    standing = father.standing(child.record_id)
    made = []
    for one in (doctor, other):
        _act(one.actor, child)
        made.append(services.answer_visit(standing, _newest(standing), Reply(ASK)))
    with db.write() as tx:
        his = (Link.record_id == child.record_id, Link.person_id == father.person_id)
        tx.execute(update(Link).where(*his).values(frozen_at=clock.now, sees_before=clock.now if sees_before else None))
    explaining.explain(doctor.actor, made[0].id, "Sa fièvre.", version=made[0].version)
    clock.advance(timedelta(days=30))
    explaining.tick()  # the other was silent: the house has the question now
    late = next(one for one in contests.waiting(_officer()) if one.id == made[1].id)
    contests.decide(_officer(), child.record_id, late.id, Outcome.IN_ORDER, "Rien.", version=late.version)
    assert _mails(father, "visit-answer") == 0
    shown = services.visit_at(mother.standing(child.record_id), _newest(mother.standing(child.record_id))).answer
    assert shown is not None  # the other parent reads it: one log


def test_a_parent_who_may_not_know_of_the_visit_any_more_is_told_of_no_answer(
    machines: Machines, clock: FakeClock
) -> None:
    mother = build.citizen()
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    doctor = build.caregiver()
    build.consent(teen, doctor, Answer.GRANT)
    paper = build.document(teen.standing(), "Ordinaire")
    clock.advance(timedelta(hours=1))  # asking for access was another visit
    visitor = doctor.standing(teen.record_id)
    assert visitor is not None
    reading.document(visitor, paper)
    standing = mother.standing(teen.record_id)
    asked = services.answer_visit(standing, _newest(standing), Reply(ASK))
    secrecy.keep_secret(teen.standing(), paper, choices=0)
    explaining.explain(doctor.actor, asked.id, "Une visite.", version=asked.version)
    assert _mails(mother, "visit-answer") == 0


def test_a_relative_stopped_meanwhile_is_not_asked_by_mail_either(machines: Machines, clock: FakeClock) -> None:
    mother, father = build.citizen(), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    child = build.citizen("Jules", birth=date(2017, 3, 2), parents=(mother, father), activated=False)
    _act(father.actor, child, relation=Relation.REPRESENTATIVE)
    with db.write() as tx:
        his = (Link.record_id == child.record_id, Link.person_id == father.person_id)
        tx.execute(update(Link).where(*his).values(frozen_at=clock.now))
    standing = mother.standing(child.record_id)
    services.answer_visit(standing, _newest(standing), Reply(ASK))
    assert _mails(father, "visit-question") == 0


def test_an_operator_is_contested_and_never_asked(machines: Machines) -> None:
    claire = build.citizen()
    audit.record(office.officer(Role.COUNTER).actor, claire.record_id, Action.OPERATOR_PAGE_OPENED)
    standing = claire.standing()
    visit = next(one for one in services.history(standing, mine=False).visits if one.is_access)
    with pytest.raises(ConflictError):
        services.answer_visit(standing, visit.newest.sequence, Reply(ASK))
    made = services.answer_visit(standing, visit.newest.sequence, Reply(CONTEST))
    assert made.state is AnswerState.CONTESTED
    with pytest.raises(InvalidError):
        contests.forward(_officer(), claire.record_id, made.id, "", version=made.version)


@on_sqlite
def test_from_the_home_page_a_strange_visit_is_asked_about_in_two_presses(app: Flask) -> None:
    claire, doctor, _ = _visited()
    browser = claire.browser(app)
    home = browser.get(f"/dossiers/{claire.record_id}/")
    visit = browser.get(next(link for words, link in home.links.items() if "Morvan" in words))
    assert "Cette visite était-elle attendue ?" in visit.text
    done = _send(browser, visit, decision="expliquer", words="Bonjour, pourquoi ?")
    assert "Explication demandée" in done.text
    assert "répond avant le" in done.text
    pro = doctor.browser(app).get("/pro/explications")
    assert "Claire Fontenay" in pro.text
    assert "Zibeline" not in pro.response.text


def _send(browser: Any, page: Any, **fields: str) -> Any:
    browser.post(page.path, {"csrf_token": page.csrf_token, "version": "0", **fields})
    return browser.get(page.path)


def test_an_erased_record_leaves_no_answer(machines: Machines) -> None:
    claire, _, standing = _visited()
    services.answer_visit(standing, _newest(standing), Reply(CONTEST))
    answers.forget_record(claire.record_id)
    assert contests.waiting(_officer()) == []
