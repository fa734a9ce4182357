"""The texts a mailbox uses again."""

from dataclasses import replace
from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext

from espace.errors import NotFoundError
from espace.messaging.forms import WriteForm
from espace.messaging.services.practice import templates
from espace.messaging.services.practice.templates import Template
from espace.messaging.services.reading import threads
from espace.messaging.services.writing import drafts
from espace.messaging.services.writing.drafts import Typed
from espace.permissions import Permission
from espace.web.attempts import attempt, to
from espace.web.guards import requires

from .here import Here, base_of, mailbox_here
from .mailbox_forms import PressForm, TemplateForm
from .mailbox_pages import pages, shown

_AT = "/pro/messages/<uuid:mailbox_id>/modeles"
_ON = "/pro/messages/<uuid:mailbox_id>/<uuid:conversation_id>"


@pages.get(_AT)
@requires(Permission.PRACTICE)
def all_templates(mailbox_id: UUID) -> Response:
    """The templates of a mailbox."""
    place = mailbox_here(mailbox_id)
    return shown(
        "messaging/mailboxes/templates.html", PressForm(formdata=None), place, found=templates.templates(place.box)
    )


@pages.get(f"{_AT}/nouveau")
@requires(Permission.PRACTICE)
def new_template(mailbox_id: UUID) -> Response:
    """A template more."""
    return shown("messaging/mailboxes/template.html", TemplateForm(formdata=None), mailbox_here(mailbox_id), one=None)


@pages.post(f"{_AT}/nouveau")
@requires(Permission.PRACTICE)
def add_template(mailbox_id: UUID) -> Response:
    """Keep it."""
    return _save(mailbox_id, None)


@pages.get(f"{_AT}/<uuid:template_id>")
@requires(Permission.PRACTICE)
def one_template(mailbox_id: UUID, template_id: UUID) -> Response:
    """One template, to be changed."""
    place = mailbox_here(mailbox_id)
    one = templates.template(place.box, template_id)
    form = TemplateForm(formdata=None)
    form.name.data, form.subject.data, form.text.data = one.name, one.subject, one.text
    return shown("messaging/mailboxes/template.html", form, place, one=one)


@pages.post(f"{_AT}/<uuid:template_id>")
@requires(Permission.PRACTICE)
def change_template(mailbox_id: UUID, template_id: UUID) -> Response:
    """Keep what changed."""
    return _save(mailbox_id, templates.template(mailbox_here(mailbox_id).box, template_id))


def _save(mailbox_id: UUID, one: Template | None) -> Response:
    place, form = mailbox_here(mailbox_id), TemplateForm()
    if form.validate():
        with attempt(form):
            templates.save(place.box, form.command(one.id if one else None))
            flash(gettext("The template is kept."), "ok")
            return to(f"{base_of(mailbox_id)}/modeles")
    return shown("messaging/mailboxes/template.html", form, place, one=one)


@pages.post(f"{_AT}/<uuid:template_id>/supprimer")
@requires(Permission.PRACTICE)
def remove_template(mailbox_id: UUID, template_id: UUID) -> Response:
    """Delete it."""
    if PressForm().validate():
        templates.remove(mailbox_here(mailbox_id).box, template_id)
        flash(gettext("The template is deleted."), "ok")
    return to(f"{base_of(mailbox_id)}/modeles")


@pages.post(f"{_AT}/utiliser")
@requires(Permission.PRACTICE)
def use_template(mailbox_id: UUID) -> Response:
    """Fill a new message with a template; what was typed already stays above it."""
    place, form = mailbox_here(mailbox_id), WriteForm()
    kept = _filled(place, form, form.typed({}))
    return to(f"{place.base}/ecrire/{kept}" if kept else f"{place.base}/ecrire")


@pages.post(f"{_ON}/modele")
@requires(Permission.PRACTICE)
def answer_with_template(mailbox_id: UUID, conversation_id: UUID) -> Response:
    """The same for an answer."""
    place, form = mailbox_here(mailbox_id), WriteForm()
    about = threads.thread(place.box, conversation_id).head.about
    typed = replace(form.typed({}), to=(about.with_address,))
    _filled(place, form, typed, conversation_id)
    return to(f"{place.base}/{conversation_id}#reponse")


def _filled(place: Here, form: WriteForm, typed: Typed, conversation_id: UUID | None = None) -> UUID | None:
    """Keep what was typed with the words of the chosen template; gives the draft, None when it could not be kept."""
    first = next(iter(typed.to), "")
    subject, text = templates.filled(place.box, _chosen(), templates.values(place.box, first))
    whole = "\n\n".join(one for one in (typed.text.strip(), text) if one)
    with attempt(form):
        drafts.keep(
            place.box,
            form.draft_id,
            replace(typed, subject=typed.subject or subject, text=whole),
            conversation_id,
        )
        return form.draft_id
    flash(form.faults[0][1], "bad")
    return None


def _chosen() -> UUID:
    try:
        return UUID(request.form.get("modele", ""))
    except ValueError:
        raise NotFoundError from None
