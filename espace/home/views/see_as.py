"""Looking at a record through somebody else's eyes: whose, what they see and why ("voir comme")."""

from dataclasses import dataclass
from urllib.parse import unquote
from uuid import UUID

from flask import Response, abort, current_app, request
from flask_babel import gettext

from espace.access import services as access
from espace.access.services import BREAK_GLASS, CENTRE_15, Eyes, EyesKind, Sees
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services import CLASSES, care_history
from espace.errors import NotFoundError
from espace.home.services import traced
from espace.permissions import Permission
from espace.web.attempts import to
from espace.web.forms import translated
from espace.web.guards import requires, viewpoint
from espace.web.i18n import full_day
from espace.web.rendering import render
from espace.web.shell import initials
from espace.web.viewpoint import Viewpoint
from espace.words import N_

_KINDS = {
    EyesKind.PARENT: N_("Parent"),
    EyesKind.GUARDIAN: N_("Legal representative"),
    EyesKind.CARER: N_("Carer"),
}
_EMERGENCIES = {
    BREAK_GLASS: N_("A doctor in an emergency"),
    CENTRE_15: N_("The doctor who answers the 15"),
}
_SOMEBODY = {
    BREAK_GLASS: N_("a doctor in an emergency"),
    CENTRE_15: N_("the doctor who answers the 15"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the choice. `initials` is empty for who has no name here."""

    href: str
    title: str
    about: str
    initials: str


@requires(Permission.ACCESS_MANAGE)
def choosing() -> Response:
    """Everybody through whose eyes this record may be looked at."""
    here = viewpoint()
    code, place = request.args.get("metier", ""), request.args.get("equipe", "")
    if code:
        return to(f"{here.base}/voir-comme/{_asked(code, place)}/documents")
    found = traced(
        here.standing,
        Action.ACCESSES_READ,
        lambda: access.choosable(here.standing),
        lambda those: [{"id": str(one.grantee_id), "name": one.name} for one in those],
    )
    return render(
        "home/see_as.html",
        professionals=[_choice(one, here) for one in found if one.kind is EyesKind.PROFESSIONAL],
        teams=[one for one in found if one.kind is EyesKind.TEAM],
        relatives=[_choice(one, here) for one in found if one.kind in _KINDS],
        emergencies=[
            Choice(f"{here.base}/voir-comme/{code}", translated(words), "", "") for code, words in _EMERGENCIES.items()
        ],
        professions=access.professions(),
    )


def _asked(code: str, place: str) -> str:
    """Whose eyes a profession means, within a team or at large."""
    if not place:
        return access.profession_id(code)
    try:
        return access.team_id(UUID(place), code)
    except ValueError:
        raise NotFoundError from None


def _choice(one: Eyes, here: Viewpoint) -> Choice:
    about = translated(_KINDS[one.kind]) if one.kind in _KINDS else ", ".join(filter(None, (one.about, one.place)))
    if one.sees is Sees.IF_GIVEN:
        about = gettext("%(about)s. Asked for access: what they would see.", about=about)
    return Choice(f"{here.base}/voir-comme/{one.id}/documents", one.name, about, initials(one.name))


@requires(Permission.ACCESS_MANAGE)
def why(person: str) -> Response:
    """Why somebody sees what they see, kind by kind; or that they see nothing, and why."""
    here = viewpoint()
    found = traced(
        here.standing,
        Action.ACCESSES_READ,
        lambda: _through(here, unquote(person)),
        lambda one: [{"id": str(one.grantee_id), "name": one.name}] if one.grantee_id else [],
    )
    seen = found.standing
    rule = access.visible(seen) if seen is not None else None
    return render(
        "home/seen_as.html",
        who=name_of(found),
        about=", ".join(filter(None, (found.about, found.place))) if found.name else "",
        sentence=_sentence(found),
        reads=rule is not None,
        kinds=_kinds(rule) if rule is not None else [],
        at=f"{here.base}/voir-comme/{found.id}",
        line=found.line,
        asks=found.sees is Sees.IF_GIVEN and found.line is not None,
        care=seen is not None and care_history.may_read(seen),
    )


def _through(here: Viewpoint, eyes_id: str) -> Eyes:
    found = access.eyes(here.standing, eyes_id)
    if found is None:
        raise NotFoundError
    return found


def name_of(one: Eyes) -> str:
    """Whoever it is, in words."""
    if one.id in _SOMEBODY:
        return translated(_SOMEBODY[one.id])
    if one.kind is EyesKind.TEAM:
        return f"{one.name}, {one.about}"
    return one.name or str(gettext("somebody of this profession: %(what)s", what=one.about))


def _sentence(one: Eyes) -> str:
    """By which right they see, until when, or why not."""
    until = one.standing.ends_at if one.standing else None
    match one.sees:
        case Sees.OPPOSED:
            return str(gettext("You opposed this kind of access: nobody opens the record in this way."))
        case Sees.IN_EMERGENCY:
            return str(gettext("In an emergency, this is what the record would show. You would be told at once."))
        case Sees.IF_GIVEN:
            return str(gettext("They see nothing today. This is what they would see with an access."))
        case Sees.NOTHING:
            is_carer = one.kind is EyesKind.CARER  # who may add, or read messages
            nothing = gettext("They see nothing of this record now: they have no access.")
            return str(gettext("They read no document of this record now.") if is_carer else nothing)
        case Sees.NOW if until is not None:
            return str(gettext("They see this record now, until %(day)s.", day=full_day(until)))
        case _:
            return str(gettext("They see this record now."))


def _kinds(rule: access.VisibilityRule) -> list[tuple[str, str]]:
    """Each category of documents, and how much of it this reader may read, whatever the record holds."""
    every: dict[str, list[bool]] = {}
    for one in documents.types().values():
        is_read = rule.readable_types is None or one.code in rule.readable_types
        every.setdefault(one.class_code, []).append(is_read and one.code not in rule.withheld_types)
    return [(translated(CLASSES[code]), _extent(every[code])) for code in CLASSES if code in every]


def _extent(read: list[bool]) -> str:
    if all(read):
        return str(gettext("Yes"))
    if not any(read):
        return str(gettext("No"))
    return str(gettext("%(num)d kinds out of %(total)d", num=sum(read), total=len(read)))


@requires(Permission.DOCUMENTS_READ)
def elsewhere(rest: str) -> Response:
    """What the person may do on a page that only they open: it is theirs to do, and is said so."""
    here = viewpoint()
    real = f"/pro/patients/{here.record_id}" if here.is_professional else f"/dossiers/{here.record_id}"
    adapter = current_app.create_url_adapter(request)
    if adapter is None or not adapter.test(f"{real}/{rest}", method="GET"):
        abort(404)
    return render("home/seen_elsewhere.html")
