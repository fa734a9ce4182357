"""Secure mail: a message with an attachment of 1 MB comes in and is opened, and the pages of an inbox of 5,000.

What the other side costs, and TLS, are not counted: bytes come from memory, in the blocks the gateway reads.
"""

import asyncio
import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from espace import clock, db, storage
from espace.audit import services as audit
from espace.audit.services import Action
from espace.identifiers import new_id
from espace.interop import mail_read, mail_tree
from espace.interop.mail_letter import Address, NewLetter, Part
from espace.interop.mail_write import write
from espace.messaging.gateway import house as gateway
from espace.messaging.gateway.intake import BLOCK, Intake
from espace.messaging.gateway.peers import Peer
from espace.messaging.services.boxes import Box, box_of
from espace.messaging.services.incoming import delivering
from espace.messaging.services.operators import trust_desk
from espace.messaging.services.operators.trust_files import ListKind
from espace.messaging.services.places import Place, PlaceKind
from espace.messaging.services.reading import attachments, lists, threads
from espace.permissions import SYSTEM, Actor, ActorKind, Relation, Role

from .house import BenchHouse
from .measure import counted, timed
from .requests import Figure, page_figure

INBOX = 5000
_FEW = 100
_ATTACHMENT = 1024 * 1024
_DOMAIN = "hopital.banc.example"
_CERTIFICATE = "relais.banc.example"
_TOGETHER = 250
_ROUNDS = 40
"""Every round writes a megabyte durably: more of them would measure the disk."""
_ID_LENGTH = 32


def measure(house: BenchHouse, rounds: int) -> list[Figure]:
    """The figures of secure mail; a page is measured `rounds` times."""
    box = box_of(house.holder)
    place = Place(PlaceKind.PERSON, f"banc@{house.machines.settings.patient_domain}", box.id)
    _trust()
    heavy = _Heavy.written()
    found = [_delivery(house, place, heavy)]
    found += _opening(house, box, rounds)
    _fill(place, 0, _FEW)
    found.append(_listing(house, box, f"a page of the inbox, of {_FEW}", rounds))
    _fill(place, _FEW, INBOX)
    found.append(_listing(house, box, f"a page of the inbox, of {INBOX:,}", rounds))
    found.append(_listing(house, box, "the same, 4,500 further down", rounds, before=_deep(box)))
    path = f"/dossiers/{house.record_id}/messages"
    found.append(page_figure(house, f"inbox of {INBOX:,}", path, house.holder_token, rounds))
    return found


@dataclass(frozen=True, slots=True)
class _Heavy:
    """A message with a file of 1 MB, of which every copy has a Message-ID of its own."""

    content: bytes
    place: int

    @classmethod
    def written(cls) -> "_Heavy":
        """As another operator's program writes it."""
        mark = "0" * _ID_LENGTH
        content = write(
            NewLetter(
                message_id=f"<{mark}@{_DOMAIN}>",
                sender=Address(f"praticien@{_DOMAIN}", "Dr Ana Mesureur"),
                to=(Address("banc@patient.localhost"),),
                subject="Compte rendu d’hospitalisation",
                text="Bonjour,\n\nvoici le compte rendu de votre séjour.\n\nBien à vous",
                date=clock.now(),
                parts=(Part("compte rendu.bin", "application/octet-stream", secrets.token_bytes(_ATTACHMENT)),),
            )
        )
        return cls(content, content.index(mark.encode()))

    def another(self) -> bytes:
        """The next copy."""
        return b"".join(
            (self.content[: self.place], secrets.token_hex(_ID_LENGTH // 2).encode(), self._rest()),
        )

    def _rest(self) -> memoryview:
        return memoryview(self.content)[self.place + _ID_LENGTH :]


def _delivery(house: BenchHouse, place: Place, heavy: _Heavy) -> Figure:
    """A message from its first block to the answer that it is taken, and what no delivery could do without."""
    envelope = gateway.Envelope(
        Peer(frozenset({_CERTIFICATE})), f"praticien@{_DOMAIN}", (place,), "relais.banc.example"
    )

    def deliver() -> None:
        gateway.take(envelope, _received(heavy.another()))

    with counted(house.machines.database) as counts:
        deliver()
    timing = timed(deliver, _ROUNDS)
    asked = (counts.statements, counts.commits, len(heavy.content))
    return Figure("delivery of a message, 1 MB (goal: 16)", timing.cpu, timing.wall, _parts(place, heavy), *asked)


def _parts(place: Place, heavy: _Heavy) -> dict[str, float]:
    """Block reception, headers and structure, base64, the digest of what is said, sealing and storing, one commit."""
    content = heavy.another()
    travelling = mail_tree.grown(content).root.children[-1].travelling
    attached = base64.b64decode(travelling)
    box_id = place.box_id or new_id()

    def keep() -> None:
        file_id = new_id()
        with db.read() as tx:
            storage.current().put(tx, box_id, file_id, attached)
        storage.current().delete(box_id, file_id)

    def commit() -> None:
        audit.record(SYSTEM, box_id, Action.MESSAGE_RECEIVED, relation=Relation.SYSTEM)

    acts: dict[str, Callable[[], Any]] = {
        "block reception": lambda: _received(content),
        "headers and structure": lambda: mail_tree.grown(content),
        "base64": lambda: base64.b64decode(travelling),
        "sealing and storing": keep,
        "one row and its commit": commit,
    }
    return {name: timed(act, _ROUNDS).cpu for name, act in acts.items()}


def _opening(house: BenchHouse, box: Box, rounds: int) -> list[Figure]:
    """The page of the conversation, and its attachment read to its end."""
    found = lists.page(box, limit=1).lines[0]
    path = f"/dossiers/{house.record_id}/messages/{found.id}"
    page = page_figure(house, "opening that message", path, house.holder_token, rounds)
    ids = [one.id for one in threads.thread(box, found.id).letters]
    attachment = next(line.id for lines in attachments.of_messages(box, ids).values() for line in lines)

    def chunks() -> None:
        with db.read() as tx:
            storage.current().open(tx, box.id, attachment).read_all()

    def act() -> None:
        for _ in attachments.content(box, attachment, taken=False).reader.read():
            pass

    with counted(house.machines.database) as counts:
        act()
    timing = timed(act, _ROUNDS)
    cost = {"opening its chunks": timed(chunks, _ROUNDS).cpu}
    asked = (counts.statements, counts.commits, _ATTACHMENT)
    return [page, Figure("its attachment of 1 MB, read to its end", timing.cpu, timing.wall, cost, *asked)]


def _listing(house: BenchHouse, box: Box, name: str, rounds: int, *, before: lists.Place | None = None) -> Figure:
    """One page of the list, without its template: beside its own statements."""
    act = partial(lists.page, box, before=before)
    with counted(house.machines.database) as counts:
        act()
    timing = timed(act, rounds)

    def ask() -> None:
        with db.read() as tx:
            for statement, values in counts.reads:
                tx.exec_driver_sql(statement, values).all()

    cost = {"its statements": timed(ask, rounds).cpu}
    return Figure(name, timing.cpu, timing.wall, cost, counts.statements, counts.commits, 0)


def _deep(box: Box) -> lists.Place:
    """The place after nine tenths of the inbox."""
    before = None
    for _ in range(INBOX * 9 // 10 // lists.PAGE_SIZE):
        before = lists.page(box, before=before).next
    if before is None:
        raise RuntimeError("the bench's own inbox is shorter than it was made")
    return before


def _fill(place: Place, first: int, end: int) -> None:
    """Conversations of one short message, from fifty professionals."""
    for begin in range(first, end, _TOGETHER):
        with db.write():
            for number in range(begin, min(begin + _TOGETHER, end)):
                sender = f"praticien{number % 50}@{_DOMAIN}"
                delivering.deliver(mail_read.read(_short(number, sender)), [place], sender=sender)


def _short(number: int, sender: str) -> bytes:
    return write(
        NewLetter(
            message_id=f"<{number}@{_DOMAIN}>",
            sender=Address(sender, f"Dr Nom {number % 50}"),
            to=(Address("banc@patient.localhost"),),
            subject=f"Résultat d’analyses {number}",
            text="Bonjour,\n\nvotre résultat est arrivé. Rien d’inquiétant : nous en parlerons à la consultation.",
            date=clock.now(),
        )
    )


def _received(content: bytes) -> bytes:
    """The message as the gateway takes it in, in blocks."""
    taken: list[bytes] = []  # given back by the task itself, its whole text would be written out for its name

    async def receive() -> None:
        source = asyncio.StreamReader(limit=2 * len(content) + BLOCK)
        source.feed_data(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        source.feed_eof()
        taken.append(await Intake(source).message(mail_tree.MAX_BYTES, lambda _size: None))

    asyncio.run(receive())
    return taken[0]


def _trust() -> None:
    """Have the bench's own operator on the white list."""
    line = f"Opérateur du banc,{_DOMAIN},{_CERTIFICATE}\n"
    proposed = trust_desk.propose(SYSTEM, ListKind.OPERATORS, line.encode(), "banc.csv")
    officer = Actor(ActorKind.OPERATOR, new_id(), "Banc", role=Role.ADMINISTRATOR, proved_at=clock.now())
    trust_desk.confirm(officer, proposed.id, trust_desk.seen(proposed.id))
