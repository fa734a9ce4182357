"""Who sees a record: one list, requests to answer, and the page of one professional or team."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Response, flash, request, session
from flask_babel import gettext

from espace.access import services as access
from espace.access.forms import DecisionForm, FindForm, duration
from espace.access.services import Answer, ConsentLine, ConsentState, Step
from espace.access.services.matrix import Matrix, active_matrix
from espace.errors import ConflictError, InvalidError, StepUpError
from espace.permissions import Permission
from espace.web.attempts import to
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.shell import initials
from espace.web.viewpoint import Viewpoint
from espace.words import N_

from . import decided
from .blueprints import record_pages
from .reading import read_lines
from .rows import Row, everybody, of_consent
from .words import CategoryLine, categories_seen, seen_in_words, step_in_words, unseen_in_words

PROOF = "/connexion/preuve"


@dataclass(frozen=True, slots=True)
class Shown:
    """One professional who asks, as the page shows them; `from_blocked`: everybody where they asked from is blocked."""

    line: ConsentLine
    initials: str
    sees: str
    unseen: str
    profession: str
    from_blocked: bool


def _shown(line: ConsentLine, table: Matrix | None = None, *, blocked: Collection[UUID] = ()) -> Shown:
    return Shown(
        line=line,
        initials=initials(line.name),
        sees=seen_in_words(line.profession_code, table),
        unseen=unseen_in_words(line.profession_code, table),
        profession=line.profession,
        from_blocked=not line.is_team and line.place_id in blocked,
    )


def _blocked_places(lines: Sequence[ConsentLine]) -> set[UUID]:
    return {line.grantee_id for line in lines if line.is_team and line.state is ConsentState.BLOCKED}


@record_pages.get("/acces")
@requires(Permission.ACCESS_MANAGE)
def accesses() -> Response:
    """Who sees this record, who asks to, who is blocked."""
    return _list()


def _list(*, changed_meanwhile: bool = False) -> Response:
    here = viewpoint()
    lines = read_lines(here)
    return render(
        "access/accesses.html",
        asked=_asked(lines),
        everybody=everybody(here, lines),
        form=DecisionForm(formdata=None).offer(),
        find=FindForm(formdata=None),
        changed_meanwhile=changed_meanwhile,
        status=409 if changed_meanwhile else 200,
    )


def _asked(lines: list[ConsentLine]) -> list[Shown]:
    asked = [line for line in lines if line.state is ConsentState.ASKED]
    table = active_matrix() if asked else None
    blocked = _blocked_places(lines) if asked else set[UUID]()
    return [_shown(line, table, blocked=blocked) for line in asked]


@record_pages.get("/acces/<uuid:consent_id>")
@requires(Permission.ACCESS_MANAGE)
def one(consent_id: UUID) -> Response:
    """Everything that can be decided about one professional or team, with what follows from it."""
    return _one(consent_id, DecisionForm(formdata=None), request.args.get("jours", type=int))


def _one(consent_id: UUID, form: DecisionForm, chosen: int | None = None) -> Response:
    here = viewpoint()
    lines = read_lines(here)
    line = next((line for line in lines if line.id == consent_id), None)
    if line is None:
        line = access.consent(here.standing, consent_id)  # says that there is none
    kept = decided.kept_at(here, line, lines)
    categories: list[CategoryLine] = [] if line.is_team else categories_seen(line.profession_code)
    return render(
        "access/one.html",
        shown=_shown(line, blocked=_blocked_places(lines)),
        row=_row(here, line, kept),
        categories=categories,
        form=form.offer(chosen, access.longer(line)),
        shorter=[(days, duration(days)) for days in access.shorter(line)],
        members=decided.members(here, line, lines),
        kept=kept,
        going_on=decided.going_on(kept) if kept else "",
        steps=[_told(access.as_told(step, here.standing)) for step in reversed(line.steps)],
        status=form.status,
    )


def _row(here: Viewpoint, line: ConsentLine, kept: Sequence[ConsentLine]) -> Row | None:
    return None if line.state is ConsentState.ASKED else of_consent(here, line, kept=kept)


def _told(step: Step) -> tuple[Step, str]:
    return step, step_in_words(step)


@record_pages.post("/acces/<uuid:consent_id>")
@requires(Permission.ACCESS_MANAGE)
def decide(consent_id: UUID) -> Response:
    """Decide about one professional or team. Granting asks for a fresh proof of identity; narrowing never does."""
    here = viewpoint()
    form = DecisionForm()
    command = form.command() if form.validate() else None
    if command is None:
        raise InvalidError({})  # nothing our pages send
    name = access.consent(here.standing, consent_id).name
    try:
        access.answer(
            here.standing,
            consent_id,
            command.decision,
            version=command.version,
            days=command.days,
            scope=command.scope,
        )
    except StepUpError:
        session["next"] = f"{here.base}/acces/{consent_id}?jours={command.days}"
        return to(PROOF)
    except InvalidError as error:
        form.refuse(error.problems)
        return _one(consent_id, form)
    except ConflictError:
        return _list(changed_meanwhile=True)
    flash(gettext(_DONE[command.decision].msgid, name=name), "ok")
    return to(f"{here.base}/acces")


_DONE = {
    Answer.GRANT: N_("Done. %(name)s sees this record from now on."),
    Answer.LIMIT: N_("Done. The access of %(name)s ends sooner."),
    Answer.REFUSE: N_("Done. %(name)s sees nothing."),
    Answer.REVOKE: N_("Done. %(name)s sees nothing any more, as of now."),
    Answer.BLOCK: N_("Done. %(name)s is blocked, as of now."),
    Answer.UNBLOCK: N_("Done. %(name)s is no longer blocked, and still sees nothing."),
}


def requests_card(here: Viewpoint) -> dict[str, object] | None:
    """The card of the record's home: the requests that wait for an answer."""
    asked = _asked(access.consents(here.standing))
    return {"asked": asked} if asked else None
