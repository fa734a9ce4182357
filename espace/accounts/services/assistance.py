"""Assisted session: somebody beside the person helps with the pages, not with what the record says (issue 3).

The session becomes a short one and is veiled: what is clinical is not sent until the person types the code they chose,
which the helper does not know. Every act and every page shown is traced with both names.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from espace import clock, crypto, db, settings
from espace.audit import services as audit
from espace.errors import ConflictError, InvalidError
from espace.people import services as people
from espace.permissions import Actor, Visitor
from espace.words import N_

from . import sessions, throttle

CODE_LENGTH = 4
SHOWN_FOR = timedelta(minutes=2)
"""How long the pages stay readable after the code."""

_FORM = N_("Choose a code of 4 digits.")
_OBVIOUS = N_("Your helper could guess this code. Choose 4 other digits, neither in a row nor a year of birth.")
_WRONG = N_("This code is not the one you chose at the start of this session.")


@dataclass(frozen=True, slots=True)
class Helper:
    """Who sits beside the person, as the person named them."""

    first_name: str
    family_name: str
    organisation: str

    @property
    def display_name(self) -> str:
        """« Marc Petit (France services) »."""
        name = f"{self.first_name} {self.family_name}"
        return f"{name} ({self.organisation})" if self.organisation else name


def without_place(helper: str) -> str:
    """A helper as `display_name` wrote them, without the place they work for: it tells where somebody lives (R15)."""
    return helper.partition(" (")[0]


def start(actor: Actor, helper: Helper, code: str) -> datetime:
    """Turn the actor's session into an assisted one, veiled from the next page on; gives when it ends.

    Raises:
        InvalidError: for `code`, when it is not 4 digits or the helper could guess it; for a name nobody could read.
        ConflictError: when the session is assisted already.
        NotFoundError: when the session is over.
    """
    if not helper.first_name or not helper.family_name:
        raise InvalidError({"first_name": N_("Write the first name."), "family_name": N_("Write the family name.")})
    _check(actor, code)
    if actor.helper:
        raise ConflictError
    ends_at = clock.now() + timedelta(minutes=settings.current().assistance_minutes)
    name = helper.display_name
    with db.write():
        digest = _digest(actor.session_id, code)
        sessions.change_facts(actor, helper=name, helper_code=digest, unveiled_until="")
        sessions.shorten(actor, ends_at)
        sessions.forget_proof(actor)  # what the person proved while alone opens no lock to whoever sits beside them
        audit.record(replace(actor, helper=name), actor.id, audit.Action.ASSISTANCE_STARTED)
    return ends_at


def show(actor: Actor, typed: str, visitor: Visitor) -> None:
    """Lift the veil of an assisted session for two minutes, for the code the person chose.

    Raises:
        InvalidError: for `code`, when it is another.
        ThrottledError: when the next try is not due yet.
        NotFoundError: when the session is over.
    """
    names = throttle.names_for("assistance-code", str(actor.session_id), visitor.address)[:1]
    throttle.admit(names)
    held = sessions.facts_of(actor).get("helper_code", "")
    digest = _digest(actor.session_id, re.sub(r"\s", "", typed))
    if not crypto.same(held.encode(), digest.encode()):
        audit.record(actor, actor.id, audit.Action.ASSISTANCE_CODE_REFUSED)
        raise InvalidError({"code": _WRONG})
    with db.write():
        throttle.clear(names)
        sessions.change_facts(actor, unveiled_until=(clock.now() + SHOWN_FOR).isoformat())
        audit.record(actor, actor.id, audit.Action.ASSISTANCE_SHOWN)


def end(actor: Actor) -> None:
    """End the assisted session, and with it the person's: whoever goes on signs in again. Nothing is asked."""
    with db.write():
        sessions.close_session(actor)
        audit.record(actor, actor.id, audit.Action.ASSISTANCE_ENDED)


def _check(actor: Actor, code: str) -> None:
    if not re.fullmatch(rf"\d{{{CODE_LENGTH}}}", code, re.ASCII):
        raise InvalidError({"code": _FORM})
    steps = {(int(right) - int(left)) % 10 for left, right in pairwise(code)}
    birth = people.person(actor.person_id).birth_date if actor.person_id else None
    known = {f"{birth:%Y}", f"{birth:%d%m}", f"{birth:%m%d}"} if birth else set()
    if steps in ({0}, {1}, {9}) or code in known:
        raise InvalidError({"code": _OBVIOUS})


def _digest(session_id: UUID | None, code: str) -> str:
    return crypto.blind("assistance-code", f"{session_id}:{code}").hex()
