"""The trail to take away, for a period: asked for with a fresh proof, written down, then read page by page (R9)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action, Entry, Look
from espace.errors import InvalidError, NotFoundError
from espace.permissions import Permission, Standing, demand_fresh_proof
from espace.words import N_

from .telling import told, with_names

ON_ONE_PAPER = 500
"""As many acts one PDF holds, some twenty pages: a longer history is in several, each made as the one before left."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Export:
    """What is taken away: the acts from `since` up to, not including, `until`, that stood there when asked for."""

    standing: Standing
    since: datetime | None
    until: datetime | None
    newest: int

    def acts(self) -> Iterator[Entry]:
        """The acts, newest first, read as they are wanted."""
        look = Look(self.standing.actor.id, everybody=True, since=self.since, until=self.until)
        before: int | None = self.newest + 1
        while before is not None:
            found = told(self.standing, look, before=before, count=_PAGE)
            yield from with_names(found)
            before = found[-1].sequence if len(found) == _PAGE else None

    def papers(self) -> Iterator["Paper"]:
        """The acts as several PDFs hold them; one without any where there is none."""
        acts, number = self.acts(), 1
        ahead = list(islice(acts, ON_ONE_PAPER))
        while True:
            here, ahead = ahead, list(islice(acts, ON_ONE_PAPER))
            yield Paper(here, number, is_last=not ahead)
            if not ahead:
                return
            number += 1


@dataclass(frozen=True, slots=True)
class Paper:
    """The acts of one PDF of an export, newest first; `number` from 1, the latest acts first."""

    acts: Sequence[Entry]
    number: int
    is_last: bool

    @property
    def is_whole(self) -> bool:
        """Whether it is the only one."""
        return self.number == 1 and self.is_last


def begin_export(standing: Standing, since: datetime | None, until: datetime | None, form: str) -> Export:
    """Write down that the trail is taken away; then it may be read.

    Raises:
        NotFoundError: for who does not read the history.
        StepUpError: without a proof of identity younger than five minutes (R9).
        InvalidError: for a period that ends before it begins.
    """
    if not standing.may(Permission.HISTORY_READ):
        raise NotFoundError
    demand_fresh_proof(standing.actor)
    if since is not None and until is not None and until <= since:
        raise InvalidError({"until": N_("The last day comes before the first one.")})
    made = Export(standing, since, until, audit.newest(standing.record_id))
    with db.write():
        detail = {"form": form, "since": _day(since), "until": _day(until)}
        audit.record(
            standing.actor,
            standing.record_id,
            Action.HISTORY_EXPORTED,
            relation=standing.relation,
            detail={name: value for name, value in detail.items() if value},
        )
    return made


def _day(at: datetime | None) -> str:
    return at.isoformat() if at else ""
