"""Professionals and their mailboxes, for the tests of mailboxes."""

import unicodedata

from espace.messaging.services import boxes
from espace.messaging.services.boxes import Box, BoxKind, MailboxFacts
from espace.messaging.services.practice import mailboxes
from espace.messaging.services.practice.mailboxes import NewMailbox
from tests.support import build
from tests.support.build import Caregiver

PLACE, DOMAIN = "Hôpital des Lilas", "cabinets.espace.example"


def doctor(
    family: str = "Morvan",
    given: str = "Hélène",
    *,
    own: bool = True,
    structure: str = PLACE,
    finess: str = "350000001",
    domain: str = DOMAIN,
    profession: str = build.DOCTOR,
) -> Caregiver:
    """A professional who practises at a place; with `own`, whose address is at `domain`."""
    address = plain(f"{given}.{family}@{domain}") if own else ""
    return build.caregiver(family, given, structure=structure, finess=finess, mssante=address, profession=profession)


def plain(text: str) -> str:
    """Small letters without accents or blanks."""
    apart = unicodedata.normalize("NFKD", text.lower())
    return "".join(one for one in apart if one.isascii() and not one.isspace())


def ward(leader: Caregiver, local: str = "pediatrie", name: str = "Pédiatrie, Lilas") -> MailboxFacts:
    """The mailbox of a team, for which `leader` answers."""
    place = leader.facts.structures[0].id
    made = mailboxes.make(leader.actor, NewMailbox(BoxKind.ORG, local, DOMAIN, name, place))
    return boxes.mailbox_of(leader.actor, made)


def own_box(one: Caregiver) -> Box:
    """The personal mailbox of a professional."""
    return next(box for box in boxes.boxes_of(one.actor) if box.kind is BoxKind.PER)
