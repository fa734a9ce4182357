"""The words by which listed mailboxes of places are found in the address book; one on the red list has none (MS-8)."""

from functools import lru_cache
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, delete, exists, insert, select
from sqlalchemy.orm import aliased

from espace import crypto, db
from espace.messaging.models import Mailbox, MailboxWord
from espace.messaging.services.boxes import MAILBOX_COLUMNS, MailboxFacts, opened_mailbox
from espace.people.services import Structure, directory

MOST_WORDS = 8
MOST = 15
_DIGEST = 8
_NAME, _PLACE = "name", "place"


def post(tx: Connection, facts: MailboxFacts, place: Structure | None) -> None:
    """Have a mailbox found by its name and by its place, if it is listed; a personal one is found by its owner."""
    take_away(tx, facts.id)
    if not facts.listed or place is None:
        return
    names = {_digest(_NAME, word) for text in (facts.name, place.name) for word in directory.words(text)}
    places = {_digest(_PLACE, word) for text in (place.name, place.city) for word in directory.words(text)}
    rows = [{"word": word, "mailbox_id": facts.id} for word in sorted(names | places)]
    if rows:
        tx.execute(insert(MailboxWord), rows)


def take_away(tx: Connection, mailbox_id: UUID) -> None:
    """Have a mailbox found by nobody any more."""
    tx.execute(delete(MailboxWord).where(MailboxWord.mailbox_id == mailbox_id))


def found(name: str, where: str) -> list[MailboxFacts]:
    """The open, listed mailboxes whose name or place has every word of `name`, in a town or place with `where`'s."""
    wanted = [*(_digest(_NAME, one) for one in directory.words(name))]
    if not wanted:
        return []
    wanted = [*wanted, *(_digest(_PLACE, one) for one in directory.words(where))][:MOST_WORDS]
    with db.read() as tx:
        rows = tx.execute(_statement(len(wanted)), {f"word{at}": word for at, word in enumerate(wanted)})
        return [opened_mailbox(tx, row) for row in rows]


def _digest(kind: str, word: str) -> bytes:
    return crypto.blind("directory", f"mailbox-{kind}:{word}")[:_DIGEST]


@lru_cache(maxsize=MOST_WORDS)
def _statement(count: int) -> Select[*tuple[object, ...]]:
    """Listed mailboxes posted under each of `count` words."""
    statement = select(*MAILBOX_COLUMNS).join(MailboxWord, MailboxWord.mailbox_id == Mailbox.id)
    statement = statement.where(MailboxWord.word == bindparam("word0"), Mailbox.listed, Mailbox.closed_at.is_(None))
    for at in range(1, count):
        other = aliased(MailboxWord)
        statement = statement.where(
            exists().where(other.word == bindparam(f"word{at}"), other.mailbox_id == MailboxWord.mailbox_id)
        )
    return statement.order_by(Mailbox.id).limit(MOST)
