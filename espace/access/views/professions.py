"""The table of rights as people may read it: what one profession sees, what not, and what it deposits."""

from flask import Response, request
from flask_babel import gettext

from espace.access import services as access
from espace.access.services.practising import REGULATING_DOCTOR
from espace.people import services as people
from espace.permissions import Permission
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.viewpoint import Veiled, veiled

from .blueprints import record_pages
from .words import outlook_lines, seen_in_words, sources_in_words, unseen_in_words


@record_pages.get("/acces/professions")
@requires(Permission.ACCESS_MANAGE)
@veiled(Veiled.HARMLESS)
def professions() -> Response:
    """Choose a profession; the page says what it reads wherever it is given access. Nothing here is of the record."""
    viewpoint()
    offered = {code: called(code) for code in (*access.told_professions(), access.OF_WORK)}
    asked = request.args.get("p", "")
    chosen = asked if asked in offered else ""
    found = access.outlook(chosen) if chosen else {}
    return render(
        "access/professions.html",
        offered=offered,
        chosen=chosen,
        name=offered.get(chosen, ""),
        sees=seen_in_words(chosen) if chosen else "",
        unseen=unseen_in_words(chosen) if chosen else "",
        lines=outlook_lines(found) if chosen else [],
        sources=sources_in_words(found) if chosen else [],
        apart=access.apart_at(chosen, ""),
        is_doctor=chosen == access.DOCTOR,
    )


def called(code: str) -> str:
    """A profession in everyday words."""
    return gettext("doctor who answers the 15") if code == REGULATING_DOCTOR else people.plain_label(code)
