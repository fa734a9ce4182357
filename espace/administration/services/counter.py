"""The counter: somebody stands there, shows who they are, and leaves with a new provisional code on paper.

The operator says which document was shown and that the face matches; of its number four characters are kept, enough
to find the document again in a dispute and useless to copy it. For a child, a parent who may act for them stands
there, and both identities are shown. The code is on the paper only; the one before dies with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, update

from espace import clock, db, settings
from espace.accounts import services as accounts
from espace.accounts.services import drafts, operator_rows
from espace.administration.models import Visit as VisitRow
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.family import services as family
from espace.notifications.services import Event, send_mail
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Actor, Role, demand_fresh_proof
from espace.records import services as records
from espace.words import N_, Message

from . import visits
from .visits import Identity, Purpose, Visit

SHOWN = 4
"""How many characters of a document's number are kept."""
DOCUMENTS: Mapping[str, Message] = MappingProxyType(
    {
        "identity-card": N_("National identity card"),
        "passport": N_("Passport"),
        "residence-permit": N_("Residence permit"),
    }
)
"""What an adult or a teenager may show: official, with a photo."""
CHILD_DOCUMENTS: Mapping[str, Message] = MappingProxyType(
    {**DOCUMENTS, "family-book": N_("Family record book"), "birth-certificate": N_("Copy of the birth certificate")}
)
"""What may be shown for a child; the last two carry no photo and no number worth keeping."""
_NUMBERED = frozenset(DOCUMENTS)
_SERVED = frozenset({records.ANNOUNCED, records.OPEN, records.ACTIVE, records.OPPOSED, records.CLOSED})


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that was shown: a key of `CHILD_DOCUMENTS`, and the last characters of its number."""

    kind: str
    end: str = ""

    @property
    def label(self) -> Message:
        """What it is called."""
        return CHILD_DOCUMENTS[self.kind]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the operator saw: the document of whoever stands there, and the child's where there is one."""

    own: Paper
    child: Paper | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """A visit at the counter. `parent` stands there for a child; `checked` is what was noted of the documents."""

    visit: Visit
    is_child: bool
    is_served: bool
    is_active: bool
    parent: Person | None
    checked: Checked | None

    @property
    def stands_there(self) -> Person | None:
        """Whose face is compared; None while the parent of a child was not found."""
        return self.parent if self.is_child else self.visit.person


def desk(actor: Actor, visit_id: UUID) -> Desk:
    """A visit at the counter, as far as it has come.

    Raises:
        NotFoundError: when it is over, or not this operator's.
    """
    with db.read() as tx:
        return _desk(visits.opened(tx, actor, Purpose.COUNTER, visit_id))


def find_parent(actor: Actor, visit_id: UUID, identity: Identity) -> None:
    """Find the parent who stands there for a child; who may not act for the child is a miss like any other.

    Raises:
        InvalidError: when nobody of this identity may act for the child.
        NotFoundError: when the visit is over, or not to a child.
        ThrottledError: after the misses allowed in an hour.
    """
    found = desk(actor, visit_id)
    if not found.is_child:
        raise NotFoundError
    visits.admit(actor)
    person = people.find_person(identity.number)
    fits = person is not None and person.birth_date == identity.birth_day
    if person is None or not fits or not family.represents(person.id, found.visit.record_id):
        raise visits.missed(actor)
    with db.write() as tx:
        shown = [{"kind": "person", "id": str(person.id)}]
        audit.record_office(actor, Action.OPERATOR_FOUND, record_id=found.visit.record_id, objects=shown)
        seen = visits.opened(tx, actor, Purpose.COUNTER, visit_id, lock=True)
        visits.keep(tx, seen, parent=str(person.id), checked=None)


def check_identity(actor: Actor, visit_id: UUID, said: Checked) -> None:
    """Note which documents were shown and that the face matches; the letter may be printed from now on.

    Raises:
        InvalidError: when a document is none of the lists, or its last characters are missing.
        NotFoundError: when the visit is over, or the parent of a child was not found yet.
    """
    with db.write() as tx:
        found = _desk(visits.opened(tx, actor, Purpose.COUNTER, visit_id, lock=True))
        if found.stands_there is None or not found.is_served:
            raise NotFoundError
        _check(found, said)
        objects = [{"kind": "paper", "title": said_paper(paper)} for paper in (said.own, said.child) if paper]
        audit.record_office(actor, Action.IDENTITY_CHECKED, record_id=found.visit.record_id, objects=objects)
        visits.keep(tx, found.visit, checked=_plain(said))


def print_code(actor: Actor, visit_id: UUID) -> bytes:
    """Make a new provisional code and give the letter that carries it, as PDF; the code before stops working.

    An activation begun with the code before is forgotten: whoever began it may not be who stands there.

    Raises:
        InvalidError: when the codes of the day are used up.
        NotFoundError: when the visit is over, or no identity was checked.
        StepUpError: when the proof is not fresh.
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        found = _desk(visits.opened(tx, actor, Purpose.COUNTER, visit_id, lock=True))
        if found.checked is None or not found.is_served:
            raise NotFoundError
        # First the row, whose trail is locked: of two letters printed at once, the second counts the first.
        audit.record_office(actor, Action.CODE_PRINTED, record_id=found.visit.record_id)
        left = _left(tx, actor)
        if left <= 0:
            raise InvalidError({"": _limit_sentence()})
        if left == 1:
            _tell_limit(actor)
        person_id = found.visit.person.id
        code = accounts.new_activation_code(person_id)
        drafts.drop(tx, person_id)
        tx.execute(
            update(VisitRow).where(VisitRow.id == visit_id).values(printed=VisitRow.printed + 1, printed_at=clock.now())
        )
        parents = family.representatives(found.visit.record_id) if found.is_child else []
        accounts.notify([person_id, *parents], Event.CODE_PRINTED)
    return family.letter_pdf(person_id, code)


def codes_left(actor: Actor) -> int:
    """How many codes the operator may still print today."""
    with db.read() as tx:
        return _left(tx, actor)


def _left(tx: Connection, actor: Actor) -> int:
    used = tx.execute(
        select(func.sum(VisitRow.printed)).where(VisitRow.operator_id == actor.id, VisitRow.made_on == clock.today())
    ).scalar()
    return max(0, settings.current().counter_codes_per_day - int(used or 0))


def _tell_limit(actor: Actor) -> None:
    """The last code of the day: the privacy officers are told, whatever comes after."""
    audit.record_office(actor, Action.CODE_LIMIT_REACHED)
    for each in operator_rows.at_work(Role.PRIVACY_OFFICER):
        send_mail(each.email, each.locale, "counter-limit")


def _limit_sentence() -> Message:
    limit = settings.current().counter_codes_per_day
    return N_("You have printed %(limit)d codes today: no more are made before tomorrow.", limit=limit)


def _desk(seen: Visit) -> Desk:
    is_child = seen.person.age_on(clock.today()) < settings.current().autonomy_age
    parent_id = seen.notes.get("parent")
    checked = seen.notes.get("checked")
    return Desk(
        visit=seen,
        is_child=is_child,
        is_served=seen.state in _SERVED,
        is_active=accounts.account_of(seen.person.id) is not None,
        # A link that ended meanwhile gives no right any more.
        parent=people.person(UUID(parent_id))
        if parent_id and family.represents(UUID(parent_id), seen.record_id)
        else None,
        checked=_read(checked) if checked else None,
    )


def _check(found: Desk, said: Checked) -> None:
    problems = wrong_paper("own", said.own, DOCUMENTS)
    if found.is_child:
        problems |= wrong_paper("child", said.child or Paper(""), CHILD_DOCUMENTS)
    if problems:
        raise InvalidError(problems)


def wrong_paper(name: str, paper: Paper, known: Mapping[str, Message]) -> dict[str, str]:
    """What is wrong with a document that was noted, beside the fields `<name>_kind` and `<name>_end`."""
    if paper.kind not in known:
        return {f"{name}_kind": N_("Choose the document that was shown.")}
    is_right = len(paper.end) == SHOWN and paper.end.isascii() and paper.end.isalnum()
    if paper.kind in _NUMBERED and not is_right:
        return {f"{name}_end": N_("Write the 4 last characters of the document's number: letters and digits.")}
    return {}


def said_paper(paper: Paper) -> str:
    """How a document is told in the trail: in French, as it was noted."""
    return f"{_FRENCH[paper.kind]} …{paper.end}" if paper.kind in _NUMBERED else _FRENCH[paper.kind]


_FRENCH = {
    "identity-card": "carte d'identité",
    "passport": "passeport",
    "residence-permit": "titre de séjour",
    "family-book": "livret de famille",
    "birth-certificate": "acte de naissance",
}


def _plain(said: Checked) -> dict[str, Any]:
    child = [said.child.kind, said.child.end] if said.child else None
    return {"own": [said.own.kind, said.own.end], "child": child}


def _read(held: Mapping[str, Any]) -> Checked:
    return Checked(Paper(*held["own"]), Paper(*held["child"]) if held["child"] else None)
