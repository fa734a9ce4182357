"""Activation, first half: being recognised by one's letter, or having a new code sent."""

from typing import Any

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace import settings
from espace.accounts.forms.door import LetterForm, NewCodeForm
from espace.accounts.services import activation, drafts
from espace.accounts.services.letter_proof import LetterError
from espace.identifiers import Ins
from espace.people import services as people
from espace.web.attempts import attempt, page, to
from espace.web.guards import public
from espace.web.i18n import full_day
from espace.web.rendering import render
from espace.web.visitor import visitor

from .steps import place_of
from .visitor import activation_token, hold_activation

pages = Blueprint("activation", __name__)


@pages.get("/activation")
@public
def identity() -> Response:
    """The three facts of the letter; those given before are still there, but for the code."""
    draft = drafts.current(activation_token())
    if draft is None:
        return page("accounts/activation/identity.html", LetterForm(formdata=None), under_way="", used=False)
    person = people.person(draft.person_id)
    day = person.birth_date
    typed = {"ins": Ins(person.ins).grouped, "day": day.day, "month": day.month, "year": day.year}
    form = LetterForm(formdata=None, **typed)
    return page("accounts/activation/identity.html", form, under_way=place_of(draft.step), used=False)


@pages.post("/activation")
@public
def recognise() -> Response:
    """Recognise the person; an activation left half-way goes on where it was."""
    form, used = LetterForm(), False
    if form.validate():
        with attempt(form):
            try:
                token, draft = activation.begin(form.command(), visitor())
            except LetterError as error:
                if error.why == "minor":
                    return _minor()
                form.refuse(_problem(error))
                used = error.why == "used"
            else:
                response = to(place_of(draft.step))
                hold_activation(response, token)
                return response
    return page("accounts/activation/identity.html", form, under_way="", used=used)


@pages.get("/activation/nouveau-code")
@public
def new_code() -> Response:
    """Have a new provisional code sent."""
    return page("accounts/activation/new_code.html", NewCodeForm(formdata=None))


@pages.post("/activation/nouveau-code")
@public
def send_new_code() -> Response:
    """The same answer whoever asks: what follows is seen in the mailbox only (R5)."""
    form = NewCodeForm()
    if form.validate():
        with attempt(form):
            activation.ask_new_code(form.number, form.birth_date, visitor())
            flash(
                gettext(
                    "If we have your e-mail address, a new code is on its way to it. It comes within a few minutes."
                ),
                "ok",
            )
            return to("/activation")
    return page("accounts/activation/new_code.html", form)


def _problem(error: LetterError) -> dict[str, Any]:
    if error.why == "used":
        return {"code": gettext("This code was used already: your space is active. Sign in.")}
    if error.why == "expired" and error.day:
        day = full_day(error.day)
        return {"code": gettext("This code expired on %(day)s. Have a new one sent, below.", day=day)}
    return {
        "": gettext("These three facts do not go together. Compare each one with your letter and your Vitale card.")
    }


def _minor() -> Response:
    return render("accounts/activation/minor.html", status=403, age=settings.current().autonomy_age)
