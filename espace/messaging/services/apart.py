"""How the other side is called for a parent from whom the names of places are kept (security.md R15).

An address tells a place, and so does the name of a team. Of a professional whom the directory knows the name stays, as
on documents; what a message says in its own words stays as well, as the pages of a document do.
"""

from collections.abc import Sequence

from espace.access.services import UNPLACED_TEAM
from espace.people.services import directory

from .boxes import Box, mailbox_at
from .facts import Party
from .incoming.correspondents import is_patient


def seen(box: Box, party: Party, role: str = "") -> Party:
    """A side as this reader of a box may know it; `role` says who they are, where it is known apart from the party."""
    if not box.places_kept or is_patient(party.address):
        return party
    return Party("", name_seen(box, party.name, party.role or role), party.role or role)


def name_seen(box: Box, name: str, role: str) -> str:
    """The name of a side as this reader may know it: only somebody the directory knows has a `role`."""
    return name if role or not box.places_kept else UNPLACED_TEAM


def whom(parties: Sequence[Party]) -> dict[str, str]:
    """With whom, for the detail of a row of the trail: `whom_place` is not told to who is kept from places."""
    names = ", ".join(one.name or one.address for one in parties)
    return {"whom": names} if all(_is_somebody(one) for one in parties) else {"whom_place": names}


def _is_somebody(party: Party) -> bool:
    """Whether an address is one person's, and not that of a place or of somebody whom the directory does not know."""
    if party.role or is_patient(party.address):
        return True
    own = mailbox_at(party.address)
    return own.professional_id is not None if own is not None else len(directory.at_address(party.address)) == 1
