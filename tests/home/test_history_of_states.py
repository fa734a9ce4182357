"""The history of documents as they stand now: announced ones with all their past, waiting ones without their title."""

from datetime import date
from typing import Any

from espace.access.services import Answer
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services.deciding import announcing, delays
from espace.documents.services.deciding.delays import ResultKind
from espace.home import services as home
from espace.machines import Machines
from espace.permissions import Standing
from tests.support import build
from tests.support.marks import on_sqlite

TITLE = "Bilan Zibeline"


def _deposit(by: Standing, **marks: Any) -> documents.DocumentFacts:
    command = documents.DepositDocument(
        title=TITLE, date=date(2026, 11, 20), type_code="11502-2", content=b"zibeline", **marks
    )
    return documents.document(by, documents.deposit(by, command))


def _told(standing: Standing) -> list[tuple[Action, str]]:
    acts = home.history(standing, mine=False).acts
    return [(act.action, thing.get("title", "")) for act in acts for thing in act.objects]


def _people() -> tuple[build.Citizen, build.Citizen, Standing]:
    mother = build.citizen("Claire")
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    doctor = build.caregiver()
    build.consent(teen, doctor, Answer.GRANT)
    standing = doctor.standing(teen.record_id)
    assert standing is not None
    return teen, mother, standing


@on_sqlite
def test_an_announced_document_is_told_with_what_was_done_to_it_before(machines: Machines) -> None:
    teen, _, doctor = _people()
    made = _deposit(doctor, patient_invisible=True, representatives_see=True)
    assert TITLE not in {title for _, title in _told(teen.standing())}
    announcing.announce(doctor, made.id, choices=0)
    told = _told(teen.standing())
    for action in (Action.DOCUMENT_DEPOSITED, Action.DOCUMENT_OPENED, Action.DOCUMENT_ANNOUNCED):
        assert (action, TITLE) in told


@on_sqlite
def test_secret_care_is_told_to_the_parents_once_it_is_shown_to_them(machines: Machines) -> None:
    teen, mother, doctor = _people()
    made = _deposit(doctor, representatives_see=False)
    theirs = mother.standing(teen.record_id)
    assert not any(title == TITLE or action is Action.DOCUMENT_OPENED for action, title in _told(theirs))
    announcing.open_to_parents(teen.standing(), made.id, choices=0)
    assert (Action.DOCUMENT_DEPOSITED, TITLE) in _told(theirs)


@on_sqlite
def test_of_a_result_that_waits_the_act_is_told_and_not_the_title(machines: Machines) -> None:
    teen, mother, doctor = _people()
    own = teen.standing()
    known = delays.choices(own)
    delays.choose(own, known | {ResultKind.LABORATORY: None}, known=known)
    made = _deposit(doctor, representatives_see=True)
    for reader in (own, mother.standing(teen.record_id)):
        told = _told(reader)
        assert (Action.DOCUMENT_OPENED, "") in told, "that somebody read it is the person's to know"
        assert TITLE not in {title for _, title in told}
    delays.lift(own, made.id)
    assert (Action.DOCUMENT_OPENED, TITLE) in _told(own)
