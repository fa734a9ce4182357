"""Giving access without being asked: find somebody in the directory, choose for whom and how long, give."""

from dataclasses import dataclass
from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace.access import services as access
from espace.access.forms import ALONE, FindForm, GiveForm
from espace.access.services import Answer, ConsentLine, ConsentState
from espace.access.services.decisions import blocking
from espace.errors import ConflictError, InvalidError
from espace.people import services as people
from espace.people.services import Professional, directory
from espace.permissions import Permission, demand_fresh_proof
from espace.records import services as records
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, viewpoint
from espace.web.viewpoint import Viewpoint
from espace.words import N_, Message

from .blueprints import record_pages
from .reading import leave, read_lines
from .words import seen_in_words, unseen_in_words

MOST_PLACES = 6
_RPPS_LENGTHS = (11, 12)
"""As the register writes it, or with the leading 8 of national identifiers."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One professional of the directory, and what stands on the access page about them."""

    professional: Professional
    places: str
    line: ConsentLine | None


@record_pages.get("/acces/donner")
@requires(Permission.ACCESS_MANAGE)
def finding() -> Response:
    """Whom to give access to: by name and town, or by number."""
    here = viewpoint()
    attending = _attending(here)
    if attending is not None:
        leave(here, [{"id": str(attending.id)}])
    return page("access/find.html", FindForm(formdata=None), hits=None, after=None, attending=attending)


def _attending(here: Viewpoint) -> Professional | None:
    """The attending doctor the person declared, while the record says nothing about them: offered at once."""
    index = records.record(here.record_id).attending_index
    found = people.professional_under(index) if index else None
    if found is None or not found.active:
        return None
    line = access.candidate(here.standing, found.id).line
    reads = line is not None and line.state not in (ConsentState.EXPIRED, ConsentState.REVOKED)
    return None if reads else found


@record_pages.post("/acces/donner")
@requires(Permission.ACCESS_MANAGE)
def find() -> Response:
    """Those of the directory who fit; one alone is led to at once. What is sought stands in no address."""
    here = viewpoint()
    form = FindForm()
    name, where = (form.name.data or "").strip(), (form.where.data or "").strip()
    wrong = _wrong(name) if form.validate() else _NO_NAME
    if wrong is not None:
        form.refuse({"name": wrong})
        return page("access/find.html", form, hits=None, after=None, attending=None)
    known = people.find_professional(name)
    found = directory.Found((known,), None) if known else directory.search(name, where, form.after_id)
    if len(found.professionals) == 1 and found.after is None and form.after_id is None:
        return to(f"{here.base}/acces/donner/{found.professionals[0].id}")
    return page("access/find.html", form, hits=_hits(here, found.professionals), after=found.after, attending=None)


_NO_NAME = N_("Write the name of the professional, or their RPPS number.")


def _wrong(name: str) -> Message | None:
    """What keeps these words from being looked for: nothing to look for, or a number that is not whole."""
    if not directory.words(name):
        return _NO_NAME
    digits = "".join(name.split())
    if digits.isdigit() and len(digits) not in _RPPS_LENGTHS:
        return N_("An RPPS number has 11 digits. You wrote %(count)s.", count=len(digits))
    return None


def _hits(here: Viewpoint, found: tuple[Professional, ...]) -> list[Hit]:
    lines = {line.grantee_id: line for line in read_lines(here)} if found else {}
    return [Hit(one, _places(one), lines.get(one.id)) for one in found if one.active]


def _places(one: Professional) -> str:
    said = [", ".join(part for part in (place.display_name, place.city) if part) for place in one.structures[:2]]
    return " · ".join(said)


@record_pages.get("/acces/donner/<uuid:professional_id>")
@requires(Permission.ACCESS_MANAGE)
def giving(professional_id: UUID) -> Response:
    """What they will read, alone or with everybody at their place, and for how long."""
    here = viewpoint()
    found = access.candidate(here.standing, professional_id)
    if found.line is not None and found.line.state in (ConsentState.VALID, ConsentState.BLOCKED, ConsentState.ASKED):
        return to(f"{here.base}/acces/{found.line.id}")
    demand_fresh_proof(here.actor)
    return _giving(found, GiveForm(formdata=None))


def _giving(found: access.Candidate, form: GiveForm) -> Response:
    professional = found.professional
    code = professional.specialty_code or professional.profession_code
    told = not viewpoint().standing.places_kept  # what was decided about a place would tell of it (security.md R15)
    blocked = [one for one in professional.structures if told and _is_blocked(found, one.id)]
    teams = [one for one in access.teams_of(professional) if one not in blocked]
    return page(
        "access/give.html",
        form.offer(professional.display_name, teams[:MOST_PLACES]),
        professional=professional,
        places=_places(professional),
        sees=seen_in_words(code),
        unseen=unseen_in_words(code),
        apart=access.apart_somewhere(professional),
        has_teams=bool(teams),
        blocked=", ".join(one.display_name for one in blocked),
        open_places=[one for one in professional.structures if one not in blocked][:MOST_PLACES],
    )


def _is_blocked(found: access.Candidate, place_id: UUID) -> bool:
    line = found.teams.get(place_id)
    return line is not None and line.state is ConsentState.BLOCKED


@record_pages.post("/acces/donner/<uuid:professional_id>")
@requires(Permission.ACCESS_MANAGE)
def give(professional_id: UUID) -> Response:
    """Give it, from now on; or keep the professional out whatever else would let them in, which asks for no proof."""
    here = viewpoint()
    found = access.candidate(here.standing, professional_id)
    form = GiveForm()
    if form.decision.data == Answer.BLOCK.value:
        return _block(here, found.professional, form)
    if form.validate():
        with attempt(form):
            try:
                access.give(here.standing, professional_id, days=form.days.data, place_id=_place(form))
            except ConflictError:
                return _decided_meanwhile(here)
            name = next(
                (one.display_name for one in found.professional.structures if str(one.id) == form.scope.data),
                found.professional.display_name,
            )
            flash(gettext("Done. %(name)s sees this record from now on.", name=name), "ok")
            return to(f"{here.base}/acces")
    return _giving(found, form)


def _block(here: Viewpoint, professional: Professional, form: GiveForm) -> Response:
    """Block the professional, or everybody at the place of theirs that the form names."""
    place = next((one for one in professional.structures if str(one.id) == form.scope.data), None)
    if place is None and form.scope.data not in (None, "", ALONE):
        raise InvalidError({})  # nothing our pages send: a block of somebody else must not come of it
    try:
        if place is not None:
            blocking.block_place(here.standing, place.id)
        else:
            blocking.block(here.standing, professional.id)
    except ConflictError:
        return _decided_meanwhile(here)
    name = place.display_name if place is not None else professional.display_name
    flash(gettext("Done. %(name)s is blocked, as of now.", name=name), "ok")
    return to(f"{here.base}/acces")


def _decided_meanwhile(here: Viewpoint) -> Response:
    flash(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."), "warn")
    return to(f"{here.base}/acces")


def _place(form: GiveForm) -> UUID | None:
    try:
        return form.place_id
    except ValueError:
        raise InvalidError({"scope": N_("Choose for whom.")}) from None
