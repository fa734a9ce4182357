"""Activation, second half: address and password, the second factor, recovery codes. Each step has its own address."""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, Response, current_app, flash
from flask_babel import gettext
from werkzeug.datastructures import Headers

from espace import settings
from espace.accounts.forms.activation import AddressForm, DigitsForm, KeepCodesForm
from espace.accounts.services import activation, drafts, enrolling
from espace.accounts.services.activation import AlreadyActiveError
from espace.accounts.services.drafts import Draft, Step
from espace.errors import InvalidError, NotFoundError
from espace.web.attempts import attempt, page, to
from espace.web.guards import public
from espace.web.i18n import language
from espace.web.visitor import visitor

from .visitor import activation_token, drop_activation, enter

pages = Blueprint("activation_steps", __name__)
HOME = "/"  # which leads to one's own record

_PLACES = {
    Step.ADDRESS: "/activation/adresse",
    Step.EMAIL_CODE: "/activation/adresse/code",
    Step.SECURITY: "/activation/securite",
    Step.APP: "/activation/application",
    Step.SMS: "/activation/sms",
    Step.CODES: "/activation/codes",
}

View = Callable[[Draft], Response]


def place_of(step: Step) -> str:
    """The address of a step."""
    return _PLACES[step]


def helpers() -> dict[str, str]:
    """Whom people may ask for help, on each page of the activation."""
    house = settings.current()
    return {"contact": house.contact, "contact_phone": house.contact_phone}


def at(step: Step) -> Callable[[View], Callable[[], Response]]:
    """Give a view the activation of this browser, if it has come as far as `step`; else lead where it stands."""

    def fit(view: View) -> Callable[[], Response]:
        @wraps(view)
        def shown() -> Response:
            draft = drafts.current(activation_token())
            if draft is None:
                return _gone()
            if not draft.reached(step):
                return to(place_of(draft.step))
            try:
                return view(draft)
            except NotFoundError:  # finished or taken up elsewhere meanwhile
                return _gone()

        return public(shown)

    return fit


def _gone() -> Response:
    flash(
        gettext(
            "Give the facts of your letter again: a day has passed, or you went on elsewhere. What you did is kept."
        ),
        "tip",
    )
    response = to("/activation")
    drop_activation(response)
    return response


@pages.get("/activation/adresse")
@at(Step.ADDRESS)
def address(draft: Draft) -> Response:
    """E-mail address, as typed before, and password, which is never sent back."""
    return _address_page(AddressForm(formdata=None, email=draft.email), draft)


@pages.post("/activation/adresse")
@at(Step.ADDRESS)
def give_address(draft: Draft) -> Response:
    """Take both, each on its own: a mistake in one does not make the other be typed again."""
    form, token = AddressForm(), activation_token()
    form.validate()
    typed = form.password.data or ""
    if not typed and not draft.password_hash:
        form.refuse({"password": gettext("Choose a password.")})
    elif typed:
        with attempt(form):
            draft = enrolling.choose_password(token, typed, (form.email.data or "")[:254])
    if not form.errors:
        with attempt(form):
            draft = enrolling.give_email(token, form.address, language())
            return to(place_of(draft.step))
    return _address_page(form, draft)


@pages.get("/activation/adresse/code")
@at(Step.EMAIL_CODE)
def email_code(draft: Draft) -> Response:
    """The code sent to the address."""
    if draft.is_verified:
        return to(place_of(draft.step))
    return _email_code_page(DigitsForm(formdata=None), draft)


@pages.post("/activation/adresse/code")
@at(Step.EMAIL_CODE)
def check_email_code(draft: Draft) -> Response:
    """Check the code; an address that opens another space leads back to where it was typed."""
    form = DigitsForm()
    if form.validate():
        with attempt(form):
            try:
                return to(place_of(enrolling.check_email_code(activation_token(), form.digits, visitor()).step))
            except InvalidError as error:
                if "email" not in error.problems:
                    raise
                return _address_again(draft, error)
    return _email_code_page(form, draft)


@pages.post("/activation/adresse/renvoi")
@at(Step.EMAIL_CODE)
def send_email_code_again(draft: Draft) -> Response:
    """Send another code to the same address."""
    form = DigitsForm(formdata=None)
    with attempt(form):
        draft = enrolling.give_email(activation_token(), draft.email, language(), again=True)
        flash(gettext("A new code has been sent. The one before no longer works."), "ok")
        return to(place_of(draft.step))
    return _email_code_page(form, draft)


@pages.get("/activation/codes")
@at(Step.CODES)
def codes(draft: Draft) -> Response:
    """The ten recovery codes and the terms of use."""
    return _codes_page(KeepCodesForm(formdata=None), draft)


@pages.get("/activation/codes/texte")
@at(Step.CODES)
def codes_as_text(draft: Draft) -> Response:
    """The recovery codes as a file to keep."""
    lines = [gettext("Your recovery codes for espace"), "", *draft.recovery_codes, ""]
    lines += [gettext("Each code works once. Keep them away from your phone."), ""]
    headers = Headers({"Content-Disposition": 'attachment; filename="codes-de-secours-espace.txt"'})
    return Response("\r\n".join(lines), mimetype="text/plain", headers=headers)


@pages.post("/activation/codes")
@at(Step.CODES)
def finish(draft: Draft) -> Response:
    """Open the account and enter it."""
    form = KeepCodesForm()
    if form.validate():
        with attempt(form):
            try:
                entered = activation.finish(activation_token(), language(), visitor())
            except AlreadyActiveError:
                flash(gettext("Your space is already active. Sign in."), "tip")
                response = to("/connexion")
                drop_activation(response)
                return response
            except InvalidError as error:
                if "email" not in error.problems:
                    raise
                return _address_again(draft, error)
            response = to(HOME)
            enter(response, entered)
            drop_activation(response)
            return response
    return _codes_page(form, draft)


def _address_page(form: AddressForm, draft: Draft) -> Response:
    return page("accounts/activation/address.html", form, draft=draft, notes=_notes(draft), **helpers())


def _notes(draft: Draft) -> list[str]:
    """What other rooms tell this person before they begin: that they refused their space, say."""
    return [said for note in current_app.extensions["newcomer_notes"] if (said := note(draft.person_id))]


def _address_again(draft: Draft, error: InvalidError) -> Response:
    again = AddressForm(formdata=None, email=draft.email)
    again.refuse(error.problems)
    return _address_page(again, draft)


def _email_code_page(form: DigitsForm, draft: Draft) -> Response:
    return page("accounts/activation/email_code.html", form, draft=draft, **helpers())


def _codes_page(form: KeepCodesForm, draft: Draft) -> Response:
    return page("accounts/activation/codes.html", form, codes=draft.recovery_codes, draft=draft, **helpers())
