"""Objecting with one's letter, or a child's; the certificate; the way back (rules.md AC-6, AC-7).

Whoever gave the facts of a letter right holds a ticket for a quarter of an hour, in the browser's form session.
"""

from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, request, session
from flask_babel import gettext

from espace import clock, settings
from espace.accounts.services.letter_proof import Letter, LetterError, recognise
from espace.errors import ConflictError
from espace.people import services as people
from espace.records import services as records
from espace.records.forms import OpposeForm
from espace.records.services import Part, StateFacts, papers
from espace.web.attempts import attempt, page, to
from espace.web.guards import public
from espace.web.i18n import full_day
from espace.web.identity_fields import LetterForm
from espace.web.visitor import visitor

pages = Blueprint("opposition", __name__)

_TICKET = "opposition"
_LIFE = timedelta(minutes=15)
CHOICE = "/opposition/choix"


def note_of_refusal(person_id: UUID) -> str:
    """What somebody who refused their space is told when they activate their account."""
    facts = records.record_of(person_id)
    if facts is None or facts.state != records.OPPOSED:
        return ""
    return str(
        gettext(
            "You refused this space on %(day)s. You may activate your account: your refusal holds until you take it "
            "back there.",
            day=full_day(records.state_of(facts.id).state_since),
        )
    )


@pages.get("/opposition")
@public
def identity() -> Response:
    """The facts of the letter."""
    return _identity(LetterForm(formdata=None))


@pages.post("/opposition")
@public
def give_letter() -> Response:
    """Recognise the person of a letter; unknown people get the same answer as wrong facts (R5)."""
    form = LetterForm()
    if form.validate():
        with attempt(form):
            try:
                person_id = _recognised(form)
            except LetterError as error:
                form.refuse(_problem(error))
                return _identity(form, used=error.why == "used")
            session[_TICKET] = {"person": str(person_id), "until": (clock.now() + _LIFE).isoformat()}
            return to(CHOICE)
    return _identity(form)


@pages.get("/opposition/choix")
@public
def choice() -> Response:
    """What refusing changes, or the refusal that stands."""
    state = _state()
    return _choice(state, OpposeForm(formdata=None)) if state else _gone()


@pages.post("/opposition/choix")
@public
def oppose() -> Response:
    """Refuse. A page left open for long leads back to the letter."""
    state = _state()
    if state is None:
        return _gone()
    form = OpposeForm()
    if not form.validate():
        return _choice(state, form)
    try:
        records.oppose(records.bearer(people.person(state.person_id)), state.record_id, Part.LETTER)
    except ConflictError:  # sent twice, or something else happened meanwhile: the page tells what stands
        return to(CHOICE)
    flash(gettext("Your refusal is recorded."), "ok")
    return to(CHOICE)


@pages.post("/opposition/retour")
@public
def come_back() -> Response:
    """Take the refusal back."""
    state = _state()
    if state is None:
        return _gone()
    try:
        records.withdraw_opposition(records.bearer(people.person(state.person_id)), state.record_id, Part.LETTER)
    except ConflictError:
        return to(CHOICE)
    return to(f"{CHOICE}?retour=1")


@pages.get("/opposition/attestation")
@public
def certificate() -> Response:
    """The certificate of the refusal that stands, as PDF."""
    state = _state()
    if state is None:
        return _gone()
    return pdf(papers.certificate(state), "attestation-opposition.pdf")


@pages.post("/opposition/fin")
@public
def leave() -> Response:
    """Forget the letter in this browser."""
    session.pop(_TICKET, None)
    return to("/opposition")


def pdf(content: bytes, name: str) -> Response:
    """A paper to take away."""
    response = make_response(content)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _recognised(form: LetterForm) -> UUID:
    letter = Letter(form.number, form.provisional_code, form.birth_day, form.serial)
    person, found = recognise(letter, visitor(), "opposition")
    if records.record_of(person.id) is None:
        raise LetterError("unknown")
    if found.is_used:
        raise LetterError("used")
    if found.expires_at <= clock.now():
        raise LetterError("expired", found.expires_at)
    return person.id


def _state() -> StateFacts | None:
    """Where the record of this browser's letter stands; None once the quarter of an hour is over."""
    ticket = session.get(_TICKET)
    if not isinstance(ticket, dict):
        return None
    until = datetime.fromisoformat(ticket["until"])
    if not until - _LIFE <= clock.now() < until:  # a clock set back must not lengthen it either (L7)
        return None
    record = records.record_of(UUID(ticket["person"]))
    return records.state_of(record.id) if record else None


def _gone() -> Response:
    session.pop(_TICKET, None)
    flash(gettext("To go on, give the facts of the letter again. What you decided stands."), "tip")
    return to("/opposition")


def _identity(form: LetterForm, *, used: bool = False) -> Response:
    house = settings.current()
    return page("records/opposition.html", form, used=used, contact=house.contact, contact_phone=house.contact_phone)


def _choice(state: StateFacts, form: OpposeForm) -> Response:
    person = people.person(state.person_id)
    house = settings.current()
    return page(
        "records/opposition_choice.html",
        form,
        state=state,
        may_oppose=records.may_oppose(state, Part.LETTER),
        came_back="retour" in request.args and state.state != records.OPPOSED,
        is_child=person.age_on(clock.today()) < house.autonomy_age,
        name=person.display_name,
        contact=house.contact,
        contact_phone=house.contact_phone,
    )


def _problem(error: LetterError) -> dict[str, str]:
    if error.why == "used":
        return {"code": gettext("This code was used already: the space is active. To close it, sign in.")}
    if error.why == "expired" and error.day:
        return {"code": gettext("This code expired on %(day)s. Have a new one sent, below.", day=full_day(error.day))}
    return {
        "": gettext(
            "These facts do not go together. Compare each one with your Vitale card, and check that the letter bears "
            "your name."
        )
    }
