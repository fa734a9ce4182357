"""One document, one person: kept from them, shown to them though it is hidden, or as for everybody (rules.md AR-13)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from espace import db
from espace.access import services as access
from espace.access.models import DocumentRule
from espace.access.services import KEPT, SHOWN, Answer, notices
from espace.documents import services as documents
from espace.documents.services import DepositDocument
from espace.documents.services.deciding import rules, states
from espace.documents.services.deciding.rules import PersonLine
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.machines import Machines
from espace.permissions import Standing, Task
from tests.support import build, readers
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock

from .house import pdf, statements, trail
from .test_adding_apart import added

PRESCRIPTION = "57833-6"


@dataclass(frozen=True)
class Scene:
    """A person, two doctors with an access, a nurse of a team that has one, and a carer."""

    holder: Citizen
    doctor: Caregiver
    other: Caregiver
    member: Caregiver
    carer: Citizen

    @property
    def own(self) -> Standing:
        """The holder before their record."""
        return self.holder.standing()

    def of(self, who: Caregiver | Citizen) -> Standing:
        """How somebody stands to the record now."""
        found = who.standing(self.holder.record_id)
        assert found is not None
        return found

    def sees(self, who: Caregiver | Citizen, document_id: UUID) -> bool:
        """Whether somebody finds the document, alone and in their list, alike."""
        standing = self.of(who)
        try:
            documents.document(standing, document_id)
            found = True
        except NotFoundError:
            found = False
        for state in ("current", "superseded"):
            rows = documents.page(standing, documents.Filter(state=state)).rows
            if document_id in {row.id for row in rows}:
                assert found
                return True
        assert not found
        return False

    def rule(self, document_id: UUID, who: Caregiver | Citizen, effect: str) -> UUID:
        """Decide for one of them, knowing all that was decided."""
        known = documents.document(self.own, document_id).choices
        grantee = who.id if isinstance(who, Caregiver) else who.person_id
        return rules.rule(self.own, document_id, grantee, effect, choices=known)

    def line(self, document_id: UUID, name: str) -> PersonLine:
        """What the page says of one of them."""
        found = rules.persons(self.own, documents.document(self.own, document_id))
        return next(one for one in found if name in one.name)


@pytest.fixture
def scene(machines: Machines) -> Scene:
    """Everybody, with their rights."""
    holder = build.citizen()
    doctor, other = build.caregiver(), build.caregiver("Roy", "Ana", structure="Cabinet du Port")
    member = build.caregiver("Diarra", "Awa", profession=build.NURSE, structure="Maison de santé")
    carer = build.citizen("Paul", "Marchand", sex="M", birth=date(1961, 2, 3))
    for one in (doctor, other):
        build.consent(holder, one, Answer.GRANT)
    readers.team(holder, member)
    readers.carer(holder, carer, Task.READ_DOCUMENTS)
    return Scene(holder, doctor, other, member, carer)


def deposit(by: Caregiver, at: Citizen, title: str = "Ordonnance", **changes: Any) -> UUID:
    """A prescription of a doctor's."""
    standing = by.standing(at.record_id)
    assert standing is not None
    given = DepositDocument(title=title, date=date(2026, 11, 20), type_code=PRESCRIPTION, content=pdf(title))
    return documents.deposit(standing, replace(given, **changes))


def test_keeping_a_document_from_one_changes_nothing_for_the_others(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder)
    for kept in (scene.other, scene.member, scene.carer):
        grantee = kept.facts.structures[0].id if kept is scene.member else None
        if grantee:
            rules.rule(scene.own, made, grantee, KEPT, choices=documents.document(scene.own, made).choices)
        else:
            scene.rule(made, kept, KEPT)
        everybody = (scene.doctor, scene.other, scene.member, scene.carer)
        assert [one for one in everybody if not scene.sees(one, made)] == [kept]
        if grantee:
            rules.rule(scene.own, made, grantee, "", choices=documents.document(scene.own, made).choices)
        else:
            scene.rule(made, kept, "")
        assert all(scene.sees(one, made) for one in everybody)


def test_what_is_hidden_from_all_is_shown_to_one(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder)
    states.hide(scene.own, made, choices=0)
    scene.rule(made, scene.other, SHOWN)
    assert scene.sees(scene.other, made)
    assert scene.sees(scene.doctor, made)  # who deposited it
    assert not scene.sees(scene.member, made)
    assert not scene.sees(scene.carer, made)
    states.show(scene.own, made, choices=2)
    assert scene.sees(scene.member, made)
    states.hide(scene.own, made, choices=3)
    assert scene.sees(scene.other, made)
    assert states.sharing(scene.own, documents.document(scene.own, made)).shown == (scene.other.facts.display_name,)


def test_a_deposit_is_never_kept_from_who_made_it(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder)
    with pytest.raises(InvalidError):
        scene.rule(made, scene.doctor, KEPT)
    line = scene.line(made, scene.doctor.facts.family_name.title())
    assert line.is_own
    assert not line.may_keep
    place = scene.doctor.facts.structures[0].id
    readers.team(scene.holder, scene.doctor)
    rules.rule(scene.own, made, place, KEPT, choices=0)
    assert scene.sees(scene.doctor, made)


def test_showing_and_ending_a_keeping_ask_for_a_proof_and_narrowing_never(scene: Scene, clock: FakeClock) -> None:
    made = deposit(scene.doctor, scene.holder)
    own = scene.own
    stale = replace(own, actor=replace(own.actor, proved_at=clock.now - timedelta(hours=1)))
    rules.rule(stale, made, scene.other.id, KEPT, choices=0)
    with pytest.raises(StepUpError):
        rules.rule(stale, made, scene.other.id, "", choices=1)
    scene.rule(made, scene.other, "")
    states.hide(own, made, choices=2)
    with pytest.raises(StepUpError):
        rules.rule(stale, made, scene.other.id, SHOWN, choices=3)
    scene.rule(made, scene.other, SHOWN)
    rules.rule(stale, made, scene.other.id, "", choices=4)
    assert not scene.sees(scene.other, made)


def test_of_two_pages_the_older_changes_nothing(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder)
    rules.rule(scene.own, made, scene.other.id, KEPT, choices=0)
    with pytest.raises(ConflictError):
        rules.rule(scene.own, made, scene.carer.person_id, KEPT, choices=0)
    assert scene.sees(scene.carer, made)


def test_nobody_else_decides_and_nobody_else_is_decided_about(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder)
    stranger = build.caregiver("Perrin", "Luc")
    for standing in (scene.of(scene.doctor), scene.of(scene.carer)):
        with pytest.raises(NotFoundError):
            rules.rule(standing, made, scene.other.id, KEPT, choices=0)
        with pytest.raises(NotFoundError):
            rules.persons(standing, documents.document(scene.own, made))
    for nobody in (stranger.id, scene.holder.person_id, UUID(int=3)):
        with pytest.raises(NotFoundError):
            rules.rule(scene.own, made, nobody, KEPT, choices=0)
    with pytest.raises(NotFoundError):
        rules.rule(scene.own, made, scene.other.id, "something", choices=0)


def test_a_rule_outlives_the_access_and_can_be_ended_without_it(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder)
    scene.rule(made, scene.other, KEPT)
    line = next(one for one in access.consents(scene.own) if one.grantee_id == scene.other.id)
    access.answer(scene.own, line.id, Answer.REVOKE, version=line.version)
    left = scene.line(made, "Roy")
    assert (left.reads, left.effect, left.may_keep) == (False, KEPT, False)
    line = next(one for one in access.consents(scene.own) if one.grantee_id == scene.other.id)
    access.answer(scene.own, line.id, Answer.GRANT, version=line.version, days=90)
    assert not scene.sees(scene.other, made)
    scene.rule(made, scene.other, "")
    assert scene.sees(scene.other, made)


# --- versions, copies, replacement, erasure


def test_a_rule_holds_for_every_version_and_for_those_that_come(scene: Scene) -> None:
    first = deposit(scene.doctor, scene.holder)
    second = deposit(scene.doctor, scene.holder, "Ordonnance corrigée", replaces=first)
    scene.rule(second, scene.other, KEPT)
    assert not scene.sees(scene.other, first)
    assert not scene.sees(scene.other, second)
    third = deposit(scene.doctor, scene.holder, "Ordonnance encore", replaces=second)
    assert not scene.sees(scene.other, third)
    assert scene.sees(scene.member, third)
    assert documents.document(scene.own, first).state == "superseded"
    scene.rule(third, scene.other, "")
    assert all(scene.sees(scene.other, one) for one in (first, second, third))


def test_a_rule_survives_the_replacement_of_a_person_s_own_document(scene: Scene) -> None:
    own = scene.own
    first = added(own, pdf("Radio"))
    scene.rule(first.id, scene.carer, KEPT)
    second = added(own, pdf("Radio nette"), replaces=first.id)
    assert second.id != first.id
    assert not scene.sees(scene.carer, second.id)
    assert scene.sees(scene.doctor, second.id)


def test_a_copy_that_comes_later_is_kept_as_well(scene: Scene) -> None:
    first = deposit(scene.doctor, scene.holder, content=pdf("le même"))
    scene.rule(first, scene.carer, KEPT)
    second = deposit(scene.other, scene.holder, "Copie", content=pdf("le même"))
    assert not scene.sees(scene.carer, first)
    assert not scene.sees(scene.carer, second)
    assert scene.sees(scene.other, second)


def test_copies_shown_as_one_stay_one_and_follow(scene: Scene) -> None:
    first = deposit(scene.doctor, scene.holder, content=pdf("le même"))
    second = deposit(scene.other, scene.holder, "Copie", content=pdf("le même"))
    assert second == first
    assert [row.id for row in documents.page(scene.own).rows] == [first]
    scene.rule(first, scene.carer, KEPT)
    assert [row.id for row in documents.page(scene.own).rows] == [first]
    assert documents.page(scene.of(scene.carer)).rows == ()
    with db.read() as tx:
        assert len(set(tx.execute(select(DocumentRule.document_id)).scalars())) == 2


def test_an_erased_record_forgets_its_rules(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder)
    scene.rule(made, scene.other, KEPT)
    notices.forget_record(scene.holder.record_id)
    with db.read() as tx:
        assert tx.execute(select(DocumentRule.id)).all() == []


# --- the page and the trail


def test_the_page_gives_each_reader_with_yes_or_no_and_why(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder)
    states.hide(scene.own, made, choices=0)
    scene.rule(made, scene.other, SHOWN)
    found = {
        one.name: (one.sees, one.reason.value) for one in rules.persons(scene.own, documents.document(scene.own, made))
    }
    assert found == {
        scene.doctor.facts.display_name: (True, "consent"),
        scene.other.facts.display_name: (True, "consent"),
        scene.member.structure: (False, "hidden-by-holder"),
        scene.carer.name: (False, "hidden-by-holder"),
    }


def test_passing_readers_stand_on_the_page_as_long_as_they_read(scene: Scene, clock: FakeClock) -> None:
    made = deposit(scene.doctor, scene.holder)
    shown, urgent = build.caregiver("Colin", "Eva"), build.caregiver("Noir", "Tom")
    readers.window(scene.holder, shown)
    readers.emergency(scene.holder, urgent)
    assert scene.line(made, "Colin").reason.value == "window"
    assert scene.line(made, "Noir").reason.value == "break-glass"
    scene.rule(made, shown, KEPT)
    assert not scene.sees(shown, made)
    clock.advance(timedelta(hours=5))
    names = [one.name for one in rules.persons(scene.own, documents.document(scene.own, made))]
    assert [name for name in names if "Noir" in name] == []
    assert not scene.line(made, "Colin").reads


def test_the_page_asks_as_much_for_many_as_for_few(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder)

    def asked() -> int:
        document = documents.document(scene.own, made)
        own = scene.own
        with statements() as sent:
            rules.persons(own, document)
        return len(sent)

    few = asked()
    for number in range(4):
        one = build.caregiver(f"Renard{number}", "Zoé")
        build.consent(scene.holder, one, Answer.GRANT)
        scene.rule(made, one, KEPT)
    assert asked() == few


def test_the_trail_tells_who_it_is_kept_from_to_the_holder(scene: Scene) -> None:
    made = deposit(scene.doctor, scene.holder, "Lettre")
    scene.rule(made, scene.other, KEPT)
    told = next(one for one in trail(scene.own) if one.action == "document-kept-from")
    assert told.detail["whom"] == scene.other.facts.display_name
    assert [thing["title"] for thing in told.objects] == ["Lettre"]
