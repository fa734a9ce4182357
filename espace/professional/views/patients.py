"""A professional's own pages: whom they met lately, the search, the help."""

import math

from flask import Response

from espace import settings
from espace.access.services.emergencies import rescuers
from espace.access.services.watching import explaining
from espace.errors import InvalidError, ThrottledError
from espace.permissions import Permission
from espace.professional.forms import SearchForm
from espace.professional.services import drafts, emergencies
from espace.professional.services.search import find_patient, my_patients
from espace.web.guards import requires, signed_in
from espace.web.rendering import render

from .blueprints import pages, to


@pages.get("/pro/")
@requires(Permission.PRACTICE)
def home() -> Response:
    """The patients met lately, the requests without answer, the deposits to finish, what is asked of one's visits."""
    actor = signed_in()
    lines = my_patients(actor)
    names = {line.record_id: line.person.display_name for line in lines if line.reachable}
    return render(
        "professional/home.html",
        patients=[line for line in lines if line.reachable],
        awaiting=[line for line in lines if line.awaiting],
        drafts=[(draft, names[draft.record_id]) for draft in drafts.unfinished(actor, names)],
        form=SearchForm(formdata=None),
        hours=settings.current().encounter_hours,
        emergencies=emergencies.emergencies(actor),
        may_rescue=rescuers.may_break_glass(actor),
        questions=explaining.asked(actor),
    )


@pages.get("/pro/patients")
@requires(Permission.PRACTICE)
def search() -> Response:
    """The search: exact number and birth date, nothing else (security.md R50)."""
    return render("professional/search.html", form=SearchForm(formdata=None), wait=0)


@pages.post("/pro/patients")
@requires(Permission.PRACTICE)
def find() -> Response:
    """Open the page of exactly this patient; the number never stands in an address."""
    form = SearchForm()
    if not form.validate():
        return render("professional/search.html", form=form, wait=0, status=form.status)
    try:
        record_id = find_patient(signed_in(), form.command())
    except InvalidError as error:
        form.refuse(error.problems)
        return render("professional/search.html", form=form, wait=0, status=422)
    except ThrottledError as error:
        response = render("professional/search.html", form=form, wait=math.ceil(error.wait / 60), status=429)
        response.headers["Retry-After"] = str(math.ceil(error.wait))
        return response
    return to(f"/pro/patients/{record_id}/")


@pages.get("/pro/aide")
@requires(Permission.PRACTICE)
def help_page() -> Response:
    """What a professional may do here, and what is written down of it."""
    return render("professional/help.html")
