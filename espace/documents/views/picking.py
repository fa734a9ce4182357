"""Finding documents for a link on its form: what is ticked stays ticked, and nothing sought stands in an address."""

from dataclasses import replace

from flask import request

from espace.documents.services.finding import asking
from espace.documents.services.finding.asking import Question
from espace.documents.services.finding.search import Results
from espace.documents.services.passing.choosing import STEP
from espace.permissions import Standing
from espace.web.attempts import attempt

from .passing_forms import ShareForm


def seeks(form: ShareForm) -> bool:
    """Whether somebody searches on the form instead of making the link.

    Enter in any field presses the first button, `entree`: with words not searched yet, that searches.
    """
    pressed = request.form.get("geste")
    if pressed == "entree":
        return (form.q.data or "").strip() != (form.sought.data or "")
    return pressed in ("chercher", "tout") or "suite" in request.form


def question(standing: Standing, form: ShareForm) -> Question | None:
    """What is sought; None to offer the newest again. What cannot be sought is said on the form."""
    form.shown.data, form.shown.raw_data = STEP, None
    if request.form.get("geste") == "tout":
        form.q.data = form.parmi.data = ""
    found = asking.opened(standing, request.form.get("suite", ""))
    if found is not None:
        form.q.data, form.parmi.data = found.text, found.class_code
    elif (form.q.data or "").strip():
        with attempt(form):
            found = asking.ask(form.q.data or "", form.parmi.data or "")
    form.sought.data, form.sought.raw_data = found.text if found else "", None
    return found


def ways_on(standing: Standing, question: Question | None, results: Results | None) -> dict[str, str]:
    """Where a search leads, sealed for its asker: older answers, and a word that was meant."""
    if question is None or results is None:
        return {"older": "", "meant": "", "meant_at": ""}
    meant = asking.corrected(question, results.close) if results.close else None
    return {
        "older": asking.sealed(standing, replace(question, time=results.time, after=results.next))
        if results.next
        else "",
        "meant": meant.text if meant else "",
        "meant_at": asking.sealed(standing, meant) if meant else "",
    }
