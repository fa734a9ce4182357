"""What one side of a family, or one professional, does with documents tells the other side nothing (R13, MI-10)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services import care_history
from espace.documents.services.adding import composing
from espace.documents.services.adding.own import Described
from espace.documents.services.adding.pieces import Upload
from espace.documents.services.deciding import announcing, deleting, states
from espace.documents.services.viewing import lineage
from espace.errors import InvalidError
from espace.home import services as home
from espace.machines import Machines
from espace.permissions import Standing
from espace.professional.services import drafts
from espace.professional.services.drafts import Confirmation
from espace.settings import Settings
from tests.support import build
from tests.support.clock import FakeClock
from tests.support.papers import pdf

SAID = Described(title="Prise de sang", date=date(2026, 3, 4), type_code="DOCPAT05")


@dataclass(frozen=True)
class Family:
    """A girl of sixteen with an account of her own, her mother, and two doctors who read her record."""

    girl: build.Citizen
    teen: Standing
    mother: Standing
    doctor: Standing
    other: Standing
    luce: build.Caregiver


@pytest.fixture
def family(machines: Machines) -> Family:
    mother = build.citizen("Claire")
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    found = []
    luce = build.caregiver("Aubin", "Luce")
    for one in (luce, build.caregiver("Perrin", "Luc")):
        build.consent(teen, one, Answer.GRANT)
        found.append(one.standing(teen.record_id))
    doctor, other = found
    assert doctor is not None
    assert other is not None
    return Family(teen, teen.standing(), mother.standing(teen.record_id), doctor, other, luce)


def _added(standing: Standing, words: str, said: Described = SAID, replaces: UUID | None = None) -> UUID:
    begun = composing.begin(standing, [Upload("a.pdf", pdf(words))], replaces)
    assert begun.draft_id, begun.refused
    return composing.complete(standing, begun.draft_id, said).id


def _deposit(by: Standing, title: str = "Compte rendu", **marks: Any) -> UUID:
    given = {"representatives_see": True, "content": title.encode(), **marks}
    command = documents.DepositDocument(title=title, date=date(2026, 11, 20), type_code="11502-2", **given)
    return documents.deposit(by, command)


def _listed(standing: Standing) -> set[UUID]:
    return {row.id for row in documents.page(standing).rows}


def _acts(standing: Standing) -> list[tuple[Action, tuple[str, ...]]]:
    acts = home.history(standing, mine=False).acts
    return [(act.action, tuple(thing.get("title", "") for thing in act.objects)) for act in acts]


def _titles_listed(standing: Standing) -> set[str]:
    return {title for action, titles in _acts(standing) if action is Action.DOCUMENTS_LISTED for title in titles}


def test_a_secret_version_takes_no_version_of_a_parent_along(family: Family) -> None:
    first = _added(family.mother, "un")
    secret = _added(family.teen, "deux", replace(SAID, secret=True), replaces=first)
    assert _listed(family.mother) == {first}
    third = _added(family.mother, "trois", replaces=first)
    assert _listed(family.mother) == {third}, "what she added vanished before her eyes"
    assert _listed(family.teen) == {third, secret}
    assert documents.document(family.mother, third).version == 2


def test_that_versions_stand_beside_a_document_is_told_to_those_who_see_them(family: Family) -> None:
    first = _deposit(family.doctor)
    secret = _deposit(family.doctor, "Entretien", replaces=first, representatives_see=False)
    for read in (first, secret):  # beside the one stands the other
        lineage.history(family.other, documents.document(family.other, read))
    acts = {action for action, _ in _acts(family.mother)}
    assert Action.DOCUMENTS_LISTED not in acts
    assert Action.DOCUMENT_OPENED in acts
    assert _titles_listed(family.teen) == {"Compte rendu", "Entretien"}


def test_a_list_that_held_secret_care_only_was_looked_at_all_the_same(family: Family) -> None:
    _deposit(family.doctor, "Entretien", representatives_see=False)
    documents.page(family.other)
    assert (Action.DOCUMENTS_LISTED, ()) in _acts(family.mother)


def test_what_its_depositor_deleted_may_be_deposited_again(family: Family) -> None:
    made = []
    for _ in range(3):
        made.append(_deposit(family.doctor))
        assert _deposit(family.doctor) == made[-1], "sent twice"
        assert _listed(family.teen) == {made[-1]}
        deleting.delete(family.doctor, made[-1], choices=0)
    assert len(set(made)) == 3
    assert _listed(family.teen) == set()


class TestAnnounced:
    """A version that waited for its announcement while its person hid the one before."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, announcement_days=30)

    def _waiting(self, family: Family) -> UUID:
        first = _deposit(family.doctor)
        second = _deposit(family.doctor, "Deuxième", replaces=first, patient_invisible=True)
        states.hide(family.teen, first, choices=0)
        assert _listed(family.other) == {second}
        return second

    def test_it_is_hidden_like_the_one_its_person_knew(self, family: Family) -> None:
        second = self._waiting(family)
        assert announcing.announce(family.doctor, second, choices=0) == second
        assert _listed(family.other) == set()
        assert _listed(family.teen) == _listed(family.doctor) == {second}
        assert documents.document(family.teen, second).hidden

    def test_who_announced_what_another_deposited_sees_it_no_more(self, family: Family) -> None:
        second = self._waiting(family)
        assert announcing.announce(family.other, second, choices=0) is None
        assert _listed(family.other) == set()

    def test_shown_because_nobody_announced_it_it_is_hidden_too(self, family: Family, clock: FakeClock) -> None:
        second = self._waiting(family)
        clock.advance(timedelta(days=31))
        assert announcing.release_due() == 1
        assert _listed(family.other) == set()
        assert _listed(family.teen) == {second}


def test_of_care_that_became_secret_the_trail_tells_parents_nothing(family: Family) -> None:
    for label, reference in (("Interruption", "R9"), ("Vaccin", "R8")):
        build.care_line(family.girl, label=label, reference=reference, visit=reference)
    care_history.history(family.other)
    for visit in care_history.history(family.teen).visits:
        care_history.hide(family.teen, visit.id)
    assert (Action.CARE_HIDDEN, ("Interruption",)) in _acts(family.mother)
    with pytest.raises(AssertionError, match="secret care"):  # refused, and the one that was here leaves
        build.care_line(family.girl, label="Interruption", reference="R9", visit="R9", secret="yes")
    told = _acts(family.mother)
    assert (Action.CARE_READ, ("Vaccin",)) in told
    assert [names for action, names in told if action is Action.CARE_HIDDEN] == [("Vaccin",)]
    visits = [thing for one in home.last_visits(family.mother) for act in one.acts for thing in act.objects]
    assert "Interruption" not in str(visits)


def test_a_draft_whose_document_was_replaced_meanwhile_is_no_dead_end(family: Family, app: Flask) -> None:
    first = _added(family.teen, "un", replace(SAID, secret=True))
    begun = composing.begin(family.teen, [Upload("a.pdf", pdf("deux"))], first)
    _added(family.teen, "trois", replaces=first)
    browser = family.girl.browser(app)
    page = browser.get(f"/dossiers/{family.girl.record_id}/documents/ajouter/{begun.draft_id}")
    said = {"title": "Analyse de mars", "date": "2026-03-04", "type_code": "DOCPAT05", "geste": "ajouter"}
    page = browser.send("POST", page.path, expect=422, data={"csrf_token": page.csrf_token, **said})
    assert "a été supprimé ou remplacé entre-temps" in page.text
    assert page.tree.xpath("//input[@name='secret' and @checked]"), "who adds it says anew who sees it"
    page = browser.send("POST", page.path, data={"csrf_token": page.csrf_token, "secret": "y", **said})
    assert len(_listed(family.teen)) == 2
    assert _listed(family.mother) == set()


def test_a_deposit_whose_document_was_deleted_meanwhile_is_no_dead_end(family: Family) -> None:
    first = _deposit(family.doctor)
    begun = drafts.start(family.doctor, pdf("deux"), "deux.pdf", first)
    deleting.delete(family.doctor, first, choices=0)
    said = Confirmation(type_code="11502-2", title="Deux", date=date(2026, 11, 20), representatives_see=True)
    with pytest.raises(InvalidError) as found:
        drafts.confirm(family.doctor, begun, said)
    assert "deleted or replaced meanwhile" in found.value.problems[""]
    made = drafts.confirm(family.doctor, begun, said)
    assert _listed(family.teen) == {made}


def test_a_depositor_shown_their_own_document_to_replace_it_leaves_a_row(family: Family, app: Flask) -> None:
    line = next(line for line in access.consents(family.teen) if line.grantee_id == family.doctor.actor.id)
    one = _deposit(family.doctor)
    secret = _deposit(family.doctor, "Entretien", representatives_see=False)
    access.answer(family.teen, line.id, Answer.REVOKE, version=line.version)  # deposits still, reads no more
    access.note_encounter(family.doctor.actor, family.girl.record_id)
    browser = family.luce.browser(app)
    for document in (one, secret):
        for _ in range(2):
            page = browser.get(f"/pro/patients/{family.girl.record_id}/documents/{document}/remplacer")
            assert ("Compte rendu" if document == one else "Entretien") in page.text
    assert _acts(family.mother).count((Action.DOCUMENTS_LISTED, ("Compte rendu",))) == 1
    assert _titles_listed(family.teen) == {"Compte rendu", "Entretien"}
