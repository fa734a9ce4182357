"""Alerts about readings (security.md R48, R49): the list, one alert in plain words, what becomes of it."""

from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext, ngettext

from espace.access.services.watching import alerts, suspensions
from espace.access.services.watching.alerts import AlertFacts, Kind, State
from espace.access.services.watching.patterns import Signal
from espace.administration.forms.answers import DecisionForm
from espace.administration.services import visits
from espace.administration.services.visits import Purpose
from espace.errors import ConflictError
from espace.people import services as people
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.rendering import render
from espace.words import N_, Message

from .blueprints import pages
from .two_operators import place_of

_HOME = "/admin/alertes"
CHOICES = {
    State.EXPLAINED: N_("Explained: nothing is wrong"),
    State.CONTACTED: N_("Contact the professional: the alert stays open"),
    State.SUSPENDED: N_("Stop the professional's access, at once"),
}
SIGNALS: dict[Signal, Message] = {
    Signal.SURNAME: N_("The patient bears the professional's family name."),
    Signal.COLLEAGUE: N_("The patient bears the name of somebody who works at the same place."),
    Signal.WATCHED: N_("Readings of this record are looked at more closely."),
    Signal.NO_TIE: N_("Nothing binds this professional to the patient: no agreement, no deposit, no code, no call."),
    Signal.UNOPENED: N_("The patient was searched for, then nothing was done."),
    Signal.ODD_HOURS: N_("Everything happened between 22:00 and 6:00, without an emergency."),
    Signal.MANY_UNOPENED: N_("Many patients were searched for in one day, and nothing was done."),
}
"""What was noticed, in plain words."""


@pages.get(_HOME)
@requires(Permission.OFFICE_PRIVACY)
def alert_list() -> Response:
    """The alerts to decide, or decided (`?etat=regle`), newest first."""
    settled = request.args.get("etat") == "regle"
    before = place_of(request.args.get("avant", ""))
    found, older = alerts.alerts(signed_in(), settled=settled, before=before)
    readers = people.professionals({one.professional_id for one in found})
    lines = [
        {
            "alert": one,
            "name": readers[one.professional_id].display_name if one.professional_id in readers else "",
            "title": title(one),
            "signals": [gettext(SIGNALS[Signal(word)].msgid) for word in one.signals[:1]],
            "others": len(one.signals) - 1,
        }
        for one in found
    ]
    return render("administration/alerts.html", lines=lines, older=older, settled=settled, is_first=before is None)


@pages.get(f"{_HOME}/<uuid:alert_id>")
@requires(Permission.OFFICE_PRIVACY)
def one_alert(alert_id: UUID) -> Response:
    """One alert: who, what was noticed, what may be decided."""
    return _shown(alert_id, _form())


@pages.post(f"{_HOME}/<uuid:alert_id>")
@requires(Permission.OFFICE_PRIVACY)
def decide_alert(alert_id: UUID) -> Response:
    """Decide: suspending ends the professional's sessions at their next request."""
    form = _form(sent=True)
    if form.validate():
        try:
            with attempt(form):
                state = State(form.decision.data) if form.decision.data in CHOICES else State.OPEN
                alerts.decide(signed_in(), alert_id, state, form.words.data or "", version=form.read_version)
                flash(gettext("Your decision is written down."), "ok")
                return to(_HOME)
        except ConflictError:
            flash(gettext("This was decided from another device meanwhile. Here is the present state."), "warn")
            return to(f"{_HOME}/{alert_id}")
    return _shown(alert_id, form)


@pages.get(f"{_HOME}/<uuid:alert_id>/retablir")
@requires(Permission.OFFICE_PRIVACY)
def ask_restoring(alert_id: UUID) -> Response:
    """What restoring a professional does; it opens further, so the proof comes first."""
    demand_fresh_proof(signed_in())
    return _shown(alert_id, _form(), restoring=True)


@pages.post(f"{_HOME}/<uuid:alert_id>/retablir")
@requires(Permission.OFFICE_PRIVACY)
def restore(alert_id: UUID) -> Response:
    """Let the professional sign in again."""
    found = alerts.alert(signed_in(), alert_id)
    suspensions.restore(signed_in(), found.professional_id)
    flash(gettext("The professional can sign in again. They are told at their secure address."), "ok")
    return to(f"{_HOME}/{alert_id}")


@pages.post("/admin/personnes/<uuid:visit_id>/suivi")
@requires(Permission.OFFICE_PRIVACY)
def watch(visit_id: UUID) -> Response:
    """Have the readings of a record looked at more closely, or not any more."""
    seen = visits.visit(signed_in(), Purpose.PRIVACY, visit_id)
    closely = request.form.get("suivi") == "oui"
    alerts.watch(signed_in(), seen.record_id, closely=closely)
    said = (
        gettext("Readings of this record are looked at more closely from now on.")
        if closely
        else gettext("Readings of this record are looked at like any other from now on.")
    )
    flash(said, "ok")
    return to(f"/admin/personnes/{visit_id}")


def title(one: AlertFacts) -> str:
    """What an alert is about, in one sentence."""
    records = int(one.facts.get("records", 0))
    if one.kind is Kind.HOUR:
        return str(ngettext("%(num)d record reached in an hour", "%(num)d records reached in an hour", records))
    if one.kind is Kind.DAY:
        return str(ngettext("%(num)d record reached in a day", "%(num)d records reached in a day", records))
    if one.reached_id is None:
        return str(ngettext("%(num)d search without an opening", "%(num)d searches without an opening", records))
    return str(gettext("A reading that may be curiosity"))


def _form(*, sent: bool = False) -> DecisionForm:
    form = DecisionForm() if sent else DecisionForm(formdata=None)
    return form.offer({one.value: words for one, words in CHOICES.items()})


def _shown(alert_id: UUID, form: DecisionForm, *, restoring: bool = False) -> Response:
    found = alerts.alert(signed_in(), alert_id)
    reader = people.professionals([found.professional_id]).get(found.professional_id)
    return page(
        "administration/alert.html",
        form,
        one=found,
        reader=reader,
        title=title(found),
        signals=[gettext(SIGNALS[Signal(word)].msgid) for word in found.signals],
        stopped=suspensions.stopped(found.professional_id),
        restoring=restoring,
        mark=str(found.reached_id)[-8:].upper() if found.reached_id else "",
        base=f"{_HOME}/{alert_id}",
    )
