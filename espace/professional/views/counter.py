"""A code shown at a counter: typed here, it opens the record for a while; closing it before its time."""

import math

from flask import Response, flash
from flask_babel import gettext

from espace.access.services.passing import codes, counter
from espace.errors import InvalidError, ThrottledError
from espace.permissions import Permission
from espace.professional.forms import CounterForm
from espace.professional.services import secrecy
from espace.web.guards import requires, signed_in, viewpoint
from espace.web.rendering import render

from .blueprints import pages, patient_pages, to


@pages.get("/pro/patients/code")
@requires(Permission.PRACTICE)
def code() -> Response:
    """Type the code a person shows, and their birth date."""
    return render("professional/code.html", form=CounterForm(formdata=None), wait=0)


@pages.post("/pro/patients/code")
@requires(Permission.PRACTICE)
def use_code() -> Response:
    """Open the record, once; whatever is wrong is said in the same words."""
    form = CounterForm()
    if not form.validate():
        return render("professional/code.html", form=form, wait=0, status=form.status)
    try:
        record_id = counter.use(signed_in(), form.digits, form.birth_day, secrecy.enter)
    except InvalidError as error:
        form.refuse(error.problems)
        return render("professional/code.html", form=form, wait=0, status=422)
    except ThrottledError as error:
        response = render("professional/code.html", form=form, wait=math.ceil(error.wait / 60), status=429)
        response.headers["Retry-After"] = str(math.ceil(error.wait))
        return response
    return to(f"/pro/patients/{record_id}/")


@patient_pages.post("/fermer-code")
@requires(Permission.PATIENT_PAGE)
def close_code() -> Response:
    """Close what a counter code opened, before its time."""
    codes.close_own(viewpoint().standing)
    flash(gettext("Closed. This record is open to you no more."), "ok")
    return to("/pro/")
