"""Links given away: who holds one sees chosen documents, or leaves files. This room keeps who, when and how long.

Only the hash of a token is kept. What a share link shows is sealed with a key that stands in the link alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db
from espace.access.models import Link, LinkVisit
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Digest, Id
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.permissions import SYSTEM, Permission, Relation, Standing, demand_fresh_proof
from espace.words import N_

from . import makers

TABLE, VISITS = "access_links", "access_link_visits"
TRIES = 10
"""Wrong passcodes in the whole life of a link: then it is over."""
MAX_LABEL = 60
SHOWN = timedelta(days=365)
MOST_OPEN = 20
_MOST_VISITS = 100


class LinkKind(StrEnum):
    """What a link is for."""

    SHARE = "share"
    DROP = "drop"


class LinkState(StrEnum):
    """Where a link stands."""

    OPEN = "open"
    USED = "used"
    """It was used as often as it may be."""
    EXPIRED = "expired"
    CLOSED = "closed"
    REFUSED = "refused"
    """Too many wrong passcodes."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to be made, `most`: how many times it may be used; `passcode_hash` is "" for a link without one.

    `id` is that of the form it was asked by: sent twice, it makes one link.
    """

    kind: LinkKind
    label: str
    life: timedelta
    most: int
    passcode_hash: str = ""
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One link, as the people of the record see it, and as it is judged when somebody comes by it."""

    id: UUID
    record_id: UUID
    kind: LinkKind
    by_holder: bool
    made_at: datetime
    until: datetime
    closed_at: datetime | None
    most: int
    used: int
    tries_left: int
    label: str
    maker: Mapping[str, Any]
    passcode_hash: str

    @property
    def state(self) -> LinkState:
        """Where it stands now."""
        if self.closed_at is not None:
            return LinkState.CLOSED
        if self.tries_left <= 0:
            return LinkState.REFUSED
        if not self.made_at <= clock.now() < self.until:
            return LinkState.EXPIRED
        return LinkState.USED if self.used >= self.most else LinkState.OPEN

    @property
    def is_live(self) -> bool:
        """Whether somebody who came by it before may go on: it may have been used up since."""
        return self.state in (LinkState.OPEN, LinkState.USED)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody came by a link. `means` is `page` or `app`, `device` a browser and its system in words.

    `documents` are those they opened.
    """

    id: UUID
    at: datetime
    name: str
    means: str
    device: str
    documents: tuple[UUID, ...]


_COLUMNS = (
    Link.id,
    Link.record_id,
    Link.kind,
    Link.by_holder,
    Link.made_at,
    Link.until,
    Link.closed_at,
    Link.most,
    Link.used,
    Link.tries_left,
    Link.payload,
)
_BY_TOKEN = select(*_COLUMNS).where(
    Link.token_hash == bindparam("token", type_=Digest(32)), Link.kind == bindparam("kind")
)
_VISITS = (
    select(LinkVisit.id, LinkVisit.at, LinkVisit.payload)
    .where(LinkVisit.record_id == bindparam("record", type_=Id), LinkVisit.link_id == bindparam("link", type_=Id))
    .order_by(LinkVisit.id.desc())
    .limit(_MOST_VISITS)
)
_MADE = {LinkKind.SHARE: Action.SHARE_MADE, LinkKind.DROP: Action.DROP_MADE}
_CLOSED = {LinkKind.SHARE: Action.SHARE_CLOSED, LinkKind.DROP: Action.DROP_CLOSED}


def demand_making(standing: Standing) -> None:
    """See that this standing may make a link now. Raises NotFoundError, StepUpError (R9)."""
    _holder_side(standing)
    demand_fresh_proof(standing.actor)


def make(
    tx: Connection, standing: Standing, new: NewLink, objects: tuple[Mapping[str, str], ...] = ()
) -> tuple[UUID, str]:
    """Make a link, in the unit of work that writes what it carries; gives its id, and its token, which is not kept.

    Raises:
        NotFoundError: for who does not decide about the record.
        StepUpError: without a proof younger than five minutes (R9).
        InvalidError: when too many are open already.
        ConflictError: when this very form made a link already.
    """
    demand_making(standing)
    if sum(line.state is LinkState.OPEN for line in _lines(tx, standing, new.kind)) >= MOST_OPEN:
        raise InvalidError(
            {"": N_("%(count)d links are open already. Close one of them, then try again.", count=MOST_OPEN)}
        )
    link_id, token, now = new.id, crypto.new_token(), clock.now()
    payload = {"maker": makers.written(standing), "label": new.label, "passcode": new.passcode_hash}
    try:
        tx.execute(
            insert(Link).values(
                record_id=standing.record_id,
                id=link_id,
                kind=new.kind.value,
                token_hash=crypto.token_hash(token),
                maker_id=standing.actor.id,
                by_holder=makers.is_holder(standing),
                made_at=now,
                until=now + new.life,
                most=new.most,
                used=0,
                tries_left=TRIES,
                payload=crypto.seal(tx, standing.record_id, TABLE, link_id, payload),
            )
        )
    except IntegrityError:
        raise ConflictError from None
    until = {"until": (now + new.life).isoformat()}
    audit.record(
        standing.actor, standing.record_id, _MADE[new.kind], relation=standing.relation, objects=objects, detail=until
    )
    return link_id, token


def links(standing: Standing, kind: LinkKind) -> list[LinkLine]:
    """The links of the last year that this reader may know of, newest first.

    By which link the holder themself receives files is theirs alone: a minor's parents learn nothing by it (R13).

    Raises:
        NotFoundError: for who does not decide about the record.
    """
    _holder_side(standing)
    with db.read() as tx:
        return _lines(tx, standing, kind)


def link(standing: Standing, kind: LinkKind, link_id: UUID) -> LinkLine:
    """One link.

    Raises:
        NotFoundError: when there is none such for this reader.
    """
    _holder_side(standing)
    query = select(*_COLUMNS).where(*_known_to(standing, kind), Link.id == link_id)
    with db.read() as tx:
        row = tx.execute(query).first()
        if row is None:
            raise NotFoundError
        return _line(tx, row)


def close(standing: Standing, kind: LinkKind, link_id: UUID) -> None:
    """Close a link at once; closing twice changes nothing. Raises as `link`."""
    line = link(standing, kind, link_id)
    with db.write() as tx:
        one = (Link.record_id == standing.record_id, Link.id == link_id, Link.closed_at.is_(None))
        if tx.execute(update(Link).where(*one).values(closed_at=clock.now())).rowcount:
            audit.record(
                standing.actor,
                standing.record_id,
                _CLOSED[kind],
                relation=standing.relation,
                objects=[named(line)],
            )


def visits(standing: Standing, line: LinkLine) -> list[Visit]:
    """Who came by a link of the record, newest first."""
    _holder_side(standing)
    with db.read() as tx:
        rows = tx.execute(_VISITS, {"record": standing.record_id, "link": line.id}).all()
        return [_visit(tx, standing.record_id, row) for row in rows]


def found(kind: LinkKind, token: str) -> tuple[LinkLine, Standing] | None:
    """The link of this token and how its maker stands now; None once it is over, alike for what never was.

    One that is used up is given too: `state` tells.
    """
    with db.read() as tx:
        rows = tx.execute(_BY_TOKEN, {"token": crypto.token_hash(token), "kind": kind.value}).all()
        return _judged(tx, rows[0] if len(rows) == 1 else None)


def found_again(record_id: UUID, link_id: UUID) -> tuple[LinkLine, Standing] | None:
    """As `found`, for a link that somebody came by before."""
    with db.read() as tx:
        row = tx.execute(select(*_COLUMNS).where(Link.record_id == record_id, Link.id == link_id)).first()
        return _judged(tx, row)


def is_over(record_id: UUID, link_id: UUID) -> bool:
    """Whether a link shows nothing any more, for good: its end came, it was closed, or refused too often."""
    with db.read() as tx:
        row = tx.execute(select(*_COLUMNS).where(Link.record_id == record_id, Link.id == link_id)).first()
        return row is None or not _has_key(tx, record_id) or not _line(tx, row).is_live


def check_passcode(line: LinkLine, passcode: str) -> int:
    """Compare a passcode: 0 when it is right, else how many tries are left (-1 for none).

    A try is counted before it is looked at, in a unit of its own, and given back when it was good: a hundred at once
    count a hundred.
    """
    one = (Link.record_id == line.record_id, Link.id == line.id)
    with db.write_apart() as tx:
        less = update(Link).where(*one, Link.tries_left > 0).values(tries_left=Link.tries_left - 1)
        left = tx.execute(less.returning(Link.tries_left)).scalar()
    if left is None:
        return -1
    if crypto.hasher().verify(passcode, line.passcode_hash):
        with db.write_apart() as tx:
            tx.execute(update(Link).where(*one).values(tries_left=Link.tries_left + 1))
        return 0
    if left == 0:
        with db.write_apart():
            audit.record(SYSTEM, line.record_id, Action.SHARE_REFUSED, relation=Relation.SYSTEM, objects=[named(line)])
    return int(left) or -1


def use_once(tx: Connection, line: LinkLine) -> None:
    """Count one use, in the unit of work that serves it.

    Raises:
        NotFoundError: when it was used up, or closed, in the same moment.
    """
    one = (Link.record_id == line.record_id, Link.id == line.id)
    left = (Link.used < Link.most, Link.closed_at.is_(None), Link.until > clock.now())
    if not tx.execute(update(Link).where(*one, *left).values(used=Link.used + 1)).rowcount:
        raise NotFoundError


def note_visit(tx: Connection, line: LinkLine, name: str, means: str, device: str) -> UUID:
    """Write down that somebody came by a link; gives the visit's id."""
    visit_id = new_id()
    said = {"name": name, "means": means, "device": device, "documents": []}
    tx.execute(
        insert(LinkVisit).values(
            record_id=line.record_id,
            id=visit_id,
            link_id=line.id,
            at=clock.now(),
            payload=crypto.seal(tx, line.record_id, VISITS, visit_id, said),
        )
    )
    return visit_id


def note_opened(tx: Connection, line: LinkLine, visit_id: UUID, document_ids: list[UUID]) -> list[UUID]:
    """Write down what a visit opened; gives what of it is new."""
    one = (LinkVisit.record_id == line.record_id, LinkVisit.id == visit_id)
    row = tx.execute(select(LinkVisit.payload).where(*one).with_for_update()).first()
    if row is None:
        raise NotFoundError
    said = crypto.unseal(tx, line.record_id, VISITS, visit_id, row.payload)
    new = [one for one in document_ids if str(one) not in said["documents"]]
    if new:
        said["documents"] += [str(one) for one in new]
        sealed = crypto.seal(tx, line.record_id, VISITS, visit_id, said)
        tx.execute(update(LinkVisit).where(*one).values(payload=sealed))
    return new


def opened_before(line: LinkLine, visit_id: UUID, document_id: UUID) -> bool:
    """Whether a visit opened a document already."""
    query = select(LinkVisit.id, LinkVisit.at, LinkVisit.payload)
    with db.read() as tx:
        row = tx.execute(query.where(LinkVisit.record_id == line.record_id, LinkVisit.id == visit_id)).first()
        return row is not None and document_id in _visit(tx, line.record_id, row).documents


def named(line: LinkLine) -> dict[str, str]:
    """A link as the trail names it. What the holder alone knows of is marked as the secrets of a minor are."""
    secret = {"representatives_invisible": "yes"} if line.kind is LinkKind.DROP and line.by_holder else {}
    return {"id": str(line.id), "name": line.label, **secret}


def is_for_holder_only(line: LinkLine) -> bool:
    """Whether who stands in for the holder knows nothing of a link."""
    return line.kind is LinkKind.DROP and line.by_holder


def _known_to(standing: Standing, kind: LinkKind) -> list[ColumnElement[bool]]:
    found = [Link.record_id == standing.record_id, Link.kind == kind.value]
    if kind is LinkKind.DROP and not makers.is_holder(standing):
        found.append(Link.by_holder.is_(False))
    return found


def _lines(tx: Connection, standing: Standing, kind: LinkKind) -> list[LinkLine]:
    query = select(*_COLUMNS).where(*_known_to(standing, kind), Link.made_at > clock.now() - SHOWN)
    return [_line(tx, row) for row in tx.execute(query.order_by(Link.id.desc()).limit(100)).all()]


def _line(tx: Connection, row: Any) -> LinkLine:
    *plain, payload = row
    said = crypto.unseal(tx, row.record_id, TABLE, row.id, payload)
    facts = dict(zip((column.key for column in _COLUMNS), plain, strict=False))
    facts["kind"] = LinkKind(facts["kind"])
    return LinkLine(**facts, label=said["label"], maker=said["maker"], passcode_hash=said["passcode"])


def _judged(tx: Connection, row: Any) -> tuple[LinkLine, Standing] | None:
    line = _line(tx, row) if row is not None and _has_key(tx, row.record_id) else None
    if line is None or not line.is_live:
        return None
    maker = makers.still_decides(line.record_id, line.maker)
    return None if maker is None else (line, maker)


def _visit(tx: Connection, record_id: UUID, row: Any) -> Visit:
    said = crypto.unseal(tx, record_id, VISITS, row.id, row.payload)
    documents = tuple(UUID(one) for one in said["documents"])
    return Visit(row.id, row.at, said["name"], said["means"], said["device"], documents)


def _has_key(tx: Connection, record_id: UUID) -> bool:
    """Whether the record was not erased: its rows may still be there for a moment."""
    return crypto.current().has_key(tx, record_id)


def _holder_side(standing: Standing) -> None:
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError
