"""Mailboxes kept here: who has one, who makes one, what never changes (rules.md MS-8)."""

from datetime import timedelta

import pytest

from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.machines import Machines
from espace.messaging.services import boxes
from espace.messaging.services.boxes import BoxKind
from espace.messaging.services.places import Refusal, RefusedAddressError, place_of
from espace.messaging.services.practice import choosing, mailboxes, overview
from espace.messaging.services.practice.choosing import Choices
from espace.messaging.services.practice.mailboxes import NewMailbox, Own
from tests.support import build
from tests.support.clock import FakeClock

from .mailboxes import DOMAIN, doctor, ward

pytestmark = pytest.mark.usefixtures("machines")


def test_a_professional_whose_address_is_ours_has_a_mailbox_once_they_sign_in() -> None:
    helene = doctor()
    assert mailboxes.own(helene.facts) is Own.TO_OPEN
    helene.sign_in()
    helene.sign_in()
    assert mailboxes.own(helene.facts) is Own.HERE
    (mine,) = overview.lines(helene.actor)
    assert (mine.facts.kind, mine.facts.address, mine.facts.name) == (
        BoxKind.PER,
        helene.facts.mssante,
        "Dr Hélène Morvan",
    )
    assert place_of(helene.facts.mssante.upper()).box_id == mine.facts.id
    assert mailboxes.open_own(helene.facts) is None


def test_mail_that_lives_elsewhere_is_said_so() -> None:
    elsewhere, nobody = doctor(domain="hopital.mssante.fr"), doctor("Petit", "Luc", own=False)
    assert mailboxes.own(elsewhere.facts) is Own.ELSEWHERE
    assert mailboxes.own(nobody.facts) is Own.NONE
    for one in (elsewhere, nobody):
        assert mailboxes.open_own(one.facts) is None
        assert overview.lines(one.actor) == []


def test_an_address_of_several_professionals_is_no_one_s_own() -> None:
    one = build.caregiver("Morvan", "Hélène", mssante=f"cabinet@{DOMAIN}")
    other = build.caregiver("Petit", "Luc", mssante=f"cabinet@{DOMAIN}")
    assert {mailboxes.own(each.facts) for each in (one, other)} == {Own.SHARED}
    assert mailboxes.open_own(one.facts) is None


def test_the_house_opens_the_mailboxes_of_everybody_at_once() -> None:
    mine = [doctor("Morvan", "Hélène"), doctor("Petit", "Luc")]
    doctor("Aubry", "Lucie", domain="hopital.mssante.fr")
    doctor("Roux", "Jean", own=False)
    assert mailboxes.open_everybody() == len(mine)
    assert mailboxes.open_everybody() == 0
    assert {mailboxes.own(one.facts) for one in mine} == {Own.HERE}


def test_who_makes_the_mailbox_of_a_place_answers_for_it() -> None:
    helene = doctor()
    facts = ward(helene)
    assert (facts.kind, facts.responsible_id, facts.professional_id) == (BoxKind.ORG, helene.id, None)
    assert [line.facts.kind for line in overview.lines(helene.actor)] == [BoxKind.PER, BoxKind.ORG]
    assert place_of(f"pediatrie@{DOMAIN}").box_id == facts.id
    told = audit.entries(facts.id, mine=True, holder_actor_ids=[helene.id], before=None)
    assert [one.action for one in told] == [Action.MAILBOX_MADE]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"local": "Pédiatrie"}, "local"),
        ({"local": "a"}, "local"),
        ({"local": "a..b"}, "local"),
        ({"local": ".ab"}, "local"),
        ({"local": "ab@autre"}, "local"),
        ({"local": "ab\r\ncd"}, "local"),
        ({"local": "x" * 80}, "local"),
        ({"local": "postmaster"}, "local"),
        ({"local": "helene.morvan"}, "local"),
        ({"local": "jean.roux"}, "local"),
        ({"domain": "hopital.mssante.fr"}, "domain"),
        ({"domain": "patient.espace.example"}, "domain"),
        ({"kind": BoxKind.PER}, "kind"),
        ({"kind": BoxKind.PERSON}, "kind"),
        ({"name": ""}, "name"),
        ({"name": "dr.morvan@hopital.mssante.fr"}, "name"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_a_mailbox_that_cannot_be_is_refused_beside_the_field(wrong: dict[str, object], field: str) -> None:
    helene = doctor()
    doctor("Roux", "Jean")  # whose own address nobody takes, though their mailbox is not open yet
    given = {"kind": BoxKind.ORG, "local": "pediatrie", "domain": DOMAIN, "name": "Pédiatrie"} | wrong
    with pytest.raises(InvalidError) as refused:
        mailboxes.make(helene.actor, NewMailbox(**given, structure_id=helene.facts.structures[0].id))  # type: ignore[arg-type]
    assert field in refused.value.problems


def test_a_place_where_one_does_not_practise_gets_no_mailbox() -> None:
    helene, other = doctor(), doctor("Petit", "Luc", structure="Clinique", finess="350000002")
    new = NewMailbox(BoxKind.ORG, "clinique", DOMAIN, "Clinique", other.facts.structures[0].id)
    with pytest.raises(InvalidError) as refused:
        mailboxes.make(helene.actor, new)
    assert set(refused.value.problems) == {"structure"}


def test_an_address_is_given_once_and_never_again() -> None:
    helene = doctor()
    facts = ward(helene)
    with pytest.raises(InvalidError):
        ward(helene)
    mailboxes.close(helene.actor, facts.id)
    with pytest.raises(InvalidError):
        ward(helene)
    with pytest.raises(RefusedAddressError) as refused:
        place_of(facts.address)
    assert refused.value.refusal is Refusal.ENDED


def test_a_closed_mailbox_opens_again_with_its_address_and_kind() -> None:
    helene = doctor()
    facts = ward(helene)
    mailboxes.close(helene.actor, facts.id)
    with pytest.raises(NotFoundError):
        boxes.box_of_mailbox(helene.actor, facts.id)
    assert [one.id for one in mailboxes.closed(helene.actor)] == [facts.id]
    mailboxes.reopen(helene.actor, facts.id)
    again = boxes.mailbox_of(helene.actor, facts.id)
    assert (again.address, again.kind, again.closed_at) == (facts.address, facts.kind, None)
    with pytest.raises(NotFoundError):
        mailboxes.reopen(helene.actor, facts.id)


def test_a_closed_personal_mailbox_stays_closed_when_its_owner_signs_in() -> None:
    helene = doctor()
    mine = boxes.boxes_of(helene.actor)[0]
    mailboxes.close(helene.actor, mine.id)
    assert mailboxes.own(helene.facts) is Own.CLOSED
    assert overview.lines(helene.actor) == []


def test_making_and_opening_again_ask_for_a_fresh_proof(clock: FakeClock) -> None:
    helene = doctor()
    facts, actor = ward(helene), helene.actor
    mailboxes.close(actor, facts.id)
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        mailboxes.reopen(actor, facts.id)
    with pytest.raises(StepUpError):
        mailboxes.make(actor, NewMailbox(BoxKind.CAB, "cabinet", DOMAIN, "Cabinet", helene.facts.structures[0].id))


def test_choices_change_what_may_change_and_of_two_the_second_is_told() -> None:
    helene = doctor()
    facts = ward(helene)
    choosing.change(
        helene.actor, facts.id, Choices("Pédiatrie A", 3, listed=False, receipts=True), version=facts.version
    )
    after = boxes.mailbox_of(helene.actor, facts.id)
    assert (after.name, after.reply_days, after.listed, after.receipts) == ("Pédiatrie A", 3, False, True)
    assert (after.address, after.kind) == (facts.address, facts.kind)
    with pytest.raises(ConflictError):
        choosing.change(helene.actor, facts.id, Choices("Pédiatrie B"), version=facts.version)


def test_an_absence_is_told_on_its_days_and_on_no_other(clock: FakeClock) -> None:
    helene = doctor()
    facts = ward(helene)
    first = clock.now.date() + timedelta(days=2)
    absent = Choices(facts.name, 5, "Voyez le Dr Petit.", first, first + timedelta(days=1))
    choosing.change(helene.actor, facts.id, absent, version=facts.version)
    told = []
    for _ in range(5):
        found = choosing.outward(facts.address)
        assert found is not None
        assert (found.reply_days, found.responsible) == (5, "Dr Hélène Morvan")
        told.append(bool(found.absence))
        clock.advance(timedelta(days=1))
    assert told == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("first", "last", "words", "field"),
    [
        (None, 1, "x", "absent_from"),
        (1, None, "x", "absent_until"),
        (2, 1, "x", "absent_until"),
        (1, 2, " ", "absence"),
        (None, None, "x" * 1001, "absence"),
    ],
)
def test_half_an_absence_is_refused(
    clock: FakeClock, first: int | None, last: int | None, words: str, field: str
) -> None:
    helene = doctor()
    facts = ward(helene)
    since, until = (None if one is None else clock.now.date() + timedelta(days=one) for one in (first, last))
    with pytest.raises(InvalidError) as refused:
        choosing.change(helene.actor, facts.id, Choices(facts.name, 0, words, since, until), version=facts.version)
    assert set(refused.value.problems) == {field}


def test_nothing_is_told_of_an_address_that_is_not_ours_or_is_closed(machines: Machines) -> None:
    helene = doctor()
    facts = ward(helene)
    mailboxes.close(helene.actor, facts.id)
    assert machines.settings.mailbox_domain_list == (DOMAIN,)
    assert [choosing.outward(one) for one in (facts.address, "x@hopital.mssante.fr", f"x@{DOMAIN}", "")] == [None] * 4
