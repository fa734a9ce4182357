"""The address book of professionals: whom one may write to, and first of all whether they have an address (MS-8).

Colleagues come from the national directory, whose address may live here or at another operator; who prefers another of
their mailboxes here is found at that one. Teams, practices and
software from the listed mailboxes of this house. A mailbox on the red list is shown to nobody, nor is a patient's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import db
from espace.messaging.models import Mailbox
from espace.messaging.services.boxes import MailboxFacts, address_index
from espace.people import services as people
from espace.people.services import Professional, directory

from . import listed, preferring
from .mailboxes import facts_of, is_ours


@dataclass(frozen=True, slots=True)
class Line:
    """One who may be written to, or not yet. `address` is "" for who has none that may be shown; `here`: it lives here.

    `ref` names the line in addresses of pages: `p-` and a professional's id, or `m-` and a mailbox's. `is_place`: the
    mailbox of a team, a practice or a software.
    """

    ref: str
    name: str
    label: str
    place: str
    address: str
    here: bool
    is_place: bool


@dataclass(frozen=True, slots=True)
class Book:
    """Some lines of the address book, and the id after which more colleagues follow (None: these are the last)."""

    lines: tuple[Line, ...]
    after: UUID | None


_HIDDEN = select(Mailbox.address_index).where(
    Mailbox.address_index.in_(bindparam("addresses", expanding=True)),
    Mailbox.listed.is_(False) | Mailbox.closed_at.is_not(None),
)


def search(name: str, where: str = "", after: UUID | None = None) -> Book:
    """Places, then colleagues, that have every word of `name`, in a town or place with those of `where`.

    Those with an address come first. Nothing for a name without a word; an RPPS number finds who has it.
    """
    exact = people.find_professional(name)
    if exact is not None:
        return Book(tuple(_of_colleagues([exact])), None)
    found = directory.search(name, where, after)
    places = [] if after else _of_mailboxes(listed.found(name, where))
    colleagues = sorted(_of_colleagues(found.professionals), key=lambda line: not line.address)
    return Book((*places, *colleagues), found.after)


def line(ref: str) -> Line | None:
    """The line of this name; None for none, or one that nobody may see."""
    kind, _, text = ref.partition("-")
    try:
        wanted = UUID(text)
    except ValueError:
        return None
    if kind == "p":
        return next(iter(_of_colleagues(list(people.professionals([wanted]).values()))), None)
    return next(iter(_of_mailboxes(_listed(wanted))), None) if kind == "m" else None


def _listed(mailbox_id: UUID) -> list[MailboxFacts]:
    with db.read() as tx:
        known = tx.execute(
            select(Mailbox.id).where(
                Mailbox.id == mailbox_id,
                Mailbox.listed,
                Mailbox.closed_at.is_(None),
                Mailbox.professional_id.is_(None),
            )
        ).first()
    return [facts_of(mailbox_id)] if known else []


def _of_colleagues(found: Sequence[Professional]) -> list[Line]:
    hidden = _hidden([one.mssante for one in found if is_ours(one.mssante)])
    preferred = preferring.shown_for([one.id for one in found])
    return [
        Line(
            ref=f"p-{one.id}",
            name=one.display_name,
            label=one.plain_label,
            place=", ".join(
                dict.fromkeys(part for place in one.structures[:2] for part in (place.display_name, place.city) if part)
            ),
            address=preferred[one.id].address if one.id in preferred else _own_address(one, hidden),
            here=one.id in preferred or (bool(one.mssante) and is_ours(one.mssante)),
            is_place=False,
        )
        for one in found
        if one.active
    ]


def _own_address(one: Professional, hidden: Collection[bytes]) -> str:
    """The address the national directory gives, "" where it may not be shown."""
    return "" if _index(one.mssante) in hidden else one.mssante


def _of_mailboxes(found: Sequence[MailboxFacts]) -> list[Line]:
    return [
        Line(
            ref=f"m-{one.id}",
            name=one.name,
            label=one.kind.value,
            place=_place(one),
            address=one.address,
            here=True,
            is_place=True,
        )
        for one in found
    ]


def _place(facts: MailboxFacts) -> str:
    place = directory.structure(facts.structure_id) if facts.structure_id else None
    return ", ".join(part for part in (place.display_name, place.city) if part) if place else ""


def _hidden(addresses: Collection[str]) -> frozenset[bytes]:
    """The indexes of addresses of ours that must not be shown: on the red list, or closed."""
    if not addresses:
        return frozenset()
    with db.read() as tx:
        return frozenset(tx.execute(_HIDDEN, {"addresses": [_index(one) for one in addresses]}).scalars())


def _index(address: str) -> bytes:
    return address_index(address) if address else b""
