"""Making a link that two operators agreed on: a parent's, or a guardian's until the measure ends (rules.md MI-11)."""

import unicodedata
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, settings
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError
from espace.family.models import Link
from espace.family.services.bonds import GUARDIAN, PARENT, TABLE, bonds_on
from espace.family.services.links import is_held_back
from espace.identifiers import new_id
from espace.people import services as people
from espace.permissions import SYSTEM
from espace.records import services as records
from espace.words import N_, Message

from .request_rows import OF_ADULTS

_LIVING = frozenset({records.ANNOUNCED, records.OPEN, records.ACTIVE, records.OPPOSED})


def folded(name: str) -> str:
    """A name without accents, case, hyphens or double spaces: how two writings of it are compared."""
    plain = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(letters.replace("-", " ").replace("’", "'").casefold().split())


def why_not(record_id: UUID, person_id: UUID, binds: str) -> Message | None:
    """Why this person cannot be linked to this record now, for operators; None when they can."""
    record = records.record(record_id)
    if record.person_id == person_id or is_held_back(person_id):
        return N_("The person who asks may not act for anybody here: it can only be refused.")
    if record.state not in _LIVING:
        return N_("This record takes no link in its present state: it can only be refused.")
    holder = people.person(record.person_id)
    is_adult = holder.age_on(clock.today()) >= settings.current().majority_age
    if is_adult != (binds in OF_ADULTS):
        return N_("This bond does not fit the age of the person: it can only be refused.")
    standing = next((one for one in bonds_on(record_id) if one.represents and one.person_id == person_id), None)
    if standing is not None and standing.is_frozen:
        return N_("A decision limits this person's access: lift it first, or refuse.")
    if standing is not None:
        return N_("The person who asks is linked already: it can only be refused.")
    return None


def link(record_id: UUID, person_id: UUID, binds: str, until: datetime | None, *, proposed_by: str = "") -> bool:
    """Make the link, a former one anew; False when it may not be made any more.

    Raises:
        ConflictError: when somebody else made the same link meanwhile.
    """
    if why_not(record_id, person_id, binds) is not None:
        return False
    kind = GUARDIAN if binds in OF_ADULTS else PARENT
    said = {"binds": binds} | ({"measure": binds} if kind == GUARDIAN else {})
    with db.write() as tx:
        _write(tx, record_id, person_id, kind, until, said)
        action = Action.GUARDIAN_LINKED if kind == GUARDIAN else Action.LINK_MADE
        detail = {"operator": proposed_by} if proposed_by else None
        audit.record(SYSTEM, record_id, action, objects=[{"kind": "person", "id": str(person_id)}], detail=detail)
    return True


def _write(
    tx: Connection, record_id: UUID, person_id: UUID, kind: str, until: datetime | None, said: dict[str, str]
) -> None:
    same = (Link.record_id == record_id, Link.person_id == person_id, Link.kind == kind)
    former = tx.execute(select(Link.id).where(*same).with_for_update()).scalar()
    link_id = former or new_id()
    values = {"since": clock.now(), "until": until, "payload": crypto.seal(tx, record_id, TABLE, link_id, said)}
    if former is not None:  # ended or out of its age: two operators said that it stands anew
        tx.execute(update(Link).where(*same).values(**values, version=Link.version + 1))
        return
    try:
        tx.execute(insert(Link).values(record_id=record_id, id=link_id, person_id=person_id, kind=kind, **values))
    except IntegrityError:
        raise ConflictError from None
