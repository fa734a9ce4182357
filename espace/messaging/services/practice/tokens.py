"""Tokens by which a program sends from a mailbox, or a mail program reads beside us: shown once, ended at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from espace import clock, crypto, db
from espace.access.services.watching import suspensions
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.messaging.models import MailboxToken
from espace.messaging.services.boxes import MailboxFacts, address_index, mailbox_at
from espace.people import services as people
from espace.permissions import Actor, demand_fresh_proof
from espace.words import N_, one_line

from .mailboxes import led

MOST = 20
LONGEST_NAME = 60
_USE_NOTED_EVERY = timedelta(minutes=5)
_TABLE = MailboxToken.__tablename__


@dataclass(frozen=True, slots=True)
class Token:
    """What a program shows, without its secret: what the program is called, since when, when it came last."""

    id: UUID
    name: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. `secret` is shown once: it can be found nowhere again."""

    id: UUID
    name: str
    secret: str


_RUNNING = (
    select(MailboxToken.id, MailboxToken.made_at, MailboxToken.used_at, MailboxToken.payload)
    .where(MailboxToken.mailbox_id == bindparam("mailbox"), MailboxToken.ended_at.is_(None))
    .order_by(MailboxToken.id.desc())
    .limit(MOST + 1)
)
_SHOWN = select(MailboxToken.id, MailboxToken.mailbox_id, MailboxToken.used_at).where(
    MailboxToken.token_hash == bindparam("token"), MailboxToken.ended_at.is_(None)
)


def tokens(actor: Actor, mailbox_id: UUID) -> list[Token]:
    """The tokens that work, newest first.

    Raises:
        NotFoundError: for who does not decide about the mailbox.
    """
    facts = led(actor, mailbox_id)
    with db.read() as tx:
        return [
            Token(
                id=row.id,
                name=crypto.unseal(tx, facts.id, _TABLE, row.id, row.payload)["name"],
                made_at=row.made_at,
                used_at=row.used_at,
            )
            for row in tx.execute(_RUNNING, {"mailbox": facts.id})
        ]


def make(actor: Actor, mailbox_id: UUID, name: str) -> NewToken:
    """Make a token for a program.

    Raises:
        InvalidError: without a name, or when there are as many as a mailbox may have.
        NotFoundError: for who does not decide about the mailbox.
        StepUpError: when the proof is old: a program sends in this name from now on (security.md R9).
    """
    demand_fresh_proof(actor)
    facts = led(actor, mailbox_id)
    called = one_line(name)
    if not 1 <= len(called) <= LONGEST_NAME:
        raise InvalidError({"name": N_("Write what the program is called, in %(most)d letters.", most=LONGEST_NAME)})
    token_id, secret = new_id(), crypto.new_token()
    with db.write() as tx:
        if len(tx.execute(_RUNNING, {"mailbox": facts.id}).all()) >= MOST:
            raise InvalidError({"name": N_("This mailbox has as many tokens as one may have. End one first.")})
        tx.execute(
            insert(MailboxToken).values(
                id=token_id,
                mailbox_id=facts.id,
                token_hash=crypto.token_hash(secret),
                made_at=clock.now(),
                used_at=None,
                ended_at=None,
                payload=crypto.seal(tx, facts.id, _TABLE, token_id, {"name": called}),
            )
        )
        audit.record(actor, facts.id, Action.MAILBOX_TOKEN_MADE, objects=[{"id": str(token_id), "name": called}])
    return NewToken(token_id, called, secret)


def end(actor: Actor, mailbox_id: UUID, token_id: UUID) -> None:
    """End a token: what shows it is refused from now on. One that is ended stays so.

    Raises:
        NotFoundError: for who does not decide about the mailbox, or when it has no such token.
    """
    facts = led(actor, mailbox_id)
    with db.write() as tx:
        row = tx.execute(
            select(MailboxToken.ended_at, MailboxToken.payload).where(
                MailboxToken.id == token_id, MailboxToken.mailbox_id == facts.id
            )
        ).first()
        if row is None:
            raise NotFoundError
        if row.ended_at is not None:
            return
        name = crypto.unseal(tx, facts.id, _TABLE, token_id, row.payload)["name"]
        tx.execute(update(MailboxToken).where(MailboxToken.id == token_id).values(ended_at=clock.now()))
        audit.record(actor, facts.id, Action.MAILBOX_TOKEN_ENDED, objects=[{"id": str(token_id), "name": name}])


def mailbox_with_token(address: str, token: str) -> MailboxFacts | None:
    """The open mailbox at `address` in whose name a program with this token may act; None for any other.

    A token is silent while who answers for the mailbox does not practise any more, or is stopped (security.md R48).
    """
    return mailbox_with_hash(address, crypto.token_hash(token))


def mailbox_with_hash(address: str, shown: bytes) -> MailboxFacts | None:
    """As `mailbox_with_token`, for a program that showed the token a while ago, of which only its hash is kept."""
    facts = mailbox_at(address)
    with db.read() as tx:  # looked up whatever the address: both kinds of wrong take the same
        row = tx.execute(_SHOWN, {"token": shown}).first()
    if facts is None or row is None or facts.closed_at is not None or row.mailbox_id != facts.id:
        return None
    if not crypto.same(address_index(address), address_index(facts.address)) or not _may_speak(facts):
        return None
    if row.used_at is None or row.used_at + _USE_NOTED_EVERY <= clock.now():
        with db.write() as tx:
            tx.execute(update(MailboxToken).where(MailboxToken.id == row.id).values(used_at=clock.now()))
    return facts


def _may_speak(facts: MailboxFacts) -> bool:
    """Whether who answers for the mailbox may act today."""
    answers = facts.professional_id or facts.responsible_id
    found = people.professionals([answers]).get(answers) if answers else None
    if found is None or not found.active or suspensions.stopped(found.id) is not None:
        return False
    return facts.structure_id is None or any(one.id == facts.structure_id for one in found.structures)
