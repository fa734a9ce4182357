"""Where the pages of professionals hang: their own, and those of one patient."""

from flask import Blueprint, Response, redirect

pages = Blueprint("professional", __name__)
patient_pages = Blueprint("patient", __name__)


def to(place: str) -> Response:
    """303 to a page of ours, or to the provider's."""
    answer = redirect(place, 303)
    assert isinstance(answer, Response)  # noqa: S101 - narrows Werkzeug's type
    return answer
