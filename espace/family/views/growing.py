"""« Grandir » : what changes at which age, said to the child, the teen and the parents, each in their words."""

from datetime import date
from typing import Any

from flask import Response, flash
from flask_babel import gettext

from espace import clock
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError
from espace.family.forms import CodeForm, DecideForm
from espace.family.services.growing import own_reading, stages
from espace.family.services.growing.majority import FAREWELL
from espace.family.services.growing.stages import Change
from espace.people.services import age_on
from espace.permissions import Permission, Relation, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, viewpoint
from espace.web.viewpoint import Veiled, Viewpoint, veiled

from .blueprints import record_pages

PLACE = "/grandir"


def _grows(here: Viewpoint) -> date | None:
    """The birth date of who is growing up, came of age lately, or still has to make their account their own; for the
    holder and who represents them.
    """
    standing = here.standing
    if standing.relation not in (Relation.HOLDER, Relation.REPRESENTATIVE) or not standing.holder_birth:
        return None
    birth = date.fromisoformat(standing.holder_birth)
    is_long_of_age = not stages.is_growing_up(birth) and clock.today() - stages.of_age_on(birth) > FAREWELL
    return None if is_long_of_age and not _only_reads(here) else birth


def _only_reads(here: Viewpoint) -> bool:
    """Whether the account of who looks still is the one a parent opened; asked only of holders who may not decide."""
    standing = here.standing
    is_less = standing.relation is Relation.HOLDER and not standing.may(Permission.ACCESS_MANAGE)
    return is_less and own_reading.only_reads(standing.record_id)


@record_pages.get(PLACE)
@requires(Permission.RECORD_HOME)
@veiled(Veiled.HARMLESS)
def growing() -> Response:
    """The stages, what holds now, what parents see and do not see."""
    return _shown(DecideForm(formdata=None))


def _shown(form: Form, **more: Any) -> Response:
    here = viewpoint()
    standing, birth = here.standing, _grows(here)
    if birth is None:
        return to(f"{here.base}/")
    if standing.is_watched:
        audit.record(standing.actor, standing.record_id, Action.STAGES_READ, relation=standing.relation)
    agreement = own_reading.agreement_on(standing.record_id)
    holding = stages.holding(age_on(birth, clock.today()))
    return page(
        "family/growing.html",
        form,
        steps=stages.steps(birth),
        holds=holding,
        Change=Change,
        is_of_age=Change.PARENTS_END in holding,
        of_age_on=stages.of_age_on(birth),
        agreement=agreement,
        may_agree=own_reading.may_agree(standing),
        may_prove=bool(
            agreement
            and agreement.only_reads
            and Change.OWN_ACCOUNT in holding
            and standing.relation is Relation.HOLDER
        ),
        decides=standing.may(Permission.DOCUMENTS_KEEP),
        given=standing.holder_name.split()[0],
        **{"code": "", "code_form": CodeForm(formdata=None), **more},
    )


@record_pages.get(f"{PLACE}/lecture")
@requires(Permission.ACCESS_MANAGE)
@veiled(Veiled.HARMLESS)
def agreeing() -> Response:
    """What letting one's child read in an own account means."""
    here = viewpoint()
    if not own_reading.may_agree(here.standing):
        return to(f"{here.base}{PLACE}")
    demand_fresh_proof(here.actor)
    return page("family/agree.html", DecideForm(formdata=None), given=here.standing.holder_name.split()[0])


@record_pages.post(f"{PLACE}/lecture")
@requires(Permission.ACCESS_MANAGE)
def agree() -> Response:
    """Agree; the code for the child stands on this answer and nowhere else."""
    form = DecideForm()
    if not form.validate():
        return to(f"{viewpoint().base}{PLACE}")
    return _shown(form, code=own_reading.agree(viewpoint().standing))


@record_pages.post(f"{PLACE}/lecture/fin")
@requires(Permission.ACCESS_MANAGE)
def take_back() -> Response:
    """Take the agreement back, from the next request on."""
    if DecideForm().validate():
        try:
            own_reading.take_back(viewpoint().standing)
            flash(gettext("Done. This account opens nothing any more, as of now."), "ok")
        except ConflictError:
            flash(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."), "warn")
    return to(f"{viewpoint().base}{PLACE}")


@record_pages.post(f"{PLACE}/compte")
@requires(Permission.RECORD_HOME)
def prove() -> Response:
    """Make the account one's own, with the code that was given to oneself."""
    here = viewpoint()
    form = CodeForm()
    if form.validate():
        with attempt(form):
            own_reading.prove(here.standing, form.code.data or "")
            flash(gettext("Done. This account is yours alone: you decide who sees what."), "ok")
            return to(f"{here.base}{PLACE}")
    return _shown(form, code_form=form)


def card(here: Viewpoint) -> dict[str, object] | None:
    """The home's card: what holds at this age, in one sentence, and the way to all of it."""
    birth = _grows(here)
    if birth is None:
        return None
    holding = stages.holding(age_on(birth, clock.today()))
    if not holding:
        return None
    upcoming = next((step for step in stages.steps(birth) if not step.is_past), None)
    return {
        "holds": holding,
        "Change": Change,
        "upcoming": upcoming,
        "given": here.standing.holder_name.split()[0],
        "may_prove": Change.OWN_ACCOUNT in holding and _only_reads(here),
        "of_age_on": stages.of_age_on(birth),
    }
