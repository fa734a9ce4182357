"""A desk where one operator proposes and another confirms: the form of an act, the act, what was decided meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from flask import Response, abort, flash
from flask_babel import gettext

from espace.errors import ConflictError, NotFoundError
from espace.permissions import Actor, demand_fresh_proof
from espace.web.attempts import attempt, to
from espace.web.forms import Form
from espace.web.guards import signed_in
from espace.words import Message

C = TypeVar("C")
CONFIRM = "confirmer"
"""The act by which another operator carries out what was proposed: it asks for a fresh proof."""


@dataclass(frozen=True, slots=True)
class Desk(Generic[C]):
    """One desk. `acts` says what the operator may do now with a case; `shown` draws the form of an act.

    `empty` makes that form as it is first seen. `refused` says why an act cannot be done now, None where the page of
    the case says it. `listed` draws the list, in the place of a case that is `gone` or was decided `meanwhile`.
    """

    home: str
    forms: dict[str, type[Form]]
    case: Callable[[Actor, UUID], C]
    acts: Callable[[C], tuple[str, ...]]
    empty: Callable[[C, str], Form]
    shown: Callable[[C, str, Form], Response]
    listed: Callable[[int], Response]
    gone: Message
    meanwhile: Message
    refused: Callable[[C, str], Message | None] = lambda _case, _act: None

    def look(self, case_id: UUID, shown: Callable[[C], Response]) -> Response:
        """The page of one case; the desk, saying so, where it is gone."""
        try:
            return shown(self.case(signed_in(), case_id))
        except NotFoundError:
            _warn(self.gone)
            return self.listed(404)

    def ask(self, case_id: UUID, act: str) -> Response:
        """The form of an act, or what a confirmation will do."""
        if act not in self.forms:
            abort(404)

        def asking(found: C) -> Response:
            if act not in self.acts(found):
                return self._led_back(found, case_id, act)
            if act == CONFIRM:
                demand_fresh_proof(signed_in())
            return self.shown(found, act, self.empty(found, act))

        return self.look(case_id, asking)

    def carry_out(self, case_id: UUID, act: str, do: Callable[[Any], tuple[str, str]]) -> Response:
        """Do it: `do` takes the form, and gives what to say and where to go then."""
        if act not in self.forms:
            abort(404)
        form = self.forms[act]()
        try:
            if form.validate():
                with attempt(form):
                    said, place = do(form)
                    flash(said, "ok")
                    return to(place)
            found = self.case(signed_in(), case_id)
        except ConflictError:
            _warn(self.meanwhile)
            return to(f"{self.home}/{case_id}")
        except NotFoundError:
            _warn(self.gone)
            return to(self.home)
        return self.shown(found, act, form) if act in self.acts(found) else self._led_back(found, case_id, act)

    def _led_back(self, found: C, case_id: UUID, act: str) -> Response:
        said = self.refused(found, act)
        if said is not None:
            _warn(said)
        return to(f"{self.home}/{case_id}")


def place_of(text: str) -> UUID | None:
    """The row after which a page begins, as its address says it; None for the start."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _warn(said: Message) -> None:
    flash(gettext(said.msgid), "warn")
