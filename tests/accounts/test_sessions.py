"""Sessions: opaque tokens, idle and absolute ends, rotation (security.md R7)."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, insert, select

from espace import crypto, db
from espace.accounts.models import Account, Session
from espace.accounts.services import close_session, identify, open_session, sessions
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Actor, ActorKind
from tests.support.clock import FakeClock

PAYLOAD = {"name": "Claire Fontenay", "profession": "", "structure": "", "browser": "Firefox", "system": "Android"}
KINDS = [(ActorKind.PATIENT, 30), (ActorKind.PROFESSIONAL, 15)]


@pytest.fixture
def account_id(machines: Machines) -> UUID:
    """An account without a person behind it: sessions need no more."""
    identifier = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, identifier)
        tx.execute(
            insert(Account).values(
                id=identifier,
                person_id=new_id(),
                email_index=crypto.blind("email", "claire@exemple.fr"),
                locale="en",
                created_at=machines.clock(),
                last_totp_step=0,
                payload=b"",
            )
        )
    return identifier


def opened(kind: ActorKind, subject: UUID, clock: FakeClock) -> tuple[str, Actor, datetime]:
    """A fresh session: its token, who it speaks for, when it began."""
    token = open_session(kind, subject, payload=PAYLOAD)
    actor = identify(token)
    assert actor is not None
    return token, actor, clock.now


def test_a_token_speaks_for_the_account_that_opened_it(account_id: UUID, clock: FakeClock) -> None:
    _, actor, began = opened(ActorKind.PATIENT, account_id, clock)
    assert (actor.kind, actor.id, actor.name, actor.locale) == (
        ActorKind.PATIENT,
        account_id,
        "Claire Fontenay",
        "en",
    )
    assert actor.person_id is not None
    assert actor.proved_at == began


def test_a_professional_needs_no_key_of_their_own(machines: Machines) -> None:
    professional = new_id()
    actor = identify(open_session(ActorKind.PROFESSIONAL, professional, payload={**PAYLOAD, "profession": "G15_10"}))
    assert actor is not None
    assert (actor.id, actor.profession, actor.person_id, actor.locale) == (professional, "G15_10", None, "fr")


@pytest.mark.parametrize(("kind", "minutes"), KINDS)
def test_a_session_ends_when_it_was_idle_too_long(
    kind: ActorKind, minutes: int, account_id: UUID, clock: FakeClock
) -> None:
    token, _, _ = opened(kind, account_id, clock)
    clock.advance(timedelta(minutes=minutes) - timedelta(seconds=1))
    assert identify(token) is not None
    clock.advance(timedelta(minutes=minutes) - timedelta(seconds=1))
    assert identify(token) is not None, "use must keep it open"
    clock.advance(timedelta(minutes=minutes))
    assert identify(token) is None


@pytest.mark.parametrize(("kind", "minutes"), KINDS)
def test_a_session_ends_after_twelve_hours_however_busy(
    kind: ActorKind, minutes: int, account_id: UUID, clock: FakeClock
) -> None:
    token, _, began = opened(kind, account_id, clock)
    while clock.now - began < timedelta(hours=12) - timedelta(minutes=minutes - 1):
        clock.advance(timedelta(minutes=minutes - 1))
        assert identify(token) is not None
    clock.now = began + timedelta(hours=12)
    assert identify(token) is None


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=1)])
def test_a_clock_set_back_lengthens_no_session(jump: timedelta, account_id: UUID, clock: FakeClock) -> None:
    token, _, _ = opened(ActorKind.PATIENT, account_id, clock)
    clock.advance(-jump)
    assert identify(token) is None


def test_being_seen_is_written_at_most_once_a_minute(account_id: UUID, clock: FakeClock, machines: Machines) -> None:
    token, _, _ = opened(ActorKind.PATIENT, account_id, clock)
    written: list[str] = []

    @event.listens_for(machines.database.writer, "before_cursor_execute")
    def _note(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE sessions"):
            written.append(statement)

    for _ in range(120):
        clock.advance(timedelta(seconds=1))
        identify(token)
    assert len(written) == 2


def test_who_acts_is_known_inside_a_unit_of_work(account_id: UUID, clock: FakeClock) -> None:
    token, _, _ = opened(ActorKind.PATIENT, account_id, clock)
    clock.advance(timedelta(minutes=5))
    with db.write():
        assert identify(token) is not None


def test_identifying_takes_one_statement(account_id: UUID, clock: FakeClock, machines: Machines) -> None:
    token, _, _ = opened(ActorKind.PATIENT, account_id, clock)
    seen: list[str] = []

    @event.listens_for(machines.database.reader, "before_cursor_execute")
    def _note(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    identify(token)
    assert len(seen) == 1, seen


def test_one_factor_identifies_nobody(account_id: UUID, clock: FakeClock) -> None:
    token = open_session(ActorKind.PATIENT, account_id, payload=PAYLOAD, stage="password")
    assert identify(token) is None
    waiting = sessions.pending(token)
    assert waiting is not None
    assert waiting.account_id == account_id
    clock.advance(timedelta(minutes=10))
    assert sessions.pending(token) is None


def test_a_full_session_is_no_pending_sign_in(account_id: UUID, clock: FakeClock) -> None:
    token, _, _ = opened(ActorKind.PATIENT, account_id, clock)
    assert sessions.pending(token) is None


def test_a_closed_session_is_dead_at_once(account_id: UUID, clock: FakeClock) -> None:
    token, actor, _ = opened(ActorKind.PATIENT, account_id, clock)
    other, _, _ = opened(ActorKind.PATIENT, account_id, clock)
    close_session(actor)
    assert identify(token) is None
    assert identify(other) is not None


def test_proving_again_changes_the_token(account_id: UUID, clock: FakeClock) -> None:
    token, actor, began = opened(ActorKind.PATIENT, account_id, clock)
    clock.advance(timedelta(minutes=9))
    fresh = sessions.rotate(actor)
    assert identify(token) is None
    again = identify(fresh)
    assert again is not None
    assert again.session_id == actor.session_id
    assert again.proved_at == began + timedelta(minutes=9)


def test_one_ends_own_sessions_and_nobody_elses(account_id: UUID, clock: FakeClock) -> None:
    _, actor, _ = opened(ActorKind.PATIENT, account_id, clock)
    elsewhere, second, _ = opened(ActorKind.PATIENT, account_id, clock)
    foreign, stranger, _ = opened(ActorKind.PROFESSIONAL, new_id(), clock)
    assert [s.is_current for s in sessions.live_sessions(actor)].count(True) == 1
    assert second.session_id
    sessions.end_session(actor, second.session_id)
    assert identify(elsewhere) is None
    assert stranger.session_id
    for absent in (stranger.session_id, second.session_id, new_id()):
        with pytest.raises(NotFoundError):
            sessions.end_session(actor, absent)
    assert identify(foreign) is not None


def test_the_database_holds_no_token(account_id: UUID, clock: FakeClock) -> None:
    token, _, _ = opened(ActorKind.PATIENT, account_id, clock)
    assert len(token) >= 43, "256 bits"
    with db.read() as tx:
        row = tx.execute(select(Session.token_hash, Session.payload)).one()
    assert token.encode() not in row.token_hash + row.payload
    assert b"Claire" not in row.payload


def test_sessions_that_are_over_are_swept(account_id: UUID, clock: FakeClock) -> None:
    opened(ActorKind.PATIENT, account_id, clock)
    assert sessions.sweep() == 0
    clock.advance(timedelta(hours=12))
    assert sessions.sweep() == 1
