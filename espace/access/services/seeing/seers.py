"""Who sees a record now, as one line of the access page: what every kind of right gives to be shown there.

The page is put together in `access.views`: consents are its own, the lines of carers, parents, counter codes, links and
emergencies come from the services that keep these.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from espace.words import Message


class SeerKind(StrEnum):
    """Under which heading a line stands, in the order of the page."""

    PROFESSIONAL = "professional"
    TEAM = "team"
    CARER = "carer"
    PARENT = "parent"
    GUARDIAN = "guardian"
    CODE = "code"
    LINK = "link"
    EMERGENCY = "emergency"


class SeerState(StrEnum):
    """How things stand, said with a word and an icon: on the page's list, or in the fold of what is past."""

    OPEN = "open"
    WAITING = "waiting"
    """It may open from now on but nobody came yet: a code not used, a link not opened, a carer who has not agreed."""
    LIMITED = "limited"
    """Open within limits set by a decision, such as a parent who sees only what came before a day."""
    ENDED = "ended"
    REFUSED = "refused"
    BLOCKED = "blocked"

    @property
    def is_past(self) -> bool:
        """Whether the line stands in the fold of what is past or refused."""
        return self in (SeerState.ENDED, SeerState.REFUSED)


@dataclass(frozen=True, slots=True)
class SeerAct:
    """One press: the POST to `place` (below the record's base address) with `values` does it, without a page between.

    `label` is a verb with its object; `consequence` says in one sentence what follows.
    """

    label: Message
    place: str
    consequence: Message | None = None
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SeerLine:
    """Somebody who sees the record, or could.

    `id` is that of the right itself (a bond, a code, a link, an opening). `detail` are whole sentences that say what
    is seen and done (their values are words ready to be read); `profession_code` has the page say instead what that
    profession reads. `last_visit` is None for no visit this reader may know of. `place` leads to the page where it is
    changed, a path below the record's base address such as `/acces/aidants/<id>`; "" for none.
    """

    kind: SeerKind
    id: UUID
    name: str
    state: SeerState = SeerState.OPEN
    about: str = ""
    """A few words under the name: what they are and where."""
    detail: tuple[Message, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    last_visit: datetime | None = None
    place: str = ""
    profession_code: str = ""
    acts: tuple[SeerAct, ...] = ()
    reason: Message | None = None
    """Why they came, in a few words without a full stop."""
    is_oneself: bool = False
    """Who looks at the list, among the others."""
