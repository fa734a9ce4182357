"""Texts that a mailbox uses again and again: a name, a subject, words with places to fill in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from espace import clock, crypto, db
from espace.access import services as access
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.messaging.models import MailboxTemplate
from espace.messaging.services.boxes import Box
from espace.messaging.services.incoming import correspondents
from espace.messaging.services.places import RefusedAddressError, place_of
from espace.permissions import Permission
from espace.words import N_, Message, one_line, some_lines

MOST = 50
LONGEST_NAME, LONGEST_SUBJECT, LONGEST_TEXT = 60, 150, 8000
PLACES = ("nom_patient", "date", "signature", "boite")
"""What may stand between braces: the correspondent's name, today, who writes, the name of the mailbox."""
_PLACE = re.compile(r"\{([a-z_]{1,20})\}")
_TABLE = MailboxTemplate.__tablename__


@dataclass(frozen=True, slots=True)
class Template:
    """One text. `id` is None for one that is being written."""

    name: str
    subject: str
    text: str
    id: UUID | None = None


_ALL = (
    select(MailboxTemplate.id, MailboxTemplate.payload)
    .where(MailboxTemplate.box_id == bindparam("box"))
    .order_by(MailboxTemplate.id)
    .limit(MOST + 1)
)


def templates(box: Box) -> list[Template]:
    """The texts of a mailbox, by name; a person's box has none."""
    if box.is_person:
        return []
    with db.read() as tx:
        rows = tx.execute(_ALL, {"box": box.id}).all()
        found = [Template(**crypto.unseal(tx, box.id, _TABLE, row.id, row.payload), id=row.id) for row in rows]
    return sorted(found, key=lambda one: one.name.casefold())


def template(box: Box, template_id: UUID) -> Template:
    """One text of a mailbox.

    Raises:
        NotFoundError: when it has none of this id.
    """
    found = next((one for one in templates(box) if one.id == template_id), None)
    if found is None:
        raise NotFoundError
    return found


def save(box: Box, given: Template) -> UUID:
    """Keep a new text, or what changed of one.

    Raises:
        InvalidError: without a name or words, for a place nobody knows how to fill, or with as many as there may be.
        NotFoundError: for a person's box, or a text that is gone.
    """
    if box.is_person:
        raise NotFoundError
    kept = _checked(given)
    row_id = given.id or new_id()
    with db.write() as tx:
        sealed = crypto.seal(
            tx, box.id, _TABLE, row_id, {"name": kept.name, "subject": kept.subject, "text": kept.text}
        )
        if given.id is None:
            if len(tx.execute(_ALL, {"box": box.id}).all()) >= MOST:
                raise InvalidError(
                    {"name": N_("This mailbox has as many templates as one may have. Delete one first.")}
                )
            tx.execute(insert(MailboxTemplate).values(box_id=box.id, id=row_id, payload=sealed))
            return row_id
        done = tx.execute(
            update(MailboxTemplate)
            .where(MailboxTemplate.box_id == box.id, MailboxTemplate.id == row_id)
            .values(payload=sealed)
        )
        if done.rowcount != 1:
            raise NotFoundError
    return row_id


def remove(box: Box, template_id: UUID) -> None:
    """Delete a text; one that is gone stays so."""
    with db.write() as tx:
        tx.execute(delete(MailboxTemplate).where(MailboxTemplate.box_id == box.id, MailboxTemplate.id == template_id))


def filled(box: Box, template_id: UUID, values: Mapping[str, str]) -> tuple[str, str]:
    """The subject and words of a text, its places filled with `values`; a place without a value stays to be written.

    Raises:
        NotFoundError: when the mailbox has no such text.
    """
    found = template(box, template_id)
    return one_line(_fill(found.subject, values)), _fill(found.text, values)


def values(box: Box, address: str) -> dict[str, str]:
    """What fills the places of a text that goes to an address.

    A patient's name only where who writes knows it: by messages exchanged before, or by a right on their page. An
    address typed at random tells nobody's name (security.md R50).
    """
    return {
        "nom_patient": _name_of(box, address),
        "date": clock.today().strftime("%d/%m/%Y"),
        "signature": box.actor.name,
        "boite": box.name,
    }


def _name_of(box: Box, address: str) -> str:
    known = next((one.name for one in correspondents.at_address(box, address) if one.name), "")
    if known or not correspondents.is_patient(address):
        return known
    try:
        place = place_of(address)
    except RefusedAddressError:
        return ""
    standing = access.standing(box.actor, place.box_id) if place.box_id else None
    return standing.holder_name if standing and standing.may(Permission.PATIENT_PAGE) else ""


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Each known place once, from left to right: what is filled in is never read as a place again."""
    return _PLACE.sub(lambda place: values.get(place[1], "") or place[0], text)


def _checked(given: Template) -> Template:
    kept = Template(one_line(given.name), one_line(given.subject), some_lines(given.text))
    problems: dict[str, Message] = {}
    if not 1 <= len(kept.name) <= LONGEST_NAME:
        problems["name"] = N_("Give this template a name of %(most)d letters at most.", most=LONGEST_NAME)
    if len(kept.subject) > LONGEST_SUBJECT:
        problems["subject"] = N_("This subject is too long: %(most)d letters at most.", most=LONGEST_SUBJECT)
    if not 1 <= len(kept.text) <= LONGEST_TEXT:
        problems["text"] = N_("Write the words of the template, %(most)d letters at most.", most=LONGEST_TEXT)
    for field, text in (("subject", kept.subject), ("text", kept.text)):
        unknown = next((name for name in _PLACE.findall(text) if name not in PLACES), "")
        if unknown:
            problems[field] = N_("Nobody knows what to write in place of {%(name)s}.", name=unknown)
    if problems:
        raise InvalidError(problems)
    return kept
