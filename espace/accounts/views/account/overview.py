"""The account at a glance, and its language."""

from flask import Response, flash
from flask_babel import gettext

from espace.accounts.forms.account import LanguageForm
from espace.accounts.services import account_rows, devices, factors, facts
from espace.permissions import ActorKind, Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.rendering import render

from .blueprint import SECURITY, pages
from .words import advice

_LANGUAGE = "/compte/langue"


@pages.get("/compte")
@requires(Permission.ACCOUNT)
def account() -> Response:
    """The account at a glance: a line for each part, and what is left to do."""
    actor = signed_in()
    held = account_rows.held(actor.id)
    return render(
        "accounts/account/overview.html",
        email=held.email,
        advice=advice(factors.ways(actor.id)),
        devices=len(devices.of(actor.id, actor.session_id)),
    )


@pages.get(_LANGUAGE)
@requires(Permission.SECURITY)
def language() -> Response:
    """The language of pages and messages."""
    return page("accounts/account/language.html", LanguageForm(formdata=None, locale=signed_in().locale))


@pages.post(_LANGUAGE)
@requires(Permission.SECURITY)
def choose_language() -> Response:
    """Speak another language from the next page on."""
    actor = signed_in()
    form = LanguageForm()
    if form.validate():
        with attempt(form):
            facts.choose_locale(actor, form.locale.data or "")
            flash(gettext("The language is chosen."), "ok")
            return to("/compte" if actor.kind is ActorKind.PATIENT else SECURITY)
    return page("accounts/account/language.html", form)
