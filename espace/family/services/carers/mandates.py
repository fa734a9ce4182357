"""Carers named on a signed paper, entered at the counter before both people (rules.md MI-12, ANS: met in person).

The holder may have no account: the paper is their decision, and a letter tells them what follows. The carer must have
one: they act in their own name.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, insert, select

from espace import clock, crypto, db, settings
from espace.accounts import services as accounts
from espace.errors import InvalidError, NotFoundError
from espace.family.models import Mandate
from espace.family.services.arriving.letters import in_words
from espace.family.services.asking import proofs
from espace.family.services.asking.proofs import Proof
from espace.family.services.bonds import bond
from espace.family.services.links import is_held_back, representatives
from espace.identifiers import new_id
from espace.interop.typeset import typeset
from espace.notifications.services import Event
from espace.people.services import Person
from espace.permissions import Actor, Standing, Task
from espace.records import services as records
from espace.words import N_, one_line

from .answers import make
from .links import manages
from .scope import Scope, check

TABLE = "family_mandates"
SAME_PERSON = 2
"""How often one operator may enter the same carer within `LATELY`: then somebody else must look."""
LATELY = timedelta(days=30)
MAX_REFERENCE = 80
TASKS = {
    Task.READ_DOCUMENTS: "lire les documents",
    Task.ADD_DOCUMENTS: "ajouter des documents",
    Task.READ_MESSAGES: "lire les messages",
    Task.WRITE_MESSAGES: "répondre aux messages",
}

_TODAY = select(func.count()).where(
    Mandate.operator_id == bindparam("operator"), Mandate.entered_at > bindparam("since")
)
_NEWEST = (
    select(Mandate.id, Mandate.entered_at, Mandate.file_id, Mandate.payload)
    .where(Mandate.record_id == bindparam("record"), Mandate.link_id == bindparam("link"))
    .order_by(Mandate.id.desc())
    .limit(1)
)
_SAME = _TODAY.where(Mandate.person_id == bindparam("person"))


@dataclass(frozen=True, slots=True)
class SignedPaper:
    """The paper: its reference in the counter's own files, its scan if there is one, and the documents shown."""

    reference: str
    scan: Proof | None
    shown: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeptPaper:
    """The newest paper by which somebody is or was a carer, as the people of the record may look at it."""

    reference: str
    entered_at: datetime
    operator: str
    pages: int
    file_id: UUID | None = field(repr=False)
    kind: str = ""


def paper_of(standing: Standing, carer_id: UUID) -> KeptPaper | None:
    """The paper that names a carer; None for who was asked on the site.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    manages(standing)
    with db.read() as tx:
        row = tx.execute(_NEWEST, {"record": standing.record_id, "link": carer_id}).first()
        if row is None:
            return None
        said = crypto.unseal(tx, standing.record_id, TABLE, row.id, row.payload)
    scan = said["scan"] or {"pages": 0, "media": ""}
    return KeptPaper(said["reference"], row.entered_at, said["operator"], scan["pages"], row.file_id, scan["media"])


def picture(standing: Standing, carer_id: UUID, number: int) -> bytes:
    """One page of the scan as a picture (WebP), drawn by a process of its own (security.md R33).

    Raises:
        NotFoundError: as `paper_of`, or when there is no such page.
        BusyError: when too much is being drawn now.
    """
    found = paper_of(standing, carer_id)
    if found is None or found.file_id is None or not 1 <= number <= found.pages:
        raise NotFoundError
    return proofs.picture(standing.record_id, found.file_id, found.kind, number)


def see_fit(holder: Person, carer: Person, record_id: UUID) -> None:
    """See that somebody can be a carer of this record at all.

    Raises:
        InvalidError: when they are the holder, stand in for them, or have no account of their own to act through.
    """
    present = bond(carer.id, record_id)
    if carer.id == holder.id:
        raise InvalidError({"": N_("This is the person themself: nobody is their own carer.")})
    if present is not None and present.represents:
        raise InvalidError({"": N_("This person acts for them already, as a parent or a guardian.")})
    if accounts.account_of(carer.id) is None or is_held_back(carer.id):
        raise InvalidError({"": N_("This person has no space to act through. They must activate their own first.")})


def check_paper(record_id: UUID, scope: Scope, paper: SignedPaper) -> str:
    """See that what stands on the paper makes sense; gives its reference as it is kept.

    Raises:
        InvalidError: for `tasks`, `subjects`, `last_day` or `reference`.
    """
    check(record_id, scope)
    reference = one_line(paper.reference)
    if not reference:
        raise InvalidError({"reference": N_("Write the reference under which the paper is kept here.")})
    if len(reference) > MAX_REFERENCE:
        raise InvalidError({"reference": N_("Write at most %(limit)d characters.", limit=MAX_REFERENCE)})
    return reference


def enter(
    tx: Connection, operator: Actor, record_id: UUID, carer: Person, scope: Scope, paper: SignedPaper, reference: str
) -> UUID:
    """Make somebody a carer from a signed paper, in the open unit of work; both are told. Gives the carer's id.

    The caller holds the house's trail locked, so that of many at once each counts those before.

    Raises:
        InvalidError: when the operator entered as many as a day allows, or the same person too often lately.
    """
    _see_limits(tx, operator, carer)
    holder = records.record(record_id).person_id
    link_id = make(tx, record_id, carer.id, scope, by=holder, paper=True)
    mandate_id = new_id()
    said: dict[str, Any] = {
        "reference": reference,
        "shown": dict(paper.shown),
        "operator": operator.name,
        "scan": paper.scan.facts if paper.scan else None,
        **scope.as_payload(),
        "last_day": scope.last_day.isoformat(),
    }
    with proofs.stored(record_id, paper.scan) if paper.scan else nullcontext() as file_id:
        tx.execute(
            insert(Mandate).values(
                record_id=record_id,
                id=mandate_id,
                link_id=link_id,
                person_id=carer.id,
                operator_id=operator.id,
                entered_at=clock.now(),
                file_id=file_id,
                payload=crypto.seal(tx, record_id, TABLE, mandate_id, said),
            )
        )
    accounts.notify([holder, *representatives(record_id), carer.id], Event.CARER_MANDATE)
    return link_id


def left_today(tx: Connection, operator: Actor) -> int:
    """How many papers the operator may still enter today."""
    since = clock.now().astimezone(clock.HOME_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    used = tx.execute(_TODAY, {"operator": operator.id, "since": since}).scalar_one()
    return max(0, settings.current().mandates_per_day - used)


def notice(holder: Person, carer: Person, scope: Scope, entered_at: datetime, reference: str) -> bytes:
    """The letter that tells the holder what was entered and how to end it, as PDF/UA-1: for who has no account."""
    given = settings.current()
    tasks = [words for task, words in TASKS.items() if task in scope.tasks]
    data = {
        "name": holder.display_name,
        "carer": carer.display_name,
        "tasks": " et ".join([", ".join(tasks[:-1]), tasks[-1]] if len(tasks) > 1 else tasks),
        "withheld": bool(scope.subjects),
        "until": in_words(scope.last_day),
        "reference": reference,
        "site": given.base_url.removeprefix("https://").rstrip("/"),
        "made_at": in_words(entered_at.astimezone(clock.HOME_ZONE).date()),
        "help": [
            *([f"Téléphone : {given.contact_phone}"] if given.contact_phone else []),
            *([f"E-mail : {given.contact}"] if given.contact else []),
        ],
    }
    return typeset("family/mandate", data)


def _see_limits(tx: Connection, operator: Actor, carer: Person) -> None:
    if left_today(tx, operator) <= 0:
        limit = settings.current().mandates_per_day
        raise InvalidError({"": N_("You have entered %(limit)d papers today: no more before tomorrow.", limit=limit)})
    asked = {"operator": operator.id, "since": clock.now() - LATELY, "person": carer.id}
    if tx.execute(_SAME, asked).scalar_one() >= SAME_PERSON:
        raise InvalidError(
            {"": N_("You have entered this person as a carer several times lately. Another operator must do it.")}
        )
