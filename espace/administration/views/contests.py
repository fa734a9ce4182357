"""Contested visits, for the privacy officer: a queue by deadline, one case, its answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, abort, flash, request
from flask_babel import gettext

from espace import clock
from espace.administration.forms.answers import ContestForm
from espace.administration.services import contests
from espace.administration.services.contests import Outcome
from espace.audit.services.answers import PAGE, AnswerState, Place, VisitFacts
from espace.errors import ConflictError, InvalidError
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.i18n import full_day, instant, moment
from espace.web.rendering import render
from espace.words import N_

from . import contest_words
from .blueprints import pages

_HOME = "/admin/contestations"


@pages.get("/admin/contestations")
@requires(Permission.OFFICE_PRIVACY)
def contested() -> Response:
    """What waits, by deadline; no name stands there before a line is opened."""
    found = contests.waiting(signed_in(), _place(request.args.get("apres", "")), PAGE + 1)
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    return render(
        "administration/contests.html",
        lines=[_row(one) for one in shown],
        after=f"{last.decide_by.isoformat()}_{last.id}" if last is not None and last.decide_by else "",
    )


@pages.get("/admin/contestations/<uuid:chain_id>/<uuid:answer_id>")
@requires(Permission.OFFICE_PRIVACY)
def contest(chain_id: UUID, answer_id: UUID) -> Response:
    """One case: the facts in plain words, what was said so far, and the answer."""
    return _case(chain_id, answer_id, ContestForm(formdata=None))


@pages.post("/admin/contestations/<uuid:chain_id>/<uuid:answer_id>")
@requires(Permission.OFFICE_PRIVACY)
def answer_contest(chain_id: UUID, answer_id: UUID) -> Response:
    """Ask who came, or answer who contested; the button pressed says which."""
    form = ContestForm()
    if form.act.data not in ("demander", "repondre"):
        abort(404)
    if form.validate():
        actor, words, version = signed_in(), form.words.data or "", int(form.version.data or 0)
        try:
            with attempt(form):
                if form.act.data == "demander":
                    contests.forward(actor, chain_id, answer_id, words, version=version)
                    flash(gettext("The question is sent."), "ok")
                elif not form.outcome.data:
                    raise InvalidError({"outcome": N_("Say what you found.")})
                else:
                    contests.decide(actor, chain_id, answer_id, Outcome(form.outcome.data), words, version=version)
                    flash(gettext("The answer is sent."), "ok")
                return to(f"{_HOME}/{chain_id}/{answer_id}")
        except ConflictError:
            return _case(chain_id, answer_id, ContestForm(formdata=None), changed_meanwhile=True)
    return _case(chain_id, answer_id, form)


def _case(record_id: UUID, answer_id: UUID, form: ContestForm, *, changed_meanwhile: bool = False) -> Response:
    found = contests.open_contest(signed_in(), record_id, answer_id)
    facts = found.facts
    form.version.data = facts.version
    response = page(
        "administration/contest.html",
        form,
        facts=facts,
        holder=found.holder,
        told=_facts(facts),
        steps=[_step(one) for one in facts.steps],
        is_open=facts.state is AnswerState.CONTESTED,
        can_ask=facts.explain_by is None and facts.visitor_kind != "operator",
        place=f"{_HOME}/{record_id}/{answer_id}",
        changed_meanwhile=changed_meanwhile,
    )
    if changed_meanwhile:
        response.status_code = 409
    return response


def _row(found: VisitFacts) -> dict[str, Any]:
    who = {
        "professional": gettext("A professional"),
        "patient": gettext("A relative"),
        "operator": gettext("An operator"),
    }
    return {
        "href": f"{_HOME}/{found.record_id}/{found.id}",
        "who": who[found.visitor_kind],
        "visited": full_day(found.visited_at),
        "by": full_day(found.decide_by) if found.decide_by else "",
        "late": found.is_late(clock.now()),
        "asked": found.explain_by is not None,
        "explained": bool(found.words_of("explained")),
        "mark": str(found.record_id)[-8:].upper(),
    }


def _facts(found: VisitFacts) -> list[tuple[str, str]]:
    visitor = ", ".join(filter(None, (found.visitor["name"], found.visitor["profession"], found.visitor["structure"])))
    first, last = moment(found.visited_at), moment(found.visited_until)
    when = instant(found.visited_at)
    if first != last:
        when = gettext("%(day)s, from %(first)s to %(last)s", day=full_day(found.visited_at), first=first, last=last)
    return [
        (gettext("Who came"), visitor),
        (gettext("When"), str(when)),
        (gettext("What was done"), contest_words.counted(found.acts)),
        (gettext("By which right"), _right(found)),
        (gettext("Who contests"), found.asker),
        (gettext("Answer due"), full_day(found.decide_by) if found.decide_by else gettext("Answered already")),
    ]


def _right(found: VisitFacts) -> str:
    since = full_day(datetime.fromisoformat(found.way_since)) if found.way_since else ""
    words = {
        "consent": gettext("a consent of %(day)s", day=since) if since else gettext("a consent"),
        "team": gettext("a consent to the team, of %(day)s", day=since) if since else gettext("a consent to the team"),
        "window": gettext("a code shown at the counter"),
        "break-glass": gettext("an emergency"),
        "centre-15": gettext("a call to the 15"),
        "encounter": gettext("no access to the documents"),
        "representative": gettext("a parent or guardian"),
        "carer": gettext("a carer"),
    }
    return str(words.get(found.way) or gettext("not written down"))


def _step(one: Any) -> dict[str, str]:
    parts = {
        "expected": gettext("%(name)s knew why", name=one.by),
        "asked": gettext("%(name)s asked why", name=one.by),
        "explained": gettext("%(name)s answered", name=one.by),
        "overdue": gettext("No answer came in time"),
        "contested": gettext("%(name)s contested this visit", name=one.by),
        "forwarded": gettext("%(name)s, privacy officer, asked why", name=one.by),
        "decided": gettext("%(name)s, privacy officer, answered", name=one.by),
    }
    return {"what": str(parts[one.what]), "words": one.words, "when": instant(datetime.fromisoformat(one.at))}


def _place(given: str) -> Place | None:
    try:
        at, _, answer_id = given.partition("_")
        by = datetime.fromisoformat(at)
        return Place(by, UUID(answer_id)) if by.tzinfo else None
    except ValueError:
        return None
