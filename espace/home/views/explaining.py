"""Why one came: what a professional, or a relative, is asked about their own visits, and their answer."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace.access.services.watching import explaining
from espace.audit.services.answers import VisitFacts
from espace.errors import ConflictError, NotFoundError
from espace.home.forms import ExplainForm
from espace.home.services import holder_names
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.rendering import render

from . import visit_words

pages = Blueprint("explaining", __name__)
_LIST, _ONE = "home/explanations.html", "home/explanation.html"
_PRO, _OWN = "/pro/explications", "/compte/explications"


@pages.get("/pro/explications")
@requires(Permission.PRACTICE)
def asked_professional() -> Response:
    """What patients ask this professional about their visits."""
    return _list(_PRO)


@pages.get("/pro/explications/<uuid:answer_id>")
@requires(Permission.PRACTICE)
def one_professional(answer_id: UUID) -> Response:
    """One question, and the answer's form."""
    return _one(_PRO, answer_id, ExplainForm(formdata=None))


@pages.post("/pro/explications/<uuid:answer_id>")
@requires(Permission.PRACTICE)
def explain_professional(answer_id: UUID) -> Response:
    """Send the answer."""
    return _explain(_PRO, answer_id)


@pages.get("/compte/explications")
@requires(Permission.ACCOUNT)
def asked_relative() -> Response:
    """What a relative is asked about their visits."""
    return _list(_OWN)


@pages.get("/compte/explications/<uuid:answer_id>")
@requires(Permission.ACCOUNT)
def one_relative(answer_id: UUID) -> Response:
    """One question, and the answer's form."""
    return _one(_OWN, answer_id, ExplainForm(formdata=None))


@pages.post("/compte/explications/<uuid:answer_id>")
@requires(Permission.ACCOUNT)
def explain_relative(answer_id: UUID) -> Response:
    """Send the answer."""
    return _explain(_OWN, answer_id)


def _list(base: str) -> Response:
    found = explaining.asked(signed_in())
    names = holder_names([one.record_id for one in found])
    return render(_LIST, base=base, is_professional=base == _PRO, lines=[_line(one, names) for one in found])


def _one(base: str, answer_id: UUID, form: ExplainForm, *, changed_meanwhile: bool = False) -> Response:
    try:
        found = explaining.asked_one(signed_in(), answer_id)
    except NotFoundError:
        return _over(base, answer_id)
    form.version.data = found.version
    response = page(
        _ONE,
        form,
        base=base,
        is_professional=base == _PRO,
        line=_line(found, holder_names([found.record_id])),
        changed_meanwhile=changed_meanwhile,
    )
    if changed_meanwhile:
        response.status_code = 409
    return response


def _explain(base: str, answer_id: UUID) -> Response:
    form = ExplainForm()
    if form.validate():
        try:
            with attempt(form):
                version = int(form.version.data or 0)
                explaining.explain(signed_in(), answer_id, form.words.data or "", version=version)
                flash(gettext("Your answer is sent."), "ok")
                return to(base)
        except NotFoundError:
            return _over(base, answer_id)
        except ConflictError:
            return _one(base, answer_id, ExplainForm(formdata=None), changed_meanwhile=True)
    return _one(base, answer_id, form)


def _over(base: str, answer_id: UUID) -> Response:
    """Back to the list, from a second press or another window: this was answered, and nothing is asked any more."""
    if not explaining.was_asked(signed_in(), answer_id):
        raise NotFoundError
    flash(gettext("Nothing more is asked about this visit. An answer sent before stands."), "warn")
    return to(base)


def _line(found: VisitFacts, names: dict[UUID, str]) -> dict[str, Any]:
    """What is asked: whose record, when one came, what one did there, and the words of who asks."""
    return {
        "id": found.id,
        "holder": names.get(found.record_id, ""),
        "asked": visit_words.asked_words(found),
        "when": visit_words.span(found),
        "did": visit_words.did(list(found.acts), most=20),
        "question": found.words_of("asked") if not found.decide_by else found.words_of("forwarded"),
        "from_officer": found.decide_by is not None,
        "by": found.explain_by,
    }
