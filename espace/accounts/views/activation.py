"""Activation, first half: being recognised by one's letter, or having a new code sent."""

from typing import Any

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace import settings
from espace.accounts.forms.activation import LetterForm, NewCodeForm
from espace.accounts.services import activation, drafts
from espace.accounts.services.letter_proof import LetterError
from espace.accounts.services.new_code import Channel
from espace.identifiers import Ins
from espace.notifications.services import can_send
from espace.people import services as people
from espace.web.attempts import attempt, page, to
from espace.web.guards import public
from espace.web.i18n import day_numeric, full_day
from espace.web.rendering import render
from espace.web.visitor import visitor

from .steps import helpers, place_of
from .visitor import activation_token, hold_activation

pages = Blueprint("activation", __name__)

# The first digit of numbers given while the true one is awaited (rules.md ID-1: NIA).
_PROVISIONAL = frozenset("3478")


@pages.get("/activation")
@public
def identity() -> Response:
    """The four facts of letter and card; those given before are still there, but for the code."""
    draft = drafts.current(activation_token())
    if draft is None:
        return _page(LetterForm(formdata=None))
    person = people.person(draft.person_id)
    typed = {
        "ins": Ins(person.ins).grouped,
        "birth_date": day_numeric(person.birth_date),
        "vitale_serial": person.vitale_serial,
    }
    return _page(LetterForm(formdata=None, **typed), under_way=place_of(draft.step))


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
                form.refuse(_problem(error, form.number))
                used = error.why == "used"
            else:
                response = to(place_of(draft.step))
                hold_activation(response, token)
                return response
    return _page(form, used=used)


@pages.get("/activation/nouveau-code")
@public
def new_code() -> Response:
    """Have a new provisional code sent."""
    return _new_code_page(NewCodeForm(formdata=None))


@pages.post("/activation/nouveau-code")
@public
def send_new_code() -> Response:
    """The same answer whoever asks: what follows is seen in the mailbox or on the telephone only (R5)."""
    form = NewCodeForm()
    if form.validate():
        with attempt(form):
            channel: Channel = "sms" if form.channel.data == "sms" and can_send() else "email"
            activation.ask_new_code(form.number, form.birth_day, visitor(), channel)
            flash(
                gettext("If we know your e-mail address or your telephone, a new code comes within a few minutes."),
                "ok",
            )
            return to("/activation")
    return _new_code_page(form)


def _page(form: LetterForm, *, under_way: str = "", used: bool = False) -> Response:
    return page("accounts/activation/identity.html", form, under_way=under_way, used=used, **helpers())


def _new_code_page(form: NewCodeForm) -> Response:
    return page("accounts/activation/new_code.html", form, by_sms=can_send(), **helpers())


def _problem(error: LetterError, number: str) -> dict[str, Any]:
    if error.why == "used":
        return {"code": gettext("This code was used already: your space is active. Sign in.")}
    if error.why == "expired" and error.day:
        day = full_day(error.day)
        return {"code": gettext("This code expired on %(day)s. Have a new one sent, below.", day=day)}
    # What is added depends on what was typed, never on what is known (R5).
    if number[0] in _PROVISIONAL:
        return {
            "": gettext(
                "These facts do not go together. Your number begins with %(digit)s: it is a waiting number. If you "
                "received another since, which begins with 1 or 2, write that one.",
                digit=number[0],
            )
        }
    return {
        "": gettext(
            "These facts do not go together. Compare each one with your Vitale card, and check that the letter bears "
            "your name."
        )
    }


def _minor() -> Response:
    age = settings.current().autonomy_age
    house = helpers()
    return render(
        "accounts/activation/minor.html",
        status=403,
        age=age,
        contact=house["contact"],
        contact_phone=house["contact_phone"],
    )
