"""Tokens of programs: shown once, kept as a hash, silent as soon as nobody may speak for the mailbox."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

from espace import db
from espace.access.services.watching import suspensions
from espace.access.services.watching.suspensions import Cause
from espace.errors import InvalidError, NotFoundError, StepUpError
from espace.messaging.models import MailboxToken
from espace.messaging.services.practice import mailboxes, members, tokens
from espace.people.models import Practice, Professional
from espace.permissions import SYSTEM
from tests.support.clock import FakeClock

from .mailboxes import doctor, own_box, ward

pytestmark = pytest.mark.usefixtures("machines")


def test_a_token_acts_for_its_own_mailbox_and_no_other() -> None:
    leader = doctor()
    facts, mine = ward(leader), own_box(leader)
    made = tokens.make(leader.actor, facts.id, "Laboratoire")
    found = tokens.mailbox_with_token(facts.address.upper(), made.secret)
    assert found is not None
    assert found.id == facts.id
    for address, secret in (
        (mine.address, made.secret),
        (facts.address, made.secret[:-1]),
        (facts.address, made.secret + "a"),
        (facts.address, ""),
        ("nobody@cabinets.espace.example", made.secret),
        ("", ""),
    ):
        assert tokens.mailbox_with_token(address, secret) is None


def test_a_token_is_nowhere_in_the_database_and_shown_without_its_secret() -> None:
    leader = doctor()
    facts = ward(leader)
    made = tokens.make(leader.actor, facts.id, "  Laboratoire  ")
    with db.read() as tx:
        row = tx.execute(select(MailboxToken.token_hash, MailboxToken.payload)).one()
    assert made.secret.encode() not in row.token_hash + row.payload
    (shown,) = tokens.tokens(leader.actor, facts.id)
    assert (shown.name, shown.used_at) == ("Laboratoire", None)
    assert made.secret not in repr(shown)


def test_an_ended_token_opens_nothing_from_then_on(clock: FakeClock) -> None:
    leader = doctor()
    facts = ward(leader)
    made, other = (tokens.make(leader.actor, facts.id, name) for name in ("Un", "Deux"))
    clock.advance(timedelta(hours=1))
    actor = leader.actor
    clock.advance(timedelta(minutes=6))
    tokens.end(actor, facts.id, made.id)
    tokens.end(actor, facts.id, made.id)
    assert tokens.mailbox_with_token(facts.address, made.secret) is None
    assert tokens.mailbox_with_token(facts.address, other.secret) is not None
    assert [one.id for one in tokens.tokens(actor, facts.id)] == [other.id]
    with pytest.raises(StepUpError):
        tokens.make(actor, facts.id, "Trois")


def test_the_last_use_is_noted_every_few_minutes(clock: FakeClock) -> None:
    leader = doctor()
    facts = ward(leader)
    made = tokens.make(leader.actor, facts.id, "Un")
    noted = []
    for _ in range(4):
        tokens.mailbox_with_token(facts.address, made.secret)
        noted.append(tokens.tokens(leader.actor, facts.id)[0].used_at)
        clock.advance(timedelta(minutes=3))
    assert noted[0] == noted[1]
    assert noted[1] != noted[2] == noted[3]


@pytest.mark.parametrize("why", ["closed", "stopped", "inactive", "left"])
def test_a_token_is_silent_once_nobody_may_speak_for_the_mailbox(why: str) -> None:
    leader = doctor()
    facts = ward(leader)
    made = tokens.make(leader.actor, facts.id, "Un")
    if why == "closed":
        mailboxes.close(leader.actor, facts.id)
    elif why == "stopped":
        suspensions.stop(SYSTEM, leader.id, Cause.VOLUME)
    elif why == "inactive":
        with db.write() as tx:
            tx.execute(update(Professional).where(Professional.id == leader.id).values(active=False))
    else:
        with db.write() as tx:
            tx.execute(delete(Practice).where(Practice.professional_id == leader.id))
    assert tokens.mailbox_with_token(facts.address, made.secret) is None


def test_tokens_of_before_stay_ended_when_a_mailbox_opens_again() -> None:
    leader = doctor()
    facts = ward(leader)
    made = tokens.make(leader.actor, facts.id, "Un")
    mailboxes.close(leader.actor, facts.id)
    mailboxes.reopen(leader.actor, facts.id)
    assert tokens.mailbox_with_token(facts.address, made.secret) is None


def test_only_who_decides_about_the_mailbox_makes_reads_and_ends_tokens() -> None:
    leader, colleague = doctor(), doctor("Petit", "Luc")
    facts = ward(leader)
    members.add(leader.actor, facts.id, colleague.id)
    made = tokens.make(leader.actor, facts.id, "Un")
    mine = own_box(colleague).id
    with pytest.raises(NotFoundError):
        tokens.make(colleague.actor, facts.id, "Deux")
    with pytest.raises(NotFoundError):
        tokens.tokens(colleague.actor, facts.id)
    for mailbox in (facts.id, mine):
        with pytest.raises(NotFoundError):
            tokens.end(colleague.actor, mailbox, made.id)
    with pytest.raises(NotFoundError):
        tokens.end(leader.actor, facts.id, uuid4())


def test_a_program_has_a_name_and_a_mailbox_a_bounded_number_of_them() -> None:
    leader = doctor()
    facts = ward(leader)
    for name in ("", " ", "x" * 61):
        with pytest.raises(InvalidError):
            tokens.make(leader.actor, facts.id, name)
    actor = leader.actor
    for number in range(tokens.MOST):
        tokens.make(actor, facts.id, f"Programme {number}")
    with pytest.raises(InvalidError):
        tokens.make(actor, facts.id, "Un de trop")
