"""Who can see one document, person by person, and one press to keep it from one of them or to show it to one."""

from dataclasses import dataclass
from uuid import UUID

from flask import Response, flash
from flask_babel import gettext
from wtforms import StringField
from wtforms.validators import InputRequired

from espace.access.services import KEPT, SHOWN, EyesKind
from espace.documents import services as documents
from espace.documents.services.deciding import rules
from espace.documents.services.deciding.rules import PersonLine
from espace.errors import ConflictError
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import translated
from espace.web.guards import requires, viewpoint
from espace.web.i18n import full_day
from espace.web.shell import initials
from espace.words import N_

from .reasons import why_seen, why_unseen
from .state_forms import ChoiceForm

GENERAL = "general"
_EFFECTS = {KEPT: KEPT, SHOWN: SHOWN, GENERAL: ""}
_KINDS = {
    EyesKind.PARENT: N_("Parent"),
    EyesKind.GUARDIAN: N_("Legal representative"),
    EyesKind.CARER: N_("Carer"),
    EyesKind.TEAM: N_("Team"),
}
_DONE = {
    KEPT: N_("Done. %(name)s does not see this document any more, as of now."),
    SHOWN: N_("Done. %(name)s sees this document as of now."),
    "": N_("Done. The general rule holds for %(name)s again."),
}


class RuleForm(ChoiceForm):
    """What is decided for one reader."""

    person = StringField(validators=[InputRequired()])
    effect = StringField(validators=[InputRequired()])

    @property
    def grantee_id(self) -> UUID | None:
        """Whom it is about; None for a text that is no id."""
        try:
            return UUID(self.person.data or "")
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Line:
    """One reader, ready to be written."""

    person: PersonLine
    initials: str
    about: str
    why: str
    is_round: bool
    href: str


@requires(Permission.DOCUMENTS_KEEP)
def persons(document_id: UUID) -> Response:
    """Every professional, team and carer who reads the record, with yes or no and the reason."""
    return _page(document_id, RuleForm(formdata=None))


@requires(Permission.DOCUMENTS_KEEP)
def decide(document_id: UUID) -> Response:
    """Keep it from one of them, show it to one, or go back to the general rule. Showing asks for a fresh proof."""
    here = viewpoint()
    form = RuleForm()
    names = {one.grantee_id: one.name for one in _lines(document_id)}
    effect = _EFFECTS.get(form.effect.data or "")
    if not form.validate() or form.grantee_id is None or effect is None:
        raise ConflictError  # nothing our pages send
    try:
        with attempt(form):
            place = rules.rule(here.standing, document_id, form.grantee_id, effect, choices=form.known)
            flash(gettext(str(_DONE[effect]), name=names.get(form.grantee_id, "")), "ok")
            return to(f"{here.base}/documents/{place}/personnes")
    except ConflictError:
        return _page(document_id, RuleForm(formdata=None), meanwhile=True)
    return _page(document_id, form)


def _lines(document_id: UUID) -> list[PersonLine]:
    standing = viewpoint().standing
    return rules.persons(standing, documents.document(standing, document_id))


def _page(document_id: UUID, form: RuleForm, *, meanwhile: bool = False) -> Response:
    here = viewpoint()
    document = documents.document(here.standing, document_id)
    lines = [_line(one, here.base) for one in rules.persons(here.standing, document)]
    response = page(
        "documents/persons.html",
        form,
        document=document,
        meanwhile=meanwhile,
        seen=[one for one in lines if one.person.sees],
        unseen=[one for one in lines if not one.person.sees],
    )
    if meanwhile:
        response.status_code = 409
    return response


def _line(one: PersonLine, base: str) -> Line:
    kind = translated(_KINDS[one.kind]) if one.kind in _KINDS else ""
    why = why_seen(one.reason, shown=one.effect == SHOWN, own=one.is_own) if one.sees else why_unseen(one.reason)
    if one.since is not None:
        why = gettext("%(why)s Decided on %(day)s.", why=why, day=full_day(one.since))
    return Line(
        person=one,
        initials=initials(one.name),
        about=", ".join(filter(None, (kind, one.about))),
        why=why,
        is_round=one.kind in (EyesKind.PARENT, EyesKind.GUARDIAN, EyesKind.CARER),
        href=f"{base}/voir-comme/{one.eyes_id}/documents" if one.eyes_id else "",
    )
