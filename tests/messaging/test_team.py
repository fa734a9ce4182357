"""The team of a mailbox: who comes in, who goes, who answers for it, who answers one conversation."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.messaging.models import Conversation
from espace.messaging.services import boxes
from espace.messaging.services.boxes import MailboxFacts
from espace.messaging.services.outgoing import sending
from espace.messaging.services.practice import assigning, members
from espace.people.models import Practice
from tests.support import build
from tests.support.build import Caregiver
from tests.support.clock import FakeClock

from .mailboxes import doctor, own_box, ward

pytestmark = pytest.mark.usefixtures("machines")


def _team() -> tuple[Caregiver, Caregiver, MailboxFacts]:
    leader, colleague = doctor(), doctor("Petit", "Luc")
    facts = ward(leader)
    members.add(leader.actor, facts.id, colleague.id)
    return leader, colleague, facts


def _leaves_the_place(one: Caregiver) -> None:
    """The register does not name them there any more."""
    with db.write() as tx:
        tx.execute(delete(Practice).where(Practice.professional_id == one.id))


def _conversation(leader: Caregiver, facts: MailboxFacts) -> UUID:
    box = boxes.box_of_mailbox(leader.actor, facts.id)
    patient = boxes.patient_address(build.citizen(activated=False).ins)
    return sending.send(box, sending.Outgoing(to=(patient,), key=uuid4(), text="Bonjour")).conversation_id


def test_a_colleague_brought_in_reads_and_one_taken_out_does_not() -> None:
    leader, colleague, facts = _team()
    members.add(leader.actor, facts.id, colleague.id)
    assert [one.professional.id for one in members.members(facts)] == [leader.id, colleague.id]
    assert boxes.box_of_mailbox(colleague.actor, facts.id).may_write
    members.remove(leader.actor, facts.id, colleague.id)
    with pytest.raises(NotFoundError):
        boxes.box_of_mailbox(colleague.actor, facts.id)
    with pytest.raises(NotFoundError):
        members.remove(leader.actor, facts.id, colleague.id)
    told = audit.entries(facts.id, mine=True, holder_actor_ids=[leader.id], before=None)
    wanted = [Action.MAILBOX_MEMBER_REMOVED, Action.MAILBOX_MEMBER_ADDED, Action.MAILBOX_MADE]
    assert [one.action for one in told] == wanted


def test_only_colleagues_of_the_place_come_in() -> None:
    leader = doctor()
    stranger = doctor("Roux", "Jean", structure="Clinique", finess="350000002")
    facts = ward(leader)
    assert stranger.id not in {one.id for one in members.candidates(facts)}
    for one in (stranger.id, uuid4()):
        with pytest.raises(InvalidError):
            members.add(leader.actor, facts.id, one)
        with pytest.raises(InvalidError):
            members.hand_over(leader.actor, facts.id, one)


def test_a_member_decides_nothing_but_to_leave() -> None:
    leader, colleague, facts = _team()
    third = doctor("Aubry", "Lucie")
    for act in (members.add, members.remove, members.hand_over):
        with pytest.raises(NotFoundError):
            act(colleague.actor, facts.id, third.id)
    with pytest.raises(NotFoundError):
        members.take_over(colleague.actor, facts.id)
    members.leave(colleague.actor, facts.id)
    assert boxes.mailboxes_of(colleague.actor) == [boxes.mailbox_of(colleague.actor, own_box(colleague).id)]
    with pytest.raises(NotFoundError):
        members.leave(leader.actor, facts.id)


def test_a_personal_mailbox_has_no_team() -> None:
    leader, colleague = doctor(), doctor("Petit", "Luc")
    mine = own_box(leader).id
    with pytest.raises(InvalidError):
        members.add(leader.actor, mine, colleague.id)
    with pytest.raises(NotFoundError):
        members.hand_over(leader.actor, mine, colleague.id)
    assert members.candidates(boxes.mailbox_of(leader.actor, mine)) == []


def test_opening_the_mailbox_to_one_more_asks_for_a_fresh_proof_and_taking_one_out_does_not(clock: FakeClock) -> None:
    leader, colleague, facts = _team()
    actor, other = leader.actor, colleague.actor
    clock.advance(timedelta(minutes=6))
    for act in (members.add, members.hand_over):
        with pytest.raises(StepUpError):
            act(actor, facts.id, colleague.id)
    with pytest.raises(StepUpError):
        members.take_over(other, facts.id)
    members.remove(actor, facts.id, colleague.id)


def test_who_answered_for_it_goes_on_in_it_once_it_is_handed_over() -> None:
    leader, colleague, facts = _team()
    members.hand_over(leader.actor, facts.id, colleague.id)
    after = boxes.mailbox_of(leader.actor, facts.id)
    assert after.responsible_id == colleague.id
    assert {one.professional.id for one in members.members(after)} == {leader.id, colleague.id}
    with pytest.raises(NotFoundError):
        members.remove(leader.actor, facts.id, colleague.id)
    members.remove(colleague.actor, facts.id, leader.id)
    with pytest.raises(NotFoundError):
        boxes.box_of_mailbox(leader.actor, facts.id)


def test_who_leaves_the_place_reads_nothing_there_any_more_and_a_colleague_takes_over() -> None:
    leader, colleague, facts = _team()
    _leaves_the_place(leader)
    with pytest.raises(NotFoundError):
        boxes.box_of_mailbox(leader.actor, facts.id)
    assert facts.id not in {one.id for one in boxes.boxes_of(leader.actor)}
    assert members.is_orphan(facts)
    members.take_over(colleague.actor, facts.id)
    after = boxes.mailbox_of(colleague.actor, facts.id)
    assert (after.responsible_id, members.is_orphan(after)) == (colleague.id, False)
    assert [one.professional.id for one in members.members(after)] == [colleague.id]


def test_who_answers_is_taken_given_and_let_go() -> None:
    leader, colleague, facts = _team()
    conversation = _conversation(leader, facts)
    ours, theirs = (boxes.box_of_mailbox(one.actor, facts.id) for one in (leader, colleague))
    first = assigning.answering(ours, conversation)
    assert first is not None
    assert (first.who, {one.id for one in first.team}) == (None, {leader.id, colleague.id})
    assigning.take(ours, conversation)
    assigning.take(ours, conversation)
    with pytest.raises(ConflictError):
        assigning.take(theirs, conversation)
    assigning.give(theirs, conversation, colleague.id, seen=leader.id)
    with pytest.raises(ConflictError):
        assigning.release(ours, conversation, seen=leader.id)
    now = assigning.answering(theirs, conversation)
    assert now is not None
    assert (now.is_mine, now.who and now.who.id) == (True, colleague.id)
    assigning.release(theirs, conversation, seen=colleague.id)
    with pytest.raises(NotFoundError):
        assigning.give(ours, conversation, uuid4(), seen=None)
    with pytest.raises(NotFoundError):
        assigning.take(ours, uuid4())


def test_what_was_a_member_s_to_answer_is_nobody_s_once_they_are_out() -> None:
    leader, colleague, facts = _team()
    conversation = _conversation(leader, facts)
    assigning.take(boxes.box_of_mailbox(colleague.actor, facts.id), conversation)
    members.remove(leader.actor, facts.id, colleague.id)
    with db.read() as tx:
        assert tx.execute(select(Conversation.assigned_to).where(Conversation.id == conversation)).scalar() is None


def test_nobody_is_asked_who_answers_in_a_box_of_one_person() -> None:
    leader = doctor()
    box = own_box(leader)
    assert assigning.answering(box, uuid4()) is None
    with pytest.raises(NotFoundError):
        assigning.take(box, uuid4())
