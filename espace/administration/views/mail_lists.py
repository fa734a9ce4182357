"""The lists of mail: the operators that are trusted, addresses written otherwise; proposed, then confirmed (R17)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace.administration.forms.mail_lists import ListForm
from espace.administration.forms.parts import SeenForm
from espace.messaging.services.operators import trust, trust_desk
from espace.messaging.services.operators.trust_desk import Listed, State
from espace.messaging.services.operators.trust_files import MOST_BYTES, Line, ListKind
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.web.rendering import render
from espace.words import N_, Message

from .blueprints import pages
from .two_operators import CONFIRM, Desk

_HOME = "/admin/messageries"
REFUSE = "refuser"
MOST_SHOWN = 100
_FORMS: dict[str, type[Form]] = {CONFIRM: SeenForm, REFUSE: SeenForm}
_TITLES = {ListKind.OPERATORS: N_("Trusted operators"), ListKind.REWRITES: N_("Addresses written otherwise")}


@dataclass(frozen=True, slots=True)
class Shown:
    """Lines of a list for reading: what each says, in two parts, and how many more there are."""

    rows: Sequence[tuple[str, str]]
    total: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.rows)


@pages.get(_HOME)
@requires(Permission.OFFICE_MAIL)
def mail_lists() -> Response:
    """What counts, and what waits for a second operator."""
    return _listed(200)


def _listed(status: int) -> Response:
    found = trust_desk.lists(signed_in())
    active = {one.kind: one for one in found if one.state is State.ACTIVE}
    return render(
        "administration/mail_lists.html",
        waiting=[one for one in found if one.state is State.PROPOSED],
        active=[(kind, active.get(kind)) for kind in ListKind],
        built_in=_shown(ListKind.REWRITES, trust.APICRYPT),
        titles=_TITLES,
        home=_HOME,
        status=status,
    )


@pages.get(f"{_HOME}/proposer")
@requires(Permission.OFFICE_MAIL)
def proposing_list() -> Response:
    """The form of a new list."""
    return _proposing(ListForm(formdata=None))


@pages.post(f"{_HOME}/proposer")
@requires(Permission.OFFICE_MAIL)
def propose_list() -> Response:
    """Propose it: nothing changes until another operator confirms."""
    form = ListForm()
    if form.validate() and _is_whole(form):
        with attempt(form):
            content = form.file.data.read(MOST_BYTES + 1)
            found = trust_desk.propose(signed_in(), ListKind(form.kind.data), content, form.file.data.filename)
            if not found.changed:
                flash(gettext("This list counts already, or waits for its confirmation. Nothing changed."), "tip")
                return to(f"{_HOME}/{found.id}")
            flash(gettext("Your proposal is written down. Another operator must confirm it."), "ok")
            return to(f"{_HOME}/{found.id}")
    return _proposing(form)


def _is_whole(form: ListForm) -> bool:
    problems: dict[str, str] = {}
    if form.kind.data not in set(ListKind):
        problems["kind"] = N_("Choose which list it is.")
    if not form.file.data or not form.file.data.filename:
        problems["file"] = N_("Choose the file first.")
    if problems:
        form.refuse(problems)
    return not problems


def _proposing(form: ListForm) -> Response:
    return page("administration/mail_list_propose.html", form, home=_HOME)


@pages.get(f"{_HOME}/<uuid:list_id>")
@requires(Permission.OFFICE_MAIL)
def mail_list(list_id: UUID) -> Response:
    """One list: what it changes while it waits, what it says once it counts."""
    return _DESK.look(
        list_id, lambda found: render("administration/mail_list.html", acts=_acts(found), **_about(found))
    )


@pages.get(f"{_HOME}/<uuid:list_id>/<act>")
@requires(Permission.OFFICE_MAIL)
def ask_mail_list_act(list_id: UUID, act: str) -> Response:
    """What an act will do."""
    return _DESK.ask(list_id, act)


@pages.post(f"{_HOME}/<uuid:list_id>/<act>")
@requires(Permission.OFFICE_MAIL)
def do_mail_list_act(list_id: UUID, act: str) -> Response:
    """Do it."""
    return _DESK.carry_out(list_id, act, lambda form: (gettext(_ACTS[act](list_id, form).msgid), _HOME))


def _confirm(list_id: UUID, form: Any) -> Message:
    trust_desk.confirm(signed_in(), list_id, form.seen.data or "")
    return N_("The list counts from now on, for the next message already.")


def _refuse(list_id: UUID, form: Any) -> Message:
    trust_desk.refuse(signed_in(), list_id, form.seen.data or "")
    return N_("The proposal is dropped. Nothing changed.")


_ACTS: dict[str, Callable[[UUID, Any], Message]] = {CONFIRM: _confirm, REFUSE: _refuse}


def _acts(found: Listed) -> tuple[str, ...]:
    """What the operator may do now: whoever proposed only drops it."""
    if found.state is not State.PROPOSED:
        return ()
    return (CONFIRM, REFUSE) if found.awaits(signed_in()) else (REFUSE,)


def _refused(found: Listed, _act: str) -> Message | None:
    if found.state is State.PROPOSED:
        return None  # its page says that another operator must confirm
    return N_("This list was decided about already.")


def _about(found: Listed) -> dict[str, Any]:
    is_waiting = found.state is State.PROPOSED
    change = trust_desk.change_of(found) if is_waiting else None
    return {
        "case": found,
        "title": gettext(_TITLES[found.kind].msgid),
        "mark": trust_desk.mark(found.id),
        "mine": found.by == signed_in().id,
        "added": _shown(found.kind, change.added) if change else None,
        "removed": _shown(found.kind, change.removed) if change else None,
        "whole": None if is_waiting else _shown(found.kind, trust.lines_of(found.id)),
        "base": f"{_HOME}/{found.id}",
        "home": _HOME,
    }


def _shown(kind: ListKind, lines: Sequence[Line]) -> Shown:
    rows = [_row(kind, line) for line in lines[:MOST_SHOWN]]
    return Shown(rows, len(lines))


def _row(kind: ListKind, line: Line) -> tuple[str, str]:
    if kind is ListKind.OPERATORS:
        operator, domain, certificate = line
        words = gettext("%(operator)s, certificate %(certificate)s", operator=operator, certificate=certificate)
        return domain, str(words)
    written, other = line
    if written.startswith("."):
        written = gettext("%(domain)s and all below it", domain=written[1:])
    return str(written), str(gettext("written to %(other)s", other=other))


def _asking(found: Listed, act: str, form: Form) -> Response:
    return page("administration/mail_list_act.html", form, act=act, **_about(found))


_DESK: Desk[Listed] = Desk(
    home=_HOME,
    forms=_FORMS,
    case=trust_desk.case,
    acts=_acts,
    empty=lambda found, _act: SeenForm(formdata=None, seen=found.seen),
    shown=_asking,
    listed=_listed,
    gone=N_("There is no such list."),
    meanwhile=N_("Somebody decided about this list meanwhile. Here is where it stands."),
    refused=_refused,
)
