"""Lost access, the long way: the letter, the wait, and who may refuse (security.md R4)."""

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace import settings
from espace.accounts.forms.lost_access import LetterForm, NewCodeForm, PressForm
from espace.accounts.services import recovery
from espace.accounts.services.letter_proof import LetterError
from espace.accounts.services.recovery import NotActiveError, State
from espace.accounts.services.recovery_notices import PLACE as LINK
from espace.errors import NotFoundError
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import public, requires, signed_in
from espace.web.i18n import full_day
from espace.web.visitor import visitor

from .steps import place_of
from .visitor import drop_own, hold_activation, hold_own, own

pages = Blueprint("lost_access_letter", __name__)
LETTER = "/acces-perdu/courrier"
FOLLOWED = "/acces-perdu/suivi"
ACCOUNT = "/compte/acces-perdu"
COOKIE = "acces-perdu"
_MONTHS = 60 * 24 * 3600


@pages.get(LETTER)
@public
def letter() -> Response:
    """The facts of the letter, and what follows: the delay, and who is told."""
    return _letter_page(LetterForm(formdata=None))


@pages.post(LETTER)
@public
def ask() -> Response:
    """Begin to wait, or find the request under way again."""
    form = LetterForm()
    if form.validate():
        with attempt(form):
            try:
                token = recovery.ask(form.command(), visitor())
            except NotActiveError:
                flash(gettext("Your space is not active yet: your letter activates it."), "tip")
                return to("/activation")
            except LetterError as error:
                form.refuse(_problem(error))
            else:
                response = to(FOLLOWED)
                hold_own(response, COOKIE, token, max_age=_MONTHS)
                return response
    return _letter_page(form)


@pages.get(f"{LETTER}/code")
@public
def new_code() -> Response:
    """Have a new code sent to what is on file."""
    return page("accounts/lost_access/new_code.html", NewCodeForm(formdata=None), **_contact())


@pages.post(f"{LETTER}/code")
@public
def send_code() -> Response:
    """The same answer whoever asks (R5)."""
    form = NewCodeForm()
    if form.validate():
        with attempt(form):
            recovery.ask_code(form.number, form.birth_day.isoformat(), visitor())
            flash(
                gettext("If your space is active, a new code comes within a few minutes, where we can reach you."), "ok"
            )
            return to(LETTER)
    return page("accounts/lost_access/new_code.html", form, **_contact())


@pages.get(FOLLOWED)
@public
def followed() -> Response:
    """Where the request stands: from when on one may come back."""
    state = recovery.followed(own(COOKIE))
    if state is None:
        return _gone()
    return page("accounts/lost_access/followed.html", PressForm(formdata=None), state=state, **_contact())


@pages.post(FOLLOWED)
@public
def go_on() -> Response:
    """Begin to make the access anew, once the delay is over: an address, a password, a second lock."""
    try:
        token, draft = recovery.go_on(own(COOKIE))
    except NotFoundError:
        return to(FOLLOWED)
    response = to(place_of(draft.step))
    hold_activation(response, token)
    return response


@pages.post(f"{FOLLOWED}/abandon")
@public
def give_up() -> Response:
    """Give the request up."""
    recovery.give_up(own(COOKIE))
    flash(gettext("The request is given up. Nothing was changed."), "ok")
    response = to("/acces-perdu")
    drop_own(response, COOKIE)
    return response


@pages.get(f"{LINK}<token>")
@public
def ask_refusal(token: str) -> Response:
    """The link of a message: it shows what pressing the button does, and does nothing by itself."""
    return _refusal_page(token, is_there=recovery.is_refusable(token))


@pages.post(f"{LINK}<token>")
@public
def refuse_by_link(token: str) -> Response:
    """Refuse the request. No proof is asked for, and nothing else can be done from here."""
    return _refusal_page(token, is_there=False, is_done=recovery.refuse_by_link(token))


@pages.get(ACCOUNT)
@requires(Permission.ACCOUNT)
def of_account() -> Response:
    """The request under way on one's own account, and the way to refuse it."""
    return _account_page(recovery.of_actor(signed_in()))


@pages.post(ACCOUNT)
@requires(Permission.ACCOUNT)
def refuse() -> Response:
    """Refuse it; nothing is asked."""
    if recovery.refuse(signed_in()):
        flash(gettext("The request is refused. The letter it was made with works no more."), "ok")
    return to(ACCOUNT)


def _letter_page(form: LetterForm) -> Response:
    hours = settings.current().recovery_delay
    return page("accounts/lost_access/letter.html", form, hours=hours, **_contact())


def _refusal_page(token: str, *, is_there: bool, is_done: bool = False) -> Response:
    form = PressForm(formdata=None)
    return page("accounts/lost_access/refuse.html", form, action=LINK + token, is_there=is_there, is_done=is_done)


def _account_page(state: State | None) -> Response:
    return page("accounts/lost_access/account.html", PressForm(formdata=None), state=state)


def _gone() -> Response:
    flash(gettext("No request is followed from this browser. Give the facts of your letter again."), "tip")
    response = to(LETTER)
    drop_own(response, COOKIE)
    return response


def _contact() -> dict[str, str]:
    house = settings.current()
    return {"contact": house.contact, "contact_phone": house.contact_phone}


def _problem(error: LetterError) -> dict[str, str]:
    if error.why == "used":
        return {"code": gettext("This code was used already. Ask for a new one, below.")}
    if error.why == "expired" and error.day:
        return {"code": gettext("This code expired on %(day)s. Ask for a new one, below.", day=full_day(error.day))}
    return {"": gettext("These facts do not go together. Compare each one with your letter and your Vitale card.")}
