"""The queue of openings in an emergency: each is looked at once, and settled or to be explained; nothing clinical."""

from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext

from espace.access.services.emergencies import reviews
from espace.access.services.emergencies.emergency import WHY
from espace.access.services.emergencies.reviews import Review
from espace.administration.forms.answers import DecisionForm
from espace.documents.services.types import CLASSES, types
from espace.errors import ConflictError, RefusedError
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.rendering import render
from espace.words import N_

from .blueprints import pages
from .two_operators import place_of

_HOME = "/admin/urgences"
CHOICES = {
    Review.EXPECTED: N_("Expected: the reason fits what was read"),
    Review.ASKED: N_("To be explained: the professional is asked"),
    Review.REPORTED: N_("Reported: it goes to who can sanction it"),
}


@pages.get(_HOME)
@requires(Permission.OFFICE_PRIVACY)
def emergencies() -> Response:
    """The openings to look at, or settled (`?etat=regle`): newest first, no name of any patient."""
    settled = request.args.get("etat") == "regle"
    before = place_of(request.args.get("avant", ""))
    found, older = reviews.queue(signed_in(), settled=settled, before=before)
    return render(
        "administration/emergencies.html",
        openings=found,
        older=older,
        settled=settled,
        is_first=before is None,
        why=WHY,
        mark=_mark,
    )


@pages.get(f"{_HOME}/<uuid:reached_id>/<uuid:opening_id>")
@requires(Permission.OFFICE_PRIVACY)
def emergency(reached_id: UUID, opening_id: UUID) -> Response:
    """One opening: who, why, how long, how much was read."""
    return _shown(reached_id, opening_id, _form())


@pages.post(f"{_HOME}/<uuid:reached_id>/<uuid:opening_id>")
@requires(Permission.OFFICE_PRIVACY)
def decide_emergency(reached_id: UUID, opening_id: UUID) -> Response:
    """Settle it, or ask for an explanation."""
    form = _form(sent=True)
    if not form.validate():
        return _shown(reached_id, opening_id, form)
    try:
        with attempt(form):
            review = Review(form.decision.data) if form.decision.data in CHOICES else Review.NEW
            reviews.decide(
                signed_in(), reached_id, opening_id, review, form.words.data or "", version=form.read_version
            )
            flash(gettext("Your decision is written down."), "ok")
            return to(_HOME)
    except ConflictError:
        flash(gettext("This was decided from another device meanwhile. Here is the present state."), "warn")
        return to(f"{_HOME}/{reached_id}/{opening_id}")
    except RefusedError:
        flash(gettext("You took part in what led to this opening: another operator decides."), "warn")
        return to(f"{_HOME}/{reached_id}/{opening_id}")
    return _shown(reached_id, opening_id, form)


def _form(*, sent: bool = False) -> DecisionForm:
    form = DecisionForm() if sent else DecisionForm(formdata=None)
    return form.offer({one.value: words for one, words in CHOICES.items()})


def _shown(reached_id: UUID, opening_id: UUID, form: DecisionForm) -> Response:
    found, read = reviews.look(signed_in(), reached_id, opening_id)
    counted: dict[str, int] = {}
    for code, number in read.kinds:
        kind = types().get(code)
        label = gettext(CLASSES[kind.class_code].msgid) if kind else gettext("Other documents")
        counted[label] = counted.get(label, 0) + number
    return page(
        "administration/emergency.html",
        form,
        one=found,
        read=read,
        kinds=sorted(counted.items(), key=lambda each: -each[1]),
        why=gettext(WHY[found.why].msgid),
        took_part=reviews.took_part(signed_in(), found),
        mark=_mark(reached_id),
        minutes=round((found.until - found.opened_at).total_seconds() / 60),
        base=f"{_HOME}/{reached_id}/{opening_id}",
    )


def _mark(record_id: UUID) -> str:
    """By which a record is told from another, here as in the activity."""
    return str(record_id)[-8:].upper()
