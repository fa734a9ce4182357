"""What the worker does with a message that leaves: into the boxes of this house, and over the relay to all others.

A message is written anew from its own box at every try, always the same: whoever gets it twice, after a crash between
the relay's word and ours, gets the same Message-ID and keeps it once (security.md L6). Whatever goes wrong stands
in the conversation: nothing is lost without a word.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection

from espace import clock, db, outbox, settings
from espace.errors import EspaceError, InvalidError, NotFoundError, TamperedError
from espace.interop.mail_letter import Letter, MailError, NewLetter
from espace.interop.mail_read import read
from espace.messaging.services.boxes import Box
from espace.messaging.services.incoming.delivering import RefusedLetterError, deliver
from espace.messaging.services.operators.trust import rewritten
from espace.messaging.services.places import Place, PlaceKind, RefusedAddressError, place_of
from espace.messaging.services.rights import Why
from espace.words import N_

from . import rewriting, sendings
from .failures import Failure, of_refusal
from .relay import Fate, Outcome, hand_over
from .sending import TOPIC
from .sendings import News, SendingFacts, State

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
_TAKEN = Outcome(Fate.TAKEN)
_WHY: dict[Why, Failure] = {Why.CLOSED: Failure.EXCHANGE_ENDED, Why.PATIENT: Failure.PATIENTS}
_log = structlog.get_logger()


def leave(_delivery_id: UUID, payload: Mapping[str, Any]) -> None:
    """Carry a message to everybody it has not reached yet and whose turn it is; the handler of `messaging.leave`."""
    box_id, message_id = UUID(payload["box_id"]), UUID(payload["message_id"])
    now = clock.now()
    due = [one for one in sendings.of_messages(box_id, [message_id]).get(message_id, ()) if _is_due(one, now)]
    message = rewriting.kept(box_id, message_id) if due else None
    if message is None:
        return
    try:
        letter = rewriting.letter_of(box_id, message_id, message)
        outcomes = _carried(letter, [one.address for one in due], secret=message.secret)
    except (TamperedError, FileNotFoundError, ValueError, MailError):
        # Nothing that is tried again reads what is broken: its author is told to write it again.
        _log.error("message_unreadable")
        outcomes = {one.address: Outcome(Fate.NEVER, Failure.UNREADABLE) for one in due}
    except (EspaceError, OSError):
        outcomes = {one.address: Outcome(Fate.LATER, Failure.BUSY) for one in due}
    _settle(box_id, message_id, due, outcomes)


def try_again(box: Box, message_id: UUID) -> None:
    """Begin again for every recipient whom a message did not reach and may still reach.

    Raises:
        NotFoundError: when this reader has no such message, or may not write.
        InvalidError: when nobody is left for whom that makes sense.
    """
    _see_own(box, message_id)
    now = clock.now()
    with db.write() as tx:
        again = [one for one in sendings.held(tx, box.id, message_id) if one.can_retry]
        if not again:
            raise InvalidError({"message": N_("This message cannot be sent again. Write a new one.")})
        for one in again:
            news = News(State.WAITING, one.failure, next_at=now)
            sendings.settle(tx, box.id, one, news, tries=0, since=now)
        sendings.judge(tx, box.id, message_id)
        _post(box.id, message_id, now)


def _see_own(box: Box, message_id: UUID) -> None:
    """See that a message left this box and that this reader sees it."""
    if not box.may_write:
        raise NotFoundError
    message = rewriting.seen(box, message_id)
    if message is None or not message.outgoing:
        raise NotFoundError


def _is_due(one: SendingFacts, now: datetime) -> bool:
    return one.state is State.WAITING and (one.next_at is None or one.next_at <= now)


def _carried(letter: NewLetter, addresses: Sequence[str], *, secret: bool) -> dict[str, Outcome]:
    """What became of a letter for each of these addresses."""
    outcomes: dict[str, Outcome] = {}
    inside: list[Place] = []
    outside: list[str] = []
    for address in addresses:
        try:
            place = place_of(address)
        except RefusedAddressError as error:
            outcomes[address] = Outcome(Fate.NEVER, of_refusal(_kind(address), error.refusal))
            continue
        if place.kind is PlaceKind.OUTSIDE:
            outside.append(address)
        else:
            inside.append(place)
    outcomes |= _inside(letter, inside, secret=secret) if inside else {}
    outcomes |= _outside(letter, outside) if outside else {}
    return outcomes


def _inside(letter: NewLetter, places: Iterable[Place], *, secret: bool) -> dict[str, Outcome]:
    """One by one: what one place does not take is no matter of the others."""
    said = read(rewriting.written(letter))
    return {place.address: _delivered(said, place, letter.sender.address, secret=secret) for place in places}


def _delivered(letter: Letter, place: Place, sender: str, *, secret: bool) -> Outcome:
    try:
        deliver(letter, [place], sender=sender, secret=secret)
    except RefusedLetterError as error:
        return Outcome(Fate.NEVER, _WHY.get(error.why, Failure.REFUSED))
    except RefusedAddressError as error:
        return Outcome(Fate.NEVER, of_refusal(place.kind, error.refusal))
    except (EspaceError, OSError):
        return Outcome(Fate.LATER, Failure.BUSY)
    return _TAKEN


def _outside(letter: NewLetter, addresses: Sequence[str]) -> dict[str, Outcome]:
    """Over the relay, under the addresses that the correspondence gives, on the envelope and in the letter (MS-18)."""
    reached = {address: rewritten(address) for address in addresses}
    fates = hand_over(rewriting.written(letter, rewritten), letter.sender.address, list(reached.values()))
    return {address: fates[as_written] for address, as_written in reached.items()}


def _kind(address: str) -> PlaceKind:
    is_person = address.rpartition("@")[2].lower() == settings.current().patient_domain.lower()
    return PlaceKind.PERSON if is_person else PlaceKind.MAILBOX


def _settle(box_id: UUID, message_id: UUID, due: Sequence[SendingFacts], outcomes: Mapping[str, Outcome]) -> None:
    """Write down what became of each, and have the worker come back for those who are tried again."""
    tried = {one.id for one in due}
    now = clock.now()
    with db.write() as tx:
        for one in sendings.held(tx, box_id, message_id):
            if one.id in tried and one.state is State.WAITING:  # a receipt may have been faster than we are
                news = _news(one, outcomes[one.address], now)
                sendings.settle(tx, box_id, one, news, tries=one.tries + 1, since=one.since)
        _come_back(tx, box_id, message_id)


def _come_back(tx: Connection, box_id: UUID, message_id: UUID) -> None:
    every = sendings.judge(tx, box_id, message_id)
    waiting = [one.next_at for one in every if one.state is State.WAITING and one.next_at is not None]
    if waiting:
        _post(box_id, message_id, min(waiting))


def _news(one: SendingFacts, outcome: Outcome, now: datetime) -> News:
    if outcome.fate is Fate.TAKEN:
        return News(State.SENT, at=now)
    if outcome.fate is Fate.NEVER:
        return News(State.FAILED, outcome.failure or Failure.REFUSED, at=now)
    next_at = now + wait_after(one.tries + 1)
    if next_at > one.since + timedelta(hours=settings.current().sending_hours):
        return News(State.FAILED, outcome.failure or Failure.SILENT, at=now)
    return News(State.WAITING, outcome.failure, next_at=next_at)


def wait_after(tries: int) -> timedelta:
    """How long after this many tries the next one comes: a minute, two, four … up to an hour."""
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(tries - 1, 10)))


def _post(box_id: UUID, message_id: UUID, due_at: datetime) -> None:
    outbox.post(TOPIC, {"box_id": str(box_id), "message_id": str(message_id)}, due_at=due_at)
