"""The page on which one says what of the documents is wanted."""

from collections.abc import Iterable
from itertools import groupby

from flask import Response, request

from espace.documents.services import CLASSES, DocumentType
from espace.documents.services.library import choosing
from espace.permissions import Permission
from espace.web.forms import translated
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint

from . import filters
from .words import kind_of


@requires(Permission.DOCUMENTS_READ)
def choose() -> Response:
    """Category, type, author, period, folder: only those of which this reader sees something."""
    here = viewpoint()
    given = filters.asked(request.args, here)
    found = choosing.choices(here.standing)
    grouped = groupby(found.types, key=lambda one: one.class_code)
    return render(
        "documents/filter.html",
        asked=given,
        choices=found,
        classes=[(code, translated(CLASSES[code])) for code in dict.fromkeys(one.class_code for one in found.types)],
        types=[(translated(CLASSES[code]), _options(some, here)) for code, some in grouped],
        periods=[(code, translated(words)) for code, words in filters.PERIODS.items()],
        views=[(view, translated(words)) for view, words in filters.VIEW_WORDS.items()],
    )


def _options(kinds: Iterable[DocumentType], here: Viewpoint) -> list[tuple[str, str]]:
    return [(kind.code, kind_of(kind.code, here)) for kind in kinds]
