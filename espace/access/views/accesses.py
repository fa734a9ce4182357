"""Who sees a record: requests to answer, accesses to prolong or end, professionals to block."""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, session
from flask_babel import gettext

from espace import clock, db
from espace.access import services as access
from espace.access.forms import DecisionForm
from espace.access.services import Answer, ConsentLine, ConsentState
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, StepUpError
from espace.family import services as family
from espace.people import services as people
from espace.permissions import Permission
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.shell import initials
from espace.web.viewpoint import Viewpoint
from espace.words import N_

from .words import CategoryLine, categories_seen, seen_in_words, unseen_in_words

record_pages = Blueprint("access", __name__)
PROOF = "/connexion/preuve"
SOON_DAYS = 14


@dataclass(frozen=True, slots=True)
class Shown:
    """One professional as the page shows them."""

    line: ConsentLine
    initials: str
    sees: str
    unseen: str
    profession: str
    days_left: int | None


def _shown(line: ConsentLine) -> Shown:
    left = (line.valid_until - clock.now()).days if line.valid_until else None
    return Shown(
        line=line,
        initials=initials(line.name),
        sees=seen_in_words(line.profession_code),
        unseen=unseen_in_words(line.profession_code),
        profession=line.profession,
        days_left=left if left is not None and left <= SOON_DAYS else None,
    )


@record_pages.get("/acces")
@requires(Permission.ACCESS_MANAGE)
def accesses() -> Response:
    """Who sees this record, who asks to, who is blocked."""
    return _list()


def _list(*, changed_meanwhile: bool = False) -> Response:
    lines = [_shown(line) for line in _read(viewpoint())]

    def in_state(*states: ConsentState) -> list[Shown]:
        return [shown for shown in lines if shown.line.state in states]

    return render(
        "access/accesses.html",
        asked=in_state(ConsentState.ASKED),
        allowed=in_state(ConsentState.VALID),
        blocked=in_state(ConsentState.BLOCKED),
        past=in_state(ConsentState.REFUSED, ConsentState.REVOKED, ConsentState.EXPIRED),
        parents=_parents(viewpoint()),
        form=DecisionForm(formdata=None).offer(),
        changed_meanwhile=changed_meanwhile,
        status=409 if changed_meanwhile else 200,
    )


def _parents(here: Viewpoint) -> list[str]:
    """Who acts for the child this record is of: they see it too, without any consent; nobody once of age."""
    return sorted(person.display_name for person in people.persons(family.representatives(here.record_id)).values())


def _read(here: Viewpoint) -> list[ConsentLine]:
    """The lines; who reads them for somebody else, or beside a helper, leaves a trace, committed before the answer."""
    if not here.standing.is_watched:
        return access.consents(here.standing)
    with db.write():
        lines = access.consents(here.standing)
        audit.record(
            here.actor,
            here.record_id,
            Action.ACCESSES_READ,
            relation=here.standing.relation,
            objects=[{"id": str(line.id), "name": line.name} for line in lines],
        )
    return lines


@record_pages.get("/acces/<uuid:consent_id>")
@requires(Permission.ACCESS_MANAGE)
def one(consent_id: UUID) -> Response:
    """Everything that can be decided about one professional, with what follows from it."""
    chosen = request.args.get("jours", type=int)
    return _one(consent_id, DecisionForm(formdata=None).offer(chosen))


def _one(consent_id: UUID, form: DecisionForm) -> Response:
    line = next((line for line in _read(viewpoint()) if line.id == consent_id), None)
    if line is None:
        line = access.consent(viewpoint().standing, consent_id)  # says that there is none
    categories: list[CategoryLine] = categories_seen(line.profession_code)
    return render("access/one.html", shown=_shown(line), categories=categories, form=form, status=form.status)


@record_pages.post("/acces/<uuid:consent_id>")
@requires(Permission.ACCESS_MANAGE)
def decide(consent_id: UUID) -> Response:
    """Decide about one professional. Granting asks for a fresh proof of identity; narrowing never does."""
    here = viewpoint()
    form = DecisionForm()
    command = form.command() if form.validate() else None
    if command is None:
        raise InvalidError({})  # nothing our pages send
    try:
        access.answer(here.standing, consent_id, command.decision, version=command.version, days=command.days)
    except StepUpError:
        session["next"] = f"{here.base}/acces/{consent_id}?jours={command.days}"
        return _to(PROOF)
    except InvalidError as error:
        form.refuse(error.problems)
        return _one(consent_id, form.offer())
    except ConflictError:
        return _list(changed_meanwhile=True)
    line = access.consent(here.standing, consent_id)
    flash(gettext(_DONE[command.decision].msgid, name=line.name), "ok")
    return _to(f"{here.base}/acces")


_DONE = {
    Answer.GRANT: N_("Done. %(name)s sees this record from now on."),
    Answer.REFUSE: N_("Done. %(name)s sees nothing."),
    Answer.REVOKE: N_("Done. %(name)s sees nothing any more, as of now."),
    Answer.BLOCK: N_("Done. %(name)s is blocked, as of now."),
    Answer.UNBLOCK: N_("Done. %(name)s is no longer blocked, and still sees nothing."),
}


def _to(place: str) -> Response:
    answer = redirect(place, 303)
    assert isinstance(answer, Response)  # noqa: S101 - narrows Werkzeug's type
    return answer


def requests_card(here: Viewpoint) -> dict[str, object] | None:
    """The card of the record's home: the requests that wait for an answer."""
    asked = [_shown(line) for line in access.consents(here.standing) if line.state is ConsentState.ASKED]
    return {"asked": asked} if asked else None
