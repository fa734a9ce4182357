"""Whom one helps as a carer: asked by them, answering yes or no, stopping in one tap. Never what is withheld."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace.errors import ConflictError, NotFoundError, RefusedError
from espace.family.forms import AnswerForm, DecideForm
from espace.family.services.carers import answers, links
from espace.permissions import Permission
from espace.web.attempts import page, to
from espace.web.guards import requires, signed_in
from espace.web.i18n import elide
from espace.web.rendering import render

from .carer_words import tasks_in_words

pages = Blueprint("helped", __name__)
PLACE = "/compte/proches"


@pages.get("/compte/proches/invitations/lien/<token>")
@requires(Permission.ACCOUNT)
def follow(token: str) -> Response:
    """The link of a message: it leads whom it is for to the invitation, and tells everybody else nothing."""
    try:
        return to(f"{PLACE}/invitations/{answers.by_token(signed_in(), token)}")
    except NotFoundError:
        return _not_for_you()


@pages.get("/compte/proches/invitations/<uuid:invitation_id>")
@requires(Permission.ACCOUNT)
def asked(invitation_id: UUID) -> Response:
    """Who asks for help, for what, until when."""
    try:
        offer = answers.offer(signed_in(), invitation_id)
    except NotFoundError:
        return _not_for_you()
    return page("family/carers/asked.html", AnswerForm(formdata=None), offer=offer, tasks=tasks_in_words(offer.tasks))


@pages.post("/compte/proches/invitations/<uuid:invitation_id>")
@requires(Permission.ACCOUNT)
def answer(invitation_id: UUID) -> Response:
    """Yes or no. Yes asks for a fresh proof: it opens something."""
    actor, form = signed_in(), AnswerForm()
    wanted = form.answer.data if form.validate() else ""
    try:
        if wanted == "yes":
            offer = answers.accept(actor, invitation_id)
            done = elide(gettext("Done. You help %(name)s from now on.", name=offer.name), offer.name)
        elif wanted == "no":
            offer = answers.refuse(actor, invitation_id)
            done = elide(gettext("Done. You said no to %(name)s.", name=offer.name), offer.name)
        else:
            return to(f"{PLACE}/invitations/{invitation_id}")
    except NotFoundError:
        return _not_for_you()
    except RefusedError:
        flash(gettext("You act for this person already: there is nothing to accept."), "warn")
        return to(PLACE)
    except ConflictError:
        flash(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."), "warn")
        return to(PLACE)
    flash(done, "ok")
    return to(PLACE)


@pages.post("/compte/proches/aides/<uuid:carer_id>/fin")
@requires(Permission.ACCOUNT)
def stop(carer_id: UUID) -> Response:
    """Stop helping somebody, now, without a reason."""
    if DecideForm().validate():
        found = links.stop_helping(signed_in(), carer_id)
        sentence = gettext("Done. You do not help %(name)s any more, as of now.", name=found.name)
        flash(elide(sentence, found.name), "ok")
    return to(PLACE)


def shown() -> dict[str, Any]:
    """What the page of one's relatives says of those one helps, and of who asks."""
    actor = signed_in()
    return {
        "helped": [(one, tasks_in_words(one.tasks)) for one in links.helped(actor)],
        "offers": answers.offers(actor),
    }


def _not_for_you() -> Response:
    return render("family/carers/not_for_you.html", status=404)
