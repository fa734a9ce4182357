"""Who did what in this record, visit by visit; and what one makes of a visit (rules.md AR-24, security.md R27)."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Response, abort, flash, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from espace import clock, crypto, settings
from espace.errors import ConflictError, InvalidError
from espace.home import services
from espace.home.forms import AnswerForm
from espace.home.services import Decision, Filter, Visit, What, Who
from espace.permissions import ActorKind, Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, viewpoint
from espace.web.i18n import full_day
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint
from espace.words import N_

from . import visit_words
from .records import record_pages

_PLACE, _VISIT = "history-place", "history-visit"
PERIODS = (("7", N_("The last 7 days")), ("30", N_("The last month")), ("365", N_("The last year")))
WHO = ((Who.CARE, N_("Professionals")), (Who.RELATIVES, N_("Relatives")), (Who.HOUSE, N_("The house")))
WHAT = (
    (What.READING, N_("Reading")),
    (What.DEPOSITS, N_("Documents added or changed")),
    (What.MESSAGES, N_("Messages sent or received")),
    (What.RIGHTS, N_("Rights given or ended")),
    (What.EXPORTS, N_("Downloads and exports")),
    (What.SIGN_INS, N_("Sign-ins")),
)
_WORDS = ("qui", "par", "personne", "quoi", "quand", "du", "au", "sans-reponse")


@record_pages.get("/historique")
@requires(Permission.HISTORY_READ)
def history() -> Response:
    """Who did what in this record: the others, or oneself (`?qui=moi`), as filtered."""
    here, mine, wanted = viewpoint(), is_mine(), asked(request.args)
    # The number of an act would tell how many there are, those one must not know of included.
    scope = str(here.actor.id if services.signs_in(here.standing, wanted, mine=mine) else here.record_id)
    before = crypto.unveil(_PLACE, scope, request.args.get("avant", ""))
    found = services.history(here.standing, mine=mine, wanted=wanted, before=before)
    return render(
        "home/history.html",
        fragments={"history": "home/_history_days.html"},
        mine=mine,
        days=_by_day(found.visits, here, mine=mine),
        before=crypto.veil(_PLACE, scope, found.before) if found.before else "",
        is_first="avant" not in request.args,
        is_filtered=not wanted.is_empty,
        filters=_said(wanted, found.visits),
        query=_query(),
        other_tab=_query(without=("qui",)),
    )


@record_pages.get("/historique/filtrer")
@requires(Permission.HISTORY_READ)
def filter_history() -> Response:
    """The form of the filters: it works without script, and its answer is the history."""
    here = viewpoint()
    return render(
        "home/history_filter.html",
        mine=is_mine(),
        who=WHO,
        what=WHAT,
        periods=PERIODS,
        known=services.known(here.standing),
        given={name: request.args.get(name, "") for name in _WORDS},
    )


@record_pages.get("/historique/visites/<place>")
@requires(Permission.HISTORY_READ)
def visit(place: str) -> Response:
    """One visit: every act, by which right, and what one makes of it."""
    return _visit(place, AnswerForm(formdata=None))


@record_pages.post("/historique/visites/<place>")
@requires(Permission.HISTORY_READ)
def answer_visit(place: str) -> Response:
    """Say that one knows why, ask why, or contest. It opens nothing: no proof is asked for."""
    here, form = viewpoint(), AnswerForm()
    if not form.validate():
        return _visit(place, form)
    reply = form.command()
    if reply is None:
        raise InvalidError({})  # nothing our pages send
    try:
        with attempt(form):
            made = services.answer_visit(here.standing, _sequence(here, place), reply)
            flash(_done(reply.decision, made.visitor["name"]), "ok")
            return to(f"{here.base}/historique{'' if form.back.data == 'historique' else f'/visites/{place}'}")
    except ConflictError:
        return _visit(place, AnswerForm(formdata=None), changed_meanwhile=True)
    return _visit(place, form)


def _visit(place: str, form: AnswerForm, *, changed_meanwhile: bool = False) -> Response:
    here = viewpoint()
    found = services.visit_at(here.standing, _sequence(here, place))
    own = services.own_answer(here.standing, found)
    form.version.data = own.version if own else 0
    response = page(
        "home/visit.html",
        form,
        visit=visit_words.shown(found, here, mine=False, place=place),
        lines=visit_words.lines(found, mine=False),
        may={one.value: services.may(one, found, own) for one in Decision},
        own=own,
        steps=visit_words.steps(found.answer) if found.answer else [],
        can_block=found.newest.actor_kind == ActorKind.PROFESSIONAL and here.may(Permission.ACCESS_MANAGE),
        changed_meanwhile=changed_meanwhile,
        answer_days=settings.current().visit_answer_days,
        contest_days=settings.current().contest_days,
    )
    if changed_meanwhile:
        response.status_code = 409
    return response


def _sequence(here: Viewpoint, place: str) -> int:
    found = crypto.unveil(_VISIT, str(here.record_id), place)
    if found is None:
        abort(404)
    return found


def place_of(here: Viewpoint, found: Visit) -> str:
    """By which word of an address a visit is called: it tells no number. "" for what is no visit of somebody else."""
    if not found.is_access or found.newest.actor_id == here.actor.id:
        return ""
    return crypto.veil(_VISIT, str(here.record_id), found.newest.sequence)


def is_mine() -> bool:
    """Whether one's own acts are looked at."""
    return request.args.get("qui") == "moi"


def asked(given: MultiDict[str, str]) -> Filter:
    """What the address asks for; what it cannot mean is left out."""
    since, until = _period(given)
    return Filter(
        who=_one_of(Who, given.get("par", "")),
        actor_id=_id(given.get("personne", "")),
        what=_one_of(What, given.get("quoi", "")),
        since=since,
        until=until,
        unanswered=given.get("sans-reponse") == "oui",
    )


def _period(given: MultiDict[str, str]) -> tuple[datetime | None, datetime | None]:
    """From the first day chosen to the end of the last one, by the clock on the wall; the earlier one is the first."""
    if given.get("quand", "") in dict(PERIODS):
        return clock.now() - timedelta(days=int(given["quand"])), None
    since, until = day_start(given.get("du", "")), day_start(given.get("au", ""))
    if since and until and until < since:
        since, until = until, since
    return since, until + timedelta(days=1) if until else None


def day_start(written: str) -> datetime | None:
    """The first instant of an ISO day at home, None for anything else."""
    try:
        day = datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 - a day on the wall
        return datetime.combine(day, time(), clock.HOME_ZONE) if 1900 < day.year < 2200 else None
    except ValueError:
        return None


def _one_of(words: Any, given: str) -> Any:
    try:
        return words(given)
    except ValueError:
        return None


def _id(given: str) -> UUID | None:
    try:
        return UUID(given) if given else None
    except ValueError:
        return None


def _query(without: Sequence[str] = ()) -> str:
    """The filters of this page as an address carries them, to be followed by another word."""
    kept = [(name, request.args.get(name, "")) for name in _WORDS if name not in without]
    return "&".join(f"{name}={value}" for name, value in kept if value and _is_plain(value))


def _is_plain(value: str) -> bool:
    return value.isascii() and value.replace("-", "").isalnum() and len(value) <= 40


def _said(wanted: Filter, visits: Sequence[Visit]) -> list[str]:
    """What is filtered, in words."""
    said: list[str] = []
    name = next((one.newest.actor_name for one in visits if one.newest.actor_id == wanted.actor_id), "")
    if wanted.actor_id:
        said.append(name or gettext("one person"))
    said += [gettext(words.msgid) for code, words in WHO if code is wanted.who]
    said += [gettext(words.msgid) for code, words in WHAT if code is wanted.what]
    if wanted.since or wanted.until:
        said += [gettext(words.msgid) for code, words in PERIODS if code == request.args.get("quand")] or [
            _days_said(wanted)
        ]
    if wanted.unanswered:
        said.append(gettext("not answered yet"))
    return said


def _days_said(wanted: Filter) -> str:
    since = full_day(wanted.since) if wanted.since else ""
    until = full_day(wanted.until - timedelta(days=1)) if wanted.until else ""
    if since and until:
        return str(gettext("from %(since)s to %(until)s", since=since, until=until))
    return str(gettext("from %(since)s on", since=since) if since else gettext("until %(day)s", day=until))


def _by_day(visits: Sequence[Visit], here: Viewpoint, *, mine: bool) -> list[tuple[str, list[dict[str, Any]]]]:
    shown = [visit_words.shown(one, here, mine=mine, place="" if mine else place_of(here, one)) for one in visits]
    return [(title, list(group)) for title, group in groupby(shown, key=lambda line: line["day"])]


def _done(decision: Decision, name: str) -> str:
    words = {
        Decision.EXPECTED: gettext("Noted: you know why %(name)s came.", name=name),
        Decision.ASK: gettext("Your question is sent to %(name)s.", name=name),
        Decision.CONTEST: gettext("Your contest is sent to the privacy officer."),
    }
    return str(words[decision])


def visits_card(here: Viewpoint) -> dict[str, object] | None:
    """The home's own card: the latest visits of others."""
    visits = services.last_visits(here.standing)
    lines = [
        (visit_words.sentence(one, mine=False), one.until, f"{here.base}/historique/visites/{place_of(here, one)}")
        for one in visits
    ]
    return {"visits": lines} if lines else None
