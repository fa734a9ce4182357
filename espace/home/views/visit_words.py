"""Visits as sentences: who did what, by which right, and what was made of it since."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from markupsafe import Markup

from espace import clock
from espace.audit.services import Action
from espace.audit.services.answers import AnswerState, VisitFacts
from espace.home.services import Visit, counted
from espace.permissions import ActorKind, Relation
from espace.web.i18n import at_moment, day, full_day, instant, moment, near_day
from espace.web.viewpoint import Viewpoint

from . import sentences, tones

MOST_SAID = 3
_Counted = Callable[[int], str]

# What somebody did, counted, in the order in which it matters; the first ones are said, all stand in the unfolded list.
DID: dict[Action, _Counted] = {
    Action.EMERGENCY_OPENED: lambda _: gettext("opened this record in an emergency"),
    Action.DOCUMENT_OPENED: lambda n: ngettext("opened %(num)d document", "opened %(num)d documents", n),
    Action.DOWNLOADED: lambda n: ngettext("downloaded %(num)d document", "downloaded %(num)d documents", n),
    Action.DOCUMENT_DEPOSITED: lambda n: ngettext("deposited %(num)d document", "deposited %(num)d documents", n),
    Action.DOCUMENT_ADDED: lambda n: ngettext("added %(num)d document", "added %(num)d documents", n),
    Action.DOCUMENT_DELETED: lambda n: ngettext("deleted %(num)d document", "deleted %(num)d documents", n),
    Action.MESSAGE_SENT: lambda n: ngettext("sent %(num)d message", "sent %(num)d messages", n),
    Action.MESSAGE_READ: lambda n: ngettext("read %(num)d message", "read %(num)d messages", n),
    Action.ATTACHMENT_FILED: lambda n: ngettext(
        "filed %(num)d file of a message", "filed %(num)d files of messages", n
    ),
    Action.DOCUMENT_HIDDEN: lambda n: ngettext("hid %(num)d document", "hid %(num)d documents", n),
    Action.CONSENT_ASKED: lambda _: gettext("asked to read this record"),
    Action.COUNTER_CODE_USED: lambda _: gettext("typed a code shown at the counter"),
    Action.DOCUMENT_ANNOUNCED: lambda n: ngettext("announced %(num)d result", "announced %(num)d results", n),
    Action.EXPLANATION_GIVEN: lambda _: gettext("answered a question about a visit"),
    Action.DOCUMENTS_SEARCHED: lambda _: gettext("searched the documents"),
    Action.ATTACHMENT_OPENED: lambda n: ngettext(
        "opened %(num)d file of a message", "opened %(num)d files of messages", n
    ),
    Action.MESSAGES_SEARCHED: lambda _: gettext("searched the messages"),
    Action.MESSAGES_LISTED: lambda _: gettext("looked at the list of messages"),
    Action.DOCUMENTS_LISTED: lambda _: gettext("looked at the list of documents"),
    Action.CARE_READ: lambda _: gettext("looked at the care history"),
    Action.CARE_SEARCHED: lambda _: gettext("searched the care history"),
    Action.RECORD_HOME_OPENED: lambda _: gettext("read the home page"),
    Action.PATIENT_PAGE_OPENED: lambda _: gettext("opened the page of this record"),
    Action.PATIENT_FOUND: lambda _: gettext("found this record by its number"),
    Action.ACCESSES_READ: lambda _: gettext("looked at who sees this record"),
    Action.HISTORY_READ: lambda _: gettext("read this history"),
    Action.HISTORY_EXPORTED: lambda _: gettext("exported this history"),
    Action.EMERGENCY_ENDED: lambda _: gettext("closed the opening in an emergency"),
    Action.SIGNED_IN: lambda _: gettext("opened a session"),
    Action.SIGNED_OUT: lambda _: gettext("closed the session"),
}


def did(acts: list[tuple[str, int]], most: int = MOST_SAID) -> str:
    """« ouvert 3 documents, déposé 1 document et lu cet historique »."""
    counts = {Action(action): count for action, count in acts}
    said = [word(counts[action]) for action, word in DID.items() if action in counts]
    others = sum(count for action, count in acts if Action(action) not in DID)
    if len(said) > most:
        said = said[:most]
    elif others and not said:
        said.append(ngettext("did one thing", "did %(num)d things", others))
    elif others:
        said.append(ngettext("did one other thing", "did %(num)d other things", others))
    if len(said) < 2:
        return "".join(said)
    return str(gettext("%(first)s and %(last)s", first=", ".join(said[:-1]), last=said[-1]))


def sentence(visit: Visit, *, mine: bool) -> Markup:
    """A visit in one sentence: one kind of act in its own words, several counted."""
    if len(visit.telling) == 1:
        return sentences.sentence(visit.as_one, mine=mine)
    what = did([(action, count) for action, count in counted(visit) if action in visit.telling])
    if mine:
        return Markup(gettext("You %(did)s.")) % {"did": what}  # noqa: S704 - ours
    who = Markup("<b>%s</b>") % visit.newest.actor_name
    return Markup(gettext("%(who)s %(did)s.")) % {"who": who, "did": what}  # noqa: S704 - ours


def during(visit: Visit) -> str:
    """« À 14 h 02 », or « De 14 h 02 à 14 h 20 »."""
    first, last = moment(visit.since), moment(visit.until)
    return at_moment(visit.until) if first == last else gettext("From %(first)s to %(last)s", first=first, last=last)


def why(visit: Visit, here: Viewpoint | None = None) -> str:
    """By which right somebody came in: « avec votre accord du 3 mai 2026 »; "" where nothing says it."""
    return why_of(visit.why.way, visit.why.way_since, visit.newest.relation, own=here is None or not _for_other(here))


def why_of(way: str, since: Any, relation: str, *, own: bool = True) -> str:
    """The same from its parts. `own`: the reader is who gave the consent."""
    given = full_day(since) if since else ""
    if way == "consent" and given:
        if own:
            return str(gettext("with your consent of %(day)s", day=given))
        return str(gettext("with the consent of %(day)s", day=given))
    if way == "team" and given:
        return str(gettext("with the consent given to the team on %(day)s", day=given))
    said = {
        "consent": gettext("with a consent"),
        "team": gettext("with the consent given to the team"),
        "window": gettext("with a code shown at the counter"),
        "break-glass": gettext("in an emergency"),
        "centre-15": gettext("for a call to the 15"),
        "encounter": gettext("without access: nothing was shown"),
    }
    by_relation = {
        Relation.REPRESENTATIVE.value: gettext("as a parent or guardian"),
        Relation.CARER.value: gettext("as a carer"),
        Relation.HEIR.value: gettext("as an heir"),
    }
    return str(said.get(way) or by_relation.get(relation, ""))


def _for_other(here: Viewpoint) -> bool:
    return here.standing.relation is not Relation.HOLDER


def lines(visit: Visit, *, mine: bool) -> list[dict[str, Any]]:
    """Each act of a visit, oldest first: when, what, on which things, by which right."""
    found = []
    for act in reversed(visit.acts):
        titles = [name for thing in act.objects[1:] if (name := sentences.named(thing))] if len(act.objects) > 1 else []
        if titles and (first := sentences.named(act.objects[0])):
            titles.insert(0, first)
        found.append(
            {
                "when": at_moment(act.at),
                "sentence": sentences.sentence(act, mine=mine),
                "titles": titles,
                "why": why_of(act.way, act.way_since, act.relation) if act.way else "",
            }
        )
    return found


STATES: dict[AnswerState, tuple[str, str]] = {
    AnswerState.EXPECTED: ("ok", "check"),
    AnswerState.ASKED: ("warn", "clock"),
    AnswerState.EXPLAINED: ("tip", "reply"),
    AnswerState.CONTESTED: ("warn", "alert"),
    AnswerState.DECIDED: ("ok", "shield"),
}


def state_words(answer: VisitFacts, here: Viewpoint) -> tuple[str, str, str]:
    """What was made of a visit: its badge's words, kind and sign."""
    mine = answer.asker_id == here.actor.id
    words = {
        AnswerState.EXPECTED: gettext("You know why") if mine else gettext("%(name)s knows why", name=answer.asker),
        AnswerState.ASKED: gettext("Explanation asked"),
        AnswerState.EXPLAINED: gettext("Explanation given"),
        AnswerState.CONTESTED: gettext("Contested"),
        AnswerState.DECIDED: gettext("Contest decided"),
    }
    kind, sign = STATES[answer.state]
    return str(words[answer.state]), kind, sign


def owner_words(answer: VisitFacts) -> str:
    """Who has to answer, and by when: « Dr Morvan répond avant le 12 mai 2026 »."""
    name = answer.visitor.get("name", "")
    late = answer.is_late(clock.now())
    if answer.decide_by is not None:
        by = full_day(answer.decide_by)
        if late:
            return str(gettext("The privacy officer is late: an answer was due on %(day)s.", day=by))
        return str(gettext("The privacy officer answers you by %(day)s.", day=by))
    if answer.explain_by is not None:
        by = full_day(answer.explain_by)
        said = gettext("%(name)s answers by %(day)s.", name=name, day=by)
        then = gettext("Without an answer, the privacy officer takes over.")
        return f"{said} {then}"
    return ""


def shown(visit: Visit, here: Viewpoint, *, mine: bool, place: str) -> dict[str, Any]:
    """A visit as the list shows it."""
    newest = visit.newest
    own = mine and newest.actor_id == here.actor.id
    reasons = [word for word in (visit.profession, newest.actor_structure) if word]
    return {
        "day": near_day(newest.at),
        "when": during(visit),
        "why": why(visit, here),
        "sentence": sentence(visit, mine=own),
        "kind": newest.actor_kind,
        "name": newest.actor_name,
        "actor": str(newest.actor_id) if newest.actor_kind != ActorKind.SYSTEM else "",
        "colour": "prune" if newest.actor_id == here.actor.id else "nobody",
        "place": ", ".join(reasons),
        "for_whom": sentences.for_whom(newest, here.standing.holder_name),
        "helped": sentences.helped(newest),
        "tone": "warn" if any(tones.tone(act).value == "warn" for act in visit.acts) else "",
        "secret": visit.is_secret,
        "emergency": visit.why.way in ("break-glass", "centre-15"),
        "reason": visit.reason,
        "lines": lines(visit, mine=own) if len(visit.acts) > 1 else [],
        "titles": _titles(visit) if len(visit.acts) == 1 else [],
        "href": f"{here.base}/historique/visites/{place}" if place else "",
        "answer": visit.answer,
        "state": state_words(visit.answer, here) if visit.answer else None,
        "owner": owner_words(visit.answer) if visit.answer else "",
    }


def _titles(visit: Visit) -> list[str]:
    things = visit.newest.objects
    return [name for thing in things if (name := sentences.named(thing))] if len(things) > 1 else []


def span(found: VisitFacts) -> str:
    """« mardi 17 novembre, de 14 h 02 à 14 h 20 »."""
    if moment(found.visited_at) == moment(found.visited_until):
        return instant(found.visited_at)
    first, last = moment(found.visited_at), moment(found.visited_until)
    return str(gettext("%(day)s, from %(first)s to %(last)s", day=day(found.visited_at), first=first, last=last))


def asked_words(found: VisitFacts) -> str:
    """Who asks, without a name that a relative should not read (R15)."""
    if found.decide_by is not None:
        return str(gettext("The privacy officer asks why you came."))
    if found.side == "holder":
        return str(gettext("The person asks why you came."))
    return str(gettext("Somebody who follows this record asks why you came."))


_PARTS: dict[str, Callable[[str], str]] = {
    "expected": lambda by: gettext("%(name)s knows why", name=by),
    "asked": lambda by: gettext("%(name)s asked why", name=by),
    "explained": lambda by: gettext("%(name)s answered", name=by),
    "overdue": lambda _: gettext("No answer came in time: the privacy officer takes over"),
    "contested": lambda by: gettext("%(name)s contested this visit", name=by),
    "forwarded": lambda _: gettext("The privacy officer asked why"),
    "decided": lambda _: gettext("The privacy officer answered"),
}


def steps(found: VisitFacts) -> list[dict[str, str]]:
    """Every move about a visit, oldest first: who, when, in which words."""
    return [
        {"what": str(_PARTS[one.what](one.by)), "when": instant(datetime.fromisoformat(one.at)), "words": one.words}
        for one in found.steps
    ]
